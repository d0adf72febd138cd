"""Preprocessing as C: the plan in a constant, what comes along, and what it costs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edgegen import api, preprocess_c, registry, runtime_sources, targets
from edgegen.engines.aot import AotEngine, code_size
from edgegen.errors import DifferenceError, UsageError
from edgegen.frontends import tflite
from edgegen.inputs import ImageInput, Input
from edgegen.model import Model
from edgegen.native_image import KERNEL_SOURCES, ImagePlan
from edgegen.options import Options
from edgegen.preprocessing import ImagePreprocessor, prepare, resolve
from edgegen.targets import cortex_m_fit
from support.tflite_builder import ModelBuilder

HOSTILE = 'a"b\\ */ \n${X} ../ ??/' + "n" * 10_000


def model(*shapes: tuple[int, ...], dtype: str = "int8", name: str = "x") -> Model:
    """One RELU per input."""
    builder = ModelBuilder()
    quant: dict[str, Any] = {} if dtype == "float32" else {"scale": 0.007, "zero_point": 3}
    inputs = [builder.tensor(name, list(shape), dtype, **quant) for shape in shapes]
    outputs = [builder.tensor("y", list(shape), dtype, **quant) for shape in shapes]
    for x, y in zip(inputs, outputs, strict=True):
        builder.op("RELU", [x], [y])
    return tflite.parse(builder.build(inputs, outputs), "net.tflite")


def options(made: Model, *inputs: Input) -> Options:
    return Options("net", ("aot",), inputs=resolve(made, inputs))


def emit(made: Model, *inputs: Input, device: str = "cortex_m0plus") -> dict[str, str]:
    files = preprocess_c.emit(made, registry.load_device(device), options(made, *inputs))
    return {path: content.decode() for path, content in files.items()}


def field(text: str, name: str) -> str:
    """What the plan's initialiser gives a member."""
    (value,) = re.findall(rf"^    \.{re.escape(name)} = (.*),$", text, re.MULTILINE)
    return str(value)


def numbers(text: str, name: str) -> tuple[int, ...]:
    """The contents of a table."""
    (content,) = re.findall(rf"\b{name}\[\d+\] = {{([^}}]*)}};", text)
    return tuple(map(int, content.replace(",", " ").split()))


def plan_of(made: Model, description: Input) -> ImagePlan:
    prepared = prepare(made, description)
    assert isinstance(prepared, ImagePreprocessor)
    return prepared.native.plan()


def test_without_descriptions_there_is_nothing() -> None:
    made = model((1, 8, 8, 1))
    assert emit(made) == {}
    assert preprocess_c.footprint(made, registry.load_device("cortex_m4"), options(made)) is None


def test_the_constant_is_the_plan() -> None:
    made = model((1, 24, 32, 3))
    camera = ImageInput(width=64, height=64, fit="letterbox", fill=(1, 2, 3), mean=100.0)
    text = emit(made, camera)["preprocess/input_0.c"]
    plan = plan_of(made, camera)
    assert numbers(text, "columns") == plan.columns
    assert numbers(text, "fractions") == plan.fractions
    assert field(text, "multiplier") == "{" + ", ".join(map(str, plan.multiplier)) + "}"
    assert field(text, "bias") == "{" + ", ".join(map(str, plan.bias)) + "}"
    assert field(text, "shift") == str(plan.shift)
    assert field(text, "inner_columns") == str(plan.inner_columns)
    assert field(text, "fill") == "{1, 2, 3}"
    left, top, width, height = plan.part
    box = f"{{.left = {left}, .top = {top}, .width = {width}, .height = {height}}}"
    assert field(text, "part") == box
    assert field(text, "write_border") == "eg_image_write_border"
    assert f"static int16_t rows[2][{plan.row_values}]" in text
    assert "value_scale" not in text


def test_float_constants_read_back_to_the_same_bits() -> None:
    made = model((1, 3, 24, 32), dtype="float32")
    camera = ImageInput(width=50, height=40, mean=(123.675, 116.28, 103.53), std=58.4)
    text = emit(made, camera)["preprocess/input_0.c"]
    plan = plan_of(made, camera)
    for name in ("value_scale", "offset"):
        found = field(text, name).strip("{}").replace("f", "").split(", ")
        assert [float(each) for each in found] == pytest.approx(getattr(plan, name), rel=1e-7)
    assert field(text, "layout") == "EG_IMAGE_NCHW"
    assert ".multiplier" not in text


def test_the_project_has_the_kernels_of_its_device() -> None:
    made, camera = model((1, 8, 8, 3)), ImageInput(width=32, height=20)
    plain = emit(made, camera)
    dsp = emit(made, camera, device="cortex_m4")
    assert "runtime/src/image/read_rgb.c" in plain
    assert not [path for path in plain if "/dsp" in path]
    assert field(plain["preprocess/input_0.c"], "path") == "EG_IMAGE_PATH_PORTABLE"
    assert "runtime/src/image/dsp/rgb_to_s8.c" in dsp
    assert "runtime/src/image/read_rgb.c" not in dsp
    assert field(dsp["preprocess/input_0.c"], "path") == "EG_IMAGE_PATH_DSP"
    assert '#include "edgegen/image/dsp.h"' in dsp["preprocess/input_0.c"]
    assert "int16_t rows" in plain["preprocess/input_0.c"]
    assert "rows" not in dsp["preprocess/input_0.c"]


@pytest.mark.parametrize("device", ["cortex_m0plus", "cortex_m4"])
def test_every_header_that_is_included_is_there(device: str) -> None:
    files = emit(model((1, 8, 8, 3)), ImageInput(width=32, height=20), device=device)
    own = {"net/model.h", "net/preprocess.h", "edgegen/status.h"}
    for text in files.values():
        for header in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
            assert header in own or f"runtime/include/{header}" in files, header


