"""The evidence: what was built, run and compared, and how each number is known.

A report has no clock, host or absolute path in it: the same project, tools and
emulator give the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgegen.verify.evidence import ModelFacts, SourceFacts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device, and the machine that QEMU emulates in its place.

    Attributes:
        exact: True when the machine has this very device's memory map.
        notice: What the reader must know when it has not; "" otherwise.
    """

    id: str
    name: str
    machine: str
    exact: bool
    notice: str


@dataclass(frozen=True, slots=True)
class Flash:
    """Bytes. ``code`` is ``total`` without the weights: instructions, tables, start-up."""

    code: int
    weights: int
    total: int


@dataclass(frozen=True, slots=True)
class Ram:
    """Bytes.

    Attributes:
        arena: Its size in the plan and by the linker.
        bss: Without the arena.
        stack_peak: The deepest of init and invoke.
        arena_touched: Up to the last byte of the painted arena that a run has changed; what
            lies before and behind it is unchanged.
        raw_inputs: Of ``bss``: one buffer for everything that inputs are made from, such as a
            camera's frame.
    """

    arena: int
    data: int
    bss: int
    stack_peak: int
    arena_touched: int
    raw_inputs: int = 0

    @property
    def total(self) -> int:
        return self.arena + self.data + self.bss + self.stack_peak


@dataclass(frozen=True, slots=True)
class Toolchain:
    compiler: str
    emulator: str


@dataclass(frozen=True, slots=True)
class SmallestArena:
    """Fits `edgegen.options.MeasuredArena`."""

    smallest_bytes: int
    how: str


@dataclass(frozen=True, slots=True)
class PreprocessingFacts:
    """One input of the model that the target made from raw bytes, such as a camera's frame.

    Attributes:
        input: Its number among the model's inputs.
        vectors: Golden raw vectors run.
        identical: Of those, tensors equal to the host's in every byte, by their CRC-32.
        instructions: To make one tensor; the largest of all vectors.
    """

    input: int
    vectors: int
    identical: int
    instructions: int


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer of an engine that shows its activations.

    Attributes:
        function: The runtime function that computes it; "" where nothing runs.
        macs: Multiply-accumulates, without dead channels.
        instructions: The call and all below it. What only assigns a variable is counted with the
            next layer that has an output, or after all of those by itself.
    """

    node: int
    operator: str
    function: str
    macs: int
    instructions: int


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """One engine, verified or not.

    Attributes:
        status: "pass", "fail" or "not verified".
        reason: Why it is not "pass"; "" when it is.
        vectors: Golden vectors run.
        outputs_compared, activations_compared: Tensors, over all vectors.
        mismatches: Elements of outputs beyond the tolerance.
        activations_mismatched: Tensors whose CRC32 differs.
        max_abs_diff: Largest difference of an output element from the reference's; not
            finite (null in the JSON) when an output is not.
        bit_exact: True when not one bit of any compared tensor differs.
        tolerance: What the self-test allows, as a fraction of the output's largest
            expected magnitude; 0 for integers.
        instructions_per_inference: The largest of ``instructions_by_vector``.
        instructions_resolution: Step of the clock that all instructions were read from.
        preprocessing: In order of the model's inputs; those that have a description.
        layers: In order of execution, for the vector with the most instructions.
        arena: The smallest that works, for an engine that decides on the device.
        kernels: Which kernels an engine with a choice was built with; "" without one.
        images: SHA-256 of every ELF file, by target.
    """

    status: str
    reason: str = ""
    vectors: int = 0
    outputs_compared: int = 0
    activations_compared: int = 0
    mismatches: int = 0
    activations_mismatched: int = 0
    max_abs_diff: float = 0
    bit_exact: bool = False
    tolerance: float = 0
    instructions_per_inference: int = 0
    instructions_by_vector: tuple[int, ...] = ()
    init_instructions: int = 0
    instructions_resolution: int = 0
    preprocessing: tuple[PreprocessingFacts, ...] = ()
    layers: tuple[LayerFacts, ...] = ()
    flash: Flash | None = None
    ram: Ram | None = None
    arena: SmallestArena | None = None
    kernels: str = ""
    toolchain: Toolchain | None = None
    images: Mapping[str, str] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        return self.status != "not verified"


def failed(reason: str, directory: Path) -> EngineFacts:
    """What kept an engine from being judged; paths in it become relative to the project."""
    return EngineFacts(status="fail", reason=reason.replace(str(directory), "."))


def not_verified(reason: str) -> EngineFacts:
    return EngineFacts(status="not verified", reason=reason)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole evidence for one project.

    Attributes:
        known_by: How each kind of number was found.
        engines: By engine id, in the order of the project's preference.
    """

    edgegen: str
    model: ModelFacts
    device: DeviceFacts
    sources: SourceFacts
    known_by: Mapping[str, str]
    engines: Mapping[str, EngineFacts]

    @property
    def ok(self) -> bool:
        """True when something was verified, nothing failed and nothing was edited."""
        verified = [engine for engine in self.engines.values() if engine.verified]
        passed = all(engine.status == "pass" for engine in verified)
        return bool(verified) and passed and not self.sources.edited

    def to_dict(self) -> dict[str, Any]:
        """JSON-able. An engine that did not come to a comparison has no numbers at all."""
        facts = {"format": FORMAT, **asdict(self)}
        for name, engine in self.engines.items():
            if engine.toolchain is None:
                facts["engines"][name] = {"status": engine.status, "reason": engine.reason}
            elif not math.isfinite(engine.max_abs_diff):
                facts["engines"][name]["max_abs_diff"] = None  # JSON has no NaN
        return facts

    def to_json(self) -> bytes:
        return (json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n").encode()

    def to_markdown(self) -> bytes:
        from edgegen.render import render

        return render("evidence/report.md.j2", {"report": self})
