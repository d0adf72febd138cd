"""PAD and PADV2."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.program import Alias, Call, Field, Step
from edgegen.model import DType, Model, Op, OpKind, PadAttrs

_LEVELS = 4  # EG_PAD_LEVELS


@dataclass(frozen=True, slots=True)
class Padded:
    """One or several merged dimensions: elements before, of the input, and after."""

    before: int
    size: int
    after: int

    @property
    def total(self) -> int:
        return self.before + self.size + self.after


def merge(shape: tuple[int, ...], paddings: tuple[tuple[int, int], ...]) -> list[Padded]:
    """Dimensions, with each that isn't padded merged into the one above it.

    The last one counts elements of a contiguous row; the first may be left alone.
    """
    merged: list[Padded] = []
    for extent, (before, after) in zip(shape, paddings, strict=True):
        if merged and before == after == 0:
            above = merged.pop()
            merged.append(Padded(above.before * extent, above.size * extent, above.after * extent))
        else:
            merged.append(Padded(before, extent, after))
    return merged or [Padded(0, 1, 0)]


def _lower(model: Model, op: Op) -> Step:
    value = output_tensor(model, op).zero_point if _is_int8(model, op) else 0
    return _call(model, op, "", (*_rows(model, op), ("value", value)))


def _lower_v2(model: Model, op: Op) -> Step:
    element = constant(input_tensor(model, op, 2)).reshape(1)
    repeated = set(element.tobytes())
    if len(repeated) == 1:
        byte = int(element.view(np.int8)[0])
        return _call(model, op, "", (*_rows(model, op), ("value", byte)))
    little = element.astype(element.dtype.newbyteorder("<")).tobytes()
    nested = tuple((f"pad.{name}", value) for name, value in _rows(model, op))
    fields = (*nested, ("element", tuple(little)), ("element_bytes", len(little)))
    return _call(model, op, "_element", fields)


def _call(model: Model, op: Op, variant: str, fields: tuple[tuple[str, Field], ...]) -> Step:
    if not any(map(any, attrs_of(op, PadAttrs).paddings)):
        return Alias(op, input_index(op), op.outputs[0])
    return Call(
        op=op,
        function=f"eg_run_pad{variant}",
        struct=f"eg_pad{variant}",
        fields=fields,
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/pad.h",
        sources=("nn/pad.c", f"nn/pad{variant}.c") if variant else ("nn/pad.c",),
    )


def _is_int8(model: Model, op: Op) -> bool:
    return output_tensor(model, op).dtype is DType.INT8


def _rows(model: Model, op: Op) -> tuple[tuple[str, Field], ...]:
    """The fields of eg_pad but for the value."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    merged = _merged(model, op)
    # Bytes in the output from one index of a dimension to the next, the last of all an element.
    strides = [
        data.dtype.bytes * math.prod(inner.total for inner in merged[level + 1 :])
        for level in range(len(merged))
    ]
    unused = _LEVELS - (len(merged) - 1)
    return (
        ("size", (1,) * unused + tuple(level.size for level in merged[:-1])),
        ("stride", (0,) * unused + tuple(strides[:-1])),
        ("row_bytes", merged[-1].size * data.dtype.bytes),
        ("first_byte", sum(m.before * s for m, s in zip(merged, strides, strict=True))),
        ("output_bytes", output.bytes),
    )


def _merged(model: Model, op: Op) -> list[Padded]:
    return merge(input_tensor(model, op).shape, attrs_of(op, PadAttrs).paddings)


def _refusal(model: Model, op: Op) -> str | None:
    if len(_merged(model, op)) > _LEVELS + 1:
        return f"it pads more than {_LEVELS + 1} dimensions."
    return None


KERNELS = (
    *(
        Kernel(OpKind.PAD, dtype, _lower, _refusal)
        for dtype in (DType.INT8, DType.INT16, DType.FLOAT32)
    ),
    *(
        Kernel(OpKind.PADV2, dtype, _lower_v2, _refusal)
        for dtype in (DType.INT8, DType.FLOAT32, DType.INT16, DType.INT32)
    ),
)
