"""The fixed-point front end on emulated cores, with the DSP instructions and without: the plan is a
constant, and every row has the host's bits.
"""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import micro_audio, native, registry
from edgegen.micro_audio import MicroAudioConfig
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

pytestmark = [pytest.mark.cross, pytest.mark.qemu]

RUNTIME = Path(__file__).resolve().parents[2] / "runtime_c"
PROBE = Path(__file__).with_name("probes") / "micro_audio.c"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror")
SAMPLES = 16 * 512 + 3000

MICRO_SPEECH = MicroAudioConfig()
OTHERS = {
    "radix 2, without gain": MicroAudioConfig(8000, 201, 80, 20, 60.0, 3800.0, pcan=False),
    "1024, without logarithm": MicroAudioConfig(frame_length=1001, hop=500, log=False),
}

LINKER_SCRIPT = """
ENTRY(reset)
MEMORY {{ FLASH : ORIGIN = {flash.origin:#x}, LENGTH = {flash.length:#x}
          RAM : ORIGIN = {ram.origin:#x}, LENGTH = {ram.length:#x} }}
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
  .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
  .data : {{ *(.data*) *(.bss*) *(COMMON) }} > RAM
  stack_top = {ram.end:#x} - 64;
}}
"""


@pytest.mark.parametrize(
    "device", ["rp2040_pico", "cortex_m3", "cortex_m4", "cortex_m33", "cortex_m55"]
)
def test_every_core_computes_the_hosts_rows(device: str, tmp_path: Path) -> None:
    assert run(MICRO_SPEECH, device, tmp_path)["crc"] == rows_on_host(MICRO_SPEECH)


@pytest.mark.parametrize("config", OTHERS.values(), ids=OTHERS)
def test_other_sizes(config: MicroAudioConfig, tmp_path: Path) -> None:
    assert run(config, "cortex_m4", tmp_path)["crc"] == rows_on_host(config)


@pytest.mark.parametrize("flags", ["-O3", "-Os", "-O0", "-O2 -fno-omit-frame-pointer"])
def test_the_instructions_whatever_the_optimisation(flags: str, tmp_path: Path) -> None:
    found = run(MICRO_SPEECH, "cortex_m4", tmp_path, *flags.split())
    assert found["crc"] == rows_on_host(MICRO_SPEECH)


def test_a_row_takes_about_thirty_thousand_instructions(tmp_path: Path) -> None:
    """With the DSP instructions; a tick of the emulated SysTick is 40 nanoseconds."""
    assert run(MICRO_SPEECH, "cortex_m4", tmp_path)["ticks"] * 40 < 31_000


def rows_on_host(config: MicroAudioConfig) -> int:
    state, samples = 1, np.zeros(SAMPLES, np.int64)
    for number in range(SAMPLES):
        state = (state * 1664525 + 1013904223) % 2**32
        samples[number] = (state >> 16 ^ 0x8000) - 0x8000
    level = 1 << (np.arange(SAMPLES) // 512 % 16)
    towards_zero = np.sign(samples) * (np.abs(samples) // level)
    rows: npt.NDArray[np.uint16] = native.MicroAudioFeatures(config)(towards_zero.astype(np.int16))
    assert len(np.unique(rows)) > 200
    return zlib.crc32(rows.astype("<u2").tobytes())


def run(config: MicroAudioConfig, device_id: str, folder: Path, *flags: str) -> dict[str, int]:
    """What the probe says on a device's emulator."""
    device = registry.load_device(device_id)
    emulator = device.emulator
    assert emulator is not None
    script, image = folder / "probe.ld", folder / "probe.elf"
    script.write_text(LINKER_SCRIPT.format(flash=emulator.flash, ram=emulator.ram))
    (folder / "plan.h").write_text(plan_in_c(micro_audio.plan(config)))
    call(
        "arm-none-eabi-gcc", *cortex_m_compile_flags(device), *(flags or ["-O2"]), *WARNINGS,
        "-std=c11", "-Wno-pedantic", "-nostartfiles", "--specs=nano.specs", f"-I{folder}",
        f"-I{RUNTIME / 'include'}", f"-DSAMPLES={SAMPLES}", PROBE,
        *(RUNTIME / source for source in micro_audio.SOURCES),
        "-T", script, "-Wl,--no-warn-rwx-segments", "-o", image,
    )  # fmt: skip
    console = call(
        "qemu-system-arm", "-machine", emulator.machine, *emulator.arguments, "-display", "none",
        "-serial", "none", "-monitor", "none", "-icount", "shift=0",
        "-semihosting-config", "enable=on,target=native", "-kernel", image,
    )  # fmt: skip
    return {key: int(number) for key, number in map(str.split, console.splitlines())}


def plan_in_c(plan: micro_audio.MicroAudioPlan) -> str:
    lines = ['#include "edgegen/micro_audio.h"']
    for name, table in plan.tables.items():
        values = ", ".join(map(str, table.tolist()))
        lines.append(f"static const {table.dtype}_t {name}[{table.size}] = {{{values}}};")
    fields = ", ".join(f".{name} = {value}" for name, value in plan.fields)
    return "\n".join([*lines, f"static const eg_micro_audio_plan plan = {{{fields}}};", ""])


def call(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
