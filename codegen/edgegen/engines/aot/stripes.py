"""Layers computed in stripes of rows, so that a whole tensor does not have to exist.

A residual block keeps its input until the end, only to add it. Where that input was itself computed
from something smaller, it can be computed once more, a stripe at a time, as it is added.

A layer that widens an image, and the next one that makes it small again, can take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from edgegen.engines.aot.program import Alias, Call, Field, Part, Place, Shown, Step
from edgegen.engines.aot.traffic import Accesses, overlap
from edgegen.model import DType, Model

_STRIPES = 8
"""More of them need less memory, and more code that calls the kernels."""

_COUNT = "positions.count"
"""Where a kernel works by columns their height; otherwise any number of outputs."""

_OF_ANY_ROWS = frozenset(
    {
        *("input_zero_point", "line_groups", "line_bytes", "multiply", "weights", "stream"),
        *("positions.input_step", "positions.output_step", "lines", "channels", "outside"),
        *("input_offset", "input_depth", "output_depth"),
    }
)
"""Fields that are the same for any number of rows; so are those of members named below."""

_PIXELS = frozenset({_COUNT, "positions", "batches"})
"""What the number of pixels is called."""

_MEMBERS = ("window.", "matrix.", "output.", "along.", "across.")


@dataclass(frozen=True, slots=True)
class Recomputation:
    """A tensor that is computed again where it is added: it dies earlier, and what it is computed
    from, which is smaller, later.

    Attributes:
        producer, consumer: Numbers of steps.
    """

    producer: int
    consumer: int

    @property
    def striped(self) -> tuple[int, ...]:
        """Steps whose kernels must be able to compute some rows."""
        return (self.producer,)

    @property
    def changed(self) -> tuple[int, ...]:
        """Steps that are no longer what their kernel makes them."""
        return (self.consumer,)

    def apply(self, model: Model, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps with it; as they were, where a kernel can't compute some rows alone."""
        made, total = steps[self.producer], steps[self.consumer]
        assert isinstance(made, Call)
        assert isinstance(total, Call)
        striped = _striped_sum(model, made, total)
        if striped is None:
            return tuple(steps)
        return (*steps[: self.consumer], striped, *steps[self.consumer + 1 :])


@dataclass(frozen=True, slots=True)
class Fusion:
    """Two layers that take turns: what lies between them exists in stripes only.

    Attributes:
        producer: Number of the first one's step.
    """

    producer: int

    @property
    def consumer(self) -> int:
        return self.producer + 1

    @property
    def striped(self) -> tuple[int, ...]:
        """As in `Recomputation`."""
        return (self.producer, self.consumer)

    @property
    def changed(self) -> tuple[int, ...]:
        """As in `Recomputation`."""
        return (self.producer, self.consumer)

    def apply(self, model: Model, steps: Sequence[Step]) -> tuple[Step, ...]:
        """As in `Recomputation`; the second step finds its work done by the first."""
        first, second = steps[self.producer], steps[self.consumer]
        assert isinstance(first, Call)
        assert isinstance(second, Call)
        striped = _taking_turns(model, first, second)
        if striped is None:
            return tuple(steps)
        done = Alias(second.op, second.output, second.output)
        return (*steps[: self.producer], striped, done, *steps[self.consumer + 1 :])


Rewrite = Recomputation | Fusion


def rewrites(model: Model, steps: Sequence[Step]) -> Iterator[Rewrite]:
    """All that are possible with the right kernels."""
    made_by = {t: number for number, step in enumerate(steps) for t in step.outputs}
    for consumer, step in enumerate(steps):
        for tensor in step.inputs if isinstance(step, Call) and _is_plain_sum(model, step) else ():
            producer = made_by.get(tensor, consumer)
            between = (each for each in steps[producer + 1 : consumer])
            is_needed_before = any(tensor in _reads(each) for each in between)
            if is_needed_before and _grows(model, steps[producer], times=2):
                yield Recomputation(producer, consumer)
    for producer, (first, second) in enumerate(pairwise(steps)):
        if not _grows(model, first, times=1) or _reads(second) != first.outputs:
            continue
        readers = [each for each in steps if first.outputs[0] in _reads(each)]
        is_passed_on = len(readers) == 1 and first.outputs[0] not in model.outputs
        if is_passed_on and isinstance(second, Call) and _is_image(model, second.output):
            yield Fusion(producer)


