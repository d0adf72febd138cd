"""A folder outside every project for what is downloaded once: made whole or not at all.

What lies there is run later, so it is the user's alone: nobody else may enter the folder, and what
another user made is refused. Entries that nobody has used for `KEPT_DAYS` are removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgegen.errors import UsageError

KEPT_DAYS = 90


def folder() -> Path:
    """``$XDG_CACHE_HOME/edgegen``, by default ``~/.cache/edgegen``."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return base / "edgegen"


def key(*parts: object) -> str:
    """A short name for what a recipe makes: the same parts, the same name."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` of the cache, which ``make`` fills where it isn't there yet.

    ``make`` gets an empty folder beside it, which becomes the entry when ``make`` returns. A second
    process waits for the first one; one that dies leaves no entry and no lock.

    Raises:
        UsageError: The folder or the entry is another user's.
    """
    place = folder() / name
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    _close(folder())
    place.parent.mkdir(parents=True, exist_ok=True)
    _require_own(place.parent)
    _made(place, make)
    _require_own(place)
    with suppress(OSError):
        os.utime(place)
    _forget_unused(place.parent)
    return place


def _made(place: Path, make: Callable[[Path], None]) -> None:
    if place.is_dir():
        return
    with _locked(place.with_name(f".{place.name}.lock")):
        if place.is_dir():
            return
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            content = draft / "content"
            content.mkdir()
            make(content)
            content.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _close(place: Path) -> None:
    """Against all others."""
    _require_own(place)
    if place.stat().st_mode & 0o077:
        place.chmod(0o700)


def _require_own(place: Path) -> None:
    """Neither what is there nor a link that leads there is another user's."""
    if {place.lstat().st_uid, place.stat().st_uid} != {os.geteuid()}:
        raise UsageError(
            "What edgegen keeps of its downloads belongs to another user, who could change it.",
            where=str(place),
            fix="Remove it, or set XDG_CACHE_HOME to a folder of yours.",
        )


def _forget_unused(kind: Path) -> None:
    """Of one kind; and drafts that were left behind. An entry goes as a whole or not at all."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for each in kind.iterdir():
        with suppress(OSError):
            if each.is_dir() and not each.is_symlink() and each.stat().st_mtime < oldest:
                grave = Path(tempfile.mkdtemp(prefix=".unused.", dir=kind))
                each.rename(grave / "content")
                shutil.rmtree(grave, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
