"""Reception: a self-hosted, multi-tenant AI receptionist."""

import os

__version__ = "0.1.0"

# Read by numpy's linear algebra when it is first imported. Its threads spin while they wait for each other, which
# doubles the processor time of every spectrogram and makes none of them sooner.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
