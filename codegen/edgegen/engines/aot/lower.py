"""Model -> Program: a kernel for every operator, a place in the arena for every tensor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from edgegen import analysis
from edgegen.diagnostics import diagnostic, wrong_format
from edgegen.engines.aot import stripes
from edgegen.engines.aot.kernels import Kernel, alternatives, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Alias, Call, Program, Step
from edgegen.engines.aot.traffic import in_place
from edgegen.errors import Diagnostic
from edgegen.model import Model, Op
from edgegen.options import OptimizeFor
from edgegen.passes.memory_plan import (
    Buffer,
    MemoryPlan,
    Overlap,
    Overlaps,
    plan,
    step_bounds,
)

BUFFER_ALIGNMENT = 4
"""Bytes; what the widest element of an activation needs (float32)."""


_WORTH = 16
"""Slower kernels for all that save less than this part of the arena are not worth it."""


_MOST_TRIES = 40
"""Of faster kernels for single layers; each is a plan."""


def refusals(model: Model) -> tuple[Diagnostic, ...]:
    """Every operator that no kernel takes, and why."""
    found = list(wrong_format(model.source.format, "tflite"))
    for op in model.ops:
        chosen = choose(KERNELS, model, op)
        if isinstance(chosen, str):
            where = f"node {op.node} {op.kind.value}"
            found.append(diagnostic("EG201", where, chosen))
    return tuple(found)


def lower(
    model: Model,
    features: Collection[str] = (),
    optimize_for: OptimizeFor = "latency",
    *,
    arena_budget: int | None = None,
    flash_bytes: Callable[[Program], int] | None = None,
) -> Program:
    """Lower a model that `refusals` has nothing against.

    Args:
        features: Of the device: faster kernels may be written for them.
        optimize_for: The fastest kernels whose arena is within the budget (or else those of the
            smallest arena); the fastest ones of those whose arena is the smallest or nearly so;
            or the least flash.
        arena_budget: Bytes; None for any number.
        flash_bytes: Of a program, for "size".
    """
    lowering = _Lowering(model, features)
    first = lowering.program([choose_first(model, op, features) for op in model.ops])
    fits = arena_budget is None or first.plan.arena_bytes <= arena_budget
    if not model.ops or (optimize_for == "latency" and fits):
        return first
    if optimize_for == "size":
        if flash_bytes is None:
            raise ValueError("what is the least flash?")
        return _least(lowering, flash_bytes, arena_budget)
    found = _fast_or_small(lowering, None if optimize_for == "memory" else arena_budget)
    for chosen in lowering.rewrites():
        if optimize_for == "latency" and arena_budget and found.plan.arena_bytes <= arena_budget:
            break
        if not lowering.may_gain(chosen, found.plan.arena_bytes * _WORTH // (_WORTH + 1)):
            continue
        more = lowering.rewritten(chosen)
        smaller = _fast_or_small(more, None if optimize_for == "memory" else arena_budget)
        if smaller.plan.arena_bytes * (_WORTH + 1) <= found.plan.arena_bytes * _WORTH:
            lowering, found = more, smaller
    return found


def _fast_or_small(lowering: _Lowering, budget: int | None) -> Program:
    """The fastest program within the budget, or without one nearly as small as the smallest."""
    if budget is None:
        budget = _smallest(lowering).plan.arena_bytes * (_WORTH + 1) // _WORTH
    return _within(lowering, budget)


def choose_first(model: Model, op: Op, features: Collection[str]) -> Kernel:
    """The fastest kernel; a ValueError when none takes the operator."""
    chosen = choose(KERNELS, model, op, features)
    if not isinstance(chosen, Kernel):
        raise ValueError(f"node {op.node} {op.kind.value}: {chosen}")
    return chosen


def _within(lowering: _Lowering, budget: int) -> Program:
    """A program of fast kernels whose arena is within the budget, or else the smallest one.

    What a layer needs by itself bounds the arena from below. Every layer takes its fastest kernel
    below a limit, or its least needy one where none is; the highest limit that keeps the budget is
    searched for. Then the layers that gave way try again, one by one, the costly ones first.
    """
    limits = lowering.limits()
    best = lowering.program(lowering.below(limits[0]))
    if best.plan.arena_bytes <= budget:
        return best
    best = _smallest(lowering)
    if best.plan.arena_bytes > budget:
        return best
    too_high, low_enough = 0, len(limits)
    while low_enough - too_high > 1:
        middle = (too_high + low_enough) // 2
        found = lowering.program(lowering.below(limits[middle]))
        if found.plan.arena_bytes <= budget:
            best, low_enough = found, middle
        else:
            too_high = middle
    return lowering.with_faster_layers(best, budget)


def _smallest(lowering: _Lowering) -> Program:
    """Of the smallest arena: no layer needs more than the worst one must, or than it must."""
    found = (lowering.program(lowering.below(limit)) for limit in (lowering.least(), 0))
    return min(found, key=lambda program: program.plan.arena_bytes)


def _least(
    lowering: _Lowering, flash_bytes: Callable[[Program], int], budget: int | None
) -> Program:
    """Of the least flash that is found by doing with or without one kernel more, step by step.

    Code is shared by the layers that use it, so a kernel enters or leaves all of them at once. The
    search begins with the fastest kernels and with the last ones.
    """

    def cost(avoided: frozenset[int]) -> int:
        return flash_bytes(lowering.sketch(lowering.without(avoided)))

    def descend(avoided: frozenset[int]) -> tuple[int, frozenset[int]]:
        best = cost(avoided)
        while True:
            near = [avoided ^ {kernel} for kernel in every]
            costs = [cost(each) for each in near]
            if min(costs) >= best:
                return best, avoided
            best, avoided = min(costs), near[costs.index(min(costs))]

    every = lowering.kernels()
    fastest, smallest = descend(frozenset()), descend(frozenset(every))
    avoided = fastest[1] if fastest[0] <= smallest[0] else smallest[1]
    found = lowering.program(lowering.without(avoided))
    if budget is not None and found.plan.arena_bytes > budget:
        return _within(lowering, budget)
    return found


class _Lowering:
    """One model and all its kernels; what is lowered once is kept."""

    def __init__(
        self,
        model: Model,
        features: Collection[str],
        rewrites: tuple[stripes.Rewrite, ...] = (),
    ) -> None:
        self._model = model
        self._features = features
        self._rewrites = rewrites
        self._steps: dict[tuple[int, int], Step] = {}
        self._choices: tuple[tuple[Kernel, ...], ...] | None = None
        self._bounds: list[list[int]] | None = None

    def rewrites(self) -> list[stripes.Rewrite]:
        """What could be computed in stripes."""
        steps = self._steps_by([kernels[0] for kernels in self._alternatives()])
        return list(stripes.rewrites(self._model, steps))

    def may_gain(self, rewrite: stripes.Rewrite, arena_bytes: int) -> bool:
        """Whether the layers that it makes smaller are the neediest, and all others need no more
        than that."""
        least = [min(bounds) for bounds in self.bounds()]
        concerned = range(rewrite.producer, rewrite.consumer + 1)
        others = max((each for k, each in enumerate(least) if k not in concerned), default=0)
        return others <= arena_bytes and others < max(least[k] for k in concerned)

    def rewritten(self, rewrite: stripes.Rewrite) -> _Lowering:
        """The same with one rewrite more, by kernels that can compute some rows alone."""
        changed = copy(self)
        changed._rewrites = (*self._rewrites, rewrite)
        changed._bounds = None
        changed._choices = tuple(
            self._sliceable(k, kernels) if k in rewrite.striped else kernels
            for k, kernels in enumerate(self._alternatives())
        )
        return changed

    def _sliceable(self, number: int, kernels: tuple[Kernel, ...]) -> tuple[Kernel, ...]:
        op = self._model.ops[number]

        def is_able(kernel: Kernel) -> bool:
            step = self._step(op, kernel)
            return isinstance(step, Call) and bool(stripes.rows_of(self._model, step, 0, 1))

        return tuple(filter(is_able, kernels)) or kernels

    def program(self, kernels: Sequence[Kernel]) -> Program:
        """The model, every operator lowered by the kernel in its place."""
        steps = self._steps_by(kernels)
        memory = _Memory(self._model, steps)
        buffers, overlaps = memory.buffers(), memory.overlaps()
        placed = plan(buffers, BUFFER_ALIGNMENT, overlaps)
        return Program(steps, tuple(kernels), memory.storage, placed)

    def sketch(self, kernels: Sequence[Kernel]) -> Program:
        """The same without places in the arena."""
        steps = self._steps_by(kernels)
        return Program(steps, tuple(kernels), {}, MemoryPlan({}, 0, 0))

    def kernels(self) -> list[int]:
        """Of all alternatives, by identity and in a fixed order."""
        return list(dict.fromkeys(id(k) for of_op in self._alternatives() for k in of_op))

    def bounds(self) -> list[list[int]]:
        """The arena that each alternative of each operator needs by itself."""
        if self._bounds is None:
            choices = list(zip(self._model.ops, self._alternatives(), strict=True))
            # Lifetimes follow from the graph: they are those of any program.
            first = [of_op[0] for _, of_op in choices]
            memory = _Memory(self._model, self._steps_by(first))
            self._bounds = [
                [memory.bound(self._step(op, kernel), when) for kernel in of_op]
                for when, (op, of_op) in enumerate(choices, start=1)
            ]
            for rewrite in self._rewrites:
                for k in rewrite.changed:
                    with_each = [[*first[:k], each, *first[k + 1 :]] for each in choices[k][1]]
                    self._bounds[k] = [
                        max(memory.bound(steps[j], j + 1) for j in rewrite.changed)
                        for steps in map(self._steps_by, with_each)
                    ]
        return self._bounds

    def limits(self) -> list[int]:
        """What any alternative needs by itself, falling."""
        return sorted({bound for of_layer in self.bounds() for bound in of_layer}, reverse=True)

    def least(self) -> int:
        """What the worst layer needs by its least needy alternative."""
        return max(min(of_layer) for of_layer in self.bounds())

    def with_faster_layers(self, program: Program, budget: int) -> Program:
        """The program with faster kernels for some layers, as far as the budget allows."""
        kernels, tries = list(program.kernels), 0
        by_macs = sorted(self._model.ops, key=lambda op: -analysis.macs(self._model, op))
        number = {op.node: k for k, op in enumerate(self._model.ops)}
        for k in (number[op.node] for op in by_macs):
            for kernel in self._alternatives()[k]:
                if kernel is kernels[k] or tries == _MOST_TRIES:
                    break
                tries += 1
                found = self.program([*kernels[:k], kernel, *kernels[k + 1 :]])
                if found.plan.arena_bytes <= budget:
                    program, kernels[k] = found, kernel
                    break
        return program

    def below(self, limit: int) -> list[Kernel]:
        """For every operator the first kernel that needs no more, or the least needy."""
        chosen = []
        for kernels, bounds in zip(self._alternatives(), self.bounds(), strict=True):
            fitting = [k for k, bound in zip(kernels, bounds, strict=True) if bound <= limit]
            chosen.append(fitting[0] if fitting else kernels[bounds.index(min(bounds))])
        return chosen

    def without(self, avoided: Collection[int]) -> list[Kernel]:
        """For every operator the first kernel that is not avoided, or the last one."""
        return [
            next((k for k in kernels if id(k) not in avoided), kernels[-1])
            for kernels in self._alternatives()
        ]

    def _alternatives(self) -> tuple[tuple[Kernel, ...], ...]:
        if self._choices is None:
            self._choices = tuple(
                alternatives(KERNELS, self._model, op, self._features) for op in self._model.ops
            )
        return self._choices

    def _steps_by(self, kernels: Sequence[Kernel]) -> tuple[Step, ...]:
        ops = zip(self._model.ops, kernels, strict=True)
        steps = tuple(self._step(op, kernel) for op, kernel in ops)
        for each in self._rewrites:
            steps = each.apply(self._model, steps)
        return steps

    def _step(self, op: Op, kernel: Kernel) -> Step:
        key = op.node, id(kernel)
        if key not in self._steps:
            self._steps[key] = kernel.lower(self._model, op)
        return self._steps[key]


@dataclass(frozen=True, slots=True)
class _Lifetime:
    first: int
    last: int


class _Memory:
    """What the steps of a program keep in the arena, and for how long.

    Lifetimes count the steps from 1; in step 0 the caller fills the inputs. A variable lives from
    there to the end, and so shares its memory with nothing.
    """

    def __init__(self, model: Model, steps: Sequence[Step]) -> None:
        self._model = model
        self._steps = steps
        self.storage = _alias(model, steps)
        self._lifetimes = self._find_lifetimes()

    def _find_lifetimes(self) -> dict[int, _Lifetime]:
        found: dict[int, _Lifetime] = {}

        def touch(tensor: int, when: int) -> None:
            root = self.storage[tensor]
            if not self._model.tensors[root].is_constant:
                known = found.get(root, _Lifetime(when, when))
                found[root] = _Lifetime(min(known.first, when), max(known.last, when))

        for tensor in self._model.inputs:
            touch(tensor, 0)
        for when, step in enumerate(self._steps, start=1):
            for tensor in (*_reads(step), *step.outputs):
                touch(tensor, when)
                if self._model.tensors[tensor].is_variable:
                    touch(tensor, 0)
                    touch(tensor, len(self._steps) + 1)
        for tensor in self._model.outputs:
            touch(tensor, len(self._steps) + 1)
        return found

    def buffers(self) -> list[Buffer]:
        """All of them: tensors ``t<index>``, scratch ``s<node>``."""
        found = [
            Buffer(f"t{root}", self._model.tensors[root].bytes, life.first, life.last)
            for root, life in sorted(self._lifetimes.items())
        ]
        for when, step in enumerate(self._steps, start=1):
            found += _scratch(step, when)
        return found

    def overlaps(self) -> Overlaps:
        """What may lie over an input that dies."""
        return {
            pair: overlap
            for when, step in enumerate(self._steps, start=1)
            if isinstance(step, Call)
            for pair, overlap in self._overlaps_of(step, when)
        }

    def bound(self, step: Step, when: int) -> int:
        """The least arena of one step, if it is this one."""
        alive = [
            Buffer(f"t{root}", self._model.tensors[root].bytes, when, when)
            for root, life in self._lifetimes.items()
            if life.first <= when <= life.last
        ]
        alive += _scratch(step, when)
        overlaps = dict(self._overlaps_of(step, when)) if isinstance(step, Call) else {}
        return step_bounds(alive, overlaps).get(when, 0)

    def _overlaps_of(self, call: Call, when: int) -> Iterator[tuple[tuple[str, str], Overlap]]:
        roots = [self.storage[t] for t in call.inputs]
        for position, root in enumerate(roots):
            life = self._lifetimes.get(root)
            if life is None or life.last != when or roots.count(root) > 1:
                continue
            output = f"t{call.output}", f"t{root}"
            if position == 0 and call.output_overlap is not None:
                yield output, call.output_overlap
            elif position in call.in_place and self._same_size(root, call.output):
                yield output, in_place(self._model.tensors[root].bytes)
            if position == 0 and call.scratch_overlap is not None:
                yield (f"s{call.op.node}", f"t{root}"), call.scratch_overlap

    def _same_size(self, one: int, other: int) -> bool:
        return self._model.tensors[one].bytes == self._model.tensors[other].bytes


def _alias(model: Model, steps: Sequence[Step]) -> dict[int, int]:
    """Which tensor's memory each tensor uses: an alias that of its input."""
    storage = {i: i for i in range(len(model.tensors))}
    for step in steps:
        if isinstance(step, Alias):
            storage[step.output] = storage[step.input]
    return storage


def _scratch(step: Step, when: int) -> list[Buffer]:
    if isinstance(step, Alias) or not step.scratch_bytes:
        return []
    return [Buffer(f"s{step.op.node}", step.scratch_bytes, when, when)]


def _reads(step: Step) -> tuple[int, ...]:
    return (step.input,) if isinstance(step, Alias) else step.inputs
