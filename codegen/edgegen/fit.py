"""Does this model fit that device? What each engine needs, beside what is there.

The numbers come from the engines, each with how it is known; the module of a target sorts them
by the device's resources. What an application adds around the model is not in them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from edgegen.engines import Part
from edgegen.errors import Diagnostic

#: From this share of a limit on, a line is TIGHT: the application needs room too.
TIGHT_SHARE = 0.80


class Verdict(enum.Enum):
    FITS = "fits"
    TIGHT = "tight"
    TOO_BIG = "does not fit"
    BEYOND = "beyond the guideline"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the device: what is needed, and what is there.

    Attributes:
        resource: "flash", "ram", "storage", "download" or "model".
        available: Bytes.
        limit: What ``available`` is, for people.
        is_guideline: More than ``available`` is unwise, not impossible.
    """

    resource: str
    parts: tuple[Part, ...]
    available: int
    limit: str
    is_guideline: bool = False

    @property
    def needed(self) -> int:
        """Sum of the parts that are known, in bytes."""
        return sum(part.quantity.bytes or 0 for part in self.parts)

    @property
    def complete(self) -> bool:
        """False when ``needed`` is only a lower bound."""
        return all(part.quantity.bytes is not None for part in self.parts)

    @property
    def share(self) -> float:
        """Needed of available; 1.0 is full."""
        return self.needed / self.available

    @property
    def largest(self) -> str:
        """The greatest addend, such as "921,600 for frames"."""
        part = max(self.parts, key=lambda part: part.quantity.bytes or 0)
        return f"{part.quantity.bytes or 0:,} for {part.name}"

    @property
    def known(self) -> str:
        """How ``needed`` is known, part by part unless all are known alike."""
        distinct = {part.quantity.known for part in self.parts}
        if len(distinct) == 1:
            return distinct.pop()
        return "; ".join(f"{part.name} {part.quantity.known}" for part in self.parts)

    @property
    def verdict(self) -> Verdict:
        if self.needed > self.available:
            return Verdict.BEYOND if self.is_guideline else Verdict.TOO_BIG
        if not self.complete:
            return Verdict.UNKNOWN
        is_tight = self.share >= TIGHT_SHARE and not self.is_guideline
        return Verdict.TIGHT if is_tight else Verdict.FITS


@dataclass(frozen=True, slots=True)
class EngineFit:
    """One engine: either why it refuses the model, or what it needs.

    Attributes:
        lines: Empty when the engine refuses.
        notes: What else matters, in sentences.
    """

    engine: str
    lines: tuple[Line, ...] = ()
    refusals: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """The engine takes the model, and nothing known exceeds a limit."""
        return not self.refusals and all(line.verdict is not Verdict.TOO_BIG for line in self.lines)


@dataclass(frozen=True, slots=True)
class FitReport:
    """The answer for one model on one device; ``ok`` when at least one engine fits."""

    model: str
    device: str
    engines: tuple[EngineFit, ...]

    @property
    def ok(self) -> bool:
        return any(engine.ok for engine in self.engines)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, with every derived value."""
        return {
            "model": self.model,
            "device": self.device,
            "ok": self.ok,
            "engines": [_engine_dict(engine) for engine in self.engines],
        }


def _engine_dict(engine: EngineFit) -> dict[str, Any]:
    return {
        "engine": engine.engine,
        "ok": engine.ok,
        "refusals": [
            {"code": each.code, "where": each.where, "cause": each.cause, "fix": each.fix}
            for each in engine.refusals
        ],
        "lines": [_line_dict(line) for line in engine.lines],
        "notes": list(engine.notes),
    }


def _line_dict(line: Line) -> dict[str, Any]:
    return {
        "resource": line.resource,
        "needed": line.needed,
        "complete": line.complete,
        "available": line.available,
        "limit": line.limit,
        "is_guideline": line.is_guideline,
        "share": round(line.share, 4),
        "known": line.known,
        "verdict": line.verdict.value,
        "parts": [
            {"name": part.name, "bytes": part.quantity.bytes, "known": part.quantity.known}
            for part in line.parts
        ],
    }
