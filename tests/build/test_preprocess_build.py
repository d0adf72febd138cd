"""Firmware that sees frames or hears sound makes the host's tensors of them, to the byte."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from edgegen import golden, preprocess_c, registry
from edgegen.engines.aot import code_size
from edgegen.frontends import tflite
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import prepare, resolve
from edgegen.verify.cortex_m import elf
from support.firmware import STRICT, Firmware
from support.golden_once import golden_once
from support.tflite_builder import ModelBuilder

pytestmark = [pytest.mark.cross, pytest.mark.qemu]


@dataclass(frozen=True)
class Case:
    """One camera or microphone before one model on one device.

    Attributes:
        sources: Of the runtime, those of images by their names alone.
    """

    device: str
    shape: tuple[int, ...]
    dtype: str
    given: Input
    compilers: tuple[str, ...] = ("qemu",)
    sources: set[str] = field(default_factory=set)
    scale: float = 0.007
    zero_point: int = 3


def model_of(case: Case) -> Model:
    """Its input, as RELU leaves it."""
    shape, dtype = case.shape, case.dtype
    builder = ModelBuilder()
    quant: dict[str, Any] = {"scale": case.scale, "zero_point": case.zero_point}
    quant = {} if dtype == "float32" else quant
    x = builder.tensor("x", list(shape), dtype, **quant)
    y = builder.tensor("y", list(shape), dtype, **quant)
    builder.op("RELU", [x], [y])
    return tflite.parse(builder.build([x], [y]), "net.tflite")


SPEECH = AudioInput(
    sample_rate=16000, frame_length=480, hop=320, mel_bands=40, low_hz=20, high_hz=4000
)
MICRO = replace(SPEECH, low_hz=125, high_hz=7500, front_end="micro")
MICRO_SOURCES = {
    f"micro_audio/{each}" for each in ("features", "run", "status", "transform", "window")
}

NORMALISED: dict[str, Any] = {"mean": (123.675, 116.28, 103.53), "std": (58.4, 57.12, 57.375)}

CASES = {
    "rgb8 to int8": Case(
        "cortex_m4",
        (1, 96, 96, 3),
        "int8",
        ImageInput(width=160, height=120, fit="crop"),
        ("qemu", "qemu-clang"),
        {"dsp/rgb_to_s8", "run"},
    ),
    "bgr8 to float32, channels first": Case(
        "cortex_m4",
        (1, 3, 24, 32),
        "float32",
        ImageInput(
            width=50, height=31, format="bgr8", fit="letterbox", fill=(9, 90, 200), **NORMALISED
        ),
        ("qemu", "qemu-clang"),
        {"read_rgb", "run", "write_border", "write_f32", "write_part"},
    ),
    "rgb8 to a letterboxed int8": Case(
        "cortex_m4",
        (1, 25, 31, 3),
        "int8",
        ImageInput(width=44, height=21, fit="letterbox", fill=(200, 9, 90), color="bgr"),
        sources={"dsp/rgb_reversed_to_s8", "run", "write_border", "write_q8"},
    ),
    "gray8 to float32": Case(
        "cortex_m55",
        (1, 20, 20),
        "float32",
        ImageInput(width=33, height=41, format="gray8", mean=127.5, std=63.7),
        sources={"read_gray", "run", "write_f32", "write_part"},
    ),
    "nv12 to int8": Case(
        "cortex_m55",
        (1, 40, 40, 3),
        "int8",
        ImageInput(width=96, height=64, format="nv12", color="bgr", **NORMALISED),
        ("qemu", "qemu-clang"),
        {"read_nv12", "run", "write_part", "write_q8"},
    ),
    "rgba8 to a larger int8": Case(
        "cortex_m55",
        (1, 30, 44, 3),
        "int8",
        ImageInput(width=21, height=17, format="rgba8", std=200.0),
        sources={"read_rgb", "run", "write_part", "write_q8"},
    ),
    "gray8 to int8, nearest": Case(
        "cortex_m0plus",
        (1, 16, 16, 1),
        "int8",
        ImageInput(width=41, height=37, format="gray8", resize="nearest"),
        sources={"pick_gray", "run"},
    ),
    "yuyv to gray float32": Case(
        "cortex_m0plus",
        (1, 12, 14, 1),
        "float32",
        ImageInput(width=38, height=29, format="yuyv", fit="letterbox", fill=77, mean=99.5),
        sources={"read_yuyv", "run", "write_border", "write_f32", "write_part"},
    ),
    "one row of one pixel": Case(
        "cortex_m0plus",
        (1, 1, 1, 3),
        "int8",
        ImageInput(width=2, height=1, format="yuyv"),
        sources={"read_yuyv", "run", "write_part", "write_q8"},
    ),
    "log mel to int8": Case(
        "cortex_m4",
        (1, 5, 40),
        "int8",
        SPEECH,
        ("qemu", "qemu-clang"),
        {"audio/run", "quantize"},
        scale=0.11,
    ),
    "MFCCs to float32": Case(
        "cortex_m55",
        (1, 4, 13, 1),
        "float32",
        replace(SPEECH, frame_length=401, hop=133, coefficients=13, mel_scale="slaney"),
        ("qemu", "qemu-clang"),
        {"audio/run"},
    ),
    "MFCCs to int8 without an FPU": Case(
        "cortex_m0plus",
        (1, 2 * 10),
        "int8",
        replace(SPEECH, coefficients=10),
        sources={"audio/run", "quantize"},
        scale=0.4,
    ),
    "micro_speech": Case(
        "cortex_m4",
        (1, 49 * 40),
        "int8",
        MICRO,
        ("qemu", "qemu-clang"),
        MICRO_SOURCES | {"micro_audio/to_s8"},
        scale=26 / 255,
        zero_point=-128,
    ),
    "micro to another int8": Case(
        "cortex_m55",
        (1, 6, 24),
        "int8",
        replace(MICRO, frame_length=320, mel_bands=24),
        sources=MICRO_SOURCES | {"quantize"},
        scale=0.13,
    ),
    "micro to float32 without an FPU": Case(
        "cortex_m0plus",
        (1, 3, 40),
        "float32",
        replace(MICRO, hop=160),
        ("qemu", "qemu-clang"),
        MICRO_SOURCES,
    ),
}


@pytest.fixture(autouse=True, scope="module")
def quick_golden() -> Iterator[None]:
    with golden_once():
        yield


def firmware(case: Case, folder: Path) -> Firmware:
    model = model_of(case)
    options = Options("net", ("aot",), inputs=resolve(model, [case.given]))
    return Firmware(folder, case.device, model, options)


def raw_lines(console: str) -> list[list[str]]:
    return [line.split() for line in console.splitlines() if line.startswith("raw ")]


@pytest.mark.parametrize("name", CASES)
def test_the_device_makes_the_host_s_tensors(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    project = firmware(case, tmp_path)
    for preset in case.compilers:
        project.build(preset)
        for image in ("selftest", "selftest_trace"):
            run = project.boot(image)
            assert run.exit_code == 0, run.console
            rows = raw_lines(run.console)
            assert [row[1:4] for row in rows] == [["0", "input", "0"], ["1", "input", "0"]]
            assert all(row[-1] == row[-2] for row in rows), run.console
        assert project.boot("app").exit_code == 0
        assert replayed(project, case) == on_the_host(case)


def on_the_host(case: Case) -> list[bytes]:
    made = prepare(model_of(case), case.given)
    return [made.run(golden.make_raw(made, seed)).tobytes() for seed in (5, 6, 7)]


def replayed(project: Firmware, case: Case) -> list[bytes]:
    """Tensors that the device has made of three frames, or so much sound."""
    made = prepare(model_of(case), case.given)
    frames = b"".join(golden.make_raw(made, seed).tobytes() for seed in (5, 6, 7))
    (project.folder / "input.bin").write_bytes(frames)
    run = project.boot("replay_raw", cwd=project.folder)
    assert run.console == "replayed 3\n"
    output = (project.folder / "output.bin").read_bytes()
    tensor = made.tensor.bytes
    assert len(output) == 3 * 2 * tensor
    return [output[start : start + tensor] for start in range(0, len(output), 2 * tensor)]


def several_inputs() -> Model:
    """An image in int8, a vector of float32 and an image in float32, in this order."""
    builder = ModelBuilder()
    quant = {"scale": 1 / 128, "zero_point": 0}
    shapes = {"first": [1, 8, 8, 3], "vector": [1, 5], "second": [1, 6, 7, 1]}
    inputs, outputs = [], []
    for name, shape in shapes.items():
        details: dict[str, Any] = quant if name == "first" else {}
        dtype = "int8" if name == "first" else "float32"
        inputs.append(builder.tensor(name, shape, dtype, **details))
        outputs.append(builder.tensor(f"{name} again", shape, dtype, **details))
        builder.op("RELU", [inputs[-1]], [outputs[-1]])
    return tflite.parse(builder.build(inputs, outputs), "eye.tflite")


def test_two_cameras_and_a_sensor(tmp_path: Path) -> None:
    model = several_inputs()
    cameras = [
        ImageInput(tensor=2, width=31, height=22, format="gray8"),
        ImageInput(width=16, height=12, format="nv12", fit="crop"),
    ]
    inputs = resolve(model, cameras)
    project = Firmware(tmp_path, "cortex_m4", model, Options("eye", ("aot",), inputs=inputs))
    project.build("qemu")
    run = project.boot("selftest")
    assert run.exit_code == 0, run.console
    assert [row[1:4] for row in raw_lines(run.console)] == [
        [vector, "input", number] for vector in "01" for number in "02"
    ]
    app = project.boot("app").console.splitlines()
    assert len(app) == 3 * 3
    assert app[1].startswith("output 1: ")  # the synthetic sensor

    made = [prepare(model, each) for each in inputs]
    frames = [golden.make_raw(each, 9) for each in made]
    vector = b"\0\0\x80\x3f" * 5
    raw = frames[0].tobytes() + vector + frames[1].tobytes()
    (tmp_path / "input.bin").write_bytes(raw)
    assert project.boot("replay_raw", cwd=tmp_path).exit_code == 0
    tensors = made[0].run(frames[0]).tobytes() + vector + made[1].run(frames[1]).tobytes()
    assert (tmp_path / "output.bin").read_bytes()[: len(tensors)] == tensors


@pytest.mark.parametrize("format_", ["nv12", "rgba8"])
def test_another_program_refuses_what_is_no_frame(format_: Any, tmp_path: Path) -> None:
    """On the host, under sanitizers: a device's project, its DSP kernels in plain C."""
    case = Case("cortex_m4", (1, 9, 13, 3), "int8", ImageInput(width=22, height=18, format=format_))
    project = firmware(case, tmp_path / "net")
    sanitizers = "-fsanitize=address,undefined -fno-sanitize-recover=all"
    build = tmp_path / "build"
    arguments = ["-G", "Ninja", f"-DNET={project.folder}", f"-DCMAKE_C_FLAGS={sanitizers}", *STRICT]
    source = Path(__file__).parent / "probes" / "camera"
    subprocess.run(["cmake", "-S", source, "-B", build, *arguments], check=True)
    subprocess.run(["cmake", "--build", build], check=True)
    camera = prepare(model_of(case), case.given)
    frame = golden.make_raw(camera, 8)
    done = subprocess.run(
        [build / "camera"], input=frame.tobytes(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == camera.run(frame).tobytes()


def test_a_camera_and_two_microphones(tmp_path: Path) -> None:
    """One of each kind: their tables and states have the same names in different files."""
    builder = ModelBuilder()
    shapes = {"eye": [1, 6, 7, 1], "left": [1, 2, 40], "right": [1, 3, 40]}
    inputs = [builder.tensor(name, shape, "float32") for name, shape in shapes.items()]
    outputs = [builder.tensor(f"{n} again", shape, "float32") for n, shape in shapes.items()]
    for x, y in zip(inputs, outputs, strict=True):
        builder.op("RELU", [x], [y])
    model = tflite.parse(builder.build(inputs, outputs), "net.tflite")
    given = [ImageInput(width=9, height=7), replace(SPEECH, tensor=1), replace(MICRO, tensor=2)]
    options = Options("net", ("aot",), inputs=resolve(model, given))
    project = Firmware(tmp_path, "cortex_m4", model, options)
    for preset in ("qemu", "qemu-clang"):
        project.build(preset)
        run = project.boot("selftest")
        assert run.exit_code == 0, run.console
        assert [row[1:4] for row in raw_lines(run.console)] == [
            [vector, "input", number] for vector in "01" for number in "012"
        ]
        assert project.boot("app").exit_code == 0
    header = (tmp_path / "edgegen/include/net/preprocess.h").read_text()
    assert "from what a camera or a microphone gives" in header


@pytest.mark.parametrize("name", CASES)
def test_a_project_carries_only_the_kernels_it_uses(name: str, tmp_path: Path) -> None:
    root = firmware(CASES[name], tmp_path).folder / "edgegen/runtime/src"
    found = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.c")}
    own = {each.removeprefix("image/") for each in found if not each.startswith("nn/")}
    assert own - {"cycles", "status", "systick"} == CASES[name].sources


def test_a_wrong_checksum_fails(tmp_path: Path) -> None:
    project = firmware(CASES["gray8 to int8, nearest"], tmp_path)
    path = project.folder / "edgegen/golden/golden.c"
    text = path.read_text()
    first = text.index("_golden_raw[")
    at = text.index("{0x", first) + 3
    path.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    project.build("qemu", goal="net_selftest")
    run = project.boot("selftest")
    assert run.exit_code == 1
    (wrong, right) = raw_lines(run.console)
    assert wrong[-1] != wrong[-2]
    assert right[-1] == right[-2]
    assert run.console.endswith("result fail\n")


@pytest.mark.parametrize("name", CASES)
def test_the_footprint_is_as_estimated(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model = model_of(case)
    sizes = []
    for inputs in ((), resolve(model, [case.given])):
        options = Options("net", ("aot",), inputs=inputs)
        project = Firmware(tmp_path / str(len(inputs)), case.device, model, options)
        project.build("qemu", goal="net_footprint")
        sizes.append(elf.sizes(project.image("footprint"), "net"))
    without, with_it = sizes
    found = preprocess_c.footprint(model, registry.load_device(case.device), options)
    assert found is not None
    assert found.code.bytes is not None
    grown = with_it.flash - without.flash
    assert abs(grown - found.code.bytes) <= code_size.ERROR * found.code.bytes
    ram = (found.frames.bytes or 0) + (found.scratch.bytes or 0)
    assert ram <= with_it.bss - without.bss <= ram + 8  # alignment
