"""Cortex-M4: instructions of preprocessing on the device, beside plain C

Executed instructions, counted on an emulated Cortex-M4F under QEMU's -icount shift=0: neither
cycles nor time. Ours is what a generated project runs: the path of the DSP instructions for images
and for the fixed-point front end, the portable one for float. Beside it are the portable path
without those instructions, and plain C as one would write it by hand: bilinear in float; a complex
transform of radix 2, a triangle of weights for each band, logf and a matrix for MFCCs. GCC compiled
all of it with -O2, and plain C with fused multiplication and addition, which ours does without. An
image's are for each pixel of the tensor, a sound's for each row of features. Checksums of our
tensors are compared with the host's before anything is reported.

The figure of the audio microfrontend, which the fixed-point front end equals to the bit, is carried
from benchmarks/microfrontend_cortex_m.json, which says how it was found.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from compare import Figure, Row

from edgegen import micro_audio, registry, tools
from edgegen.native import AudioFeatures, ImagePreprocessor, MicroAudioFeatures
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags
from edgegen.verify.cortex_m.emulator import Qemu

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "runtime_c"
FOLDER = ROOT / "benchmarks" / "cortex_m"
CARRIED = ROOT / "benchmarks" / "microfrontend_cortex_m.json"
DEVICE = registry.load_device("cortex_m4")
FRAMES, FRAME = 16, 480

FLAGS = ("-O2", "-ffunction-sections", "-fdata-sections")
# As generated projects are compiled: no fused multiplication and addition. Plain C may have them.
OURS = ("-std=c99", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Werror")

CAMERA: dict[str, Any] = {"source_width": 320, "source_height": 240, "dtype": "int8"}
LEVELS: dict[str, Any] = {
    "scale": 1 / 127.5, "offset": -1.0, "quant_scale": 1 / 127.5, "zero_point": -1,
}  # fmt: skip
IMAGENET: dict[str, Any] = {
    "scale": (0.017124754, 0.017507, 0.017429193), "offset": (-2.117904, -2.0357144, -1.8044444),
    "quant_scale": 0.018658, "zero_point": -14,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Image:
    """A case of cortex_m/image.c, and the same for the host."""

    work: str
    side: int
    options: Mapping[str, Any]


IMAGES = {
    "rgb8": Image("320x240 rgb8 -> 96x96 rgb", 96, CAMERA | LEVELS),
    "imagenet": Image(
        "320x240 rgb8 -> 96x96 rgb, a mean and deviation per channel", 96, CAMERA | IMAGENET
    ),
    "yuyv": Image(
        "320x240 yuyv -> 96x96 gray", 96, CAMERA | LEVELS | {"format": "yuyv", "color": "gray"}
    ),
    "gray8": Image(
        "64x64 gray8 -> 8x8 gray", 8,
        CAMERA | LEVELS | {
            "source_width": 64, "source_height": 64, "format": "gray8", "color": "gray",
        },
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """A case of cortex_m/audio.c."""

    work: str
    output: str
    hop: int
    coefficients: int


SOUNDS = {
    "mfcc10": Sound("480 samples of 16 kHz, 40 bands", "mfcc, 10", 320, 10),
    "mfcc13": Sound("480 samples of 16 kHz, 40 bands", "mfcc, 13", 160, 13),
    "logmel": Sound("480 samples of 16 kHz, 40 bands", "log mel", 320, 0),
}
MICRO = micro_audio.MicroAudioConfig(hop=320)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a case's paths took and what came out, by the paths' names."""

    instructions: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, int] = field(default_factory=dict)


def facts() -> dict[str, Any]:
    """Where and with what: of preprocess.py's `facts`."""
    assert DEVICE.emulator is not None
    names = {"arm-none-eabi-gcc": "arm-none-eabi-gcc", "qemu": "qemu-system-arm"}
    return {
        "machine": f"Cortex-M4F, emulated by QEMU's {DEVICE.emulator.machine}",
        "versions": {name: tools.require(tool).version for name, tool in names.items()},
    }


def rows() -> Iterator[Row]:
    yield from image_rows()
    yield from sound_rows()


def image_rows() -> Iterator[Row]:
    counted = counts("image", sorted((RUNTIME / "src" / "image").rglob("*.c")))
    for name, case in IMAGES.items():
        found, pixels = counted[name], case.side**2
        expected = host_image(case)
        for path in ("dsp", "portable"):
            require(name, path, found, expected)
        yield from compared(case.work, "int8", "dsp", found, "pixel", pixels)


def sound_rows() -> Iterator[Row]:
    sources = [
        *sorted((RUNTIME / "src" / "audio").glob("*.c")),
        *(RUNTIME / source for source in micro_audio.SOURCES),
    ]
    counted = counts("audio", sources)
    for name, sound in SOUNDS.items():
        found = counted[name]
        require(name, "portable", found, host_rows(sound))
        yield from compared(sound.work, sound.output, "portable", found, "row", FRAMES)
    both = counts("audio", sources, "-U__ARM_FEATURE_DSP")["micro"]
    both.instructions.update(counted["micro"].instructions)
    both.checksums.update(counted["micro"].checksums)
    for path in ("dsp", "portable"):
        require("micro", path, both, host_micro())
    work = "480 samples of 16 kHz, 40 channels"
    yield from compared(work, "micro_speech", "dsp", both, "row", FRAMES)
    yield carried(work, both)


