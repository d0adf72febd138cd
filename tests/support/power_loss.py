"""What a disk may hold after the power failed, at every step of a program that writes to it.

The program runs here, on real files, with `os` watched. Before each call that changes something,
and at the end, three disks are made of what a file system may have kept by then:

- everything, as when only the process was killed;
- every name, but contents of files only as far as they were synced (`fsync` of the file);
- nothing but what was synced, names (`fsync` of their folder) and contents alike.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

KINDS = ("killed", "contents lost", "unsynced lost")


@dataclass
class _Disk:
    """What was synced, by inode. An inode is held open, so that its number is not used again."""

    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[int, dict[str, int]] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)

    def sync(self, path: str | int) -> None:
        """Takes what is there now."""
        handle = os.open(path, os.O_RDONLY) if isinstance(path, str) else os.dup(path)
        status = os.fstat(handle)
        if status.st_ino in self.held:
            os.close(handle)
        else:
            self.held[status.st_ino] = handle
        place = f"/proc/self/fd/{self.held[status.st_ino]}"
        if stat.S_ISDIR(status.st_mode):
            entries = [each for each in os.scandir(place) if not each.is_symlink()]
            self.names[status.st_ino] = {each.name: each.inode() for each in entries}
            for each in entries:
                self.hold(f"{place}/{each.name}")
        else:
            self.contents[status.st_ino] = Path(place).read_bytes()

    def hold(self, path: str) -> None:
        """Keeps the number of an inode that a synced folder names."""
        handle = os.open(path, os.O_RDONLY)
        if self.held.setdefault(os.fstat(handle).st_ino, handle) != handle:
            os.close(handle)

    def close(self) -> None:
        for handle in self.held.values():
            os.close(handle)

    def write(self, source: Path, target: Path, kind: str) -> None:
        """The disk of that kind."""
        if kind == "killed":
            shutil.copytree(source, target)
        elif kind == "contents lost":
            shutil.copytree(source, target)
            for file in target.rglob("*"):
                if file.is_file():
                    origin = source / file.relative_to(target)
                    file.write_bytes(self.contents.get(origin.stat().st_ino, b""))
        else:
            self._write_synced(source.stat().st_ino, target)

    def _write_synced(self, folder: int, target: Path) -> None:
        target.mkdir()
        for name, inode in self.names.get(folder, {}).items():
            if stat.S_ISDIR(os.fstat(self.held[inode]).st_mode):
                self._write_synced(inode, target / name)
            else:
                (target / name).write_bytes(self.contents.get(inode, b""))


Check = Callable[[Path, str], None]


def at_every_step(run: Callable[[], Any], folder: Path, scratch: Path, check: Check) -> int:
    """Runs a program that changes ``folder``, and checks every disk that it might leave.

    Args:
        check: Called with a disk, and how it came about; raises when it is no good.

    Returns:
        How many steps there were.
    """
    disk = _Disk()
    steps = 0
    busy = False

    def look(name: str) -> None:
        nonlocal steps, busy
        if busy:
            return
        busy = True
        steps += 1
        for kind in KINDS:
            target = scratch / f"{steps}-{kind.replace(' ', '-')}"
            disk.write(folder, target, kind)
            check(target, f"{kind}, step {steps}, {name}")
            shutil.rmtree(target)
        busy = False

    for each in [folder, *folder.rglob("*")]:
        disk.sync(str(each))
    try:
        with _watched(look, disk, lambda: busy):
            run()
            look("the end")
    finally:
        disk.close()
    return steps


@contextmanager
def _watched(
    look: Callable[[str], None], disk: _Disk, is_busy: Callable[[], bool]
) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("write", "replace", "rename", "mkdir", "unlink", "rmdir", "remove"):
            patch.setattr(os, name, _before(getattr(os, name), lambda n=name: look(n)))
        opened = os.open

        def watched_open(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & os.O_CREAT:
                look("open")
            return opened(path, flags, *rest, **more)

        def watched_sync(handle: int) -> None:
            if not is_busy():
                look("fsync")
                disk.sync(handle)

        patch.setattr(os, "open", watched_open)
        patch.setattr(os, "fsync", watched_sync)
        yield


def _before(call: Callable[..., Any], first: Callable[[], None]) -> Callable[..., Any]:
    def both(*arguments: Any, **more: Any) -> Any:
        first()
        return call(*arguments, **more)

    return both
