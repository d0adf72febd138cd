"""int16 activations, with int8 weights where there are any, against TensorFlow Lite Micro.

`OpBatch` divides the scales of int16 by 256, so the grids are those of int8.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from numeric.test_aot_conv import ALIGNED, DEPTHWISE_GEOMETRY, GEOMETRY, QUANTISATION, Conv
from support import host_engine
from support.host_engine import Build
from support.op_batch import OpBatch, Q
from support.tflite_builder import ModelBuilder

ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1")
ALL_CODES = np.arange(-32768, 32768, dtype=np.int16).reshape(64, 1024)


FEATURES = pytest.mark.parametrize("features", [(), ("dsp",)], ids=["portable", "dsp"])


def _check(batch: OpBatch, folder: Path, features: tuple[str, ...] = ()) -> None:
    host_engine.check(batch.build(), folder, build=Build(features=features))


def _check_all_codes(batch: OpBatch, folder: Path) -> None:
    """Feeds every int16 to every operator of a batch of functions of one value."""
    model = tflite.parse(batch.build(), "m.tflite")
    assert host_engine.refusals(model) == ()
    host_engine.check_vectors(model, [[ALL_CODES] * len(model.inputs)], folder)


def _function(batch: OpBatch, kind: str, scale: float, output_scale: float, **options: Any) -> None:
    """An operator on all codes; scales are those of int16."""
    shape = ALL_CODES.shape
    q, output_q = Q(scale * 256, 0), Q(output_scale * 256, 0)
    batch.op(kind, shape, shape, q, output_q, **options)


# Layers with weights.


@FEATURES
@pytest.mark.parametrize("bias_type", ["int64", "int32"])
def test_convolutions(bias_type: str, features: tuple[str, ...], tmp_path: Path) -> None:
    batch = OpBatch("int16", bias_type=bias_type)
    for case in (*GEOMETRY, *ALIGNED):
        case.add(batch)
    for activation, size in itertools.product(ACTIVATIONS, ((1, 1), (3, 3))):
        Conv(activation=activation, size=size, output_scale=0.05).add(batch)
    # More products than fit into 32 bits: weights of -128 on inputs of -32768.
    Conv(image=(2, 2), depth=300, channels=3, extreme=True, output_scale=9e3).add(batch)
    Conv(image=(1, 2), depth=1200, channels=5, size=(1, 1), extreme=True).add(batch)
    _check(batch, tmp_path, features)


def test_convolutions_whose_sums_are_32_bits_without_a_bias(tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(5)
    inputs, outputs = [], []
    for number, width in itertools.product((0, 2, 4), (4, 900)):
        x = b.tensor("x", [1, 2, 3, width], "int16", scale=2e-4)
        weights = random.integers(100, 128, (3, 2, 2, width))
        w = b.tensor("w", weights.shape, data=weights, scale=[0.01, 0.02, 0.03])
        y = b.tensor("y", [1, 2, 3, 3], "int16", scale=0.01)
        b.op("CONV_2D", [x, w], [y], quantizedBiasType=number, padding="SAME")
        v = b.tensor("v", [5, width], data=random.integers(100, 128, (5, width)), scale=0.01)
        z = b.tensor("z", [6, 5], "int16", scale=0.01)
        b.op("FULLY_CONNECTED", [x, v], [z], quantizedBiasType=number)
        inputs.append(x)
        outputs += [y, z]
    host_engine.check(b.build(inputs, outputs), tmp_path)


@FEATURES
@pytest.mark.parametrize("depth_multiplier", [None, 1, 2])
def test_scales_of_convolutions(
    depth_multiplier: int | None, features: tuple[str, ...], tmp_path: Path
) -> None:
    batch = OpBatch("int16")
    for case in QUANTISATION:
        factor = max(case.scales) * 0.05 / case.output_scale
        if factor < 127.0:
            replace(case, depth_multiplier=depth_multiplier).add(batch)
    for scale in (0.1, 3.0, 100.0, 126.0):
        Conv(scales=(scale,), output_scale=0.05, depth_multiplier=depth_multiplier).add(batch)
    # The significand that 15 bits do not hold.
    almost_one = float(np.float32(1.0 - 2.0**-24))
    Conv(scales=(almost_one, 0.99999, 0.5), channels=3, output_scale=0.05, depth_multiplier=1).add(
        batch
    )
    _check(batch, tmp_path, features)


@FEATURES
def test_depthwise_convolutions(features: tuple[str, ...], tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for case in DEPTHWISE_GEOMETRY:
        case.add(batch)
    for activation in ACTIVATIONS:
        Conv(depth_multiplier=1, activation=activation, output_scale=0.05).add(batch)
    wide = Conv(image=(40, 30), depth=5, size=(40, 30), padding="VALID", depth_multiplier=1)
    replace(wide, extreme=True, output_scale=9e3).add(batch)
    replace(wide, extreme=True, depth_multiplier=2, output_scale=9e3).add(batch)
    Conv(image=(2, 511), depth=4, size=(2, 511), depth_multiplier=1, extreme=True).add(batch)
    Conv(image=(1, 700), depth=4, size=(1, 700), depth_multiplier=1).add(batch)
    _check(batch, tmp_path, features)


@FEATURES
@pytest.mark.parametrize("bias_type", ["int64", "int32"])
def test_fully_connected_layers(bias_type: str, features: tuple[str, ...], tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(1)
    inputs, outputs = [], []
    cases = itertools.product(
        ((1, 1), (1, 7), (3, 16), (2, 1100)), (1, 4, 10), (False, True), (False, True)
    )
    for (batches, depth), units, per_channel, has_bias in cases:
        x = b.tensor("x", [batches, depth], "int16", scale=3e-4)
        scales = [float(np.float32(s)) for s in random.uniform(1e-3, 0.1, units)]
        per = per_channel and units > 1
        data = random.integers(-128, 128, (units, depth))
        w = b.tensor("w", [units, depth], data=data, scale=scales if per else scales[0])
        y = b.tensor("y", [batches, units], "int16", scale=7e-3)
        tensors = [x, w]
        if has_bias:
            values = random.integers(-(1 << 20), 1 << 20, units)
            scale = float(np.float32(3e-4 * scales[0]))
            tensors.append(b.tensor("b", [units], bias_type, data=values, scale=scale))
        b.op("FULLY_CONNECTED", tensors, [y], activation=ACTIVATIONS[units % 4])
        inputs.append(x)
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path, build=Build(features=features))


TRANSPOSED = (
    # input, kernel (height, width), stride, output (height, width) for SAME
    ((1, 3, 4, 2), (3, 3), (2, 2), (6, 7)),
    ((2, 3, 4, 5), (2, 2), (2, 2), (5, 8)),
    ((1, 4, 3, 1), (4, 3), (1, 1), (4, 3)),
    ((1, 2, 2, 600), (1, 1), (3, 2), (4, 4)),
)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_transposed_convolutions(padding: str, activation: str, tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(2)
    inputs, outputs = [], []
    for (shape, size, stride, same), channels in itertools.product(TRANSPOSED, (1, 3, 6)):
        extents = same
        if padding == "VALID":
            pairs = zip(shape[1:3], stride, size, strict=True)
            extents = tuple((n - 1) * s + k for n, s, k in pairs)
        output = (shape[0], *extents, channels)
        x = b.tensor("x", shape, "int16", scale=2e-4)
        y = b.tensor("y", output, "int16", scale=2e-3)
        kernel = (channels, *size, shape[3])
        scales = [float(s) for s in random.uniform(1e-3, 0.05, channels)]
        w = b.tensor("w", kernel, data=random.integers(-128, 128, kernel), scale=scales)
        values = random.integers(-(1 << 33), 1 << 33, channels)
        bias = [b.tensor("b", [channels], "int64", data=values)] if channels > 1 else []
        parameter = b.tensor("shape", [4], "int32", data=output)
        options: dict[str, Any] = {"padding": padding, "stride": stride, "activation": activation}
        b.op("TRANSPOSE_CONV", [parameter, w, x, *bias], [y], **options)
        inputs.append(x)
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path)


def test_the_fast_kernels_take_what_they_can_prove() -> None:
    def is_fast(case: Conv, bias_type: str = "int64") -> bool:
        batch = OpBatch("int16", bias_type=bias_type)
        case.add(batch)
        model = tflite.parse(batch.build(), "m.tflite")
        chosen = choose(KERNELS, model, model.ops[0], ("dsp",))
        assert not isinstance(chosen, str)
        return "dsp" in chosen.needs

    assert all(is_fast(case) for case in (*GEOMETRY, *ALIGNED))
    assert is_fast(Conv(depth=8, depth_multiplier=1))
    assert not is_fast(Conv(depth=8, depth_multiplier=2))
    assert not is_fast(Conv(depth=6, depth_multiplier=1))
    assert not is_fast(Conv(), bias_type="int32")
    assert not is_fast(Conv(depth=600, size=(1, 1), extreme=True))
    assert not is_fast(Conv(scales=(0.5,), output_scale=0.05))
    assert is_fast(Conv(scales=(0.4999,), output_scale=0.05))
    assert is_fast(Conv(scales=(4e-6,), output_scale=0.05))
    assert not is_fast(Conv(scales=(1e-6,)))


def test_biases_beyond_32_bits(tmp_path: Path) -> None:
    b = ModelBuilder()
    inputs, outputs = [], []
    for bias in (1 << 31, -(1 << 31) - 1, (1 << 40) + 12345, -(1 << 45), (1 << 46) - 1):
        x = b.tensor("x", [1, 2, 2, 3], "int16", scale=1e-3)
        w = b.tensor("w", [1, 2, 2, 3], data=np.full((1, 2, 2, 3), 7), scale=1e-3)
        y = b.tensor("y", [1, 2, 2, 1], "int16", scale=abs(bias) * 1e-6 / 9000)
        c = b.tensor("c", [1], "int64", data=[bias], scale=1e-6)
        b.op("CONV_2D", [x, w, c], [y], padding="SAME")
        inputs.append(x)
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path)


# Two inputs.

SHAPES: Sequence[Sequence[Sequence[int]]] = (
    ((1, 4, 5, 3), (1, 4, 5, 3)),
    ((1, 4, 5, 3), (1, 1, 1, 3)),
    ((2, 1, 5, 1), (1, 4, 1, 3)),
    ((7,), (1,)),
    ((2, 3, 4), (4,)),
    ((1, 1), (5, 1)),
)


@FEATURES
@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_binary_operators(kind: str, features: tuple[str, ...], tmp_path: Path) -> None:
    batch = OpBatch("int16")
    qs = (Q(0.03, 0), Q(0.011, 0), Q(0.05, 0))
    for shapes in SHAPES:
        batch.binary(kind, shapes, qs)
    for activation in ACTIVATIONS:
        batch.binary(kind, SHAPES[0], qs, activation=activation)
    for scales in (
        (1.0, 1.0, 1.0),
        (0.5, 3.7, 0.9),
        (1e-4, 20.0, 0.3),
        (0.02, 0.02, 3e-4),
        (1e-9, 9.0, 40.0),
    ):
        batch.binary(kind, ((1, 900), (1, 900)), [Q(scale, 0) for scale in scales])
    _check(batch, tmp_path, features)


def test_products_with_factors_above_one(tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for factor in (0.5, 1.0, 1.9, 2.0, 3.3):
        scale = 2.0**-15
        qs = [Q(256 * s, 0) for s in (scale, scale, scale * scale / factor)]
        batch.binary("MUL", ((1, 900), (1, 900)), qs)
    _check(batch, tmp_path)


@pytest.mark.parametrize("kind", ["MAXIMUM", "MINIMUM"])
def test_extrema(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for shapes in SHAPES:
        batch.binary(kind, shapes, [Q(0.03, 0)] * 3)
    _check(batch, tmp_path)


@pytest.mark.parametrize("constant", [True, False])
def test_products_of_matrices(constant: bool, tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(4)
    inputs, outputs = [], []
    shapes = (((3, 4), (4, 5)), ((2, 3, 40), (40, 1)), ((2, 1, 3, 4), (1, 2, 4, 5)))
    turned = itertools.product((False, True), repeat=2)
    for (one, two), (adj_x, adj_y) in itertools.product(shapes, turned):
        swapped = [(*s[:-2], s[-1], s[-2]) if t else s for s, t in ((one, adj_x), (two, adj_y))]
        x = b.tensor("x", swapped[0], "int16", scale=3e-4)
        data = random.integers(-32768, 32768, swapped[1]) if constant else None
        z = b.tensor("z", swapped[1], "int16", scale=7e-4, data=data)
        output = np.matmul(np.zeros(one), np.zeros(two)).shape
        y = b.tensor("y", output, "int16", scale=0.01)
        b.op("BATCH_MATMUL", [x, z], [y], adj_x=adj_x, adj_y=adj_y)
        inputs += [x] if constant else [x, z]
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path)


# Functions of one value.


@pytest.mark.parametrize(("kind", "powers"), [("LOGISTIC", (-12,)), ("TANH", (-12, -11))])
def test_logistic_and_tanh(kind: str, powers: Sequence[int], tmp_path: Path) -> None:
    batch = OpBatch("int16")
    exact = [2.0**power for power in (*powers, -15, -13, -9, 0)]
    near = [2.0**power * factor for power in powers for factor in (0.9995, 1.0003, 1.002)]
    for scale in (*exact, *near, 1e-9, 3e-5, 1.7e-4, 3.3e-4, 1e-3, 0.02, 1.4, 2.6):
        _function(batch, kind, scale, 2.0**-15)
    _check_all_codes(batch, tmp_path)


@pytest.mark.parametrize("kind", ["RELU", "ABS", "LEAKY_RELU"])
def test_rescaling_functions(kind: str, tmp_path: Path) -> None:
    options = [{"alpha": a} for a in (0.1, 0.0, 0.3, -0.2, 1.7)] if kind == "LEAKY_RELU" else [{}]
    batch = OpBatch("int16")
    for scale, output_scale in itertools.product((1e-5, 1e-4, 0.0039, 1.0), (1e-4, 0.003)):
        for option in options:
            _function(batch, kind, scale, output_scale, **option)
    _check_all_codes(batch, tmp_path)


def test_relu6(tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for scale in (1.84e-4, 3e-4, 0.01, 1.0, 12.0, 13.0):
        _function(batch, "RELU6", scale, scale)
    _check_all_codes(batch, tmp_path)


@pytest.mark.parametrize("columns", [1, 2, 7, 450])
def test_softmax(columns: int, tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for scale in (1e-6, 1e-4, 3e-4, 1.0 / 256, 0.01, 0.9, 4.9):
        for beta in (1.0, 0.25):
            shape, q, output_q = (40, columns), Q(scale * 256, 0), Q(1 / 128, 0)
            batch.op("SOFTMAX", shape, shape, q, output_q, beta=beta)
    host_engine.check(batch.build(), tmp_path, vectors=4)


def test_softmax_of_every_distance(tmp_path: Path) -> None:
    batch = OpBatch("int16")
    for scale in (1e-4, 3e-4, 1e-3):
        shape = (65536, 2)
        batch.op("SOFTMAX", shape, shape, Q(scale * 256, 0), Q(1 / 128, 0))
    model = tflite.parse(batch.build(), "m.tflite")
    pairs = np.stack([np.full(65536, 32767), ALL_CODES.reshape(-1)], axis=1).astype(np.int16)
    host_engine.check_vectors(model, [[pairs] * 3], tmp_path)


# Other element types.


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("int8", "int16"),
        ("int8", "int32"),
        ("int16", "int8"),
        ("int16", "int16"),
        ("int16", "int32"),
        ("int32", "int8"),
        ("int32", "int16"),
    ],
)
def test_requantisation(source: str, target: str, tmp_path: Path) -> None:
    b = ModelBuilder()
    inputs, outputs = [], []
    zero_points = {"int8": (-128, 5), "int16": (0,), "int32": (0,)}
    ratios = (1e-6, 1e-3, 1 / 256, 0.7, 1.0, 1.3, 40.0)
    grid = itertools.product(ratios, zero_points[source], zero_points[target])
    for ratio, zero_point, output_zero_point in grid:
        x = b.tensor("x", [1, 800], source, scale=0.1, zero_point=zero_point)
        y = b.tensor("y", [1, 800], target, scale=0.1 / ratio, zero_point=output_zero_point)
        b.op("QUANTIZE", [x], [y])
        inputs.append(x)
        outputs.append(y)
    model = tflite.parse(b.build(inputs, outputs), "m.tflite")
    assert host_engine.refusals(model) == ()
    vectors = host_engine.random_vectors(model, 3, seed=3)
    if source == "int32":  # whose products with factors above 1 TFLM lets overflow
        vectors = [[value >> 8 for value in vector] for vector in vectors]
    host_engine.check_vectors(model, vectors, tmp_path)


@pytest.mark.parametrize("scale", [3e-5, 1e-3, 0.7])
def test_quantize_and_dequantize(scale: float, tmp_path: Path) -> None:
    b = ModelBuilder()
    x = b.tensor("x", [300, 1000], "float32")
    q = b.tensor("q", [300, 1000], "int16", scale=scale)
    y = b.tensor("y", [300, 1000], "float32")
    b.op("QUANTIZE", [x], [q])
    b.op("DEQUANTIZE", [q], [y])
    model = tflite.parse(b.build([x], [y]), "m.tflite")
    steps = (np.arange(300_000) - 150_000) / 4  # ties too, and beyond both ends
    values = (steps * scale).astype(np.float32).reshape(300, 1000)
    host_engine.check_vectors(model, [[values]], tmp_path)


# Windows, reductions, copies.


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pools(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int16")
    q = Q(0.05, 0)
    sizes, strides = ((1, 1), (2, 2), (3, 2), (5, 6)), ((1, 1), (2, 2), (3, 1))
    for padding, size, stride in itertools.product(("SAME", "VALID"), sizes, strides):
        positions = [
            -(-n // s) if padding == "SAME" else (n - k) // s + 1
            for n, k, s in zip((7, 6), size, stride, strict=True)
        ]
        for activation in ACTIVATIONS:
            batch.op(
                kind,
                (2, 7, 6, 3),
                (2, *positions, 3),
                q,
                q,
                filter=size,
                stride=stride,
                padding=padding,
                activation=activation,
            )
    _check(batch, tmp_path)


@pytest.mark.parametrize("kind", ["MEAN", "SUM"])
def test_means_and_sums(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int16")
    shape = (2, 3, 4, 5)
    for axes in ((0,), (1,), (3,), (1, 2), (0, 3), (0, 2), (0, 1, 2, 3)):
        kept = [n for k, n in enumerate(shape) if k not in axes]
        for output_scale in (0.1, 0.07, 3.0):
            parameter = [batch.integers(axes)]
            batch.op(kind, shape, kept, Q(0.1, 0), Q(output_scale, 0), parameter)
    batch.op(kind, (1, 150, 200), (1,), Q(0.1, 0), Q(9.0, 0), [batch.integers((1, 2))])
    _reshape_last(batch)
    _check(batch, tmp_path)


def _reshape_last(batch: OpBatch) -> None:
    """Copies beside them, so that a batch has layers that only move values."""
    q, shape = Q(0.1, 0), (2, 3, 4)
    batch.op("RESHAPE", shape, (6, 4), q, q, [batch.integers((6, 4))])
    batch.op("SQUEEZE", (1, 5, 1), (5,), q, q)
    batch.op("EXPAND_DIMS", (2, 3), (2, 1, 3), q, q, [batch.integers([1])])


def test_copies(tmp_path: Path) -> None:
    batch = OpBatch("int16")
    q, shape = Q(0.1, 0), (2, 3, 4, 5)
    paddings = ((0, 0), (1, 2), (0, 3), (2, 0))
    padded = [n + sum(p) for n, p in zip(shape, paddings, strict=True)]
    batch.op("PAD", shape, padded, q, q, [batch.integers(paddings)])
    batch.op("TRANSPOSE", shape, (5, 2, 4, 3), q, q, [batch.integers((3, 0, 2, 1))])
    begin, size = batch.integers((0, 1, 2, 0)), batch.integers((2, 2, 1, 4))
    batch.op("SLICE", shape, (2, 2, 1, 4), q, q, [begin, size])
    parameters = [batch.integers(v) for v in ((0, 2, 3, 4), (2, 0, 0, 0), (1, -1, -1, -2))]
    batch.op("STRIDED_SLICE", shape, (2, 2, 3, 2), q, q, parameters)
    size = batch.integers((7, 3))
    batch.op("RESIZE_NEAREST_NEIGHBOR", shape, (2, 7, 3, 5), q, q, [size])
    _reshape_last(batch)
    _check(batch, tmp_path)


def test_values_put_together_and_taken_apart(tmp_path: Path) -> None:
    b = ModelBuilder()

    def value(*shape: int) -> int:
        return b.tensor("value", shape, "int16", scale=0.01)

    x, z = value(2, 3, 4), value(2, 5, 4)
    joined, packed = value(2, 8, 4), value(2, 2, 3, 4)
    b.op("CONCATENATION", [x, z], [joined], axis=1)
    b.op("PACK", [x, x], [packed], axis=1, values_count=2)
    parts, rows = [value(2, 2, 4) for _ in range(4)], [value(2, 4) for _ in range(3)]
    b.op("SPLIT", [b.tensor("axis", [], "int32", data=1), joined], parts, num_splits=4)
    b.op("UNPACK", [x], rows, axis=1, num=3)
    paddings = b.tensor("paddings", [3, 2], "int32", data=[[1, 0], [0, 0], [0, 2]])
    element = b.tensor("element", [], "int16", scale=0.01, data=-1234)
    padded = value(3, 3, 6)
    b.op("PADV2", [x, paddings, element], [padded])
    outputs = [packed, *parts, *rows, padded]
    host_engine.check(b.build([x, z], outputs), tmp_path)


def test_what_cannot_be_computed_exactly_is_refused() -> None:
    def refused(batch: OpBatch) -> str:
        model = tflite.parse(batch.build(), "m.tflite")
        return " ".join(each.cause for each in host_engine.refusals(model))

    batch = OpBatch("int16")
    Conv(scales=(130.0,), output_scale=0.05).add(batch)
    assert "too small" in refused(batch)
    batch = OpBatch("int16")
    Conv(image=(1, 600), size=(1, 512), depth_multiplier=1, extreme=True).add(batch)
    assert "columns wide" in refused(batch)
    for kind, scale, cause in (("TANH", 3.0, "16 bits"), ("RELU6", 1.8e-4, "beyond")):
        batch = OpBatch("int16")
        _function(batch, kind, scale, scale if kind == "RELU6" else 2.0**-15)
        assert cause in refused(batch)
    batch = OpBatch("int16")
    _function(batch, "SOFTMAX", 6.0, 2.0**-15)
    assert "too large" in refused(batch)
