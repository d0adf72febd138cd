"""Generated firmware really builds, boots and tells right from wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen import golden, registry
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.options import Options
from edgegen.verify.cortex_m.emulator import Run
from support.firmware import STRICT, Firmware
from support.golden_once import golden_once
from support.tflite_builder import ModelBuilder

PROBES = Path(__file__).parent / "probes"

EXIT_FAULT = 3

HOSTILE = 'in "quotes" */ \n \\ ??/ ${X} ../' + "n" * 10_000

cross = pytest.mark.cross
qemu = pytest.mark.qemu
clang = pytest.mark.clang


def tiny_model() -> Model:
    """A dense layer and a softmax: 6 inputs, 3 classes, int8."""
    builder = ModelBuilder()
    random = np.random.default_rng(5)
    x = builder.tensor(HOSTILE, [1, 6], "int8", scale=0.05, zero_point=-3)
    weights = random.integers(-127, 128, (3, 6))
    w = builder.tensor("w", [3, 6], "int8", scale=0.01, data=weights)
    b = builder.tensor("b", [3], "int32", scale=0.0005, data=random.integers(-500, 500, 3))
    h = builder.tensor("h", [1, 3], "int8", scale=0.1)
    y = builder.tensor("y", [1, 3], "int8", scale=1 / 256, zero_point=-128)
    builder.op("FULLY_CONNECTED", [x, w, b], [h])
    builder.op("SOFTMAX", [h], [y])
    return tflite.parse(builder.build([x], [y]), "tiny.tflite")


@pytest.fixture(autouse=True, scope="module")
def quick_golden() -> Iterator[None]:
    with golden_once():
        yield


def forked_model() -> Model:
    """Two float inputs of different shapes, two outputs: their sum and their product."""
    builder = ModelBuilder()
    a = builder.tensor("a", [1, 2, 10], "float32")
    b = builder.tensor("b", [10], "float32")
    total = builder.tensor("sum", [1, 2, 10], "float32")
    product = builder.tensor("product", [1, 2, 10], "float32")
    builder.op("ADD", [a, b], [total])
    builder.op("MUL", [a, b], [product])
    return tflite.parse(builder.build([a, b], [total, product]), "forked.tflite")


TINY = Options("tiny", ("aot",), labels=("no", 'ye"s', "größe"))


class TinyFirmware(Firmware):
    """Of the model ``tiny``, unless told otherwise."""

    def __init__(
        self,
        folder: Path,
        device: str = "cortex_m4",
        model: Model | None = None,
        options: Options = TINY,
    ) -> None:
        super().__init__(folder, device, model or tiny_model(), options)

    def run_app(self, probe: str, *arguments: str) -> Run:
        """Build and boot a probe instead of the user's main.cpp."""
        shutil.copy(PROBES / probe, self.folder / "src" / "main.cpp")
        self.build("qemu", *arguments, goal="tiny_app")
        return self.boot("app")


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], TinyFirmware]:
    """Projects in folders with a blank in their names."""
    return lambda device: TinyFirmware(tmp_path / f"my {device}", device)


@pytest.fixture
def firmware(make: Callable[[str], TinyFirmware]) -> TinyFirmware:
    return make("cortex_m4")


def check_images(firmware: TinyFirmware) -> None:
    """The self-tests pass and the user's program prints a label per frame."""
    for name in ("selftest", "selftest_trace"):
        run = firmware.boot(name)
        assert run.exit_code == 0, run.console
        assert run.console.startswith("edgegen-selftest 1\nmodel tiny\nengine aot\n")
        assert run.console.endswith("result pass\n")
        assert run.console.count("elements 3 mismatches 0 max_abs_diff 0\n") == 4
    assert "activations checked 8 mismatched 0\n" in run.console
    app = firmware.boot("app")
    assert app.exit_code == 0
    lines = app.console.splitlines()
    assert len(lines) == 3
    assert all(line.rsplit(" ", 1)[0] in ("no", 'ye"s', "größe") for line in lines)


@cross
@qemu
@pytest.mark.parametrize("level", ["-Os", "-O2", "-O3"])
def test_gcc_builds_without_a_warning_and_boots(firmware: TinyFirmware, level: str) -> None:
    flags = (f"-DCMAKE_C_FLAGS_RELEASE={level}", f"-DCMAKE_CXX_FLAGS_RELEASE={level}")
    firmware.build("qemu", *flags)
    check_images(firmware)


