"""What the evidence of every family holds, and how it gets into a project.

A report has no clock, host or absolute path in it: the same project, tools and emulator give the
same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

JSON_NAME = "report.json"
MARKDOWN_NAME = "report.md"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """``name`` is the project's; ``file`` is the model's file name."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What was built.

    Attributes:
        sha256: Digest over the path and digest of every generated file.
        edited: Generated files that are not what edgegen wrote.
    """

    sha256: str
    edited: tuple[str, ...]


class Evidence(Protocol):
    """What `edgegen verify` has found out about a project."""

    @property
    def ok(self) -> bool:
        """True when something was verified, nothing failed and nothing was edited."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""

    def to_json(self) -> bytes:
        """The contents of report.json."""

    def to_markdown(self) -> bytes:
        """The contents of report.md."""


def write(report: Evidence, directory: Path) -> None:
    """Write report.json and report.md into ``directory``, each at once."""
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / JSON_NAME, report.to_json())
    _replace(directory / MARKDOWN_NAME, report.to_markdown())


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
