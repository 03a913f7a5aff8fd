"""Speech and embedding models that run inside this process, from weights in installed packages.

Imported before any of its modules, so that no runtime below has read its environment yet.
"""

import os

# onnxruntime reports home at session creation, and the hub client asks the network, unless told before their import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
