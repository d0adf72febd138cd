"""RESIZE_BILINEAR, TRANSPOSE_CONV, sums and extrema against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import host_engine
from support.op_batch import OpBatch, Q
from support.tflite_builder import ModelBuilder

pytestmark = pytest.mark.parametrize("dtype", ["int8", "float32"])


@pytest.mark.parametrize("option", [None, "align_corners", "half_pixel_centers"])
def test_resize_bilinear(dtype: str, option: str | None, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    options = {} if option is None else {option: True}
    q = Q(0.05, -7)
    for size in ((2, 2), (6, 10), (7, 3), (1, 1), (3, 5), (11, 23)):
        parameter = [batch.integers(size)]
        batch.op("RESIZE_BILINEAR", (2, 3, 5, 2), (2, *size, 2), q, q, parameter, **options)
    batch.op(
        "RESIZE_BILINEAR", (1, 1, 1, 3), (1, 4, 3, 3), q, q, [batch.integers((4, 3))], **options
    )
    host_engine.check(batch.build(), tmp_path, float_tolerance=1e-7)


LAYERS = (
    # input, kernel (height, width), stride, output (height, width) for SAME
    ((1, 3, 4, 2), (3, 3), (2, 2), (6, 7)),
    ((2, 3, 4, 5), (2, 2), (2, 2), (5, 8)),
    ((1, 4, 3, 1), (4, 3), (1, 1), (4, 3)),
    ((1, 2, 2, 3), (1, 1), (3, 2), (4, 4)),
    ((1, 3, 2, 4), (5, 2), (2, 3), (6, 4)),
)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("activation", ["none", "relu6"])
def test_transpose_conv(dtype: str, padding: str, activation: str, tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(2)
    inputs, outputs = [], []
    for (shape, size, stride, same), channels in itertools.product(LAYERS, (1, 3, 6)):
        extents = same
        if padding == "VALID":
            extents = tuple(
                (n - 1) * s + k for n, s, k in zip(shape[1:3], stride, size, strict=True)
            )
        output = (shape[0], *extents, channels)
        x, y = _value(b, dtype, shape, 0.05, -7), _value(b, dtype, output, 0.4, 11)
        weights = _weights(b, dtype, (channels, *size, shape[3]), random)
        bias = _bias(b, dtype, channels, random) if channels > 1 else []
        parameter = b.tensor("shape", [4], "int32", data=output)
        options: dict[str, Any] = {"padding": padding, "stride": stride, "activation": activation}
        b.op("TRANSPOSE_CONV", [parameter, weights, x, *bias], [y], **options)
        inputs.append(x)
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path, float_tolerance=1e-6)


def _value(b: ModelBuilder, dtype: str, shape: Sequence[int], scale: float, zero_point: int) -> int:
    if dtype == "float32":
        return b.tensor("value", shape, dtype)
    return b.tensor("value", shape, scale=scale, zero_point=zero_point)


def _weights(b: ModelBuilder, dtype: str, shape: Sequence[int], random: Any) -> int:
    if dtype == "float32":
        return b.tensor("weights", shape, dtype, data=random.normal(size=shape))
    scales = [float(scale) for scale in random.uniform(1e-3, 0.05, shape[0])]
    return b.tensor("weights", shape, data=random.integers(-128, 128, shape), scale=scales)


def _bias(b: ModelBuilder, dtype: str, channels: int, random: Any) -> list[int]:
    if dtype == "float32":
        return [b.tensor("bias", [channels], dtype, data=random.normal(size=channels))]
    return [b.tensor("bias", [channels], "int32", data=random.integers(-9999, 9999, channels))]


AXES = ((0,), (1,), (3,), (1, 2), (0, 3), (0, 2), (0, 1, 2, 3), (-1,))


def _reduced(shape: Sequence[int], axes: Sequence[int], keep_dims: bool) -> list[int]:
    positive = {axis % len(shape) for axis in axes}
    kept = [1 if k in positive else extent for k, extent in enumerate(shape)]
    return kept if keep_dims else [n for k, n in enumerate(kept) if k not in positive]


@pytest.mark.parametrize("kind", ["SUM", "REDUCE_MAX", "REDUCE_MIN"])
def test_reductions(kind: str, dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    shape = (2, 3, 4, 5)
    for axes, keep_dims, zero_point in itertools.product(AXES, (False, True), (-128, 9)):
        q = Q(0.05, zero_point)
        output = Q(0.3, -20) if kind == "SUM" else q
        outcome = _reduced(shape, axes, keep_dims)
        batch.op(kind, shape, outcome, q, output, [batch.integers(axes)], keep_dims=keep_dims)
    host_engine.check(batch.build(), tmp_path, float_tolerance=1e-6)


@pytest.mark.parametrize("kind", ["ARG_MAX", "ARG_MIN"])
def test_positions_of_extrema(kind: str, dtype: str, tmp_path: Path) -> None:
    b = ModelBuilder()
    inputs, outputs = [], []
    for shape in ((5,), (1, 10), (3, 4, 5), (2, 3, 2, 3)):
        for axis in (*range(len(shape)), -1):
            x = _value(b, dtype, shape, 0.05, 3)
            y = b.tensor("y", [n for k, n in enumerate(shape) if k != axis % len(shape)], "int32")
            parameter = b.tensor("axis", [], "int32", data=axis)
            b.op(kind, [x, parameter], [y], output_type="int32")
            inputs.append(x)
            outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path)


PRODUCTS = (
    ((3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 1)),
    ((1, 4), (3, 4, 2)),
    ((2, 1, 3, 4), (1, 2, 4, 5)),
    ((2, 1, 2, 3, 4), (1, 3, 1, 4, 2)),
)


@pytest.mark.parametrize("constant", [True, False])
def test_products_of_matrices(dtype: str, constant: bool, tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(4)
    inputs, outputs = [], []
    turned = itertools.product((False, True), repeat=2)
    for (one, two), (adj_x, adj_y) in itertools.product(PRODUCTS, turned):
        output = np.matmul(np.zeros(one), np.zeros(two)).shape
        shapes = [(*s[:-2], s[-1], s[-2]) if t else s for s, t in ((one, adj_x), (two, adj_y))]
        x = _value(b, dtype, shapes[0], 0.05, -7)
        z = _value(b, dtype, shapes[1], 0.02, 90)
        if constant:
            quant = {} if dtype == "float32" else {"scale": 0.02, "zero_point": 90}
            values = random.integers(-128, 128, shapes[1])
            z = b.tensor("constant", shapes[1], dtype, data=values, **quant)
        y = _value(b, dtype, output, 0.3, 11)
        b.op("BATCH_MATMUL", [x, z], [y], adj_x=adj_x, adj_y=adj_y)
        inputs += [x] if constant else [x, z]
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path, float_tolerance=1e-6)
