"""MEAN, SUM, REDUCE_MAX and REDUCE_MIN."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgegen.engines.aot.fixed_point import quantize_multiplier
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    HEADER_SUFFIXES,
    SUFFIXES,
    attrs_of,
    huge_multiplier,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.program import Call, Field
from edgegen.model import DType, Model, Op, OpKind, ReduceAttrs

_LEVELS = 3  # EG_MEAN_LEVELS


@dataclass(frozen=True, slots=True)
class Level:
    """One or several merged dimensions: its elements, and the input's step between them."""

    size: int
    stride: int
    is_averaged: bool


def levels(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[Level]:
    """Dimensions, outermost first: those of size 1 dropped, neighbours of one sort merged."""
    merged: list[Level] = []
    stride = 1
    for axis in reversed(range(len(shape))):
        size, is_averaged = shape[axis], axis in axes
        if size == 1:
            continue
        if merged and merged[-1].is_averaged == is_averaged:
            inner = merged.pop()
            merged.append(Level(inner.size * size, inner.stride, is_averaged))
        else:
            merged.append(Level(size, stride, is_averaged))
        stride *= size
    return merged[::-1]


def mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """The multiplier and shift that rescale by ``real`` and divide by ``count``.

    TFLM quantises ``real`` alone and divides the significand by the count afterwards,
    truncating, with as many bits more as the count has (QuantizedMeanOrSum).
    """
    multiplier, shift = quantize_multiplier(real)
    more = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << more) // count, shift - more


def lower_s8(model: Model, op: Op) -> Call:
    """MEAN and SUM of int8."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    count = _count(model, op)
    ratio = data.scale / output.scale
    is_mean = op.kind is OpKind.MEAN
    multiplier, shift = mean_multiplier(ratio, count) if is_mean else quantize_multiplier(ratio)
    return _call(
        model,
        op,
        "mean",
        (
            ("sum_offset", -data.zero_point * count),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_offset", output.zero_point),
        ),
    )


def _lower_s16(model: Model, op: Op) -> Call:
    ratio = input_tensor(model, op).scale / output_tensor(model, op).scale
    is_mean = op.kind is OpKind.MEAN
    pair = mean_multiplier(ratio, _count(model, op)) if is_mean else quantize_multiplier(ratio)
    return _call(model, op, "mean", (("multiplier", pair[0]), ("shift", pair[1])))


def lower_f32(model: Model, op: Op) -> Call:
    # A sum is a mean that is divided by 1.
    count = _count(model, op) if op.kind is OpKind.MEAN else 1
    return _call(model, op, "mean", (("count", float(count)),))


def _lower_extremum(model: Model, op: Op) -> Call:
    takes_larger = int(op.kind is OpKind.REDUCE_MAX)
    return _call(model, op, "reduce_extremum", (("takes_larger", takes_larger),))


def _call(model: Model, op: Op, name: str, fields: tuple[tuple[str, Field], ...]) -> Call:
    dtype = input_tensor(model, op).dtype
    stem = f"{name}_{SUFFIXES[dtype]}"
    merged = _levels(model, op)
    kept = [level for level in merged if not level.is_averaged]
    averaged = [level for level in merged if level.is_averaged]
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct=f"eg_{stem}" if name == "mean" else f"eg_{name}",
        fields=(
            ("shape.kept_size", _padded([level.size for level in kept], 1)),
            ("shape.kept_stride", _padded([level.stride for level in kept], 0)),
            ("shape.size", _padded([level.size for level in averaged], 1)),
            ("shape.stride", _padded([level.stride for level in averaged], 0)),
            *fields,
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/{name}{HEADER_SUFFIXES[dtype]}.h",
        sources=(f"nn/{stem}.c",),
    )


def _padded(values: list[int], unused: int) -> tuple[int, ...]:
    return (unused,) * (_LEVELS - len(values)) + tuple(values)


def _levels(model: Model, op: Op) -> list[Level]:
    return levels(input_tensor(model, op).shape, attrs_of(op, ReduceAttrs).axes)


def _count(model: Model, op: Op) -> int:
    """Elements that become one."""
    shape = input_tensor(model, op).shape
    return math.prod(shape[axis] for axis in attrs_of(op, ReduceAttrs).axes)


def refuse_shape(model: Model, op: Op) -> str | None:
    merged = _levels(model, op)
    averaged = sum(level.is_averaged for level in merged)
    if max(averaged, len(merged) - averaged) > _LEVELS:
        return f"it reduces more than {_LEVELS} separate groups of dimensions."
    return None


def refuse_integers(model: Model, op: Op) -> str | None:
    """What no kernel for integers takes."""
    if 256 ** input_tensor(model, op).dtype.bytes * _count(model, op) >= 2**31:
        return "it adds up too many elements for a sum of 32 bits."
    ratio = input_tensor(model, op).scale / output_tensor(model, op).scale
    return refuse_shape(model, op) or huge_multiplier([ratio])


KERNELS = (
    *(
        Kernel(kind, dtype, lower, refuse_integers)
        for kind in (OpKind.MEAN, OpKind.SUM)
        for dtype, lower in ((DType.INT8, lower_s8), (DType.INT16, _lower_s16))
    ),
    *(Kernel(kind, DType.FLOAT32, lower_f32, refuse_shape) for kind in (OpKind.MEAN, OpKind.SUM)),
    *(
        Kernel(kind, dtype, _lower_extremum, refuse_shape)
        for kind in (OpKind.REDUCE_MAX, OpKind.REDUCE_MIN)
        for dtype in (DType.INT8, DType.FLOAT32)
    ),
)
