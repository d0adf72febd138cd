"""Does this model fit that device? Adds up what each engine needs and compares.

The numbers come from the engines (`Engine.footprint`), each with how it is known; this
module invents none. What an application adds around the model is not in them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edgegen import preprocess_c
from edgegen.device import Device, MemoryRegion
from edgegen.engines import Engine, Footprint, Quantity
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options
from edgegen.registry import format_bytes

#: From this share of a limit on, a line is TIGHT: the application needs room too.
TIGHT_SHARE = 0.80


class Verdict(enum.Enum):
    FITS = "fits"
    TIGHT = "tight"
    TOO_BIG = "does not fit"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Part:
    """One addend, such as the arena."""

    name: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the device: what is needed, and what is there.

    Attributes:
        resource: "flash", "ram" or "storage".
        available: Bytes.
        limit: What ``available`` is, for people.
    """

    resource: str
    parts: tuple[Part, ...]
    available: int
    limit: str

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
            return Verdict.TOO_BIG
        if not self.complete:
            return Verdict.UNKNOWN
        return Verdict.TIGHT if self.share >= TIGHT_SHARE else Verdict.FITS


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


def check(
    model: Model,
    device: Device,
    engines: Iterable[Engine],
    options: Options | None = None,
    *,
    package: Quantity | None = None,
) -> FitReport:
    """Compare what every engine needs for ``model`` with what ``device`` has.

    Args:
        engines: The engines asked about, in order of preference.
        options: The project's, where there is one: a measured arena is more exact.
        package: Size of the generated project where the caller has built it; otherwise
            that of a project with one engine is estimated.
    """
    chosen = options or Options(name="model")
    raw = preprocess_c.footprint(model, device, chosen)
    return FitReport(
        model=model.source.file_name,
        device=device.id,
        engines=tuple(_check(model, device, engine, chosen, raw, package) for engine in engines),
    )


def _check(
    model: Model,
    device: Device,
    engine: Engine,
    options: Options,
    raw: preprocess_c.Footprint | None,
    package: Quantity | None,
) -> EngineFit:
    refusals = engine.refusals(model)
    if refusals:
        return EngineFit(engine.id, refusals=refusals)
    footprint = engine.footprint(model, device, options)
    stored = package or _package(model, footprint, raw)
    flash_parts = [Part(name, getattr(footprint, name)) for name in ("weights", "code")]
    ram_parts = [Part(name, getattr(footprint, name)) for name in ("arena", "stack", "static")]
    if raw is not None:
        flash_parts.append(Part("preprocessing", raw.code))
        ram_parts += [Part("frames", raw.frames), Part("preprocessing", raw.scratch)]
    flash = _line("flash", flash_parts, device.flash)
    ram = _line("ram", ram_parts, device.ram)
    storage = Line(
        "storage", (Part("project", stored),), device.storage_bytes, "limit of the whole project"
    )
    notes = [*_other_regions(flash, device.memory), *_other_regions(ram, device.memory)]
    notes += _emulator_notes(flash, ram, device)
    return EngineFit(engine.id, (flash, ram, storage), notes=tuple(notes))


def _line(resource: str, parts: Sequence[Part], region: MemoryRegion) -> Line:
    # The linker script places a program's parts of one kind into one region, the main one.
    return Line(resource, tuple(parts), region.length, f"memory region {region.name}")


_REST_BYTES = 95_000
"""Of a project, without the model file and what the engine writes: 84 to 126 kB in the 20 projects
of ten models (MLPerf Tiny, hello_world, digits) and two engines."""


def _package(model: Model, footprint: Footprint, raw: preprocess_c.Footprint | None) -> Quantity:
    source = footprint.source.bytes
    if source is None:
        return Quantity(None, "not known (the engine's sources are not)")
    size = len(model.source.data) + source + _REST_BYTES
    if raw is not None:
        size += raw.source.bytes or 0
    return Quantity(size, "estimated (from the model file and the engine's sources, +/- 20 %)")


def _other_regions(line: Line, memory: tuple[MemoryRegion, ...]) -> list[str]:
    if line.verdict is not Verdict.TOO_BIG:
        return []
    others = [region for region in memory if region.kind == line.resource][1:]
    if line.available + sum(region.length for region in others) < line.needed:
        return []
    listed = ", ".join(f"{region.name} ({format_bytes(region.length)})" for region in others)
    return [f"The device has more {line.resource} that the linker script leaves to you: {listed}."]


def _emulator_notes(flash: Line, ram: Line, device: Device) -> list[str]:
    if device.emulator is None:
        return ["No emulator stands in for this device: `verify` needs the board."]
    checked = ((flash, device.emulator.flash), (ram, device.emulator.ram))
    return [
        f"`verify` cannot run it: {device.emulator.machine}, which stands in for the device, has "
        f"{format_bytes(region.length)} of {line.resource}."
        for line, region in checked
        if line.verdict is not Verdict.TOO_BIG and line.needed > region.length
    ]


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
        "share": round(line.share, 4),
        "known": line.known,
        "verdict": line.verdict.value,
        "parts": [
            {"name": part.name, "bytes": part.quantity.bytes, "known": part.quantity.known}
            for part in line.parts
        ],
    }
