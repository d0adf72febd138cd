"""SPLIT, UNPACK and PACK: one array taken apart into several, or put together."""

from __future__ import annotations

import math

import numpy as np

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index
from edgegen.engines.aot.program import Alias, Call, Constant, Ref, Step
from edgegen.model import AxisAttrs, DType, Model, Op, OpKind


def _lower_split(model: Model, op: Op) -> Step:
    if len(op.outputs) == 1:
        return Alias(op, op.data, op.outputs[0])
    axis = attrs_of(op, AxisAttrs).axis
    data = model.tensors[op.data]
    outer = math.prod(data.shape[:axis])
    return Call(
        op=op,
        function="eg_run_split",
        struct="eg_split",
        fields=(
            ("outer", outer),
            ("outputs", len(op.outputs)),
            ("row_bytes", data.bytes // (outer * len(op.outputs))),
        ),
        inputs=(op.data,),
        output=op.outputs[0],
        more_outputs=op.outputs[1:],
        header="edgegen/nn/split.h",
        sources=("nn/split.c",),
    )


def _lower_pack(model: Model, op: Op) -> Step:
    inputs = tuple(input_index(op, position) for position in range(len(op.inputs)))
    if len(inputs) == 1:
        return Alias(op, inputs[0], op.outputs[0])
    axis = attrs_of(op, AxisAttrs).axis
    part = model.tensors[inputs[0]]
    outer = math.prod(part.shape[:axis])
    rows = np.full(len(inputs), part.bytes // outer, np.int32)
    return Call(
        op=op,
        function="eg_run_concatenation",
        struct="eg_concatenation",
        fields=(("outer", outer), ("inputs", len(inputs)), ("row_bytes", Ref("row_bytes"))),
        inputs=inputs,
        inputs_as_array=True,
        output=op.outputs[0],
        header="edgegen/nn/concatenation.h",
        sources=("nn/concatenation.c",),
        constants=(Constant("row_bytes", rows, is_table=True),),
    )


_LOWERINGS = {
    OpKind.SPLIT: _lower_split,
    OpKind.UNPACK: _lower_split,
    OpKind.PACK: _lower_pack,
}

KERNELS = tuple(
    Kernel(kind, dtype, lower)
    for kind, lower in _LOWERINGS.items()
    for dtype in (DType.INT8, DType.FLOAT32, DType.INT16, DType.INT32)
)
