"""L2_NORMALIZATION and LOG_SOFTMAX."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, input_tensor
from edgegen.engines.aot.ops.softmax import INPUT_INTEGER_BITS, input_factor, input_radius
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.transcendental import exp_on_negative_values
from edgegen.model import DType, Model, Op, OpKind

_LONGEST_ROW = 32768  # so that no sum of squares of 255 exceeds int32
_LONGEST_LOG_ROW = 4095  # so that no sum of exponentials, up to 2^19 each, does
_SUM_INTEGER_BITS = 12


def _lowering(stem: str) -> Callable[[Model, Op], Call]:
    def lower(model: Model, op: Op) -> Call:
        data = input_tensor(model, op)
        depth = data.shape[-1]
        offset = -data.zero_point if data.dtype is DType.INT8 else 0
        return Call(
            op=op,
            function=f"eg_run_{stem}",
            struct="eg_row_norm",
            fields=(
                ("rows", data.elements // depth),
                ("depth", depth),
                ("input_offset", offset),
            ),
            inputs=(input_index(op),),
            output=op.outputs[0],
            header="edgegen/nn/row_norm.h",
            sources=(f"nn/{stem}.c",),
            in_place=(0,),
        )

    return lower


def _lower_log_softmax_s8(model: Model, op: Op) -> Call:
    data = input_tensor(model, op)
    multiplier, shift = input_factor(1.0, data.scale)
    radius = input_radius(shift)
    steps_multiplier, steps_shift = quantize_multiplier((1 << (31 - shift)) / multiplier)
    table = _exponentials(multiplier, shift, radius)
    return Call(
        op=op,
        function="eg_run_log_softmax_s8",
        struct="eg_log_softmax_s8",
        fields=(
            ("rows", data.elements // data.shape[-1]),
            ("depth", data.shape[-1]),
            ("exp_table", Ref("exp")),
            ("exp_table_size", len(table)),
            ("multiplier", multiplier),
            ("shift", shift),
            ("steps_multiplier", steps_multiplier),
            ("steps_shift", steps_shift),
            ("furthest", -radius - 1),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/row_norm.h",
        sources=("nn/log_softmax_s8.c",),
        constants=(Constant("exp", table, is_table=True),),
        in_place=(0,),
    )


def _exponentials(multiplier: int, shift: int, radius: int) -> npt.NDArray[np.int32]:
    """exp(-d * scale) in Q12.19 for d = 0, 1, ... while there is anything left of it."""
    distances = [
        multiply_by_quantized_multiplier(-step, multiplier, shift)
        for step in range(min(radius, 255) + 1)
    ]
    values = [
        rounding_divide_by_pot(exp_on_negative_values(d, INPUT_INTEGER_BITS), _SUM_INTEGER_BITS)
        for d in distances
    ]
    while values[-1] == 0:
        values.pop()
    return np.array(values, np.int32)


def _refuse_log_softmax_s8(model: Model, op: Op) -> str | None:
    depth = input_tensor(model, op).shape[-1]
    return f"it has rows of more than {_LONGEST_LOG_ROW}." if depth > _LONGEST_LOG_ROW else None


def _refuse_long_rows(model: Model, op: Op) -> str | None:
    depth = input_tensor(model, op).shape[-1]
    return (
        f"its rows of {depth} are too long for a sum of 32 bits." if depth > _LONGEST_ROW else None
    )


KERNELS = (
    Kernel(
        OpKind.L2_NORMALIZATION,
        DType.INT8,
        _lowering("l2_normalization_s8"),
        _refuse_long_rows,
    ),
    Kernel(OpKind.L2_NORMALIZATION, DType.FLOAT32, _lowering("l2_normalization_f32")),
    Kernel(OpKind.LOG_SOFTMAX, DType.INT8, _lower_log_softmax_s8, _refuse_log_softmax_s8),
    Kernel(OpKind.LOG_SOFTMAX, DType.FLOAT32, _lowering("log_softmax_f32")),
)
