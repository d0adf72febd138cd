"""ADD and SUB of one shape with Helium."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import binary_linear
from edgegen.engines.aot.ops.common import input_index, output_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind


def _lower(model: Model, op: Op) -> Call:
    linear = binary_linear.linear_function(model, op)
    assert linear is not None
    return Call(
        op=op,
        function="eg_run_add_s8_mve",
        struct="eg_add_s8_mve",
        fields=(
            ("elements", output_tensor(model, op).elements),
            ("factor1", linear.factor1),
            ("factor2", linear.factor2),
            ("constant", linear.constant),
            ("shift", linear.shift),
        ),
        inputs=(input_index(op, 0), input_index(op, 1)),
        output=op.outputs[0],
        header="edgegen/nn/mve/elementwise.h",
        sources=("nn/mve/add_s8.c",),
        in_place=(0, 1),
    )


KERNELS = tuple(
    Kernel(kind, DType.INT8, _lower, binary_linear.refusal, needs=frozenset({"mve"}))
    for kind in (OpKind.ADD, OpKind.SUB)
)
