from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from edgegen.engines.aot.ops.binary import merged_broadcast


@pytest.mark.parametrize(
    ("one", "two", "size", "stride1", "stride2"),
    [
        ((1, 4, 4, 8), (1, 4, 4, 8), (1, 1, 1, 128), (0, 0, 0, 1), (0, 0, 0, 1)),
        ((1, 4, 4, 8), (8,), (1, 1, 16, 8), (0, 0, 8, 1), (0, 0, 0, 1)),
        ((1, 4, 4, 8), (), (1, 1, 1, 128), (0, 0, 0, 1), (0, 0, 0, 0)),
        ((2, 1, 3), (1, 5, 1), (1, 2, 5, 3), (0, 3, 0, 1), (0, 0, 1, 0)),
        ((), (), (1, 1, 1, 1), (0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_known_cases(
    one: tuple[int, ...],
    two: tuple[int, ...],
    size: tuple[int, ...],
    stride1: tuple[int, ...],
    stride2: tuple[int, ...],
) -> None:
    output = np.broadcast_shapes(one, two)
    assert merged_broadcast(one, two, output) == (size, stride1, stride2)


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=5, max_side=4), st.randoms())
def test_strides_pick_the_elements_that_numpy_picks(shapes: object, random: object) -> None:
    one, two = shapes.input_shapes  # type: ignore[attr-defined]
    output = shapes.result_shape  # type: ignore[attr-defined]
    size, *strides = merged_broadcast(one, two, output)
    for shape, stride in zip((one, two), strides, strict=True):
        elements = np.arange(int(np.prod(shape))).reshape(shape)
        expected = np.broadcast_to(elements, output).reshape(-1)
        index = np.indices(size).reshape(len(size), -1)
        assert (np.array(stride, dtype=np.int64) @ index).tolist() == expected.tolist()
