"""Brings the runtimes that a project vendors, as its README says: npm install, npm run vendor.

No package runs a script of its own; vendor.mjs takes only files of known hashes.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from edgegen import tools
from edgegen.engines.web_libraries import LIBRARIES, LibraryFile

NEEDED_BY = ("onnxruntime", "litert")
"""Engines whose runtimes are packages of npm."""

_SECONDS = 600.0
_QUIET = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")


def obstacle(directory: Path, engine: str) -> str:
    """Why an engine cannot run for want of its runtime; "" when it is there. Fetches it from npm's
    registry where the project has not vendored it yet.

    Args:
        directory: The project's.
    """
    if engine not in NEEDED_BY or _is_there(directory, engine):
        return ""
    if tools.probe("npm") is None:
        return (
            f"its runtime is not in edgegen/vendor, and npm is missing: {tools.missing('npm').fix}"
        )
    has_lock = (directory / "package-lock.json").is_file()
    install = ("ci",) if has_lock else ("install", "--no-package-lock")
    for command in (("npm", *install, *_QUIET), ("npm", "run", "vendor", "--loglevel=error")):
        if problem := _run(command, directory):
            return f"its runtime is not in edgegen/vendor: `{' '.join(command)}` {problem}"
    return "" if _is_there(directory, engine) else "`npm run vendor` did not bring its runtime"


def versions(directory: Path) -> dict[str, str]:
    """Of the packages whose files are in edgegen/vendor: "other files" where one is not as it was
    published."""
    return {
        library.package: library.version
        if all(_is_as_published(directory, each) for each in library.files)
        else "other files"
        for engine, library in LIBRARIES.items()
        if _is_there(directory, engine)
    }


def _is_as_published(directory: Path, file: LibraryFile) -> bool:
    """But for the text that vendor.mjs replaces."""
    try:
        data = (directory / "edgegen" / "vendor" / file.target).read_bytes()
    except OSError:
        return False
    if file.replace:
        before, after = (each.encode() for each in file.replace)
        data = data.replace(after, before)
    return hashlib.sha256(data).hexdigest() == file.sha256


def _is_there(directory: Path, engine: str) -> bool:
    folder = directory / "edgegen" / "vendor" / engine
    return any(each.suffix in (".js", ".mjs") for each in folder.rglob("*"))


def _run(command: tuple[str, ...], directory: Path) -> str:
    """What went wrong; "" for nothing."""
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {_SECONDS:g} s"
    if not done.returncode:
        return ""
    said = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    return f"failed: {said[0] if said else f'exit code {done.returncode}'}"
