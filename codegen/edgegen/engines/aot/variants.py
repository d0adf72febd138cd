"""A model in several instruction sets, of which the program takes the best one when it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgegen.engines.aot.emit import Emitter
from edgegen.engines.aot.engine import Lean, lean
from edgegen.engines.aot.lower import lower
from edgegen.model import Model
from edgegen.options import OptimizeFor


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """What a variant is compiled for.

    Attributes:
        name: Of the variant; part of its symbols and paths. Its own kernels lie in
            runtime_c/src/nn/simd/<name>.
        features: That its kernels may need, as `Kernel.needs`.
        flags: Of the compiler, for its own kernels, by architecture (uname's name for it); empty
            where the variant runs on all.
        test: C expression: whether the processor has the instructions.
        title: For people.
    """

    name: str
    features: tuple[str, ...]
    flags: Mapping[str, tuple[str, ...]]
    test: str
    title: str


PORTABLE = InstructionSet("portable", (), {}, "", "C alone: any processor.")

INSTRUCTION_SETS: tuple[InstructionSet, ...] = (
    InstructionSet(
        "vnni",
        ("avx2", "vnni"),
        {"x86_64": ("-mavx2", "-mavx512f", "-mavx512vl", "-mavx512vnni")},
        "eg_cpu_has_vnni()",
        "AVX-512 VNNI in vectors of 256 bits: Intel since 2019, AMD since 2022.",
    ),
    InstructionSet(
        "avx2",
        ("avx2",),
        {"x86_64": ("-mavx2",)},
        "eg_cpu_has_avx2()",
        "AVX2: most of x86-64 since 2013.",
    ),
    InstructionSet(
        "dotprod",
        ("dotprod", "neon"),
        {"aarch64": ("-march=armv8.2-a+dotprod",)},
        "eg_cpu_has_dotprod()",
        "The dot product of Armv8.2: Cortex-A55, A76 and later, as in a Raspberry Pi 5.",
    ),
    InstructionSet(
        "neon",
        ("neon",),
        {"aarch64": (), "armv7l": ("-march=armv7-a", "-mfpu=neon")},
        "eg_cpu_has_neon()",
        "NEON: every AArch64, nearly every Armv7-A.",
    ),
    PORTABLE,
)
"""The fastest ones first."""


@dataclass(frozen=True, slots=True)
class Lowered(Lean):
    """For one instruction set."""

    instructions: InstructionSet


def lowered(
    model: Model, architectures: Iterable[str], optimize_for: OptimizeFor = "latency"
) -> tuple[Lowered, ...]:
    """The model for every instruction set that some of its layers have kernels for, the fastest
    first; the last one runs on any processor.

    Args:
        architectures: That the program may be compiled for, by uname's names.
    """
    known = set(architectures)
    trimmed = lean(model).model
    found: list[Lowered] = []
    for each in reversed(INSTRUCTION_SETS):
        if each.flags and known.isdisjoint(each.flags):
            continue
        program = lower(trimmed, each.features, optimize_for)
        if all(program.kernels != other.program.kernels for other in found):
            found.append(Lowered(trimmed, program, each))
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Variant:
    """The model in one instruction set, as C.

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
    """All that `lowered` gives, as C.

    Args:
        name: Prefix of all symbols, before the variant's name.
    """
    made = []
    for each in lowered(model, architectures, optimize_for):
        emitter = Emitter(each.model, each.program, f"{name}_{each.instructions.name}", device_id)
        files = emitter.variant_files(
            "native/variant.c.j2", project=name, variant=each.instructions
        )
        made.append(Variant(each.instructions, files, tuple(emitter.sources())))
    return tuple(made)
