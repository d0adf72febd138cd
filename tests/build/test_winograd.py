"""Winograd's kernel as instructions: on emulated cores every activation must equal TFLM's.

On the host it runs through its portable twins (tests/numeric); here the assembly is what runs,
under several compilers' register allocation.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import api
from edgegen.engines.aot.ops import winograd_dsp
from numeric.test_aot_conv import Conv
from support.op_batch import OpBatch

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

BASE = Conv(image=(9, 6), depth=8, channels=8)
# Pairs of input channels: 2 to 20, around the eight of a turn of the unrolled loop.
CASES = (
    *(replace(BASE, depth=depth, channels=4) for depth in (4, 8, 12, 16, 20, 36, 40)),
    *(replace(BASE, image=image) for image in ((1, 1), (4, 4), (8, 9), (17, 3))),
    replace(BASE, image=(6, 11), padding="VALID", zero_points=(-128, -128), activation="relu"),
    replace(BASE, channels=20, batches=2, zero_points=(127, 3)),
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
    for case in CASES:
        case.add(batch)
    path = tmp_path_factory.mktemp("model") / "layers.tflite"
    path.write_bytes(batch.build())
    return path


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it does not pay."""
    monkeypatch.setattr(winograd_dsp, "pays", lambda window, kept_bytes: True)


@pytest.mark.parametrize(
    ("device", "build"), [("cortex_m4", name) for name in BUILDS] + [("cortex_m33", "O2")]
)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    _verify(model, device, tmp_path, BUILDS[build])


@pytest.mark.clang
def test_clang_computes_the_same(model: Path, tmp_path: Path) -> None:
    toolchain = tmp_path / "firmware" / "edgegen" / "cmake" / "arm-none-eabi-clang.cmake"
    _verify(model, "cortex_m4", tmp_path, (f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",))


def _verify(model: Path, device: str, folder: Path, cmake_args: tuple[str, ...]) -> None:
    api.scaffold(model, device, folder / "firmware", engines=["aot"], force=True)
    generated = (folder / "firmware" / "edgegen" / "aot" / "model.c").read_text()
    assert generated.count("eg_run_winograd_s8_dsp(") == len(CASES)
    report = api.verify(folder / "firmware", cmake_args=cmake_args)
    facts = report.engines["aot"]
    assert report.ok, facts.reason
    assert facts.bit_exact
    assert facts.activations_compared == facts.vectors * len(CASES)
