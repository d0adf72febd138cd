"""The same project, byte for byte, from this checkout and from wheels on other Pythons."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, CleanTree

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "digits"
RUN_EDGEGEN = "from edgegen.cli import main; main()"


def find_python(version: str) -> str:
    """An interpreter of that version, from PATH or pyenv; skips the test where there is none."""
    pyenv = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    for candidate in [shutil.which(f"python{version}"), *sorted(map(str, pyenv))]:
        if candidate and answers(candidate) == version:
            return candidate
    pytest.skip(f"Python {version} is not installed here")


def answers(python: str) -> str:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def scaffold(python: str | Path, folder: Path) -> dict[str, bytes]:
    """Path -> content of the digits project that ``python``'s edgegen makes."""
    subprocess.run(
        [python, "-c", RUN_EDGEGEN, "scaffold", "--target", "cortex_m4"]
        + ["--labels", EXAMPLE / "labels.txt", "--input", EXAMPLE / "input.toml"]
        + ["-o", folder, EXAMPLE / "digits.tflite"],
        check=True,
        capture_output=True,
        cwd=folder.parent,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def from_checkout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return scaffold(sys.executable, tmp_path_factory.mktemp("checkout") / "project")


def test_two_runs_give_the_same_bytes(from_checkout: dict[str, bytes], tmp_path: Path) -> None:
    assert scaffold(sys.executable, tmp_path / "elsewhere") == from_checkout


@pytest.mark.network
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_wheel_gives_the_same_bytes(
    version: str, clean_tree: CleanTree, from_checkout: dict[str, bytes], tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([find_python(version), "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", clean_tree.path], check=True)
    made = scaffold(python, tmp_path / "project")
    assert sorted(made) == sorted(from_checkout)
    assert [path for path in made if made[path] != from_checkout[path]] == []
