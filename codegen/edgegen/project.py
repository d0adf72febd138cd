"""A generated project: a map from path to bytes, and the only code that writes one."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Owner(enum.Enum):
    """Who a file belongs to once it is written."""

    EDGEGEN = "edgegen"  # rewritten on every run, never edited by hand
    USER = "user"  # scaffolded once, then never touched


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    owner: Owner


@dataclass(frozen=True, slots=True)
class GeneratedProject:
    """What a target's pure ``build`` returns; paths are POSIX and relative."""

    files: Mapping[str, File]
