"""ADD and SUB of one shape with Helium."""

from __future__ import annotations

from dataclasses import replace

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import binary_linear
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind


def _lower(model: Model, op: Op) -> Call:
    return replace(
        binary_linear.lower(model, op),
        function="eg_run_add_s8_mve",
        struct="eg_add_s8_mve",
        header="edgegen/nn/mve/elementwise.h",
        sources=("nn/mve/add_s8.c",),
    )


KERNELS = tuple(
    Kernel(kind, DType.INT8, _lower, binary_linear.refusal, needs=frozenset({"mve"}))
    for kind in (OpKind.ADD, OpKind.SUB)
)
