"""ADD, SUB and MUL, with broadcasting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgegen.engines.aot.fixed_point import float_range, quantize_multiplier, quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    huge_multiplier,
    input_index,
    input_tensor,
    known_activation,
    output_tensor,
)
from edgegen.engines.aot.program import Call, Field
from edgegen.model import BinaryAttrs, DType, Model, Op, OpKind, Tensor

_RANK = 4  # EG_BROADCAST_RANK
LEFT_SHIFT = 20  # of TFLM's int8 ADD and SUB
LEFT_SHIFT_S16 = 15
_HEADER = "edgegen/nn/elementwise.h"
_HEADER_S16 = "edgegen/nn/elementwise_s16.h"


def broadcast_call(
    model: Model,
    op: Op,
    stem: str,
    struct: str,
    fields: tuple[tuple[str, Field], ...],
    header: str = _HEADER,
) -> Call:
    """A call of a kernel on two inputs whose description begins with an eg_broadcast."""
    first, second = input_index(op, 0), input_index(op, 1)
    output = op.outputs[0]
    shapes = tuple(model.tensors[t].shape for t in (first, second, output))
    size, stride1, stride2 = merged_broadcast(*shapes)
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct=struct,
        fields=(
            ("shape.size", size),
            ("shape.stride1", stride1),
            ("shape.stride2", stride2),
            *fields,
        ),
        inputs=(first, second),
        output=output,
        header=header,
        sources=(f"nn/{stem}.c", "nn/broadcast.c"),
        in_place=tuple(
            i for i, shape in enumerate(shapes[:2]) if math.prod(shape) == math.prod(shapes[2])
        ),
    )


def merged_broadcast(
    shape1: tuple[int, ...], shape2: tuple[int, ...], output: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Output size and both inputs' strides, with dimensions that broadcast alike merged.

    Returns:
        Three tuples of equal length, padded in front to at least EG_BROADCAST_RANK.
    """
    size, (stride1, stride2) = merge_dimensions((shape1, shape2), output, _RANK)
    return size, stride1, stride2


