"""CAST."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Alias, Call, Step
from edgegen.model import DType, Model, Op, OpKind

_NAMES = {
    DType.BOOL: "EG_CAST_BOOL",
    DType.INT8: "EG_CAST_S8",
    DType.INT16: "EG_CAST_S16",
    DType.INT32: "EG_CAST_S32",
    DType.FLOAT32: "EG_CAST_F32",
}


def _lower(model: Model, op: Op) -> Step:
    data, output = input_tensor(model, op), output_tensor(model, op)
    if data.dtype is output.dtype:
        return Alias(op, input_index(op), op.outputs[0])
    return Call(
        op=op,
        function="eg_run_cast",
        struct="eg_cast",
        fields=(
            ("elements", output.elements),
            ("from", _NAMES[data.dtype]),
            ("to", _NAMES[output.dtype]),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/cast.h",
        sources=("nn/cast.c",),
        in_place=(0,),
    )


KERNELS = tuple(Kernel(OpKind.CAST, dtype, _lower) for dtype in _NAMES)
