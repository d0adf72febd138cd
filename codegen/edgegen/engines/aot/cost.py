"""How many instructions a layer will take, estimated from measured layers.

Each C function has a closed form in what the layer's shape says, such as

    0.83 per multiply-accumulate + 6.2 per output + 130 per call

with coefficients of its own on every core. benchmarks/costs.py fits them.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgegen import analysis
from edgegen.engines.aot.program import Alias, Call, Program, Step
from edgegen.model import Activation, Model, Op, Pool2DAttrs

TABLE = Path(__file__).with_name("cost.json")
"""Written by benchmarks/costs.py: coefficients by core, by function and by term, and by core the
largest error for a whole reference model that the fit had not seen."""

SMALL_MODEL = 10_000
"""Instructions; below, some steps of the clock are a large error, and nobody minds."""

TERMS = (
    *("call", "mac", "tap", "gather", "output", "unclamped"),
    *("input", "position", "channel", "weight"),
)


def terms(model: Model, op: Op) -> dict[str, float]:
    """What instructions may be proportional to.

    Returns:
        call: 1.
        mac: Multiply-accumulates; of a pool, elements of its windows.
        tap, gather: The same for one channel of the input, and for one of the output.
        output, input: Elements of all outputs, and of the input that is computed from.
        unclamped: The outputs again, where no activation function spares their rounding.
        position: Outputs in one channel.
        channel: Channels of the output.
        weight: Elements of constants.
    """
    outputs = sum(model.tensors[tensor].elements for tensor in op.outputs)
    depth, channels = (
        max((model.tensors[tensor].shape or (1,))[-1], 1) for tensor in (op.data, op.outputs[0])
    )
    macs = analysis.macs(model, op) or _window(op) * outputs
    constants = [model.tensors[t] for t in op.inputs if t is not None]
    is_plain = getattr(op.attrs, "activation", None) is Activation.NONE
    return {
        "call": 1,
        "mac": macs,
        "tap": macs / depth,
        "gather": macs / channels,
        "output": outputs,
        "unclamped": outputs if is_plain else 0,
        "input": model.tensors[op.data].elements,
        "position": outputs / channels,
        "channel": channels,
        "weight": sum(tensor.elements for tensor in constants if tensor.is_constant),
    }


def _window(op: Op) -> int:
    return math.prod(op.attrs.filter) if isinstance(op.attrs, Pool2DAttrs) else 0


@dataclass(frozen=True, slots=True)
class Instructions:
    """Instructions, and how they are known.

    Attributes:
        count: None where nobody knows.
        known: "estimated (from what, +/- how much)" or "not known (why)".
    """

    count: int | None
    known: str


def of_step(model: Model, step: Step, cpu: str) -> int | None:
    """Of one layer; None where its function was not measured on that core."""
    if isinstance(step, Alias):
        return 0
    coefficients = _table().coefficients.get(cpu, {}).get(step.function)
    return None if coefficients is None else evaluate(coefficients, terms(model, step.op))


def of_program(model: Model, program: Program, cpu: str) -> Instructions:
    """Of one inference."""
    if cpu not in _table().coefficients:
        return Instructions(None, f"not known (no layer was measured on {cpu})")
    total = 0
    for step in program.steps:
        count = of_step(model, step, cpu)
        if count is None:
            assert isinstance(step, Call)
            return Instructions(None, f"not known ({step.function} was not measured on {cpu})")
        total += count
    error = _table().errors[cpu]
    known = f"estimated (from layers measured with gcc 12 -O2 on {cpu}, +/- {error:.0%})"
    return Instructions(total, known)


def evaluate(coefficients: Mapping[str, float], values: Mapping[str, float]) -> int:
    """The closed form of one function for one layer's `terms`."""
    return round(sum(factor * values[term] for term, factor in coefficients.items()))


@dataclass(frozen=True, slots=True)
class _Table:
    errors: dict[str, float]
    coefficients: dict[str, dict[str, dict[str, float]]]


@functools.cache
def _table() -> _Table:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    return _Table(table["errors"], table["coefficients"])
