"""The command line: `reception serve`, `reception call`, and what an operator needs besides."""

from reception.cli.app import main

__all__ = ["main"]
