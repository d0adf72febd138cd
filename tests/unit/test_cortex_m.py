"""The Cortex-M target: a pure function from model, device and options to a project."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgegen import golden, registry, targets
from edgegen.device import Microcontroller
from edgegen.engines import registry as engines
from edgegen.errors import Diagnostic, RefusedModelError, UsageError
from edgegen.frontends import tflite
from edgegen.golden import Golden, Vector
from edgegen.inputs import ImageInput
from edgegen.model import DType, Model, Quant, Tensor
from edgegen.options import Options
from edgegen.preprocessing import prepare, resolve
from edgegen.project import GeneratedProject, Owner
from edgegen.targets import cortex_m, cortex_m_views, generated_files
from support.golden_once import golden_once
from support.tflite_builder import ModelBuilder

HOSTILE = 'a"b\\ */ \n${X} ../' + "n" * 10_000

COMMON_FILES = frozenset(
    re.findall(
        r"\S+",
        """
    .gitignore CMakeLists.txt CMakePresets.json README.md board/board_port.c src/main.cpp
    edgegen/CMakeLists.txt edgegen/cmake/arm-none-eabi-gcc.cmake edgegen/cmake/images.cmake
    edgegen/device/board.ld edgegen/device/fault.c edgegen/device/language_runtime.cpp
    edgegen/device/sections.ld edgegen/device/startup.c edgegen/device/vectors.c
    edgegen/golden/golden.c edgegen/golden/golden.h edgegen/include/net/model.h
    edgegen/port/console.c edgegen/port/console.h edgegen/port/port.h
    edgegen/runtime/include/edgegen/cycles.h
    edgegen/runtime/include/edgegen/status.h edgegen/runtime/include/edgegen/systick.h
    edgegen/runtime/include/edgegen/trace.h edgegen/runtime/include/edgegen/version.h
    edgegen/runtime/src/cycles.c edgegen/runtime/src/status.c edgegen/runtime/src/systick.c
    edgegen/selftest/crc32.c edgegen/selftest/crc32.h
    edgegen/selftest/footprint.c edgegen/selftest/generator.h edgegen/selftest/selftest.c
    edgegen/selftest/tensors.c edgegen/selftest/tensors.h
    """,
    )
)
EMULATOR_FILES = frozenset(
    re.findall(
        r"\S+",
        """
    edgegen/device/qemu.ld edgegen/port/qemu.c edgegen/port/semihosting.c
    edgegen/port/semihosting.h edgegen/selftest/replay.c edgegen/selftest/replay.h
    edgegen/selftest/replay_tensors.c
    """,
    )
)


def tiny_model(name: str = "x", dtype: str = "int8") -> Model:
    """RELU over four elements."""
    builder = ModelBuilder()
    quant: dict[str, Any] = {"scale": 0.5, "zero_point": -128} if dtype == "int8" else {}
    x = builder.tensor(name, [1, 4], dtype, **quant)
    y = builder.tensor("y", [1, 4], dtype, **quant)
    builder.op("RELU", [x], [y])
    return tflite.parse(builder.build([x], [y]), "tiny.tflite")


def build(model: Model | None = None, device: str = "cortex_m4", **options: Any) -> Any:
    settings = Options(**{"name": "net", "engines": ("aot",), **options})
    return targets.build(model or tiny_model(), registry.load_device(device), settings)


@pytest.fixture(autouse=True, scope="module")
def quick_golden() -> Iterator[None]:
    with golden_once():
        yield


@pytest.fixture(scope="module")
def project() -> GeneratedProject:
    built: GeneratedProject = build()
    return built


def picture_model() -> Model:
    """RELU over a picture of 24 x 32 pixels, and over four numbers."""
    builder = ModelBuilder()
    for shape in ([1, 24, 32, 3], [1, 4]):
        builder.tensor("x", shape, "int8", scale=0.01, zero_point=-128)
        builder.tensor("y", shape, "int8", scale=0.01, zero_point=-128)
    builder.op("RELU", [0], [1])
    builder.op("RELU", [2], [3])
    return tflite.parse(builder.build([0, 2], [1, 3]), "picture.tflite")


@pytest.fixture(scope="module")
def camera_project() -> GeneratedProject:
    """With frames for the first of two inputs."""
    model = picture_model()
    camera = ImageInput(width=64, height=48, format="nv12", fit="letterbox", mean=(1.0, 2.0, 3.0))
    built: GeneratedProject = build(model, inputs=resolve(model, [camera]))
    return built


@pytest.fixture(params=["project", "camera_project"])
def any_project(request: pytest.FixtureRequest) -> GeneratedProject:
    built: GeneratedProject = request.getfixturevalue(request.param)
    return built


def text(project: GeneratedProject, path: str) -> str:
    return project.files[path].content.decode()


def test_the_files_of_a_project(project: GeneratedProject) -> None:
    wanted = COMMON_FILES | EMULATOR_FILES | {"edgegen/cmake/arm-none-eabi-clang.cmake"}
    engine = {path for path in project.files if re.match(r"edgegen/(aot|runtime)/", path)}
    assert wanted <= set(project.files)
    assert set(project.files) - wanted <= engine


def test_everything_below_edgegen_is_generated_and_the_rest_the_users(
    any_project: GeneratedProject,
) -> None:
    for path, file in any_project.files.items():
        assert (file.owner is Owner.EDGEGEN) == path.startswith("edgegen/")


def test_two_runs_give_the_same_bytes(project: GeneratedProject) -> None:
    assert build() == project


def test_generated_files_say_what_they_follow_from(any_project: GeneratedProject) -> None:
    sha256 = [made().source.sha256 for made in (tiny_model, picture_model)]
    for path, file in any_project.files.items():
        content = file.content.decode()
        assert content.endswith("\n")
        assert "\r" not in content
        if path.startswith("edgegen/") and not path.startswith("edgegen/runtime/"):
            head = content[:600]
            assert "Generated by edgegen" in head
            assert any(digest in head for digest in sha256)
            assert "device cortex_m4" in head


def test_nothing_tells_where_or_when_it_was_generated(any_project: GeneratedProject) -> None:
    everything = "\n".join(file.content.decode() for file in any_project.files.values())
    assert not re.search(
        r"/(home|root|tmp|work|Users)/|20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d", everything
    )


def test_no_template_syntax_is_left(any_project: GeneratedProject) -> None:
    for path, file in any_project.files.items():
        if not path.startswith("edgegen/runtime/"):
            content = re.sub("template .*", "", file.content.decode(), count=1)
            assert not re.search(r"\{%|%\}|\{\{ |__name__", content), path


def test_lines_fit_a_screen(any_project: GeneratedProject) -> None:
    for path, file in any_project.files.items():
        if path.startswith("edgegen/") and not path.endswith((".md", "weights.c")):
            longest = max(file.content.decode().splitlines(), key=len)
            assert len(longest) <= 100, f"{path}: {longest}"


def test_a_camera_brings_its_files_and_no_others(
    project: GeneratedProject, camera_project: GeneratedProject
) -> None:
    more = {path for path in camera_project.files if path not in project.files}
    assert {path for path in more if "/runtime/" not in path} == {
        "edgegen/include/net/preprocess.h",
        "edgegen/preprocess/input_0.c",
        *(f"edgegen/selftest/{name}" for name in ("raw_inputs.c", "raw_inputs.h", "replay_raw.c")),
    }
    assert all(
        "/edgegen/image" in path or "/src/image/" in path for path in more if "runtime" in path
    )


def test_a_camera_s_program_takes_frames_and_the_rest_from_the_sensor(
    project: GeneratedProject, camera_project: GeneratedProject
) -> None:
    with_camera = text(camera_project, "src/main.cpp")
    assert "const std::uint8_t *camera_frame_0(int frame)" in with_camera
    assert "net_preprocess_0(&" in with_camera
    assert "net_input_1()" in with_camera
    assert "net_input_0()" not in with_camera
    assert "camera" not in text(project, "src/main.cpp")
    assert "preprocess.h" not in text(project, "README.md")
    assert "64 x 48 pixels, nv12" in text(camera_project, "README.md")


def test_raw_golden_vectors_are_the_host_s_tensors(camera_project: GeneratedProject) -> None:
    model = picture_model()
    camera = ImageInput(width=64, height=48, format="nv12", fit="letterbox", mean=(1.0, 2.0, 3.0))
    made = prepare(model, camera)
    source = text(camera_project, "edgegen/golden/golden.c")
    for seed in golden.SOURCE_SEEDS:
        tensor = made.run(golden.make_raw(made, seed))
        assert f"    {{{seed}U, {{0x{zlib.crc32(tensor.tobytes()):08X}U}}}},\n" in source


def test_the_presets_are_json_and_start_without_a_download(project: GeneratedProject) -> None:
    presets = json.loads(text(project, "CMakePresets.json"))
    names = [preset["name"] for preset in presets["configurePresets"] if not preset.get("hidden")]
    assert names == ["qemu", "qemu-clang", "board"]
    assert [preset["name"] for preset in presets["testPresets"]] == ["qemu", "qemu-clang"]
    assert presets["configurePresets"][1]["cacheVariables"]["EDGEGEN_ENGINE"] == "aot"


def test_a_second_engine_has_presets_of_its_own() -> None:
    device = registry.load_device("cortex_m4")
    names = [preset.name for preset in cortex_m_views.presets(device, ("aot", "tflm"))]
    assert names == ["qemu", "qemu-tflm", "qemu-clang", "board", "board-tflm"]
    assert cortex_m_views.presets(device, ("tflm",))[0].engine == "tflm"


def test_without_an_emulator_only_the_board_is_left() -> None:
    device = replace(registry.load_device("cortex_m4"), emulator=None)
    built = cortex_m.build(tiny_model(), device, Options("net", ("aot",)))
    assert not EMULATOR_FILES & set(built.files)
    presets = json.loads(text(built, "CMakePresets.json"))
    assert [preset["name"] for preset in presets["configurePresets"]] == ["common", "board"]
    for path in ("README.md", "CMakeLists.txt", "edgegen/cmake/images.cmake"):
        assert "qemu" not in text(built, path).lower()


def test_labels_are_a_header() -> None:
    built = build(labels=("zero", 'one "1"', "größe", "??/"))
    header = text(built, "edgegen/include/net/labels.h")
    for literal in ('"zero"', r'"one \"1\""', r'"gr\303\266\303\237e"', r'"\?\?/"'):
        assert f"    {literal},\n" in header
    assert "edgegen/include/net/labels.h" not in build().files


def test_hostile_names_stay_in_their_comments() -> None:
    header = text(build(tiny_model(HOSTILE)), "edgegen/include/net/model.h")
    (line,) = (line for line in header.splitlines() if line.startswith("/* input 0:"))
    assert line.count("*/") == 1
    assert line.endswith("*/")
    assert len(line) <= 100


def test_the_header_describes_the_tensors(project: GeneratedProject) -> None:
    header = text(project, "edgegen/include/net/model.h")
    for line in (
        "#define NET_INPUT_COUNT 1",
        "#define NET_INPUT_0_ELEMENTS 4",
        "#define NET_INPUT_0_BYTES 4",
        "#define NET_INPUT_0_RANK 2",
        "#define NET_INPUT_0_SHAPE {1, 4}",
        "#define NET_INPUT_0_SCALE 0.5f",
        "#define NET_INPUT_0_ZERO_POINT (-128)",
        "int8_t *net_input_0(void);",
        "const int8_t *net_output_0(void);",
    ):
        assert f"\n{line}\n" in header


def test_a_float_tensor_has_no_scale() -> None:
    built = build(tiny_model(dtype="float32"))
    header = text(built, "edgegen/include/net/model.h")
    assert "float *net_input_0(void);" in header
    assert "_SCALE" not in header
    assert "#define NET_GOLDEN_TOLERANCE 1e-05f" in text(built, "edgegen/golden/golden.h")


def test_a_scalar_has_rank_0_and_one_element() -> None:
    view = cortex_m_views.tensor_view(Tensor("s", DType.FLOAT32, ()))
    assert (view.rank, view.elements, view.shape) == (0, 1, "{1}")


def test_scales_read_back_to_the_same_float32() -> None:
    for scale in (0.1, 1 / 3, 2.0**-149, 3.4028235e38, 1.0):
        exact = float(np.float32(scale))
        view = cortex_m_views.tensor_view(Tensor("s", DType.INT8, (), Quant((exact,), (0,))))
        assert np.float32(view.scale.removesuffix("f")) == np.float32(exact)


def test_golden_values_are_printed_to_the_last_bit() -> None:
    outputs = np.array([[0.1, -0.0, np.inf], [np.nan, 1e-40, 3.0]], np.float32)
    vectors = Golden(
        (Vector(1, (outputs,), ((7, 0xAB),)), Vector(2, (outputs,), ((7, 1),))), 1e-5, "r"
    )
    model = Model("m", tiny_model().source, (Tensor("o", DType.FLOAT32, (2, 3)),), (), (), (0,))
    view = cortex_m_views.golden_view(vectors, model)
    assert view.outputs[0].vectors[0] == ("0.1f, -0.0f, INFINITY, NAN, 1e-40f, 3.0f,",)
    assert view.seeds == ("1U", "2U")
    assert view.activations == (cortex_m_views.ActivationView(7, "0x000000ABU, 0x00000001U"),)
    assert view.uses_math


@pytest.mark.parametrize(
    ("arch", "entries", "alignment"),
    [("armv6-m", 32, 256), ("armv7e-m", 240, 1024), ("armv8.1-m.main", 480, 2048)],
)
def test_vector_tables(arch: str, entries: int, alignment: int) -> None:
    view = cortex_m_views.vectors_view(arch)
    assert len(view.exceptions) == 14
    assert view.exceptions[0] == "NMI_Handler"
    assert view.exceptions[-1] == "SysTick_Handler"
    assert view.exceptions[9] == "SVC_Handler"
    assert " ".join(view.interrupt_rows).count("X(") == view.interrupts == entries
    assert view.alignment == alignment


@pytest.mark.parametrize("device_id", registry.device_ids("cortex_m"))
def test_every_device_has_its_linker_script(device_id: str) -> None:
    device: Microcontroller = registry.load_device(device_id)
    built = build(device=device_id)
    script = text(built, "edgegen/device/board.ld")
    for region in device.memory:
        assert f"{region.name} (" in script
        assert f"ORIGIN = 0x{region.origin:08X}, LENGTH = {region.length}\n" in script
    assert f'REGION_ALIAS("EG_CODE", {device.flash.name});' in script
    assert f'REGION_ALIAS("EG_DATA", {device.ram.name});' in script
    assert f"-mcpu={device.cpu}" in text(built, "edgegen/cmake/arm-none-eabi-gcc.cmake")


def test_a_boot_loader_that_is_not_ours_is_asked_for() -> None:
    built = build(device="rp2040_pico")
    assert "boot_stage2" in text(built, "README.md")
    assert "    .boot2 :\n" in text(built, "edgegen/device/board.ld")
    assert "boot_stage2" not in text(build(), "README.md")


def test_an_engine_that_refuses_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        id = "aot"

        def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
            return (Diagnostic("EG999", "here", "why", "so"),)

    monkeypatch.setattr(engines, "cortex_m", lambda: {"aot": Refusing()})
    for wanted in (("aot",), ()):
        with pytest.raises(RefusedModelError, match="EG999"):
            build(engines=wanted)


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(UsageError, match="no engine 'toast'"):
        build(engines=("toast",))


def test_engines_may_share_files_but_not_disagree() -> None:
    assert generated_files.merge([{"a": b"1"}, {"a": b"1", "b": b"2"}]) == {"a": b"1", "b": b"2"}
    with pytest.raises(ValueError, match="different files as a"):
        generated_files.merge([{"a": b"1"}, {"a": b"2"}])


def test_a_family_without_a_target_is_named() -> None:
    device = replace(registry.load_device("cortex_m4"), family="abacus")
    with pytest.raises(UsageError, match="family 'abacus'"):
        targets.build(tiny_model(), device, Options("net"))
