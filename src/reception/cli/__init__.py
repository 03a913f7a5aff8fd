"""The command line: `reception serve`, `reception call`, and what an operator needs besides."""

import os
import signal
import sys

if os.getpid() == 1:
    # The kernel keeps from the first process of a container every signal that it does not handle, so that until the
    # commands are loaded it could not be told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

from reception.cli.app import main

__all__ = ["main"]
