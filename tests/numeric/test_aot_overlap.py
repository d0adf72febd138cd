"""What the proof of overlaps allows, on the compiled kernels: the furthest distance gives the same
outputs, and one element further does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgegen.engines.aot import engine as aot
from edgegen.engines.aot.dead_channels import Trimmed
from edgegen.engines.aot.kernels import Kernel, alternatives
from edgegen.engines.aot.ops import KERNELS
from edgegen.engines.aot.program import Call, Program
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.passes.memory_plan import MemoryPlan, Overlap
from numeric.test_aot_conv import Conv
from numeric.test_aot_fully_connected import Dense
from support import host_engine
from support.host_engine import Build
from support.op_batch import OpBatch

CASES: tuple[Conv | Dense, ...] = (
    Conv(),
    Conv(image=(6, 6), depth=8, channels=8),
    Conv(image=(9, 7), depth=3, channels=8, stride=(2, 2)),
    Conv(image=(7, 5), depth=4, channels=12, batches=2),
    Conv(image=(6, 6), depth=4, channels=4, size=(1, 1), stride=(2, 2)),
    Conv(image=(5, 6), depth=4, channels=8, size=(1, 1)),
    Conv(image=(5, 5), depth=8, channels=4, size=(1, 1)),
    Conv(image=(5, 5), depth=16, channels=16, size=(1, 1)),
    Conv(image=(11, 4), depth=1, channels=6, size=(5, 4), stride=(2, 2)),
    Conv(image=(8, 8), depth=8, depth_multiplier=1),
    Conv(image=(9, 8), depth=8, depth_multiplier=1, stride=(2, 2)),
    Conv(image=(8, 8), depth=6, depth_multiplier=1, stride=(2, 2)),
    Conv(image=(7, 7), depth=3, depth_multiplier=2, size=(3, 2), padding="VALID"),
    Dense(inputs=40, outputs=12),
    Dense(inputs=13, outputs=20, batches=3),
)
FEATURES = ("dsp", "mve")
TIGHT = {
    "eg_run_pointwise_s8_dsp",
    "eg_run_conv_2d_in_order_s8_dsp",
    "eg_run_conv_2d_f32",
    "eg_run_fully_connected_f32",
}
"""Whose every byte is described; others write a little later than it is said of them."""

GAP = 4096


@dataclass(frozen=True, slots=True)
class Pair:
    """One input and what may lie over it."""

    call: Call
    new: str
    overlap: Overlap
    step: int  # bytes that distances are multiples of

    @property
    def below(self) -> int:
        return self.overlap.below // self.step * self.step

    @property
    def above(self) -> int:
        return -(-self.overlap.above // self.step) * self.step

    @property
    def is_constrained(self) -> bool:
        return self.overlap.below + self.step < self.overlap.above


def model_of(dtype: str) -> Model:
    batch = OpBatch(dtype)
    for case in CASES:
        case.add(batch)
    return tflite.parse(batch.build(), "overlaps.tflite")


def programs(model: Model) -> list[Program]:
    """Such that every alternative of each operator is in one of them."""
    found = [alternatives(KERNELS, model, op, FEATURES) for op in model.ops]
    most = max(map(len, found))
    return [
        lowered(model, [kernels[min(k, len(kernels) - 1)] for kernels in found])
        for k in range(most)
    ]


def lowered(model: Model, kernels: list[Kernel]) -> Program:
    steps = tuple(k.lower(model, op) for k, op in zip(kernels, model.ops, strict=True))
    storage = {i: i for i in range(len(model.tensors))}
    return Program(steps, tuple(kernels), storage, MemoryPlan({}, 0, 0))


def outputs_of(program: Program, step: int) -> list[Pair]:
    calls = [each for each in program.steps if isinstance(each, Call)]
    return [Pair(c, f"t{c.output}", c.output_overlap, step) for c in calls if c.output_overlap]


def scratch_of(program: Program) -> list[Pair]:
    calls = [each for each in program.steps if isinstance(each, Call)]
    return [Pair(c, f"s{c.op.node}", c.scratch_overlap, 4) for c in calls if c.scratch_overlap]


def placed(model: Model, program: Program, distances: dict[str, int]) -> Program:
    """Every operator has a stretch of the arena to itself, its input in the middle."""
    offsets: dict[str, int] = {}
    middle = GAP
    for call in program.steps:
        assert isinstance(call, Call)
        data = f"t{call.inputs[0]}"
        offsets[data] = middle
        for k, new in enumerate((f"t{call.output}", f"s{call.op.node}")):
            offsets[new] = middle + distances.get(new, (k + 1) * GAP)
        middle += 4 * GAP
    return replace(program, plan=MemoryPlan(offsets, middle, middle))


def different_outputs(
    model: Model,
    program: Program,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> set[int]:
    """Tensors that are not what they are apart."""

    def lower_for(*_: object) -> tuple[Trimmed, Program]:
        return Trimmed(model, {}), program

    monkeypatch.setattr(aot, "lower_for", lower_for)
    inputs = host_engine.random_vectors(model, 6, seed=3)
    expected = host_engine.tflm(model, inputs)
    return set(
        host_engine.differences(model, inputs, expected, folder, 1e-6, Build(features=FEATURES))
    )


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_at_the_furthest_distance_nothing_changes(
    dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(dtype)
    for number, program in enumerate(programs(model)):
        outputs = outputs_of(program, 1 if dtype == "int8" else 4)
        scratch = scratch_of(program)
        for name, distances in (
            ("below", {pair.new: pair.below for pair in outputs}),
            ("above", {pair.new: pair.above for pair in outputs}),
            ("scratch", {pair.new: pair.below for pair in scratch}),
        ):
            at = placed(model, program, distances)
            folder = tmp_path / f"{number}-{name}"
            assert distances or name == "scratch"
            if distances:
                assert different_outputs(model, at, folder, monkeypatch) == set(), folder.name


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_one_element_further_something_does(
    dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(dtype)
    seen = set()
    for number, program in enumerate(programs(model)):
        outputs = outputs_of(program, 1 if dtype == "int8" else 4)
        tight = [p for p in outputs if p.call.function in TIGHT and p.is_constrained]
        pairs = tight + [pair for pair in scratch_of(program) if pair.is_constrained]
        if pairs:
            at = placed(model, program, {pair.new: pair.below + pair.step for pair in pairs})
            found = different_outputs(model, at, tmp_path / str(number), monkeypatch)
            for pair in pairs:
                assert pair.call.output in found, pair
            seen |= {pair.call.function for pair in pairs}
    suffix = "_f32" if dtype == "float32" else "_dsp"
    assert seen >= {function for function in TIGHT if function.endswith(suffix)}
    assert dtype == "float32" or "eg_run_fully_connected_s8_dsp" in seen
