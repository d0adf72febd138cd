"""What generated projects embed of runtime_c."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from edgegen import resources

COMMON = ("include/edgegen/trace.h", "include/edgegen/version.h")
"""What generated code includes, whatever it is made of."""


def files(paths: Iterable[str]) -> dict[str, bytes]:
    """Files of runtime_c with all headers of it that they include, by path below the project's
    edgegen/.

    Args:
        paths: Below runtime_c, such as ``src/status.c``.
    """
    wanted = sorted(paths)
    found: dict[str, bytes] = {}
    while wanted:
        path = wanted.pop()
        if f"runtime/{path}" in found:
            continue
        content = read(path)
        found[f"runtime/{path}"] = content.encode()
        includes = re.findall(r'^#include "(edgegen/[^"]+)"$', content, re.MULTILINE)
        wanted += [f"include/{include}" for include in includes]
    return dict(sorted(found.items()))


def version() -> int:
    """EG_RUNTIME_VERSION of the runtime that this edgegen carries."""
    found = re.search(
        r"^#define EG_RUNTIME_VERSION (\d+)$", read("include/edgegen/version.h"), re.MULTILINE
    )
    assert found is not None
    return int(found.group(1))


def read(path: str) -> str:
    """The text of a file of runtime_c."""
    root: Path = resources.root("runtime_c")
    return root.joinpath(path).read_text(encoding="utf-8")
