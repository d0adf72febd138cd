"""FULLY_CONNECTED for cores that multiply one pair of numbers at a time."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    constant,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.fully_connected import one_scale, refuse_s8, shape_fields
from edgegen.engines.aot.ops.requantize_dsp import Requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import DType, Model, Op, OpKind


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    prepared = one_scale(model, op)
    return prepared if isinstance(prepared, str) else None


def _lower(model: Model, op: Op) -> Call:
    prepared = one_scale(model, op)
    assert isinstance(prepared, Requantisation)
    weights = input_tensor(model, op, 1)
    _, multiplier, constant_, shift = prepared.rows()[0].tolist()
    return Call(
        op=op,
        function="eg_run_fully_connected_s8_scalar",
        struct="eg_fully_connected_s8_scalar",
        fields=(
            *shape_fields(weights, output_tensor(model, op)),
            ("weights", Ref("filter")),
            ("doubled_bias", Ref("bias")),
            ("multiplier", multiplier),
            ("constant", constant_),
            ("shift", shift),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/scalar/fully_connected.h",
        sources=("nn/scalar/fully_connected_s8.c", "nn/scalar/matmul.c"),
        constants=(
            Constant("filter", constant(weights)),
            Constant("bias", prepared.doubled_bias),
        ),
    )


KERNELS = (Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower, _refuse),)
