"""Model -> Program: a kernel for every operator, a place in the arena for every tensor."""

from __future__ import annotations

from collections.abc import Collection

from edgegen.diagnostics import diagnostic
from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Alias, Call, Program, Step
from edgegen.errors import Diagnostic
from edgegen.model import Model, Op
from edgegen.passes.memory_plan import Buffer, MemoryPlan, plan

BUFFER_ALIGNMENT = 4
"""Bytes; what the widest element of an activation needs (float32)."""


def refusals(model: Model) -> tuple[Diagnostic, ...]:
    """Every operator that no kernel takes, and why."""
    found = []
    for op in model.ops:
        chosen = choose(KERNELS, model, op)
        if isinstance(chosen, str):
            where = f"node {op.node} {op.kind.value}"
            found.append(diagnostic("EG201", where, chosen))
    return tuple(found)


def lower(model: Model, features: Collection[str] = ()) -> Program:
    """Lower a model that `refusals` has nothing against.

    Args:
        features: Of the device: faster kernels may be written for them.
    """
    steps = tuple(_lower_op(model, op, features) for op in model.ops)
    storage = _share_storage(model, steps)
    return Program(steps, storage, _plan(model, steps, storage))


def _lower_op(model: Model, op: Op, features: Collection[str]) -> Step:
    chosen = choose(KERNELS, model, op, features)
    if not isinstance(chosen, Kernel):
        raise ValueError(f"node {op.node} {op.kind.value}: {chosen}")
    return chosen.lower(model, op)


def _share_storage(model: Model, steps: tuple[Step, ...]) -> dict[int, int]:
    """Which tensor's memory each tensor uses: aliases share, and so do in-place outputs."""
    storage = {i: i for i in range(len(model.tensors))}
    sharing = {i: [i] for i in range(len(model.tensors))}
    last_read = {t: when for when, step in enumerate(steps) for t in _reads(step)}
    last_read |= dict.fromkeys(model.outputs, len(steps))

    def share(root: int, output: int) -> None:
        storage[output] = root
        sharing[root].append(output)

    for when, step in enumerate(steps):
        if isinstance(step, Alias):
            share(storage[step.input], step.output)
            continue
        for position in step.in_place:
            tensor = step.inputs[position]
            root = storage[tensor]
            dies_here = max(last_read.get(t, 0) for t in sharing[root]) == when
            same_size = model.tensors[root].bytes == model.tensors[step.output].bytes
            alone = sum(storage[t] == root for t in step.inputs) == 1
            if dies_here and same_size and alone and not model.tensors[root].is_constant:
                share(root, step.output)
                break
    return storage


def _reads(step: Step) -> tuple[int, ...]:
    return (step.input,) if isinstance(step, Alias) else step.inputs


def _plan(model: Model, steps: tuple[Step, ...], storage: dict[int, int]) -> MemoryPlan:
    """Lifetimes from the order of execution; step 0 is the caller filling the inputs."""
    alive: dict[int, tuple[int, int]] = {}

    def touch(tensor: int, when: int) -> None:
        root = storage[tensor]
        if not model.tensors[root].is_constant:
            first, last = alive.get(root, (when, when))
            alive[root] = (min(first, when), max(last, when))

    for tensor in model.inputs:
        touch(tensor, 0)
    for when, step in enumerate(steps, start=1):
        for tensor in (*_reads(step), *step.outputs):
            touch(tensor, when)
    for tensor in model.outputs:
        touch(tensor, len(steps) + 1)
    buffers = [
        Buffer(f"t{root}", model.tensors[root].bytes, first, last)
        for root, (first, last) in sorted(alive.items())
    ]
    buffers += [
        Buffer(f"s{step.op.node}", step.scratch_bytes, when, when)
        for when, step in enumerate(steps, start=1)
        if isinstance(step, Call) and step.scratch_bytes
    ]
    return plan(buffers, BUFFER_ALIGNMENT)
