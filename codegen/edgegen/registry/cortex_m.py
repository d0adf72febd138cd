"""Device files of the family cortex_m."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

from edgegen.device import Emulator, MemoryRegion, Microcontroller
from edgegen.registry import common
from edgegen.toml_table import Table

INTERFACES = ("sensor", "memory_mapped")
MEASUREMENT = ("system_timer",)
FORMATS = ("tar.gz",)

#: Keys that need an entry under [sources]; the last two only with an [emulator].
SOURCED = (
    "features",
    "flash_bytes",
    "ram_bytes",
    "storage_bytes",
    "memory",
    "emulator.systick_hz",
    "emulator.memory",
)

_ADDRESS_SPACE = 1 << 32
_MACHINE = re.compile(r"[a-z0-9][a-z0-9-]*")
_ARGUMENT = re.compile(r"[A-Za-z0-9._=-]+")
# Two letters at least: GNU ld reads a name such as B0 as the start of a number.
_REGION = re.compile(r"[A-Z]{2}[A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Core:
    """What a processor core implies.

    Attributes:
        arch: Arm architecture.
        always: Features that the core cannot lack.
        optional: Features that a device with this core may have.
    """

    arch: str
    always: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        return self.always + self.optional


# From the Technical Reference Manual of each core, chapter "Introduction".
CORES = {
    "cortex-m0plus": Core("armv6-m"),
    "cortex-m3": Core("armv7-m"),
    "cortex-m4": Core("armv7e-m", ("dsp",), ("fpu",)),
    "cortex-m7": Core("armv7e-m", ("dsp",), ("fpu", "dp_fpu")),
    "cortex-m33": Core("armv8-m.main", (), ("dsp", "fpu")),
    "cortex-m55": Core("armv8.1-m.main", ("dsp",), ("fpu", "dp_fpu", "mve")),
}

# MVE here means its floating-point form too, the one that -mcpu=cortex-m55 stands for.
_FEATURE_NEEDS = {"dp_fpu": "fpu", "mve": "fpu"}


WORDS = common.Vocabulary(
    "cortex_m", tuple(CORES), INTERFACES, MEASUREMENT, FORMATS, _ADDRESS_SPACE
)


def row(device: Microcontroller) -> dict[str, Any]:
    """What a list of microcontrollers shows beside the facts that all devices have."""
    emulator = device.emulator
    return {
        "features": list(device.features),
        "flash_bytes": device.flash_bytes,
        "emulator": emulator.machine if emulator else None,
        "emulator_exact": emulator.exact if emulator else None,
    }


def details(device: Microcontroller) -> dict[str, Any]:
    """The rest of it."""
    emulator = device.emulator
    return {
        "arch": device.arch,
        "memory": [_region_dict(region) for region in device.memory],
        "emulator": emulator
        and {
            "machine": emulator.machine,
            "arguments": list(emulator.arguments),
            "exact": emulator.exact,
            "systick_hz": emulator.systick_hz,
            "memory": [_region_dict(region) for region in emulator.memory],
        },
    }


def read(table: Table, device_id: str) -> Microcontroller | None:
    """None, or a device that is only to be used when no problem was reported."""
    emulated = table.has("emulator")
    sourced = [key for key in SOURCED if emulated or not key.startswith("emulator.")]
    cpu = table.choice("cpu", WORDS.cpus)
    basics = common.read(table, device_id, cpu, WORDS, sourced)
    arch = table.text("arch")
    features = _features(table, cpu, arch)
    flash_bytes = table.number("flash_bytes", 1, _ADDRESS_SPACE)
    memory = _memory(table)
    sizes = {"flash_bytes": flash_bytes, "ram_bytes": basics["ram_bytes"] if basics else None}
    _check_sums(table, memory, sizes)
    emulator = _emulator(table)
    table.finish()
    if basics is None or arch is None or features is None:
        return None
    if flash_bytes is None or memory is None:
        return None
    return Microcontroller(
        **basics,
        arch=arch,
        features=features,
        flash_bytes=flash_bytes,
        memory=memory,
        emulator=emulator,
    )


def _region_dict(region: MemoryRegion) -> dict[str, Any]:
    return {
        "name": region.name,
        "kind": region.kind,
        "origin": region.origin,
        "length": region.length,
    }


def _features(table: Table, cpu: str | None, arch: str | None) -> tuple[str, ...] | None:
    features = table.texts("features")
    if cpu is None or features is None:
        return None
    core = CORES[cpu]
    problems = ["lists a feature twice."] if len(set(features)) != len(features) else []
    problems += [f"a {cpu} has no {word!r}." for word in features if word not in core.features]
    problems += [f"every {cpu} has {word!r}." for word in core.always if word not in features]
    problems += [
        f"{word!r} needs {needed!r}."
        for word, needed in _FEATURE_NEEDS.items()
        if word in features and needed not in features
    ]
    for text in problems:
        table.problem("features", text)
    if arch is not None and arch != core.arch:
        table.problem("arch", f"a {cpu} is {core.arch!r}, not {arch!r}.")
    # One order, whatever the file's, because flags and generated files follow from it.
    return tuple(word for word in core.features if word in features)


def _memory(table: Table) -> tuple[MemoryRegion, ...] | None:
    """Regions under [[memory]]: unique names, no overlap, at least one of each kind."""
    tables = table.tables("memory")
    if tables is None:
        return None
    found = [_region(each) for each in tables]
    regions = tuple(region for region in found if region is not None)
    if len(regions) != len(found):
        return None
    if len({region.name for region in regions}) != len(regions):
        table.problem("memory", "two regions have the same name.")
    for kind in ("flash", "ram"):
        if not any(region.kind == kind for region in regions):
            table.problem("memory", f"there is no region of kind {kind!r}.")
    for one, other in itertools.combinations(regions, 2):
        if one.origin < other.end and other.origin < one.end:
            table.problem("memory", f"{one.name} and {other.name} overlap.")
    return regions


def _region(table: Table) -> MemoryRegion | None:
    name = table.text("name", _REGION)
    kind = table.choice("kind", ("flash", "ram"))
    origin = table.number("origin", 0, _ADDRESS_SPACE - 1)
    length = table.number("length", 1, _ADDRESS_SPACE)
    table.finish()
    if name is None or kind is None or origin is None or length is None:
        return None
    if origin + length > _ADDRESS_SPACE:
        table.problem("length", f"{name} reaches beyond the 32-bit address space.")
    # The linker script aligns the stack's top to 8 bytes and the vector table to 256.
    for key, value, alignment in (("origin", origin, 256), ("length", length, 8)):
        if value % alignment:
            table.problem(key, f"{value} is no multiple of {alignment}.")
    return MemoryRegion(name, kind, origin, length)


def _check_sums(
    table: Table, memory: tuple[MemoryRegion, ...] | None, sizes: dict[str, int | None]
) -> None:
    for kind in ("flash", "ram") if memory is not None else ():
        total = sum(region.length for region in memory or () if region.kind == kind)
        stated = sizes[f"{kind}_bytes"]
        if stated is not None and total and stated != total:
            table.problem(
                f"{kind}_bytes", f"is {stated}, but the {kind} regions add up to {total}."
            )


def _emulator(table: Table) -> Emulator | None:
    if not table.has("emulator"):
        return None
    inner = table.table("emulator")
    if inner is None:
        return None
    machine = inner.text("machine", _MACHINE)
    arguments = inner.texts("arguments")
    exact = inner.flag("exact")
    systick_hz = inner.number("systick_hz", 1, _ADDRESS_SPACE)
    memory = _memory(inner)
    inner.finish()
    for argument in arguments or ():
        if not _ARGUMENT.fullmatch(argument):
            inner.problem("arguments", f"{argument!r} does not match {_ARGUMENT.pattern}.")
    if machine is None or arguments is None or exact is None:
        return None
    if systick_hz is None or memory is None:
        return None
    return Emulator(machine, exact, systick_hz, memory, arguments)
