"""ADD, SUB, MUL and the functions of one value against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine
from support.op_batch import OpBatch, Q
from support.tflite_builder import ModelBuilder

BINARY = ("ADD", "SUB", "MUL")

SHAPES = (
    ((1, 5, 4, 3), (1, 5, 4, 3)),
    ((1, 5, 4, 3), (3,)),
    ((3,), (1, 5, 4, 3)),
    ((1, 5, 4, 3), (1, 1, 1, 1)),
    ((2, 1, 4, 1), (2, 5, 1, 1)),
    ((1, 5, 1, 3), (4, 1, 2, 1)),
    ((7,), (7,)),
)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_binary_shapes_and_activations(dtype: str, tmp_path: Path) -> None:
    batch = OpBatch(dtype)
    qs = (Q(0.03, 5), Q(0.011, -90), Q(0.05, -10))
    for kind, shapes in itertools.product(BINARY, SHAPES):
        batch.binary(kind, shapes, qs)
    for kind, activation in itertools.product(BINARY, ("relu", "relu6", "relu_n1_to_1")):
        batch.binary(kind, SHAPES[0], qs, activation=activation)
    host_engine.check(batch.build(), tmp_path)


@pytest.mark.parametrize("kind", BINARY)
def test_binary_scales_and_zero_points(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for scales in ((1.0, 1.0, 1.0), (0.5, 3.7, 0.9), (1e-4, 20.0, 0.3), (0.02, 0.02, 6e-7)):
        for zero_points in itertools.product((-128, 127), repeat=3):
            qs = [Q(s, z) for s, z in zip(scales, zero_points, strict=True)]
            batch.binary(kind, ((1, 300), (1, 300)), qs)
    host_engine.check(batch.build(), tmp_path)


SCALES = (0.004, 0.0235, 0.0626, 0.1, 0.3, 1.0, 7.5)


def _all_codes(batch: OpBatch, folder: Path) -> None:
    """Feed all 256 codes to every operator: a table has no other input."""
    model = tflite.parse(batch.build(), "m.tflite")
    assert host_engine.refusals(model) == ()
    codes = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    host_engine.check_vectors(model, [[codes] * len(model.inputs)], folder)


@pytest.mark.parametrize(
    ("kind", "output"), [("LOGISTIC", Q(1 / 256, -128)), ("TANH", Q(1 / 128, 0))]
)
def test_saturating_functions(kind: str, output: Q, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for scale, zero_point in itertools.product(SCALES, (-128, -5, 0, 127)):
        batch.op(kind, (1, 256), (1, 256), Q(scale, zero_point), output)
    _all_codes(batch, tmp_path)


@pytest.mark.parametrize("kind", ["RELU", "QUANTIZE", "LEAKY_RELU"])
def test_rescaling_functions(kind: str, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    options = [{"alpha": a} for a in (0.1, 0.0, 0.3, -0.2, 1.7)] if kind == "LEAKY_RELU" else [{}]
    for scale, zero_point, output, option in itertools.product(
        SCALES, (-128, 3, 127), (Q(0.0235, -128), Q(0.5, 9)), options
    ):
        batch.op(kind, (1, 256), (1, 256), Q(scale, zero_point), output, **option)
    _all_codes(batch, tmp_path)


def test_relu6_clamps_without_rescaling(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for scale, zero_point in itertools.product((0.0235, 0.0626, 0.3), (-128, 0, 20)):
        batch.op("RELU6", (1, 256), (1, 256), Q(scale, zero_point), Q(scale, zero_point))
    _all_codes(batch, tmp_path)


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "LEAKY_RELU", "LOGISTIC", "TANH"])
def test_float_functions(kind: str, tmp_path: Path) -> None:
    options = {"alpha": 0.3} if kind == "LEAKY_RELU" else {}
    batch = OpBatch("float32")
    batch.op(kind, (1, 200), (1, 200), Q(1, 0), Q(1, 0), **options)
    model = tflite.parse(batch.build(), "m.tflite")
    ends = [-np.inf, np.inf, -100.0, 100.0, -16.7, 16.7, -9.01, -8.99, 0.0, -0.0]
    values = np.concatenate([ends, np.linspace(-20, 20, 190)]).astype(np.float32)
    # The host's libm may round exp and tanh differently from the interpreter's.
    tolerance = 2e-7 if kind in ("LOGISTIC", "TANH") else 0.0
    finite = np.where(np.isfinite(values), values, 50.0).reshape(1, 200).astype(np.float32)
    host_engine.check_vectors(model, [[finite]], tmp_path, float_tolerance=tolerance)
    if kind in ("LOGISTIC", "TANH"):
        host_engine.check_vectors(
            model, [[values.reshape(1, 200)]], tmp_path / "ends", float_tolerance=tolerance
        )


@pytest.mark.parametrize(("scale", "zero_point"), [(0.05, -3), (1.0, 127), (3e-5, -128)])
def test_quantize_and_dequantize(scale: float, zero_point: int, tmp_path: Path) -> None:
    b = ModelBuilder()
    x = b.tensor("x", [1, 600], "float32")
    q = b.tensor("q", [1, 600], scale=scale, zero_point=zero_point)
    y = b.tensor("y", [1, 600], "float32")
    b.op("QUANTIZE", [x], [q])
    b.op("DEQUANTIZE", [q], [y])
    model = tflite.parse(b.build([x], [y]), "m.tflite")
    steps = (np.arange(600) - 300) / 2  # ties too
    values = (steps * scale).astype(np.float32).reshape(1, 600)
    host_engine.check_vectors(model, [[values]], tmp_path)
