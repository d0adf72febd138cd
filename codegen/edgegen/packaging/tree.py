"""The files of a package, in memory: what a project holds, and what a program is installed as."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgegen import paths, storage
from edgegen.errors import UsageError

# What tools leave in a project: made again from the rest, or of this machine alone.
_LEFT_OUT = frozenset(
    (
        *(".git", ".hg", ".svn", ".tox", ".venv", "venv", "build", "dist", "__pycache__"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", storage.STAGING),
    )
)
_LEFT_OUT_SUFFIXES = (".pyc", ".egg-info", "~", ".swp")

BLOCK = 4096
"""Bytes of the unit in which file systems of SD cards give out room."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a package.

    Attributes:
        licence: SPDX expression, or words where there is none.
        settings: Whether a user edits it, so that an upgrade keeps it.
    """

    content: bytes
    executable: bool = False
    licence: str = ""
    settings: bool = False

    @property
    def mode(self) -> int:
        return 0o755 if self.executable else 0o644

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


Tree = Mapping[str, Entry]
"""POSIX path without a leading slash -> file."""


def collect(directory: Path) -> dict[str, Entry]:
    """Everything of a project that is worth handing on.

    Raises:
        UsageError: There is a symbolic link, a special file or an impossible name.
    """
    try:
        return dict(_walk(directory, ""))
    except OSError as error:
        raise UsageError(
            "The project cannot be read.", where=f"{error.filename}: {error.strerror}"
        ) from error


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Entry]]:
    for child in sorted(folder.iterdir(), key=lambda each: each.name):
        if child.name in _LEFT_OUT or child.name.endswith(_LEFT_OUT_SUFFIXES):
            continue
        path = f"{prefix}{child.name}"
        mode = child.lstat().st_mode
        if why := paths.problem(path) or _no_file(mode):
            raise UsageError(
                f"A file of the project cannot be packaged: its path {why}."
                if paths.problem(path)
                else f"What lies in the project cannot be packaged: it is {why}.",
                where=path,
                fix="Rename it." if paths.problem(path) else "Put the file itself there.",
            )
        if stat.S_ISDIR(mode):
            yield from _walk(child, f"{path}/")
        else:
            yield path, Entry(child.read_bytes(), bool(mode & stat.S_IXUSR))


def _no_file(mode: int) -> str:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return ""
    return "a symbolic link" if stat.S_ISLNK(mode) else "a special file"


def folders(tree: Tree) -> list[str]:
    """The folders of a tree, outermost first."""
    found = {str(parent) for path in tree for parent in PurePosixPath(path).parents}
    return sorted(found - {"."})


def disk_bytes(tree: Tree) -> int:
    """What a tree takes on a disk: whole blocks for every file, and one for each folder."""
    blocks = sum(-(-len(entry.content) // BLOCK) for entry in tree.values())
    return (blocks + len(folders(tree))) * BLOCK


def write(tree: Tree, root: Path, when: int) -> None:
    """Write a tree below an empty folder; modes and times do not depend on who writes."""
    for folder in folders(tree):
        (root / folder).mkdir()
    for path, entry in tree.items():
        target = root / path
        target.write_bytes(entry.content)
        target.chmod(entry.mode)
        os.utime(target, (when, when))
    for folder in reversed(folders(tree)):
        (root / folder).chmod(0o755)
        os.utime(root / folder, (when, when))
