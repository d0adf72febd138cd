"""What a pyproject.toml that is the user's lacks for the project of today.

edgegen writes that file once. A server or an engine that is added to the project later may need
another build backend, a dependency or an extra there, and only its owner can write it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edgegen.project import GeneratedProject

FILE = "pyproject.toml"

_TOOLS = {"hatchling.build": "tool.hatch", "scikit_build_core.build": "tool.scikit-build"}
"""The build backends that edgegen writes, and the table of each."""


def notes(project: GeneratedProject, directory: Path) -> tuple[str, ...]:
    """A note about the file in ``directory``; none where there is no such file or all is in it."""
    place = directory / FILE
    if FILE not in project.files or not place.is_file():
        return ()
    wanted = tomllib.loads(project.files[FILE].content.decode())
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()  # the tools that read it say what is wrong
    lacking = [*_backend(found, wanted), *_dependencies(found, wanted), *_extras(found, wanted)]
    if not lacking:
        return ()
    return (
        f"{FILE} is yours and stays as it is. This project needs in it: {'; '.join(lacking)}. "
        "`edgegen scaffold` into a new folder writes such a file.",
    )


def _backend(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """A backend of the user's own choice is left alone."""
    here, there = (_table(each, "build-system").get("build-backend") for each in (found, wanted))
    if here == there or str(here) not in _TOOLS:
        return []
    return [f'build-backend = "{there}" with [{_TOOLS[str(there)]}]']


def _dependencies(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    here = _names(_table(found, "project").get("dependencies", ()))
    missing = [
        each for each in wanted["project"]["dependencies"] if _names([each]).isdisjoint(here)
    ]
    return [f"dependencies {', '.join(map(repr, missing))}"] if missing else []


def _extras(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    key = "optional-dependencies"
    here = _table(_table(found, "project"), key)
    missing = [name for name in wanted["project"][key] if name not in here]
    return [f"extras {', '.join(missing)}"] if missing else []


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _names(requirements: object) -> set[str]:
    """The packages' names, as pip compares them."""
    listed: Iterable[object] = requirements if isinstance(requirements, list) else ()
    matches = (re.match(r"[A-Za-z0-9._-]+", each) for each in listed if isinstance(each, str))
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in matches if match}
