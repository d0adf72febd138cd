"""Comparisons, logic, SELECT_V2 and CAST against TensorFlow Lite Micro."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine
from support.host_engine import Vector
from support.tflite_builder import ModelBuilder

COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")

SHAPES = (
    ((1, 5, 4, 3), (1, 5, 4, 3)),
    ((1, 5, 4, 3), (1, 1, 3)),
    ((1, 5, 4, 3), (1, 1, 1)),
    ((2, 5, 4, 3), (5, 1, 3)),
    ((3,), (4, 3)),
    ((2, 1, 4), (1, 3, 1)),
    ((), ()),
    ((7,), ()),
)


class _Models:
    """Operators side by side, each with inputs and an output of the graph to itself."""

    def __init__(self) -> None:
        self.builder = ModelBuilder()
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def input(self, shape: tuple[int, ...], dtype: str, **quant: Any) -> int:
        self.inputs.append(self.builder.tensor("x", shape, dtype, **quant))
        return self.inputs[-1]

    def op(
        self, kind: str, inputs: list[int], shape: tuple[int, ...], dtype: str, **quant: Any
    ) -> None:
        output = self.builder.tensor(f"{kind} {shape} {quant}", shape, dtype, **quant)
        self.builder.op(kind, inputs, [output])
        self.outputs.append(output)

    def build(self) -> bytes:
        return self.builder.build(self.inputs, self.outputs)


@pytest.mark.parametrize("kind", COMPARISONS)
def test_comparisons_of_every_pair_of_codes(kind: str, tmp_path: Path) -> None:
    models = _Models()
    quants = ((0.1, 0, 0.1, 0), (0.1, 3, 0.1, -128), (0.5, 127, 0.003, -7), (0.999, -128, 1e-6, 9))
    for scale, point, other, other_point in quants:
        pair = [
            models.input((256, 1), "int8", scale=scale, zero_point=point),
            models.input((1, 256), "int8", scale=other, zero_point=other_point),
        ]
        models.op(kind, pair, (256, 256), "bool")
    codes = np.arange(-128, 128, dtype=np.int8)
    vector: Vector = [codes.reshape(256, 1), codes.reshape(1, 256)] * len(quants)
    model = tflite.parse(models.build(), "m.tflite")
    assert host_engine.refusals(model) == ()
    host_engine.check_vectors(model, [vector], tmp_path)


@pytest.mark.parametrize("dtype", ["int8", "float32", "int32", "bool"])
def test_comparisons_broadcast(dtype: str, tmp_path: Path) -> None:
    models = _Models()
    quant = {"scale": 0.2, "zero_point": -9} if dtype == "int8" else {}
    for kind, shapes in itertools.product(COMPARISONS, SHAPES):
        if dtype == "bool" and kind not in ("EQUAL", "NOT_EQUAL"):
            continue
        pair = [models.input(shape, dtype, **quant) for shape in shapes]
        models.op(kind, pair, np.broadcast_shapes(*shapes), "bool")
    model = tflite.parse(models.build(), "m.tflite")
    random = np.random.default_rng(3)
    vectors = [[_few_values(model.tensors[t], random) for t in model.inputs] for _ in range(4)]
    assert host_engine.refusals(model) == ()
    host_engine.check_vectors(model, vectors, tmp_path)


def _few_values(tensor: Any, random: np.random.Generator) -> Any:
    """So few that many are equal; NaN and infinities among the floats."""
    choices: list[float] = [-2, -1, 0, 1]
    if tensor.dtype.value == "float32":
        choices = [-np.inf, -1.5, -0.0, 0.0, 1e-30, 2.0, np.inf, np.nan]
    if tensor.dtype.value == "bool":
        choices = [0, 1]
    return random.choice(choices, tensor.shape).astype(tensor.dtype.numpy)


def test_comparison_with_a_constant(tmp_path: Path) -> None:
    models = _Models()
    b = models.builder
    limit = b.tensor("limit", [1], "int8", scale=0.2, zero_point=3, data=[17])
    for kind in COMPARISONS:
        x = models.input((2, 128), "int8", scale=0.1, zero_point=-4)
        models.op(kind, [x, limit], (2, 128), "bool")
    codes = np.arange(-128, 128, dtype=np.int8).reshape(2, 128)
    model = tflite.parse(models.build(), "m.tflite")
    host_engine.check_vectors(model, [[codes] * len(COMPARISONS)], tmp_path)


def test_logic(tmp_path: Path) -> None:
    models = _Models()
    for shapes in SHAPES:
        for kind in ("LOGICAL_AND", "LOGICAL_OR"):
            pair = [models.input(shape, "bool") for shape in shapes]
            models.op(kind, pair, np.broadcast_shapes(*shapes), "bool")
        models.op("LOGICAL_NOT", [models.input(shapes[0], "bool")], shapes[0], "bool")
    model = tflite.parse(models.build(), "m.tflite")
    random = np.random.default_rng(4)
    vectors = [[_few_values(model.tensors[t], random) for t in model.inputs] for _ in range(4)]
    assert host_engine.refusals(model) == ()
    host_engine.check_vectors(model, vectors, tmp_path)


SELECTED = (
    ((2, 3, 4), (2, 3, 4), (2, 3, 4)),
    ((2, 1, 4), (2, 3, 1), (1, 3, 4)),
    ((1,), (5, 6), (6,)),
    ((), (4,), (4,)),
    ((3, 1), (), (3, 5)),
    ((4, 1, 2, 1), (1, 3, 1, 5), (1, 1, 1, 1)),
    ((2, 1, 2, 1, 2), (1, 3, 1, 2, 1), (2, 3, 2, 2, 2)),
    ((1,), (), (1, 1)),
    ((6,), (6,), ()),
)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
def test_select(dtype: str, tmp_path: Path) -> None:
    models = _Models()
    point = {"int8": -5, "int16": 0}.get(dtype)
    quant = {} if point is None else {"scale": 0.2, "zero_point": point}
    for shapes in SELECTED:
        condition = models.input(shapes[0], "bool")
        pair = [models.input(shape, dtype, **quant) for shape in shapes[1:]]
        output = np.broadcast_shapes(*shapes)
        models.op("SELECT_V2", [condition, *pair], output, dtype, **quant)
    host_engine.check(models.build(), tmp_path, vectors=4)


def test_select_of_what_was_compared(tmp_path: Path) -> None:
    """A comparison's result, negated, chooses between its own operands, in their memory."""
    b = ModelBuilder()
    quant: dict[str, Any] = {"scale": 0.1, "zero_point": 3}
    x, y = (b.tensor(name, [3, 40], scale=0.1, zero_point=3) for name in "xy")
    less, not_less = (b.tensor(name, [3, 40], "bool") for name in ("less", "not less"))
    relu, larger = (b.tensor(name, [3, 40], **quant) for name in ("relu", "larger"))
    b.op("RELU", [x], [relu])
    b.op("LESS", [relu, y], [less])
    b.op("LOGICAL_NOT", [less], [not_less])
    b.op("SELECT_V2", [not_less, relu, y], [larger])
    host_engine.check(b.build([x, y], [larger]), tmp_path)


