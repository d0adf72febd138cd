"""Operators that only move values, against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.engines.aot.ops import copy
from support import host_engine
from support.tflite_builder import ModelBuilder

DTYPES = ("int8", "float32")


class Batch(ModelBuilder):
    """Operators side by side, each on an input of its own."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype = dtype
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def value(self, shape: Sequence[int], data: Any = None) -> int:
        quant: dict[str, Any] = {}
        if self.dtype in ("int8", "int16"):
            quant = {"scale": 0.05, "zero_point": -7 if self.dtype == "int8" else 0}
        return self.tensor("value", shape, self.dtype, data=data, **quant)

    def parameter(self, values: Any) -> int:
        return self.tensor("parameter", np.shape(values), "int32", data=values)

    def move(
        self,
        kind: str,
        shape: Sequence[int],
        outputs: Sequence[Sequence[int]],
        *parameters: Any,
        **options: Any,
    ) -> None:
        """One operator on one array, with int32 parameters; SPLIT's come first."""
        x = self.value(shape)
        results = [self.value(each) for each in outputs]
        numbers = [self.parameter(each) for each in parameters]
        self.op(kind, [*numbers, x] if kind == "SPLIT" else [x, *numbers], results, **options)
        self.inputs.append(x)
        self.outputs += results

    def check(self, folder: Path) -> None:
        host_engine.check(self.build(self.inputs, self.outputs), folder)


SLICES = (
    (slice(1, 4), slice(None), slice(2, 3)),
    (slice(None, None, 2), slice(None, None, -1), slice(None)),
    (slice(-2, None), slice(3, 0, -2), slice(None, None, 3)),
    (slice(None), slice(None), slice(None)),
    (slice(5, None, -4), 2, slice(None)),
    (-1, slice(None), slice(1, 2)),
    (0, 0, 0),
    (slice(-99, 99), slice(99, -99, -1), slice(0, 1)),
)


def _strided_slice(batch: Batch, shape: Sequence[int], key: Sequence[int | slice]) -> None:
    begin, end, stride, masks = [], [], [], {"begin": 0, "end": 0, "shrink_axis": 0}
    for axis, part in enumerate(key):
        if isinstance(part, int):
            masks["shrink_axis"] |= 1 << axis
            # The end counts for nothing here; converters write begin + 1, which is 0 for -1.
            part = slice(part, part + 1, 1)
        masks["begin"] |= (part.start is None) << axis
        masks["end"] |= (part.stop is None) << axis
        begin.append(part.start or 0)
        end.append(part.stop or 0)
        stride.append(part.step or 1)
    output = np.empty(shape)[tuple(key)].shape
    options = {f"{name}_mask": value for name, value in masks.items()}
    batch.move("STRIDED_SLICE", shape, [output], begin, end, stride, **options)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16", "int32"])
def test_strided_slice(dtype: str, tmp_path: Path) -> None:
    batch = Batch(dtype)
    for key in SLICES:
        _strided_slice(batch, (6, 5, 4), key)
    _strided_slice(batch, (3, 4, 5, 6), [slice(None, None, -1)] * 4)
    _strided_slice(batch, (3, 4, 5, 6), [slice(1, None, 2)] * 4)
    _strided_slice(batch, (9,), [slice(7, 1, -3)])
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16", "int32"])
def test_slice(dtype: str, tmp_path: Path) -> None:
    batch = Batch(dtype)
    batch.move("SLICE", (6, 5, 4), [(2, 5, 3)], (1, 0, 1), (2, -1, 3))
    batch.move("SLICE", (6, 5, 4), [(3, 5, 4)], (3, 0, 0), (-1, -1, -1))
    batch.move("SLICE", (2, 3, 2, 3, 4), [(1, 2, 1, 2, 3)], (1, 1, 1, 1, 1), (1, 2, 1, 2, 3))
    batch.move("SLICE", (7,), [(1,)], (6,), (1,))
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16"])
def test_transpose(dtype: str, tmp_path: Path) -> None:
    batch = Batch(dtype)
    shapes = ((3, 4), (2, 3, 4), (1, 5, 3, 2), (2, 1, 3, 1))
    for shape in shapes:
        for order in itertools.permutations(range(len(shape))):
            batch.move("TRANSPOSE", shape, [[shape[k] for k in order]], order)
    shape5 = (2, 3, 2, 3, 2)
    for order in ((4, 3, 2, 1, 0), (0, 2, 1, 4, 3), (3, 4, 0, 1, 2)):
        batch.move("TRANSPOSE", shape5, [[shape5[k] for k in order]], order)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16", "int32"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_split_and_unpack(dtype: str, axis: int, tmp_path: Path) -> None:
    batch = Batch(dtype)
    shape = (4, 6, 2)
    for parts in (1, 2):
        part = list(shape)
        part[axis] //= parts
        batch.move("SPLIT", shape, [part] * parts, axis, num_splits=parts)
    rest = list(shape)
    count = rest.pop(axis)
    batch.move("UNPACK", shape, [rest] * count, axis=axis, num=count)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16", "int32"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_pack(dtype: str, axis: int, tmp_path: Path) -> None:
    batch = Batch(dtype)
    for count in (1, 3):
        inputs = [batch.value((3, 4)) for _ in range(count)]
        y = batch.value(np.stack([np.empty((3, 4))] * count, axis).shape)
        batch.op("PACK", inputs, [y], axis=axis, values_count=count)
        batch.inputs += inputs
        batch.outputs.append(y)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [1, 2, 3])
