"""The examples' committed projects are what edgegen generates today, byte for byte.

`pytest --update-golden tests/golden` writes them again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgegen import api
from edgegen.project import Change

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits project for the Cortex-M4, freshly made."""
    folder = tmp_path_factory.mktemp("golden") / "firmware"
    api.scaffold(
        DIGITS / "digits.tflite",
        "cortex_m4",
        folder,
        labels=DIGITS / "labels.txt",
        inputs=DIGITS / "input.toml",
    )
    return folder


def test_the_digits_project_is_unchanged(digits: Path, update_golden: bool) -> None:
    expected = DIGITS / "firmware"
    if update_golden:
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(digits, expected)
    made, committed = tree(digits), tree(expected)
    assert sorted(made) == sorted(committed)
    assert [path for path in made if made[path] != committed[path]] == []


def test_the_committed_project_needs_no_update() -> None:
    plan = api.update(DIGITS / "firmware", dry_run=True).plan
    settled = (Change.IDENTICAL, Change.KEPT)
    assert [entry.path for entry in plan.entries if entry.change not in settled] == []
