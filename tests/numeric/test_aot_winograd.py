"""The Winograd kernel of CONV_2D, through its portable twins, against TFLM."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.ops import KERNELS, winograd_dsp
from edgegen.engines.aot.program import Call
from edgegen.frontends import tflite
from numeric.test_aot_conv import Conv
from support import host_engine
from support.op_batch import OpBatch

DSP = host_engine.Build(features=("dsp",))
BASE = Conv(image=(8, 8), depth=8, channels=8)
IMAGES = ((1, 1), (1, 9), (9, 1), (2, 3), (4, 4), (5, 7), (6, 13), (8, 8), (16, 3), (12, 17))

GEOMETRY = [
    *(replace(BASE, image=image) for image in IMAGES),
    *(replace(BASE, image=image, padding="VALID") for image in IMAGES if min(image) > 2),
    replace(BASE, image=(9, 6), batches=2),
    *(
        replace(BASE, image=(6, 9), depth=depth, channels=channels)
        for depth, channels in ((4, 4), (4, 12), (12, 4), (20, 8), (8, 20), (36, 4))
    ),
]
ROUNDING = [
    *(
        replace(BASE, zero_points=(zero, zero_out))
        for zero in (-128, 5, 127)
        for zero_out in (-128, 3, 127)
    ),
    replace(BASE, zero_points=(-128, -128), activation="relu"),
    replace(BASE, has_bias=False),
    replace(BASE, scales=(0.001, 0.003, 0.01, 0.04, 0.07)),
    replace(BASE, depth=4, extreme=True, output_scale=3.0),
]
# Each breaks one condition of the kernel.
OTHERS = [
    replace(BASE, depth=6),
    replace(BASE, channels=6),
    replace(BASE, size=(3, 2)),
    replace(BASE, stride=(2, 2)),
    replace(BASE, dilation=(2, 2)),
    replace(BASE, activation="relu"),  # whose lower end is not -128
    replace(BASE, scales=(8.0,)),  # a multiplier of 1
    replace(BASE, scales=(1e-7,)),  # too small a one
    replace(BASE, depth=64, image=(4, 4), extreme=True),  # 576 times its sums are no int32
]


def _check(cases: list[Conv], folder: Path) -> list[bool]:
    """Compares every case with TFLM; whether Winograd's kernel ran it."""
    batch = OpBatch("int8")
    for case in cases:
        case.add(batch)
    data = batch.build()
    host_engine.check(data, folder, build=DSP)
    model = tflite.parse(data, "test.tflite")
    return [_is_winograd(choose(KERNELS, model, op, DSP.features)) for op in model.ops]


def _is_winograd(chosen: Kernel | str) -> bool:
    return chosen in winograd_dsp.KERNELS


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it does not pay."""
    monkeypatch.setattr(winograd_dsp, "pays", lambda window, kept_bytes: True)


@pytest.mark.usefixtures("always")
def test_geometry(tmp_path: Path) -> None:
    assert all(_check(GEOMETRY, tmp_path))


@pytest.mark.usefixtures("always")
def test_rounding(tmp_path: Path) -> None:
    assert all(_check(ROUNDING, tmp_path))


@pytest.mark.usefixtures("always")
def test_what_the_kernel_does_not_take(tmp_path: Path) -> None:
    assert not any(_check(OTHERS, tmp_path))


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("kept_bytes", [0, 14_000])
def test_little_memory(kept_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters are made again for every row of tiles, or for every other."""
    variant = winograd_dsp.variant
    monkeypatch.setattr(winograd_dsp, "variant", lambda window, _: variant(window, kept_bytes))
    cases = [replace(BASE, image=(13, 5), depth=12), replace(BASE, image=(13, 5), depth=4)]
    assert all(_check(cases, tmp_path))


@pytest.mark.usefixtures("always")
def test_every_scale(tmp_path: Path) -> None:
    """Whatever is taken, if anything, must be exact."""
    cases = [
        replace(BASE, image=(5, 4), zero_points=(zero, -3), output_scale=scale)
        for zero, scale in itertools.product((-128, 127), (0.0011, 0.01, 0.09, 0.7, 6.0, 90.0))
    ]
    assert any(_check(cases, tmp_path))


@pytest.mark.usefixtures("always")
def test_inputs_of_extremes(tmp_path: Path) -> None:
    """Patterns of the smallest and the largest input reach the ends of every coordinate."""
    batch = OpBatch("int8")
    for depth in (4, 24):
        replace(BASE, image=(10, 10), depth=depth, zero_points=(127, 0)).add(batch)
    replace(BASE, image=(6, 6), depth=4, extreme=True, output_scale=3.0).add(batch)
    model = tflite.parse(batch.build(), "test.tflite")
    random = np.random.default_rng(4)
    ends = np.array([-128, 127], np.int8)
    inputs = [[random.choice(ends, model.tensors[t].shape) for t in model.inputs] for _ in range(4)]
    host_engine.check_vectors(model, inputs, tmp_path, build=DSP)


def test_it_has_to_pay(tmp_path: Path) -> None:
    cases = [
        replace(BASE, image=(16, 16), depth=16, channels=16),
        replace(BASE, image=(16, 16), depth=4, channels=4),
        replace(BASE, image=(1, 1), depth=16, channels=16),
    ]
    assert _check(cases, tmp_path) == [True, False, False]


def test_it_takes_less_where_memory_is_short() -> None:
    batch = OpBatch("int8")
    replace(BASE, image=(32, 32), depth=16, channels=16).add(batch)
    model = tflite.parse(batch.build(), "test.tflite")
    scratch = []
    for budget in (None, 55_000, 40_000):
        (call,) = lower(model, DSP.features, arena_budget=budget).steps
        assert isinstance(call, Call)
        scratch.append((call.function == "eg_run_winograd_s8_dsp", call.scratch_bytes))
    assert [is_winograd for is_winograd, _ in scratch] == [True, True, False]
    assert scratch[0][1] > scratch[1][1] > scratch[2][1]
