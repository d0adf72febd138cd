"""The native library of a Linux project: it builds, and computes what the references do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import prepare, resolve
from numeric import test_aot_simd, test_aot_simd_f32
from support.host_engine import Build, HostEngine, random_vectors, tflm
from support.native_library import AARCH64, ARM, CLANG, GCC, Machine, NativeLibrary, call
from support.recurrent import svdf
from support.tflite_builder import ModelBuilder

MLPERF = {
    "ic": "mlperf_tiny_ic_resnet8_int8.tflite",
    "kws": "mlperf_tiny_kws_dscnn_int8.tflite",
}

MACHINES = [
    pytest.param(GCC, id="gcc"),
    pytest.param(CLANG, id="clang", marks=pytest.mark.clang),
    pytest.param(AARCH64, id="aarch64", marks=pytest.mark.arm_linux),
    pytest.param(ARM, id="armv7", marks=pytest.mark.arm_linux),
]


def check(library: NativeLibrary, count: int = 2) -> None:
    """Every variant computes TensorFlow Lite Micro's numbers, in four threads at once."""
    vectors = random_vectors(library.model, count, 1)
    expected = tflm(library.model, vectors)
    variants = library.probe("variants").decode().split()
    assert variants[-1] == "portable"
    for number, variant in enumerate(variants):
        for outputs, want in zip(library.run(vectors, number), expected, strict=True):
            for tensor, got in zip(library.model.outputs, outputs, strict=True):
                assert np.array_equal(got, want[tensor]), variant


# By what QEMU emulates.
VARIANTS = {
    "aarch64-linux-gnu": {
        "cortex-a76": ["dotprod", "neon", "portable"],
        "cortex-a72": ["neon", "portable"],
    },
    "arm-linux-gnueabihf": {
        "cortex-a15": ["neon", "portable"],
        "cortex-a15,neon=off": ["portable"],
    },
}


@pytest.mark.parametrize("machine", MACHINES)
def test_digits_on_every_machine(machine: Machine, digits_tflite: Path, tmp_path: Path) -> None:
    model = tflite.parse(digits_tflite.read_bytes(), digits_tflite.name)
    library = NativeLibrary(model, tmp_path, machine)
    check(library, 20)
    assert library.probe("misuse") == b""
    for cpu, variants in VARIANTS.get(machine.toolchain, {}).items():
        assert library.probe("variants", cpu=cpu).decode().split() == variants


@pytest.mark.slow
@pytest.mark.parametrize(
    ("machine", "model"),
    [
        pytest.param(GCC, "ic", id="ic"),
        pytest.param(GCC, "kws", id="kws"),
        pytest.param(AARCH64, "kws", id="kws-aarch64", marks=pytest.mark.arm_linux),
        pytest.param(ARM, "kws", id="kws-armv7", marks=pytest.mark.arm_linux),
    ],
)
def test_mlperf_tiny(machine: Machine, model: str, models_dir: Path, tmp_path: Path) -> None:
    file = models_dir / MLPERF[model]
    check(NativeLibrary(tflite.parse(file.read_bytes(), file.name), tmp_path, machine), 1)


@pytest.mark.arm_linux
@pytest.mark.slow
@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(test_aot_simd.some_of_everything, id="integers"),
        pytest.param(test_aot_simd_f32.some_of_everything, id="floats"),
    ],
)
def test_vector_kernels_of_arm(layers: Callable[[], bytes], tmp_path: Path) -> None:
    """By what the host's vector kernels are tested with. One test: it is generated once."""
    model = tflite.parse(layers(), "layers.tflite")
    for machine in (AARCH64, ARM):
        library = NativeLibrary(model, tmp_path / machine.toolchain, machine)
        assert len(library.probe("variants").split()) > 1
        check(library)


