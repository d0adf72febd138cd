"""The loader of chunks as web projects have it, without a project around it."""

from __future__ import annotations

from pathlib import Path

from edgegen.render import render

_FILES = (
    "errors.js",
    "loader.js",
    "loading/cleanup.js",
    "loading/first.js",
    "loading/manifest.js",
    "loading/stream.js",
    "loading/trouble.js",
)


def write(folder: Path) -> None:
    """loader.js, and what it needs, into a folder."""
    (folder / "loading").mkdir(parents=True)
    for name in _FILES:
        (folder / name).write_bytes(render(f"web/generated/{name}.j2", {"header": ""}))