def test_blocks(dtype: str, block: int, tmp_path: Path) -> None:
    batch = Batch(dtype)
    for images, height, width, depth in ((1, 2, 3, 4), (2, 1, 2, 1), (3, 2, 1, 5)):
        space = (images, height * block, width * block, depth)
        deep = (images, height, width, depth * block * block)
        batch.move("SPACE_TO_DEPTH", space, [deep], block_size=block)
        batch.move("DEPTH_TO_SPACE", deep, [space], block_size=block)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", [0, 1])
def test_mirror_pad(dtype: str, mode: int, tmp_path: Path) -> None:
    batch = Batch(dtype)
    cases = (
        ((2, 5, 4, 3), ((0, 0), (2, 1), (3, 0), (0, 0))),
        ((3, 4), ((1, 2), (0, 3))),
        ((4,), ((3, 3),)),
        ((2, 3, 2), ((1, 1), (0, 0), (1, 0))),
        ((3, 1, 2), ((0, 0), (0, 0), (0, 0))),
    )
    for shape, pads in cases:
        output = [extent + sum(pair) for extent, pair in zip(shape, pads, strict=True)]
        batch.move("MIRROR_PAD", shape, [output], pads, mode=mode)
    batch.check(tmp_path)


VALUES: dict[str, tuple[float, ...]] = {
    "int8": (-128, 5),
    "int16": (-300, -1),
    "int32": (123456, 0),
    "float32": (0.0, -0.0, 1.7),
}


@pytest.mark.parametrize("dtype", VALUES)
def test_pad_with_a_value(dtype: str, tmp_path: Path) -> None:
    batch = Batch(dtype)
    cases = (((2, 3, 4, 2), ((1, 0), (2, 1), (0, 3), (0, 1))), ((5,), ((1, 2),)))
    for value, (shape, pads) in itertools.product(VALUES[dtype], cases):
        x = batch.value(shape)
        y = batch.value([extent + sum(pair) for extent, pair in zip(shape, pads, strict=True)])
        batch.op("PADV2", [x, batch.parameter(pads), batch.value([1], data=[value])], [y])
        batch.inputs.append(x)
        batch.outputs.append(y)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gather(dtype: str, tmp_path: Path) -> None:
    batch = Batch(dtype)
    shape = (4, 5, 3)
    for axis, indices in itertools.product((0, 1, -1), ([0, 2, 2, 1], [[2, 0], [1, 2]], 1, [2])):
        output = np.take(np.empty(shape), indices, axis).shape
        batch.move("GATHER", shape, [output], indices, axis=axis)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16"])
@pytest.mark.parametrize("option", [None, "align_corners", "half_pixel_centers"])
def test_resize_nearest_neighbor(dtype: str, option: str | None, tmp_path: Path) -> None:
    batch = Batch(dtype)
    options = {} if option is None else {option: True}
    for size in ((2, 2), (6, 10), (7, 3), (1, 1), (3, 5), (11, 23)):
        batch.move("RESIZE_NEAREST_NEIGHBOR", (2, 3, 5, 2), [(2, *size, 2)], size, **options)
    batch.move("RESIZE_NEAREST_NEIGHBOR", (1, 1, 1, 1), [(1, 4, 3, 1)], (4, 3), **options)
    batch.check(tmp_path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_and_shared_memory(dtype: str, tmp_path: Path) -> None:
    """Parts of one array, moved further while the others are still needed."""
    b = Batch(dtype)
    x, parts = b.value((1, 6, 4)), [b.value((1, 6, 2)) for _ in range(2)]
    turned, joined, y = b.value((1, 2, 6)), b.value((1, 6, 4)), b.value((4, 6, 1))
    table, row = b.value((3, 2), data=np.arange(6).reshape(3, 2)), b.value((1, 2))
    b.op("SPLIT", [b.parameter(2), x], parts, num_splits=2)
    b.op("TRANSPOSE", [parts[1], b.parameter([0, 2, 1])], [turned])
    b.op("CONCATENATION", [parts[0], parts[0]], [joined], axis=2)
    b.op("TRANSPOSE", [joined, b.parameter([2, 1, 0])], [y])
    b.op("GATHER", [table, b.parameter([2])], [row], axis=0)
    b.inputs, b.outputs = [x], [y, turned, row]
    b.check(tmp_path)


def test_a_copy_of_everything_moves_nothing() -> None:
    levels = [copy.strided(2, 12), copy.strided(3, 4), copy.strided(4, 1)]
    assert copy.merge(levels) == (0, [], 24)


def test_what_lies_alike_is_merged() -> None:
    rows = [copy.strided(2, 40), copy.strided(3, 8, 16), copy.strided(2, 4), copy.strided(4, 1)]
    assert copy.merge(rows) == (16, [copy.strided(2, 40)], 24)
    assert copy.merge([copy.at([5, 4, 3], 2), copy.strided(2, 1)]) == (
        10,
        [copy.strided(3, -2)],
        2,
    )
    assert copy.merge([copy.at([1, 0, 1], 3)]) == (3, [copy.Level(3, 0, 0, (0, -3, 0))], 1)
