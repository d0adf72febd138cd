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

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.length


def main_region(memory: tuple[MemoryRegion, ...], kind: str) -> MemoryRegion:
    """The first region of a kind, in the order of the device file.

    The linker script puts the program into the main "flash", and .data, .bss, arena and
    stack into the main "ram". The registry makes sure that both are there.
    """
    return next(region for region in memory if region.kind == kind)


@dataclass(frozen=True, slots=True)
class Emulator:
    """How QEMU stands in for the device.

    Attributes:
        machine: The value of QEMU's -machine.
        exact: True when the machine models this very device's memory map; False when
            it is another machine with the same instruction set, which `verify` then says.
        systick_hz: Frequency of the processor clock behind SysTick in that machine.
        memory: The emulated machine's memory map.
        arguments: More of QEMU's command line, to be passed with the machine.
    """

    machine: str
    exact: bool
    systick_hz: int
    memory: tuple[MemoryRegion, ...]
    arguments: tuple[str, ...] = ()

    @property
    def flash(self) -> MemoryRegion:
        """Where the emulated program lies."""
        return main_region(self.memory, "flash")

    @property
    def ram(self) -> MemoryRegion:
        """Where the emulated program's data, arena and stack lie."""
        return main_region(self.memory, "ram")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known about every device, whatever its family.

    Attributes:
        id: File name without extension, such as cortex_m4.
        family: Folder name, such as cortex_m.
        name: For people.
        cpu: The core, by the compilers' name for it, such as cortex-m4.
        ram_bytes: All RAM that a project may use.
        storage_bytes: Limit on the whole packaged project, as files on disk.
        interfaces: How data reaches the model, such as sensor or camera.
        measurement: What time is measured with, such as system_timer.
        formats: How a project is handed on, such as tar.gz.
        sources: Where each number comes from, by its key in the device file.
    """

    id: str
    family: str
    name: str
    cpu: str
    ram_bytes: int
    storage_bytes: int
    interfaces: tuple[str, ...]
    measurement: tuple[str, ...]
    formats: tuple[str, ...]
    sources: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Microcontroller(Device):
    """A device of the family cortex_m.

    Attributes:
        arch: Arm architecture, such as armv7e-m.
        features: Subset of dsp, fpu, dp_fpu, mve.
        flash_bytes: Like ``ram_bytes``, the sum over the regions of ``memory``.
        memory: The device's own map (the linker script of the board build).
    """

    arch: str
    features: tuple[str, ...]
    flash_bytes: int
    memory: tuple[MemoryRegion, ...]
    emulator: Emulator | None

    @property
    def flash(self) -> MemoryRegion:
        """Where the program lies."""
        return main_region(self.memory, "flash")

    @property
    def ram(self) -> MemoryRegion:
        """Where .data, .bss, arena and stack lie; other RAM is the user's to place things in."""
        return main_region(self.memory, "ram")


@dataclass(frozen=True, slots=True)
class Architecture:
    """An instruction set that a Linux computer may run.

    Attributes:
        name: What `uname -m` says, such as aarch64.
        emulated_cpu: The value of QEMU's -cpu that stands in for the device; "" where the host
            runs it by itself.
    """

    name: str
    emulated_cpu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxComputer(Device):
    """A device of the family linux.

    Attributes:
        architectures: The preferred one first.
        engines: Ids of the engines that run on it, in order of preference.
        accelerators: What computes beside the processor: edgetpu.
    """

    architectures: tuple[Architecture, ...]
    engines: tuple[str, ...]
    accelerators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a browser can do, and that an engine may use.

    Attributes:
        name: Such as simd.
        since: First version that has it, by the browser's own count; "any" where the device is no
            single browser.
    """

    name: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBrowser(Device):
    """A device of the family web.

    What a visitor's browser really can do is asked when the page loads: ``features`` says what to
    expect. ``storage_bytes`` is the guideline for what the first visit downloads.

    Attributes:
        features: In the order of their names.
        engines: Ids of the engines that run in it, in order of preference.
        model_bytes: Guideline for the model's share of the first visit.
    """

    features: tuple[Feature, ...]
    engines: tuple[str, ...]
    model_bytes: int
