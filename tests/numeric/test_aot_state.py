"""Models that keep something from one inference to the next, over several of them, against
TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine
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
