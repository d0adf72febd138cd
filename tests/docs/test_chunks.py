"""docs/chunks.md: its commands, its Python and its JavaScript run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgegen import chunks
from support import web_loader

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "chunks.md").read_text(encoding="utf-8")
MODEL = ROOT / "examples" / "digits" / "digits.tflite"


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(MODEL, tmp_path / "model.tflite")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_the_commands() -> list[list[str]]:
    lines = re.findall(r"^    edgegen (chunk .*)$", PAGE, re.MULTILINE)
    for line in lines:
        program = "from edgegen.cli import main; main()"
        subprocess.run([sys.executable, "-c", program, *shlex.split(line)], check=True)
    return [shlex.split(line) for line in lines]


def test_the_commands_run(folder: Path) -> None:
    assert len(run_the_commands()) == 3
    assert (folder / "copy.tflite").read_bytes() == MODEL.read_bytes()


def test_the_manifest_is_one() -> None:
    data = block("json").encode()
    assert chunks.parse_manifest(data, "docs/chunks.md").bytes == 98304
    assert data == chunks.dump(chunks.parse_manifest(data, "docs/chunks.md")).replace(
        b', "sha256"', b',\n "sha256"', 1
    ).replace(b', "strategy"', b',\n "strategy"', 1)


def test_the_numbers_are_the_modules() -> None:
    assert f"at most {chunks.MOST_CHUNKS:,}" in PAGE
    assert f"manifests above {chunks.MANIFEST_BYTES >> 20} MiB" in PAGE


def test_the_python_runs(folder: Path) -> None:
    exec(compile(block("python"), "docs/chunks.md", "exec"), {})
    assert (folder / "public" / "model.tflite.json").is_file()


@pytest.mark.wasm
def test_the_javascript_runs(folder: Path) -> None:
    run_the_commands()
    web_loader.write(folder / "edgegen")
    (folder / "package.json").write_text('{"type": "module"}')
    checks = """
      if (!seen) throw new Error("no progress");
      if (Buffer.compare(file, model) || Buffer.compare(file, readFileSync("model.tflite"))) {
        throw new Error("another file");
      }"""
    before = """
      import { readFileSync } from "node:fs";
      globalThis.location = { href: import.meta.url };
      let seen = 0;
      const show = () => (seen += 1);
      globalThis.fetch = async (url) => new Response(readFileSync(new URL(url)));"""
    (folder / "page.js").write_text(before + block("js") + checks)
    done = subprocess.run(["node", "page.js"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
