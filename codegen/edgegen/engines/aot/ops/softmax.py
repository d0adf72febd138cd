"""SOFTMAX."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot import lut_s16
from edgegen.engines.aot.fixed_point import quantize_multiplier, rounding_doubling_high_mul
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    HEADER_SUFFIXES,
    attrs_of,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.transcendental import exp_on_negative_values
from edgegen.model import DType, Model, Op, OpKind, SoftmaxAttrs

INPUT_INTEGER_BITS = 5  # the exponent of exp() is taken in Q5
_MAX_COLUMNS = 8191  # whose exponentials, up to 2^19 each, still sum to less than 2^32
_MAX_COLUMNS_S16 = 65536  # of exponentials up to 2^15 each
_SMALLEST_EXP = 1 << 11
"""In Q0. A smaller one rounds to 0 in the sum (by 2^12) and in every output (by 2^23 or more)."""


def _lower_s8(model: Model, op: Op) -> Call:
    table = exp_table(attrs_of(op, SoftmaxAttrs).beta, input_tensor(model, op).scale)
    fields: tuple[tuple[str, Field], ...] = (
        ("exp_table", Ref("exp")),
        ("exp_table_size", len(table)),
    )
    return _call(model, op, "s8", fields, (Constant("exp", table, is_table=True),))


def exp_table(beta: float, scale: float) -> npt.NDArray[np.int32]:
    """exp(-d * scale * beta) in Q0 for d = 0, 1, ... while it shows in the result."""
    multiplier, shift = input_factor(beta, scale)
    steps = min(input_radius(shift), 255)
    values = [
        exp_on_negative_values(
            rounding_doubling_high_mul(-step << shift, multiplier), INPUT_INTEGER_BITS
        )
        for step in range(steps + 1)
    ]
    while values[-1] < _SMALLEST_EXP:
        values.pop()
    return np.array(values, dtype=np.int32)


def input_factor(beta: float, scale: float) -> tuple[int, int]:
    """What takes a distance in steps to Q5, as multiplier and shift."""
    # As PreprocessSoftmaxScaling: a steep softmax is capped, since only the largest input counts.
    real = min(beta * scale * float(1 << (31 - INPUT_INTEGER_BITS)), 2.0**31 - 1.0)
    return quantize_multiplier(real)


def input_radius(shift: int) -> int:
    """The largest distance from the row's largest input that counts (CalculateInputRadius)."""
    largest = (1 << INPUT_INTEGER_BITS) - 1
    return math.floor(largest * (1 << (31 - INPUT_INTEGER_BITS)) / (1 << shift))


def _lower_s16(model: Model, op: Op) -> Call:
    multiplier, shift = quantize_multiplier(_steps(model, op))
    return _call(
        model,
        op,
        "s16",
        (
            ("multiplier", multiplier),
            ("shift", shift),
            ("exp_table", Ref("exp")),
            ("reciprocal_table", Ref("reciprocal")),
        ),
        (
            Constant("exp", lut_s16.exp_table(), is_table=True),
            Constant("reciprocal", lut_s16.reciprocal_table(), is_table=True),
        ),
    )


def _steps(model: Model, op: Op) -> float:
    """Steps of the exponent from one input to the next."""
    return input_tensor(model, op).scale * attrs_of(op, SoftmaxAttrs).beta / (10.0 / 65535.0)


def _refuse_s16(model: Model, op: Op) -> str | None:
    if not _steps(model, op) < 2.0**15:
        return "its input scale is too large for TFLM's exponent of 32 bits."
    if input_tensor(model, op).shape[-1] > _MAX_COLUMNS_S16:
        return f"it has more than {_MAX_COLUMNS_S16} columns."
    return None


def lower_f32(model: Model, op: Op) -> Call:
    return _call(model, op, "f32", (("beta", attrs_of(op, SoftmaxAttrs).beta),), ())


def _call(
    model: Model,
    op: Op,
    dtype: str,
    fields: tuple[tuple[str, Field], ...],
    constants: tuple[Constant, ...],
) -> Call:
    data = input_tensor(model, op)
    return Call(
        op=op,
        function=f"eg_run_softmax_{dtype}",
        struct=f"eg_softmax_{dtype}",
        fields=(
            ("rows", data.elements // data.shape[-1]),
            ("columns", data.shape[-1]),
            *fields,
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/softmax{HEADER_SUFFIXES[data.dtype]}.h",
        sources=(f"nn/softmax_{dtype}.c",),
        constants=constants,
        in_place=(0,),
    )


def _refuse_s8(model: Model, op: Op) -> str | None:
    output = output_tensor(model, op)
    if output.scale != 1 / 256 or output.zero_point != -128:
        return "its output needs scale 1/256 and zero point -128."
    if input_tensor(model, op).shape[-1] > _MAX_COLUMNS:
        return f"it has more than {_MAX_COLUMNS} columns."
    return None


KERNELS = (
    Kernel(OpKind.SOFTMAX, DType.INT8, _lower_s8, _refuse_s8),
    Kernel(OpKind.SOFTMAX, DType.INT16, _lower_s16, _refuse_s16),
    Kernel(OpKind.SOFTMAX, DType.FLOAT32, lower_f32),
)
