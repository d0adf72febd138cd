"""AVERAGE_POOL_2D and MAX_POOL_2D with Helium."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import pool_2d
from edgegen.engines.aot.ops.common import attrs_of, known_activation
from edgegen.engines.aot.program import Call, Step
from edgegen.model import DType, Model, Op, OpKind, Pool2DAttrs

_MOST_TAPS = 256
"""Whose sum is an int16."""


def _lower(name: str) -> Callable[[Model, Op], Step]:
    portable = pool_2d.lower_integers(name)

    def lower(model: Model, op: Op) -> Step:
        step = portable(model, op)
        if not isinstance(step, Call):
            return step
        return replace(
            step,
            function=f"{step.function}_mve",
            header="edgegen/nn/mve/pool_2d.h",
            sources=(f"nn/mve/{name}_s8.c", "nn/window_2d.c"),
        )

    return lower


def _refuse_average(model: Model, op: Op) -> str | None:
    if math.prod(attrs_of(op, Pool2DAttrs).filter) > _MOST_TAPS:
        return f"it has more than {_MOST_TAPS} taps."
    return known_activation(model, op)


KERNELS = tuple(
    Kernel(kind, DType.INT8, _lower(name), refusal, frozenset({"mve"}))
    for kind, name, refusal in (
        (OpKind.AVERAGE_POOL_2D, "average_pool_2d", _refuse_average),
        (OpKind.MAX_POOL_2D, "max_pool_2d", known_activation),
    )
)
