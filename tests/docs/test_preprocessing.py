"""docs/preprocessing.md: its Python runs, its C compiles and runs, its bounds are the headers'."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "preprocessing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, as one program."""
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/preprocessing.md", "exec"), names)
    assert "watch" in names


def test_the_c_compiles_and_runs(tmp_path: Path) -> None:
    (program,) = blocks("c")
    (command,) = re.findall(r"^    (cc .*\\\n.*)$", PAGE, re.MULTILINE)
    (tmp_path / "camera.c").write_text(program, encoding="utf-8")
    shutil.copytree(ROOT / "runtime_c", tmp_path / "runtime_c", ignore=shutil.ignore_patterns("nn"))
    strict = "-O0 -Wall -Wextra -Wconversion -Werror"
    subprocess.run(f"{command} {strict}", shell=True, cwd=tmp_path, check=True)
    run = subprocess.run([tmp_path / "camera"], capture_output=True, text=True, check=True)
    # Y, U and V of 0: no red, no blue.
    assert re.fullmatch(r"-128 \d+ -128\n", run.stdout)
    assert shlex.split(command)[-1] == "camera"


@pytest.mark.parametrize(
    ("macro", "row"),
    [
        ("EG_IMAGE_ERROR_LEVELS", "a resized level, of 0 to 255"),
        ("EG_IMAGE_CONVERSION_ERROR_LEVELS", "a level that was converted first"),
    ],
)
def test_bounds_are_the_headers(macro: str, row: str) -> None:
    header = (ROOT / "runtime_c" / "include" / "edgegen" / "image.h").read_text(encoding="utf-8")
    (expression,) = re.findall(rf"#define {macro} (\(.*\))", header)
    (stated,) = re.findall(rf"^\| {row}.*?\| ([\d.]+)", PAGE, re.MULTILINE)
    bound = eval(expression)
    assert bound <= float(stated) < bound * 1.05


def test_the_formula_is_the_headers() -> None:
    formula = "(i + 0.5) * n / m - 0.5"
    assert formula in PAGE
    assert formula in (ROOT / "runtime_c" / "include" / "edgegen" / "image.h").read_text()
