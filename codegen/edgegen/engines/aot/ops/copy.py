"""Operators that only move values: each is one block copy, described dimension by dimension.

SLICE, STRIDED_SLICE, TRANSPOSE, SPACE_TO_DEPTH, DEPTH_TO_SPACE, MIRROR_PAD, GATHER and
RESIZE_NEAREST_NEIGHBOR.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from edgegen.engines.aot.fixed_point import round_half_away
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Alias, Call, Constant, Field, Ref, Step
from edgegen.model import (
    BlockAttrs,
    DType,
    GatherAttrs,
    MirrorPadAttrs,
    Model,
    Op,
    OpKind,
    ResizeAttrs,
    SliceAttrs,
    TransposeAttrs,
)

_LEVELS = 5  # EG_COPY_LEVELS
_LONGEST_TABLE = 4096
"""Entries, of 4 bytes of flash each, for one dimension of an operator that needs a table."""


@dataclass(frozen=True, slots=True)
class Level:
    """A dimension of the output: where in the input its positions lie, in elements.

    Attributes:
        first: The first position, from where the dimensions above have led.
        stride: From each position to the next; 0 with a table.
        table: Distances from the first position, where they aren't equal.
    """

    size: int
    first: int
    stride: int
    table: tuple[int, ...] = ()


def strided(size: int, stride: int, first: int = 0) -> Level:
    """A dimension whose positions are equally far apart."""
    return Level(size, first, stride)


def at(indices: Sequence[int], stride: int) -> Level:
    """A dimension that takes these indices of the input's."""
    first = indices[0] * stride
    distances = {b - a for a, b in pairwise(indices)}
    if len(distances) <= 1:
        return Level(len(indices), first, next(iter(distances), 0) * stride)
    return Level(len(indices), first, 0, tuple(k * stride - first for k in indices))


def merge(levels: list[Level]) -> tuple[int, list[Level], int]:
    """The fewest dimensions that copy the same.

    Returns:
        The input's first element, the dimensions, and how many elements are contiguous
        below them.
    """
    merged: list[Level] = []
    for level in reversed(levels):
        if level.size == 1:
            continue
        if merged and _continues(level, merged[-1]):
            inner = merged.pop()
            merged.append(Level(level.size * inner.size, 0, inner.stride))
        else:
            merged.append(replace(level, first=0))
    run = 1
    if merged and not merged[0].table and merged[0].stride == 1:
        run = merged.pop(0).size
    return sum(level.first for level in levels), merged[::-1], run


def _continues(outer: Level, inner: Level) -> bool:
    """Whether both together are equally spaced."""
    return not outer.table and not inner.table and outer.stride == inner.stride * inner.size


def _lower(model: Model, op: Op) -> Step:
    data, output = input_tensor(model, op), output_tensor(model, op)
    first, levels, run = merge(_LAYOUTS[op.kind](model, op))
    if not levels and output.elements == data.elements:
        return Alias(op, input_index(op), op.outputs[0])
    unused = _LEVELS - len(levels)
    size = data.dtype.bytes
    tables: list[Constant] = []
    offsets: list[str | Ref] = ["NULL"] * unused
    for level in levels:
        if level.table:
            values = np.array(level.table, np.int32) * np.int32(size)
            tables.append(Constant(f"offset{len(tables)}", values, is_table=True))
            offsets.append(Ref(tables[-1].role))
        else:
            offsets.append("NULL")
    fields: tuple[tuple[str, Field], ...] = (
        ("size", (1,) * unused + tuple(level.size for level in levels)),
        ("stride", (0,) * unused + tuple(level.stride * size for level in levels)),
        ("offset", tuple(offsets)),
        ("first_byte", first * size),
        ("run_bytes", run * size),
    )
    return Call(
        op=op,
        function="eg_run_copy",
        struct="eg_copy",
        fields=fields,
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/copy.h",
        sources=("nn/copy.c",),
        constants=tuple(tables),
    )


def _refusal(model: Model, op: Op) -> str | None:
    if _table_entries(model, op) > _LONGEST_TABLE:
        return f"it moves values along a dimension of more than {_LONGEST_TABLE} positions."
    _, levels, _ = merge(_LAYOUTS[op.kind](model, op))
    if len(levels) > _LEVELS:
        return f"it moves values along more than {_LEVELS} separate groups of dimensions."
    return None


def _table_entries(model: Model, op: Op) -> int:
    """The longest dimension whose positions may come in any order."""
    shape = output_tensor(model, op).shape
    if isinstance(op.attrs, GatherAttrs):
        return len(op.attrs.indices)
    if isinstance(op.attrs, MirrorPadAttrs):
        pairs = zip(shape, op.attrs.paddings, strict=True)
        return max((extent for extent, pads in pairs if any(pads)), default=0)
    return max(shape[1:3]) if isinstance(op.attrs, ResizeAttrs) else 0


