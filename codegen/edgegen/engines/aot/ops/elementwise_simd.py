"""ADD and SUB of one shape, pools and means over pixels with the vectors of hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import binary_linear, mean, pool_2d
from edgegen.engines.aot.ops.common import (
    attrs_of,
    input_tensor,
    known_activation,
    output_tensor,
)
from edgegen.engines.aot.ops.simd import ISAS, Isa
from edgegen.engines.aot.program import Call, Step
from edgegen.engines.aot.traffic import of_window
from edgegen.model import DType, Model, Op, OpKind, ReduceAttrs


def _with_vectors(isa: Isa, call: Call, header: str, source: str, *more: str) -> Call:
    return replace(
        call,
        function=f"{call.function}_{isa.name}",
        header=f"edgegen/nn/simd/{header}.h",
        sources=(isa.source(source), *more),
    )


def _lower_add(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, binary_linear.lower(model, op), "elementwise", "add_linear_s8")


def _refuse_add(isa: Isa, model: Model, op: Op) -> str | None:
    return binary_linear.refusal(model, op)


def _lower_pool(name: str) -> Callable[[Isa, Model, Op], Step]:
    portable = pool_2d.lower_integers(name)

    def lower(isa: Isa, model: Model, op: Op) -> Step:
        step = portable(model, op)
        if not isinstance(step, Call):
            return step
        window = {k: v for k, v in step.fields if isinstance(v, int) and k.startswith("window.")}
        call = _with_vectors(isa, step, "pool_2d", "pool_2d_s8", "nn/window_2d.c")
        # Of a pixel some channels are written before others are read.
        return replace(call, output_overlap=of_window(window, last=0))

    return lower


def _refuse_pool(isa: Isa, model: Model, op: Op) -> str | None:
    if output_tensor(model, op).shape[-1] < isa.lanes:
        return "its channels fill no vector."
    return known_activation(model, op)


def _lower_mean(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, mean.lower_s8(model, op), "pool_2d", "mean_s8")


def _refuse_mean(isa: Isa, model: Model, op: Op) -> str | None:
    reason = mean.refuse_integers(model, op)
    if reason is not None:
        return reason
    axes = attrs_of(op, ReduceAttrs).axes
    levels = mean.levels(input_tensor(model, op).shape, axes)
    if not levels or levels[-1].is_averaged or levels[-1].size < isa.lanes:
        return "its innermost dimension does not stay, or fills no vector."
    return None


def _kernels(isa: Isa) -> tuple[Kernel, ...]:
    ways = (
        (OpKind.ADD, _lower_add, _refuse_add),
        (OpKind.SUB, _lower_add, _refuse_add),
        (OpKind.AVERAGE_POOL_2D, _lower_pool("average_pool_2d"), _refuse_pool),
        (OpKind.MAX_POOL_2D, _lower_pool("max_pool_2d"), _refuse_pool),
        (OpKind.MEAN, _lower_mean, _refuse_mean),
        (OpKind.SUM, _lower_mean, _refuse_mean),
    )
    return tuple(
        Kernel(kind, DType.INT8, partial(lower, isa), partial(refuse, isa), isa.needs)
        for kind, lower, refuse in ways
    )


KERNELS = tuple(kernel for isa in ISAS for kernel in _kernels(isa))
