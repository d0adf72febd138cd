"""The bits of audio features on other machines: each prints checksums, all of them this one's.

The program holds its plans as constants, as a generated project does, and prepares them, too.
"""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import registry
from edgegen.native import AudioFeatures, AudioPlan
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).with_name("audio")
FREESTANDING = HERE / "freestanding"
RUNTIME = ROOT / "runtime_c"
SOURCES = ("avx2", "clip", "fft", "prepare", "prepare_fft", "run", "stream", "vector4")
COUNT = 4096
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")

# As eg_audio_spec has them.
SPECS: tuple[dict[str, Any], ...] = (
    {"sample_rate": 16000, "frame_length": 480, "hop": 160, "fft_size": 512}
    | {"mel_bands": 40, "coefficients": 13, "low_hz": 20, "high_hz": 8000, "window": "hann"}
    | {"mel_scale": "htk", "mel_slopes": "hertz", "mel_norm": "none"},
    {"sample_rate": 8000, "frame_length": 201, "hop": 80, "fft_size": 256}
    | {"mel_bands": 21, "coefficients": 20, "low_hz": 0, "high_hz": 3800, "window": "hamming"}
    | {"mel_scale": "slaney", "mel_slopes": "mel", "mel_norm": "none"},
    {"sample_rate": 44100, "frame_length": 1102, "hop": 441, "fft_size": 2048}
    | {"mel_bands": 64, "coefficients": 0, "low_hz": 50, "high_hz": 22050, "window": "rectangular"}
    | {"mel_scale": "slaney", "mel_slopes": "hertz", "mel_norm": "slaney"},
)
FEATURES = tuple(AudioFeatures(**spec) for spec in SPECS)


def sound() -> npt.NDArray[np.int16]:
    """What checksums.c fills in."""
    made = np.empty(COUNT, np.int16)
    state = 1
    for n in range(COUNT):
        state = (state * 1664525 + 1013904223) % 2**32
        made[n] = ((state >> 16) - 32768) >> (n // 256)
    return made


def expected() -> str:
    rows = [each.run(sound()).tobytes() for each in FEATURES]
    return f"{zlib.crc32(b''.join(rows)):08x}"


def initialiser(plan: AudioPlan, name: str) -> tuple[str, str]:
    """The tables' definitions, and the plan's initialiser."""
    tables = []

    def pointer(field: str) -> str:
        values = getattr(plan, field)
        if not len(values):
            return "NULL"
        kind = "uint16_t" if values.dtype == np.uint16 else "float"
        text = ", ".join(str(v) if kind == "uint16_t" else f"{float(v)!r}F" for v in values)
        tables.append(f"static const {kind} {name}_{field}[] = {{{text}}};")
        return f"{name}_{field}"

    fft = f"{{{plan.fft_size}, {pointer('order')}, {pointer('twiddles')}, {pointer('separators')}}}"
    numbers = f"{plan.frame_length}, {plan.hop}, {plan.mel_bands}, {plan.coefficients}"
    rest = ", ".join(pointer(field) for field in ("window", "corners", "weights", "dct"))
    return "\n".join(tables), f"{{{fft}, {numbers}, {plan.log_floor!r}F, {rest}}}"


def specification(spec: dict[str, Any]) -> str:
    values = spec | {
        "log_floor": "1e-10F",
        "window": f"EG_AUDIO_{spec['window'].upper()}",
        "mel_scale": f"EG_AUDIO_{spec['mel_scale'].upper()}",
        "mel_slopes": int(spec["mel_slopes"] == "mel"),
        "mel_norm": int(spec["mel_norm"] == "slaney"),
    }
    return "{" + ", ".join(f".{field} = {value}" for field, value in values.items()) + "}"


def write_plans(folder: Path) -> None:
    made = [initialiser(each.plan(), f"plan{i}") for i, each in enumerate(FEATURES)]
    rows = max(len(each.run(sound())) for each in FEATURES)
    tables = "\n".join(tables for tables, _ in made)
    plans = ",\n".join(plan for _, plan in made)
    specs = ",\n".join(map(specification, SPECS))
    (folder / "plans.h").write_text(
        f"enum {{ SAMPLES = {COUNT}, ROWS = {rows + 1} }};\n{tables}\n"
        f"static const eg_audio_plan plans[] = {{\n{plans}\n}};\n"
        f"static const eg_audio_spec specs[] = {{\n{specs}\n}};\n",
        encoding="utf-8",
    )


def run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def arguments(folder: Path, *flags: str) -> list[str | Path]:
    write_plans(folder)
    files = [RUNTIME / "src" / "audio" / f"{name}.c" for name in SOURCES]
    return [
        *flags,
        "-I",
        RUNTIME / "include",
        "-I",
        HERE,
        "-I",
        folder,
        HERE / "checksums.c",
        *files,
    ]


def needs(*tools: str) -> pytest.MarkDecorator:
    absent = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(absent), reason=f"needs {', '.join(absent)}")


