"""Engines that are somebody's Python package: what it takes to have one on a Linux computer.

Storage is the bytes of all files in the unpacked wheels, the package's own and those of what it
requires, without Python and numpy, which the operating system has (python3-numpy). RAM is the peak
of the resident memory of a process that imported numpy and the package, loaded a model with one
thread and ran it once, less the model; measured on x86_64 alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgegen import analysis
from edgegen.device import LinuxComputer
from edgegen.engines import Needs, Part, Quantity
from edgegen.model import Model
from edgegen.options import Options

PYTHON_AND_NUMPY = 26_200_000
"""Resident bytes: CPython 3.11.7 and numpy 2.4.6 on x86_64, measured; 4 MB apart elsewhere."""


@dataclass(frozen=True, slots=True)
class PythonRuntime:
    """One package.

    Attributes:
        name: With the version that was measured.
        storage: Bytes by architecture; there is no package for the others.
        ram: Resident bytes that it adds to `PYTHON_AND_NUMPY` for a model of almost nothing.
    """

    name: str
    storage: Mapping[str, int]
    ram: int

    def needs(self, model: Model, device: LinuxComputer) -> Needs:
        """For the architecture of the device that takes the most."""
        return Needs(
            storage=(
                Part("model", Quantity(len(model.source.data), "exact")),
                Part("runtime", self._storage(device)),
            ),
            ram=(
                Part("Python and numpy", Quantity(PYTHON_AND_NUMPY, "measured (x86_64)")),
                Part("runtime", Quantity(self.ram, f"measured ({self.name} on x86_64)")),
                Part("model", _loaded(model)),
            ),
        )

    def _storage(self, device: LinuxComputer) -> Quantity:
        sizes = [
            (self.storage[each.name], each.name)
            for each in device.architectures
            if each.name in self.storage
        ]
        if not sizes:
            return Quantity(None, f"not known (no package of {self.name} for this device)")
        size, architecture = max(sizes)
        return Quantity(size, f"measured (unpacked wheels of {self.name}, {architecture})")


def _loaded(model: Model) -> Quantity:
    size = 2 * len(model.source.data) + 2 * analysis.activation_peak(model)
    return Quantity(size, "estimated (twice the file and the activations, +/- 50 %)")


AI_EDGE_LITERT = PythonRuntime(
    "ai-edge-litert 2.3.0 (tflite-runtime 2.14.0 on armv7l)",
    {"x86_64": 63_375_144, "aarch64": 46_044_672, "armv7l": 4_962_456},
    ram=13_100_000,
)

ONNXRUNTIME = PythonRuntime(
    "onnxruntime 1.31.1",
    {"x86_64": 66_439_375, "aarch64": 57_916_919},
    ram=32_200_000,
)

OPENVINO = PythonRuntime(
    "openvino 2026.4.1",
    {"x86_64": 183_840_833, "aarch64": 96_799_953},
    ram=85_700_000,
)


def model_file(model: Model, options: Options) -> dict[str, bytes]:
    """The model file as data of the generated package, under a name of its own: the user's could
    be any."""
    path = f"python/{options.name}_runtime/data/{model_file_name(model)}"
    return {path: model.source.data}


def model_file_name(model: Model) -> str:
    """Of the file in the package's data."""
    return f"model.{model.source.format}"
