"""The DSP kernels as instructions: on emulated cores every activation must equal TFLM's.

On the host the same kernels run through their portable twins (tests/numeric); here the
assembly is what runs, under several compilers' register allocation.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from numeric.test_aot_conv import FITTED, HOSTILE, IN_COLUMNS, SHALLOW, Conv
from numeric.test_aot_fully_connected import BY_CHANNEL, Dense
from support.emulated_layers import ON_DSP_CORES, batch_of, check, chosen, write

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

# Numbers of inputs from one group of four to two turns of the unrolled loops, and the ends of each.
CASES: tuple[Conv | Dense, ...] = (
    *FITTED,
    *HOSTILE,
    *SHALLOW,
    *IN_COLUMNS,
    *BY_CHANNEL[:-1],
    *(Conv(image=(3, 3), depth=depth, channels=8, size=(1, 1)) for depth in (4, 8, 32, 36, 40, 68)),
    *(Conv(image=(6, 5), depth=depth, channels=8, size=(3, 3)) for depth in (1, 3, 4, 16)),
    Conv(image=(7, 7), depth=8, channels=6, size=(3, 3), stride=(2, 2)),
    Conv(image=(6, 6), depth=4, channels=4, size=(1, 1), stride=(2, 2), scales=(0.01, 0.02)),
    Conv(image=(1, 12), depth=4, channels=8, size=(1, 5), batches=2),
    Conv(image=(13, 6), depth=1, channels=8, size=(10, 4), stride=(2, 2), zero_points=(9, -128)),
    *(Dense(inputs=inputs, outputs=9) for inputs in (1, 8, 9, 64, 65, 72, 128, 130)),
    Dense(batches=2, zero_points=(-128, -128), activation="relu"),
    *(Dense(inputs=136, outputs=5, zero_points=(z, -z - 1)) for z in (-128, 127)),
    # A multiplier just below 1/2, and one just above 2^-23.
    *(Dense(scale=scale, output_scale=0.25) for scale in (2.4, 7e-7)),
    *(Conv(depth=4, size=(1, 1), scales=(scale,), output_scale=0.25) for scale in (2.4, 7e-7)),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(batch_of(CASES).build(), tmp_path_factory.mktemp("model"))


def test_every_layer_has_a_dsp_kernel(model: Path) -> None:
    for op, kernel in chosen(model, ("dsp",)):
        assert "dsp" in kernel.needs, f"node {op.node}"


@pytest.mark.parametrize(("device", "build"), ON_DSP_CORES)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    check(model, device, tmp_path, build)


@pytest.mark.clang
def test_clang_leaves_them_enough_registers(model: Path, tmp_path: Path) -> None:
    check(model, "cortex_m4", tmp_path, "clang")
