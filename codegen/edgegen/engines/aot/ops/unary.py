"""Functions of one value: RELU, RELU6, LEAKY_RELU, LOGISTIC, TANH, and QUANTIZE of int8.

On int8 each is a table of 256 entries, computed here with TFLM's own integer steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgegen.engines.aot import transcendental
from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_divide_by_pot,
)
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Alias, Call, Constant, Field, Ref, Step
from edgegen.model import DType, LeakyReluAttrs, Model, Op, OpKind, Tensor

_INPUT_INTEGER_BITS = 4  # LOGISTIC and TANH take their input in Q4, so up to +-16

_Function = Callable[[int], int]


def table_kernel(kind: OpKind, function: Callable[[Op, Tensor, Tensor], _Function]) -> Kernel:
    """A kernel that looks up what ``function`` gives for every int8, clamped to int8."""

    def lower(model: Model, op: Op) -> Step:
        data, output = input_tensor(model, op), output_tensor(model, op)
        of_value = function(op, data, output)
        entries = [max(-128, min(127, of_value(q))) for q in range(-128, 128)]
        if entries == list(range(-128, 128)):
            return Alias(op, input_index(op), op.outputs[0])
        table = Constant("lookup", np.array(entries, dtype=np.int8), is_table=True)
        return Call(
            op=op,
            function="eg_run_lookup_s8",
            struct="eg_lookup_s8",
            fields=(("elements", output.elements), ("table", Ref("lookup"))),
            inputs=(input_index(op),),
            output=op.outputs[0],
            header="edgegen/nn/lookup.h",
            sources=("nn/lookup_s8.c",),
            constants=(table,),
            in_place=(0,),
        )

    return Kernel(kind, DType.INT8, lower, _refuse_other_output)


def _refuse_other_output(model: Model, op: Op) -> str | None:
    output = output_tensor(model, op)
    if output.dtype is not DType.INT8:
        return f"its output is {output.dtype.value}; only int8 to int8 is supported."
    if op.kind is OpKind.LOGISTIC and output.zero_point != -128:
        return f"its output has zero point {output.zero_point}; TFLM demands -128."
    if op.kind in (OpKind.LOGISTIC, OpKind.TANH) and not _has_input_radius(model, op):
        return "its input scale is too small or too large for TFLM's fixed-point input."
    return None


def _requantize(factor: float, data: Tensor, output: Tensor) -> _Function:
    multiplier, shift = quantize_multiplier(factor)
    return lambda q: (
        output.zero_point + multiply_by_quantized_multiplier(q - data.zero_point, multiplier, shift)
    )


def _quantize(op: Op, data: Tensor, output: Tensor) -> _Function:
    return _requantize(data.scale / output.scale, data, output)


def _relu(op: Op, data: Tensor, output: Tensor) -> _Function:
    rescaled = _requantize(_float32_ratio(data, output), data, output)
    return lambda q: max(output.zero_point, rescaled(q))


def _relu6(op: Op, data: Tensor, output: Tensor) -> _Function:
    # TFLM clamps the codes between the input's 0 and 6 and does not rescale.
    six = round_half_away(float(np.float32(6.0) / np.float32(data.scale))) + data.zero_point
    return lambda q: max(data.zero_point, min(six, q))


def _leaky_relu(op: Op, data: Tensor, output: Tensor) -> _Function:
    alpha = np.float32(attrs_of(op, LeakyReluAttrs).alpha)
    slope = float(np.float32(data.scale) * alpha / np.float32(output.scale))
    multiplier, shift = quantize_multiplier(abs(slope))
    sign = -1 if slope < 0 else 1
    identity = _requantize(_float32_ratio(data, output), data, output)

    def function(q: int) -> int:
        value = q - data.zero_point
        if value >= 0:
            return identity(q)
        scaled = multiply_by_quantized_multiplier(value, multiplier, shift)
        return output.zero_point + sign * scaled

    return function


def _logistic(op: Op, data: Tensor, output: Tensor) -> _Function:
    def of_q4(raw: int) -> int:
        return rounding_divide_by_pot(transcendental.logistic(raw, _INPUT_INTEGER_BITS), 23) - 128

    return _within_radius(data, of_q4)


def _tanh(op: Op, data: Tensor, output: Tensor) -> _Function:
    def of_q4(raw: int) -> int:
        return rounding_divide_by_pot(transcendental.tanh(raw, _INPUT_INTEGER_BITS), 24)

    return _within_radius(data, of_q4)


def _within_radius(data: Tensor, of_q4: _Function) -> _Function:
    """A function of the input in Q4, saturated where the input would not fit."""
    multiplier, shift = quantize_multiplier(_q4_factor(data))
    radius = _input_radius(shift)

    def function(q: int) -> int:
        value = q - data.zero_point
        if abs(value) >= radius:
            return 127 if value > 0 else -128
        return of_q4(multiply_by_quantized_multiplier(value, multiplier, shift))

    return function


def _q4_factor(data: Tensor) -> float:
    return data.scale * float(1 << (31 - _INPUT_INTEGER_BITS))


def _input_radius(shift: int) -> int:
    """The largest |q - zero_point| whose Q4 value stays below 15 (CalculateInputRadius)."""
    return math.floor(15 * (1 << (31 - _INPUT_INTEGER_BITS)) / (1 << shift))


def _has_input_radius(model: Model, op: Op) -> bool:
    _, shift = quantize_multiplier(_q4_factor(input_tensor(model, op)))
    return 0 <= shift <= 30


def _float32_ratio(data: Tensor, output: Tensor) -> float:
    return float(np.float32(data.scale) / np.float32(output.scale))


def _float_call(
    function: str,
    struct: str,
    source: str,
    fields: Callable[[Op], tuple[tuple[str, Field], ...]] = lambda op: (),
) -> Callable[[Model, Op], Call]:
    def lower(model: Model, op: Op) -> Call:
        return Call(
            op=op,
            function=function,
            struct=struct,
            fields=(("elements", output_tensor(model, op).elements), *fields(op)),
            inputs=(input_index(op),),
            output=op.outputs[0],
            header="edgegen/nn/activation_f32.h",
            sources=(source,),
            in_place=(0,),
        )

    return lower


_HIGHEST = {OpKind.RELU: math.inf, OpKind.RELU6: 6.0}

lower_clamp_f32 = _float_call(
    "eg_run_clamp_f32",
    "eg_clamp_layer_f32",
    "nn/clamp_f32.c",
    lambda op: (("low", 0.0), ("high", _HIGHEST[op.kind])),
)
"""RELU and RELU6."""

lower_leaky_relu_f32 = _float_call(
    "eg_run_leaky_relu_f32",
    "eg_leaky_relu_f32",
    "nn/leaky_relu_f32.c",
    lambda op: (("alpha", attrs_of(op, LeakyReluAttrs).alpha),),
)
lower_logistic_f32 = _float_call("eg_run_logistic_f32", "eg_activation_f32", "nn/logistic_f32.c")
_lower_tanh_f32 = _float_call("eg_run_tanh_f32", "eg_activation_f32", "nn/tanh_f32.c")

KERNELS = (
    table_kernel(OpKind.QUANTIZE, _quantize),
    table_kernel(OpKind.RELU, _relu),
    table_kernel(OpKind.RELU6, _relu6),
    table_kernel(OpKind.LEAKY_RELU, _leaky_relu),
    table_kernel(OpKind.LOGISTIC, _logistic),
    table_kernel(OpKind.TANH, _tanh),
    Kernel(OpKind.RELU, DType.FLOAT32, lower_clamp_f32),
    Kernel(OpKind.RELU6, DType.FLOAT32, lower_clamp_f32),
    Kernel(OpKind.LEAKY_RELU, DType.FLOAT32, lower_leaky_relu_f32),
    Kernel(OpKind.LOGISTIC, DType.FLOAT32, lower_logistic_f32),
    Kernel(OpKind.TANH, DType.FLOAT32, _lower_tanh_f32),
)
