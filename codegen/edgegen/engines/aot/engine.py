"""The engine's face: what it refuses, what it writes, what that needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgegen.device import Microcontroller
from edgegen.engines import Footprint, Quantity
from edgegen.engines.aot import code_size
from edgegen.engines.aot.constants import bytes_of_distinct, fold_constants
from edgegen.engines.aot.dead_channels import Trimmed, remove_dead_channels
from edgegen.engines.aot.emit import Emitter, arena_bytes, initial_bytes, runtime_files
from edgegen.engines.aot.lower import lower, refusals
from edgegen.engines.aot.program import Call, Program, own_constants
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import OptimizeFor, Options

_STACK_BYTES = 800
"""Kernels keep their state in registers and small structures and never recurse."""

_STATIC_BYTES = 4
"""The arena's address."""


@dataclass(frozen=True, slots=True)
class _Lowered:
    """One model, lowered for one device in one way."""

    model: Model
    device: Microcontroller
    optimize_for: OptimizeFor
    trimmed: Trimmed
    program: Program


_latest: _Lowered | None = None


@dataclass(frozen=True, slots=True)
class Lean:
    """A model, without what can be computed beforehand, lowered for somewhere."""

    model: Model
    program: Program

    @property
    def weight_bytes(self) -> int:
        """Of its constants."""
        return weight_bytes(self.model, self.program)

    @property
    def arena_bytes(self) -> int:
        """Of an instance."""
        return arena_bytes(self.program)


def lean(model: Model) -> Trimmed:
    """The same function without what can be computed beforehand."""
    return remove_dead_channels(fold_constants(model))


def lower_for(
    model: Model, device: Microcontroller, optimize_for: OptimizeFor
) -> tuple[Trimmed, Program]:
    """The model without dead channels, and how it runs on a device.

    The latest result is kept, as `footprint` and `emit` follow each other.
    """
    global _latest
    known = _latest
    if known is None or known.model is not model or known.device != device:
        known = None
    if known is None or known.optimize_for != optimize_for:
        trimmed = known.trimmed if known else lean(model)
        program = lower(
            trimmed.model,
            device.features,
            optimize_for,
            arena_budget=device.ram_bytes - _STACK_BYTES - _STATIC_BYTES,
            flash_bytes=lambda program: _flash_bytes(trimmed.model, program, device),
        )
        known = _latest = _Lowered(model, device, optimize_for, trimmed, program)
    return known.trimmed, known.program


def _flash_bytes(model: Model, program: Program, device: Microcontroller) -> int:
    return weight_bytes(model, program) + (code_size.estimate(program, device).bytes or 0)


_CHARACTERS_PER_BYTE = 3.4
"""Of constants as C text: 2.8 to 4.1 in ten models of int8 and float32."""


class AotEngine:
    """C99 for this very model: no heap, a static memory plan, only the kernels it needs."""

    id = "aot"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """One diagnostic for every operator without a kernel."""
        return refusals(fold_constants(model))

    def emit(self, model: Model, device: Microcontroller, options: Options) -> dict[str, bytes]:
        """aot/** and the runtime files that it needs."""
        trimmed, program = lower_for(model, device, options.optimize_for)
        return Emitter(trimmed.model, program, options.name, device.id).files()

    def computed_channels(self, model: Model) -> Mapping[int, tuple[int, ...]]:
        """For activations that lose dead channels: the indices, along the last dimension, of
        those that the generated code computes."""
        return lean(model).channels

    def footprint(self, model: Model, device: Microcontroller, options: Options) -> Footprint:
        """Weights, arena and static data as they will be; code and stack estimated."""
        trimmed, program = lower_for(model, device, options.optimize_for)
        return Footprint(
            weights=Quantity(weight_bytes(trimmed.model, program), "exact"),
            code=code_size.estimate(program, device),
            arena=Quantity(arena_bytes(program), "exact"),
            stack=Quantity(
                _STACK_BYTES, "estimated (twice the most that `edgegen verify` has seen)"
            ),
            static=Quantity(_STATIC_BYTES, "exact"),
            source=_source(trimmed.model, program),
        )


def _source(model: Model, program: Program) -> Quantity:
    calls = [step for step in program.steps if isinstance(step, Call)]
    runtime = sum(len(content) for content in runtime_files(calls).values())
    constants = int(weight_bytes(model, program) * _CHARACTERS_PER_BYTE)
    return Quantity(runtime + constants, "estimated (runtime exact; constants +/- 20 %)")


def weight_bytes(model: Model, program: Program) -> int:
    """Of the constants that the code of a program reads."""
    calls = [step for step in program.steps if isinstance(step, Call)]
    own = bytes_of_distinct(own_constants(program, is_table=False))
    read = {tensor: model.tensors[tensor].data for call in calls for tensor in call.inputs}
    own += initial_bytes(model, program)
    return own + bytes_of_distinct({t: data for t, data in read.items() if data is not None})
