"""The icon of web projects: its files are what scripts/icons.py draws."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def icons() -> ModuleType:
    spec = importlib.util.spec_from_file_location("icons", ROOT / "scripts" / "icons.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["icons"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_files_are_what_the_script_draws(icons: ModuleType) -> None:
    """Pixels are compared: how well they are packed depends on the version of zlib."""
    for icon in icons.ICONS:
        with Image.open(icons.FOLDER / icon.name) as image:
            committed = np.asarray(image)
        drawn = icons.pixels(icon)
        assert np.array_equal(committed, drawn)
        with Image.open(io.BytesIO(icons.png(drawn))) as image:
            assert np.array_equal(np.asarray(image), drawn)
    assert (icons.FOLDER / "icon.svg").read_text(encoding="utf-8") == icons.svg()
    names = {path.name for path in icons.FOLDER.iterdir()}
    assert names == {"icon.svg", *(icon.name for icon in icons.ICONS)}


def test_launchers_may_cut_a_maskable_icon(icons: ModuleType) -> None:
    middle = icons.SIDE / 2
    for x, y, radius, _ in icons.NODES:
        assert np.hypot(x - middle, y - middle) + radius <= icons.SAFE_RADIUS
    maskable = next(icon for icon in icons.ICONS if icon.maskable)
    assert (icons.pixels(maskable)[..., 3] == 255).all()
