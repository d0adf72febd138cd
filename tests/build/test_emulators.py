"""The emulator table of every device: the machine boots, has the memory, FPU and clock it says."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import registry
from edgegen.device import Device, Emulator, MemoryRegion
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

INSTRUCTIONS = 2_000_000
FLASH_MARK = 0x600D600D
PROBE = Path(__file__).with_name("emulator_probe.c")
EMULATED = [name for name in registry.device_ids("cortex_m") if registry.load_device(name).emulator]


def _linker_script(emulator: Emulator) -> str:
    """The program in the main regions, a mark in the last word of every flash region."""
    flash = [region for region in emulator.memory if region.kind == "flash"]
    ram = [region for region in emulator.memory if region.kind == "ram"]
    regions = "\n".join(
        f"  {region.name} : ORIGIN = {region.origin:#x}, LENGTH = {region.length:#x}"
        for region in emulator.memory
    )
    marks = "\n".join(
        f"  .mark_{region.name} {region.end - 4:#x} : {{ LONG({FLASH_MARK:#x}) }} > {region.name}"
        for region in flash
    )
    flash_words = _longs([region.end - 4 for region in flash])
    ram_words = _longs([address for region in ram for address in _ends(region)])
    return f"""ENTRY(reset)
MEMORY
{{
{regions}
}}
SECTIONS
{{
  .text : {{
    KEEP(*(.vectors)) *(.text*) *(.rodata*)
    . = ALIGN(4);
    flash_words = .; {flash_words}
    ram_words = .; {ram_words}
  }} > {emulator.flash.name}
{marks}
  .data : {{ *(.data* .bss* COMMON) }} > {emulator.ram.name}
  ASSERT(SIZEOF(.data) == 0, "nothing copies .data")
  stack_top = {emulator.ram.end - 64:#x};
}}
"""


def _ends(region: MemoryRegion) -> tuple[int, int]:
    return region.origin, region.end - 4


def _longs(values: list[int]) -> str:
    return " ".join(f"LONG({value:#x})" for value in [*values, 0])


def _build(device: Device, emulator: Emulator, folder: Path) -> Path:
    script, image = folder / "probe.ld", folder / "probe.elf"
    script.write_text(_linker_script(emulator), encoding="utf-8")
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
    defines = [f"-DPROBE_INSTRUCTIONS={INSTRUCTIONS}u", f"-DFLASH_MARK={FLASH_MARK:#x}u"]
    command = ["arm-none-eabi-gcc", *cortex_m_compile_flags(device), "-std=c11", "-O1"]
    command += [*warnings, *defines, "-ffreestanding", "-nostdlib", str(PROBE)]
    command += ["-T", str(script), "-Wl,--no-warn-rwx-segments", "-lgcc", "-o", str(image)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return image


def _run(device: Device, emulator: Emulator, folder: Path) -> subprocess.CompletedProcess[str]:
    image = _build(device, emulator, folder)
    command = ["qemu-system-arm", "-machine", emulator.machine, *emulator.arguments]
    command += ["-display", "none", "-serial", "none", "-monitor", "none", "-icount", "shift=0"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(image)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("device_id", EMULATED)
def test_the_machine_is_what_the_device_file_says(device_id: str, tmp_path: Path) -> None:
    device = registry.load_device(device_id)
    assert device.emulator is not None
    run = _run(device, device.emulator, tmp_path)
    assert run.returncode == 0, run.stderr
    measured_hz = int(run.stderr) / INSTRUCTIONS * 1e9  # an instruction is a nanosecond
    # The few instructions around the loop are less than one tick in 10,000.
    assert measured_hz == pytest.approx(device.emulator.systick_hz, rel=1e-4)


@pytest.mark.cross
@pytest.mark.qemu
def test_the_probe_notices_memory_that_is_not_there(tmp_path: Path) -> None:
    device = registry.load_device("cortex_m4")
    assert device.emulator is not None
    nowhere = MemoryRegion("NOWHERE", "ram", 0x60000000, 1024)
    emulator = replace(device.emulator, memory=(*device.emulator.memory, nowhere))
    assert _run(device, emulator, tmp_path).returncode != 0
