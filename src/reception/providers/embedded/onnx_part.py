"""Models in ONNX read and written through a description of a few of their fields; everything else passes through
untouched (protocol buffers, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PB: Any = descriptor_pb2
_POOLS: Any = descriptor_pool
_MESSAGES: Any = message_factory
_TYPES = _PB.FieldDescriptorProto
_FIELDS: dict[str, tuple[tuple[str, int, str | int, bool], ...]] = {
    "Dimension": (("dim_value", 1, _TYPES.TYPE_INT64, False),),
    "Shape": (("dim", 1, "Dimension", True),),
    "TensorType": (("shape", 2, "Shape", False),),
    "Type": (("tensor_type", 1, "TensorType", False),),
    "ValueInfo": (("name", 1, _TYPES.TYPE_STRING, False), ("type", 2, "Type", False)),
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
        ("output", 12, "ValueInfo", True),
        ("value_info", 13, "ValueInfo", True),
    ),
    "Model": (("graph", 7, "Graph", False),),
}


def parse_model(model: bytes) -> Any:
    """The message of a model; `SerializeToString` makes bytes of it again."""
    message = _MODEL()
    message.ParseFromString(model)
    return message


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


_MODEL = _model_type()
