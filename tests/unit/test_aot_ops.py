"""The shapes, numbers and refusals that lowering works out for the windowed and reducing layers."""

from __future__ import annotations

import numpy as np
import pytest

from edgegen.engines.aot import AotEngine
from edgegen.engines.aot.ops import mean, pad
from edgegen.engines.aot.ops.mean import Level
from edgegen.engines.aot.ops.pad import Padded
from edgegen.engines.aot.ops.window import window_fields
from edgegen.frontends import tflite
from edgegen.model import (
    Conv2DAttrs,
    DType,
    Model,
    Op,
    OpKind,
    Padding,
    ReduceAttrs,
    Source,
    Tensor,
)
from support.op_batch import OpBatch, Q


@pytest.mark.parametrize(
    ("shape", "paddings", "expected"),
    [
        ((), (), [Padded(0, 1, 0)]),
        ((5,), ((1, 2),), [Padded(1, 5, 2)]),
        ((2, 3), ((0, 0), (0, 0)), [Padded(0, 6, 0)]),
        ((2, 3), ((1, 0), (0, 0)), [Padded(3, 6, 0)]),
        (
            (1, 4, 5, 3),
            ((0, 0), (1, 1), (2, 0), (0, 0)),
            [Padded(0, 1, 0), Padded(1, 4, 1), Padded(6, 15, 0)],
        ),
    ],
)
def test_pad_merges_what_is_not_padded(
    shape: tuple[int, ...], paddings: tuple[tuple[int, int], ...], expected: list[Padded]
) -> None:
    assert pad.merge(shape, paddings) == expected


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((), (), []),
        ((1, 1), (0,), []),
        ((1, 4, 5, 3), (1, 2), [Level(20, 3, True), Level(3, 1, False)]),
        ((2, 3, 4), (), [Level(24, 1, False)]),
        ((2, 3, 4), (0, 2), [Level(2, 12, True), Level(3, 4, False), Level(4, 1, True)]),
        ((2, 1, 4), (1,), [Level(8, 1, False)]),
    ],
)
def test_mean_merges_neighbours_of_one_sort(
    shape: tuple[int, ...], axes: tuple[int, ...], expected: list[Level]
) -> None:
    assert mean.levels(shape, axes) == expected


@pytest.mark.parametrize(
    ("real", "count", "expected"),
    [
        (1.0, 1, (1 << 30, 1)),
        (1.0, 4, (1 << 30, -1)),  # a power of two divides exactly
        (1.0, 3, ((1 << 31) // 3, 0)),  # truncated, not rounded
        (2.0**-31, 3, ((1 << 31) // 3, -31)),  # the shift stops at -31
        (2.0**-32, 3, ((1 << 30) // 3, -31)),
    ],
)
def test_mean_divides_the_multiplier(real: float, count: int, expected: tuple[int, int]) -> None:
    assert mean.mean_multiplier(real, count) == expected


@pytest.mark.parametrize(
    ("extent", "positions", "size", "stride", "dilation", "before"),
    [
        (5, 5, 3, 1, 1, 1),
        (5, 5, 4, 1, 1, 1),  # three are missing; the odd one lies behind the image
        (5, 5, 1, 1, 1, 0),
        (6, 3, 3, 2, 1, 0),
        (5, 3, 3, 1, 1, 0),  # VALID
        (2, 2, 3, 1, 4, 4),
    ],
)
def test_padding_before_the_image(
    extent: int, positions: int, size: int, stride: int, dilation: int, before: int
) -> None:
    data = Tensor("in", DType.INT8, (1, extent, 9, 2))
    output = Tensor("out", DType.INT8, (1, positions, 9, 2))
    attrs = Conv2DAttrs(Padding.SAME, (stride, 1), (dilation, 1))
    fields = dict(window_fields(data, output, (size, 1), attrs))
    assert (fields["window.pad_top"], fields["window.pad_left"]) == (before, 0)


def _refusals(batch: OpBatch) -> list[str]:
    return [d.cause for d in AotEngine().refusals(tflite.parse(batch.build(), "test.tflite"))]


def test_refuses_multipliers_that_cannot_be_expressed() -> None:
    batch = OpBatch("int8")
    weights = batch.weights((4, 3, 3, 2), (1e10,), 0, extreme=False)
    batch.op("CONV_2D", (1, 4, 4, 2), (1, 4, 4, 4), Q(1e10, 0), Q(1e-10, 0), [weights])
    batch.op("MEAN", (1, 4), (1,), Q(1e10, 0), Q(1e-10, 0), [batch.integers([1])])
    assert _refusals(batch) == ["its output scale is too small for the scales of its inputs."] * 2


def test_refuses_what_the_kernels_cannot_count() -> None:
    batch = OpBatch("int8")
    batch.op("SOFTMAX", (1, 8192), (1, 8192), Q(0.1, 0), Q(1 / 256, -128), beta=1.0)
    batch.op("PAD", (1,) * 6, (3,) * 6, Q(0.1, 0), Q(0.1, 0), [batch.integers([(1, 1)] * 6)])
    assert _refusals(batch) == [
        "it has more than 8191 columns.",
        "it pads more than 5 dimensions.",
    ]


def test_refuses_a_mean_over_too_many_groups_of_dimensions() -> None:
    tensors = (
        Tensor("in", DType.FLOAT32, (2,) * 8),
        Tensor("axes", DType.INT32, (4,), data=np.array([0, 2, 4, 6], np.int32)),
        Tensor("out", DType.FLOAT32, (2,) * 4),
    )
    op = Op(OpKind.MEAN, (0, 1), (2,), ReduceAttrs((0, 2, 4, 6)), version=1, node=0)
    model = Model("m", Source("m", "tflite", "", b""), tensors, (op,), (0,), (2,))
    causes = [d.cause for d in AotEngine().refusals(model)]
    assert causes == ["it reduces more than 3 separate groups of dimensions."]
