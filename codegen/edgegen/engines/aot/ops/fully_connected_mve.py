"""FULLY_CONNECTED with Helium."""

from __future__ import annotations

import numpy as np

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
from edgegen.engines.aot.ops.fully_connected import real_multipliers, refuse_s8
from edgegen.engines.aot.ops.matmul_mve import Requantisation, pack_fully_connected, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import DType, FullyConnectedAttrs, Model, Op, OpKind


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    prepared = _requantisation(model, op)
    return prepared if isinstance(prepared, str) else None


def _requantisation(model: Model, op: Op) -> Requantisation | str:
    data, weights = input_tensor(model, op), input_tensor(model, op, 1)
    bias, output = optional_input(model, op, 2), output_tensor(model, op)
    values = constant(weights).astype(np.int64)
    return requantisation(
        folded_bias(model, op, values),
        np.abs(values).sum(axis=1),
        real_multipliers(data, weights, bias, output),
        attrs_of(op, FullyConnectedAttrs).activation,
        output,
    )


def _lower(model: Model, op: Op) -> Call:
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    channels, inputs = weights.shape
    prepared = _requantisation(model, op)
    assert isinstance(prepared, Requantisation)
    return Call(
        op=op,
        function="eg_run_fully_connected_s8_mve",
        struct="eg_fully_connected_s8_mve",
        fields=(
            ("batches", output_tensor(model, op).elements // channels),
            ("matrix.stream", Ref("filter")),
            ("matrix.inputs", inputs),
            ("matrix.channels", channels),
            *prepared.fields("matrix.output"),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/mve/fully_connected.h",
        sources=("nn/mve/fully_connected_s8.c",),
        constants=(Constant("filter", pack_fully_connected(weights, prepared)),),
    )


KERNELS = (Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower, _refuse, frozenset({"mve"})),)
