"""The kernels that take what is not proved to suit faster ones, on what suits those too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from edgegen.model import Model
from numeric import test_aot_conv as conv
from numeric import test_aot_dsp_elementwise as elementwise
from numeric import test_aot_fully_connected as dense
from support import host_engine
from support.host_engine import Build
from support.op_batch import OpBatch, Q

CONVOLUTIONS = [*conv.GEOMETRY, *conv.ALIGNED, *conv.QUANTISATION]


def _is_scalar(case: conv.Conv | dense.Dense) -> bool:
    batch = OpBatch("int8")
    case.add(batch)
    return _kernel_is_scalar(tflite.parse(batch.build(), "test.tflite"))


def _kernel_is_scalar(model: Model) -> bool:
    chosen = choose(KERNELS, model, model.ops[0])
    assert not isinstance(chosen, str)
    return chosen.lower.__module__.endswith("_scalar")


@pytest.mark.parametrize("depth_multiplier", [None, 1])
def test_convolutions(depth_multiplier: int | None, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for case in CONVOLUTIONS:
        replace(case, depth_multiplier=depth_multiplier).add(batch)
    host_engine.check(batch.build(), tmp_path, build=Build(general=True))


def test_fully_connected(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for case in [*dense.SHAPES, *dense.QUANTISATION]:
        case.add(batch)
    host_engine.check(batch.build(), tmp_path, build=Build(general=True))


def test_sums(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for qs in elementwise.RESIDUALS:
        for kind in ("ADD", "SUB"):
            batch.binary(kind, [(1, 300)] * 2, qs)
    host_engine.check(batch.build(), tmp_path, build=Build(general=True))


def test_what_the_faster_kernels_take() -> None:
    assert all(map(_is_scalar, conv.ALIGNED))
    deep = [case for case in conv.ALIGNED if case.depth >= 4]
    assert all(_is_scalar(replace(case, depth_multiplier=1)) for case in deep)
    assert all(map(_is_scalar, dense.SHAPES))


def test_what_they_do_not() -> None:
    assert not _is_scalar(conv.Conv(extreme=True))  # pairs of -128
    assert _is_scalar(conv.Conv(extreme=True, depth=4, depth_multiplier=1))
    assert not _is_scalar(conv.Conv(depth=3, depth_multiplier=1))
    assert not _is_scalar(conv.Conv(depth=4, depth_multiplier=2))
    for depth_multiplier in (None, 1):
        case = conv.Conv(depth=4, depth_multiplier=depth_multiplier)
        assert not _is_scalar(replace(case, scales=(5.0,), output_scale=0.05))
        assert not _is_scalar(replace(case, dilation=(2, 1)))
        assert not _is_scalar(replace(case, activation="relu_n1_to_1"))
    assert not _is_scalar(dense.Dense(scale=0.6, output_scale=0.05))


# The sums of two products at two positions share a word whatever the weights and inputs are.
@pytest.mark.parametrize(("least", "scalar"), [(-127, True), (-128, False)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3)])
def test_the_largest_weights_and_inputs(
    size: tuple[int, int], least: int, scalar: bool, tmp_path: Path
) -> None:
    batch = OpBatch("int8")
    weights = batch.random.choice([least, 127], (5, *size, 8))
    weights[0], weights[1] = least, 127
    weights[2] = np.resize([-128, 127], weights[2].shape)  # neighbours differ
    quantised = Q(0.05, -128), Q(6.0, 3)
    batch.op(
        "CONV_2D", (1, 5, 5, 8), (1, 5, 5, 5), *quantised, [batch.int8(weights, 0.01)],
        padding="SAME", stride=(1, 1), dilation=(1, 1), activation="none",
    )  # fmt: skip
    model = tflite.parse(batch.build(), "test.tflite")
    assert _kernel_is_scalar(model) is scalar
    inputs = [
        [np.random.default_rng(seed).choice(np.array([-128, 127], np.int8), (1, 5, 5, 8))]
        for seed in range(20)
    ]
    host_engine.check_vectors(model, inputs, tmp_path)
