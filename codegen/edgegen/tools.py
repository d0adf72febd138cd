"""The programs that edgegen calls: what each is for, where it is, what to install.

Nothing here runs at import; `probe` asks the tool itself for its version.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgegen.errors import MissingToolError

PROBE_SECONDS = 20
_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+(?:\.\d+)*)")
_PACKAGING = re.compile(r"\([^()]*\)")  # "(Debian 1:7.2+dfsg-7)": the packager's number, not ours


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What edgegen knows about a tool before looking for it.

    Attributes:
        name: The command, or the library's usual name.
        purpose: One phrase for people.
        package: The Debian/Ubuntu package that brings it.
        library: For a library: a file that the compiler ``command`` must be able to find.
        command: The program to run; empty for the same as ``name``.
        others: Commands that do as well, where that one is not there.
    """

    name: str
    purpose: str
    package: str
    library: str = ""
    command: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is installed.

    Attributes:
        path: The program, or the library's file.
        version: Dotted numbers as the tool reports them, such as 12.2.1; a library has
            its compiler's version.
    """

    name: str
    path: Path
    version: str
    purpose: str
    package: str

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


TOOLS: tuple[ToolSpec, ...] = (
    ToolSpec("cmake", "configures generated C and C++ projects", "cmake"),
    ToolSpec("ninja", "builds generated C and C++ projects", "ninja-build"),
    ToolSpec("make", "builds when ninja is absent", "make"),
    ToolSpec("arm-none-eabi-gcc", "compiles for Cortex-M", "gcc-arm-none-eabi"),
    ToolSpec(
        "newlib",
        "the C library for Cortex-M",
        "libnewlib-arm-none-eabi",
        library="nano.specs",
        command="arm-none-eabi-gcc",
    ),
    ToolSpec(
        "libstdc++",
        "the C++ library for Cortex-M (engine tflm)",
        "libstdc++-arm-none-eabi-newlib",
        library="libstdc++_nano.a",
        command="arm-none-eabi-g++",
    ),
    ToolSpec("clang", "compiles for Cortex-M instead of GCC (engine aot)", "clang"),
    ToolSpec("ld.lld", "links what clang compiled", "lld"),
    ToolSpec("qemu-system-arm", "emulates Cortex-M devices", "qemu-system-arm"),
    ToolSpec("gcc", "compiles for this machine", "gcc"),
    ToolSpec("apt-get", "fetches an Arm Debian to verify Linux projects in", "apt"),
    ToolSpec("dpkg-deb", "builds and unpacks Debian packages", "dpkg"),
    ToolSpec("rpmbuild", "builds RPM packages", "rpm"),
    ToolSpec("lintian", "checks Debian packages", "lintian"),
    ToolSpec("qemu-aarch64", "emulates programs for 64-bit Arm Linux", "qemu-user"),
    ToolSpec("qemu-arm", "emulates programs for 32-bit Arm Linux", "qemu-user"),
    ToolSpec("aarch64-linux-gnu-gcc", "compiles for 64-bit Arm Linux", "gcc-aarch64-linux-gnu"),
    ToolSpec("arm-linux-gnueabihf-gcc", "compiles for 32-bit Arm Linux", "gcc-arm-linux-gnueabihf"),
    ToolSpec("systemd-analyze", "checks and rates the unit of a Linux project", "systemd"),
    ToolSpec("git", "fetches TensorFlow Lite Micro (engine tflm)", "git"),
    ToolSpec("wasm-ld", "links WebAssembly that clang compiled (engine aot)", "lld"),
    ToolSpec(
        "chromium",
        "runs web projects",
        "chromium",
        others=("chromium-browser", "google-chrome", "google-chrome-stable"),
    ),
    ToolSpec("node", "runs the tools of web projects", "nodejs"),
    ToolSpec("npm", "fetches runtimes of web projects (engines onnxruntime, litert)", "npm"),
)


def spec(name: str) -> ToolSpec:
    """The table's row; a KeyError for a name that is not in it."""
    for row in TOOLS:
        if row.name == name:
            return row
    raise KeyError(name)


def probe(name: str) -> Tool | None:
    """Find a tool of the table and ask for its version; None when it is not there."""
    row = spec(name)
    commands = (row.command or row.name, *row.others)
    program = next((found for each in commands if (found := shutil.which(each))), None)
    if program is None:
        return None
    path = _library_file(program, row.library) if row.library else Path(program)
    version = version_of(program)
    if path is None or version is None:
        return None
    return Tool(row.name, path, version, row.purpose, row.package)


def require(name: str) -> Tool:
    """`probe`, or a MissingToolError that names the package to install."""
    tool = probe(name)
    if tool is None:
        raise missing(name)
    return tool


def missing(*names: str) -> MissingToolError:
    """The error for tools of the table that are not there."""
    rows = [spec(name) for name in names]
    packages = dict.fromkeys(row.package for row in rows)
    needed = " and ".join(f"{row.name} ({row.purpose})" for row in rows)
    return MissingToolError(
        f"Not found: {needed}.",
        fix=f"sudo apt-get install {' '.join(packages)}; `edgegen doctor` lists every tool.",
    )


@cache
def _output(program: str, argument: str) -> str | None:
    """What the program prints for one argument; None when it does not run or fails."""
    try:
        done = subprocess.run(
            [program, argument],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def version_of(program: str) -> str | None:
    """What a program says to --version; None when it does not run."""
    output = _output(program, "--version")
    if output is None:
        return None
    first_line = (output.splitlines() or [""])[0]
    found = _VERSION.search(_PACKAGING.sub("", first_line))
    return found.group(1) if found else "unknown"


def _library_file(compiler: str, library: str) -> Path | None:
    output = _output(compiler, f"-print-file-name={library}")
    path = Path((output or "").strip())
    # A compiler that does not know the file echoes its bare name.
    return path if path.is_absolute() and path.is_file() else None
