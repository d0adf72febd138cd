"""AVERAGE_POOL_2D and MAX_POOL_2D against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from support import host_engine
from support.op_batch import OpBatch, Q

Pair = tuple[int, int]

INPUT = Q(0.05, -3)
KINDS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")


def _add(
    batch: OpBatch,
    kind: str,
    image: Pair,
    size: Pair,
    stride: Pair,
    *,
    padding: str = "SAME",
    depth: int = 3,
    batches: int = 1,
    activation: str = "none",
    q: Q = INPUT,
) -> None:
    positions = [
        -(-image[k] // stride[k]) if padding == "SAME" else (image[k] - size[k]) // stride[k] + 1
        for k in (0, 1)
    ]
    batch.op(
        kind,
        (batches, *image, depth),
        (batches, *positions, depth),
        q,
        q,
        padding=padding,
        stride=stride,
        filter=size,
        activation=activation,
    )


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_geometry(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for kind in KINDS:
        for padding, size, stride in itertools.product(
            ("SAME", "VALID"), ((1, 1), (2, 2), (3, 2), (5, 6)), ((1, 1), (2, 2), (3, 1), (4, 7))
        ):
            _add(batch, kind, (7, 6), size, stride, padding=padding)
        for image in ((1, 1), (1, 8), (8, 1), (3, 5)):
            _add(batch, kind, image, (4, 4), (2, 2))  # larger than some of them
        _add(batch, kind, (25, 5), (25, 5), (25, 5), padding="VALID", depth=17)
        _add(batch, kind, (4, 4), (2, 2), (2, 2), batches=3, depth=1)
    host_engine.check(batch.build(), tmp_path)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_activations_and_zero_points(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for kind, activation, zero_point in itertools.product(
        KINDS, ("none", "relu", "relu6", "relu_n1_to_1"), (-128, 0, 127)
    ):
        q = Q(0.02, zero_point)
        _add(batch, kind, (5, 5), (3, 2), (1, 1), activation=activation, q=q)
    host_engine.check(batch.build(), tmp_path)
