"""Clocks and cycle counters where they are to run: emulated cores, Arm's Linux, WebAssembly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgegen import registry
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "runtime_c"
PROBES = Path(__file__).with_name("probes")
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror")
INSTRUCTIONS = 2_000_000
"""Of the loop that counters.c measures; one takes a nanosecond of QEMU's clock."""
STAND_IN = 0x40028018 - 4
"""So that the counter of the MPS2 boards' FPGA, 25 MHz, lies where CYCCNT would."""

ODD_HZ, ODD_TURNS = 16_777_213, 2**31
"""A prime, and six days: more nanoseconds, times the frequency, than 64 bits hold."""

LINKER_SCRIPT = """
ENTRY(reset)
MEMORY {{ FLASH : ORIGIN = {flash.origin:#x}, LENGTH = {flash.length:#x}
          RAM : ORIGIN = {ram.origin:#x}, LENGTH = {ram.length:#x} }}
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
  .bss (NOLOAD) : {{ *(.bss* COMMON) }} > RAM
  .data : {{ *(.data*) }} > RAM
  ASSERT(SIZEOF(.data) == 0, "nothing copies .data")
  stack_top = {ram.end:#x} - 64;
}}
"""


def sources(*names: str) -> list[str]:
    return [str(RUNTIME / "src" / f"{name}.c") for name in names]


def run(*command: str | Path, status: int = 0) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def on_core(device_id: str, folder: Path, *defines: str) -> dict[str, str]:
    """What counters.c says on a device's emulator."""
    device = registry.load_device(device_id)
    emulator = device.emulator
    assert emulator is not None
    script, image = folder / "counters.ld", folder / "counters.elf"
    script.write_text(LINKER_SCRIPT.format(flash=emulator.flash, ram=emulator.ram))
    run(
        "arm-none-eabi-gcc", *cortex_m_compile_flags(device), "-O2", *WARNINGS, "-std=c11",
        "-Wno-pedantic", "-ffreestanding", "-nostartfiles", "--specs=nano.specs",
        f"-I{RUNTIME / 'include'}", f"-DSYSTICK_HZ={emulator.systick_hz}U",
        f"-DODD_HZ={ODD_HZ}U", f"-DODD_TURNS={ODD_TURNS}U", *defines,
        PROBES / "counters.c", *sources("cycles", "systick", "stopwatch", "histogram"),
        "-T", script, "-Wl,--no-warn-rwx-segments", "-o", image,
    )  # fmt: skip
    console = run(
        "qemu-system-arm", "-machine", emulator.machine, *emulator.arguments, "-display", "none",
        "-serial", "none", "-monitor", "none", "-icount", "shift=0",
        "-semihosting-config", "enable=on,target=native", "-kernel", image,
    )  # fmt: skip
    return dict(line.rsplit(" ", 1) for line in console.splitlines())


def check_systick(facts: dict[str, str], hz: int) -> None:
    """Reading the clock takes some instructions, and a step is `1e9 / hz` of them."""
    slack = 600 + 2 * 10**9 // hz
    assert int(facts["systick ns"]) == pytest.approx(INSTRUCTIONS, abs=slack)
    assert int(facts["stopwatch lap"]) == pytest.approx(INSTRUCTIONS, abs=slack)
    assert int(facts["stopwatch overhead"]) < slack  # none, where a lap is within a step
    assert int(facts["systick clocks"]) == pytest.approx(INSTRUCTIONS * hz / 1e9, abs=slack)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("device", ["rp2040_pico", "cortex_m3", "cortex_m4", "cortex_m55"])
