"""The smallest project that has the layout of a generated Linux project and runs by itself.

What is packaged has to follow from this layout alone; the generated project itself, whose program
needs an engine, is packaged in tests/build.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgegen import lockfile
from edgegen.lockfile import Lock

NAME = "ore_sorter"

_FILES = {
    "edgegen.toml": """\
[project]
name = "ore_sorter"
device = "linux_x86_64"
model = "model/ore.tflite"
""",
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ore_sorter"
version = "1.2rc1"
description = "The sorting of ores: 100% by eye."
requires-python = ">=3.11"
license = "MIT"
dependencies = ["numpy>=1.24", "ai-edge-litert==2.3.0; platform_machine != 'armv7l'"]

[project.optional-dependencies]
http = ["fastapi", "uvicorn>=0.17"]
camera = ["opencv-python-headless"]

[project.scripts]
ore_sorter = "ore_sorter.app:main"

[tool.hatch.build.targets.wheel]
packages = ["src/ore_sorter", "edgegen/python/ore_sorter_runtime"]
""",
    "ore_sorter.toml": "# Settings.\n[model]\n# threads = 0\n",
    "model/ore.tflite": "not a real model",
    "src/ore_sorter/__init__.py": "",
    "src/ore_sorter/app.py": """\
from ore_sorter_runtime.cli import main

__all__ = ["main"]
""",
    "edgegen/python/ore_sorter_runtime/__init__.py": "",
    "edgegen/python/ore_sorter_runtime/data/ore.tflite": "not a real model",
    "edgegen/python/ore_sorter_runtime/cli.py": """\
import argparse
import sys
from importlib import metadata
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="ore_sorter", description="Sorts ores.")
    parser.add_argument("--version", action="version", version=metadata.version("ore_sorter"))
    commands = parser.add_subparsers(required=True)
    info = commands.add_parser("info", help="say where the model is, e.g. .so or 'quoted'")
    info.add_argument("--depth", type=int, default=3, help=r"\\fBdepth\\fR in m (%(default)s)")
    info.set_defaults(run=lambda _: print(Path(__file__).parent / "data" / "ore.tflite"))
    path = commands.add_parser("path", help="say where modules come from")
    path.set_defaults(run=lambda _: print(sys.path))
    arguments = parser.parse_args()
    arguments.run(arguments)
    return 0
""",
    "edgegen/system/ore_sorter.service": """\
[Unit]
Description=Sorts ores
Documentation=man:ore_sorter(1)

[Service]
ExecStart=/usr/bin/ore_sorter info
DynamicUser=yes

[Install]
WantedBy=multi-user.target
""",
}


def make(directory: Path, **more: str) -> Path:
    """Write it below ``directory``, with more files, or others in place of its own."""
    files = _FILES | more
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8")
    generated = {
        path: hashlib.sha256(text.encode()).hexdigest()
        for path, text in files.items()
        if path.startswith("edgegen/")
    }
    (directory / "edgegen.lock").write_bytes(lockfile.dump(Lock("1", generated)))
    return directory
