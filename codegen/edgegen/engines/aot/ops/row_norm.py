"""L2_NORMALIZATION, and LOG_SOFTMAX of floats."""

from __future__ import annotations

from collections.abc import Callable

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, input_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind

_LONGEST_ROW = 32768  # so that no sum of squares of 255 exceeds int32


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
    Kernel(OpKind.LOG_SOFTMAX, DType.FLOAT32, _lowering("log_softmax_f32")),
)
