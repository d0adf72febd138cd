"""QEMU's user mode: one program of another architecture, with the host's kernel under it.

Two traps (both measured): QEMU before 8 lets the program read the host's /proc/cpuinfo, on which
LiteRT's and ONNX Runtime's CPU detection crashes; and the default ``-cpu max`` gives silently wrong
results in LiteRT. So the version is checked, and the processor is always named.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import tools
from edgegen.errors import MissingToolError
from edgegen.verify.linux import apt, cache
from edgegen.verify.linux.sysroot import SUITE, Port

OLDEST = 8
_PROGRAMS = ("qemu-aarch64", "qemu-arm")
_DEBIAN_HOSTS = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Emulator:
    """QEMU's program for one architecture.

    Attributes:
        cpu: The value of -cpu.
    """

    program: Path
    version: str
    cpu: str

    @property
    def title(self) -> str:
        return f"QEMU {self.version} {self.program.name} -cpu {self.cpu}"

    def command(self, root: Path, arguments: Sequence[str | Path]) -> list[str]:
        """The command line that runs ``arguments``, a program and its arguments."""
        words = [self.program, "-cpu", self.cpu, "-L", root, *arguments]
        return [str(word) for word in words]


def prepare(port: Port, cpu: str) -> Emulator:
    """An emulator that is new enough: the system's, else Debian's newest for its stable release.

    Args:
        cpu: The value of -cpu, such as cortex-a72.

    Raises:
        MissingToolError: There is none and it cannot be downloaded.
    """
    name = port.emulator
    found = tools.probe(name)
    if found is not None and _is_new_enough(found.version):
        return Emulator(found.path, found.version, cpu)
    program = _backport() / name
    version = tools.version_of(str(program))
    if version is None:
        raise MissingToolError(
            f"{name} does not run on this machine.",
            where=str(program),
            fix=f"Install QEMU {OLDEST} or newer: sudo apt-get install qemu-user",
        )
    return Emulator(program, version, cpu)


def _is_new_enough(version: str) -> bool:
    major = version.split(".")[0]
    return major.isdigit() and int(major) >= OLDEST


def _backport() -> Path:
    host = _DEBIAN_HOSTS.get(platform.machine())
    if host is None:
        raise MissingToolError(
            f"QEMU {OLDEST} or newer is needed to emulate other processors.",
            fix="sudo apt-get install qemu-user",
        )
    suite = f"{SUITE}-backports"
    recipe = cache.key(1, suite, host, _PROGRAMS)
    return cache.made(f"qemu/{suite}-{host}-{recipe}", lambda folder: _fetch(folder, suite, host))


def _fetch(folder: Path, suite: str, host: str) -> None:
    downloads = folder / "downloads"
    downloads.mkdir()
    (package,) = apt.download(downloads, suite, host, ["qemu-user"])
    apt.unpack(package, folder, [f"./usr/bin/{name}" for name in _PROGRAMS])
    for name in _PROGRAMS:
        (folder / "usr" / "bin" / name).rename(folder / name)
    shutil.rmtree(folder / "usr")
    shutil.rmtree(downloads)
