"""Device files of the family linux."""

from __future__ import annotations

import re
from typing import Any

from edgegen.device import Architecture, LinuxComputer
from edgegen.registry import common
from edgegen.toml_table import Table

INTERFACES = ("camera", "microphone", "sensor", "file", "network", "memory_mapped")
MEASUREMENT = ("system_timer",)
FORMATS = ("tar.gz", "deb", "rpm", "wheel")
ARCHITECTURES = ("x86_64", "aarch64", "armv7l")
ACCELERATORS = ("edgetpu",)
ENGINES = ("litert", "onnxruntime", "openvino", "aot")

SOURCED = ("architectures", "ram_bytes", "storage_bytes")

# By the compilers' names; the last is any 64-bit processor of Intel or AMD.
_CPUS = ("cortex-a53", "cortex-a72", "cortex-a76", "armv8-a", "x86-64")
_CPU = re.compile(r"[a-z0-9][a-z0-9-]*")
_LARGEST = 1 << 50

WORDS = common.Vocabulary("linux", _CPUS, INTERFACES, MEASUREMENT, FORMATS, _LARGEST)


def row(device: LinuxComputer) -> dict[str, Any]:
    """What a list of Linux computers shows beside the facts that all devices have."""
    return {
        "architectures": [each.name for each in device.architectures],
        "engines": list(device.engines),
    }


def details(device: LinuxComputer) -> dict[str, Any]:
    """The rest of it."""
    return {
        "architectures": [
            {"name": each.name, "emulated_cpu": each.emulated_cpu or None}
            for each in device.architectures
        ],
        "accelerators": list(device.accelerators),
    }


def read(table: Table, device_id: str) -> LinuxComputer | None:
    """None, or a device that is only to be used when no problem was reported."""
    cpu = table.choice("cpu", WORDS.cpus)
    basics = common.read(table, device_id, cpu, WORDS, SOURCED)
    engines = table.choices("engines", ENGINES)
    accelerators = table.choices("accelerators", ACCELERATORS) if table.has("accelerators") else ()
    tables = table.tables("architecture")
    found = [_architecture(each) for each in tables or ()]
    table.finish()
    architectures = tuple(each for each in found if each is not None)
    if len({each.name for each in architectures}) != len(architectures):
        table.problem("architecture", "two have the same name.")
    if basics is None or engines is None or accelerators is None or not architectures:
        return None
    return LinuxComputer(
        **basics, architectures=architectures, engines=engines, accelerators=accelerators
    )


def _architecture(table: Table) -> Architecture | None:
    name = table.choice("name", ARCHITECTURES)
    emulated_cpu = table.text("emulated_cpu", _CPU) if table.has("emulated_cpu") else ""
    table.finish()
    if name is None or emulated_cpu is None:
        return None
    return Architecture(name, emulated_cpu)
