"""README's promises: what `make demo` runs works, and prints what the README shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
RUN_EDGEGEN = "from edgegen.cli import main; main()"
# The numbers in the excerpt are this compiler's; another one's differ.
COMPILER = "arm-none-eabi-gcc 12.2.1"
BEGIN, END = "<!-- excerpt: make demo -->\n", "<!-- end of excerpt -->"
EXCERPT = re.compile(f"(?<={BEGIN}).*?(?={END})", re.DOTALL)


def demo_commands(folder: Path) -> list[list[str]]:
    """Arguments of every edgegen call that `make demo` makes."""
    dry_run = subprocess.run(
        ["make", "--no-print-directory", "-n", "demo", f"DEMO={folder}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = dry_run.stdout.replace("\\\n", " ").splitlines()
    calls = [shlex.split(line) for line in lines]
    return [call[1:] for call in calls if call and call[0].endswith("/edgegen")]


def run(arguments: list[str]) -> str:
    result = subprocess.run(
        [sys.executable, "-c", RUN_EDGEGEN, *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return result.stdout


def shown(verified: str) -> str:
    """What `edgegen verify` prints of the engine, as the README's block of code."""
    table = [line for line in verified.splitlines() if line.startswith(("engine ", "aot"))]
    return "\n" + "".join(f"    {line}\n" for line in table) + "\n"


@pytest.mark.cross
@pytest.mark.qemu
def test_make_demo_prints_what_the_readme_shows(tmp_path: Path, update_golden: bool) -> None:
    folder = tmp_path / "demo"
    scaffold, verify = demo_commands(folder)
    assert (scaffold[0], verify[0]) == ("scaffold", "verify")
    run(scaffold)
    printed = shown(run(verify))
    report = (folder / "evidence" / "report.md").read_text(encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    if update_golden:
        README.write_text(EXCERPT.sub(printed, text), encoding="utf-8")
        return
    (found,) = EXCERPT.findall(text)
    if COMPILER in report:
        assert found == printed
    else:
        assert mask(found) == mask(printed)


def mask(table: str) -> str:
    """The table without its numbers of several digits, and without its column widths."""
    return re.sub(r" +", " ", re.sub(r"\d[\d,]{2,}", "N", table))


@pytest.mark.parametrize("target", ["demo", "test", "setup", "docs"])
def test_make_knows_what_the_readme_names(target: str) -> None:
    subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