def _striped_sum(model: Model, made: Call, total: Call) -> Call | None:
    (kept,) = (t for t in total.inputs if t != made.output)
    (source,) = made.inputs
    height, row = _rows(model, made.output)
    count = -(-height // _STRIPES)
    buffer_bytes = _aligned(count * row)
    parts: list[Part] = []
    for first in range(0, height, count):
        rows = min(count, height - first)
        stripe = rows_of(model, made, first, rows)
        if stripe is None:
            return None
        addition = replace(total, fields=_with(total.fields, elements=rows * row))
        places = [Place(kept, first * row) if t == kept else Place(None, 0) for t in total.inputs]
        source_place = Place(source, stripe.top * _rows(model, source)[1])
        parts += [
            Part(stripe.call, (source_place,), Place(None, 0), buffer_bytes),
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


def _taking_turns(model: Model, first: Call, second: Call) -> Call | None:
    (source,), middle, output = first.inputs, first.output, second.output
    source_row, middle_row = _rows(model, source)[1], _rows(model, middle)[1]
    height, row = _rows(model, output)
    count = -(-height // _STRIPES)
    stripes: list[tuple[int, RowsOf, RowsOf]] = []
    seen = 0  # rows of the middle
    for start in range(0, height, count):
        after = rows_of(model, second, start, min(count, height - start))
        before = rows_of(model, first, after.top, after.rows) if after else None
        if after is None or before is None or after.top > seen:
            return None
        seen = max(seen, after.top + after.rows)
        stripes.append((start, before, after))
    if seen != _rows(model, middle)[0]:
        return None
    buffer_bytes = _aligned(max(after.rows for _, _, after in stripes) * middle_row)
    parts: list[Part] = []
    shown = 0
    for start, before, after in stripes:
        new = Shown(
            middle,
            (shown - after.top) * middle_row,
            (after.top + after.rows - shown) * middle_row,
        )
        shown = after.top + after.rows
        made = Place(None, 0)
        data = Place(source, before.top * source_row)
        parts += [
            Part(before.call, (data,), made, buffer_bytes, new),
            Part(after.call, (made,), Place(output, start * row), buffer_bytes),
        ]
    numbers = np.arange(len(stripes))
    reads = np.array([(before.top, before.top + before.rows) for _, before, _ in stripes])
    starts = np.array([start for start, _, _ in stripes])
    ends = np.append(starts[1:], height)
    return replace(
        first,
        function=f"{first.function} + {second.function}",
        struct=None,
        fields=(),
        constants=(),
        output=output,
        scratch_bytes=buffer_bytes + max(first.scratch_bytes, second.scratch_bytes),
        in_place=(),
        output_overlap=overlap(
            Accesses(numbers, reads[:, 0] * source_row, reads[:, 1] * source_row),
            Accesses(numbers, starts * row, ends * row),
            model.tensors[source].bytes,
            model.tensors[output].bytes,
        ),
        scratch_overlap=None,
        sources=tuple(dict.fromkeys((*first.sources, *second.sources))),
        parts=tuple(parts),
    )


@dataclass(frozen=True, slots=True)
class RowsOf:
    """A kernel's call for some rows of its output only.

    Attributes:
        top, rows: The input's first row that it may read, and how many it may.
    """

    call: Call
    top: int
    rows: int


def rows_of(model: Model, call: Call, first: int, count: int) -> RowsOf | None:
    """The call for so many rows from the first one on; None if the kernel isn't known to be able
    to."""
    fields = dict(call.fields)
    extra = {name for name in fields if not name.startswith(_MEMBERS)} - _OF_ANY_ROWS
    if not extra <= _PIXELS or call.parts or model.tensors[call.output].shape[0] != 1:
        return None
    if "window.input_height" in fields:
        return _rows_of_window(call, first, count)
    if "across.size" in fields and call.function.endswith("_by_rows_s8"):
        return _rows_across(call, first, count)
    names = [name for name in sorted(_PIXELS) if name in fields]
    shape = model.tensors[call.output].shape
    if not names or model.tensors[call.inputs[0]].shape[:3] != shape[:3]:
        return None
    width = shape[2]
    changed = _with(call.fields, **{names[0]: count * width})
    return RowsOf(replace(call, fields=changed), first, count)


def _rows_of_window(call: Call, first: int, count: int) -> RowsOf | None:
    w = {
        name.removeprefix("window."): value
        for name, value in call.fields
        if name.startswith("window.") and isinstance(value, int)
    }
    span = (count - 1) * w["stride_height"] + (w["filter_height"] - 1) * w["dilation_height"] + 1
    top, outside, rows = _visible(
        first * w["stride_height"] - w["pad_top"], span, w["input_height"]
    )
    if rows < 1:
        return None
    of_columns = dict(call.fields).get(_COUNT) == w["output_height"]
    changed = _with(
        call.fields,
        **{
            "window.input_height": rows,
            "window.output_height": count,
            "window.pad_top": outside,
            **({_COUNT: count} if of_columns else {}),
        },
    )
    return RowsOf(replace(call, fields=changed), top, rows)


def _rows_across(call: Call, first: int, count: int) -> RowsOf | None:
    """Of a depthwise 3x3 convolution of stride 2 that goes row by row."""
    fields = dict(call.fields)
    pad, size = fields["across.pad"], fields["across.size"]
    assert isinstance(pad, int)
    assert isinstance(size, int)
    top, outside, rows = _visible(2 * first - pad, 2 * (count - 1) + 3, size)
    if rows < 1:
        return None
    names = {"across.pad": outside, "across.size": rows, "across.outputs": count}
    return RowsOf(replace(call, fields=_with(call.fields, **names)), top, rows)


def _visible(start: int, span: int, height: int) -> tuple[int, int, int]:
    """Of rows that may begin above an image: its first one, those above, those inside."""
    top = max(start, 0)
    return top, top - start, min(height - top, span - (top - start))


def _with(fields: tuple[tuple[str, Field], ...], **changed: int) -> tuple[tuple[str, Field], ...]:
    return tuple((name, changed.get(name, value)) for name, value in fields)


def _rows(model: Model, tensor: int) -> tuple[int, int]:
    """How many, and their bytes."""
    height = model.tensors[tensor].shape[1]
    return height, model.tensors[tensor].bytes // height


def _aligned(count: int) -> int:
    return -(-count // 4) * 4


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


def _grows(model: Model, step: Step, times: int) -> bool:
    """Whether it makes an image so many times larger, or more."""
    if not isinstance(step, Call) or len(step.inputs) != 1 or step.more_outputs:
        return False
    data = model.tensors[step.inputs[0]]
    return (
        _is_image(model, step.inputs[0])
        and _is_image(model, step.output)
        and times * data.bytes < model.tensors[step.output].bytes
        and not data.is_constant
        and not data.is_variable
    )


def _is_image(model: Model, tensor: int) -> bool:
    return len(model.tensors[tensor].shape) == 4 and model.tensors[tensor].dtype is DType.INT8


def _reads(step: Step) -> tuple[int, ...]:
    return step.inputs if isinstance(step, Call) else (step.input,)
