"""How kernels are chosen: by speed within the RAM, by the arena, by flash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen import registry
from edgegen.engines.aot import AotEngine
from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Program
from edgegen.frontends import load, tflite
from edgegen.model import DType, Model
from edgegen.options import OPTIMIZE_FOR, OptimizeFor, Options
from edgegen.passes.memory_plan import step_bounds
from support.tflite_builder import ModelBuilder

SMALL = "eg_run_conv_2d_in_order_s8_dsp"


@pytest.fixture(scope="module")
def convs() -> Model:
    """Three 3x3 convolutions of an image, one after the other."""
    b = ModelBuilder()
    random = np.random.default_rng(0)
    first = newest = b.tensor("x", [1, 32, 32, 8], scale=0.1)
    for name in "abc":
        weights = random.integers(-127, 128, (8, 3, 3, 8))
        w = b.tensor(f"w{name}", weights.shape, data=weights, scale=0.01)
        y = b.tensor(name, [1, 32, 32, 8], scale=0.2)
        b.op("CONV_2D", [newest, w], [y], padding="SAME")
        newest = y
    return tflite.parse(b.build([first], [newest]), "convs.tflite")


def functions(program: Program) -> list[str]:
    return [getattr(step, "function", "") for step in program.steps]


def test_the_fastest_kernels_where_there_is_room(convs: Model) -> None:
    program = lower(convs, ("dsp",))
    assert SMALL not in functions(program)
    assert program.plan.arena_bytes > 2 * 32 * 32 * 8


def test_smaller_ones_where_there_is_little(convs: Model) -> None:
    fast = lower(convs, ("dsp",))
    enough = fast.plan.arena_bytes
    assert functions(lower(convs, ("dsp",), arena_budget=enough)) == functions(fast)
    program = lower(convs, ("dsp",), arena_budget=enough - 1)
    assert program.plan.arena_bytes < enough
    assert SMALL in functions(lower(convs, ("dsp",), arena_budget=2 * 32 * 32 * 8))


def test_the_smallest_where_nothing_fits(convs: Model) -> None:
    smallest = lower(convs, ("dsp",), arena_budget=1)
    assert smallest.plan.arena_bytes <= lower(convs, ("dsp",), "memory").plan.arena_bytes


def test_in_place_an_image_takes_one_and_a_row(convs: Model) -> None:
    program = lower(convs, ("dsp",), "memory")
    assert functions(program) == [SMALL] * 3
    image, row, scratch = 32 * 32 * 8, 32 * 8, 4 * 9 * 8 + 2 * 24
    assert program.plan.lower_bound <= image + row + 2 * 8 + scratch
    assert program.plan.arena_bytes <= image + 3 * (row + 2 * 8) + scratch


def test_the_least_flash(convs: Model) -> None:
    def flash(program: Program) -> int:
        return functions(program).count(fast)

    fast = functions(lower(convs, ("dsp",)))[0]
    program = lower(convs, ("dsp",), "size", flash_bytes=flash)
    assert fast not in functions(program)


@pytest.mark.parametrize("features", [(), ("dsp",), ("dsp", "mve")])
@pytest.mark.parametrize("optimize_for", OPTIMIZE_FOR)
def test_better_at_what_it_is_for(
    digits_tflite: Path, features: tuple[str, ...], optimize_for: OptimizeFor
) -> None:
    model = load(digits_tflite)
    device = replace(registry.load_device("cortex_m4"), features=features)

    def needs(chosen_for: OptimizeFor) -> tuple[int, int]:
        found = AotEngine().footprint(model, device, Options("m", optimize_for=chosen_for))
        assert None not in (found.arena.bytes, found.weights.bytes, found.code.bytes)
        return found.arena.bytes or 0, (found.weights.bytes or 0) + (found.code.bytes or 0)

    arena, flash = needs(optimize_for)
    for arena_of_another, flash_of_another in map(needs, OPTIMIZE_FOR):
        if optimize_for == "memory":
            assert arena * 16 <= arena_of_another * 17
        if optimize_for == "size":
            assert flash <= flash_of_another


def test_the_bound_is_the_plans(convs: Model) -> None:
    program = lower(convs, ("dsp",), "memory")
    assert program.plan.lower_bound <= program.plan.arena_bytes
    assert step_bounds([], {}) == {}


def test_a_refusal_says_each_element_type_once(convs: Model) -> None:
    op = convs.ops[0]
    others = [k for k in KERNELS if k.kind is op.kind and k.dtype is DType.FLOAT32]
    assert choose((*others, *others), convs, op, ("wasm",)) == (
        "no kernel for int8 (there is float32)."
    )