def test_a_core_without_a_counter_says_so_and_has_systick(device: str, tmp_path: Path) -> None:
    facts = on_core(device, tmp_path, "-DEG_SYSTICK_BITS=12")
    assert facts["no counter"] == "none"
    emulator = registry.load_device(device).emulator
    assert emulator is not None
    check_systick(facts, emulator.systick_hz)
    assert int(facts["systick turns"]) >= INSTRUCTIONS * emulator.systick_hz // 10**9 // 4096
    odd_ns = ODD_TURNS * 4096 * 10**9 // ODD_HZ
    assert 0 <= int(facts["odd clock ns"]) - odd_ns < 10_000


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("device", ["cortex_m3", "cortex_m4"])
def test_a_counter_of_32_bits_turns_over_into_64(device: str, tmp_path: Path) -> None:
    facts = on_core(device, tmp_path, "-DSTAND_IN", f"-DEG_DWT_BASE={STAND_IN:#x}U")
    assert facts["counter"] == "dwt"
    assert facts["turns"] == "1"
    assert int(facts["hz"]) == pytest.approx(25_000_000, rel=1e-3)


@pytest.mark.cross
@pytest.mark.qemu
def test_a_dwt_made_without_the_counter_is_believed(tmp_path: Path) -> None:
    # The register before the board's counter, a slower one, keeps the bit that is written there.
    facts = on_core("cortex_m4", tmp_path, "-DWITHOUT_CYCCNT", f"-DEG_DWT_BASE={STAND_IN:#x}U")
    assert facts["no counter"] == "none"


@pytest.mark.arm_linux
@pytest.mark.parametrize(
    ("compiler", "emulator", "counter"),
    [
        ("aarch64-linux-gnu-gcc", "qemu-aarch64", "cntvct\n"),
        ("arm-linux-gnueabihf-gcc", "qemu-arm", "none\n"),
    ],
)
def test_arm_linux_says_which_counter(
    compiler: str, emulator: str, counter: str, tmp_path: Path
) -> None:
    program = tmp_path / "cycles"
    run(
        compiler, "-static", "-O2", *WARNINGS, f"-I{RUNTIME / 'include'}",
        RUNTIME / "tests" / "test_cycles.c", *sources("clock", "cycles"), "-o", program,
    )  # fmt: skip
    assert run(emulator, program) == counter


HOST = """
const fs = require("node:fs");
let calls = 0;
let broken = null;
const host = { edgegen: { clock_ms: () => broken ?? ++calls * 0.25 } };
WebAssembly.instantiate(fs.readFileSync(process.argv[2]), host).then(({ instance }) => {
  const { eg_clock_ns, eg_cycles_start } = instance.exports;
  console.log(String(eg_clock_ns()), String(eg_clock_ns()), eg_cycles_start(0, 0n));
  const { measure, percentile } = instance.exports;
  console.log(String(measure(100)), String(percentile(50)));
  for (broken of [NaN, -1, Infinity, 1e300]) console.log(String(eg_clock_ns()));
  const real = { edgegen: { clock_ms: () => performance.now() } };
  return WebAssembly.instantiate(fs.readFileSync(process.argv[2]), real);
}).then(({ instance }) => {
  const before = process.hrtime.bigint();
  const start = instance.exports.eg_clock_ns();
  while (instance.exports.eg_clock_ns() - start < 20000000n) { }
  const passed = process.hrtime.bigint() - before;
  console.log(passed >= 19900000n ? "agrees" : `only ${passed}`);
});
"""


@pytest.mark.wasm
def test_webassembly_asks_its_host_for_the_time(tmp_path: Path) -> None:
    module, host = tmp_path / "clock.wasm", tmp_path / "host.js"
    exports = ("eg_clock_ns", "eg_cycles_start", "measure", "percentile")
    run(
        "clang", "--target=wasm32", "-nostdlib", "-ffreestanding", "-O2", *WARNINGS,
        f"-I{RUNTIME / 'include'}", "-Wl,--no-entry", *(f"-Wl,--export={name}" for name in exports),
        PROBES / "stopwatch_wasm.c", *sources("clock", "cycles", "stopwatch", "histogram"),
        "-o", module,
    )  # fmt: skip
    host.write_text(HOST)
    # A read takes a quarter of a millisecond here, and a lap of one read lasts that long.
    assert run("node", host, module) == "250000 500000 0\n250000 250000\n0\n0\n0\n0\nagrees\n"
