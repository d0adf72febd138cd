"""PAD against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from support import host_engine
from support.op_batch import OpBatch, Q

Paddings = tuple[tuple[int, int], ...]

CASES: list[tuple[tuple[int, ...], Paddings]] = [
    *(
        ((2, 3, 4, 3), tuple((1, 2) if padded else (0, 0) for padded in which))
        for which in itertools.product((False, True), repeat=4)
    ),
    ((1, 5, 5, 3), ((0, 0), (0, 1), (0, 1), (0, 0))),
    ((1, 5, 5, 1), ((0, 0), (3, 0), (0, 4), (0, 0))),
    ((7,), ((2, 3),)),
    ((7,), ((0, 0),)),
    ((3, 4), ((0, 0), (2, 0))),
    ((3, 4, 5), ((1, 0), (0, 0), (0, 1))),
    ((2, 3, 2, 3, 2), ((1, 1), (1, 0), (0, 1), (2, 2), (1, 3))),
]


def _add(batch: OpBatch, shape: tuple[int, ...], paddings: Paddings, zero_point: int = 4) -> None:
    output = [extent + sum(pads) for extent, pads in zip(shape, paddings, strict=True)]
    q = Q(0.1, zero_point)
    batch.op("PAD", shape, output, q, q, [batch.integers(paddings)])


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_shapes(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for shape, paddings in CASES:
        _add(batch, shape, paddings)
    host_engine.check(batch.build(), tmp_path)


def test_zero_points(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for zero_point in (-128, -1, 0, 127):
        _add(batch, (1, 3, 3, 2), ((0, 0), (1, 1), (2, 0), (0, 0)), zero_point)
    host_engine.check(batch.build(), tmp_path)
