"""Models that keep something from one inference to the next, over several of them, against
TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine, recurrent
from support.recurrent import Q
from support.tflite_builder import ModelBuilder

STEPS = 6

QUANTS: dict[str, dict[str, Any]] = {
    "int8": {"scale": 0.1, "zero_point": -7},
    "int16": {"scale": 0.1, "zero_point": 0},
    "float32": {},
    "int32": {},
}


def delay_line(dtype: str, initial: Any = None) -> bytes:
    """y = the last three rows: what streaming convolutions keep of their input."""
    b = ModelBuilder()
    quant = QUANTS[dtype]
    if initial is not None:
        b.initialise("rows", np.asarray(initial), dtype, **quant)
    handle = b.variable("rows")
    x = b.tensor("x", [1, 1, 4], dtype, **quant)
    old = b.tensor("old", [1, 2, 4], dtype, **quant)
    y = b.tensor("y", [1, 3, 4], dtype, **quant)
    new = b.tensor("new", [1, 2, 4], dtype, **quant)
    begin, size = (
        b.tensor(name, [3], "int32", data=data)
        for name, data in (("begin", [0, 1, 0]), ("size", [1, 2, 4]))
    )
    b.op("READ_VARIABLE", [handle], [old])
    b.op("CONCATENATION", [old, x], [y], axis=1)
    b.op("SLICE", [y, begin, size], [new])
    b.op("ASSIGN_VARIABLE", [handle, new], [])
    return b.build([x], [y])


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("initialised", [False, True])
def test_delay_line(dtype: str, initialised: bool, tmp_path: Path) -> None:
    initial = np.arange(8).reshape(1, 2, 4) if initialised else None
    host_engine.check(delay_line(dtype, initial), tmp_path, vectors=STEPS)


@pytest.mark.parametrize("dtype", sorted(QUANTS))
def test_the_last_input(dtype: str, tmp_path: Path) -> None:
    b = ModelBuilder()
    handle = b.variable("last")
    x, y = (b.tensor(name, [2, 3], dtype, **QUANTS[dtype]) for name in "xy")
    b.op("READ_VARIABLE", [handle], [y])
    b.op("ASSIGN_VARIABLE", [handle, x], [])
    host_engine.check(b.build([x], [y]), tmp_path, vectors=STEPS)


def test_what_is_read_is_what_was_there(tmp_path: Path) -> None:
    """Read, assign, read: both values are used after the assignment, and the sum is kept."""
    b = ModelBuilder()
    quant = QUANTS["int8"]
    b.initialise("sum", np.full((1, 4), 11), "int8", **quant)
    first, second = b.variable("sum"), b.variable("sum")
    x, old, new, again, y = (b.tensor(n, [1, 4], **quant) for n in ("x", "old", "new", "b", "y"))
    b.op("READ_VARIABLE", [first], [old])
    b.op("ADD", [old, x], [new])
    b.op("ASSIGN_VARIABLE", [second, new], [])
    b.op("READ_VARIABLE", [second], [again])
    b.op("SUB", [again, old], [y])
    host_engine.check(b.build([x], [y, old]), tmp_path, vectors=STEPS)


def test_two_variables_and_a_flag(tmp_path: Path) -> None:
    """One of truth values, and one that is assigned straight from an input."""
    b = ModelBuilder()
    quant = QUANTS["int8"]
    b.initialise("seen", np.array([True, False, False, True]), "bool")
    b.initialise("last", np.array([1, -2, 3, -4]), "int8", **quant)
    seen, last = b.variable("seen"), b.variable("last")
    x, before, y = (b.tensor(name, [4], **quant) for name in ("x", "before", "y"))
    was, larger, now = (b.tensor(name, [4], "bool") for name in ("was", "larger", "now"))
    b.op("READ_VARIABLE", [seen], [was])
    b.op("READ_VARIABLE", [last], [before])
    b.op("GREATER", [x, before], [larger])
    b.op("LOGICAL_AND", [was, larger], [now])
    b.op("ASSIGN_VARIABLE", [seen, larger], [])
    b.op("ASSIGN_VARIABLE", [last, x], [])
    b.op("SELECT_V2", [now, x, before], [y])
    host_engine.check(b.build([x], [y, now]), tmp_path, vectors=STEPS)


def test_init_is_a_reset(tmp_path: Path) -> None:
    model = tflite.parse(delay_line("int8", np.arange(8).reshape(1, 2, 4)), "m.tflite")
    inputs = host_engine.random_vectors(model, 4, seed=3)
    engine = host_engine.HostEngine(model, tmp_path)
    once, again = engine.run(inputs), engine.run(inputs, init_before_every=len(inputs) // 2)
    half = engine.run(inputs[: len(inputs) // 2]) + engine.run(inputs[len(inputs) // 2 :])
    for tensor in model.outputs:
        assert all((a[tensor] == h[tensor]).all() for a, h in zip(again, half, strict=True))
        assert any((a[tensor] != o[tensor]).any() for a, o in zip(again, once, strict=True))


SVDF_SHAPES: tuple[dict[str, int], ...] = (
    {},
    {"batches": 3, "units": 5, "rank": 1, "inputs": 7},
    {"units": 1, "rank": 1, "memory": 1, "inputs": 1},
    {"units": 2, "rank": 4, "memory": 9, "inputs": 33, "batches": 2},
)


@pytest.mark.parametrize("shape", SVDF_SHAPES, ids=str)
@pytest.mark.parametrize("state_type", ["int8", "int16"])
def test_svdf(state_type: str, shape: dict[str, Any], tmp_path: Path) -> None:
    typical = 0.1 if state_type == "int8" else 3.0  # scale of an output that is not all clamped
    for k, (point, output) in enumerate(((-128, -100), (127, 90), (3, -128))):
        state = Q(0.02 if state_type == "int8" else 2.0**-11)
        data = recurrent.svdf(
            "int8",
            state_type,
            input_q=Q(0.05, point),
            output_q=Q(typical, output),
            state_q=state,
            time_scale=0.01 if state_type == "int8" else 1e-4,
            seed=k,
            **shape,
        )
        folder = tmp_path / str(k)
        folder.mkdir()
        host_engine.check(data, folder, vectors=STEPS + shape.get("memory", 4))


@pytest.mark.parametrize("point", [-128, -3, 90, 127])
def test_svdf_whose_state_has_a_zero_point(point: int, tmp_path: Path) -> None:
    """A value that is clamped to int8 wraps when the zero point is added: TFLM's does."""
    data = recurrent.svdf(
        "int8",
        "int8",
        batches=2,
        state_q=Q(0.01, point),
        output_q=Q(0.05, -3),
        feature_scale=0.02,
        time_scale=0.01,
    )
    host_engine.check(data, tmp_path, vectors=2 * STEPS)


