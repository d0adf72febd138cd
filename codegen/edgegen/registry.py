"""The device registry: devices/<family>/<id>.toml, checked and turned into `Device`.

A device file is read by people who buy hardware and by this module alone, so a wrong one
is refused whole: every unknown or missing key, wrong type and contradiction is reported
at once, each with its key.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgegen import resources
from edgegen.device import Device, Emulator, MemoryRegion
from edgegen.errors import UsageError
from edgegen.toml_table import Table, closest

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
_ID = re.compile(r"[a-z][a-z0-9_]*")


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


def device_ids() -> tuple[str, ...]:
    """Ids of all known devices, sorted."""
    return tuple(sorted(_files()))


def load_device(device_id: str) -> Device:
    """The device called ``device_id``.

    Raises:
        UsageError: There is none, or its file is wrong.
    """
    path = _files().get(device_id)
    if path is None:
        raise UsageError(f"There is no device {device_id!r}.", fix=_unknown_device_fix(device_id))
    return _load(path)


def parse_device(text: str, path: Path) -> Device:
    """The device that a TOML text describes.

    Args:
        path: Where the text comes from; its last two parts give family and id.

    Raises:
        UsageError: The text is no TOML, or it breaks a rule; lists every problem.
    """
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The device file is no valid TOML: {error}.", where=str(path)) from None
    problems: list[str] = []
    device = _device(Table(values, "", problems), path.stem, path.parent.name)
    if device is None or problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise UsageError(f"The device file has {count}:\n{listed}", where=str(path))
    return device


def device_rows() -> list[dict[str, Any]]:
    """One JSON-able row per device, for a table; sizes in bytes."""
    return [_row(load_device(device_id)) for device_id in device_ids()]


def device_details(device_id: str) -> dict[str, Any]:
    """Everything known about one device, JSON-able, each number's source under "sources"."""
    device = load_device(device_id)
    details = _row(device) | {
        "family": device.family,
        "arch": device.arch,
        "interfaces": list(device.interfaces),
        "measurement": list(device.measurement),
        "formats": list(device.formats),
        "memory": [_region_dict(region) for region in device.memory],
        "emulator": None,
        "sources": dict(sorted(device.sources.items())),
    }
    if device.emulator is not None:
        details["emulator"] = {
            "machine": device.emulator.machine,
            "arguments": list(device.emulator.arguments),
            "exact": device.emulator.exact,
            "systick_hz": device.emulator.systick_hz,
            "memory": [_region_dict(region) for region in device.emulator.memory],
        }
    return details


def format_bytes(count: int) -> str:
    """A size for people, without rounding: 640 KiB, 4 MiB, 50 MB, 1000 B."""
    for unit, text in ((10**6, "MB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return f"{count // unit} {text}"
    return f"{count} B"


def _row(device: Device) -> dict[str, Any]:
    emulator = device.emulator
    return {
        "id": device.id,
        "name": device.name,
        "cpu": device.cpu,
        "features": list(device.features),
        "flash_bytes": device.flash_bytes,
        "ram_bytes": device.ram_bytes,
        "storage_bytes": device.storage_bytes,
        "emulator": emulator.machine if emulator else None,
        "emulator_exact": emulator.exact if emulator else None,
    }


def _region_dict(region: MemoryRegion) -> dict[str, Any]:
    return {
        "name": region.name,
        "kind": region.kind,
        "origin": region.origin,
        "length": region.length,
    }


@cache
def _files() -> dict[str, Path]:
    paths = sorted(resources.root("devices").glob("*/*.toml"))
    files = {path.stem: path for path in paths}
    if len(files) != len(paths):
        raise UsageError("Two device files have the same name.", where=str(paths[0].parents[1]))
    return files


@cache
def _load(path: Path) -> Device:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"The device file is not UTF-8: {error}.", where=str(path)) from None
    except OSError as error:
        raise UsageError(
            f"The device file cannot be read: {error.strerror}.", where=str(path)
        ) from None
    return parse_device(text, path)


def _unknown_device_fix(device_id: str) -> str:
    close = closest(device_id, device_ids())
    if close:
        return f"Did you mean {close!r}?"
    return "`edgegen devices` lists them."


def _device(table: Table, device_id: str, family: str) -> Device | None:
    """None, or a device that is only to be used when no problem was reported."""
    if not _ID.fullmatch(device_id):
        table.problem("file name", f"{device_id!r} does not match {_ID.pattern}.")
    name = table.text("name")
    cpu = table.choice("cpu", tuple(CORES))
    arch = table.text("arch")
    features = _features(table, cpu, arch)
    sizes = {
        key: table.number(key, 1, _ADDRESS_SPACE)
        for key in ("flash_bytes", "ram_bytes", "storage_bytes")
    }
    interfaces = table.choices("interfaces", INTERFACES)
    measurement = table.choices("measurement", MEASUREMENT)
    formats = table.choices("formats", FORMATS)
    memory = _memory(table)
    _check_sums(table, memory, sizes)
    sources = _sources(table)
    emulator = _emulator(table)
    table.finish()
    if name is None or cpu is None or arch is None or features is None or memory is None:
        return None
    flash_bytes, ram_bytes, storage_bytes = sizes.values()
    if flash_bytes is None or ram_bytes is None or storage_bytes is None:
        return None
    if interfaces is None or measurement is None or formats is None:
        return None
    return Device(
        id=device_id,
        family=family,
        name=name,
        arch=arch,
        cpu=cpu,
        features=features,
        ram_bytes=ram_bytes,
        flash_bytes=flash_bytes,
        storage_bytes=storage_bytes,
        interfaces=interfaces,
        measurement=measurement,
        formats=formats,
        memory=memory,
        emulator=emulator,
        sources=sources,
    )


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


def _sources(table: Table) -> dict[str, str]:
    inner = table.table("sources")
    if inner is None:
        return {}
    emulated = table.has("emulator")
    wanted = [key for key in SOURCED if emulated or not key.startswith("emulator.")]
    found = {key: text for key in wanted if (text := inner.text(key)) is not None}
    inner.finish()
    return found
