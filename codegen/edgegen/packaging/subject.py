"""What is to be packaged: a project on disk, its device, and what stands on its label."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgegen import config, lockfile, registry, storage
from edgegen.config import Config
from edgegen.device import Device
from edgegen.errors import DifferenceError, UsageError
from edgegen.packaging.manifest import UNSTATED

DEFAULT_VERSION = "0.1.0"
DEFAULT_TIME = 1_580_601_600
"""2020-02-02, the time in packages when SOURCE_DATE_EPOCH names no other; Hatch's choice, too."""
NO_MAINTAINER = "Nobody in particular <nobody@packages.invalid>"
EDGEGEN_LICENCE = "Apache-2.0"
"""Of everything that edgegen writes into a project."""

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Subject:
    """A generated project that lies in ``directory``.

    Attributes:
        version: As PEP 440 writes it.
        summary: One line.
        maintainer: "Name <address>".
        licence: Of the user's own files; SPDX, NOASSERTION when not stated.
        homepage: "" without one.
        when: Time of everything in the package, in seconds since 1970.
    """

    directory: Path
    settings: Config
    device: Device
    version: str
    summary: str
    maintainer: str
    licence: str
    homepage: str
    when: int

    @property
    def name(self) -> str:
        return self.settings.name

    def licence_of(self, path: str) -> str:
        """Of a file of the project, by its path in the project."""
        return EDGEGEN_LICENCE if path.startswith("edgegen/") else self.licence


def load(directory: Path) -> Subject:
    """Read a project.

    Raises:
        UsageError: It is none, or says something impossible.
        DifferenceError: Its files are not those that edgegen wrote.
    """
    settings = config.read(directory)
    lock = lockfile.read(directory)
    if lock is None:
        raise UsageError(
            "The project has no edgegen.lock, so nothing tells what edgegen generated.",
            where=str(directory),
            fix="Run `edgegen update` there.",
        )
    _require_intact(directory, lock.files)
    project = _pyproject(directory)
    device = registry.load_device(settings.device)
    package = settings.package
    return Subject(
        directory,
        settings,
        device,
        _version(_text(project, "version") or package.version or DEFAULT_VERSION),
        _text(project, "description") or f"{settings.name} on {device.name}",
        package.maintainer or _author(project) or NO_MAINTAINER,
        package.license or _licence(project) or UNSTATED,
        package.homepage or _homepage(project),
        _when(),
    )


def _require_intact(directory: Path, files: Mapping[str, str]) -> None:
    changed = [path for path, digest in files.items() if _digest(directory / path) != digest]
    if changed:
        more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
        raise DifferenceError(
            "Generated files are not as edgegen wrote them.",
            where=", ".join(changed[:4]) + more,
            fix=f"`edgegen update {directory}` restores them.",
        )


def _digest(path: Path) -> str:
    try:
        return storage.state(path)
    except OSError as error:
        raise UsageError(
            "The project cannot be read.", where=f"{path}: {error.strerror}"
        ) from error


def _pyproject(directory: Path) -> dict[str, Any]:
    """The table [project]; empty for a project that is not Python's."""
    path = directory / PYPROJECT
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(
            f"{PYPROJECT} cannot be read.", where=f"{path}: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{PYPROJECT} is not TOML: {error}.", where=str(path)) from None
    project = document.get("project")
    if not isinstance(project, dict):
        raise UsageError(f"{PYPROJECT} has no table [project].", where=str(path))
    return project


def _text(project: dict[str, Any], key: str) -> str:
    """One printable line; "" for anything else."""
    value = project.get(key)
    return one_line(value) if isinstance(value, str) else ""


def one_line(text: str) -> str:
    """Text for a field that ends with its line."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()


def _author(project: dict[str, Any]) -> str:
    """The first maintainer or author with an address that a package's field can hold."""
    listed = [*_tables(project.get("maintainers")), *_tables(project.get("authors"))]
    for each in listed:
        name, address = _text(each, "name"), _text(each, "email")
        if re.fullmatch(r"[^<>,:\"]+", name) and re.fullmatch(r"[^<>@\s,]+@[^<>@\s,]+", address):
            return f"{name} <{address}>"
    return ""


def _tables(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _licence(project: dict[str, Any]) -> str:
    value = project.get("license")
    if isinstance(value, dict):  # as before PEP 639
        value = value.get("text")
    return one_line(value) if isinstance(value, str) else ""


def _homepage(project: dict[str, Any]) -> str:
    urls = project.get("urls")
    if not isinstance(urls, dict):
        return ""
    for key, url in urls.items():
        if key.lower() in ("homepage", "repository", "source") and isinstance(url, str):
            return url if re.fullmatch(r"https?://[!-~]{1,200}", url) else ""
    return ""


def _version(text: str) -> str:
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(text))
    except InvalidVersion:
        raise UsageError(
            f"The version {text!r} is none.",
            where=f"version in {PYPROJECT}, or in [package] of edgegen.toml",
            fix="Write it as PEP 440 has it, such as 1.2.0.",
        ) from None


def _when() -> int:
    """SOURCE_DATE_EPOCH, see reproducible-builds.org; else `DEFAULT_TIME`."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return DEFAULT_TIME
    # The earliest that a zip file can name, the latest that an rpm can.
    if not text.isdecimal() or not 315_619_200 <= int(text) < 1 << 32:
        raise UsageError(
            f"SOURCE_DATE_EPOCH is no usable time: {text!r}.",
            where="environment",
            fix="Set it to the seconds from 1970 to a day after 1980-01-01, or unset it.",
        )
    return int(text)
