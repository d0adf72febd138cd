"""The lowering of a model for a device, as something that one can read."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen import analysis
from edgegen.device import Microcontroller
from edgegen.engines import Quantity
from edgegen.engines.aot import code_size, cost
from edgegen.engines.aot.constants import first_equal
from edgegen.engines.aot.emit import arena_bytes, initial_bytes
from edgegen.engines.aot.engine import lower_for
from edgegen.engines.aot.kernels import Kernel, activation_dtype
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Alias, Call, Program, Step, own_constants, parts_of
from edgegen.model import Model, Op
from edgegen.options import OptimizeFor

_DONE = "with the layer before"
"""Where a kernel would be named."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kernel that comes before the chosen one, and why it was not taken.

    Attributes:
        needs: Microcontroller features that the kernel is written for; none for a portable one.
    """

    needs: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an output lies; sizes and offsets in bytes.

    Attributes:
        shape: As computed: without dead channels.
        removed_channels: Dead ones, which the model has and the generated code has not.
        arena_offset: None for what lies in flash: a constant under another shape.
        shares: The tensor that it is under another shape or that it overwrites, or None.
    """

    tensor: int
    shape: tuple[int, ...]
    removed_channels: int
    bytes: int
    arena_offset: int | None
    shares: int | None


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator.

    Attributes:
        node: Position in the model file.
        function: The runtime's C function; None where nothing runs, as for most RESHAPE.
        needs: Microcontroller features that the kernel is written for.
        refusals: Kernels that would have been preferred.
        macs: Multiply-accumulates of the layer as computed, without dead channels.
        weight_bytes: Constants, packed as the kernel reads them; a tensor that several
            layers read counts for the first.
        table_bytes: Lookup tables that replace code.
        scratch_bytes: Arena that is needed only while the layer runs.
        scratch_offset: In the arena; None without scratch.
        instructions: Estimated; None where not known.
    """

    node: int
    operator: str
    function: str | None
    needs: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    outputs: tuple[Place, ...]
    macs: int
    weight_bytes: int
    table_bytes: int
    scratch_bytes: int
    scratch_offset: int | None
    instructions: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A model, lowered for a device.

    Attributes:
        optimize_for: What the kernels were chosen by.
        arena_bound: What the worst layer needs by itself: with these kernels no arena can be
            smaller while layers run in this order.
        weights: Bytes in flash, as the generated project has them.
        code: Text and tables of the engine.
        instructions: Of one inference.
    """

    model: str
    device: str
    features: tuple[str, ...]
    optimize_for: OptimizeFor
    layers: tuple[Layer, ...]
    macs: int
    arena_bytes: int
    arena_bound: int
    weight_bytes: int
    table_bytes: int
    code: Quantity
    instructions: cost.Instructions


def describe(model: Model, device: Microcontroller, optimize_for: OptimizeFor = "latency") -> Plan:
    """What `AotEngine.emit` writes for a model that it does not refuse."""
    return _Description(model, device, optimize_for).plan()


