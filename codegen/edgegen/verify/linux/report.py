"""The evidence for a Linux project: engines by architectures, and how each figure is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from edgegen.verify.evidence import ModelFacts, SourceFacts
from edgegen.verify.outcome import FAIL, NOT_VERIFIED, PASS, EngineFacts, Verdict

__all__ = ["FAIL", "NOT_VERIFIED", "PASS", "EngineFacts", "Report", "Verdict"]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device that the project is for."""

    id: str
    name: str
    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NativeFacts:
    """The project's C library, built for one architecture."""

    compiler: str
    bytes: int


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One kind of request that the running server was sent."""

    request: str
    answer: str
    passed: bool


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server, started, asked and ended.

    Attributes:
        engine: That it served with.
        exit_code: After SIGTERM; None when it was not ended that way.
    """

    status: str
    reason: str = ""
    engine: str = ""
    requests: tuple[RequestFacts, ...] = ()
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """The Debian package, unpacked into an empty root and run from there.

    Attributes:
        file: Its name.
        engines: Those whose self-test was run from it.
    """

    status: str
    reason: str = ""
    file: str = ""
    sha256: str = ""
    bytes: int = 0
    engines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The systemd unit, as systemd rates it.

    Attributes:
        exposure: From 0.0 (safe) to 10.0 (unsafe); None where nobody rated it.
        limit: The most that passes.
        left: What adds to it, the largest first.
        tool: What rated it.
    """

    status: str
    reason: str = ""
    exposure: float | None = None
    limit: float = 0.0
    left: tuple[tuple[str, float], ...] = ()
    tool: str = ""


@dataclass(frozen=True, slots=True)
class ComputerFacts:
    """Everything that was tried on one architecture.

    Attributes:
        machine: What ran it: QEMU with its processor, or this machine.
        versions: Of Python and of every distribution that was there.
        sha256: Of what ran beside the project's sources: interpreter, emulator, C library.
    """

    machine: str
    versions: Mapping[str, str]
    sha256: Mapping[str, str]
    native: NativeFacts | None
    engines: Mapping[str, EngineFacts]
    package: PackageFacts | None = None
    server: ServerFacts | None = None

    def verdicts(self) -> Iterator[tuple[str, str, str]]:
        """(what, status, reason) of everything."""
        for name, engine in self.engines.items():
            yield f"engine {name}", engine.status, engine.reason
        if self.package:
            yield "package", self.package.status, self.package.reason
        if self.server:
            yield "server", self.server.status, self.server.reason


@dataclass(frozen=True, slots=True)
class Report:
    """The whole evidence for one project.

    Attributes:
        known_by: How each kind of figure was found.
        computers: By architecture, in the device's order of preference.
        not_run: Architectures that nothing here can run, and why.
        service: None for a project without a unit.
    """

    edgegen: str
    model: ModelFacts
    device: DeviceFacts
    sources: SourceFacts
    reference: str
    known_by: Mapping[str, str]
    computers: Mapping[str, ComputerFacts]
    not_run: Mapping[str, str] = field(default_factory=dict)
    service: ServiceFacts | None = None

    @property
    def ok(self) -> bool:
        """True when an engine was verified, nothing failed and nothing was edited."""
        statuses = [each for c in self.computers.values() for _, each, _ in c.verdicts()]
        statuses += [self.service.status] if self.service else []
        engines = [e.status for c in self.computers.values() for e in c.engines.values()]
        return PASS in engines and FAIL not in statuses and not self.sources.edited

    @property
    def engines(self) -> tuple[str, ...]:
        """Rows of the table."""
        return tuple(dict.fromkeys(name for c in self.computers.values() for name in c.engines))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"format": FORMAT, **asdict(self)}

    def to_json(self) -> bytes:
        return (json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n").encode()

    def to_markdown(self) -> bytes:
        from edgegen.render import render

        return render("evidence/linux.md.j2", {"report": self})
