"""What a user chose: the one set of options that every target shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from edgegen.inputs import Input

OptimizeFor = Literal["latency", "memory", "size"]
"""What the `aot` engine strives for: the fastest plan that fits the device, the smallest arena (or
a faster one within a sixteenth of it), or the least flash."""

OPTIMIZE_FOR: tuple[OptimizeFor, ...] = get_args(OptimizeFor)
DEFAULT_OPTIMIZE_FOR: OptimizeFor = "latency"

PROTOCOLS = ("http", "grpc")
"""By which a project may answer requests from elsewhere."""


@dataclass(frozen=True, slots=True)
class MeasuredArena:
    """The smallest TFLM arena that allocated and invoked, found in an emulator.

    Attributes:
        bytes: The arena's size.
        how: Where it was found, for the comment beside the number.
    """

    bytes: int
    how: str


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one project.

    Attributes:
        name: Legal C identifier in lower case; prefixes every generated symbol.
        engines: Engine ids to emit, in order of preference; empty for every engine
            that takes the model.
        labels: Class names, one per output element, or empty.
        tflm_arena: A measured arena for the `tflm` engine, if there is one.
        optimize_for: How the `aot` engine chooses its kernels.
        inputs: How the model's inputs are made from camera frames and samples, complete (see
            `preprocessing.resolve`) and in their order; those that are left out, the
            application fills by itself.
        serve: Of `PROTOCOLS`, those that the project speaks.
    """

    name: str
    engines: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    tflm_arena: MeasuredArena | None = None
    optimize_for: OptimizeFor = DEFAULT_OPTIMIZE_FOR
    inputs: tuple[Input, ...] = ()
    serve: tuple[str, ...] = ()
