"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index
from edgegen.engines.aot.program import Alias
from edgegen.model import DType, Model, Op, OpKind


def _lower(model: Model, op: Op) -> Alias:
    return Alias(op, input_index(op), op.outputs[0])


KERNELS = tuple(
    Kernel(kind, dtype, _lower)
    for kind in (OpKind.RESHAPE, OpKind.SQUEEZE, OpKind.EXPAND_DIMS)
    for dtype in (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
)
