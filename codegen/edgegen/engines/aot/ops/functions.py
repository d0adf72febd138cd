"""More functions of one value: a table on int8, a C function on float32.

ABS, ELU, HARD_SWISH and RSQRT in both; EXP, FLOOR, LOG, NEG, SQRT and SQUARE on
float32, the only type that TFLM computes them in.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_divide_by_pot,
)
from edgegen.engines.aot.inverse_sqrt import inverse_sqrt
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, output_tensor
from edgegen.engines.aot.ops.unary import table_kernel
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind, Tensor

_Function = Callable[[int], int]


def _abs(op: Op, data: Tensor, output: Tensor) -> _Function:
    if data.scale == output.scale:
        return lambda q: abs(q - data.zero_point) + output.zero_point
    ratio = float(np.float32(data.scale) / np.float32(output.scale))
    multiplier, shift = quantize_multiplier(ratio)
    return lambda q: (
        multiply_by_quantized_multiplier(abs(q - data.zero_point), multiplier, shift)
        + output.zero_point
    )


def _elu(op: Op, data: Tensor, output: Tensor) -> _Function:
    """In TFLM's float32 steps."""
    scale, one = np.float32(data.scale), np.float32(1.0)
    inverse = one / np.float32(output.scale)

    def function(q: int) -> int:
        value = scale * np.float32(q - data.zero_point)
        if value < 0:
            value = np.float32(math.exp(float(value))) - one
        rounded = np.float32(round_half_away(float(value * inverse)))
        return int(rounded + np.float32(output.zero_point))

    return function


_RSQRT_BITS = 20  # of TFLM's 1 / sqrt(q) below the point


def _rsqrt(op: Op, data: Tensor, output: Tensor) -> _Function:
    root = np.float32(math.sqrt(data.scale))
    multiplier, shift = quantize_multiplier(1.0 / float(root * np.float32(output.scale)))

    def function(q: int) -> int:
        value = q - data.zero_point
        if value == 0:
            return 127
        factor, exponent = inverse_sqrt(value)
        fraction = multiply_by_quantized_multiplier(1, factor, exponent + _RSQRT_BITS)
        scaled = multiply_by_quantized_multiplier(fraction, multiplier, shift - _RSQRT_BITS)
        return scaled + output.zero_point

    return function


_INPUT_BITS = 7  # by which TFLM raises HARD_SWISH's input


def _hard_swish(op: Op, data: Tensor, output: Tensor) -> _Function:
    """In 16 bits: the input on the output's scale, times relu6(x + 3) / 6."""
    raised = np.float32(1.0 / 128.0) * np.float32(data.scale)
    to_output, output_shift = _multiplier16(float(raised / np.float32(output.scale)))
    relu_scale = np.float32(3.0) / np.float32(32768.0)
    to_relu, relu_shift = _multiplier16(float(raised / relu_scale))

    def relu(value: int) -> int:
        """(x + 3) / 6, between 0 and 1, with 15 bits below the point."""
        if relu_shift > 0:
            value = _saturate16(value << (relu_shift - 1))
        value = _high_mul16(value, to_relu)
        if relu_shift > 0:
            value = _saturate16(value << 1)
        if relu_shift < 0:
            value = rounding_divide_by_pot(value, -relu_shift)
        return (value + (1 << 15)) >> 1

    def function(q: int) -> int:
        value = (q - data.zero_point) << _INPUT_BITS
        product = relu(value) * _high_mul16(value, to_output)
        truncated = abs(product) >> 15
        signed = truncated if product >= 0 else -truncated
        return rounding_divide_by_pot(signed, -output_shift) + output.zero_point

    return function


def _multiplier16(real: float) -> tuple[int, int]:
    """A multiplier's significand in 16 bits, and its exponent."""
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _high_mul16(a: int, b: int) -> int:
    """round(a * b / 2^15), ties upwards."""
    return (a * b + (1 << 14)) >> 15


def _saturate16(value: int) -> int:
    return max(-(1 << 15), min((1 << 15) - 1, value))


def _map_kernel(kind: OpKind, function: str) -> Kernel:
    def lower(model: Model, op: Op) -> Call:
        return Call(
            op=op,
            function="eg_run_map_f32",
            struct="eg_map_f32",
            fields=(("elements", output_tensor(model, op).elements), ("function", function)),
            inputs=(input_index(op),),
            output=op.outputs[0],
            header="edgegen/nn/map_f32.h",
            sources=("nn/map_f32.c",),
            in_place=(0,),
        )

    return Kernel(kind, DType.FLOAT32, lower)


KERNELS = (
    table_kernel(OpKind.ABS, _abs),
    table_kernel(OpKind.ELU, _elu),
    table_kernel(OpKind.HARD_SWISH, _hard_swish),
    table_kernel(OpKind.RSQRT, _rsqrt),
    _map_kernel(OpKind.ABS, "fabsf"),
    _map_kernel(OpKind.ELU, "eg_elu_f32"),
    _map_kernel(OpKind.EXP, "expf"),
    _map_kernel(OpKind.FLOOR, "floorf"),
    _map_kernel(OpKind.HARD_SWISH, "eg_hard_swish_f32"),
    _map_kernel(OpKind.LOG, "logf"),
    _map_kernel(OpKind.NEG, "eg_negate_f32"),
    _map_kernel(OpKind.RSQRT, "eg_rsqrt_f32"),
    _map_kernel(OpKind.SQRT, "sqrtf"),
    _map_kernel(OpKind.SQUARE, "eg_square_f32"),
)
