"""The DSP kernels of DEPTHWISE_CONV_2D, through their portable twins, against TFLM."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from numeric.test_aot_conv import Conv
from support import host_engine
from support.op_batch import OpBatch

DSP = host_engine.Build(features=("dsp",))
RELU = Conv(
    depth=8, depth_multiplier=1, activation="relu", zero_points=(-128, -128), output_scale=0.05
)
IMAGES = ((2, 1), (1, 2), (2, 2), (3, 3), (2, 9), (4, 3), (5, 8), (25, 5), (6, 6), (7, 12))

STRIDE_1 = [
    *(replace(RELU, image=image) for image in IMAGES),
    *(replace(RELU, depth=depth) for depth in (4, 5, 6, 7, 11)),
    *(replace(RELU, zero_points=(zero, -128), depth=4) for zero in (-127, -3, 0, 127)),
    replace(RELU, has_bias=False),
    replace(RELU, scales=(0.003, 0.01, 0.04, 0.09, 0.12)),
    replace(RELU, activation="relu6", output_scale=6 / 255),
]
STRIDE_2 = [
    *(replace(case, stride=(2, 2)) for case in STRIDE_1),
    *(
        replace(RELU, stride=(2, 2), padding="VALID", image=image)
        for image in ((3, 3), (4, 4), (5, 8), (9, 6))
    ),
    replace(RELU, stride=(2, 2), image=(1, 1)),
]
# Each breaks one condition of the DSP kernels.
OTHERS = [
    replace(RELU, padding="VALID"),
    replace(RELU, image=(1, 1)),
    replace(RELU, depth=3),
    replace(RELU, depth_multiplier=2),
    replace(RELU, batches=2),
    replace(RELU, size=(3, 5)),
    replace(RELU, stride=(2, 1)),
    replace(RELU, dilation=(2, 2)),
    replace(RELU, activation="none", zero_points=(-128, 3)),
    replace(RELU, activation="relu_n1_to_1", zero_points=(-128, 0)),
    replace(RELU, scales=(50.0,), depth=4),
]


def _check(cases: list[Conv], folder: Path) -> list[bool]:
    """Compares every case with TFLM; whether a DSP kernel ran it."""
    batch = OpBatch("int8")
    for case in cases:
        case.add(batch)
    data = batch.build()
    host_engine.check(data, folder, build=DSP)
    model = tflite.parse(data, "test.tflite")
    chosen = [choose(KERNELS, model, op, DSP.features) for op in model.ops]
    return [isinstance(kernel, Kernel) and "dsp" in kernel.needs for kernel in chosen]


def test_stride_1(tmp_path: Path) -> None:
    assert all(_check(STRIDE_1, tmp_path))


def test_stride_2(tmp_path: Path) -> None:
    assert all(_check(STRIDE_2, tmp_path))


def test_what_the_kernels_do_not_take(tmp_path: Path) -> None:
    assert not any(_check(OTHERS, tmp_path))


def test_scales_and_extreme_weights(tmp_path: Path) -> None:
    """Whatever is taken, if anything, must be exact."""
    cases = [
        replace(RELU, depth=4, image=(4, 5), zero_points=(zero, zero_out), activation=activation)
        for zero, zero_out in itertools.product((-128, 127), (-128, -100, 127))
        for activation in ("none", "relu", "relu6")
    ]
    cases += [replace(RELU, depth=4, extreme=True, output_scale=scale) for scale in (0.3, 2.0)]
    cases += [
        replace(RELU, depth=6, scales=(1e-30, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2)),
        replace(RELU, depth=6, scales=(2e-5, 4e-5, 7e-5, 2e-4, 4e-4, 8e-4)),
    ]
    _check(cases, tmp_path)