@pytest.mark.arm_linux
def test_exponentials_of_arm_are_those_of_every_instruction_set(tmp_path: Path) -> None:
    model = test_aot_simd_f32.exponentials()
    vectors = random_vectors(model, 2, 1)
    twin = HostEngine(model, tmp_path / "twin", Build(features=("neon",))).run(vectors)
    library = NativeLibrary(model, tmp_path / "arm", AARCH64)
    for outputs, want in zip(library.run(vectors), twin, strict=True):
        for tensor, got in zip(model.outputs, outputs, strict=True):
            assert np.array_equal(got, want[tensor]), model.tensors[tensor].name


def integers_and_floats() -> bytes:
    """A layer of int8, what it gives as floats, and a layer of floats."""
    random = np.random.default_rng(3)
    builder = ModelBuilder()
    x = builder.tensor("x", [2, 9], scale=0.05, zero_point=3)
    y = builder.tensor("y", [2, 12], scale=0.1, zero_point=-5)
    weights = random.integers(-127, 128, (12, 9))
    filters = builder.tensor("filters", [12, 9], data=weights, scale=0.01)
    builder.op("FULLY_CONNECTED", [x, filters], [y])
    real = builder.tensor("real", [2, 12], "float32")
    builder.op("DEQUANTIZE", [y], [real])
    floats = builder.tensor("floats", [20, 12], "float32", data=random.normal(size=(20, 12)))
    z = builder.tensor("z", [2, 20], "float32")
    builder.op("FULLY_CONNECTED", [real, floats], [z], activation="relu")
    return builder.build([x], [z])


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param(GCC, id="gcc"),
        pytest.param(AARCH64, id="aarch64", marks=pytest.mark.arm_linux),
    ],
)
def test_variants_share_the_kernels_of_floats(machine: Machine, tmp_path: Path) -> None:
    """Those of VNNI are AVX2's, those of processors with dot products NEON's."""
    library = NativeLibrary(tflite.parse(integers_and_floats(), "both.tflite"), tmp_path, machine)
    assert len(library.probe("variants").split()) > 1
    check(library)


def test_no_memory_beyond_what_was_asked_for(digits_tflite: Path, tmp_path: Path) -> None:
    """The sanitizers see every byte that the library touches."""
    model = tflite.parse(digits_tflite.read_bytes(), digits_tflite.name)
    library = NativeLibrary(model, tmp_path, debug=True)
    check(library)
    assert library.probe("misuse") == b""


def test_a_model_that_remembers(tmp_path: Path) -> None:
    """An instance begins anew, and keeps its state from one inference to the next."""
    check(NativeLibrary(tflite.parse(svdf("int8"), "svdf.tflite"), tmp_path), 5)


SPEECH = AudioInput(
    sample_rate=16000, frame_length=480, hop=320, mel_bands=40, low_hz=20, high_hz=4000
)
MICRO = replace(SPEECH, low_hz=125, high_hz=7500, front_end="micro")

# shape, element type, scale, zero point, what it is made from
INPUTS: list[tuple[tuple[int, ...], str, float, int, Input]] = [
    ((1, 96, 96, 3), "int8", 0.007, 3, ImageInput(width=160, height=120, fit="crop")),
    (
        (1, 3, 24, 32),
        "float32",
        0.0,
        0,
        ImageInput(
            width=50,
            height=31,
            format="bgr8",
            fit="letterbox",
            fill=(9, 90, 200),
            mean=(124, 116, 103.5),
            std=(58,),
        ),
    ),
    (
        (1, 40, 40, 3),
        "uint8",
        0.02,
        120,
        ImageInput(width=96, height=64, format="nv12", color="bgr"),
    ),
    (
        (1, 16, 16, 1),
        "int8",
        0.007,
        3,
        ImageInput(width=41, height=37, format="gray8", resize="nearest"),
    ),
    ((1, 12, 40), "int8", 0.11, 3, SPEECH),
    ((1, 4, 13, 1), "float32", 0.0, 0, replace(SPEECH, frame_length=401, coefficients=13)),
    ((1, 9, 40), "uint8", 0.11, 130, SPEECH),
    ((1, 49 * 40), "int8", 26 / 255, -128, MICRO),
    ((1, 6, 24), "uint8", 0.13, 99, replace(MICRO, frame_length=320, mel_bands=24)),
    ((1, 3, 40), "float32", 0.0, 0, replace(MICRO, hop=160)),
]


