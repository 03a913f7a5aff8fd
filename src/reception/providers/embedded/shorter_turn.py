"""Smart Turn with a shorter memory.

The published graph always judges eight seconds, most of them the silence before a short utterance, and its cost grows
faster than its length. Only three things in it depend on that length: the shape of the input, the table of positions,
and the number of positions by which the attention reshapes. They are changed in the model's bytes (ONNX, in protocol
buffers, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) through a description of just those fields; everything
else passes through untouched. The attention is also given its scores as they are, not rounded to eight bits before the
softmax, which the run-time computes several times faster, and which comes nearer to the model before it was quantised.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FRAMES_A_SECOND = 100
_POSITIONS_A_SECOND = 50
_PUBLISHED_S = 8
_POSITIONS = "inner.encoder.embed_positions.weight"
_PB: Any = descriptor_pb2
_POOLS: Any = descriptor_pool
_MESSAGES: Any = message_factory
_TYPES = _PB.FieldDescriptorProto
_FIELDS: dict[str, tuple[tuple[str, int, str | int, bool], ...]] = {
    "Dimension": (("dim_value", 1, _TYPES.TYPE_INT64, False),),
    "Shape": (("dim", 1, "Dimension", True),),
    "TensorType": (("shape", 2, "Shape", False),),
    "Type": (("tensor_type", 1, "TensorType", False),),
    "ValueInfo": (("type", 2, "Type", False),),
    "Tensor": (
        ("dims", 1, _TYPES.TYPE_INT64, True),
        ("name", 8, _TYPES.TYPE_STRING, False),
        ("raw_data", 9, _TYPES.TYPE_BYTES, False),
    ),
    "Node": (
        ("input", 1, _TYPES.TYPE_STRING, True),
        ("output", 2, _TYPES.TYPE_STRING, True),
        ("op_type", 4, _TYPES.TYPE_STRING, False),
    ),
    "Graph": (
        ("node", 1, "Node", True),
        ("initializer", 5, "Tensor", True),
        ("input", 11, "ValueInfo", True),
        ("value_info", 13, "ValueInfo", True),
    ),
    "Model": (("graph", 7, "Graph", False),),
}


def shortened(model: bytes, frames: int) -> bytes:
    """`model`, Smart Turn v3 as published, made to judge the last `frames` of what it judged before, an even number.

    Raises:
        ValueError: it is not that model.
    """
    edited = _model_type()()
    edited.ParseFromString(model)
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


def _model_type() -> Any:
    file = _PB.FileDescriptorProto(name="reception/onnx_part.proto", package="reception.onnx_part")
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            field = described.field.add(name=name, number=number)
            field.label = _TYPES.LABEL_REPEATED if repeated else _TYPES.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type, field.type_name = _TYPES.TYPE_MESSAGE, f".reception.onnx_part.{kind}"
            else:
                field.type = kind
    pool = _POOLS.DescriptorPool()
    pool.Add(file)
    return _MESSAGES.GetMessageClass(pool.FindMessageTypeByName("reception.onnx_part.Model"))
