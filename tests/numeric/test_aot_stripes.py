"""Layers that are computed in stripes: the same as TensorFlow Lite Micro's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.program import Alias, Call
from edgegen.engines.aot.stripes import rows_of
from edgegen.frontends import tflite
from support import host_engine
from support.host_engine import Build
from support.tflite_builder import ModelBuilder

FEATURES = pytest.mark.parametrize(
    "features", [(), ("dsp",), ("dsp", "mve")], ids=["scalar", "dsp", "mve"]
)


def block(
    image: tuple[int, int],
    size: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    *,
    swapped: bool = False,
    kind: str = "ADD",
) -> bytes:
    """A residual block whose input comes from an image of two channels."""
    b = ModelBuilder()
    random = np.random.default_rng(7)
    x = b.tensor("x", [1, *image, 2], scale=0.1, zero_point=3)
    height, width = (-(-extent // step) for extent, step in zip(image, stride, strict=True))

    def conv(name: str, data: int, depth: int, size: tuple[int, int], **options: object) -> int:
        weights = random.integers(-127, 128, (16, *size, depth))
        w = b.tensor(f"w {name}", weights.shape, data=weights, scale=0.01)
        y = b.tensor(name, [1, height, width, 16], scale=0.5, zero_point=-4)
        b.op("CONV_2D", [data, w], [y], padding="SAME", **options)
        return y

    skip = conv("skip", x, 2, size, stride=stride)
    newest = conv("second", conv("first", skip, 16, (3, 3)), 16, (3, 3))
    y = b.tensor("y", [1, height, width, 16], scale=0.7)
    b.op(kind, [newest, skip] if swapped else [skip, newest], [y])
    return b.build([x], [y])


@FEATURES
@pytest.mark.parametrize(
    "data",
    [
        block((16, 16)),
        block((17, 9), swapped=True),
        block((32, 16), stride=(2, 1), kind="SUB"),
        block((11, 12), size=(5, 3), kind="SUB", swapped=True),
    ],
    ids=["same", "odd", "strided", "tall filter"],
)
def test_a_summand_is_computed_again(
    data: bytes, features: tuple[str, ...], tmp_path: Path
) -> None:
    model = tflite.parse(data, "block.tflite")
    small, fast = lower(model, features, "memory"), lower(model, features)
    total = small.steps[3]
    assert isinstance(total, Call)
    assert len(total.parts) >= 4
    assert small.plan.arena_bytes < 0.8 * fast.plan.arena_bytes
    build = Build("gcc", "-O1", features=features, optimize_for="memory")
    host_engine.check(data, tmp_path, build=build)


def widened(
    image: tuple[int, int],
    size: tuple[int, int] = (1, 1),
    second: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (2, 2),
    *,
    depthwise: bool = True,
    padding: str = "SAME",
) -> bytes:
    """Eight channels become 32, and a smaller image again."""
    b = ModelBuilder()
    random = np.random.default_rng(8)
    x = b.tensor("x", [1, *image, 8], scale=0.1, zero_point=3)
    weights = random.integers(-127, 128, (32, *size, 8))
    w = b.tensor("w wide", weights.shape, data=weights, scale=0.01)
    wide = b.tensor("wide", [1, *image, 32], scale=0.5, zero_point=-128)
    b.op("CONV_2D", [x, w], [wide], padding="SAME", activation="relu")
    sizes = [
        -(-extent // step) if padding == "SAME" else (extent - taps) // step + 1
        for extent, step, taps in zip(image, stride, second, strict=True)
    ]
    channels = 32 if depthwise else 4
    weights = random.integers(-127, 128, (1, *second, 32) if depthwise else (4, *second, 32))
    w = b.tensor("w", weights.shape, data=weights, scale=0.01)
    y = b.tensor("y", [1, *sizes, channels], scale=1.0, zero_point=-128)
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    options = {"depth_multiplier": 1} if depthwise else {}
    b.op(kind, [wide, w], [y], stride=stride, padding=padding, activation="relu", **options)
    return b.build([x], [y])


@FEATURES
@pytest.mark.parametrize(
    "data",
    [
        widened((24, 24)),
        widened((21, 17)),
        widened((33, 8), padding="VALID"),
        widened((24, 16), size=(3, 3)),
        widened((20, 15), depthwise=False),
        widened((19, 12), second=(5, 3), stride=(1, 1), depthwise=False),
        widened((17, 12), second=(1, 1), stride=(1, 1), depthwise=False),
    ],
    ids=["even", "odd", "valid", "3x3 first", "dense", "tall", "pointwise"],
)
def test_two_layers_take_turns(data: bytes, features: tuple[str, ...], tmp_path: Path) -> None:
    model = tflite.parse(data, "wide.tflite")
    program = lower(model, features, "memory")
    first, second = program.steps
    assert isinstance(first, Call)
    assert isinstance(second, Alias)
    assert len(first.parts) >= 8
    assert program.plan.arena_bytes < 0.95 * model.tensors[first.parts[0].call.output].bytes
    build = Build("gcc", "-O1", features=features, optimize_for="memory")
    host_engine.check(data, tmp_path, build=build)


def test_what_somebody_else_reads_is_kept_whole() -> None:
    model = tflite.parse(widened((24, 24)), "wide.tflite")
    both = replace(model, outputs=(model.ops[0].outputs[0], *model.outputs))
    assert any(_parts(lower(model, ("dsp",), "memory")))
    assert not any(_parts(lower(both, ("dsp",), "memory")))


def test_rows_that_nobody_reads_must_be_computed_too() -> None:
    # A filter of one row and a stride of two: every other row would be left out.
    data = widened((24, 24), second=(1, 1), depthwise=False)
    model = tflite.parse(data, "wide.tflite")
    assert not any(_parts(lower(model, ("dsp",), "memory")))


def test_a_smaller_budget_is_met_by_it() -> None:
    model = tflite.parse(block((16, 16)), "block.tflite")
    fast, small = lower(model, ("dsp",)), lower(model, ("dsp",), "memory")
    in_place = 2 * 16 * 16 * 16 + 2000
    assert not any(_parts(lower(model, ("dsp",), arena_budget=in_place)))
    assert any(_parts(lower(model, ("dsp",), arena_budget=small.plan.arena_bytes)))
    assert fast.plan.arena_bytes > in_place > small.plan.arena_bytes


def _parts(program: object) -> list[bool]:
    return [bool(getattr(step, "parts", ())) for step in getattr(program, "steps", ())]


def test_rows_of_a_window() -> None:
    model = tflite.parse(block((16, 16)), "block.tflite")
    call = lower(model, ("dsp",)).steps[0]
    assert isinstance(call, Call)
    for first, count, top, rows, skipped in (
        (0, 4, 1, 5, 0),
        (4, 4, 0, 6, 3),
        (12, 4, 0, 5, 11),
        (0, 16, 1, 16, 0),
    ):
        found = rows_of(model, call, first, count)
        assert found is not None
        fields = dict(found.call.fields)
        assert fields["window.output_height"] == count
        assert (fields["window.pad_top"], fields["window.input_height"]) == (top, rows)
        assert (found.top, found.rows) == (skipped, rows)
