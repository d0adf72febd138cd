"""What a model becomes before it is printed as C: calls of runtime kernels, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgegen.model import Op
from edgegen.passes.memory_plan import MemoryPlan, Overlap

if TYPE_CHECKING:
    from edgegen.engines.aot.kernels import Kernel


@dataclass(frozen=True, slots=True)
class Constant:
    """An array that lies in flash.

    Attributes:
        role: What it is to its operator, such as "filter"; part of the C name.
        values: Flattened in C order; int8, int16, int32, int64 or float32.
        is_table: True for a lookup table that replaces code, False for model weights.
    """

    role: str
    values: npt.NDArray[np.generic]
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A field that points to one of the operator's own constants, by role."""

    role: str


Field = int | float | str | Ref | tuple["int | float | str | Ref", ...]
"""A struct field: a number, C text as it stands, a constant's address, or a small array."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call ``function([&layer,] inputs...[, scalars...], output[, scratch])`` of the runtime.

    Attributes:
        struct: C type of the layer description, or None for a kernel without one.
        fields: Its designated initialisers, in order.
        inputs: Tensor indices passed as pointers, constants included.
        inputs_as_array: Whether they are passed as one array of pointers.
        scalars: Numbers passed between the inputs and the output.
        output: Tensor index written.
        more_outputs: Of an operator with several outputs, all after the first; the function
            then takes one array of pointers.
        sources: Runtime files, below runtime_c/src; their headers follow from them.
        header: The runtime header that declares the function.
        scratch_bytes: Arena bytes that the kernel needs only while it runs.
        in_place: Positions in ``inputs`` whose memory the output may take over, if it has their
            size.
        output_overlap: Where the output may lie although the first input is still read.
        scratch_overlap: The same of the scratch.
        parts: Calls that together are this one.
    """

    op: Op
    function: str
    struct: str | None
    fields: tuple[tuple[str, Field], ...]
    inputs: tuple[int, ...]
    output: int
    header: str
    sources: tuple[str, ...]
    constants: tuple[Constant, ...] = ()
    inputs_as_array: bool = False
    scalars: tuple[int | float, ...] = ()
    scratch_bytes: int = 0
    in_place: tuple[int, ...] = ()
    output_overlap: Overlap | None = None
    scratch_overlap: Overlap | None = None
    more_outputs: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def outputs(self) -> tuple[int, ...]:
        """Every tensor written."""
        return (self.output, *self.more_outputs)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a tensor, or in the scratch of the step where there is none; in bytes."""

    tensor: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a part has computed of a tensor that never exists as a whole: it can be traced.

    Attributes:
        offset: In the scratch of the step, in bytes.
    """

    tensor: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """One of several calls of a step.

    Attributes:
        inputs, output: What its own are replaced by.
        scratch: Where its own begins in the scratch of the step, in bytes.
    """

    call: Call
    inputs: tuple[Place, ...]
    output: Place
    scratch: int
    shown: Shown | None = None


def parts_of(call: Call) -> tuple[Call, ...]:
    """The calls that it consists of: itself, unless it has parts."""
    return tuple(part.call for part in call.parts) or (call,)


@dataclass(frozen=True, slots=True)
class Alias:
    """An operator that moves nothing: its output is its input under another shape. Where both are
    one tensor the step before has computed it."""

    op: Op
    input: int
    output: int

    @property
    def outputs(self) -> tuple[int, ...]:
        return (self.output,)


Step = Call | Alias


@dataclass(frozen=True, slots=True)
class Program:
    """A model, lowered.

    Attributes:
        kernels: What every step was lowered by.
        storage: The tensor whose memory each tensor uses (itself, unless aliased).
        plan: Keys are ``t<index>`` for tensors and ``s<node>`` for scratch.
    """

    steps: tuple[Step, ...]
    kernels: tuple[Kernel, ...]
    storage: dict[int, int]
    plan: MemoryPlan


def own_constants(
    program: Program, is_table: bool
) -> dict[tuple[int, str], npt.NDArray[np.generic]]:
    """The layers' arrays of weights, or of tables, by node and role."""
    return {
        (call.op.node, constant.role): constant.values
        for step in program.steps
        if isinstance(step, Call)
        for call in parts_of(step)
        for constant in call.constants
        if constant.is_table is is_table
    }