def test_a_frame_without_gaps() -> None:
    made = model((1, 8, 8, 3))
    for format_, stride, size in (
        ("rgb8", 60, 720),
        ("rgba8", 80, 960),
        ("gray8", 20, 240),
        ("yuyv", 40, 480),
        ("nv12", 20, 360),
    ):
        camera = ImageInput(width=20, height=12, format=format_)  # type: ignore[arg-type]
        header = emit(made, camera)["include/net/preprocess.h"]
        assert f"#define NET_FRAME_0_STRIDE {stride} " in header
        assert re.search(rf"^#define NET_FRAME_0_BYTES {size}\b", header, re.MULTILINE)
        assert ("chroma" in header) == (format_ == "nv12")


def test_every_described_input_has_its_own_function() -> None:
    made = model((1, 8, 8, 3), (1, 4), (1, 6, 6, 1))
    files = emit(made, ImageInput(width=9, height=9, tensor=2), ImageInput(width=32, height=20))
    assert {path for path in files if path.startswith("preprocess/")} == {
        "preprocess/input_0.c",
        "preprocess/input_2.c",
    }
    for number in (0, 2):
        assert f"eg_status net_preprocess_{number}(" in files["include/net/preprocess.h"]


def test_hostile_names_stay_in_their_comments() -> None:
    files = emit(model((1, 8, 8, 1), name=HOSTILE), ImageInput(width=9, height=9))
    for path in ("include/net/preprocess.h", "preprocess/input_0.c"):
        assert max(map(len, files[path].splitlines())) <= 100
        without = re.sub(r"/\*.*?\*/", "", files[path], flags=re.DOTALL)
        assert "nnnn" not in without


def test_generated_files_carry_the_runtime_s_version() -> None:
    text = emit(model((1, 8, 8, 1)), ImageInput(width=9, height=9))["preprocess/input_0.c"]
    assert f"#if EG_RUNTIME_VERSION != {runtime_sources.version()}\n" in text


@pytest.mark.parametrize(
    ("shape", "camera", "key"),
    [
        ((1, 8), {}, "tensor"),
        ((1, 8, 8, 3), {"color": "gray"}, "color"),
        ((1, 8, 8, 1), {"mean": (1.0, 2.0, 3.0)}, "mean"),
        ((1, 7, 7, 1), {"format": "yuyv"}, "width"),
        ((1, 8, 8, 1), {"tensor": 1}, "tensor"),
        ((1, 8, 8, 1), {"std": 0.001}, "std"),
    ],
)
def test_what_does_not_fit_the_model_is_said(
    shape: tuple[int, ...], camera: dict[str, Any], key: str
) -> None:
    with pytest.raises(UsageError, match=rf"input\.image\.{key}"):
        emit(model(shape), ImageInput(**camera))


def test_frames_tables_and_scratch_count_against_the_device() -> None:
    made, device = model((1, 8, 8, 3)), registry.load_device("cortex_m4")
    camera = ImageInput(width=320, height=240, format="nv12")
    found = {
        described: cortex_m_fit.check(made, device, [AotEngine()], options(made, *cameras)).engines[
            0
        ]
        for described, cameras in ((False, []), (True, [camera]))
    }
    flash, ram, storage = (
        (after.needed - before.needed)
        for before, after in zip(found[False].lines, found[True].lines, strict=True)
    )
    assert ram == 320 * 240 * 3 // 2 + 2 * 2 * 8 * 3
    assert 8 * (4 + 2) < flash < 4096
    assert storage == sum(map(len, emit(made, camera, device="cortex_m4").values()))
    assert [part.name for part in found[True].lines[1].parts][3:] == ["frames", "preprocessing"]


def test_a_frame_larger_than_the_memory_is_refused_with_figures(
    digits_tflite: Path, tmp_path: Path
) -> None:
    camera = tmp_path / "input.toml"
    camera.write_text("[input.image]\nwidth = 640\nheight = 480\nformat = 'yuyv'\n")
    with pytest.raises(DifferenceError) as refused:
        api.scaffold(digits_tflite, "nrf52840_dk", tmp_path / "p", inputs=camera)
    figures = r"aot needs ([\d,]+) bytes of ram, 614,400 for frames, and there are ([\d,]+)"
    ((needed, available),) = re.findall(figures, refused.value.where)
    assert int(needed.replace(",", "")) > 640 * 480 * 2
    assert available == "262,144"
    assert "frames exact" in refused.value.where
    assert not (tmp_path / "p").exists()


def test_the_largest_frame_is_a_number_and_no_overflow() -> None:
    made, device = model((1, 2, 2, 1)), registry.load_device("cortex_m4")
    camera = ImageInput(width=32767, height=32767, format="rgba8", resize="nearest")
    found = preprocess_c.footprint(made, device, options(made, camera))
    assert found is not None
    assert found.frames.bytes == 32767 * 32767 * 4


def test_a_frame_that_no_device_holds_is_refused_before_anything_is_computed() -> None:
    made, device = model((1, 2, 2, 1)), registry.load_device("cortex_m4")
    camera = ImageInput(width=32767, height=32767, format="rgba8")
    with pytest.raises(UsageError, match=r"4,294,705,156 bytes at once \(32767 x 32767 pixels"):
        targets.build(made, device, options(made, camera))


def test_every_kernel_s_size_is_known() -> None:
    for device in map(registry.load_device, registry.device_ids("cortex_m")):
        sources = {path.removeprefix("src/") for path in KERNEL_SOURCES.values()}
        assert code_size.of_sources({*sources, "image/run.c"}, device).bytes
