"""The DSP kernels of depthwise convolutions, sums and pools as instructions: on emulated cores
every activation must equal TFLM's.

On the host the same kernels run through their portable twins (tests/numeric); here the
assembly is what runs, under several compilers' register allocation.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import api
from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from edgegen.model import OpKind
from numeric.test_aot_dsp_depthwise import RELU
from numeric.test_aot_dsp_elementwise import RESIDUALS
from support.op_batch import OpBatch, Q

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

IMAGES = ((2, 1), (1, 2), (2, 2), (3, 3), (4, 3), (6, 6), (5, 8), (25, 5), (7, 12))
# Several groups of lines, and channels that are no multiple of 4.
DEPTHWISE = (
    *(replace(RELU, image=image, depth=4) for image in IMAGES),
    replace(RELU, image=(40, 12), depth=4),
    replace(RELU, depth=7, zero_points=(3, -128)),
    *(replace(RELU, image=image, depth=4, stride=(2, 2)) for image in ((1, 1), *IMAGES)),
    replace(RELU, depth=7, stride=(2, 2), padding="VALID", zero_points=(3, -128)),
)
BUILDS = {
    "O2": (),
    "Os": ("-DCMAKE_BUILD_TYPE=MinSizeRel",),
    "O0": ("-DCMAKE_BUILD_TYPE=Debug",),
    "frame pointer": ("-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG -fno-omit-frame-pointer",),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    batch = OpBatch("int8")
    for case in DEPTHWISE:
        case.add(batch)
    for qs in RESIDUALS:
        batch.binary("ADD", [(1, 331)] * 2, qs, activation="relu")
    for channels in (8, 7):
        window = {"filter": (5, 4), "stride": (5, 4), "padding": "VALID"}
        q = Q(0.05, -3)
        batch.op("AVERAGE_POOL_2D", (1, 5, 4, channels), (1, 1, 1, channels), q, q, **window)
    path = tmp_path_factory.mktemp("model") / "layers.tflite"
    path.write_bytes(batch.build())
    return path


def test_every_layer_has_a_dsp_kernel(model: Path) -> None:
    parsed = tflite.parse(model.read_bytes(), model.name)
    for op in parsed.ops:
        if op.kind is OpKind.ADD:
            continue  # has a portable one that is as fast
        chosen = choose(KERNELS, parsed, op, ("dsp",))
        assert not isinstance(chosen, str), chosen
        assert "dsp" in chosen.needs, f"node {op.node}"


@pytest.mark.parametrize(
    ("device", "build"), [("cortex_m4", name) for name in BUILDS] + [("cortex_m33", "O2")]
)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    _verify(model, device, tmp_path, BUILDS[build])


@pytest.mark.clang
def test_clang_leaves_them_enough_registers(model: Path, tmp_path: Path) -> None:
    toolchain = tmp_path / "firmware" / "edgegen" / "cmake" / "arm-none-eabi-clang.cmake"
    _verify(model, "cortex_m4", tmp_path, (f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",))


def _verify(model: Path, device: str, folder: Path, cmake_args: tuple[str, ...]) -> None:
    api.scaffold(model, device, folder / "firmware", engines=["aot"], force=True)
    report = api.verify(folder / "firmware", cmake_args=cmake_args)
    facts = report.engines["aot"]
    assert report.ok, facts.reason
    assert facts.bit_exact
    assert facts.activations_compared == facts.vectors * (len(DEPTHWISE) + len(RESIDUALS) + 2)