@pytest.mark.parametrize("activation", ["none", "relu", "relu6"])
@pytest.mark.parametrize("shape", SVDF_SHAPES, ids=str)
def test_svdf_of_floats(shape: dict[str, Any], activation: str, tmp_path: Path) -> None:
    data = recurrent.svdf("float32", activation=activation, **shape)
    host_engine.check(data, tmp_path, vectors=2 * STEPS, float_tolerance=1e-6)


LSTM_SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"batches": 3, "times": 2, "units": 7, "inputs": 3},
    {"batches": 3, "times": 2, "units": 7, "inputs": 3, "time_major": True},
    {"times": 1, "units": 1, "inputs": 1},
    {"times": 9, "units": 16, "inputs": 13},
)


@pytest.mark.parametrize("shape", LSTM_SHAPES, ids=str)
def test_lstm(shape: dict[str, Any], tmp_path: Path) -> None:
    for k, point in enumerate((-128, 127, 3, -5)):
        data = recurrent.lstm(
            "int8",
            input_q=Q(0.05, point),
            hidden_q=Q((1 / 128, 0.003, 1 / 100, 1 / 64)[k], (0, -128, 127, 9)[k]),
            cell_scale=2.0 ** (-11, -15, -8, 0)[k],
            weight_scale=(0.01, 0.002, 0.05, 0.004)[k],
            seed=k,
            **shape,
        )
        folder = tmp_path / str(k)
        folder.mkdir()
        host_engine.check(data, folder, vectors=STEPS)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("clip", [0.3, 1e-5, 1e4])
def test_lstm_with_a_clipped_cell(dtype: str, clip: float, tmp_path: Path) -> None:
    data = recurrent.lstm(dtype, cell_clip=clip, times=6, weight_scale=0.03)
    host_engine.check(data, tmp_path, vectors=STEPS, float_tolerance=2e-6)


@pytest.mark.parametrize("shape", LSTM_SHAPES, ids=str)
def test_lstm_of_floats(shape: dict[str, Any], tmp_path: Path) -> None:
    data = recurrent.lstm("float32", **shape)
    host_engine.check(data, tmp_path, vectors=2 * STEPS, float_tolerance=2e-6)