class _Description:
    def __init__(self, model: Model, device: Microcontroller, optimize_for: OptimizeFor) -> None:
        trimmed, program = lower_for(model, device, optimize_for)
        self._original = model
        self._model = trimmed.model
        self._device = device
        self._optimize_for = optimize_for
        self._program: Program = program
        self._counted: set[int] = set()
        self._counted_arrays: set[tuple[int, str]] = set()
        self._first_weights = first_equal(own_constants(program, is_table=False))
        self._first_tables = first_equal(own_constants(program, is_table=True))
        data = {t: tensor.data for t, tensor in enumerate(self._model.tensors)}
        self._first_tensor = first_equal({t: d for t, d in data.items() if d is not None})

    def plan(self) -> Plan:
        lowered = zip(self._program.steps, self._program.kernels, strict=True)
        layers = tuple(self._layer(step, kernel) for step, kernel in lowered)
        return Plan(
            model=self._model.source.file_name,
            device=self._device.id,
            features=self._device.features,
            optimize_for=self._optimize_for,
            layers=layers,
            macs=sum(layer.macs for layer in layers),
            arena_bytes=arena_bytes(self._program),
            arena_bound=self._program.plan.lower_bound,
            weight_bytes=sum(layer.weight_bytes for layer in layers)
            + initial_bytes(self._model, self._program),
            table_bytes=sum(layer.table_bytes for layer in layers),
            code=code_size.estimate(self._program, self._device),
            instructions=cost.of_program(self._model, self._program, self._device.cpu),
        )

    def _layer(self, step: Step, kernel: Kernel) -> Layer:
        call = None if isinstance(step, Alias) else step
        scratch = call.scratch_bytes if call else 0
        return Layer(
            node=step.op.node,
            operator=step.op.kind.value,
            function=_function(step),
            needs=tuple(sorted(kernel.needs)),
            refusals=self._refusals(step.op, kernel),
            outputs=tuple(self._place(tensor, step) for tensor in step.outputs),
            macs=analysis.macs(self._model, step.op),
            weight_bytes=self._weight_bytes(call) if call else 0,
            table_bytes=self._own_bytes(call, is_table=True) if call else 0,
            scratch_bytes=scratch,
            scratch_offset=self._program.plan.offsets[f"s{step.op.node}"] if scratch else None,
            instructions=cost.of_step(self._model, step, self._device.cpu),
        )

    def _weight_bytes(self, call: Call) -> int:
        read = {t for t in call.inputs if self._model.tensors[t].is_constant}
        tensors = {self._first_tensor[t] for t in read} - self._counted
        self._counted |= tensors
        own = self._own_bytes(call, is_table=False)
        return own + sum(self._model.tensors[t].bytes for t in tensors)

    def _own_bytes(self, call: Call, is_table: bool) -> int:
        """Of the arrays that no layer before has."""
        first = self._first_tables if is_table else self._first_weights
        arrays = {
            (part.op.node, constant.role): constant.values.nbytes
            for part in parts_of(call)
            for constant in part.constants
        }
        new = {key for key in arrays if first.get(key) == key} - self._counted_arrays
        self._counted_arrays |= new
        return sum(arrays[key] for key in new)

    def _refusals(self, op: Op, chosen: Kernel) -> tuple[Refusal, ...]:
        """Of the kernels before the chosen one; several may have one reason."""
        dtype = activation_dtype(self._model, op)
        found = []
        for kernel in KERNELS:
            if kernel is chosen:
                break
            if kernel.kind is op.kind and kernel.dtype is dtype:
                found.append(Refusal(tuple(sorted(kernel.needs)), self._reason(op, kernel)))
        return tuple(dict.fromkeys(found))

    def _reason(self, op: Op, kernel: Kernel) -> str:
        missing = sorted(kernel.needs - set(self._device.features))
        if missing:
            return f"the device has no {' and no '.join(missing)}."
        resource = "flash" if self._optimize_for == "size" else "memory"
        return kernel.refusal(self._model, op) or f"it takes more {resource}."

    def _place(self, tensor: int, step: Step) -> Place:
        root = self._program.storage[tensor]
        described, original = self._model.tensors[tensor], self._original.tensors[tensor]
        in_flash = self._model.tensors[root].is_constant
        return Place(
            tensor=tensor,
            shape=described.shape,
            removed_channels=sum(original.shape[-1:]) - sum(described.shape[-1:]),
            bytes=described.bytes,
            arena_offset=None if in_flash else self._program.plan.offsets[f"t{root}"],
            shares=root if root != tensor else self._overwritten(tensor, step),
        )

    def _overwritten(self, tensor: int, step: Step) -> int | None:
        """The first input of a step that its output lies over."""
        inputs = step.inputs if isinstance(step, Call) else ()
        roots = [self._program.storage[each] for each in inputs]
        start, end = self._range(tensor)
        for root in roots:
            if not self._model.tensors[root].is_constant:
                other_start, other_end = self._range(root)
                if start < other_end and other_start < end:
                    return root
        return None

    def _range(self, tensor: int) -> tuple[int, int]:
        start = self._program.plan.offsets[f"t{tensor}"]
        return start, start + self._model.tensors[tensor].bytes


def _function(step: Step) -> str | None:
    if isinstance(step, Call):
        return step.function
    return _DONE if step.input == step.output else None
