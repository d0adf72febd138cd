"""A generated firmware project on disk, built and booted as its user would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from edgegen import registry, targets, tools
from edgegen.model import Model
from edgegen.options import Options
from edgegen.verify.cortex_m.emulator import Qemu, Run

STRICT = ("-DEDGEGEN_WARNINGS_AS_ERRORS=ON", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
PEDANTIC_C = "-Wshadow -Wpedantic -Wstrict-prototypes -Wmissing-prototypes"
PEDANTIC_CXX = "-Wshadow -Wpedantic"


class Firmware:
    """A generated project on disk."""

    def __init__(
        self,
        folder: Path,
        device: str,
        model: Model,
        options: Options,
    ) -> None:
        self.folder = folder
        self.name = options.name
        self.device = registry.load_device(device)
        self.build_folder = folder
        project = targets.build(model, self.device, options)
        for path, file in project.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)

    def build(self, preset: str, *arguments: str, goal: str = "all") -> None:
        """Configure and build; fails the test with what the tools printed."""
        done = self.try_build(preset, *arguments, goal=goal)
        assert done.returncode == 0, done.stdout

    def try_build(
        self, preset: str, *arguments: str, goal: str = "all"
    ) -> subprocess.CompletedProcess[str]:
        folder = self.folder / "build" / f"{preset}{abs(hash(arguments))}"
        self.build_folder = folder
        configured = self._run("cmake", "--preset", preset, "-B", str(folder), *STRICT, *arguments)
        if configured.returncode:
            return configured
        return self._run("cmake", "--build", str(folder), "--target", goal, "--parallel", "2")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "CFLAGS": PEDANTIC_C, "CXXFLAGS": PEDANTIC_CXX, "LC_ALL": "C"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def image(self, name: str) -> Path:
        return self.build_folder / "images" / f"{self.name}_{name}.elf"

    def boot(self, name: str, *words: str, cwd: Path | None = None) -> Run:
        emulator = self.device.emulator
        assert emulator is not None
        machine = Qemu(tools.require("qemu-system-arm"), emulator.machine, emulator.arguments)
        return machine.run(self.image(name), words, timeout=60, cwd=cwd)
