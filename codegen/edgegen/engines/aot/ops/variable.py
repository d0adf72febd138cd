"""READ_VARIABLE and ASSIGN_VARIABLE: a copy out of a variable, and one into it."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, input_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind

_LEVELS = 5  # EG_COPY_LEVELS


def _lower(model: Model, op: Op) -> Call:
    fields = (
        ("size", (1,) * _LEVELS),
        ("stride", (0,) * _LEVELS),
        ("offset", ("NULL",) * _LEVELS),
        ("first_byte", 0),
        ("run_bytes", input_tensor(model, op).bytes),
    )
    return Call(
        op=op,
        function="eg_run_copy",
        struct="eg_copy",
        fields=fields,
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/copy.h",
        sources=("nn/copy.c",),
    )


_TYPES = (DType.INT8, DType.FLOAT32, DType.INT16, DType.INT32, DType.BOOL)

KERNELS = tuple(
    Kernel(kind, dtype, _lower)
    for kind in (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE)
    for dtype in _TYPES
)
