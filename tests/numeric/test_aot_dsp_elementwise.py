"""The fast kernels of ADD, SUB and AVERAGE_POOL_2D against TFLM; the DSP ones as portable twins."""

from __future__ import annotations

import itertools
from pathlib import Path

from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from support import host_engine
from support.op_batch import OpBatch, Q

DSP = host_engine.Build(features=("dsp",))
# Of the three ADDs of ic_resnet8.
RESIDUALS = (
    (Q(0.0393935516, -128), Q(0.1041949615, 4), Q(0.0509456731, -128)),
    (Q(0.0447614267, -17), Q(0.1131188422, 4), Q(0.0532362163, -128)),
    (Q(0.0838583037, 38), Q(0.2172436416, -2), Q(0.1270691455, -128)),
)


def _check(batch: OpBatch, folder: Path) -> list[bool]:
    """Compares every operator with TFLM; whether a fast kernel ran it."""
    data = batch.build()
    host_engine.check(data, folder, build=DSP)
    model = tflite.parse(data, "test.tflite")
    chosen = [choose(KERNELS, model, op, DSP.features) for op in model.ops]
    modules = [kernel.lower.__module__ for kernel in chosen if isinstance(kernel, Kernel)]
    return [module.endswith(("_linear", "_dsp")) for module in modules]


def test_residual_additions(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for qs in RESIDUALS:
        for elements in (1, 3, 4, 257, 5000):
            batch.binary("ADD", [(1, elements)] * 2, qs, activation="relu")
    assert all(_check(batch, tmp_path))


def test_differences_and_sums_that_need_no_activation(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for kind in ("ADD", "SUB"):
        batch.binary(kind, [(2, 2000)] * 2, (Q(0.031, 3), Q(0.017, -9), Q(0.043, 1)))
    assert all(_check(batch, tmp_path))


def test_every_quantisation_is_exact(tmp_path: Path) -> None:
    """Whether it is taken or, for ties between int8 steps or narrow activations, left."""
    batch = OpBatch("int8")
    scales = ((1.0, 1.0, 1.0), (1.0, 1.0, 2.0), (0.5, 0.25, 1.0), (0.01, 3.0, 0.02))
    for kind, (s1, s2, s3), zero, activation in itertools.product(
        ("ADD", "SUB"), scales, (-128, 0, 127), ("none", "relu", "relu6")
    ):
        qs = (Q(s1, zero), Q(s2, -zero - 1), Q(s3, zero))
        batch.binary(kind, [(1, 300)] * 2, qs, activation=activation)
    taken = _check(batch, tmp_path)
    assert any(taken)
    assert not all(taken)


def test_what_addition_does_not_take(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for shapes in ([(2, 3, 4), (4,)], [(1,), (5,)]):
        batch.binary("ADD", shapes, RESIDUALS[0], activation="relu")
    assert not any(_check(batch, tmp_path))


def _pool(batch: OpBatch, image: tuple[int, int], channels: int, **options: object) -> None:
    q = Q(0.05, -3)
    settings: dict[str, object] = {"filter": image, "stride": image, "padding": "VALID"}
    settings |= options
    batch.op("AVERAGE_POOL_2D", (1, *image, channels), (1, 1, 1, channels), q, q, **settings)


def test_global_pools(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    for image in ((1, 1), (3, 3), (25, 5), (8, 8), (16, 16)):
        for channels in (4, 5, 8, 11):
            _pool(batch, image, channels)
    for activation in ("relu", "relu6", "relu_n1_to_1"):
        _pool(batch, (4, 3), 8, activation=activation)
    assert all(_check(batch, tmp_path))


def test_what_pooling_does_not_take(tmp_path: Path) -> None:
    batch = OpBatch("int8")
    q = Q(0.05, -3)
    _pool(batch, (3, 3), 3)
    _pool(batch, (257, 1), 4)
    batch.op(
        *("AVERAGE_POOL_2D", (1, 4, 4, 8), (1, 2, 2, 8), q, q),
        filter=(2, 2),
        stride=(2, 2),
        padding="VALID",
    )
    batch.op(
        *("AVERAGE_POOL_2D", (2, 3, 3, 8), (2, 1, 1, 8), q, q),
        filter=(3, 3),
        stride=(3, 3),
        padding="VALID",
    )
    assert not any(_check(batch, tmp_path))
