"""The int8 kernels of hosts against TensorFlow Lite Micro.

AVX2 runs as it is, where this machine has it. No machine of ours has VNNI: its kernels run with
AVX2, where seven instructions stand for the one that is missing, and as plain C. With VNNI itself
they are compiled, and do not run. Arm's run as plain C here, and under QEMU in
tests/build/test_native_library.py.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS, conv_simd
from edgegen.frontends import tflite
from numeric import random_graphs, test_aot_conv
from numeric.test_aot_conv import Conv
from support import host_engine
from support.host_engine import HAS_AVX2, Build
from support.op_batch import OpBatch, Q

RUNTIME = Path(__file__).resolve().parents[2] / "runtime_c"

TWINS = [
    pytest.param(Build(features=features, optimise="-O0"), id=f"{features[-1]}-in-c")
    for features in (("avx2",), ("avx2", "vnni"), ("neon",), ("neon", "dotprod"), ("wasm",))
]
VECTORS = [
    pytest.param(
        Build(features=features, machine=("-mavx2",), optimise="-O1"),
        id=features[-1],
        marks=pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2"),
    )
    for features in (("avx2",), ("avx2", "vnni"))
]
WASM = pytest.param(host_engine.WASM, id="wasm", marks=pytest.mark.wasm)
BUILDS = pytest.mark.parametrize("build", [*TWINS, *VECTORS, WASM])

# Channels around one vector and two; positions around a tile; one position, where blocks of
# channels go two at a time.
BLOCKS = [
    *(
        Conv(image=(2, width), depth=depth, channels=channels, size=(1, 1), zero_points=(3, -128))
        for width, depth in ((1, 1), (3, 5), (7, 8))
        for channels in (1, 7, 8, 9, 15, 16, 17, 24, 31, 33)
    ),
    *(
        Conv(image=(1, 1), depth=depth, channels=channels, size=size, batches=batches)
        for depth, size, batches in ((9, (1, 1), 1), (16, (1, 1), 2), (3, (3, 3), 1))
        for channels in (15, 16, 17, 31, 32, 33, 48, 70)
    ),
    *(
        Conv(image=(3, width), depth=3, channels=channels, zero_points=(-128, 4))
        for width in range(1, 14)
        for channels in (5, 20)
    ),
    *(
        Conv(image=(6, 7), depth=4, channels=18, dilation=dilation, stride=stride, batches=2)
        for dilation in ((2, 1), (1, 2), (2, 2))
        for stride in ((1, 1), (2, 2))
    ),
    Conv(image=(5, 5), depth=16, channels=12, size=(1, 1), stride=(2, 2)),
    replace(Conv(depth=4, channels=20), activation="relu6", output_scale=0.05),
    replace(Conv(depth=4, channels=20), activation="relu", zero_points=(5, -128)),
    replace(Conv(depth=4, channels=20), activation="relu", zero_points=(-128, 17)),
]


DEPTHWISE = Conv(depth_multiplier=1, zero_points=(5, -128), output_scale=0.2)
DEPTHWISES = [
    *(replace(DEPTHWISE, image=(4, width), depth=3 + width) for width in range(1, 14)),
    *(
        replace(DEPTHWISE, image=(9, 7), depth=depth, size=size, stride=stride, padding=padding)
        for depth, size in ((20, (3, 3)), (8, (5, 4)), (3, (1, 2)), (17, (2, 3)), (9, (6, 1)))
        for stride in ((1, 1), (2, 2), (3, 1))
        for padding in ("SAME", "VALID")
    ),
    *(
        replace(DEPTHWISE, image=(10, 9), depth=12, dilation=dilation, batches=2, padding=padding)
        for dilation in ((2, 1), (1, 2), (3, 2))
        for padding in ("SAME", "VALID")
    ),
    replace(DEPTHWISE, image=(2, 2), size=(7, 7)),
    replace(DEPTHWISE, image=(1, 1), depth=16),
    replace(DEPTHWISE, image=(30, 3), size=(16, 1), depth=4),
    replace(DEPTHWISE, zero_points=(-128, 9), activation="relu6", output_scale=0.05),
    replace(DEPTHWISE, zero_points=(127, 9), depth=33),
    replace(DEPTHWISE, zero_points=(127, -9), depth=11, lowest=True),
    replace(DEPTHWISE, depth_multiplier=2),
]


GENERAL = [
    each
    for each in (*test_aot_conv.GEOMETRY, *test_aot_conv.HOSTILE, *test_aot_conv.FITTED)
    if each.depth_multiplier is None
]


def batch_of(convolutions: list[Conv], seed: int = 5) -> bytes:
    batch = OpBatch("int8", seed)
    for each in convolutions:
        each.add(batch)
    return batch.build()


@BUILDS
def test_convolutions(build: Build, tmp_path: Path) -> None:
    host_engine.check(batch_of([*GENERAL, *BLOCKS]), tmp_path, build=build)


@BUILDS
def test_depthwise_convolutions(build: Build, tmp_path: Path) -> None:
    host_engine.check(batch_of(DEPTHWISES), tmp_path, build=build)


def some_of_everything() -> bytes:
    """One model of all kinds of layers that the vector kernels are tested with."""
    batch = OpBatch("int8")
    for each in (*GENERAL, *BLOCKS, *DEPTHWISES)[::4]:
        each.add(batch)
    _add_others(batch)
    return batch.build()


def _add_others(batch: OpBatch) -> None:
    for elements, zero_point in ((1, 3), (15, -128), (16, 127), (100, 0)):
        for kind in ("ADD", "SUB"):
            qs = (Q(0.031, 3), Q(0.017, -128), Q(0.043, zero_point))
            batch.binary(
                kind, [(1, elements)] * 2, qs, activation="relu" if elements > 15 else "none"
            )
    q = Q(0.02, -3)
    for depth, activation in ((7, "none"), (8, "relu6"), (16, "none"), (21, "relu_n1_to_1")):
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            for size, stride in (((2, 2), (2, 2)), ((3, 2), (1, 2)), ((7, 9), (7, 9))):
                positions = [
                    -(-extent // step) for extent, step in zip((7, 9), stride, strict=True)
                ]
                options = {"filter": size, "stride": stride, "activation": activation}
                shapes = (2, 7, 9, depth), (2, *positions, depth)
                batch.op(kind, *shapes, q, q, padding="SAME", **options)
        for axes, output in (((1, 2), (2, depth)), ((0, 2), (7, depth)), ((3,), (2, 7, 9))):
            indices = [batch.integers(axes)]
            for kind in ("MEAN", "SUM"):
                batch.op(kind, (2, 7, 9, depth), output, q, Q(0.05, 4), indices, keep_dims=False)


@BUILDS
def test_other_operators(build: Build, tmp_path: Path) -> None:
    batch = OpBatch("int8")
    _add_others(batch)
    host_engine.check(batch.build(), tmp_path, build=build)


@pytest.mark.parametrize(
    "variant",
    [
        *(
            pytest.param(
                random_graphs.Variant(features, machine=("-mavx2",)),
                id=features[-1],
                marks=pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2"),
            )
            for features in (("avx2",), ("avx2", "vnni"))
        ),
        pytest.param(
            random_graphs.Variant(("wasm",), wasm=True), id="wasm", marks=pytest.mark.wasm
        ),
    ],
)
def test_random_graphs(variant: random_graphs.Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_graphs, "VARIANTS", (variant,))
    outcome = random_graphs.check(range(100, 120))
    assert not outcome.failures, "\n\n".join(map(str, outcome.failures))


def test_what_is_not_proved_is_left_to_others() -> None:
    model = tflite.parse(batch_of([Conv(depth=4, scales=(9.0,))]), "large.tflite")
    assert conv_simd.KERNELS[0].refusal(model, model.ops[0]) == (
        "one of its multipliers is 1 or more."
    )
    chosen = choose(KERNELS, model, model.ops[0], ("avx2", "vnni"))
    assert isinstance(chosen, Kernel)
    assert not chosen.needs


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "machine", [("-mavxvnni",), ("-mavx512vnni", "-mavx512vl")], ids=["avxvnni", "avx512vnni"]
)
def test_vnni_compiles_without_a_warning(
    compiler: str, machine: tuple[str, ...], tmp_path: Path
) -> None:
    """The kernels that multiply; some instructions are written in assembly, so it is assembled."""
    for source in ("conv_2d_s8", "depthwise_conv_2d_s8"):
        assert_compiles(compiler, machine, RUNTIME / f"src/nn/simd/vnni/{source}.c", tmp_path)


def test_avx2_compiles_without_a_warning_by_clang(tmp_path: Path) -> None:
    for source in sorted((RUNTIME / "src/nn/simd/avx2").glob("*.c")):
        assert_compiles("clang", (), source, tmp_path)


def assert_compiles(compiler: str, machine: tuple[str, ...], source: Path, folder: Path) -> None:
    flags = [*host_engine.FLAGS, "-O1", "-mavx2", *machine, f"-I{RUNTIME / 'include'}"]
    command = [compiler, *flags, "-c", str(source), "-o", str(folder / "kernel.o")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
