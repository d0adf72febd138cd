"""The scalar kernels on emulated cores of the instructions they are written for (Armv6-M, Armv7-M).

On the host the same kernels run as portable C (tests/numeric).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgegen.engines.aot.ops.conv_scalar import fitted
from edgegen.frontends import tflite
from edgegen.model import OpKind
from numeric.test_aot_conv import Conv
from numeric.test_aot_fully_connected import Dense
from support.emulated_layers import BUILDS, batch_of, check, chosen, write

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

# Which no fitted requantisation equals, with steps so far on both sides of zero.
SCALES: Any = {"scales": (0.011, 0.0237, 0.0313), "output_scale": 0.1, "zero_points": (5, 3)}
CASES: tuple[Conv | Dense, ...] = (
    *(Conv(image=(3, 3), depth=depth, channels=7, size=(1, 1)) for depth in (1, 4, 6, 9, 32)),
    *(Conv(image=(6, 5), depth=depth, channels=8, size=(3, 3)) for depth in (1, 3, 4, 16)),
    Conv(image=(7, 7), depth=8, channels=6, size=(3, 3), stride=(2, 2)),
    Conv(image=(6, 6), depth=4, channels=1, size=(1, 1), stride=(2, 2)),
    Conv(image=(1, 12), depth=4, channels=8, size=(1, 5), batches=2, scales=(0.01, 0.02)),
    Conv(image=(13, 6), depth=1, channels=8, size=(10, 4), stride=(2, 2), zero_points=(9, -128)),
    *(
        Conv(image=(6, 5), depth=depth, depth_multiplier=1, size=size, stride=stride)
        for depth in (4, 5, 11)
        for size in ((3, 3), (1, 4))
        for stride in ((1, 1), (2, 2))
    ),
    *(
        Conv(image=image, depth=5, channels=9, size=size, depth_multiplier=multiplier, **SCALES)
        for image, size, multiplier in (
            ((6, 5), (1, 1), None),
            ((3, 5), (3, 3), None),
            ((6, 5), (3, 3), 1),
            ((5, 5), (3, 3), 1),
        )
    ),
    Conv(image=(2, 2), depth=8, depth_multiplier=1, size=(7, 7), batches=2),
    *(Dense(inputs=inputs, outputs=9) for inputs in (1, 7, 8, 9, 16, 130)),
    Dense(batches=2, zero_points=(-128, -128), activation="relu"),
)
DEVICES = ("rp2040_pico", "cortex_m3")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(batch_of(CASES).build(), tmp_path_factory.mktemp("model"))


def test_every_layer_has_a_scalar_kernel(model: Path) -> None:
    for op, kernel in chosen(model):
        assert kernel.lower.__module__.endswith("_scalar"), f"node {op.node}"


def test_both_ways_of_requantising_are_there(model: Path) -> None:
    parsed = tflite.parse(model.read_bytes(), model.name)
    found = set()
    for op in parsed.ops:
        if op.kind is not OpKind.FULLY_CONNECTED:
            found.add((op.kind, fitted(parsed, op) is not None))
    assert len(found) == 4


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("build", BUILDS)
def test_the_instructions_compute_the_same(
    model: Path, device: str, build: str, tmp_path: Path
) -> None:
    check(model, device, tmp_path, build)


@pytest.mark.clang
@pytest.mark.parametrize("device", DEVICES)
def test_clang_leaves_them_enough_registers(model: Path, device: str, tmp_path: Path) -> None:
    check(model, device, tmp_path, "clang")
