"""The evidence for a web project: backends, what happens when something breaks, and the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgegen.verify.evidence import ModelFacts, SourceFacts
from edgegen.verify.outcome import FAIL, PASS, EngineFacts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device that the project is for."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """One thing that was tried.

    Attributes:
        what: What was done.
        status: "pass", "fail" or "not verified".
        found: What happened.
        reason: Why it is not "pass"; "" when it is.
    """

    what: str
    status: str
    found: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ArtefactFacts:
    """Something that a page downloads as a whole.

    Attributes:
        bytes: As it is.
        brotli: Compressed by brotli at quality 11, chunk by chunk.
        sha256: Of the file; of a chunked one, of what its chunks make.
    """

    name: str
    bytes: int
    brotli: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PartFacts:
    """Files of a first visit that belong together.

    Attributes:
        bytes: Of the files.
        sent: Of the answers' bodies, as they were sent: compressed.
    """

    part: str
    requests: int
    bytes: int
    sent: int


@dataclass(frozen=True, slots=True)
class DownloadFacts:
    """What a first visit to the page downloaded, counted by the server.

    Attributes:
        backend: That the model ran on.
        compression: Of the server, for people.
        guideline: Of the device, for the sum of ``sent``.
    """

    backend: str
    compression: str
    guideline: int
    parts: tuple[PartFacts, ...]

    @property
    def sent(self) -> int:
        """Bytes, of all parts."""
        return sum(each.sent for each in self.parts)

    @property
    def bytes(self) -> int:
        """Before compression."""
        return sum(each.bytes for each in self.parts)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole evidence for one project.

    Attributes:
        known_by: How each kind of figure was found.
        browser: Name and version.
        versions: Of what else took part: Playwright, the compiler of the WebAssembly modules.
        backends: By name, with the number of threads where that is not one.
        model_checks: Of the model's API, when something breaks.
        page_checks: Of the page; empty for a project without one.
        download: None where no page was visited.
        screenshot: File beside the report; "" for none.
    """

    edgegen: str
    model: ModelFacts
    device: DeviceFacts
    sources: SourceFacts
    reference: str
    known_by: Mapping[str, str]
    browser: str
    versions: Mapping[str, str]
    backends: Mapping[str, EngineFacts]
    model_checks: tuple[CheckFacts, ...] = ()
    page_checks: tuple[CheckFacts, ...] = ()
    artefacts: tuple[ArtefactFacts, ...] = ()
    download: DownloadFacts | None = None
    screenshot: str = ""

    @property
    def ok(self) -> bool:
        """True when a backend was verified, nothing failed and nothing was edited."""
        backends = [each.status for each in self.backends.values()]
        checks = [each.status for each in (*self.model_checks, *self.page_checks)]
        return PASS in backends and FAIL not in (*backends, *checks) and not self.sources.edited

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        facts = {"format": FORMAT, **asdict(self)}
        if self.download:
            sums = {"bytes": self.download.bytes, "sent": self.download.sent}
            facts["download"] = {**asdict(self.download), **sums}
        return facts

    def to_json(self) -> bytes:
        return (json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n").encode()

    def to_markdown(self) -> bytes:
        from edgegen.render import render

        return render("evidence/web.md.j2", {"report": self})