NUMBERS = ("int8", "int16", "int32", "float32")


@pytest.mark.parametrize("source", [*NUMBERS, "bool"])
def test_cast(source: str, tmp_path: Path) -> None:
    models = _Models()
    for target in NUMBERS:
        models.op("CAST", [models.input((3, 50), source)], (3, 50), target)
    if source in ("int8", "int16"):  # with a scale of its own, which does not matter
        x = models.input((3, 50), source, scale=0.3, zero_point=0)
        models.op("CAST", [x], (3, 50), "float32")
    model = tflite.parse(models.build(), "m.tflite")
    random = np.random.default_rng(6)
    vectors = []
    for reach in (2.0, 100.0, 127.99, 30000.0):
        floats = random.uniform(-reach, reach, (3, 50))
        floats[0, :4] = (0.5, -0.5, 0.999, -1.999)
        # What does not fit into the target is for C++ to say nothing about: floats stay inside.
        inside = floats if source != "float32" else np.clip(floats, -127.99, 127.99)
        values = inside > 0 if source == "bool" else inside
        vectors.append([values.astype(source)] * len(model.inputs))
    assert host_engine.refusals(model) == ()
    host_engine.check_vectors(model, vectors, tmp_path)


def test_cast_of_floats_beyond_the_target(tmp_path: Path) -> None:
    """As cast.h says, and without a word from the sanitizers: TFLM leaves these undefined."""
    models = _Models()
    for target in NUMBERS[:3]:
        models.op("CAST", [models.input((1, 6), "float32")], (1, 6), target)
    model = tflite.parse(models.build(), "m.tflite")
    floats = np.array([[300.0, -70000.0, 1e10, -1e10, np.inf, np.nan]], np.float32)
    whole = np.array([[300, -70000, 2**31 - 1, -(2**31), 2**31 - 1, 0]], np.int64)
    engine = host_engine.HostEngine(model, tmp_path)
    for got in engine.run([[floats] * 3]):
        for tensor, values in got.items():
            np.testing.assert_array_equal(values, whole.astype(model.tensors[tensor].dtype.numpy))


LOG_SCALES = (2.0**-22, 0.001, 0.0123, 0.0626, 0.1, 0.5, 1.0, 4.0, 40.0)


def test_log_softmax(tmp_path: Path) -> None:
    models = _Models()
    for scale, shape in itertools.product(
        LOG_SCALES, ((1, 1), (3, 2), (2, 3, 4, 5), (7,), (2, 300))
    ):
        x = models.input(shape, "int8", scale=scale, zero_point=11)
        models.op("LOG_SOFTMAX", [x], shape, "int8", scale=1 / 16, zero_point=127)
    host_engine.check(models.build(), tmp_path, vectors=12)


def test_log_softmax_of_long_and_of_sparse_rows(tmp_path: Path) -> None:
    models = _Models()
    for scale in LOG_SCALES:
        x = models.input((1, 4095), "int8", scale=scale, zero_point=-3)
        models.op("LOG_SOFTMAX", [x], (1, 4095), "int8", scale=1 / 16, zero_point=127)
    model = tflite.parse(models.build(), "m.tflite")
    random = np.random.default_rng(8)
    vectors = []
    for largest in (1, 2, 3, 17, 500, 4095):  # so many have the largest value, the others less
        values = random.integers(-128, 90, (1, 4095)).astype(np.int8)
        values[0, :largest] = 90
        vectors.append([values] * len(LOG_SCALES))
    host_engine.check_vectors(model, vectors, tmp_path)
