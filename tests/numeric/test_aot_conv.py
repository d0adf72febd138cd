"""CONV_2D and DEPTHWISE_CONV_2D against TensorFlow Lite Micro.

Floats too are compared bit for bit: our kernels add in the same order.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Call
from edgegen.frontends import tflite
from edgegen.model import Model
from support import host_engine
from support.host_engine import Build
from support.op_batch import OpBatch, Q

FEATURES = pytest.mark.parametrize(
    "features", [(), ("dsp",), ("mve",)], ids=["portable", "dsp", "mve"]
)


@dataclass(frozen=True, slots=True)
class Conv:
    """One convolution; ``depth_multiplier`` makes it depthwise."""

    image: tuple[int, int] = (7, 6)
    depth: int = 3
    channels: int = 4
    depth_multiplier: int | None = None
    size: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    activation: str = "none"
    batches: int = 1
    zero_points: tuple[int, int] = (5, -7)
    scales: tuple[float, ...] = (0.01,)
    output_scale: float = 0.4
    has_bias: bool = True
    extreme: bool = False
    lowest: bool = False

    def add(self, batch: OpBatch) -> None:
        channels = (
            self.channels if self.depth_multiplier is None else self.depth * self.depth_multiplier
        )
        positions = [
            -(-extent // stride)
            if self.padding == "SAME"
            else (extent - (size - 1) * dilation - 1) // stride + 1
            for extent, size, stride, dilation in zip(
                self.image, self.size, self.stride, self.dilation, strict=True
            )
        ]
        scales = [s for s, _ in zip(itertools.cycle(self.scales), range(channels), strict=False)]
        if len(self.scales) == 1:
            scales = scales[:1]
        if self.depth_multiplier is None:
            kind, shape, axis = "CONV_2D", (channels, *self.size, self.depth), 0
        else:
            kind, shape, axis = "DEPTHWISE_CONV_2D", (1, *self.size, channels), 3
        if self.lowest:
            constants = [batch.lowest(shape, scales, axis)]
        else:
            constants = [batch.weights(shape, scales, axis, self.extreme)]
        if self.has_bias:
            constants.append(batch.bias(channels))
        options = (
            {} if self.depth_multiplier is None else {"depth_multiplier": self.depth_multiplier}
        )
        batch.op(
            kind,
            (self.batches, *self.image, self.depth),
            (self.batches, *positions, channels),
            Q(0.05, self.zero_points[0]),
            Q(self.output_scale, self.zero_points[1]),
            constants,
            padding=self.padding,
            stride=self.stride,
            dilation=self.dilation,
            activation=self.activation,
            **options,
        )


GEOMETRY = [
    *(
        Conv(padding=padding, stride=stride, size=size)
        for padding in ("SAME", "VALID")
        for stride in ((1, 1), (2, 2), (2, 1), (1, 3))
        for size in ((1, 1), (3, 3), (2, 3), (5, 1))
    ),
    *(
        Conv(image=(9, 11), padding=padding, dilation=dilation, stride=stride)
        for padding in ("SAME", "VALID")
        for dilation in ((2, 2), (1, 2), (3, 1))
        for stride in ((1, 1), (2, 3))
    ),
    Conv(image=(1, 9)),
    Conv(image=(9, 1)),
    Conv(image=(1, 1)),
    Conv(image=(2, 2), size=(7, 7)),
    Conv(image=(3, 4), size=(6, 5), stride=(2, 2)),
    Conv(image=(2, 2), size=(3, 3), dilation=(4, 4)),  # some pixels see the image in no tap
    Conv(image=(2, 2), size=(2, 2), dilation=(3, 3)),
    Conv(image=(4, 4), size=(1, 1), stride=(7, 7)),
    Conv(batches=3),
    Conv(batches=2, size=(1, 1)),
    Conv(depth=1),
    Conv(depth=8, channels=1),
    Conv(depth=13, channels=9, stride=(2, 2)),
    Conv(has_bias=False),
    Conv(has_bias=False, size=(1, 1)),
]

# What fits the fast kernels, and what just doesn't.
ALIGNED = [
    *(
        Conv(image=image, depth=depth, channels=channels, size=size, stride=stride)
        for image in ((1, 1), (1, 9), (5, 7), (8, 8))
        for depth in (4, 16, 20)
        for channels in (4, 8, 10)
        for size, stride in (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((3, 3), (1, 1)))
    ),
    *(
        Conv(image=(12, 12), depth=8, channels=8, size=(1, 3), stride=(1, 2), padding=padding)
        for padding in ("SAME", "VALID")
    ),
    Conv(image=(1, 20), depth=4, channels=8, size=(1, 5), stride=(1, 2), batches=2),
    Conv(image=(49, 10), depth=1, channels=16, size=(10, 4), stride=(2, 2)),
    Conv(image=(3, 3), depth=600, channels=4, size=(1, 1)),
    Conv(image=(4, 4), depth=4, channels=1, size=(1, 1), batches=3),
]

# An output's zero point of -128 allows constants that are fitted to the reference's steps.
FITTED = [
    *(
        Conv(
            depth=depth,
            channels=channels,
            size=size,
            zero_points=(zero_point, -128),
            scales=scales,
            output_scale=output_scale,
        )
        for depth in (4, 20)
        for channels in (4, 10)
        for size in ((1, 1), (3, 3))
        for zero_point, scales, output_scale in (
            (-128, (0.003, 0.01, 0.02, 0.04), 0.2),
            (127, (0.01,), 0.05),
            (3, (0.0004, 0.01), 0.4),
        )
    ),
    Conv(depth=4, size=(1, 1), zero_points=(0, -128), has_bias=False, activation="relu"),
]

# Weights of -128, all shifts that the kernels take, zero points at the ends.
SHIFTS = tuple(6.0 * 2.0**-shift for shift in range(1, 23))
HOSTILE = [
    Conv(
        image=image,
        depth=depth,
        channels=22,
        size=size,
        zero_points=zero_points,
        scales=scales,
        lowest=True,
    )
    for image, depth, size in (((3, 3), 8, (1, 1)), ((4, 4), 5, (3, 3)), ((6, 3), 4, (3, 3)))
    for zero_points in ((-128, 127), (127, -128), (-128, -128))
    for scales in (SHIFTS, (0.002, 0.01))
]

# Rows of the filter that are no multiple of 4 inputs, many channels that make it worth a kernel.
SHALLOW = [
    *(
        Conv(image=image, depth=depth, channels=channels, size=size, stride=stride, padding=padding)
        for image, channels in (((9, 8), 24), ((7, 9), 22))
        for depth, size in ((1, (5, 5)), (3, (3, 3)), (3, (7, 7)), (2, (4, 3)), (1, (3, 2)))
        for stride in ((2, 2), (1, 2))
        for padding in ("SAME", "VALID")
    ),
    Conv(image=(1, 9), depth=3, channels=24, size=(2, 3), batches=2, zero_points=(-128, -128)),
    Conv(image=(2, 2), depth=1, channels=24, size=(5, 5), zero_points=(127, 0)),
    Conv(image=(1, 1), depth=7, channels=40, size=(3, 3), batches=3),
]

# An odd number of columns wastes half a pair in every row, if positions are paired along it.
IN_COLUMNS = [
    *(
        Conv(
            image=image, depth=depth, channels=channels, size=size, padding=padding, batches=batches
        )
        for image, batches in (((8, 3), 1), ((6, 5), 2))
        for depth, channels, size in ((4, 8, (3, 3)), (6, 10, (3, 3)), (16, 4, (2, 3)))
        for padding in ("SAME", "VALID")
    ),
    Conv(image=(13, 6), depth=1, channels=8, size=(10, 4), stride=(2, 2), zero_points=(9, -128)),
]

DEPTHWISE_GEOMETRY = [
    *(replace(conv, depth_multiplier=1, depth=5) for conv in GEOMETRY),
    *(
        Conv(depth=depth, depth_multiplier=multiplier, stride=stride)
        for depth in (1, 3, 4, 9)
        for multiplier in (1, 2, 3, 8)
        for stride in ((1, 1), (2, 1))
    ),
]

QUANTISATION = [
    *(
        Conv(zero_points=(low, high), activation=activation, size=size, output_scale=0.05)
        for low in (-128, 0, 127)
        for high in (-128, 127)
        for activation in ("none", "relu", "relu6", "relu_n1_to_1")
        for size in ((1, 1), (3, 3))
    ),
    *(Conv(extreme=True, zero_points=(zero, 0), output_scale=8.0) for zero in (-128, 127)),
    Conv(scales=(1e-9, 0.001, 0.4, 20.0, 3000.0, 5e6), channels=6),
    Conv(scales=(1e-9, 0.001, 0.4, 20.0, 3000.0, 5e6), channels=6, size=(1, 1)),
    Conv(scales=(1e-30, 1e-12, 1.0), channels=3, output_scale=1e-3),
    *(Conv(scales=(scale,), output_scale=0.05) for scale in (1e-9, 0.5, 1.0, 2.0, 100.0)),
]


def _check(cases: list[Conv], dtype: str, folder: Path, features: tuple[str, ...] = ()) -> None:
    batch = OpBatch(dtype)
    for case in cases:
        case.add(batch)
    host_engine.check(batch.build(), folder, build=Build(features=features))


@FEATURES
def test_geometry_int8(features: tuple[str, ...], tmp_path: Path) -> None:
    _check(
        [*GEOMETRY, *ALIGNED, *FITTED, *HOSTILE, *SHALLOW, *IN_COLUMNS], "int8", tmp_path, features
    )


def test_geometry_float32(tmp_path: Path) -> None:
    _check([*GEOMETRY, *(Conv(activation=a) for a in ("relu", "relu6"))], "float32", tmp_path)


@FEATURES
def test_depthwise_geometry_int8(features: tuple[str, ...], tmp_path: Path) -> None:
    _check(DEPTHWISE_GEOMETRY, "int8", tmp_path, features)


def test_depthwise_geometry_float32(tmp_path: Path) -> None:
    _check(DEPTHWISE_GEOMETRY, "float32", tmp_path)


@FEATURES
@pytest.mark.parametrize("depth_multiplier", [None, 1, 2])
def test_quantisation(
    depth_multiplier: int | None, features: tuple[str, ...], tmp_path: Path
) -> None:
    cases = [replace(case, depth_multiplier=depth_multiplier) for case in QUANTISATION]
    _check(cases, "int8", tmp_path, features)


@pytest.mark.parametrize("feature", ["dsp"])
def test_the_fast_kernels_take_what_they_can_prove(feature: str) -> None:
    assert all(_is_fast(case, feature) for case in [*ALIGNED[:-2], *HOSTILE])
    assert not _is_fast(Conv(extreme=True), feature)
    assert not _is_fast(Conv(scales=(5.0,), output_scale=0.05), feature)
    assert not _is_fast(Conv(dilation=(2, 1)), feature)
    assert not _is_fast(Conv(depth=600, size=(1, 1), extreme=True), feature)


def test_constants_are_fitted_where_they_can_be() -> None:
    assert all(_multiplies_by(case) == "eg_multiply_pair_fitted" for case in FITTED)
    assert _multiplies_by(ALIGNED[0]) == "eg_multiply_pair_rounded"


def test_positions_are_paired_along_the_axis_that_costs_less() -> None:
    assert _lowered(SHALLOW[0]).function == "eg_run_conv_2d_by_rows_s8_dsp"
    assert {_lowered(case).function for case in IN_COLUMNS} == {"eg_run_conv_2d_s8_dsp"}
    assert _lowered(Conv(depth=4, size=(1, 1))).function == "eg_run_pointwise_s8_dsp"


def _multiplies_by(case: Conv) -> object:
    return dict(_lowered(case).fields)["matrix.multiply"]


def _lowered(case: Conv) -> Call:
    model, kernel = _chosen(case, "dsp")
    call = kernel.lower(model, model.ops[0])
    assert isinstance(call, Call)
    return call


def _is_fast(case: Conv, feature: str) -> bool:
    return feature in _chosen(case, feature)[1].needs


def _chosen(case: Conv, feature: str) -> tuple[Model, Kernel]:
    batch = OpBatch("int8")
    case.add(batch)
    model = tflite.parse(batch.build(), "test.tflite")
    chosen = choose(KERNELS, model, model.ops[0], (feature,))
    assert not isinstance(chosen, str)
    return model, chosen
