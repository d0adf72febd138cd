"""CONTRIBUTING's recipes, followed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgegen import registry
from edgegen.device import Device

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def device() -> Device:
    """The recipe's device, as if its file lay where the recipe puts it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return registry.parse_device(recipe, Path("devices/cortex_m/nucleo_f446re.toml"))


def test_the_device_recipe_is_a_valid_device(device: Device) -> None:
    assert device.id == "nucleo_f446re"
    assert device.id not in registry.device_ids(), "the recipe shows a device that is now there"
    assert device.flash_bytes == 512 * 1024


def test_a_project_can_be_made_for_it(device: Device) -> None:
    from edgegen import frontends, targets
    from edgegen.options import Options

    model = frontends.load(ROOT / "examples" / "digits" / "digits.tflite")
    project = targets.build(model, device, Options(name="digits"))
    board = project.files["edgegen/device/board.ld"].content.decode()
    assert "0x08000000" in board


@pytest.mark.parametrize(
    "path",
    sorted(
        set(
            re.findall(
                r"`((?:codegen|runtime_c|devices|templates|tests|examples|docs)/[\w./-]+\w)`",
                (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
                + (ROOT / "docs" / "design.md").read_text(encoding="utf-8"),
            )
        )
    ),
)
def test_paths_exist(path: str) -> None:
    assert (ROOT / path).exists()
