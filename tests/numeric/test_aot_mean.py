"""MEAN against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from support import host_engine
from support.op_batch import OpBatch, Q

INPUT = Q(0.1, 9)
OUTPUT = Q(0.07, -20)


def _add(
    batch: OpBatch,
    shape: Sequence[int],
    axes: Sequence[int],
    keep_dims: bool = False,
    q: Q = INPUT,
    output_q: Q = OUTPUT,
) -> None:
    reduced = {axis % len(shape) for axis in axes}
    if keep_dims:
        output = [1 if k in reduced else extent for k, extent in enumerate(shape)]
    else:
        output = [extent for k, extent in enumerate(shape) if k not in reduced]
    batch.op("MEAN", shape, output, q, output_q, [batch.integers(axes)], keep_dims=keep_dims)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_axes(dtype: str, keep_dims: bool, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for shape in ((2, 3, 4, 5), (1, 5, 4, 3), (3, 1, 7, 1), (4, 6, 2), (5, 3), (9,)):
        for count in range(1, len(shape) + 1):
            for axes in itertools.combinations(range(len(shape)), count):
                _add(batch, shape, axes, keep_dims)
    _add(batch, (2, 3, 4, 5), (2, 1), keep_dims)
    _add(batch, (2, 3, 4, 5), (-1, -3), keep_dims)
    _add(batch, (2, 3, 2, 3, 2, 2), (0, 2, 4), keep_dims)
    host_engine.check(batch.build(), tmp_path)


def test_quantisation(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for zero_point, output_zero_point in itertools.product((-128, 0, 127), (-128, 3, 127)):
        for scale, output_scale in ((0.1, 0.1), (1e-4, 0.3), (3.0, 0.002), (1e-12, 1.0)):
            for extent in (2, 7, 8, 125):
                q, output_q = Q(scale, zero_point), Q(output_scale, output_zero_point)
                _add(batch, (1, extent, 2), (1,), q=q, output_q=output_q)
    host_engine.check(batch.build(), tmp_path)
