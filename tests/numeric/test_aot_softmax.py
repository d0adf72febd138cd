"""SOFTMAX against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgegen.engines.aot.ops.softmax import exp_table
from edgegen.frontends import tflite
from support import host_engine
from support.op_batch import OpBatch, Q

OUTPUT = Q(1 / 256, -128)


def _add(batch: OpBatch, shape: tuple[int, ...], q: Q, beta: float = 1.0) -> None:
    batch.op("SOFTMAX", shape, shape, q, OUTPUT, beta=beta)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_shapes_and_scales(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for shape in ((1, 12), (7,), (3, 10), (1,), (2, 3, 5), (1, 2, 3, 4), (2, 450), (40, 2)):
        for beta in (1.0, 0.25, 3.0):
            _add(batch, shape, Q(0.17, 11), beta)
    for scale in (1e-7, 0.001, 0.004, 0.0625, 0.1, 0.5, 1.0, 3.7, 40.0, 1000.0, 1e9):
        for zero_point in (-128, 127):
            _add(batch, (5, 33), Q(scale, zero_point))
    host_engine.check(batch.build(), tmp_path, vectors=6, float_tolerance=1e-6)


def test_every_distance_from_the_largest(tmp_path: Path) -> None:
    # Every pair of int8 values of one row: outputs depend on their difference alone.
    batch = OpBatch("int8")
    for scale in (0.003, 0.02, 0.09, 0.3):
        _add(batch, (256, 2), Q(scale, 0))
    data = batch.build()
    model = tflite.parse(data, "softmax.tflite")
    pairs = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    host_engine.check_vectors(model, [[pairs] * 4], tmp_path)


def test_table_ends_where_nothing_shows() -> None:
    assert len(exp_table(1.0, 1.0)) == 14  # exp(-14) is below 2^-20, half of the sum's last bit
    assert len(exp_table(1.0, 0.001)) == 256
    assert exp_table(1.0, 1e9).tolist() == [2**31 - 1]
