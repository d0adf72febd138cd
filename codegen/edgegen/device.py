"""A device: the facts of one file under devices/, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MemoryRegion:
    """One region of the device's memory map, for the linker script.

    Attributes:
        name: Linker region name, such as FLASH.
        kind: "flash" or "ram".
        origin: First address.
        length: Bytes.
    """

    name: str
    kind: str
    origin: int
    length: int


@dataclass(frozen=True, slots=True)
class Emulator:
    """How QEMU stands in for the device.

    Attributes:
        machine: The value of QEMU's -machine.
        exact: True when the machine models this very device's memory map; False when
            it is a generic machine of the same core, which `verify` then says.
        systick_hz: Frequency of the processor clock behind SysTick in that machine.
        memory: The emulated machine's memory map.
    """

    machine: str
    exact: bool
    systick_hz: int
    memory: tuple[MemoryRegion, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """Facts about one device.

    Attributes:
        id: File name without extension, such as cortex_m4.
        family: Folder name, such as cortex_m.
        name: For people.
        arch: Arm architecture, such as armv7e-m.
        cpu: Value of the compilers' -mcpu, such as cortex-m4.
        features: Subset of dsp, fpu, dp_fpu, mve.
        ram_bytes, flash_bytes: What a program may use in all.
        storage_bytes: Limit on the whole packaged project.
        memory: The device's own map (the linker script of the board build).
        sources: Where each number comes from, by key.
    """

    id: str
    family: str
    name: str
    arch: str
    cpu: str
    features: tuple[str, ...]
    ram_bytes: int
    flash_bytes: int
    storage_bytes: int
    interfaces: tuple[str, ...]
    measurement: tuple[str, ...]
    formats: tuple[str, ...]
    memory: tuple[MemoryRegion, ...]
    emulator: Emulator | None
    sources: dict[str, str] = field(default_factory=dict, compare=False)
