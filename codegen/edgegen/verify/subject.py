"""What is to be verified: a project on disk, its device, and whether it is still ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgegen import config, lockfile, registry, storage
from edgegen.config import Config
from edgegen.device import Device
from edgegen.errors import DifferenceError, UsageError
from edgegen.lockfile import Lock
from edgegen.verify.evidence import ModelFacts, SourceFacts

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Project:
    """A generated project of any family that lies in ``directory``."""

    directory: Path
    settings: Config
    lock: Lock
    device: Device
    model: ModelFacts
    sources: SourceFacts

    def other_model(self) -> DifferenceError:
        """The error for a model file that has changed since the project was generated."""
        return DifferenceError(
            "The model is not the one that the project was generated from.",
            where=str(self.directory / self.settings.model),
            fix="Run `edgegen update` first.",
        )


def load(directory: Path) -> Project:
    """Read a project; a UsageError says why it cannot be verified."""
    settings = config.read(directory)
    lock = lockfile.read(directory)
    if lock is None:
        raise UsageError(
            "The project has no edgegen.lock, so nothing tells what edgegen generated.",
            where=str(directory),
            fix="Run `edgegen update` there.",
        )
    device = registry.load_device(settings.device)
    model = _model(directory, settings)
    return Project(directory, settings, lock, device, model, _sources(directory, lock))


def chosen(directory: Path, known: Sequence[str], engines: Sequence[str] | None) -> tuple[str, ...]:
    """The engines to verify: those that were asked for, or all that the project knows."""
    unknown = [engine for engine in engines or () if engine not in known]
    if unknown:
        raise UsageError(
            f"The project was not generated with the engine {unknown[0]!r}.",
            where=str(directory),
            fix=f"It has {' and '.join(known)}.",
        )
    return tuple(dict.fromkeys(engines or known))


@contextmanager
def writing_into(directory: Path) -> Iterator[None]:
    """What the system refuses to write is the user's to mend, not a bug."""
    try:
        yield
    except OSError as error:
        raise storage.failed(error, directory) from error


def _model(directory: Path, settings: Config) -> ModelFacts:
    path = directory / settings.model
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError("The model cannot be read.", where=f"{path}: {error.strerror}") from None
    return ModelFacts(settings.name, path.name, digest)


def _sources(directory: Path, lock: Lock) -> SourceFacts:
    """Digest what is on disk, not what the lock claims."""
    tree = hashlib.sha256()
    edited = []
    for path, digest in sorted(lock.files.items()):
        found = storage.state(directory / path)
        tree.update(f"{found}  {path}\n".encode())
        if found != digest:
            edited.append(path)
    return SourceFacts(tree.hexdigest(), tuple(edited))
