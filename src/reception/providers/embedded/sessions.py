"""ONNX sessions that are kind to a small machine: one thread each, and none that spins."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import onnxruntime
from numpy.typing import NDArray

_ERRORS_ONLY = 3
_RUNTIME: Any = onnxruntime


class Session(Protocol):
    """A loaded ONNX model."""

    def run(self, output_names: None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Every output of the model, in its own order."""
        ...


def open_session(model: Path | bytes) -> Session:
    """A session on the CPU that computes in the thread that calls it. `model` is a file, or what would be in one."""
    options = _RUNTIME.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    given = model if isinstance(model, bytes) else str(model)
    return cast(Session, _RUNTIME.InferenceSession(given, options, providers=["CPUExecutionProvider"]))
