"""SELECT_V2."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.binary import merge_dimensions
from edgegen.engines.aot.ops.common import input_index, output_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind

_RANK = 5  # EG_SELECT_RANK
_SUFFIXES = {DType.INT8: "s8", DType.INT16: "s16", DType.FLOAT32: "f32"}


def _lower(model: Model, op: Op) -> Call:
    inputs = tuple(input_index(op, position) for position in range(3))
    output = output_tensor(model, op)
    shapes = [model.tensors[tensor].shape for tensor in inputs]
    size, (condition, first, second) = merge_dimensions(shapes, output.shape, _RANK)
    stem = f"select_{_SUFFIXES[output.dtype]}"
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct="eg_select",
        fields=(
            ("size", size),
            ("condition_stride", condition),
            ("stride1", first),
            ("stride2", second),
        ),
        inputs=inputs,
        output=op.outputs[0],
        header="edgegen/nn/select.h",
        sources=(f"nn/{stem}.c",),
        in_place=tuple(
            i for i, tensor in enumerate(inputs) if model.tensors[tensor].bytes == output.bytes
        ),
    )


KERNELS = tuple(Kernel(OpKind.SELECT_V2, dtype, _lower) for dtype in _SUFFIXES)
