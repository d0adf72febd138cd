"""Builds the C library of a project for one architecture, with the project's own CMake files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgegen import tools
from edgegen.verify import build
from edgegen.verify.build import Build
from edgegen.verify.linux.sysroot import PORTS


def build_library(
    name: str,
    source: Path,
    directory: Path,
    architecture: str | None,
    cmake_args: Sequence[str],
) -> Build:
    """Build ``lib<name>_native.so``, any warning an error.

    Args:
        name: The project's.
        source: Folder of its CMakeLists.txt.
        directory: Where to build.
        architecture: To build for with the project's toolchain file; None: for this machine.
        cmake_args: More arguments for CMake.

    Raises:
        MissingToolError: The compiler or CMake is not there.
        BuildError: It does not build.
    """
    arguments = ["-DCMAKE_BUILD_TYPE=Release", f"-D{name.upper()}_WERROR=ON"]
    if architecture:
        tools.require(f"{PORTS[architecture].triplet}-gcc")
        toolchain = source / "cmake" / f"{PORTS[architecture].triplet}.cmake"
        arguments.append(f"-DCMAKE_TOOLCHAIN_FILE={toolchain}")
    else:
        tools.require("gcc")
    return build.build(source, directory, [f"{name}_native"], [*arguments, *cmake_args])
