"""The Helium kernels against TFLM: through their portable twins on the host, and on an emulated
Cortex-M55, where every activation of the self-test is compared."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from edgegen.engines.aot import lower
from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Call
from edgegen.frontends import tflite
from numeric.test_aot_conv import Conv
from support import host_engine
from support.emulated_layers import batch_of, check, write
from support.op_batch import OpBatch, Q

MVE = host_engine.Build(features=("mve",))
HALVES = (0.002, 0.01, 0.0004, 0.03)
RELU = Conv(depth=16, channels=16, activation="relu", zero_points=(-128, -128), scales=HALVES)
DEPTHWISE = replace(RELU, depth_multiplier=1, output_scale=0.2)

LARGEST = replace(RELU, extreme=True, has_bias=False)

CONVOLUTIONS = [
    *(
        replace(RELU, image=image, depth=depth, channels=channels, size=size)
        for image, depth, channels in (
            ((1, 1), 4, 4),
            ((3, 3), 15, 8),
            ((5, 2), 17, 12),
            ((4, 5), 33, 6),
            ((1, 9), 64, 1),
        )
        for size in ((1, 1), (3, 3))
    ),
    # Numbers of chunks around the ends of the unrolled loops: 7 and 8, and turns of 7 more.
    *(
        replace(RELU, image=(1, 3), depth=depth, channels=5, size=(1, 1), activation=activation)
        for depth in (1, 16, 112, 113, 128, 129, 240, 241, 256, 257)
        for activation in ("relu", "relu6")
    ),
    *(replace(RELU, image=(3, 3), depth=8, channels=c, size=(1, 1)) for c in (1, 2, 3, 5, 7, 9)),
    *(
        replace(RELU, stride=(2, 2), padding=padding, image=image, size=size, depth=3)
        for padding in ("SAME", "VALID")
        for image in ((7, 8), (8, 7))
        for size in ((1, 1), (2, 5), (3, 3))
    ),
    replace(RELU, image=(49, 10), depth=1, channels=64, size=(10, 4), stride=(2, 2)),
    replace(RELU, image=(2, 2), depth=5, size=(5, 7)),
    *(
        replace(RELU, activation=activation, zero_points=zero_points, output_scale=0.05)
        for activation in ("none", "relu6", "relu_n1_to_1")
        for zero_points in ((-128, -128), (0, 3), (127, 127))
    ),
    replace(RELU, has_bias=False, batches=3),
    replace(RELU, scales=(1e-9, 1e-5, 0.01), channels=12),
    *(
        replace(LARGEST, zero_points=zero_points, depth=depth, size=(1, 1), activation=activation)
        for zero_points in ((-128, -128), (127, -128))
        for depth in (16, 300)
        for activation in ("relu", "none")
    ),
]
DEPTHWISES = [
    *(
        replace(DEPTHWISE, image=image, stride=stride, padding="SAME")
        for image in (
            *((2, 2), (2, 3), (3, 2), (3, 3), (4, 7), (7, 5), (8, 8), (25, 5), (5, 25), (9, 12)),
            *((13, 7), (6, 2)),
        )
        for stride in ((1, 1), (2, 2))
    ),
    *(replace(DEPTHWISE, stride=(2, 2), image=image) for image in ((1, 1), (1, 8), (8, 1), (1, 3))),
    *(replace(DEPTHWISE, depth=depth, image=(8, 9)) for depth in (1, 3, 15, 17, 20, 108)),
    *(replace(DEPTHWISE, depth=depth, image=(5, 7), stride=(2, 2)) for depth in (1, 5, 31, 33)),
    *(
        replace(DEPTHWISE, image=image, stride=stride, padding="VALID")
        for image in ((9, 9), (10, 11), (12, 9), (4, 4))
        for stride in ((1, 1), (2, 2))
    ),
    replace(DEPTHWISE, zero_points=(127, -128)),
    replace(DEPTHWISE, zero_points=(3, -128), activation="none", scales=(0.3, 0.1, 1e-5)),
    replace(DEPTHWISE, has_bias=False),
    *(
        replace(LARGEST, depth_multiplier=1, zero_points=(zero_point, -128), stride=stride)
        for zero_point in (-128, 127)
        for stride in ((1, 1), (2, 2))
    ),
]
# What the Helium kernels must leave to others.
OTHERS = [
    replace(RELU, dilation=(2, 1), padding="VALID"),
    replace(RELU, scales=(5.0,), output_scale=0.05),
    replace(DEPTHWISE, image=(1, 8)),
    replace(DEPTHWISE, image=(8, 1)),
    replace(DEPTHWISE, size=(5, 5)),
    replace(DEPTHWISE, batches=2),
    replace(DEPTHWISE, depth_multiplier=2),
    replace(DEPTHWISE, activation="relu6", output_scale=0.05),
    replace(DEPTHWISE, scales=(1e-9,)),
    replace(DEPTHWISE, scales=(5.0,)),
    replace(DEPTHWISE, activation="none", zero_points=(-128, 3), scales=(50.0,)),
]


def _fully_connected(batch: OpBatch, batches: int, inputs: int, channels: int) -> None:
    activation = "relu" if channels % 2 else "none"
    weights = batch.weights((channels, inputs), (0.005,), 0, extreme=inputs == 129)
    constants = [weights, batch.bias(channels, 0.05 * 0.005)]
    quantisation = Q(0.05, -3), Q(0.1, -128 if channels % 4 else 7)
    shapes = (batches, inputs), (batches, channels)
    batch.op("FULLY_CONNECTED", *shapes, *quantisation, constants, activation=activation)


def _fully_connecteds() -> bytes:
    batch = OpBatch("int8")
    for inputs, channels in itertools.product((1, 8, 16, 17, 40), (1, 4, 7, 8, 13)):
        _fully_connected(batch, 1 + inputs % 2, inputs, channels)
    # Numbers of chunks around the ends of the unrolled loop: one more than 8, and than 16.
    for inputs in (128, 129, 144, 145, 272, 273, 640):
        _fully_connected(batch, 1, inputs, 9)
    return batch.build()


def _additions() -> bytes:
    batch = OpBatch("int8")
    for kind, elements in itertools.product(("ADD", "SUB"), (1, 3, 4, 257, 5000)):
        for zero_point in (-128, 1, 127):
            qs = (Q(0.031, 3), Q(0.017, -128), Q(0.043, zero_point))
            batch.binary(kind, [(1, elements)] * 2, qs)
    return batch.build()


def _pools() -> bytes:
    """Windows of every size at every border, of channels around the numbers of lanes."""
    batch = OpBatch("int8")
    q = Q(0.02, -3)
    kinds, activations = ("AVERAGE_POOL_2D", "MAX_POOL_2D"), ("none", "relu6", "relu_n1_to_1")
    for kind, depth in itertools.product(kinds, (1, 7, 8, 9, 16, 17, 33)):
        sizes = ((2, 2), (3, 2), (5, 6), (1, 7), (16, 16))
        for k, size in enumerate(sizes):
            image = (16, 16) if size == (16, 16) else (7, 9)
            options = {"filter": size, "stride": size if k % 2 else (1, 2)}
            padding = "VALID" if size == image else "SAME"
            positions = [
                1 if padding == "VALID" else -(-image[axis] // options["stride"][axis])
                for axis in (0, 1)
            ]
            shapes = (1, *image, depth), (1, *positions, depth)
            activation = activations[(k + depth) % 3]
            batch.op(kind, *shapes, q, q, padding=padding, activation=activation, **options)
    return batch.build()


def _with_helium(data: bytes) -> list[bool]:
    model = tflite.parse(data, "test.tflite")
    chosen = [choose(KERNELS, model, op, ("mve",)) for op in model.ops]
    return ["mve" in each.needs for each in chosen if isinstance(each, Kernel)]


BATCHES = {
    "convolutions": batch_of(CONVOLUTIONS).build(),
    "depthwise": batch_of(DEPTHWISES).build(),
    "fully_connected": _fully_connecteds(),
    "additions": _additions(),
    "pools": _pools(),
}
SMALL_FIRST = (*reversed([k for k in KERNELS if "mve" in k.needs]), *KERNELS)


@pytest.mark.parametrize("name", BATCHES)
def test_equal_on_the_host(name: str, tmp_path: Path) -> None:
    assert all(_with_helium(BATCHES[name]))
    host_engine.check(BATCHES[name], tmp_path, build=MVE)


@pytest.mark.parametrize("name", ["convolutions", "depthwise"])
def test_the_small_ones_are_equal_too(name: str, tmp_path: Path) -> None:
    with patch.object(lower, "KERNELS", SMALL_FIRST):
        model = tflite.parse(BATCHES[name], "test.tflite")
        program = lower.lower(model, ("mve",))
        if name == "convolutions":
            functions = [step.function for step in program.steps if isinstance(step, Call)]
            assert "eg_run_conv_2d_in_order_s8_mve" in functions
        host_engine.check(BATCHES[name], tmp_path, build=MVE)


def test_what_cannot_be_proved_is_left_to_others(tmp_path: Path) -> None:
    data = batch_of(OTHERS).build()
    assert not any(_with_helium(data))
    host_engine.check(data, tmp_path, build=MVE)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("name", BATCHES)
def test_equal_on_the_emulated_core(name: str, tmp_path: Path) -> None:
    check(write(BATCHES[name], tmp_path), "cortex_m55", tmp_path)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("name", ["convolutions", "depthwise"])
def test_the_small_ones_on_the_emulated_core(name: str, tmp_path: Path) -> None:
    with patch.object(lower, "KERNELS", SMALL_FIRST):
        check(write(BATCHES[name], tmp_path), "cortex_m55", tmp_path)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.parametrize("build", ["Os", "O0", "O3", "frame pointer"])
def test_equal_however_it_is_compiled(build: str, tmp_path: Path) -> None:
    check(write(_some_of_all(), tmp_path), "cortex_m55", tmp_path, build)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.clang
def test_equal_with_clang(tmp_path: Path) -> None:
    check(write(_some_of_all(), tmp_path), "cortex_m55", tmp_path, "clang")


def _some_of_all() -> bytes:
    batch = batch_of((*CONVOLUTIONS[::5], *DEPTHWISES[::5]))
    for inputs in (40, 129, 300):
        _fully_connected(batch, 1, inputs, 9)
    return batch.build()