# What each operator copies.


def _steps(shape: tuple[int, ...]) -> list[int]:
    """Elements from one position to the next, per dimension."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _sliced(model: Model, op: Op) -> list[Level]:
    attrs = attrs_of(op, SliceAttrs)
    return [
        strided(size, stride * step, begin * step)
        for begin, size, stride, step in zip(
            attrs.begin,
            attrs.size,
            attrs.stride,
            _steps(input_tensor(model, op).shape),
            strict=True,
        )
    ]


def _transposed(model: Model, op: Op) -> list[Level]:
    shape = input_tensor(model, op).shape
    steps = _steps(shape)
    return [strided(shape[k], steps[k]) for k in attrs_of(op, TransposeAttrs).permutation]


def _space_to_depth(model: Model, op: Op) -> list[Level]:
    batch, height, width, depth = input_tensor(model, op).shape
    block = attrs_of(op, BlockAttrs).size
    row = width * depth
    return [
        strided(batch * (height // block), block * row),
        strided(width // block, block * depth),
        strided(block, row),
        strided(block * depth, 1),
    ]


def _depth_to_space(model: Model, op: Op) -> list[Level]:
    batch, height, width, depth = input_tensor(model, op).shape
    block = attrs_of(op, BlockAttrs).size
    return [
        strided(batch * height, width * depth),
        strided(block, depth // block),
        strided(width, depth),
        strided(depth // block, 1),
    ]


def _mirrored(model: Model, op: Op) -> list[Level]:
    attrs = attrs_of(op, MirrorPadAttrs)
    shape = input_tensor(model, op).shape
    return [
        at(_reflect(extent, pads, attrs.repeats_edge), step) if any(pads) else strided(extent, step)
        for extent, pads, step in zip(shape, attrs.paddings, _steps(shape), strict=True)
    ]


def _reflect(extent: int, pads: tuple[int, int], repeats_edge: bool) -> list[int]:
    before, after = pads
    skipped = 0 if repeats_edge else 1
    left = [before - 1 + skipped - k for k in range(before)]
    right = [extent - 1 - skipped - k for k in range(after)]
    return [*left, *range(extent), *right]


def _gathered(model: Model, op: Op) -> list[Level]:
    attrs = attrs_of(op, GatherAttrs)
    shape = input_tensor(model, op).shape
    steps = _steps(shape)
    return [
        at(attrs.indices, step) if axis == attrs.axis else strided(extent, step)
        for axis, (extent, step) in enumerate(zip(shape, steps, strict=True))
    ]


def _resized(model: Model, op: Op) -> list[Level]:
    attrs = attrs_of(op, ResizeAttrs)
    batch, height, width, depth = input_tensor(model, op).shape
    _, rows, columns, _ = output_tensor(model, op).shape
    return [
        strided(batch, height * width * depth),
        at(_nearest(height, rows, attrs), width * depth),
        at(_nearest(width, columns, attrs), depth),
        strided(depth, 1),
    ]


def _nearest(extent: int, count: int, attrs: ResizeAttrs) -> list[int]:
    """The input's position for each of the output's, in TFLM's float32 steps."""
    if attrs.align_corners and count > 1:
        scale = np.float32(extent - 1) / np.float32(count - 1)
    else:
        scale = np.float32(extent) / np.float32(count)
    half = np.float32(0.5 if attrs.half_pixel_centers else 0.0)
    places = [float((np.float32(k) + half) * scale) for k in range(count)]
    rounded = round_half_away if attrs.align_corners else math.floor
    return [max(0, min(rounded(place), extent - 1)) for place in places]


_LAYOUTS: dict[OpKind, Callable[[Model, Op], list[Level]]] = {
    OpKind.DEPTH_TO_SPACE: _depth_to_space,
    OpKind.GATHER: _gathered,
    OpKind.MIRROR_PAD: _mirrored,
    OpKind.RESIZE_NEAREST_NEIGHBOR: _resized,
    OpKind.SLICE: _sliced,
    OpKind.SPACE_TO_DEPTH: _space_to_depth,
    OpKind.STRIDED_SLICE: _sliced,
    OpKind.TRANSPOSE: _transposed,
}

_BYTES = (DType.INT8, DType.FLOAT32)
_TYPES = {
    OpKind.RESIZE_NEAREST_NEIGHBOR: (*_BYTES, DType.INT16),
    OpKind.SLICE: (*_BYTES, DType.INT16, DType.INT32),
    OpKind.STRIDED_SLICE: (*_BYTES, DType.INT16, DType.INT32),
    OpKind.TRANSPOSE: (*_BYTES, DType.INT16),
}

KERNELS = tuple(
    Kernel(kind, dtype, _lower, _refusal) for kind in _LAYOUTS for dtype in _TYPES.get(kind, _BYTES)
)
