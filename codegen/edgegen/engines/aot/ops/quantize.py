"""QUANTIZE and DEQUANTIZE. (From int8 to int8 it is a table: see unary.)"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgegen.engines.aot.fixed_point import quantize_multiplier
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    SUFFIXES,
    huge_multiplier,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.program import Alias, Call, Step
from edgegen.model import DType, Model, Op, OpKind, Tensor


def _lower(model: Model, op: Op, function: str, quantised: Tensor) -> Call:
    return Call(
        op=op,
        function=function,
        struct=None,
        fields=(),
        inputs=(input_index(op),),
        scalars=(output_tensor(model, op).elements, quantised.scale, quantised.zero_point),
        output=op.outputs[0],
        header="edgegen/quantize.h",
        sources=("quantize.c",),
    )


def _lower_quantize(model: Model, op: Op) -> Call:
    output = output_tensor(model, op)
    if output.dtype is DType.INT16:
        return _lower_s16(model, op, "quantize_f32_s16", output)
    return _lower(model, op, "eg_quantize_f32_s8", output)


def _lower_dequantize(model: Model, op: Op) -> Call:
    return _lower(model, op, "eg_dequantize_s8_f32", input_tensor(model, op))


def _lower_dequantize_s16(model: Model, op: Op) -> Call:
    return _lower_s16(model, op, "dequantize_s16_f32", input_tensor(model, op))


def _lower_s16(model: Model, op: Op, stem: str, quantised: Tensor) -> Call:
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct=None,
        fields=(),
        inputs=(input_index(op),),
        scalars=(quantised.elements, quantised.scale),
        output=op.outputs[0],
        header="edgegen/nn/quantize_s16.h",
        sources=(f"nn/{stem}.c",),
    )


def _lower_integers(model: Model, op: Op) -> Step:
    data, output = input_tensor(model, op), output_tensor(model, op)
    if data.dtype is output.dtype and data.quant == output.quant:
        return Alias(op, input_index(op), op.outputs[0])
    limits = np.iinfo(output.dtype.value)
    return rescale_call(model, op, data.scale / output.scale, (limits.min, limits.max))


def rescale_call(model: Model, op: Op, ratio: float, bounds: tuple[int, int]) -> Call:
    """A call of ``eg_run_rescale``, clamped to the bounds.

    Args:
        ratio: From the input's scale to the output's.
    """
    data, output = input_tensor(model, op), output_tensor(model, op)
    multiplier, shift = quantize_multiplier(ratio)
    stem = f"rescale_{_SUFFIXES[data.dtype]}_{_SUFFIXES[output.dtype]}"
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct="eg_rescale",
        fields=(
            ("elements", output.elements),
            ("input_zero_point", data.zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_zero_point", output.zero_point),
            ("low", bounds[0]),
            ("high", bounds[1]),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/rescale.h",
        sources=(f"nn/{stem}.c",),
        in_place=(0,) if data.dtype is output.dtype else (),
    )


def _to(*types: DType) -> Callable[[Model, Op], str | None]:
    """A refusal test of the output's type and of the ratio of scales."""

    def refusal(model: Model, op: Op) -> str | None:
        data, output = input_tensor(model, op), output_tensor(model, op)
        if output.dtype not in types:
            supported = " and ".join(dtype.value for dtype in types)
            return f"its output is {output.dtype.value}; only {supported} is supported."
        if data.dtype is not DType.FLOAT32:
            return huge_multiplier([data.scale / output.scale])
        return None

    return refusal


_SUFFIXES = {**SUFFIXES, DType.INT32: "s32"}

KERNELS = (
    Kernel(OpKind.QUANTIZE, DType.FLOAT32, _lower_quantize, _to(DType.INT8, DType.INT16)),
    Kernel(OpKind.QUANTIZE, DType.INT8, _lower_integers, _to(DType.INT16, DType.INT32)),
    Kernel(
        OpKind.QUANTIZE, DType.INT16, _lower_integers, _to(DType.INT8, DType.INT16, DType.INT32)
    ),
    Kernel(OpKind.QUANTIZE, DType.INT32, _lower_integers, _to(DType.INT8, DType.INT16)),
    Kernel(OpKind.DEQUANTIZE, DType.INT8, _lower_dequantize),
    Kernel(OpKind.DEQUANTIZE, DType.INT16, _lower_dequantize_s16),
)
