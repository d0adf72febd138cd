"""Reads an .onnx file as far as a runtime's user has to know it: inputs, outputs, operators.

The graph itself stays in the file, for runtimes that execute ONNX. The `onnx` package, an extra,
parses and checks it.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from edgegen.diagnostics import diagnostic
from edgegen.errors import Diagnostic, MissingToolError, RefusedModelError, UsageError
from edgegen.model import DType, ForeignGraph, Model, Source, Tensor

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

MAX_RANK = 8
MAX_ELEMENTS = 2**31 - 1

# Names of what runtimes define; "" is ONNX itself.
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")

_STATIC = (
    "Fix every dimension but the first: python -m onnxruntime.tools.make_dynamic_shape_fixed "
    "--dim_param NAME --dim_value N in.onnx out.onnx"
)
_EXPORT_AGAIN = "Copy the file again, or export the model again."


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so may be an ONNX model: its first field is the version of the
    format, a small number."""
    return len(start) > 2 and start[0] == 0x08 and 1 <= start[1] <= 32


def parse(data: bytes, file_name: str) -> Model:
    """Reads the bytes of an .onnx file.

    Raises:
        MissingToolError: The package that reads ONNX is not installed.
        UsageError: The bytes are no ONNX model, or a damaged one.
        RefusedModelError: Something about the model no project can be made for.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingToolError(
            f"The package that reads ONNX can't be imported: {error}.",
            fix="pip install 'edgegen[onnx]'",
        ) from None
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError:
        raise UsageError(f"{file_name}: this is no ONNX model.", fix=_EXPORT_AGAIN) from None
    refusals = list(_refusals(model))
    if refusals:
        raise RefusedModelError(file_name, tuple(refusals))
    _check(model, file_name)
    return _model(model, data, file_name)


def _refusals(model: ModelProto) -> Iterator[Diagnostic]:
    """What can be said before the file is checked: data elsewhere, operators of nobody."""
    from onnx import TensorProto

    for each in model.graph.initializer:
        if each.data_location == TensorProto.EXTERNAL:
            yield diagnostic(
                "EG114",
                f"constant {_shown(each.name)}",
                "its values lie in another file.",
                "Save the model as one file: onnx.save(model, path, save_as_external_data=False).",
            )
    local = {(_text(each.domain), _text(each.name)) for each in model.functions}
    foreign = {_kind(node) for node in _nodes([model.graph])} - local
    for domain, name in sorted(foreign):
        if domain not in _DOMAINS:
            yield diagnostic(
                "EG102",
                f"operator {_shown(name)}",
                f"its domain {_shown(domain)} is known to no runtime.",
                "Export the model without operators of your own.",
            )


def _check(model: ModelProto, file_name: str) -> None:
    import onnx

    if not model.graph.node or not model.graph.output:
        raise UsageError(f"{file_name}: the model computes nothing.", fix=_EXPORT_AGAIN)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, UnicodeDecodeError) as error:
        first = (str(error).strip() or "damaged").splitlines()[0][:200]
        raise UsageError(
            f"{file_name}: the model is not valid: {first}", fix=_EXPORT_AGAIN
        ) from None


def _model(model: ModelProto, data: bytes, file_name: str) -> Model:
    constants = {each.name for each in model.graph.initializer}
    given = [each for each in model.graph.input if each.name not in constants]
    has_free_batch = _bind_batch(given)
    refusals: list[Diagnostic] = []
    inputs = [_tensor(each, "input", refusals) for each in given]
    outputs = [_tensor(each, "output", refusals) for each in _outputs(model)]
    if refusals:
        raise RefusedModelError(file_name, tuple(refusals))
    source = Source(file_name, "onnx", hashlib.sha256(data).hexdigest(), data)
    tensors = tuple(each for each in (*inputs, *outputs) if each is not None)
    graph = ForeignGraph(_operators(model), _weight_bytes(model.graph), has_free_batch)
    first = len(inputs)
    return Model(
        name=PurePath(file_name).stem,
        source=source,
        tensors=tensors,
        ops=(),
        inputs=tuple(range(first)),
        outputs=tuple(range(first, len(tensors))),
        foreign=graph,
    )


def _bind_batch(given: Sequence[ValueInfoProto]) -> bool:
    """Give every first dimension that is open the value 1; whether all inputs had one."""
    count = 0
    for each in given:
        dims = each.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_value = 1
            count += 1
    return bool(given) and count == len(given)


def _outputs(model: ModelProto) -> Sequence[ValueInfoProto]:
    """The outputs, with the shapes that follow from those of the inputs."""
    import onnx

    outputs = tuple(model.graph.output)
    if all(_shape(each) is not None for each in outputs):
        return outputs
    return tuple(onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output)


def _shape(value: ValueInfoProto) -> tuple[int, ...] | None:
    """None when a dimension is open."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    dims = value.type.tensor_type.shape.dim
    if not all(each.HasField("dim_value") for each in dims):
        return None
    return tuple(each.dim_value for each in dims)


def _tensor(value: ValueInfoProto, role: str, refusals: list[Diagnostic]) -> Tensor | None:
    where = f"{role} {_shown(value.name)}"
    if not value.type.HasField("tensor_type"):
        refusals.append(diagnostic("EG107", where, "it is a sequence, a map or the like."))
        return None
    dtype = _dtype(value.type.tensor_type.elem_type)
    shape = _shape(value)
    if dtype is None:
        refusals.append(diagnostic("EG107", where, "its element type is none that edgegen knows."))
    if shape is None:
        refusals.append(diagnostic("EG103", where, "a dimension is open.", _STATIC))
    elif len(shape) > MAX_RANK or min(shape, default=1) < 1 or math.prod(shape) > MAX_ELEMENTS:
        refusals.append(diagnostic("EG112", where, f"its shape is {list(shape)[:MAX_RANK]}."))
    if refusals or dtype is None or shape is None:
        return None
    return Tensor(_text(value.name), dtype, shape)


def _dtype(number: int) -> DType | None:
    import onnx

    try:
        return DType(onnx.helper.tensor_dtype_to_np_dtype(number).name)
    except (KeyError, ValueError):
        return None


def _nodes(graphs: Iterable[GraphProto]) -> Iterator[NodeProto]:
    """All nodes, those in the branches of others included."""
    for graph in graphs:
        for node in graph.node:
            yield node
            for attribute in node.attribute:
                yield from _nodes([attribute.g] if attribute.HasField("g") else attribute.graphs)


def _operators(model: ModelProto) -> tuple[tuple[str, int, int], ...]:
    versions = {each.domain: each.version for each in model.opset_import}
    counts = Counter(_kind(node) for node in _nodes([model.graph]))
    return tuple(
        (f"{domain}.{name}" if domain else name, versions.get(domain, 0), count)
        for (domain, name), count in sorted(counts.items())
    )


def _weight_bytes(graph: GraphProto) -> int:
    import onnx

    sizes = (
        math.prod(each.dims) * onnx.helper.tensor_dtype_to_np_dtype(each.data_type).itemsize
        for each in graph.initializer
    )
    return sum(sizes)


def _kind(node: NodeProto) -> tuple[str, str]:
    return _text(node.domain), _text(node.op_type)


def _text(value: str | bytes) -> str:
    """A text from the file: protobuf hands out one that is no UTF-8 as it is."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _shown(name: str | bytes) -> str:
    """A name from the file as one short printable quotation."""
    text = _text(name)
    return repr(text if len(text) <= 60 else text[:57] + "...")
