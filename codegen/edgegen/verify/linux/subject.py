"""A Linux project as it lies there: its engines, its golden vectors, what it needs installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgegen.device import LinuxComputer
from edgegen.errors import DifferenceError, UsageError
from edgegen.verify import selftest
from edgegen.verify.selftest import Golden
from edgegen.verify.subject import Project


@dataclass(frozen=True, slots=True)
class Subject:
    """A generated project of the family linux.

    Attributes:
        dependencies: Of the project whatever its engine, with markers.
        extras: More of them by the name of the project's extra.
        native: Folder of the C library's CMakeLists.txt; None in a project without C.
    """

    project: Project
    device: LinuxComputer
    golden: Golden
    dependencies: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    native: Path | None

    @property
    def name(self) -> str:
        return self.project.settings.name

    @property
    def directory(self) -> Path:
        return self.project.directory

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that the project has golden vectors for, in its order of preference."""
        preferred = self.project.settings.engines
        known = self.golden.tolerances
        return tuple(dict.fromkeys([*(e for e in preferred if e in known), *sorted(known)]))

    def requirements(self, extras: Iterable[str]) -> tuple[str, ...]:
        """The dependencies and those of some extras, where the project has such extras."""
        more = (each for extra in extras for each in self.extras.get(extra, ()))
        return (*self.dependencies, *more)

    @property
    def launch(self) -> tuple[str, ...]:
        """Python's arguments that do what the console script of the installed project does."""
        return "-c", f"import sys; from {self.name}.app import main; sys.exit(main())"

    def golden_outputs(self) -> bytes:
        """Of all vectors, as golden.bin holds them."""
        return (self.runtime / "data" / "golden.bin").read_bytes()

    @property
    def runtime(self) -> Path:
        """The generated package."""
        return self.directory / "edgegen" / "python" / f"{self.name}_runtime"

    @property
    def packages(self) -> tuple[Path, ...]:
        """Folders to import the project's own packages from."""
        return self.directory / "edgegen" / "python", self.directory / "src"


def load(project: Project) -> Subject:
    """Look at it more closely; a UsageError or DifferenceError says why it cannot be verified."""
    if not isinstance(project.device, LinuxComputer):
        raise UsageError(f"{project.device.name} runs no Linux.", where=str(project.directory))
    runtime = project.directory / "edgegen" / "python" / f"{project.settings.name}_runtime"
    golden = selftest.read_golden(runtime / "data" / "golden.json")
    _require_same_model(project, runtime / "spec.py")
    native = project.directory / "edgegen" / "native"
    dependencies, extras = _requirements(project.directory / "pyproject.toml")
    return Subject(
        project=project,
        device=project.device,
        golden=golden,
        dependencies=dependencies,
        extras=extras,
        native=native if (native / "CMakeLists.txt").is_file() else None,
    )


def _require_same_model(project: Project, spec: Path) -> None:
    try:
        generated = spec.read_bytes()
    except OSError as error:
        raise DifferenceError(
            f"The generated package is incomplete: {error.strerror}.",
            where=str(spec),
            fix="Run `edgegen update --force`.",
        ) from None
    if project.model.sha256.encode() not in generated:
        raise project.other_model()


def _requirements(path: Path) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        extras = facts.get("optional-dependencies", {})
        return tuple(facts["dependencies"]), {name: tuple(each) for name, each in extras.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The project's requirements cannot be read: {error!r}.", where=str(path)
        ) from None
