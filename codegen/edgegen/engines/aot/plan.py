"""The lowering of a model for a device, as something that one can read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edgegen import analysis
from edgegen.device import Device
from edgegen.engines import Quantity
from edgegen.engines.aot import code_size
from edgegen.engines.aot.dead_channels import remove_dead_channels
from edgegen.engines.aot.emit import arena_bytes
from edgegen.engines.aot.kernels import activation_dtype
from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Alias, Call, Program, Step
from edgegen.model import Model, Op


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kernel that comes before the chosen one, and why it was not taken.

    Attributes:
        needs: Device features that the kernel is written for; none for a portable one.
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
        shares: The tensor whose memory it takes over, or None.
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
        needs: Device features that the kernel is written for.
        refusals: Kernels that would have been preferred.
        macs: Multiply-accumulates of the layer as computed, without dead channels.
        weight_bytes: Constants, packed as the kernel reads them; a tensor that several
            layers read counts for the first.
        table_bytes: Lookup tables that replace code.
        scratch_bytes: Arena that is needed only while the layer runs.
        scratch_offset: In the arena; None without scratch.
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


@dataclass(frozen=True, slots=True)
class Plan:
    """A model, lowered for a device.

    Attributes:
        arena_bound: The most bytes alive in any one layer: no arena can be smaller while
            layers run in this order.
        weights: Bytes in flash, as the generated project has them.
        code: Text and tables of the engine.
    """

    model: str
    device: str
    features: tuple[str, ...]
    layers: tuple[Layer, ...]
    macs: int
    arena_bytes: int
    arena_bound: int
    weight_bytes: int
    table_bytes: int
    code: Quantity


def describe(model: Model, device: Device) -> Plan:
    """What `AotEngine.emit` writes for a model that it does not refuse."""
    return _Description(model, device).plan()


class _Description:
    def __init__(self, model: Model, device: Device) -> None:
        trimmed = remove_dead_channels(model)
        self._original = model
        self._model = trimmed.model
        self._device = device
        self._program: Program = lower(trimmed.model, device.features)
        self._counted: set[int] = set()

    def plan(self) -> Plan:
        layers = tuple(self._layer(step) for step in self._program.steps)
        return Plan(
            model=self._model.source.file_name,
            device=self._device.id,
            features=self._device.features,
            layers=layers,
            macs=sum(layer.macs for layer in layers),
            arena_bytes=arena_bytes(self._program),
            arena_bound=self._program.plan.lower_bound,
            weight_bytes=sum(layer.weight_bytes for layer in layers),
            table_bytes=sum(layer.table_bytes for layer in layers),
            code=code_size.estimate(self._program, self._device),
        )

    def _layer(self, step: Step) -> Layer:
        needs, refusals = considered(self._model, step.op, self._device.features)
        call = None if isinstance(step, Alias) else step
        scratch = call.scratch_bytes if call else 0
        return Layer(
            node=step.op.node,
            operator=step.op.kind.value,
            function=call.function if call else None,
            needs=needs,
            refusals=refusals,
            outputs=tuple(self._place(tensor) for tensor in step.outputs),
            macs=analysis.macs(self._model, step.op),
            weight_bytes=self._weight_bytes(call) if call else 0,
            table_bytes=sum(c.values.nbytes for c in call.constants if c.is_table) if call else 0,
            scratch_bytes=scratch,
            scratch_offset=self._program.plan.offsets[f"s{step.op.node}"] if scratch else None,
        )

    def _weight_bytes(self, call: Call) -> int:
        tensors = {t for t in call.inputs if self._model.tensors[t].is_constant} - self._counted
        self._counted |= tensors
        own = sum(c.values.nbytes for c in call.constants if not c.is_table)
        return own + sum(self._model.tensors[t].bytes for t in tensors)

    def _place(self, tensor: int) -> Place:
        root = self._program.storage[tensor]
        described, original = self._model.tensors[tensor], self._original.tensors[tensor]
        in_flash = self._model.tensors[root].is_constant
        return Place(
            tensor=tensor,
            shape=described.shape,
            removed_channels=sum(original.shape[-1:]) - sum(described.shape[-1:]),
            bytes=described.bytes,
            arena_offset=None if in_flash else self._program.plan.offsets[f"t{root}"],
            shares=None if root == tensor else root,
        )


def considered(
    model: Model, op: Op, features: Collection[str]
) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """What the chosen kernel needs, and the kernels before it that were not taken."""
    dtype = activation_dtype(model, op)
    refusals: list[Refusal] = []
    for kernel in KERNELS:
        if kernel.kind is not op.kind or kernel.dtype is not dtype:
            continue
        needs = tuple(sorted(kernel.needs))
        missing = [feature for feature in needs if feature not in features]
        reason = f"the device has no {' and no '.join(missing)}." if missing else None
        reason = reason or kernel.refusal(model, op)
        if reason is None:
            return needs, tuple(refusals)
        refusals.append(Refusal(needs, reason))
    raise ValueError(f"node {op.node} {op.kind.value}: no kernel takes it")
