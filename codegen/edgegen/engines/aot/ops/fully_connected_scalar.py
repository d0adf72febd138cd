"""FULLY_CONNECTED for cores that multiply one pair of numbers at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    folded_bias,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.fully_connected import real_multipliers, refuse_s8, shape_fields
from edgegen.engines.aot.ops.requantize_dsp import Requantisation, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import DType, FullyConnectedAttrs, Model, Op, OpKind

_Int64 = npt.NDArray[np.int64]


def _requantisation(model: Model, op: Op) -> Requantisation | str:
    data, output = input_tensor(model, op), output_tensor(model, op)
    bias, weights = optional_input(model, op, 2), input_tensor(model, op, 1)
    values: _Int64 = constant(weights).astype(np.int64)
    return requantisation(
        folded_bias(model, op, values),
        # A row of zeros is not taken for a constant, so that all channels keep the one scale.
        np.maximum(np.abs(values).sum(axis=1), 1),
        real_multipliers(data, weights, bias, output),
        attrs_of(op, FullyConnectedAttrs).activation,
        output,
    )


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    prepared = _requantisation(model, op)
    if isinstance(prepared, str):
        return prepared
    if len(np.unique(prepared.rows()[:, 1:], axis=0)) > 1:
        return "its channels have scales of their own."
    return None


def _lower(model: Model, op: Op) -> Call:
    prepared = _requantisation(model, op)
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
