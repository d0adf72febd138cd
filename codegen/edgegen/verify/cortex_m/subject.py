"""A firmware project as it lies there: what it compares, and what stands in for its device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgegen import config
from edgegen.device import Emulator, Microcontroller
from edgegen.errors import DifferenceError, UsageError
from edgegen.lockfile import Lock
from edgegen.project import CONFIG
from edgegen.verify.cortex_m.report import DeviceFacts
from edgegen.verify.evidence import ModelFacts, SourceFacts
from edgegen.verify.subject import Project


@dataclass(frozen=True, slots=True)
class GoldenFacts:
    """What golden.h says about the comparison.

    Attributes:
        activations: Tensors with a checksum for every vector.
        tolerance: Of float outputs, see `golden.Golden`; 0 for integers.
        reference: The interpreter that computed the expected outputs.
        raw_vectors: Of raw bytes, each for all of the ``raw_inputs``.
        raw_inputs: Inputs of the model that are made from raw bytes.
    """

    vectors: int
    activations: int
    tolerance: float
    reference: str
    raw_vectors: int
    raw_inputs: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A generated project that lies in ``directory``.

    Attributes:
        engines: Engine ids that the project was generated with.
    """

    directory: Path
    name: str
    model: ModelFacts
    device: Microcontroller
    emulator: Emulator
    engines: tuple[str, ...]
    sources: SourceFacts
    golden: GoldenFacts

    def device_facts(self) -> DeviceFacts:
        notice = ""
        if not self.emulator.exact:
            notice = (
                f"QEMU has no machine for {self.device.name}: {self.emulator.machine}, a machine "
                "with the same instruction set, stood in for it. Results and instruction counts "
                "carry over; the memory map, the peripherals and the clock are not the device's."
            )
        return DeviceFacts(
            self.device.id, self.device.name, self.emulator.machine, self.emulator.exact, notice
        )


def load(project: Project) -> Subject:
    """Look at it more closely; a UsageError or DifferenceError says why it cannot be verified."""
    directory, settings, device = project.directory, project.settings, project.device
    if not isinstance(device, Microcontroller):
        raise UsageError(f"{device.name} is no microcontroller.", where=str(directory))
    if device.emulator is None:
        raise DifferenceError(
            f"No emulator can stand in for {device.name}.",
            fix="Build the project's board preset and run the self-test on the device.",
        )
    golden = _golden(directory, settings.name)
    if len(settings.inputs) != golden.raw_inputs:
        raise DifferenceError(
            f"edgegen.toml describes {len(settings.inputs)} of the model's inputs, and the project "
            f"was generated for {golden.raw_inputs}.",
            where=str(directory / CONFIG),
            fix="Run `edgegen update` first.",
        )
    header = directory / "edgegen" / "include" / settings.name / "model.h"
    if header.is_file() and project.model.sha256.encode() not in header.read_bytes():
        raise project.other_model()
    return Subject(
        directory=directory,
        name=settings.name,
        model=project.model,
        device=device,
        emulator=device.emulator,
        engines=_engines(settings, project.lock),
        sources=project.sources,
        golden=golden,
    )


def _golden(directory: Path, name: str) -> GoldenFacts:
    """Read golden.h, so that a self-test which compares less than that is found out."""
    path = directory / "edgegen" / "golden" / "golden.h"
    prefix = f"#define {name.upper()}_GOLDEN_"
    try:
        text = path.read_text(encoding="utf-8")
        return GoldenFacts(
            vectors=int(_after(prefix + "VECTORS ", text)),
            activations=int(_after(prefix + "ACTIVATIONS ", text)),
            tolerance=float(_after(prefix + "TOLERANCE ", text).rstrip("fF")),
            reference=_after(" * Reference: ", text).rstrip("."),
            raw_vectors=int(_after(prefix + "RAW_VECTORS ", text)),
            raw_inputs=int(_after(prefix + "RAW_INPUTS ", text)),
        )
    except (OSError, ValueError) as error:
        raise DifferenceError(
            f"The golden vectors' header is not as edgegen writes it: {error}.",
            where=str(path),
            fix="Run `edgegen update --force`.",
        ) from None


def _after(prefix: str, text: str) -> str:
    """The rest of the line that begins with ``prefix``; a ValueError when there is none."""
    for line in text.splitlines():
        if line.startswith(prefix):
            return line.removeprefix(prefix).strip()
    raise ValueError(f"no line {prefix!r}")


def _engines(settings: config.Config, lock: Lock) -> tuple[str, ...]:
    """Engines whose header was generated, in the project's order of preference."""
    suffix = f"/include/{settings.name}/engine.h"
    found = [path.split("/")[1] for path in sorted(lock.files) if path.endswith(suffix)]
    preferred = [engine for engine in settings.engines if engine in found]
    return tuple(dict.fromkeys([*preferred, *found]))