@cross
@qemu
@clang
@pytest.mark.parametrize("level", ["-Os", "-O2", "-O3"])
def test_clang_builds_without_a_warning_and_boots(firmware: TinyFirmware, level: str) -> None:
    flags = (f"-DCMAKE_C_FLAGS_RELEASE={level}", f"-DCMAKE_CXX_FLAGS_RELEASE={level}")
    firmware.build("qemu-clang", *flags)
    check_images(firmware)


@cross
@qemu
@pytest.mark.parametrize(
    "device", ["cortex_m0plus", "cortex_m3", "cortex_m33", "cortex_m55", "nucleo_h743zi2"]
)
def test_every_core_boots(make: Callable[[str], TinyFirmware], device: str) -> None:
    firmware = make(device)
    firmware.build("qemu")
    check_images(firmware)


@cross
@pytest.mark.parametrize("device", registry.device_ids("cortex_m"))
def test_every_board_links_into_its_own_memory(
    make: Callable[[str], TinyFirmware], device: str
) -> None:
    firmware = make(device)
    firmware.build("board")
    image = firmware.image("app")
    assert image.with_name(image.name + ".hex").is_file()
    symbols = read_symbols(image)
    facts = firmware.device
    assert symbols["eg_vector_table"] == facts.flash.origin
    assert symbols["eg_stack_limit"] == facts.ram.origin
    assert facts.ram.origin < symbols["eg_bss_end"] <= facts.ram.end


@cross
@qemu
def test_several_inputs_and_outputs_without_labels(tmp_path: Path) -> None:
    firmware = TinyFirmware(tmp_path, model=forked_model(), options=Options("tiny", ("aot",)))
    firmware.build("qemu")
    run = firmware.boot("selftest")
    assert run.exit_code == 0, run.console
    assert run.console.count(" elements 20 mismatches 0 ") == 8
    frame = firmware.boot("app").console.splitlines()[:2]
    # The synthetic sensor starts at -1 and rises by 1/16, for both inputs alike.
    sensor = [-1 + i / 16 for i in range(8)]
    for line, wanted in zip(frame, ([2 * x for x in sensor], [x * x for x in sensor]), strict=True):
        words = line.split()
        assert [float(word) for word in words[2:-1]] == pytest.approx(wanted, abs=1e-5)
        assert words[-1] == "..."


def read_symbols(image: Path) -> dict[str, int]:
    listing = subprocess.run(
        ["arm-none-eabi-nm", image], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split() for line in listing.splitlines())
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


@cross
def test_nothing_allocates(firmware: TinyFirmware) -> None:
    firmware.build("qemu")
    for name in ("app", "selftest", "footprint"):
        assert not {"malloc", "_malloc_r", "_sbrk", "printf"} & set(
            read_symbols(firmware.image(name))
        )


@cross
@qemu
def test_a_wrong_golden_value_fails(firmware: TinyFirmware) -> None:
    path = firmware.folder / "edgegen/golden/golden.c"
    first = int(golden.make(tiny_model()).vectors[0].outputs[0].reshape(-1)[0])
    text = path.read_text()
    wrong = text.replace(f"        {first},", f"        {first ^ 1},", 1)
    assert wrong != text
    path.write_text(wrong)
    firmware.build("qemu", goal="tiny_selftest")
    run = firmware.boot("selftest")
    assert run.exit_code == 1
    assert "vector 0 output 0 elements 3 mismatches 1 max_abs_diff 1\n" in run.console
    assert run.console.endswith("result fail\n")


@cross
@qemu
def test_an_arena_that_is_too_small_is_refused(firmware: TinyFirmware) -> None:
    firmware.build("qemu", goal="tiny_selftest")
    run = firmware.boot("selftest", "arena=4")
    assert run.exit_code == 1
    assert "arena_bytes 4\n" in run.console
    assert "error init: the arena holds fewer bytes than the model needs\n" in run.console
    assert run.console.endswith("result fail\n")
    assert firmware.boot("selftest", "arena=999999").exit_code == 1


@cross
@qemu
@pytest.mark.parametrize("device", ["cortex_m0plus", "cortex_m4", "cortex_m55"])
@pytest.mark.parametrize("probe", ["abort.cpp", "stack_overflow.cpp"])
def test_a_crash_is_reported_and_fails(
    make: Callable[[str], TinyFirmware], device: str, probe: str
) -> None:
    run = make(device).run_app(probe)
    assert run.exit_code == EXIT_FAULT
    assert "error fault" in run.console
    assert run.console.endswith("result fail\n")
    assert ("stack overflow" in run.console) == (probe == "stack_overflow.cpp")


