"""Functions of one value, of a row, and of two values, against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine
from support.op_batch import OpBatch, Q
from support.tflite_builder import ModelBuilder


def _all_codes(batch: OpBatch, folder: Path) -> None:
    model = tflite.parse(batch.build(), "m.tflite")
    assert host_engine.refusals(model) == ()
    codes = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    host_engine.check_vectors(model, [[codes] * len(model.inputs)], folder)


SCALES = (0.004, 0.0235, 0.0626, 0.1, 0.3, 1.0)


@pytest.mark.parametrize("kind", ["ABS", "ELU", "HARD_SWISH"])
def test_tables(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    outputs = (Q(0.0235, -128), Q(0.0626, 127), Q(0.5, 9), Q(0.1, 0))
    for scale, zero_point, output in itertools.product(SCALES, (-128, -5, 0, 127), outputs):
        if kind == "HARD_SWISH" and not 2.0**-8 < scale / output.scale < 127:
            continue
        batch.op(kind, (1, 256), (1, 256), Q(scale, zero_point), output)
    _all_codes(batch, tmp_path)


def test_hard_swish_of_small_and_large_inputs(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for scale in (2.0**-19, 1e-4, 3.0, 200.0, 1000.0):
        for zero_point in (-128, 3, 127):
            batch.op("HARD_SWISH", (1, 256), (1, 256), Q(scale, zero_point), Q(scale, -4))
            batch.op("HARD_SWISH", (1, 256), (1, 256), Q(scale, zero_point), Q(scale / 100, -4))
    _all_codes(batch, tmp_path)


def test_inverse_roots(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for scale, output in itertools.product(SCALES, (Q(0.004, -128), Q(0.1, 0), Q(2.0, 127))):
        batch.op("RSQRT", (1, 256), (1, 256), Q(scale, -128), output)
    _all_codes(batch, tmp_path)


EXACT = ("ABS", "FLOOR", "HARD_SWISH", "NEG", "SQUARE")
POSITIVE = ("LOG", "RSQRT", "SQRT")


@pytest.mark.parametrize("kind", [*EXACT, *POSITIVE, "ELU", "EXP"])
def test_float_functions(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("float32")
    batch.op(kind, (1, 200), (1, 200), Q(1, 0), Q(1, 0))
    model = tflite.parse(batch.build(), "m.tflite")
    ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 8388609.0, 1e9]
    values = np.concatenate([ties, np.linspace(-20, 20, 192)]).astype(np.float32)
    if kind in POSITIVE:
        values = np.abs(values) + np.float32(1e-3)
    if kind == "EXP":
        values = np.clip(values, -20, 20)
    # The host's libm may round these differently from the interpreter's.
    tolerance = 2e-7 if kind in ("ELU", "EXP", "LOG") else 0.0
    host_engine.check_vectors(
        model, [[values.reshape(1, 200)]], tmp_path, float_tolerance=tolerance
    )


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_l2_normalization(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for shape in ((1, 1), (3, 2), (2, 3, 4, 5), (1, 300), (7,)):
        for zero_point in (-128, -1, 0, 127):
            batch.op("L2_NORMALIZATION", shape, shape, Q(0.05, zero_point), Q(1 / 128, 0))
    tolerance = 0.0 if dtype == "int8" else 1e-6
    host_engine.check(batch.build(), tmp_path, vectors=6, float_tolerance=tolerance)


def test_l2_normalization_of_every_small_norm(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    batch.op("L2_NORMALIZATION", (256, 2), (256, 2), Q(0.05, 0), Q(1 / 128, 0))
    model = tflite.parse(batch.build(), "m.tflite")
    codes = np.arange(-128, 128, dtype=np.int8)
    pairs = [np.stack([codes, np.full(256, second, np.int8)], 1) for second in (0, 1, 77, -128)]
    host_engine.check_vectors(model, [[pair] for pair in pairs], tmp_path)


def test_log_softmax_of_floats(tmp_path: Path) -> None:
    batch = OpBatch("float32")
    for shape in ((1, 1), (3, 2), (2, 3, 4, 5), (7,)):
        batch.op("LOG_SOFTMAX", shape, shape, Q(1, 0), Q(1, 0))
    host_engine.check(batch.build(), tmp_path, float_tolerance=1e-6)


SHAPES = (
    ((1, 5, 4, 3), (1, 5, 4, 3)),
    ((1, 5, 4, 3), (1, 1, 3)),
    ((1, 5, 4, 3), (1, 1, 1)),
    ((2, 5, 4, 3), (5, 1, 3)),
    ((7,), (7,)),
)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("kind", ["MAXIMUM", "MINIMUM"])
def test_extrema(kind: str, dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    for shapes in (*SHAPES, ((3,), (4, 3)), ((2, 1, 4), (1, 3, 1))):
        batch.binary(kind, shapes, [Q(0.03, 5)] * 3)
    host_engine.check(batch.build(), tmp_path)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("constant", [True, False])
def test_prelu(dtype: str, constant: bool, tmp_path: Path) -> None:
    b = ModelBuilder()
    random = np.random.default_rng(5)
    inputs, outputs = [], []
    scales = ((0.05, 0.02, 0.05), (0.3, 0.001, 0.02), (1e-3, 0.9, 0.5))
    points = ((-128, 127, 3), (127, 0, -128), (-7, -20, 0))
    for shapes, scale, point in itertools.product(SHAPES, scales, points):
        x, alpha, y = (
            _value(b, dtype, shape, s, z)
            for shape, s, z in zip((shapes[0], shapes[1], shapes[0]), scale, point, strict=True)
        )
        if constant:
            values: Any = random.integers(-128, 128, shapes[1])
            quant = {} if dtype == "float32" else {"scale": scale[1], "zero_point": point[1]}
            alpha = b.tensor("alpha", shapes[1], dtype, data=values, **quant)
        b.op("PRELU", [x, alpha], [y])
        inputs += [x] if constant else [x, alpha]
        outputs.append(y)
    host_engine.check(b.build(inputs, outputs), tmp_path)


def _value(b: ModelBuilder, dtype: str, shape: Any, scale: float, zero_point: int) -> int:
    if dtype == "float32":
        return b.tensor("value", shape, dtype)
    return b.tensor("value", shape, scale=scale, zero_point=zero_point)