def carried(work: str, found: Counts) -> Row:
    """The audio microfrontend's own sources, with the same checksum."""
    figures = json.loads(CARRIED.read_text(encoding="utf-8"))
    assert found.checksums["dsp"] == figures["features_crc32"]
    ours = found.instructions["dsp"] / FRAMES
    theirs = figures["instructions_per_row"]
    way = "its C, as measured before"
    return Row(
        work, "micro_speech", "microfrontend", "instructions per row", Figure(ours, ours), way,
        {way: Figure(theirs, theirs)},
    )  # fmt: skip


PEERS = {"plain": ("plain C", "float, by hand"), "portable": ("portable C", "ours without DSP")}


def compared(
    work: str, output: str, ours: str, found: Counts, unit: str, units: int
) -> Iterator[Row]:
    each = {path: Figure(n / units, n / units) for path, n in found.instructions.items()}
    for path, (peer, way) in PEERS.items():
        if path != ours and path in each:
            yield Row(
                work, output, peer, f"instructions per {unit}", each[ours], way, {way: each[path]}
            )


def require(name: str, path: str, found: Counts, expected: int) -> None:
    if found.checksums[path] != expected:
        raise AssertionError(f"{name}, {path}: another tensor than the host's")


# On the emulated core


def counts(program: str, sources: list[Path], *flags: str) -> dict[str, Counts]:
    """What cortex_m/<program>.c prints, by its cases."""
    emulator = DEVICE.emulator
    assert emulator is not None
    qemu = Qemu(tools.require("qemu-system-arm"), emulator.machine, emulator.arguments)
    found: dict[str, Counts] = {}
    with tempfile.TemporaryDirectory(prefix="edgegen-bench-") as folder:
        image = Path(folder) / f"{program}.elf"
        (Path(folder) / "micro_plan.h").write_text(micro_plan(), encoding="utf-8")
        compiler = tools.require("arm-none-eabi-gcc").path
        gcc: list[str | Path] = [compiler, *cortex_m_compile_flags(DEVICE), *FLAGS]
        plain = Path(folder) / "plain.o"
        subprocess.run([*gcc, "-c", FOLDER / f"peer_{program}.c", "-o", plain], check=True)
        command = [
            *gcc, *OURS, *flags, f"-DINSTRUCTIONS_PER_TICK={10**9 // emulator.systick_hz}U",
            f"-I{folder}", f"-I{RUNTIME / 'include'}", FOLDER / "boot.c", FOLDER / f"{program}.c",
            plain, *sources, "-T", FOLDER / "memory.ld", "-nostartfiles", "--specs=nano.specs",
            "--specs=nosys.specs", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", "-lm",
            "-o", image,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        console = qemu.run(image).console
    for line in console.splitlines():
        name, path, instructions, checksum = line.split()
        case = found.setdefault(name, Counts())
        case.instructions[path] = int(instructions)
        case.checksums[path] = int(checksum)
    return found


def micro_plan() -> str:
    plan = micro_audio.plan(MICRO)
    lines = ['#include "edgegen/micro_audio.h"']
    for name, table in plan.tables.items():
        values = ", ".join(map(str, table.tolist()))
        lines.append(f"static const {table.dtype}_t {name}[{table.size}] = {{{values}}};")
    members = ", ".join(f".{name} = {value}" for name, value in plan.fields)
    return "\n".join([*lines, f"static const eg_micro_audio_plan micro_plan = {{{members}}};", ""])


# On the host: what must come out


def host_image(case: Image) -> int:
    prepare = ImagePreprocessor(case.side, case.side, **case.options)
    height, width = case.options["source_height"], case.options["source_width"]
    pixel = {"rgb8": (3,), "gray8": (), "yuyv": (2,)}[case.options.get("format", "rgb8")]
    shape = (height, width, *pixel)
    top = noise(int(np.prod(shape))) >> np.uint32(24)
    return zlib.crc32(prepare(top.astype(np.uint8).reshape(shape)).tobytes())


def host_rows(sound: Sound) -> int:
    features = AudioFeatures(
        16000, frame_length=FRAME, hop=sound.hop, fft_size=512, mel_bands=40,
        coefficients=sound.coefficients, low_hz=20, high_hz=7600, log_floor=1e-6, window="hann",
    )  # fmt: skip
    samples = clip()[: FRAME + (FRAMES - 1) * sound.hop]
    return zlib.crc32(features.run(samples).tobytes())


def host_micro() -> int:
    return zlib.crc32(MicroAudioFeatures(MICRO)(clip()).tobytes())


def noise(count: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The generator of cortex_m/*.c."""
    state, found = 1, np.empty(count, np.uint32)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        found[i] = state
    return found


def clip() -> np.ndarray[Any, np.dtype[np.int16]]:
    """The samples of cortex_m/audio.c."""
    count = FRAME + (FRAMES - 1) * 320
    i = np.arange(count)
    triangle = (i * 37) % 4096 - 2048
    fading = triangle * (count - i)
    towards_zero = np.sign(fading) * (np.abs(fading) // count)
    samples = (noise(count) >> np.uint32(20)).astype(np.int64) - 2048 + towards_zero * 4
    found: np.ndarray[Any, np.dtype[np.int16]] = samples.astype(np.int16)
    return found
