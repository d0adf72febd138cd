"""Flash, RAM and storage that a model needs on a microcontroller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgegen import preprocess_c
from edgegen.device import MemoryRegion, Microcontroller
from edgegen.engines import Footprint, MicrocontrollerEngine, Part, Quantity
from edgegen.fit import EngineFit, FitReport, Line, Verdict
from edgegen.model import Model
from edgegen.options import Options
from edgegen.registry import format_bytes


def check(
    model: Model,
    device: Microcontroller,
    engines: Iterable[MicrocontrollerEngine],
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
    device: Microcontroller,
    engine: MicrocontrollerEngine,
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


def _emulator_notes(flash: Line, ram: Line, device: Microcontroller) -> list[str]:
    if device.emulator is None:
        return ["No emulator stands in for this device: `verify` needs the board."]
    checked = ((flash, device.emulator.flash), (ram, device.emulator.ram))
    return [
        f"`verify` cannot run it: {device.emulator.machine}, which stands in for the device, has "
        f"{format_bytes(region.length)} of {line.resource}."
        for line, region in checked
        if line.verdict is not Verdict.TOO_BIG and line.needed > region.length
    ]