@cross
@qemu
def test_armv6m_traps_unaligned_access(make: Callable[[str], TinyFirmware]) -> None:
    run = make("cortex_m0plus").run_app("unaligned.cpp")
    assert run.exit_code == EXIT_FAULT, run.console


@cross
@qemu
@pytest.mark.parametrize("device", ["cortex_m4", "cortex_m55", "stm32f405"])
def test_the_clock_is_right_across_many_turns(
    make: Callable[[str], TinyFirmware], device: str
) -> None:
    # 2^12 ticks instead of 2^24, so that a turn takes a moment.
    firmware = make(device)
    source = firmware.folder / "edgegen/runtime/src/systick.c"
    text = source.read_text()
    assert "#define EG_SYSTICK_BITS 24\n" in text
    source.write_text(text.replace("#define EG_SYSTICK_BITS 24\n", "#define EG_SYSTICK_BITS 12\n"))
    run = firmware.run_app("clock.cpp")
    assert run.console == "ok\n"
    assert run.exit_code == 0


@cross
@pytest.mark.parametrize("own_systick", ["0", "1"])
def test_the_board_may_have_either_clock(firmware: TinyFirmware, own_systick: str) -> None:
    port = firmware.folder / "board/board_port.c"
    text = port.read_text()
    for name, value in (("PROCESSOR_CLOCK_HZ 0U", "168000000U"), ("OWN_SYSTICK 1", own_systick)):
        assert f"#define {name}\n" in text
        text = text.replace(f"#define {name}\n", f"#define {name.split()[0]} {value}\n")
    port.write_text(text)
    firmware.build("board", goal="tiny_selftest")


@cross
def test_operator_new_does_not_link(firmware: TinyFirmware) -> None:
    shutil.copy(PROBES / "heap.cpp", firmware.folder / "src" / "main.cpp")
    done = firmware.try_build("qemu", goal="tiny_app")
    assert done.returncode != 0
    assert "undefined reference to `_sbrk'" in done.stdout


@cross
@pytest.mark.parametrize(
    ("size", "words"),
    [("1004", "must be a multiple of 8"), ("64", "is below 512"), ("8388608", "overflowed by")],
)
def test_a_wrong_stack_size_is_explained(firmware: TinyFirmware, size: str, words: str) -> None:
    done = firmware.try_build("qemu", f"-DEDGEGEN_STACK_BYTES={size}", goal="tiny_footprint")
    assert done.returncode != 0
    assert words in done.stdout


@cross
def test_wrong_options_are_explained(firmware: TinyFirmware) -> None:
    done = firmware.try_build("qemu", "-DEDGEGEN_ENGINE=steam")
    assert 'EDGEGEN_ENGINE is "steam", but this project has aot.' in done.stdout
    done = firmware.try_build("qemu", "-DEDGEGEN_PORT=moon")
    assert 'EDGEGEN_PORT is "moon"; use qemu or board.' in done.stdout


@pytest.mark.skipif(
    not all(map(shutil.which, ("cmake", "ninja", "cc"))), reason="needs cmake, ninja and cc"
)
def test_a_program_of_its_own_takes_two_models_by_add_subdirectory(tmp_path: Path) -> None:
    for name in ("tiny", "other"):
        TinyFirmware(tmp_path / f"models/{name} project", options=replace(TINY, name=name))
    for file in ("CMakeLists.txt", "main.c"):
        shutil.copy(PROBES / "consumer" / file, tmp_path / file)
    build = tmp_path / "build"
    export = "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"
    subprocess.run(
        ["cmake", "-S", tmp_path, "-B", build, "-G", "Ninja", export, *STRICT],
        check=True,
        capture_output=True,
    )
    subprocess.run(["cmake", "--build", build], check=True, capture_output=True)

    # The programs of edgegen are not the consumer's, nor are its flags.
    commands = json.loads((build / "compile_commands.json").read_text())
    assert not [row for row in commands if "selftest" in row["file"] or "device" in row["file"]]
    (own,) = (row["command"] for row in commands if row["file"].endswith("main.c"))
    assert "-Wconversion" not in own

    expected = golden.make(tiny_model()).vectors[0].outputs[0].reshape(-1)
    printed = subprocess.run([build / "consumer"], capture_output=True, check=True, text=True)
    assert printed.stdout.split() == [str(value) for value in expected] * 2
