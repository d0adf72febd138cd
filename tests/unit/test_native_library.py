"""What a native library is made of; tests/build compiles it and calls it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgegen import native_library
from edgegen.engines.aot import variants, web
from edgegen.engines.aot.ops import simd_f32
from edgegen.frontends import tflite
from edgegen.inputs import ImageInput
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import resolve
from support.tflite_builder import ModelBuilder

RUNTIME = Path(__file__).resolve().parents[2] / "runtime_c"


@pytest.fixture(scope="module")
def digits(digits_tflite: Path) -> Model:
    return tflite.parse(digits_tflite.read_bytes(), digits_tflite.name)


def emit(
    model: Model, *architectures: str, described: bool = False, has_model: bool = True
) -> set[str]:
    inputs = resolve(model, [ImageInput(width=32, height=24)]) if described else ()
    options = Options("net", inputs=inputs)
    files = native_library.emit(model, "pi", architectures, options, has_model=has_model)
    again = native_library.emit(model, "pi", architectures, options, has_model=has_model)
    assert files == again
    return set(files)


def made(files: set[str]) -> set[str]:
    """Names of the variants."""
    return {path.split("/")[2] for path in files if path.endswith("/model.c")}


def test_nothing_to_do_is_no_library(digits: Model) -> None:
    assert emit(digits, "x86_64", has_model=False) == set()


def test_only_what_makes_the_inputs(digits: Model) -> None:
    files = emit(digits, "x86_64", described=True, has_model=False)
    assert "native/preprocess/input_0.c" in files
    assert not any(path.startswith("native/aot/") or "/nn/" in path for path in files)


def test_only_the_model(digits: Model) -> None:
    files = emit(digits, "x86_64")
    assert not any("preprocess" in path or "edgegen/image" in path for path in files)


@pytest.mark.parametrize(
    ("architectures", "expected"),
    [
        (("x86_64",), {"vnni", "avx2", "portable"}),
        (("aarch64",), {"dotprod", "neon", "portable"}),
        (("armv7l", "aarch64"), {"dotprod", "neon", "portable"}),
        (("armv7l",), {"neon", "portable"}),
        (("riscv64",), {"portable"}),
    ],
)
def test_variants_are_those_of_the_processors(
    digits: Model, architectures: tuple[str, ...], expected: set[str]
) -> None:
    files = emit(digits, *architectures)
    assert made(files) == expected
    vectors = {Path(path).parent.name for path in files if "/nn/simd/" in path and "/src/" in path}
    assert vectors == expected - {"portable"}


def test_a_model_without_vector_kernels_has_one_variant() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor(name, [1, 8], "float32") for name in "xy")
    builder.op("TANH", [x], [y])
    model = tflite.parse(builder.build([x], [y]), "tanh.tflite")
    assert made(emit(model, "x86_64", "aarch64", "armv7l")) == {"portable"}


def test_every_instruction_set_has_every_vector_kernel() -> None:
    folders = sorted((RUNTIME / "src" / "nn" / "simd").iterdir())
    names = {each.name for each in variants.INSTRUCTION_SETS}
    names |= {feature for build in web.BUILDS for feature in build.features}
    assert {folder.name for folder in folders} == names - {"portable"}
    kernels = [{file.name for file in folder.iterdir()} for folder in folders]
    integers = [{name for name in each if not name.endswith("_f32.c")} for each in kernels]
    assert all(each == integers[0] for each in integers)
    floats = [
        each - {*integers[0]}
        for folder, each in zip(folders, kernels, strict=True)
        if folder.name in {isa.name for isa in simd_f32.ISAS}
    ]
    assert len(floats) == len(simd_f32.ISAS)
    assert all(each == floats[0] and each for each in floats)


@pytest.mark.parametrize("language", ["c -std=c99", "c++ -std=c++17"])
def test_the_header_stands_alone(digits: Model, language: str, tmp_path: Path) -> None:
    options = Options("net", inputs=resolve(digits, [ImageInput(width=32, height=24)]))
    files = native_library.emit(digits, "pi", ("x86_64",), options, has_model=True)
    header = tmp_path / "api.h"
    header.write_bytes(files["native/api.h"])
    flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    done = subprocess.run(
        ["gcc", *flags, "-x", *language.split(), str(header)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
