"""The examples' committed projects are what edgegen generates today, byte for byte.

`pytest --update-golden tests/golden` writes them again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from edgegen import api, wasm_library
from edgegen.project import Change

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Folder of the committed project: how it was made.
PROJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "firmware": ("cortex_m4", {"inputs": DIGITS / "input.toml"}),
    # Without C, which looks like the firmware's.
    "service": ("raspberry_pi_5", {"engines": ["litert"], "serve": ["http"]}),
    # Without WebAssembly modules, which depend on the compiler: its build.sh makes them.
    "web": ("browser", {"inputs": DIGITS / "input.toml"}),
}


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without clang."""
    monkeypatch.setattr(wasm_library.build, "is_possible", lambda: False)


@pytest.fixture(params=PROJECTS)
def committed(request: pytest.FixtureRequest) -> Path:
    """A committed project's folder."""
    return DIGITS / str(request.param)


def test_the_project_is_what_is_generated_today(
    committed: Path, tmp_path: Path, update_golden: bool
) -> None:
    target, options = PROJECTS[committed.name]
    fresh = tmp_path / committed.name
    api.scaffold(DIGITS / "digits.tflite", target, fresh, labels=DIGITS / "labels.txt", **options)
    if update_golden:
        shutil.rmtree(committed, ignore_errors=True)
        shutil.copytree(fresh, committed)
    made, found = tree(fresh), tree(committed)
    assert sorted(made) == sorted(found)
    assert [path for path in made if made[path] != found[path]] == []


def test_the_committed_project_needs_no_update(committed: Path) -> None:
    plan = api.update(committed, dry_run=True).plan
    settled = (Change.IDENTICAL, Change.KEPT)
    assert [entry.path for entry in plan.entries if entry.change not in settled] == []
