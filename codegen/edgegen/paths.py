"""What a path in a project may look like, and what may stand in its way on disk.

Every path that edgegen writes or removes passes through here, whether it comes from a
target, from edgegen.toml or from a lock that somebody else committed.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

NAME_BYTES = 255  # longest file name on every file system in use


def problem(path: str) -> str:
    """Why ``path`` is no POSIX path below a project's folder; "" when it is one."""
    parts = path.split("/")
    if path.startswith("/"):
        return "is absolute"
    if any(part in ("", ".", "..") for part in parts):
        return 'has an empty, "." or ".." part'
    if parts[0].casefold() == ".git":
        return "is git's own"
    if not path.isprintable():
        return "holds a control character"
    if "\\" in path or ":" in path:
        return "holds a backslash or a colon, which mean something else on Windows"
    if any(len(part.encode("utf-8", "surrogatepass")) > NAME_BYTES for part in parts):
        return f"has a part of more than {NAME_BYTES} bytes"
    return ""


def clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two paths that cannot live in one tree on a file system that ignores case.

    They are equal but for case, or one is a folder of the other.
    """
    seen: dict[str, str] = {}
    ordered = sorted(paths)
    for path in ordered:
        other = seen.setdefault(path.casefold(), path)
        if other is not path:
            return other, path
    for path in ordered:
        for parent in PurePosixPath(path.casefold()).parents:
            if str(parent) in seen:
                return seen[str(parent)], path
    return None


def obstacle(root: Path, path: str) -> str:
    """What keeps ``path`` below ``root`` from being written: a link or a file as a folder.

    A link is refused wherever it leads: what is written in a project stays in it.
    Returns "" when nothing does; folders that do not exist yet are no obstacle.
    """
    folder = root
    for part in PurePosixPath(path).parts[:-1]:
        folder = folder / part
        try:
            mode = folder.lstat().st_mode
        except FileNotFoundError:
            return ""
        shown = folder.relative_to(root).as_posix()
        if stat.S_ISLNK(mode):
            return f"{shown} is a symbolic link"
        if not stat.S_ISDIR(mode):
            return f"{shown} is not a folder"
    return ""
