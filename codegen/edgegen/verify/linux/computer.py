"""Something that runs a project's Python: this machine, or one that QEMU stands in for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import device
from edgegen.verify.linux import qemu, sysroot, wheels
from edgegen.verify.linux.qemu import Emulator
from edgegen.verify.linux.sysroot import PORTS, Sysroot

# Of the host's environment, what a program may need to find its way; nothing else reaches it.
_PASSED_ON = ("HOME", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Done:
    """What a program did: its exit code (128 + N when signal N ended it) and its words."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def last_words(self) -> str:
        """What it complained about, or said at all: the last line that is not indented, which in
        a traceback is the error, and before a hint what the hint is for."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        told = [line for line in lines if line.strip() and not line.startswith(" ")]
        return told[-1].strip() if told else "no message"


@dataclass(frozen=True, slots=True)
class Computer:
    """Python of one architecture with a project's packages.

    Attributes:
        architecture: As ``uname -m`` says it.
        python: The interpreter.
        site: Folder of the wheels.
        sysroot, emulator: None where this machine runs it by itself.
    """

    architecture: str
    python: Path
    site: Path
    sysroot: Sysroot | None = None
    emulator: Emulator | None = None

    @property
    def title(self) -> str:
        return self.emulator.title if self.emulator else "this machine"

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """The command line that runs Python with arguments.

        Without the module ``site``: what is installed beside it on this machine stays out.
        """
        words = [self.python, "-S", *arguments]
        if self.sysroot and self.emulator:
            return self.emulator.command(self.sysroot.root, words)
        return [str(word) for word in words]

    def environment(
        self, paths: Sequence[Path], more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The whole environment of a program: nothing of the caller's settings changes a result.

        Args:
            paths: Folders of the project's own packages.
        """
        places = [*paths, self.site]
        if self.sysroot:
            places.append(self.sysroot.debian_packages)
        return {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(map(str, places)),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(more or {}),
        }

    def run(
        self,
        arguments: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        cwd: Path,
        timeout: float,
    ) -> Done:
        """Run Python to its end. Raises subprocess.TimeoutExpired."""
        done = subprocess.run(
            self.command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Done(code, out, err)

    def versions(self) -> dict[str, str]:
        """Of Python, of what came as wheels, and of Debian's packages that stand in for wheels."""
        python = platform.python_version()
        if self.sysroot:
            python = self.sysroot.packages[f"python{sysroot.PYTHON}-minimal"]
        return {"python": python, **wheels.installed(self.site)}


def runs_here(architecture: device.Architecture) -> bool:
    """Whether there is a way to run it: emulated, or this machine's own."""
    return architecture.name in PORTS or architecture.name == platform.machine()


def prepare(architecture: device.Architecture, requirements: Sequence[str]) -> Computer:
    """A computer with the wheels that the requirements name for it.

    Args:
        requirements: With their markers.

    Raises:
        MissingToolError: What it takes isn't in the cache and cannot be had.
    """
    name = architecture.name
    wanted = wheels.applicable(requirements, name)
    if not architecture.emulated_cpu:
        return Computer(name, Path(sys.executable), wheels.prepare(wanted, None))
    port = PORTS[name]
    emulator = qemu.prepare(port, architecture.emulated_cpu)
    root = sysroot.prepare(port)
    return Computer(name, root.python, wheels.prepare(wanted, root), root, emulator)
