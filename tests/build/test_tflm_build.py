"""TensorFlow Lite Micro's sources: pinned, complete per operator, and safe in a small arena.

Needs local checkouts, see test_verify_tflm.py.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from edgegen import api, verify
from edgegen.engines.tflm.kernels import CMSIS_NN, CMSIS_NN_FILES, CORE, KERNELS, SOURCES
from edgegen.model import OpKind
from edgegen.tools import require
from edgegen.verify.cortex_m.emulator import Qemu

pytestmark = [
    pytest.mark.cross,
    pytest.mark.slow,
    pytest.mark.tflm_sources,
    pytest.mark.skipif(
        not os.environ.get("EDGEGEN_TFLM_SOURCES"),
        reason="EDGEGEN_TFLM_SOURCES does not name a folder with TensorFlow Lite Micro's sources",
    ),
]

_CPU = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
_DEFINES = (
    "-DNDEBUG",
    "-DTF_LITE_STATIC_MEMORY",
    "-DTF_LITE_STRIP_ERROR_STRINGS",
    "-DFLATBUFFERS_LOCALE_INDEPENDENT=0",
    "-DFLATBUFFERS_PREFER_PRINTF=1",
)
_CXX = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")
_CMSIS_NN = (
    "-DCMSIS_NN",
    "-DKERNELS_OPTIMIZED_FOR_SPEED",
    "-DARM_NN_ENABLE_F16=0",
    "-DARM_NN_ENABLE_F32=0",
)

# A program that registers one operator and starts the interpreter; it is only linked.
_PROGRAM = """
#include "tensorflow/lite/micro/kernels/pad.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
extern "C" void _exit(int) { for (;;) {} }
int main()
{
    static unsigned char arena[16];
    static tflite::MicroMutableOpResolver<1> resolver;
    resolver.CALL;
    static tflite::MicroInterpreter interpreter(tflite::GetModel(arena), resolver, arena, 16);
    return interpreter.AllocateTensors() + interpreter.Invoke();
}
"""


@pytest.fixture(scope="module")
def sources() -> Path:
    return Path(os.environ["EDGEGEN_TFLM_SOURCES"])


@pytest.mark.parametrize("source", [*SOURCES, CMSIS_NN], ids=lambda source: source.name)
def test_the_checkouts_are_at_the_pinned_commits(sources: Path, source: object) -> None:
    assert source in (*SOURCES, CMSIS_NN)
    name, commit = getattr(source, "name"), getattr(source, "commit")  # noqa: B009
    command = ["git", "-C", str(sources / name), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == commit


class Objects:
    """Compiles each upstream file once, for a Cortex-M4."""

    def __init__(self, sources: Path, folder: Path, kernels: str) -> None:
        includes = ["tflm", "flatbuffers/include", "gemmlowp", "ruy"]
        self._optimised = kernels == "cmsis_nn"
        if self._optimised:
            includes += ["cmsis_nn", "cmsis_nn/Include"]
        self._flags = [*_CPU, *_DEFINES, *(_CMSIS_NN if self._optimised else ()), "-O1", "-w"]
        self._flags += [f"-I{sources / include}" for include in includes]
        self._sources = sources
        self._folder = folder
        self.compile = cache(self._compile)

    def of(self, kind: OpKind) -> list[Path]:
        """The files that the generated project lists for this operator."""
        kernel = KERNELS[kind]
        main, *shared = kernel.files
        optimised = self._optimised and kernel.has_cmsis_nn
        files = [f"tflm/tensorflow/{file}" for file in CORE]
        for stem in (f"cmsis_nn/{main}" if optimised else main, *shared):
            files.append(f"tflm/tensorflow/lite/micro/kernels/{stem}.cc")
        if optimised:
            files += [f"cmsis_nn/Source/{file}" for file in CMSIS_NN_FILES[main]]
        return [self._sources / file for file in files]

    def _compile(self, source: Path) -> Path:
        output = self._folder / (source.as_posix().replace("/", "_") + ".o")
        tool = ["arm-none-eabi-gcc"] if source.suffix == ".c" else ["arm-none-eabi-g++", *_CXX]
        subprocess.run([*tool, *self._flags, "-c", str(source), "-o", str(output)], check=True)
        return output


@pytest.fixture(scope="module", params=["cmsis_nn", "reference"])
def objects(
    request: pytest.FixtureRequest, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Objects:
    made = Objects(sources, tmp_path_factory.mktemp("objects"), request.param)
    wanted = sorted({file for kind in KERNELS for file in made.of(kind)})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(made.compile, wanted))
    return made


@pytest.mark.parametrize("kind", KERNELS, ids=lambda kind: kind.value)
def test_an_operators_files_need_no_others(objects: Objects, kind: OpKind, tmp_path: Path) -> None:
    """Linked object by object, dead code included, so that nothing missing goes unnoticed."""
    kernel = KERNELS[kind]
    calls = [f"{kernel.method}()"]
    calls += [f"{kernel.method}(tflite::{function}())" for _, function in kernel.variants]
    for number, call in enumerate(calls):
        program = tmp_path / f"program{number}.cc"
        program.write_text(_PROGRAM.replace("CALL", call))
        parts = [objects.compile(source) for source in (program, *objects.of(kind))]
        link = ["arm-none-eabi-g++", *_CPU, "--specs=nano.specs", "--specs=nosys.specs", "-w"]
        command = [*link, *map(str, parts), "-o", str(tmp_path / "program")]
        done = subprocess.run(command, capture_output=True, text=True)
        missing = [line for line in done.stderr.splitlines() if "undefined reference" in line]
        assert missing == []
        assert done.returncode == 0


@pytest.mark.qemu
def test_an_arena_that_is_too_small_is_an_error_and_not_a_fault(
    tmp_path: Path, digits_tflite: Path, sources: Path
) -> None:
    project = tmp_path / "project"
    api.scaffold(digits_tflite, "cortex_m4", project, engines=["tflm"])
    names = [source.name for source in (*SOURCES, CMSIS_NN)]
    defines = [f"-DFETCHCONTENT_SOURCE_DIR_{n.upper()}={sources / n}" for n in names]
    facts = verify.run(project, cmake_args=defines).engines["tflm"]
    assert facts.arena is not None
    smallest = facts.arena.smallest_bytes
    (image,) = (project / "build" / "verify-tflm" / "images").glob("digits_selftest*")
    run = _runner(image)
    assert run(smallest) == (0, True)
    # sizes that end in every stage of the initialisation, and some that aren't aligned
    for size in (*range(0, smallest, 208), *range(smallest - 128, smallest, 16), 1, 15, 17, 129):
        assert run(size) == (1, False), size


def _runner(image: Path) -> Callable[[int], tuple[int, bool]]:
    qemu = Qemu(require("qemu-system-arm"), "mps2-an386")

    def run(size: int) -> tuple[int, bool]:
        """Exit code, and False if the arena was said to be too small."""
        done = qemu.run(image, [f"arena={size}"])
        return done.exit_code, "fewer bytes than the model needs" not in done.console

    return run
