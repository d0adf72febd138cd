"""What can be said about a model by looking at it: work, weights, memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from edgegen.model import ForeignGraph, MatMulAttrs, Model, Op, OpKind, Quant, Tensor


def macs(model: Model, op: Op) -> int:
    """Multiply-accumulates of one operator for one inference.

    Only layers with weights and matrix products count, as is the custom; padding
    counts as if it were data, so the number does not depend on an implementation.
    """
    count = _MACS.get(op.kind)
    return 0 if count is None else count(model, op)


def weight_bytes(model: Model) -> int:
    """Bytes of all constants that the operators read, each counted once.

    Axes, paddings and shapes that became attributes are not read at run time.
    """
    read = {index for op in model.ops for index in _operands(op)}
    return sum(t.bytes for k, t in enumerate(model.tensors) if k in read and t.is_constant)


def activation_peak(model: Model) -> int:
    """Most bytes of activations that are alive at once, no operator working in place.

    A tensor lives from the operator that computes it (the model's inputs: from the
    start) to the last that reads it (the model's outputs: to the end; variables: always).
    No memory plan without in-place operators can need less.
    """
    last_use = _last_uses(model)
    used = {t for op in model.ops for t in (*op.inputs, *op.outputs) if t is not None}
    variables = {index for index in used if model.tensors[index].is_variable}
    alive = sum(model.tensors[index].bytes for index in {*model.inputs, *variables})
    peak = alive
    dying = _dying(model, last_use)
    # Inputs that nothing reads are still filled by the caller, before the first operator.
    alive -= sum(model.tensors[k].bytes for k in model.inputs if k not in last_use)
    for step, op in enumerate(model.ops):
        alive += sum(model.tensors[index].bytes for index in set(op.outputs) - variables)
        peak = max(peak, alive)
        alive -= sum(model.tensors[index].bytes for index in dying[step])
    return peak


def summary(model: Model) -> dict[str, Any]:
    """All of it as JSON-able data, for `edgegen inspect`."""
    per_op = [macs(model, op) for op in model.ops]
    return {
        "name": model.name,
        "file": model.source.file_name,
        "format": model.source.format,
        "sha256": model.source.sha256,
        "file_bytes": len(model.source.data),
        "operators": _operator_counts(model),
        "inputs": [_tensor(model, index) for index in model.inputs],
        "outputs": [_tensor(model, index) for index in model.outputs],
        "tensors": [_tensor(model, index) for index in range(len(model.tensors))],
        "nodes": [
            {
                "node": op.node,
                "operator": op.kind.value,
                "version": op.version,
                "inputs": list(op.inputs),
                "outputs": list(op.outputs),
                "macs": count,
            }
            for op, count in zip(model.ops, per_op, strict=True)
        ],
        "macs": sum(per_op),
        "weight_bytes": weight_bytes(model),
        "activation_peak_bytes": activation_peak(model),
    } | ({} if model.foreign is None else _foreign(model.foreign))


def _foreign(graph: ForeignGraph) -> dict[str, Any]:
    """What the IR would have told; None where nobody knows it."""
    return {
        "operators": [
            {"operator": name, "version": version, "count": count}
            for name, version, count in graph.operators
        ],
        "macs": None,
        "weight_bytes": graph.weight_bytes,
        "activation_peak_bytes": None,
    }


def _conv_2d(model: Model, op: Op) -> int:
    _, height, width, depth = _constant(model, op, 1).shape
    return model.tensors[op.outputs[0]].elements * height * width * depth


def _depthwise_conv_2d(model: Model, op: Op) -> int:
    _, height, width, _ = _constant(model, op, 1).shape
    return model.tensors[op.outputs[0]].elements * height * width


def _transpose_conv(model: Model, op: Op) -> int:
    channels, height, width, _ = _constant(model, op, 1).shape
    return model.tensors[op.data].elements * height * width * channels


def _batch_matmul(model: Model, op: Op) -> int:
    assert isinstance(op.attrs, MatMulAttrs)
    depth = model.tensors[op.data].shape[-2 if op.attrs.transposes_first else -1]
    return model.tensors[op.outputs[0]].elements * depth


def _fully_connected(model: Model, op: Op) -> int:
    return model.tensors[op.outputs[0]].elements * _constant(model, op, 1).shape[1]


def _svdf(model: Model, op: Op) -> int:
    batches = model.tensors[op.data].shape[0]
    return batches * (_constant(model, op, 1).elements + _constant(model, op, 2).elements)


def _sequence_lstm(model: Model, op: Op) -> int:
    rows = model.tensors[op.data].elements // model.tensors[op.data].shape[-1]
    return rows * sum(_constant(model, op, position).elements for position in range(1, 9))


_MACS: dict[OpKind, Callable[[Model, Op], int]] = {
    OpKind.BATCH_MATMUL: _batch_matmul,
    OpKind.CONV_2D: _conv_2d,
    OpKind.DEPTHWISE_CONV_2D: _depthwise_conv_2d,
    OpKind.FULLY_CONNECTED: _fully_connected,
    OpKind.SVDF: _svdf,
    OpKind.TRANSPOSE_CONV: _transpose_conv,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: _sequence_lstm,
}

# All but one of their inputs have become attributes.
_PARAMETER_INPUT = (
    OpKind.ARG_MAX,
    OpKind.ARG_MIN,
    OpKind.EXPAND_DIMS,
    OpKind.GATHER,
    OpKind.MEAN,
    OpKind.MIRROR_PAD,
    OpKind.PAD,
    OpKind.PADV2,
    OpKind.REDUCE_MAX,
    OpKind.REDUCE_MIN,
    OpKind.RESHAPE,
    OpKind.RESIZE_BILINEAR,
    OpKind.RESIZE_NEAREST_NEIGHBOR,
    OpKind.SLICE,
    OpKind.SPLIT,
    OpKind.STRIDED_SLICE,
    OpKind.SUM,
    OpKind.TRANSPOSE,
)


def _constant(model: Model, op: Op, position: int) -> Tensor:
    index = op.inputs[position]
    assert index is not None, "only a bias may be absent"
    return model.tensors[index]


def _operands(op: Op) -> tuple[int, ...]:
    """Indices of the tensors that are read at run time."""
    inputs = (op.data,) if op.kind in _PARAMETER_INPUT else op.inputs
    if op.kind is OpKind.TRANSPOSE_CONV:
        inputs = op.inputs[1:]  # the first is its output's shape
    return tuple(index for index in inputs if index is not None)


def _last_uses(model: Model) -> dict[int, int]:
    """The last step at which each activation is needed; absent when nothing needs it."""
    last: dict[int, int] = {}
    for step, op in enumerate(model.ops):
        for index in _operands(op):
            if not (model.tensors[index].is_constant or model.tensors[index].is_variable):
                last[index] = step
    for index in model.outputs:
        last[index] = len(model.ops)
    return last


def _dying(model: Model, last_use: dict[int, int]) -> list[list[int]]:
    """Per step the activations that are not needed after it."""
    dying: list[list[int]] = [[] for _ in range(len(model.ops) + 1)]
    for index, step in last_use.items():
        dying[step].append(index)
    for step, op in enumerate(model.ops):
        dying[step].extend(
            index
            for index in op.outputs
            if index not in last_use and not model.tensors[index].is_variable
        )
    return dying


def _operator_counts(model: Model) -> list[dict[str, Any]]:
    counts = Counter((op.kind.value, op.version) for op in model.ops)
    return [
        {"operator": kind, "version": version, "count": count}
        for (kind, version), count in sorted(counts.items())
    ]


def _tensor(model: Model, index: int) -> dict[str, Any]:
    tensor = model.tensors[index]
    return {
        "index": index,
        "name": tensor.name,
        "dtype": tensor.dtype.value,
        "shape": list(tensor.shape),
        "bytes": tensor.bytes,
        "constant": tensor.is_constant,
        "variable": tensor.is_variable,
        "quantization": None if tensor.quant is None else _quant(tensor.quant),
    }


def _quant(quant: Quant) -> dict[str, Any]:
    return {
        "scale": list(quant.scale),
        "zero_point": list(quant.zero_point),
        "axis": quant.axis,
    }
