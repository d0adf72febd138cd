"""The float vector kernels against TensorFlow Lite Micro, bit for bit: they add in its order.

AVX2 runs where this machine has it, WebAssembly in Node.js; the twins in plain C run everywhere.
NEON itself runs under QEMU in tests/build/test_native_library.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen.frontends import tflite
from edgegen.model import Model
from numeric import test_aot_conv
from numeric.test_aot_conv import Conv
from support import host_engine
from support.host_engine import HAS_AVX2, Activations, Build, HostEngine, Vector
from support.op_batch import OpBatch, Q

TWINS = [
    pytest.param(Build(features=(name,), optimise="-O0"), id=f"{name}-in-c")
    for name in ("avx2", "neon", "wasm")
]
AVX2 = pytest.param(
    Build(features=("avx2",), machine=("-mavx2",), optimise="-O1"),
    id="avx2",
    marks=pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2"),
)
WASM = pytest.param(host_engine.WASM, id="wasm", marks=pytest.mark.wasm)
BUILDS = pytest.mark.parametrize("build", [*TWINS, AVX2, WASM])

# Channels around one vector, two, four and eight; positions around a tile.
BLOCKS = [
    *(
        Conv(image=(2, width), depth=depth, channels=channels, size=(1, 1))
        for width, depth in ((1, 1), (3, 5), (7, 8))
        for channels in (1, 3, 4, 5, 8, 9, 15, 16, 17, 33)
    ),
    *(
        Conv(image=(3, 2), depth=3, channels=channels, padding="VALID", size=(2, 2))
        for channels in (3, 31, 32, 33, 63, 64, 65, 97, 127, 130)
    ),
    *(
        Conv(image=(3, width), depth=3, channels=channels)
        for width in range(1, 14)
        for channels in (5, 20)
    ),
    *(
        Conv(image=(6, 7), depth=4, channels=18, dilation=dilation, stride=stride, batches=2)
        for dilation in ((2, 1), (1, 2), (2, 2))
        for stride in ((1, 1), (2, 2))
    ),
    Conv(image=(5, 5), depth=16, channels=12, size=(1, 1), stride=(2, 2)),
    Conv(image=(9, 8), depth=4, channels=18, stride=(2, 2), padding="VALID", batches=2),
    *(Conv(depth=4, channels=20, activation=each) for each in ("relu", "relu6", "relu_n1_to_1")),
]

DEPTHWISE = Conv(depth_multiplier=1)
DEPTHWISES = [
    *(replace(DEPTHWISE, image=(4, width), depth=3 + width) for width in range(1, 15)),
    *(
        replace(DEPTHWISE, image=(9, 7), depth=depth, size=size, stride=stride, padding=padding)
        for depth, size in ((20, (3, 3)), (8, (5, 4)), (3, (1, 2)), (17, (2, 3)), (9, (6, 1)))
        for stride in ((1, 1), (2, 2), (3, 1))
        for padding in ("SAME", "VALID")
    ),
    *(
        replace(DEPTHWISE, image=(10, 9), depth=12, dilation=dilation, batches=2, padding=padding)
        for dilation in ((2, 1), (1, 2), (3, 2))
        for padding in ("SAME", "VALID")
    ),
    replace(DEPTHWISE, image=(2, 2), depth=8, size=(7, 7)),
    replace(DEPTHWISE, image=(2, 2), depth=8, dilation=(4, 4)),  # some pixels see no image
    replace(DEPTHWISE, image=(1, 1), depth=16),
    replace(DEPTHWISE, image=(30, 3), size=(16, 1), depth=4),
    replace(DEPTHWISE, depth=33, activation="relu6"),
    replace(DEPTHWISE, depth=9, has_bias=False),
    replace(DEPTHWISE, depth=4, depth_multiplier=2),
    replace(DEPTHWISE, depth=1, depth_multiplier=9),
    replace(DEPTHWISE, depth=1, depth_multiplier=3, stride=(2, 1), dilation=(1, 2)),
]

Q1 = Q(1.0, 0)
"""Floats have none."""


def batch_of(convolutions: list[Conv], seed: int = 5) -> bytes:
    batch = OpBatch("float32", seed)
    for each in convolutions:
        each.add(batch)
    return batch.build()


@BUILDS
def test_convolutions(build: Build, tmp_path: Path) -> None:
    data = batch_of([*test_aot_conv.GEOMETRY, *BLOCKS])
    host_engine.check(data, tmp_path, build=build)


@BUILDS
def test_depthwise_convolutions(build: Build, tmp_path: Path) -> None:
    host_engine.check(batch_of(DEPTHWISES), tmp_path, build=build)


def some_of_everything() -> bytes:
    """One model of all kinds of layers that have float vector kernels."""
    batch = OpBatch("float32")
    for each in (*test_aot_conv.GEOMETRY, *BLOCKS, *DEPTHWISES)[::4]:
        each.add(batch)
    _add_others(batch)
    return batch.build()


def _add_others(batch: OpBatch) -> None:
    for rows, inputs, outputs in ((1, 40, 70), (1, 3, 2), (5, 17, 12), (2, 9, 33)):
        constants = [batch.weights((outputs, inputs), [1.0], 0, False), batch.bias(outputs)]
        batch.op("FULLY_CONNECTED", (rows, inputs), (rows, outputs), Q1, Q1, constants)
    for kind in ("ADD", "SUB", "MUL"):
        for shapes in (
            [(1, 3), (1, 3)],
            [(2, 37), (2, 37)],
            [(4, 5, 9), (9,)],
            [(9, 1), (9, 13)],
            [(1,), (3, 16)],
            [(2, 1, 17), (1, 5, 17)],
        ):
            for activation in ("none", "relu_n1_to_1"):
                batch.binary(kind, shapes, (Q1, Q1, Q1), activation=activation)
    for elements in (1, 8, 39):
        for kind in ("RELU", "RELU6", "HARD_SWISH"):
            batch.op(kind, (1, elements), (1, elements), Q1, Q1)
        for alpha in (0.2, -1.5):
            batch.op("LEAKY_RELU", (1, elements), (1, elements), Q1, Q1, alpha=alpha)
    for depth, activation in ((3, "none"), (4, "none"), (8, "relu6"), (21, "relu_n1_to_1")):
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            for size, stride in (((2, 2), (2, 2)), ((3, 2), (1, 2)), ((7, 9), (7, 9))):
                positions = [
                    -(-extent // step) for extent, step in zip((7, 9), stride, strict=True)
                ]
                options = {"filter": size, "stride": stride, "activation": activation}
                shapes = (2, 7, 9, depth), (2, *positions, depth)
                batch.op(kind, *shapes, Q1, Q1, padding="SAME", **options)
        for axes, output in (((1, 2), (2, depth)), ((0, 2), (7, depth)), ((3,), (2, 7, 9))):
            indices = [batch.integers(axes)]
            for kind in ("MEAN", "SUM"):
                batch.op(kind, (2, 7, 9, depth), output, Q1, Q1, indices, keep_dims=False)


@BUILDS
def test_other_operators(build: Build, tmp_path: Path) -> None:
    batch = OpBatch("float32")
    _add_others(batch)
    host_engine.check(batch.build(), tmp_path, build=build)


STRANGE = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-40, 1e-30, 3e38, -3e38, 1.0, -2.5], np.float32
)


@pytest.mark.parametrize("build", [*TWINS[:1], AVX2, WASM])
def test_strange_numbers_are_what_portable_kernels_make_of_them(
    build: Build, tmp_path: Path
) -> None:
    """NaN, infinities, zeros of both signs, numbers that are not normal, products that overflow."""
    model = tflite.parse(some_of_everything(), "layers.tflite")
    vectors = [_strange_vector(model, seed) for seed in range(3)]
    portable = replace(build, features=())
    expected = HostEngine(model, tmp_path / "portable", portable).run(vectors)
    found = HostEngine(model, tmp_path / "vectors", build).run(vectors)
    _assert_same(model, expected, found)


def _assert_same(
    model: Model, expected: Sequence[Activations], found: Sequence[Activations]
) -> None:
    """The same bits; but any NaN for any."""
    for want, got in zip(expected, found, strict=True):
        for tensor, values in want.items():
            same = (values.view(np.uint32) == got[tensor].view(np.uint32)) | (
                np.isnan(values) & np.isnan(got[tensor])
            )
            assert same.all(), model.tensors[tensor].name


def _strange_vector(model: Model, seed: int) -> Vector:
    random = np.random.default_rng(seed)
    vector = []
    for index in model.inputs:
        shape = model.tensors[index].shape
        usual = random.normal(size=shape).astype(np.float32)
        vector.append(np.where(random.random(shape) < 0.2, random.choice(STRANGE, shape), usual))
    return vector


def exponentials() -> Model:
    """Softmax and logistic functions of several sizes."""
    batch = OpBatch("float32")
    for columns in (1, 3, 4, 5, 8, 10, 17, 100):
        for beta in (1.0, 0.3):
            batch.op("SOFTMAX", (3, columns), (3, columns), Q1, Q1, beta=beta)
        batch.op("LOGISTIC", (3, columns), (3, columns), Q1, Q1)
    return tflite.parse(batch.build(), "exponentials.tflite")


@BUILDS
def test_exponentials(build: Build, tmp_path: Path) -> None:
    """Close to the reference's, all of which are in 0..1."""
    model = exponentials()
    random = np.random.default_rng(2)
    vectors = [
        [random.normal(0, scale, model.tensors[t].shape).astype(np.float32) for t in model.inputs]
        for scale in (0.1, 3.0, 60.0, 1e9)
    ]
    expected = host_engine.tflm(model, vectors)
    found = HostEngine(model, tmp_path, build).run(vectors)
    for want, got in zip(expected, found, strict=True):
        for tensor, values in want.items():
            assert np.abs(got[tensor] - values).max() <= 2e-7, model.tensors[tensor].name


@pytest.mark.parametrize("build", [TWINS[0], AVX2, WASM])
def test_exponentials_are_the_same_everywhere(build: Build, tmp_path: Path) -> None:
    model = exponentials()
    vectors = [_strange_vector(model, seed) for seed in range(3)]
    vectors += host_engine.random_vectors(model, 3, seed=1)
    expected = HostEngine(model, tmp_path / "twin", Build(features=("neon",))).run(vectors)
    found = HostEngine(model, tmp_path / "vectors", build).run(vectors)
    _assert_same(model, expected, found)
