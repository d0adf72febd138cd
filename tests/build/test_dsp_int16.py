"""The DSP kernels of int16 as instructions: on emulated cores every activation equals TFLM's."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeric.test_aot_conv import Conv
from support.emulated_layers import ON_M4, batch_of, check, chosen, write
from support.op_batch import Q

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

CASES = (
    # Inputs from less than one group to several, at odd addresses too; channels in every rest.
    *(Conv(image=(3, 3), depth=depth, channels=9, size=(1, 1)) for depth in (1, 7, 8, 9, 24)),
    *(Conv(image=(6, 5), depth=depth, channels=6) for depth in (1, 3, 8)),
    Conv(image=(7, 7), depth=5, channels=7, stride=(2, 2), dilation=(2, 1), batches=2),
    Conv(image=(4, 4), depth=4, size=(1, 1), stride=(2, 2), scales=(0.01, 0.02), activation="relu"),
    *(Conv(image=(6, 5), depth=depth, depth_multiplier=1) for depth in (4, 12)),
    Conv(image=(5, 9), depth=8, depth_multiplier=1, stride=(2, 1), activation="relu6"),
    Conv(image=(5, 9), depth=4, depth_multiplier=1, dilation=(2, 2), padding="VALID"),
    # A multiplier just below 1/2, and one just above 2^-18.
    *(Conv(depth=4, size=(1, 1), scales=(s,), output_scale=0.05) for s in (0.499, 4e-6)),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    batch = batch_of(CASES, "int16")
    for kind, scales in (("ADD", (0.03, 0.03, 0.05)), ("SUB", (1e-4, 20.0, 9.0))):
        batch.binary(kind, ((3, 300), (3, 300)), [Q(scale, 0) for scale in scales])
        batch.binary(kind, ((3, 7), (1, 7)), [Q(scale, 0) for scale in scales])
    return write(batch.build(), tmp_path_factory.mktemp("model"))


def test_every_layer_has_a_dsp_kernel(model: Path) -> None:
    for op, kernel in chosen(model, ("dsp",)):
        assert "dsp" in kernel.needs, f"node {op.node}"


@pytest.mark.parametrize("build", ON_M4)
def test_the_instructions_compute_the_same(model: Path, build: str, tmp_path: Path) -> None:
    check(model, "cortex_m4", tmp_path, build)


@pytest.mark.clang
def test_clang_leaves_them_enough_registers(model: Path, tmp_path: Path) -> None:
    check(model, "cortex_m4", tmp_path, "clang")
