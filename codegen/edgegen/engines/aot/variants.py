"""A model in several instruction sets, of which the program takes the best one when it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.dead_channels import remove_dead_channels
from edgegen.engines.aot.emit import Emitter
from edgegen.engines.aot.lower import lower
from edgegen.model import Model
from edgegen.options import OptimizeFor


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """What a variant is compiled for.

    Attributes:
        name: Of the variant; part of its symbols and paths.
        features: That its kernels may need, as `Kernel.needs`.
        architectures: By uname's names; empty for all.
        test: C expression: whether the processor has the instructions; "" where all have.
        title: For people.
    """

    name: str
    features: tuple[str, ...]
    architectures: tuple[str, ...]
    test: str
    title: str


PORTABLE = InstructionSet("portable", (), (), "", "C alone: any processor.")

INSTRUCTION_SETS: tuple[InstructionSet, ...] = (PORTABLE,)
"""The fastest ones first."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The model in one instruction set.

    Attributes:
        files: model.c, weights.c and weights.h.
        sources: Runtime files that they need, below runtime_c.
    """

    instructions: InstructionSet
    files: dict[str, bytes]
    sources: tuple[str, ...]


def variants(
    model: Model,
    architectures: Iterable[str],
    name: str,
    device_id: str,
    optimize_for: OptimizeFor = "latency",
) -> tuple[Variant, ...]:
    """The model in every instruction set that some of its layers have kernels for, the fastest
    first; the last one runs on any processor.

    Args:
        architectures: That the program may be compiled for, by uname's names.
        name: Prefix of all symbols, before the variant's name.
    """
    known = set(architectures)
    lean = remove_dead_channels(fold_constants(model)).model
    made: list[Variant] = []
    plain = lower(lean, (), optimize_for).kernels
    for each in INSTRUCTION_SETS:
        if each.architectures and known.isdisjoint(each.architectures):
            continue
        program = lower(lean, each.features, optimize_for)
        if each is not PORTABLE and program.kernels == plain:
            continue
        emitter = Emitter(lean, program, f"{name}_{each.name}", device_id)
        files = emitter.variant_files("native/variant.c.j2", project=name, variant=each)
        made.append(Variant(each, files, tuple(emitter.sources())))
    return tuple(made)
