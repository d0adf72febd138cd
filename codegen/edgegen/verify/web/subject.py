"""A web project as it lies there: its engines, its golden vectors, what it downloads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgegen.device import WebBrowser
from edgegen.engines import registry
from edgegen.errors import DifferenceError, UsageError
from edgegen.verify import selftest
from edgegen.verify.selftest import Golden
from edgegen.verify.subject import Project
from edgegen.verify.web import server
from edgegen.verify.web.report import ArtefactFacts


@dataclass(frozen=True, slots=True)
class Subject:
    """A generated project of the family web.

    Attributes:
        expected: The outputs of all golden vectors, as in golden.bin.
    """

    project: Project
    device: WebBrowser
    golden: Golden
    expected: bytes

    @property
    def name(self) -> str:
        return self.project.settings.name

    @property
    def directory(self) -> Path:
        return self.project.directory

    @property
    def generated(self) -> Path:
        return self.directory / "edgegen"

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that the project has golden vectors for, in its order of preference."""
        preferred = self.project.settings.engines
        known = dict.fromkeys(engine_of(backend) for backend in self.golden.tolerances)
        return tuple(dict.fromkeys([*(each for each in preferred if each in known), *known]))

    def backends(self, engine: str) -> tuple[str, ...]:
        """Of an engine, in its order of preference."""
        known = registry.web()[engine].backends
        return tuple(each for each in known if each in self.golden.tolerances)

    def compilers(self) -> dict[str, str]:
        """What made the WebAssembly modules, as wasm/build.json says: program -> version."""
        try:
            facts = json.loads((self.generated / "wasm" / "build.json").read_bytes())
            return {each: str(facts[each]) for each in ("clang", "wasm-ld")}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def artefacts(self) -> Iterator[ArtefactFacts]:
        """The WebAssembly modules, and what is loaded in chunks."""
        for path in sorted((self.generated / "wasm").glob("*.wasm")):
            yield _artefact(f"wasm/{path.name}", [path.read_bytes()])
        for path in sorted((self.generated / "assets").glob("*.json")):
            yield _artefact(f"assets/{path.stem}", _chunks(path))


def load(project: Project) -> Subject:
    """Look at it more closely; a UsageError or DifferenceError says why it cannot be verified."""
    if not isinstance(project.device, WebBrowser):
        raise UsageError(f"{project.device.name} is no browser.", where=str(project.directory))
    generated = project.directory / "edgegen"
    golden = selftest.read_golden(generated / "golden.json")
    if project.model.sha256.encode() not in _read(generated / "spec.js"):
        raise project.other_model()
    return Subject(project, project.device, golden, _read(generated / "golden.bin"))


def engine_of(backend: str) -> str:
    """aot, for aot-simd."""
    return backend.partition("-")[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DifferenceError(
            f"The project is incomplete: {error.strerror}.",
            where=str(path),
            fix="Run `edgegen update --force`.",
        ) from None


def _chunks(manifest: Path) -> Iterator[bytes]:
    """In the manifest's order; a DifferenceError where it is none."""
    try:
        facts = json.loads(manifest.read_bytes())
        digests = [str(each["sha256"]) for each in facts["chunks"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DifferenceError(
            f"A manifest is not as edgegen writes it: {error!r}.",
            where=str(manifest),
            fix="Run `edgegen update --force`.",
        ) from None
    for digest in digests:
        yield _read(manifest.parent / "chunks" / f"{Path(digest).name}.bin")


def _artefact(name: str, parts: Iterable[bytes]) -> ArtefactFacts:
    whole = hashlib.sha256()
    size = packed = 0
    for part in parts:
        whole.update(part)
        size += len(part)
        packed += len(server.compress(part, "br"))
    return ArtefactFacts(name, size, packed, whole.hexdigest())
