"""Layers computed in stripes of rows, where a whole tensor would not have to exist.

A residual block keeps its input until the end, only to add it. Where that input was itself computed
from something smaller, it can be computed once more, a stripe of rows at a time, as it is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgegen.engines.aot.program import Call, Field, Part, Place, Step
from edgegen.model import DType, Model

_STRIPES = 8
"""More of them need less memory, and more code that calls the kernels."""

_COUNT = "positions.count"
"""Where a kernel works by columns their height; otherwise any number of outputs."""

_OF_ANY_ROWS = frozenset(
    {
        *("input_zero_point", "line_groups", "line_bytes", "multiply", "weights", "stream"),
        *("positions.input_step", "positions.output_step"),
    }
)
"""Fields beside the window that are the same for any number of rows; so are those of members
named in `_MEMBERS`."""

_MEMBERS = ("matrix.", "output.")


@dataclass(frozen=True, slots=True)
class Recomputation:
    """A tensor that is computed again where it is added.

    Attributes:
        producer, consumer: Numbers of steps.
    """

    producer: int
    consumer: int


def recomputations(model: Model, steps: Sequence[Step]) -> Iterator[Recomputation]:
    """All that are possible; each makes a tensor die earlier and another, smaller one later."""
    made_by = {t: number for number, step in enumerate(steps) for t in step.outputs}
    for consumer, step in enumerate(steps):
        if not isinstance(step, Call) or not _is_plain_sum(model, step):
            continue
        for tensor in step.inputs:
            producer = made_by.get(tensor, consumer)
            between = (each for each in steps[producer + 1 : consumer])
            is_needed_before = any(tensor in _reads(each) for each in between)
            if is_needed_before and _is_cheap(model, steps[producer]):
                yield Recomputation(producer, consumer)


def recompute(model: Model, steps: Sequence[Step], chosen: Recomputation) -> tuple[Step, ...]:
    """The steps with a sum that computes one of its summands itself; as they were, where the
    kernels cannot be asked for a part of their outputs."""
    made, total = steps[chosen.producer], steps[chosen.consumer]
    assert isinstance(made, Call)
    assert isinstance(total, Call)
    striped = _striped_sum(model, made, total)
    if striped is None:
        return tuple(steps)
    return (*steps[: chosen.consumer], striped, *steps[chosen.consumer + 1 :])


def _striped_sum(model: Model, made: Call, total: Call) -> Call | None:
    (kept,) = (t for t in total.inputs if t != made.output)
    (source,) = made.inputs
    height = model.tensors[made.output].shape[1]
    row = model.tensors[made.output].bytes // height
    count = -(-height // _STRIPES)
    buffer_bytes = -(-count * row // 4) * 4
    parts: list[Part] = []
    for first in range(0, height, count):
        stripe = rows_of(made, first, min(count, height - first))
        if stripe is None:
            return None
        call, skipped = stripe
        elements = min(count, height - first) * row
        addition = replace(total, fields=_with(total.fields, elements=elements))
        places = [Place(kept, first * row) if t == kept else Place(None, 0) for t in total.inputs]
        parts += [
            Part(call, (Place(source, skipped),), Place(None, 0), buffer_bytes),
            Part(addition, tuple(places), Place(total.output, first * row), buffer_bytes),
        ]
    return replace(
        total,
        function=f"{made.function} + {total.function}",
        inputs=(kept, source),
        scratch_bytes=buffer_bytes + made.scratch_bytes,
        in_place=(0,),
        output_overlap=None,
        scratch_overlap=None,
        sources=tuple(dict.fromkeys((*made.sources, *total.sources))),
        parts=tuple(parts),
    )


def rows_of(call: Call, first: int, count: int) -> tuple[Call, int] | None:
    """A kernel's call for some rows of its output only.

    Returns:
        The call, and how many bytes of the input come before what it reads; None if the kernel is
        not known to be described by a window.
    """
    fields = dict(call.fields)
    w = {
        name.removeprefix("window."): value
        for name, value in fields.items()
        if name.startswith("window.") and isinstance(value, int)
    }
    others = [name for name in fields if not name.startswith(("window.", *_MEMBERS))]
    if not w or w["batches"] != 1 or not _OF_ANY_ROWS | {_COUNT} >= set(others):
        return None
    start = first * w["stride_height"] - w["pad_top"]
    top = max(start, 0)
    span = (count - 1) * w["stride_height"] + (w["filter_height"] - 1) * w["dilation_height"] + 1
    rows = min(w["input_height"] - top, span - (top - start))
    if rows < 1:
        return None
    changed = _with(
        call.fields,
        **{
            "window.input_height": rows,
            "window.output_height": count,
            "window.pad_top": top - start,
            **({_COUNT: count} if fields.get(_COUNT) == w["output_height"] else {}),
        },
    )
    return replace(call, fields=changed), top * w["input_width"] * w["input_depth"]


def _with(fields: tuple[tuple[str, Field], ...], **changed: int) -> tuple[tuple[str, Field], ...]:
    return tuple((name, changed.get(name, value)) for name, value in fields)


def _is_plain_sum(model: Model, step: Call) -> bool:
    """Of two different int8 arrays of one shape, by a kernel that counts nothing but elements."""
    tensors = [model.tensors[t] for t in (*step.inputs, step.output)]
    return (
        len(set(step.inputs)) == 2
        and any(name == "elements" for name, _ in step.fields)
        and not step.scratch_bytes
        and all(t.dtype is DType.INT8 and not t.is_constant for t in tensors)
        and len({t.shape for t in tensors}) == 1
    )


def _is_cheap(model: Model, step: Step) -> bool:
    """Whether keeping the step's input costs less memory than keeping its output."""
    if not isinstance(step, Call) or len(step.inputs) != 1 or step.parts:
        return False
    data, output = model.tensors[step.inputs[0]], model.tensors[step.output]
    windows = dict(step.fields)
    return (
        len(output.shape) == 4
        and windows.get("window.output_height") == output.shape[1]
        and 2 * data.bytes < output.bytes
        and not data.is_constant
        and not data.is_variable
    )


def _reads(step: Step) -> tuple[int, ...]:
    return step.inputs if isinstance(step, Call) else (step.input,)
