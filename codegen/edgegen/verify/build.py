"""Configures and builds a generated project with CMake, apart from the user's own builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import tools
from edgegen.errors import DifferenceError, EdgegenError, MissingToolError

CONFIGURE_SECONDS = 900  # an engine's sources may be downloaded meanwhile
BUILD_SECONDS = 3600
SHOWN_LINES = 15

# What CMake, git and curl print when FetchContent cannot reach its sources.
_UNREACHABLE = re.compile(
    r"could not resolve host|failed to clone|unable to access|failed to connect"
    r"|error: downloading|each download failed|couldn't connect to server"
    r"|network is unreachable|connection (?:refused|timed out)",
    re.IGNORECASE,
)
_OVERFLOW = re.compile(r"region [`'](\w+)' overflowed by (\d+) bytes")


class BuildError(DifferenceError):
    """CMake or the compiler refused the project. Exit code 1."""


class UnreachableSourcesError(MissingToolError):
    """An engine's upstream sources are not here and could not be downloaded. Exit code 3."""


@dataclass(frozen=True, slots=True)
class Build:
    """A build directory whose images are up to date.

    Attributes:
        compiler: Program and version as CMake recorded them, such as
            ``arm-none-eabi-gcc 12.2.1``.
        kernels: The value of EDGEGEN_KERNELS; "" for an engine without that option.
        images: ELF files, programs or libraries, by target name.
    """

    directory: Path
    compiler: str
    kernels: str
    images: Mapping[str, Path]


def build(
    source: Path,
    directory: Path,
    targets: Sequence[str],
    cmake_args: Sequence[str] = (),
) -> Build:
    """Configure ``source`` in ``directory`` and build ``targets``.

    Everything that CMake and the compiler print goes to ``directory``/verify.log.

    Raises:
        MissingToolError: No CMake, or no program that builds.
        UnreachableSourcesError: A download failed.
        BuildError: Anything else that stops the build; shows the log's last lines.
    """
    cmake = tools.require("cmake")
    directory.mkdir(parents=True, exist_ok=True)
    images = directory / "images"
    configure = [
        str(cmake.path),
        *("-S", str(source), "-B", str(directory), "-G", _generator()),
        f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={images}",
        f"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={images}",
        *cmake_args,
    ]
    log = directory / "verify.log"
    log.write_bytes(b"")
    _forget_other_configuration(directory, configure, cmake.version)
    _run(configure, log, "configure", CONFIGURE_SECONDS)
    command = [str(cmake.path), "--build", str(directory), "--target", *targets]
    if "CMAKE_BUILD_PARALLEL_LEVEL" not in os.environ:
        command += ["--parallel", str(os.cpu_count() or 1)]
    _run(command, log, "build", BUILD_SECONDS)
    return Build(
        directory,
        _compiler(directory),
        _kernels(directory),
        {target: _image(images, target) for target in targets},
    )


def _generator() -> str:
    if tools.probe("ninja"):
        return "Ninja"
    if tools.probe("make"):
        return "Unix Makefiles"
    raise tools.missing("ninja")


def _forget_other_configuration(directory: Path, command: Sequence[str], version: str) -> None:
    """Drop CMake's cache unless it came from this very command.

    A cache remembers options of earlier calls, so that the evidence would depend on history.
    """
    record = directory / "verify-configure.txt"
    wanted = "\n".join([version, *command]) + "\n"
    if not record.is_file() or record.read_text(encoding="utf-8") != wanted:
        (directory / "CMakeCache.txt").unlink(missing_ok=True)
        shutil.rmtree(directory / "CMakeFiles", ignore_errors=True)
    record.write_text(wanted, encoding="utf-8")


def _run(command: Sequence[str], log: Path, step: str, seconds: int) -> None:
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    with log.open("ab") as output:
        start = output.tell()
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise BuildError(
                f"The {step} step took longer than {seconds} s.", where=str(log)
            ) from None
    if code:
        text = log.read_bytes()[start:].decode("utf-8", "replace")
        raise _failure(step, text, log)


def _failure(step: str, text: str, log: Path) -> EdgegenError:
    if step == "configure" and _UNREACHABLE.search(text):
        return UnreachableSourcesError(
            "Upstream sources are unreachable: CMake could not download them.",
            where=str(log),
            fix="Give local copies: edgegen verify -D FETCHCONTENT_SOURCE_DIR_<NAME>=FOLDER ...",
        )
    overflow = _OVERFLOW.search(text)
    if overflow:
        return BuildError(
            f"The program does not fit the memory that it is linked for: region "
            f"{overflow.group(1)} is {overflow.group(2)} bytes too small.",
            where=str(log),
        )
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    # The first error says more than the last line, which is ninja's "build stopped".
    first = next((i for i, line in enumerate(lines) if re.search(r"error[: ]", line, re.I)), None)
    start = len(lines) - SHOWN_LINES if first is None else max(0, first - 1)
    shown = lines[max(0, start) :][:SHOWN_LINES]
    return BuildError(
        f"The {step} step failed.\n" + "\n".join(f"  | {line}" for line in shown),
        where=str(log),
    )


def _compiler(directory: Path) -> str:
    """Program and version out of CMake's own record, so that any toolchain is named rightly."""
    for record in sorted(directory.glob("CMakeFiles/*/CMakeCCompiler.cmake")):
        text = record.read_text(encoding="utf-8")
        program = re.search(r'set\(CMAKE_C_COMPILER "([^"]+)"\)', text)
        version = re.search(r'set\(CMAKE_C_COMPILER_VERSION "([^"]+)"\)', text)
        if program and version:
            return f"{Path(program.group(1)).name} {version.group(1)}"
    return "unknown"


def _kernels(directory: Path) -> str:
    cache = (directory / "CMakeCache.txt").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^EDGEGEN_KERNELS:\w+=(\w+)$", cache, re.MULTILINE)
    return found.group(1) if found else ""


def _image(directory: Path, target: str) -> Path:
    for path in (directory / name for name in (target, f"{target}.elf", f"lib{target}.so")):
        if path.is_file():
            return path
    raise BuildError(f"The build made no image for the target {target}.", where=str(directory))
