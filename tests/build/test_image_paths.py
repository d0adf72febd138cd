"""Image kernels as instructions: on every machine the checksums that the host's kernels give.

probes/image_checksums.c runs every format with every choice of a specification. On the host it is
compiled without vector instructions, so that all are compared with the portable path; that the
host's own paths agree with it is what runtime_c/tests/test_image.c tests.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgegen import registry
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "runtime_c"
PROBES = Path(__file__).with_name("probes")
PROGRAM = PROBES / "image_checksums.c"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror")
NEON = ("-march=armv7-a", "-mfpu=neon", "-mfloat-abi=hard")

LINKER_SCRIPT = """
MEMORY {{ FLASH : ORIGIN = {flash.origin:#x}, LENGTH = {flash.length:#x}
          RAM : ORIGIN = {ram.origin:#x}, LENGTH = {ram.length:#x} }}
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
  .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
  .data : {{ *(.data* .bss* COMMON) }} > RAM /* QEMU's loader fills it */
  end = .;
  stack_top = {ram.end:#x};
}}
"""


def run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kernels() -> list[Path]:
    return sorted((RUNTIME / "src" / "image").rglob("*.c"))


def compile_all(compiler: Sequence[str | Path], program: Path, *more: str | Path) -> None:
    run(*compiler, *WARNINGS, f"-I{RUNTIME / 'include'}", PROGRAM, *kernels(), *more,
        "-lm", "-o", program)  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the portable path gives."""
    program = tmp_path_factory.mktemp("host") / "portable"
    compile_all(("gcc", "-O2", "-DEG_IMAGE_HAS_AVX2=0", "-DEG_IMAGE_HAS_SSE41=0"), program)
    return run(program)


def test_the_checksums_tell_things_apart(expected: str) -> None:
    lines = expected.splitlines()
    assert len(lines) == 6 * 2 * 3 * 2 * 3 * 2 * 3
    assert len({line.split()[-1] for line in lines}) > len(lines) / 2


@pytest.mark.arm_linux
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize(
    ("compiler", "emulator"),
    [
        (("aarch64-linux-gnu-gcc",), "qemu-aarch64"),
        (("arm-linux-gnueabihf-gcc", *NEON), "qemu-arm"),
    ],
    ids=["aarch64", "armv7-a"],
)
def test_neon(
    compiler: tuple[str, ...], emulator: str, level: str, expected: str, tmp_path: Path
) -> None:
    program = tmp_path / "checksums"
    compile_all((*compiler, level), program, "-static")
    assert run(emulator, program) == expected


BUILDS = {
    "O2": ("-O2",),
    "Os": ("-Os",),
    "O0": ("-O0",),
    "frame pointer": ("-O2", "-fno-omit-frame-pointer"),
}
"""Compilations that leave inline assembly different registers."""


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize(
    ("device", "build"),
    [
        *(("cortex_m4", build) for build in BUILDS),
        *((device, "O2") for device in ("cortex_m33", "cortex_m3", "cortex_m55")),
    ],
)
def test_cores(device: str, build: str, expected: str, tmp_path: Path) -> None:
    check_core(device, ("arm-none-eabi-gcc", *BUILDS[build]), expected, tmp_path)


@pytest.mark.clang
@pytest.mark.cross
@pytest.mark.qemu
def test_clang_leaves_the_instructions_enough_registers(expected: str, tmp_path: Path) -> None:
    clang = ("clang", "--target=arm-none-eabi", "-fshort-enums", "-nostdlibinc", "-O2")
    check_core("cortex_m4", (*clang, *newlib_headers()), expected, tmp_path)


def newlib_headers() -> tuple[str, ...]:
    """Where GCC looks for them; Clang has compilers' headers of its own."""
    command = ["arm-none-eabi-gcc", "-E", "-v", "-x", "c", "/dev/null"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    folders = [line.strip() for line in said.splitlines() if line.startswith(" /")]
    return tuple(f"-isystem{folder}" for folder in folders if Path(folder, "newlib.h").is_file())


def check_core(device_id: str, compiler: tuple[str, ...], expected: str, folder: Path) -> None:
    device = registry.load_device(device_id)
    emulator = device.emulator
    assert emulator is not None
    flags = cortex_m_compile_flags(device)
    objects = []
    for source in (PROGRAM, *kernels()):
        objects.append(folder / f"{len(objects)}.o")
        run(*compiler, *flags, *WARNINGS, f"-I{RUNTIME / 'include'}", "-c", source,
            "-o", objects[-1])  # fmt: skip
    script, image = folder / "core.ld", folder / "checksums.elf"
    script.write_text(LINKER_SCRIPT.format(flash=emulator.flash, ram=emulator.ram))
    run(
        "arm-none-eabi-gcc", *flags, PROBES / "hosted_core.c", *objects, "-T", script,
        "-nostartfiles", "--specs=rdimon.specs", "-Wl,--no-warn-rwx-segments", "-lm", "-o", image,
    )  # fmt: skip
    found = run(
        "qemu-system-arm", "-machine", emulator.machine, *emulator.arguments, "-display", "none",
        "-serial", "none", "-monitor", "none", "-semihosting-config", "enable=on,target=native",
        "-kernel", image,
    )  # fmt: skip
    assert found == expected
