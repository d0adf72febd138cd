"""Runs a firmware image in QEMU and hands back its console and exit code.

With ``-icount shift=0`` QEMU advances its virtual clock by one nanosecond for every
instruction, so a difference of the firmware's clock is a count of executed
instructions, and two runs of one image are identical. Instructions, not time: what an
instruction costs on silicon is not emulated.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import tools
from edgegen.errors import DifferenceError

TIMEOUT_SECONDS = 300.0
_LOCKUP = "Lockup"


class EmulatorError(DifferenceError):
    """The image hung, crashed the processor or never started. Exit code 1."""


class EmulatorTimeoutError(EmulatorError):
    """The image did not exit in time."""


@dataclass(frozen=True, slots=True)
class Run:
    """What an image did.

    Attributes:
        exit_code: The firmware's own, 0 to 255.
        console: What it wrote, decoded as UTF-8 with LF line ends.
    """

    exit_code: int
    console: str


@dataclass(frozen=True, slots=True)
class Qemu:
    """One emulated machine.

    Attributes:
        machine: The value of -machine, such as mps2-an386.
        arguments: More of QEMU's command line, from the device file.
    """

    tool: tools.Tool
    machine: str
    arguments: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"QEMU {self.tool.version} {self.machine}"

    def command(self, image: Path, arguments: Sequence[str] = ()) -> list[str]:
        """The command line; every argument of the firmware travels apart, so spaces survive."""
        semihosting = ["enable=on", "target=native", "chardev=console"]
        semihosting += [f"arg={_comma_safe(text)}" for text in (image.stem, *arguments)]
        return [
            str(self.tool.path),
            *("-machine", self.machine, *self.arguments),
            *("-display", "none", "-serial", "none", "-monitor", "none"),
            *("-chardev", "stdio,id=console,signal=off"),
            *("-semihosting-config", ",".join(semihosting)),
            *("-icount", "shift=0"),
            *("-kernel", str(image)),
        ]

    def run(
        self,
        image: Path,
        arguments: Sequence[str] = (),
        *,
        timeout: float = TIMEOUT_SECONDS,
        cwd: Path | None = None,
    ) -> Run:
        """Run an image until it exits.

        Args:
            arguments: The firmware's command line, after its name.
            timeout: Seconds of host time before QEMU is ended.
            cwd: Where the firmware's relative file names lie.
        """
        try:
            # run() ends its own child, and only that, on a timeout and on Ctrl-C.
            done = subprocess.run(
                self.command(image.resolve(), arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                cwd=cwd,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EmulatorTimeoutError(
                f"{image.name} did not exit within {timeout:g} seconds in {self.title}.",
                where=str(image),
                fix="It loops or waits for an interrupt that never comes.",
            ) from None
        errors = done.stderr.decode("utf-8", "replace")
        if done.returncode < 0 or _LOCKUP in errors:
            raise EmulatorError(_crash(image, self.title, errors), where=str(image))
        if done.returncode and errors.strip() and not done.stdout:
            raise EmulatorError(
                f"{self.title} refused {image.name}: {errors.strip().splitlines()[-1]}",
                where=str(image),
            )
        console = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
        return Run(done.returncode, console)


def _comma_safe(text: str) -> str:
    # QEMU splits the option at commas; a doubled one stands for itself.
    return text.replace(",", ",,")


def _crash(image: Path, title: str, errors: str) -> str:
    if _LOCKUP in errors:
        return (
            f"{image.name} locked up the processor in {title}: it faulted inside a fault "
            "handler, usually by a bad address or a stack overflow."
        )
    last = (errors.strip().splitlines() or ["no message"])[-1]
    return f"{title} aborted while running {image.name}: {last}"
