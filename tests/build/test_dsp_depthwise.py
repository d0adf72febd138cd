"""The DSP kernels of depthwise convolutions, sums and pools as instructions: on emulated cores
every activation must equal TFLM's.

On the host the same kernels run through their portable twins (tests/numeric); here the
assembly is what runs, under several compilers' register allocation.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgegen.model import OpKind
from numeric.test_aot_dsp_depthwise import RELU
from numeric.test_aot_dsp_elementwise import RESIDUALS
from support.emulated_layers import ON_DSP_CORES, batch_of, check, chosen, write
from support.op_batch import Q

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


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    batch = batch_of(DEPTHWISE)
    for qs in RESIDUALS:
        batch.binary("ADD", [(1, 331)] * 2, qs, activation="relu")
    for channels in (8, 7):
        window = {"filter": (5, 4), "stride": (5, 4), "padding": "VALID"}
        q = Q(0.05, -3)
        batch.op("AVERAGE_POOL_2D", (1, 5, 4, channels), (1, 1, 1, channels), q, q, **window)
    return write(batch.build(), tmp_path_factory.mktemp("model"))


def test_every_layer_has_a_dsp_kernel(model: Path) -> None:
    for op, kernel in chosen(model, ("dsp",)):
        if op.kind is not OpKind.ADD:  # has a portable one that is as fast
            assert "dsp" in kernel.needs, f"node {op.node}"


@pytest.mark.parametrize(("device", "build"), ON_DSP_CORES)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    check(model, device, tmp_path, build)


@pytest.mark.clang
def test_clang_leaves_them_enough_registers(model: Path, tmp_path: Path) -> None:
    check(model, "cortex_m4", tmp_path, "clang")
