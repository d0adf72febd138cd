"""What the hand-written pages say exists: commands, options, make targets, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
    if path.name != "CHANGELOG.md"
]


def code_spans(text: str) -> list[str]:
    """Lines of indented or fenced code, and inline code."""
    blocks = re.findall(r"^(?: {4}|\t)(.*)$", text, re.MULTILINE)
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", text)
    return [*blocks, *(line for block in fenced for line in block.splitlines()), *inline]


def calls(text: str, program: str) -> list[list[str]]:
    """Arguments of every call of ``program`` in code."""
    found = []
    for span in code_spans(text):
        line = span.strip().removeprefix("$ ").removeprefix(".venv/bin/")
        if line.startswith(f"{program} "):
            found.append(shlex.split(line.split("  #")[0].split("  ")[0], comments=True)[1:])
    return found


def commands() -> dict[str, Any]:
    import typer.main

    from edgegen.cli import app

    root = typer.main.get_command(app)
    found: dict[str, Any] = getattr(root, "commands", {})
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    known = commands()
    for arguments in calls(page.read_text(encoding="utf-8"), "edgegen"):
        name = arguments[0]
        if name.startswith("-"):
            continue
        assert name in known, f"edgegen {name}"
        options = {option for p in known[name].params for option in (*p.opts, *p.secondary_opts)}
        used = {word.split("=")[0] for word in arguments[1:] if word.startswith("-")}
        assert used <= options | {"--help"}, f"edgegen {' '.join(arguments)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for arguments in calls(page.read_text(encoding="utf-8"), "make"):
        assert {word for word in arguments if "=" not in word} <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in commands():
        assert f"## edgegen {name}\n" in page
