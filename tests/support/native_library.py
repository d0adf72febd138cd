"""Builds the native library of a project and calls it from a program, on this machine or under
QEMU's user emulation."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgegen import native_library
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.options import Options
from support.host_engine import Array, Vector

_PROBE = Path(__file__).resolve().parents[1] / "build" / "probes" / "native_library.c"

OPTIONS = Options("net")

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror")


@dataclass(frozen=True, slots=True)
class Machine:
    """What builds the library and runs it.

    Attributes:
        compiler: Of the probe; of the library, too, where there is no toolchain file.
        toolchain: Name of the project's own file; "" for this machine.
        emulator: What runs a program.
        architectures: That the library is generated for.
    """

    compiler: str
    toolchain: str = ""
    emulator: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)


_ARM = ("aarch64", "armv7l")  # as of a Raspberry Pi

GCC = Machine("gcc")
CLANG = Machine("clang")
AARCH64 = Machine(
    "aarch64-linux-gnu-gcc",
    "aarch64-linux-gnu",
    ("qemu-aarch64", "-cpu", "cortex-a76", "-L", "/usr/aarch64-linux-gnu"),
    _ARM,
)
ARM = Machine(
    "arm-linux-gnueabihf-gcc",
    "arm-linux-gnueabihf",
    ("qemu-arm", "-cpu", "cortex-a15", "-L", "/usr/arm-linux-gnueabihf"),
    _ARM,
)


class NativeLibrary:
    """The library of a model, built without a warning, and a program that calls it.

    Args:
        folder: Empty; keeps the sources, as edgegen/, and the build.
    """

    def __init__(
        self,
        model: Model,
        folder: Path,
        machine: Machine = GCC,
        options: Options = OPTIONS,
        *,
        has_model: bool = True,
        debug: bool = False,
    ) -> None:
        self.model = model
        self._emulator = machine.emulator
        self.folder = folder
        files = _emitted(model.source.data, machine.architectures, options, has_model)
        for path, content in files.items():
            target = folder / "edgegen" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        native = folder / "edgegen" / "native"
        chosen = (
            f"-DCMAKE_TOOLCHAIN_FILE={native / 'cmake' / machine.toolchain}.cmake"
            if machine.toolchain
            else f"-DCMAKE_C_COMPILER={machine.compiler}"
        )
        self.file = folder / "build" / f"lib{options.name}_native.so"
        call(
            *("cmake", "-S", native, "-B", self.file.parent, "-G", "Ninja", chosen),
            *(f"-D{options.name.upper()}_WERROR=ON",),
            *(("-DCMAKE_BUILD_TYPE=Debug", _SANITISED) if debug else ()),
        )
        call("ninja", "-C", self.file.parent)
        self._program = folder / "probe"
        name = options.name
        call(
            *(machine.compiler, *STRICT, "-O1", f"-I{native}"),
            *("-include", "api.h", f"-DCALL(function)={name}_##function"),
            f"-DCALL_ABI={name.upper()}_ABI",
            *(("-DHAS_MODEL",) if has_model else ()),
            *(("-DHAS_INPUTS",) if options.inputs else ()),
            *(("-fsanitize=address,undefined",) if debug else ()),
            *(_PROBE, self.file, f"-Wl,-rpath,{self.file.parent}", "-pthread"),
            *("-o", self._program),
        )

    def run(self, vectors: Sequence[Vector], variant: int = 0) -> list[list[Array]]:
        """The model's outputs for each vector of inputs."""
        message = b"".join(value.tobytes() for vector in vectors for value in vector)
        tensors = [self.model.tensors[index] for index in self.model.outputs]
        answer = self.probe("model", str(variant), message=message)
        found, offset = [], 0
        for _ in vectors:
            outputs: list[Array] = []
            for tensor in tensors:
                flat = np.frombuffer(answer, tensor.dtype.numpy, tensor.elements, offset)
                outputs.append(flat.reshape(tensor.shape))
                offset += tensor.bytes
            found.append(outputs)
        assert offset == len(answer)
        return found

    def tensor(self, number: int, raw: Array) -> Array:
        """Input ``number``, made from raw bytes."""
        tensor = self.model.tensors[self.model.inputs[number]]
        answer = self.probe("input", str(number), message=raw.tobytes())
        return np.frombuffer(answer, tensor.dtype.numpy).reshape(tensor.shape)

    def probe(self, *arguments: str, message: bytes = b"", cpu: str = "") -> bytes:
        """What the program answers; ``cpu`` is another one than the machine's."""
        emulator = [cpu if cpu and "cortex" in word else word for word in self._emulator]
        return call(*emulator, self._program, *arguments, message=message)


@functools.cache
def _emitted(
    data: bytes, architectures: tuple[str, ...], options: Options, has_model: bool
) -> dict[str, bytes]:
    """Several machines may build what is generated once."""
    model = tflite.parse(data, "model.tflite")
    return native_library.emit(model, "linux", architectures, options, has_model=has_model)


_SANITISED = "-DCMAKE_C_FLAGS=-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"


def call(*command: str | Path, message: bytes = b"") -> bytes:
    """Standard output of a command that succeeds."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=message, capture_output=True, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-4000:]
    return done.stdout