LINUX = {
    "here": ("cc", "", ()),
    "here, its FMA on and contracted": ("cc", "", ("-std=gnu99", "-march=native")),
    "here, without AVX2": ("cc", "", ("-DEG_AUDIO_HAS_AVX2=0",)),
    "clang": ("clang", "", ()),
    "aarch64": ("aarch64-linux-gnu-gcc", "qemu-aarch64", ()),
    "aarch64, GNU's C": ("aarch64-linux-gnu-gcc", "qemu-aarch64", ("-std=gnu99",)),
    "armv7": ("arm-linux-gnueabihf-gcc", "qemu-arm", ()),
    "armv7, its vectors": (
        "arm-linux-gnueabihf-gcc", "qemu-arm", ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINUX)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_on_linux(name: str, level: str, tmp_path: Path) -> None:
    compiler, emulator, flags = LINUX[name]
    for tool in filter(None, (compiler, emulator)):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    has_vectors = not name.startswith("armv7")
    ways = 4 if has_vectors else 3
    defines = [f"-DWAYS={ways}", *(["-DCLIPS"] if has_vectors else [])]
    program = tmp_path / "features"
    command = arguments(tmp_path, "-std=c99", level, *WARNINGS, *flags, *defines)
    run([compiler, *command, HERE / "main_linux.c", "-static", "-o", program])
    output = run([*([emulator] if emulator else []), program])
    assert output.split() == [expected()] * ways


LINKER_SCRIPT = """ENTRY(reset)
MEMORY
{{
  FLASH : ORIGIN = {flash.origin:#x}, LENGTH = {flash.length:#x}
  RAM : ORIGIN = {ram.origin:#x}, LENGTH = {ram.length:#x}
}}
SECTIONS
{{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.ARM.exidx*) }} > FLASH
  .data : {{ *(.data*) }} > RAM
  .bss (NOLOAD) : {{ *(.bss* COMMON) }} > RAM
  ASSERT(SIZEOF(.data) == 0, "nothing copies .data")
  stack_top = {ram.end:#x};
}}
"""


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize(
    ("device_id", "level"),
    [
        ("cortex_m3", "-O2"),  # floats by software
        *(("cortex_m4", level) for level in ("-O0", "-Os", "-O2", "-O3")),
        ("cortex_m55", "-O3"),
    ],
)
def test_on_cortex_m(device_id: str, level: str, tmp_path: Path) -> None:
    device = registry.load_device(device_id)
    emulator = device.emulator
    assert emulator is not None
    script, image = tmp_path / "image.ld", tmp_path / "image.elf"
    script.write_text(
        LINKER_SCRIPT.format(flash=emulator.flash, ram=emulator.ram), encoding="utf-8"
    )
    flags = (*cortex_m_compile_flags(device), level, *WARNINGS, "-DWAYS=3")
    command = arguments(tmp_path, *flags)  # GNU's C, as CMake has it
    link = ["-nostartfiles", "-T", script, "-Wl,--no-warn-rwx-segments", "-o", image]
    run(["arm-none-eabi-gcc", *command, HERE / "main_cortex_m.c", *link])
    machine = ["-machine", emulator.machine, *emulator.arguments, "-display", "none"]
    quiet = ["-serial", "none", "-monitor", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    output = run(["qemu-system-arm", *machine, *quiet, *semihosting, "-kernel", image])
    assert output.split() == [expected()] * 3


@pytest.mark.clang
@needs("node", "wasm-ld")
@pytest.mark.parametrize("flags", [(), ("-msimd128",)])
def test_on_webassembly(flags: tuple[str, ...], tmp_path: Path) -> None:
    module = tmp_path / "features.wasm"
    free = ("--target=wasm32", "-nostdlib", "-ffreestanding", "-O2", "-std=c99", *WARNINGS)
    ways = 4 if flags else 3
    defines = ["-DCLIPS"] if flags else []
    command = arguments(tmp_path, *free, *flags, *defines)
    link = ["-Wl,--no-entry", "-Wl,--export=features_crc", "-o", module]
    run(["clang", *command, "-isystem", FREESTANDING, FREESTANDING / "memory.c", *link])
    script = (
        "const {instance} = await WebAssembly.instantiate(require('fs')"
        f".readFileSync({str(module)!r}));"
        f"for (let i = 0; i < {ways}; ++i)"
        "console.log((instance.exports.features_crc(i) >>> 0).toString(16).padStart(8, '0'))"
    )
    output = run(["node", "-e", f"(async () => {{{script}}})()"])
    assert output.split() == [expected()] * ways


def test_the_plan_can_not_be_written() -> None:
    plan = FEATURES[0].plan()
    for field in dataclasses.fields(plan):
        value = getattr(plan, field.name)
        assert not isinstance(value, np.ndarray) or not value.flags.writeable
