"""ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index, input_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import AxisAttrs, DType, Model, Op, OpKind


def _lower(model: Model, op: Op) -> Call:
    data = input_tensor(model, op)
    axis = attrs_of(op, AxisAttrs).axis
    suffix = "s8" if data.dtype is DType.INT8 else "f32"
    return Call(
        op=op,
        function=f"eg_run_arg_extremum_{suffix}",
        struct="eg_arg_extremum",
        fields=(
            ("outer", math.prod(data.shape[:axis])),
            ("size", data.shape[axis]),
            ("inner", math.prod(data.shape[axis + 1 :])),
            ("takes_larger", int(op.kind is OpKind.ARG_MAX)),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/arg_extremum.h",
        sources=(f"nn/arg_extremum_{suffix}.c",),
    )


KERNELS = tuple(
    Kernel(kind, dtype, _lower)
    for kind in (OpKind.ARG_MAX, OpKind.ARG_MIN)
    for dtype in (DType.INT8, DType.FLOAT32)
)