def model_of_inputs() -> Model:
    """It has them all, and does nothing of interest."""
    builder = ModelBuilder()
    tensors, outputs = [], []
    for number, (shape, dtype, scale, zero_point, _) in enumerate(INPUTS):
        quant: dict[str, Any] = {"scale": scale, "zero_point": zero_point} if scale else {}
        tensors.append(builder.tensor(f"x{number}", list(shape), dtype, **quant))
        quant |= {"zero_point": zero_point - 128} if dtype == "uint8" else {}
        made = "int8" if dtype == "uint8" else dtype
        outputs.append(builder.tensor(f"y{number}", list(shape), made, **quant))
        builder.op("QUANTIZE" if made != dtype else "RELU", [tensors[-1]], [outputs[-1]])
    return tflite.parse(builder.build(tensors, outputs), "net.tflite")


# Of frames, of frames that not every path takes, of sound by floats, of sound by integers.
WAYS = {
    "gcc": ("avx2", "portable", "avx2", "vector"),
    "clang": ("avx2", "portable", "avx2", "vector"),
    "aarch64-linux-gnu-gcc": ("neon", "neon", "vector4", "vector"),
    "arm-linux-gnueabihf-gcc": ("neon", "neon", "portable", "vector"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_inputs_are_the_hosts_to_the_bit(machine: Machine, tmp_path: Path) -> None:
    model = model_of_inputs()
    described = [replace(each[-1], tensor=number) for number, each in enumerate(INPUTS)]
    options = Options("net", inputs=resolve(model, described))
    library = NativeLibrary(model, tmp_path, machine, options, has_model=False)
    assert library.probe("misuse") == b""
    ways = library.probe("paths").decode().split()
    if machine.emulator or "avx2" in Path("/proc/cpuinfo").read_text():
        frames, others, floats, integers = WAYS[machine.compiler]
        assert ways == [*[frames] * 2, *[others] * 2, *[floats] * 3, *[integers] * 3]
    random = np.random.default_rng(7)
    for number, each in enumerate(options.inputs):
        made = prepare(model, each)
        limits = np.iinfo(made.raw_dtype)
        raw = random.integers(limits.min, limits.max, made.raw_shape, made.raw_dtype, endpoint=True)
        assert library.tensor(number, raw).tobytes() == made.run(raw).tobytes(), (number, each)


def test_what_the_library_shows_and_needs(digits_tflite: Path, tmp_path: Path) -> None:
    """Functions of api.h and nothing else; no heap; read-only after it is linked; the same bytes
    wherever it is built."""
    model = tflite.parse(digits_tflite.read_bytes(), digits_tflite.name)
    options = Options("digits")
    libraries = [NativeLibrary(model, tmp_path / each, options=options) for each in ("a", "b/c")]
    content = [library.file.read_bytes() for library in libraries]
    assert content[0] == content[1]
    api = (tmp_path / "a" / "edgegen" / "native" / "api.h").read_text()
    declared = set(re.findall(r"\b(digits_\w+)\(", api))
    lines = call("nm", "-D", libraries[0].file).decode().splitlines()
    assert {line.split()[-1] for line in lines if line.split()[-2] in "TBDR"} == declared
    needed = {line.split()[-1].partition("@")[0] for line in lines if line.split()[-2] == "U"}
    assert needed <= {"memcpy", "memmove", "memset", "__stack_chk_fail", "__memcpy_chk"}
    dynamic = call("readelf", "-Wdl", libraries[0].file).decode()
    assert "BIND_NOW" in dynamic
    assert "GNU_RELRO" in dynamic
    assert "RWE" not in dynamic
    objects = sorted(libraries[0].file.parent.rglob("*.o"))
    sections = call("size", "-A", *objects).decode().splitlines()
    written = [line.split() for line in sections if line.startswith((".data ", ".bss "))]
    assert len(written) >= len(objects) > 10
    assert all(size == "0" for _, size, _ in written)
