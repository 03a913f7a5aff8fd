"""Smart Turn with a shorter memory.

The published graph always judges eight seconds, most of them the silence before a short utterance, and its cost grows
faster than its length. Only three things in it depend on that length: the shape of the input, the table of positions,
and the number of positions by which the attention reshapes. They are changed in the model's bytes. The attention is
also given its scores as they are, not rounded to eight bits before the softmax, which the run-time computes several
times faster, and which comes nearer to the model before it was quantised.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reception.providers.embedded.onnx_part import parse_model

_FRAMES_A_SECOND = 100
_POSITIONS_A_SECOND = 50
_PUBLISHED_S = 8
_POSITIONS = "inner.encoder.embed_positions.weight"


def shortened(model: bytes, frames: int) -> bytes:
    """`model`, Smart Turn v3 as published, made to judge the last `frames` of what it judged before, an even number.

    Raises:
        ValueError: it is not that model.
    """
    edited = parse_model(model)
    graph = edited.graph
    positions = frames * _POSITIONS_A_SECOND // _FRAMES_A_SECOND
    table = _tensor(graph, lambda tensor: tensor.name == _POSITIONS)
    width = table.dims[1]
    kept = np.frombuffer(table.raw_data, np.float32).reshape(-1, width)[-positions:]
    table.raw_data, table.dims[0] = kept.tobytes(), positions
    published = np.array([_PUBLISHED_S * _POSITIONS_A_SECOND], np.int64).tobytes()
    count = _tensor(graph, lambda tensor: list(tensor.dims) == [1] and tensor.raw_data == published)
    count.raw_data = np.array([positions], np.int64).tobytes()
    graph.input[0].type.tensor_type.shape.dim[2].dim_value = frames
    # The sizes noted for what is computed in between are those of the published length.
    del graph.value_info[:]
    _feed_softmax_directly(graph)
    result: bytes = edited.SerializeToString()
    return result


def _feed_softmax_directly(graph: Any) -> None:
    made_by = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        source = made_by.get(node.input[0]) if node.op_type == "Softmax" else None
        if source is not None and source.op_type == "DequantizeLinear":
            node.input[0] = made_by[source.input[0]].input[0]


def _tensor(graph: Any, is_wanted: Callable[[Any], bool]) -> Any:
    found = [tensor for tensor in graph.initializer if is_wanted(tensor)]
    if len(found) != 1:
        raise ValueError("this is not the graph of Smart Turn v3 as published")
    return found[0]
