"""Functions of one int16 value: RELU, RELU6, LEAKY_RELU, ABS, LOGISTIC and TANH."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgegen.engines.aot import lut_s16
from edgegen.engines.aot.fixed_point import quantize_multiplier, round_half_away
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    huge_multiplier,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.quantize import rescale_call
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.model import DType, LeakyReluAttrs, Model, Op, OpKind

_LARGEST = 32767
_STEPS = 3 * 4096.0  # of LOGISTIC's table between 0 and 1, and of TANH's between 0 and 1/2
_POWERS_OF_TWO = {OpKind.LOGISTIC: (0,), OpKind.TANH: (0, 1)}  # input scales without rounding


def _relu(model: Model, op: Op) -> Call:
    return rescale_call(model, op, _float32_ratio(model, op), (0, _LARGEST))


def _relu6(model: Model, op: Op) -> Call:
    # TFLM clamps between the codes of the input's 0 and 6 and does not rescale.
    return rescale_call(model, op, 1.0, (0, _six(model, op)))


def _six(model: Model, op: Op) -> int:
    return round_half_away(float(np.float32(6.0) / np.float32(input_tensor(model, op).scale)))


def _refuse_relu6(model: Model, op: Op) -> str | None:
    return "6 is beyond its input's range." if _six(model, op) > _LARGEST else None


def _leaky_relu(model: Model, op: Op) -> Call:
    multiplier, shift = quantize_multiplier(_float32_ratio(model, op))
    slope = _slope(model, op)
    negative_multiplier, negative_shift = quantize_multiplier(abs(slope))
    fields = (
        ("multiplier", multiplier),
        ("shift", shift),
        ("negative_multiplier", negative_multiplier),
        ("negative_shift", negative_shift),
        ("negative_sign", -1 if slope < 0 else 1),
    )
    return _call(model, op, "leaky_relu", "leaky_relu", fields)


def _slope(model: Model, op: Op) -> float:
    alpha = np.float32(attrs_of(op, LeakyReluAttrs).alpha)
    data, output = input_tensor(model, op), output_tensor(model, op)
    return float(np.float32(data.scale) * alpha / np.float32(output.scale))


def _refuse_ratio(model: Model, op: Op) -> str | None:
    slope = abs(_slope(model, op)) if op.kind is OpKind.LEAKY_RELU else 0.0
    return huge_multiplier([_float32_ratio(model, op), slope])


def _abs(model: Model, op: Op) -> Call:
    # Without a change of scale TFLM does not rescale, and neither does a multiplier of 1.
    multiplier, shift = quantize_multiplier(_float32_ratio(model, op))
    return _call(model, op, "abs", "abs", (("multiplier", multiplier), ("shift", shift)))


def _sigmoid(model: Model, op: Op) -> Call:
    multiplier, shift = sigmoid_steps(op.kind, input_tensor(model, op).scale)
    fields = (("multiplier", multiplier), ("shift", shift), ("table", Ref("sigmoid")))
    table = Constant("sigmoid", lut_s16.sigmoid_table(), is_table=True)
    return _call(model, op, op.kind.value.lower(), "sigmoid", fields, (table,))


def sigmoid_steps(kind: OpKind, scale: float) -> tuple[int, int]:
    """The multiplier and right shift that take an input to steps of the table.

    TFLM has an exact multiplier for some powers of two and truncates it for other scales.
    """
    logarithm = math.log2(scale)
    exponent = round_half_away(logarithm)
    if abs(logarithm - exponent) < 1e-3 and exponent + 12 in _POWERS_OF_TWO[kind]:
        return 3 << (exponent + 12), 0
    multiplier, shift = scale * _STEPS, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    return int(multiplier), shift


def _refuse_sigmoid(model: Model, op: Op) -> str | None:
    if sigmoid_steps(op.kind, input_tensor(model, op).scale)[0] > _LARGEST:
        return "its input scale is too large for TFLM's multiplier of 16 bits."
    return None


def _float32_ratio(model: Model, op: Op) -> float:
    data, output = input_tensor(model, op), output_tensor(model, op)
    return float(np.float32(data.scale) / np.float32(output.scale))


def _call(
    model: Model,
    op: Op,
    name: str,
    struct: str,
    fields: tuple[tuple[str, Field], ...],
    constants: tuple[Constant, ...] = (),
) -> Call:
    return Call(
        op=op,
        function=f"eg_run_{name}_s16",
        struct=f"eg_{struct}_s16",
        fields=(("elements", output_tensor(model, op).elements), *fields),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/activation_s16.h",
        sources=(f"nn/{name}_s16.c",),
        constants=constants,
        in_place=(0,),
    )


def _kernel(
    kind: OpKind,
    lower: Callable[[Model, Op], Call],
    refusal: Callable[[Model, Op], str | None] = _refuse_ratio,
) -> Kernel:
    return Kernel(kind, DType.INT16, lower, refusal)


KERNELS = (
    _kernel(OpKind.RELU, _relu),
    _kernel(OpKind.RELU6, _relu6, _refuse_relu6),
    _kernel(OpKind.LEAKY_RELU, _leaky_relu),
    _kernel(OpKind.ABS, _abs),
    _kernel(OpKind.LOGISTIC, _sigmoid, _refuse_sigmoid),
    _kernel(OpKind.TANH, _sigmoid, _refuse_sigmoid),
)
