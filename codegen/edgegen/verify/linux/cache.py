"""A folder outside every project for what is downloaded once: made whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
    """
    place = folder() / name
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with _locked(place.with_name(f".{place.name}.lock")):
        if place.is_dir():
            return place
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            content = draft / "content"
            content.mkdir()
            make(content)
            content.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return place


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
