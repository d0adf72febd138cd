"""Models of many layers, run on emulated cores: every activation must equal TFLM's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

from edgegen import api
from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from edgegen.model import Op
from support.op_batch import OpBatch

BUILDS = {
    "O2": (),
    "O3": ("-DCMAKE_C_FLAGS_RELEASE=-O3 -DNDEBUG",),
    "Os": ("-DCMAKE_BUILD_TYPE=MinSizeRel",),
    "O0": ("-DCMAKE_BUILD_TYPE=Debug",),
    "frame pointer": ("-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG -fno-omit-frame-pointer",),
}
"""CMake's arguments for compilations that leave inline assembly different registers."""
ON_M4 = ("O2", "Os", "O0", "frame pointer")
ON_DSP_CORES = [*(("cortex_m4", build) for build in ON_M4), ("cortex_m33", "O2")]
"""Devices with the DSP instructions, and how to compile for them."""


class Case(Protocol):
    """A layer to test."""

    def add(self, batch: OpBatch) -> None: ...


def batch_of(cases: Iterable[Case], dtype: str = "int8") -> OpBatch:
    batch = OpBatch(dtype)
    for case in cases:
        case.add(batch)
    return batch


def write(model: bytes, folder: Path) -> Path:
    """The model as a .tflite file in the folder."""
    path = folder / "layers.tflite"
    path.write_bytes(model)
    return path


def chosen(model: Path, features: Collection[str] = ()) -> list[tuple[Op, Kernel]]:
    """Every operator and the kernel for it on a core of these features."""
    parsed = tflite.parse(model.read_bytes(), model.name)
    found = []
    for op in parsed.ops:
        kernel = choose(KERNELS, parsed, op, features)
        assert isinstance(kernel, Kernel), kernel
        found.append((op, kernel))
    return found


def check(model: Path, device: str, folder: Path, build: str = "O2") -> None:
    """Checks that the model's firmware computes every activation of every vector as TFLM does.

    Args:
        folder: Where to write the project, as "firmware".
        build: One of BUILDS, or "clang".
    """
    project = folder / "firmware"
    clang = project / "edgegen" / "cmake" / "arm-none-eabi-clang.cmake"
    arguments = (f"-DCMAKE_TOOLCHAIN_FILE={clang}",) if build == "clang" else BUILDS[build]
    api.scaffold(model, device, project, engines=["aot"], force=True)
    report = api.verify(project, cmake_args=arguments)
    facts = report.engines["aot"]
    assert report.ok, facts.reason
    assert (facts.status, facts.bit_exact, facts.mismatches) == ("pass", True, 0)
    layers = len(tflite.parse(model.read_bytes(), model.name).ops)
    assert facts.activations_compared == facts.vectors * layers
