"""The tools that verifying takes, and how CMake is told to use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgegen import tools
from edgegen.device import Emulator
from edgegen.verify.cortex_m.emulator import Qemu

_TOOLCHAIN_FILE = "-DCMAKE_TOOLCHAIN_FILE"
_CXX_ENGINES = ("tflm",)


def find(emulator: Emulator, engines: Sequence[str], cmake_args: Sequence[str]) -> Qemu:
    """The emulator; a MissingToolError lists everything that is absent, all at once.

    A toolchain file among ``cmake_args`` answers for the compiler.
    """
    needed = ["cmake", "qemu-system-arm"]
    if not any(argument.startswith(_TOOLCHAIN_FILE) for argument in cmake_args):
        needed += ["arm-none-eabi-gcc", "newlib"]
        needed += ["libstdc++"] if set(engines) & set(_CXX_ENGINES) else []
    absent = [name for name in needed if tools.probe(name) is None]
    if tools.probe("ninja") is None and tools.probe("make") is None:
        absent.append("ninja")
    if absent:
        raise tools.missing(*absent)
    return Qemu(tools.require("qemu-system-arm"), emulator.machine, emulator.arguments)


def settings(project: Path, engine: str) -> tuple[str, ...]:
    """CMake's arguments for the emulated build of one engine."""
    return (
        f"{_TOOLCHAIN_FILE}={project / 'edgegen/cmake/arm-none-eabi-gcc.cmake'}",
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DEDGEGEN_ENGINE={engine}",
        "-DEDGEGEN_PORT=qemu",
        "-DEDGEGEN_IMAGES=ON",
    )
