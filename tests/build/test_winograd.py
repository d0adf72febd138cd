"""Winograd's kernel as instructions: on emulated cores every activation must equal TFLM's.

On the host it runs through its portable twins (tests/numeric); here the assembly is what runs,
under several compilers' register allocation.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgegen.engines.aot.ops import winograd_dsp
from numeric.test_aot_conv import Conv
from support.emulated_layers import ON_DSP_CORES, batch_of, check, write

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

BASE = Conv(image=(9, 6), depth=8, channels=8)
# Pairs of input channels: 2 to 20, around the eight of a turn of the unrolled loop.
CASES = (
    *(replace(BASE, depth=depth, channels=4) for depth in (4, 8, 12, 16, 20, 36, 40)),
    *(replace(BASE, image=image) for image in ((1, 1), (4, 4), (8, 9), (17, 3))),
    replace(BASE, image=(6, 11), padding="VALID", zero_points=(-128, -128), activation="relu"),
    replace(BASE, channels=20, batches=2, zero_points=(127, 3)),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(batch_of(CASES).build(), tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it does not pay."""
    monkeypatch.setattr(winograd_dsp, "pays", lambda window, kept_bytes: True)


@pytest.mark.parametrize(("device", "build"), ON_DSP_CORES)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    _check(model, device, tmp_path, build)


@pytest.mark.clang
def test_clang_computes_the_same(model: Path, tmp_path: Path) -> None:
    _check(model, "cortex_m4", tmp_path, "clang")


def _check(model: Path, device: str, folder: Path, build: str) -> None:
    check(model, device, folder, build)
    generated = (folder / "firmware" / "edgegen" / "aot" / "model.c").read_text()
    assert generated.count("eg_run_winograd_s8_dsp(") == len(CASES)
