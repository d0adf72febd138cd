"""RESIZE_BILINEAR."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import DType, Model, Op, OpKind, ResizeAttrs

_MOST_POSITIONS = 4096
"""Rows or columns, of 12 bytes of flash each."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """One position of the output along one dimension: two of the input's, and how much of
    the second, in 1/1024 (int8) or as a part of 1 (float32)."""

    first: int
    second: int
    weight: float


def mixtures(extent: int, count: int, attrs: ResizeAttrs, is_float: bool) -> list[Mixture]:
    """All positions of one dimension, in the very steps of TFLM's kernel for that type."""
    positions = range(count)
    if is_float:
        return [_mixture_f32(k, extent, count, attrs) for k in positions]
    return [_mixture_s8(k, extent, count, attrs) for k in positions]


def _mixture_s8(position: int, extent: int, count: int, attrs: ResizeAttrs) -> Mixture:
    one = 1 << 10
    scale = (one * extent + count // 2) // count
    if attrs.align_corners and count > 1:
        scale = (one * (extent - 1) + (count - 1) // 2) // (count - 1)
    place = position * scale
    if attrs.half_pixel_centers:
        place += scale // 2 - one // 2
    # C divides towards 0; only the half pixel before the first is below it.
    first = max(place // one, 0)
    second = min(max(place + one - 1, 0) // one, extent - 1)
    return Mixture(first, second, place - one * first)


def _mixture_f32(position: int, extent: int, count: int, attrs: ResizeAttrs) -> Mixture:
    scale = np.float32(extent) / np.float32(count)
    if attrs.align_corners and count > 1:
        scale = np.float32(extent - 1) / np.float32(count - 1)
    place = np.float32(position) * scale
    if attrs.half_pixel_centers:
        half = np.float32(0.5)
        place = (np.float32(position) + half) * scale - half
    first = max(math.floor(place), 0)
    second = min(math.ceil(place), extent - 1)
    return Mixture(first, second, float(place - np.float32(first)))


def _lower(model: Model, op: Op) -> Call:
    data, output = input_tensor(model, op), output_tensor(model, op)
    batches, height, width, depth = data.shape
    rows, columns = _both(model, op)
    suffix = "f32" if data.dtype is DType.FLOAT32 else "s8"
    return Call(
        op=op,
        function=f"eg_run_resize_bilinear_{suffix}",
        struct=f"eg_resize_bilinear_{suffix}",
        fields=(
            ("shape.batches", batches),
            ("shape.height", output.shape[1]),
            ("shape.width", output.shape[2]),
            ("shape.depth", depth),
            ("shape.image", height * width * depth),
            ("shape.row", Ref("row")),
            ("shape.column", Ref("column")),
            ("lower", Ref("lower")),
            ("right", Ref("right")),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/resize_bilinear.h",
        sources=(f"nn/resize_bilinear_{suffix}.c",),
        constants=(
            _offsets("row", rows, width * depth),
            _offsets("column", columns, depth),
            _weights("lower", rows, data.dtype),
            _weights("right", columns, data.dtype),
        ),
    )


def _both(model: Model, op: Op) -> tuple[list[Mixture], list[Mixture]]:
    data, output = input_tensor(model, op), output_tensor(model, op)
    attrs, is_float = attrs_of(op, ResizeAttrs), data.dtype is DType.FLOAT32
    rows = mixtures(data.shape[1], output.shape[1], attrs, is_float)
    columns = mixtures(data.shape[2], output.shape[2], attrs, is_float)
    return rows, columns


def _offsets(role: str, found: list[Mixture], step: int) -> Constant:
    pairs = [(mixture.first * step, mixture.second * step) for mixture in found]
    return Constant(role, np.array(pairs, np.int32), is_table=True)


def _weights(role: str, found: list[Mixture], dtype: DType) -> Constant:
    kind = np.float32 if dtype is DType.FLOAT32 else np.int32
    return Constant(role, np.array([mixture.weight for mixture in found], kind), is_table=True)


def _refusal(model: Model, op: Op) -> str | None:
    output = output_tensor(model, op)
    if max(output.shape[1:3]) > _MOST_POSITIONS:
        return f"its output has more than {_MOST_POSITIONS} rows or columns."
    extents = input_tensor(model, op).shape[1:3]
    for extent, found in zip(extents, _both(model, op), strict=True):
        if max(mixture.first for mixture in found) >= extent:
            return "TFLM's rounded scale leads out of its input."
    return None


KERNELS = tuple(
    Kernel(OpKind.RESIZE_BILINEAR, dtype, _lower, _refusal) for dtype in (DType.INT8, DType.FLOAT32)
)