def merge_dimensions(
    shapes: Sequence[tuple[int, ...]], output: tuple[int, ...], rank: int
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Output size and every input's strides, with dimensions that broadcast alike merged.

    Returns:
        Tuples of equal length, padded in front to at least ``rank``.
    """
    sizes: list[int] = []
    patterns: list[tuple[bool, ...]] = []
    padded = [(1,) * (len(output) - len(shape)) + shape for shape in shapes]
    for size, *extents in zip(output, *padded, strict=True):
        pattern = tuple(extent == size for extent in extents)
        if size == 1:
            continue
        if patterns and patterns[-1] == pattern:
            sizes[-1] *= size
        else:
            sizes.append(size)
            patterns.append(pattern)
    missing = max(0, rank - len(sizes))
    strides = [
        (0,) * missing + _strides(sizes, [pattern[i] for pattern in patterns])
        for i in range(len(shapes))
    ]
    return (1,) * missing + tuple(sizes), strides


def _strides(sizes: list[int], present: list[bool]) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for size, there in zip(reversed(sizes), reversed(present), strict=True):
        strides.append(step if there else 0)
        step *= size if there else 1
    return tuple(reversed(strides))


def refuse_broadcast(model: Model, op: Op) -> str | None:
    """A refusal test of element types, shapes and fused activation."""
    first, second, output = (
        input_tensor(model, op),
        input_tensor(model, op, 1),
        output_tensor(model, op),
    )
    if not first.dtype is second.dtype is output.dtype:
        return "its inputs and output differ in element type."
    if len(merged_broadcast(first.shape, second.shape, output.shape)[0]) > _RANK:
        return f"its shapes broadcast in more than {_RANK} alternating groups of dimensions."
    return known_activation(model, op)


def add_factors(
    op: Op, first: Tensor, second: Tensor, output: Tensor, left_shift: int = LEFT_SHIFT
) -> tuple[float, float, float]:
    """Real factors of input 1, input 2 and output: TFLM's ADD has float64, its SUB float32."""
    if op.kind is OpKind.ADD:
        twice = 2.0 * max(first.scale, second.scale)
        return (
            first.scale / twice,
            second.scale / twice,
            twice / ((1 << left_shift) * output.scale),
        )
    scale1, scale2, scale_out = (np.float32(t.scale) for t in (first, second, output))
    twice32 = np.float32(2) * max(scale1, scale2)
    return (
        float(scale1 / twice32),
        float(scale2 / twice32),
        float(twice32 / (np.float32(1 << left_shift) * scale_out)),
    )


def _lower_add_s8(model: Model, op: Op) -> Call:
    first, second, output = (
        input_tensor(model, op),
        input_tensor(model, op, 1),
        output_tensor(model, op),
    )
    factors = [quantize_multiplier(f) for f in add_factors(op, first, second, output)]
    low, high = quantized_range(attrs_of(op, BinaryAttrs).activation, output)
    fields = (
        ("input1_offset", -first.zero_point),
        ("input1_multiplier", factors[0][0]),
        ("input1_shift", factors[0][1]),
        ("input2_offset", -second.zero_point),
        ("input2_multiplier", factors[1][0]),
        ("input2_shift", factors[1][1]),
        ("input2_sign", 1 if op.kind is OpKind.ADD else -1),
        ("output_multiplier", factors[2][0]),
        ("output_shift", factors[2][1]),
        ("output_offset", output.zero_point),
        ("activation_min", low),
        ("activation_max", high),
    )
    return broadcast_call(model, op, "add_s8", "eg_add_s8", fields)


def _lower_mul_s8(model: Model, op: Op) -> Call:
    first, second, output = (
        input_tensor(model, op),
        input_tensor(model, op, 1),
        output_tensor(model, op),
    )
    multiplier, shift = quantize_multiplier(first.scale * second.scale / output.scale)
    low, high = quantized_range(attrs_of(op, BinaryAttrs).activation, output)
    fields = (
        ("input1_offset", -first.zero_point),
        ("input2_offset", -second.zero_point),
        ("output_multiplier", multiplier),
        ("output_shift", shift),
        ("output_offset", output.zero_point),
        ("activation_min", low),
        ("activation_max", high),
    )
    return broadcast_call(model, op, "mul_s8", "eg_mul_s8", fields)


def _lower_add_s16(model: Model, op: Op) -> Call:
    first, second, output = (
        input_tensor(model, op),
        input_tensor(model, op, 1),
        output_tensor(model, op),
    )
    reals = add_factors(op, first, second, output, LEFT_SHIFT_S16)
    factors = [quantize_multiplier(f) for f in reals]
    low, high = quantized_range(attrs_of(op, BinaryAttrs).activation, output)
    fields = (
        ("input1_multiplier", factors[0][0]),
        ("input1_shift", factors[0][1]),
        ("input2_multiplier", factors[1][0]),
        ("input2_shift", factors[1][1]),
        ("input2_sign", 1 if op.kind is OpKind.ADD else -1),
        ("output_multiplier", factors[2][0]),
        ("output_shift", factors[2][1]),
        ("activation_min", low),
        ("activation_max", high),
    )
    return broadcast_call(model, op, "add_s16", "eg_add_s16", fields, _HEADER_S16)


def _lower_add_s16_dsp(model: Model, op: Op) -> Call:
    return replace(
        _lower_add_s16(model, op),
        function="eg_run_add_s16_dsp",
        header="edgegen/nn/dsp/elementwise_s16.h",
        sources=("nn/dsp/add_s16.c", "nn/broadcast.c"),
    )


def _lower_mul_s16(model: Model, op: Op) -> Call:
    output = output_tensor(model, op)
    multiplier, shift = quantize_multiplier(_mul_factor(model, op))
    low, high = quantized_range(attrs_of(op, BinaryAttrs).activation, output)
    fields = (
        ("output_multiplier", multiplier),
        ("output_shift", shift),
        ("activation_min", low),
        ("activation_max", high),
    )
    return broadcast_call(model, op, "mul_s16", "eg_mul_s16", fields, _HEADER_S16)


def _mul_factor(model: Model, op: Op) -> float:
    first, second = input_tensor(model, op), input_tensor(model, op, 1)
    return first.scale * second.scale / output_tensor(model, op).scale


def _refuse_mul_s16(model: Model, op: Op) -> str | None:
    return refuse_broadcast(model, op) or huge_multiplier([_mul_factor(model, op)])


def lower_f32(model: Model, op: Op) -> Call:
    low, high = float_range(attrs_of(op, BinaryAttrs).activation)
    stem = {OpKind.ADD: "add_f32", OpKind.SUB: "sub_f32", OpKind.MUL: "mul_f32"}[op.kind]
    return broadcast_call(
        model, op, stem, "eg_binary_f32", (("activation_min", low), ("activation_max", high))
    )


KERNELS = (
    Kernel(OpKind.ADD, DType.INT8, _lower_add_s8, refuse_broadcast),
    Kernel(OpKind.SUB, DType.INT8, _lower_add_s8, refuse_broadcast),
    Kernel(OpKind.MUL, DType.INT8, _lower_mul_s8, refuse_broadcast),
    *(
        Kernel(kind, DType.INT16, lower, refuse_broadcast, needs)
        for lower, needs in (
            (_lower_add_s16_dsp, frozenset({"dsp"})),
            (_lower_add_s16, frozenset[str]()),
        )
        for kind in (OpKind.ADD, OpKind.SUB)
    ),
    Kernel(OpKind.MUL, DType.INT16, _lower_mul_s16, _refuse_mul_s16),
    *(
        Kernel(kind, DType.FLOAT32, lower_f32, refuse_broadcast)
        for kind in (OpKind.ADD, OpKind.SUB, OpKind.MUL)
    ),
)
