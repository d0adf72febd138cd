"""FULLY_CONNECTED on int8 against TensorFlow Lite Micro, by the portable and the fast kernels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from support import host_engine
from support.host_engine import Build
from support.op_batch import OpBatch, Q

FEATURES = pytest.mark.parametrize("features", [(), ("dsp",)], ids=["portable", "dsp"])


@dataclass(frozen=True, slots=True)
class Dense:
    """One fully connected layer."""

    inputs: int = 16
    outputs: int = 8
    batches: int = 1
    zero_points: tuple[int, int] = (5, -7)
    scale: float | tuple[float, ...] = 0.01
    output_scale: float = 0.4
    activation: str = "none"
    has_bias: bool = True
    extreme: bool = False

    def add(self, batch: OpBatch) -> None:
        given = self.scale if isinstance(self.scale, tuple) else (self.scale,)
        scales = (given * self.outputs)[: self.outputs] if len(given) > 1 else given
        constants = [batch.weights((self.outputs, self.inputs), scales, 0, self.extreme)]
        if self.has_bias:
            constants.append(batch.bias(self.outputs, 0.05 * scales[0]))
        batch.op(
            "FULLY_CONNECTED",
            (self.batches, self.inputs),
            (self.batches, self.outputs),
            Q(0.05, self.zero_points[0]),
            Q(self.output_scale, self.zero_points[1]),
            constants,
            activation=self.activation,
        )


SHAPES = [
    *(
        Dense(inputs=inputs, outputs=outputs)
        for inputs in (1, 3, 4, 7, 8, 9, 56, 64, 65, 72, 128, 300)
        for outputs in (1, 2, 4, 7, 8, 12)
    ),
    Dense(batches=3),
    Dense(inputs=10, outputs=5, batches=4),
    Dense(has_bias=False),
]
QUANTISATION = [
    *(
        Dense(zero_points=(low, high), activation=activation, output_scale=0.05)
        for low in (-128, 0, 127)
        for high in (-128, 127)
        for activation in ("none", "relu", "relu6", "relu_n1_to_1")
    ),
    *(
        Dense(scale=scale, output_scale=0.05)
        for scale in (1e-9, 1e-4, 0.01, 0.3, 0.5, 1.0, 2.0, 99.0)
    ),
]
SCALES = (0.002, 0.01, 0.03)
BY_CHANNEL = [
    *(
        Dense(inputs, outputs, batches, zero_points, scale=SCALES)
        for inputs, outputs, batches in ((16, 8, 1), (12, 4, 3), (13, 8, 2), (20, 5, 3), (3, 2, 1))
        for zero_points in ((-128, -128), (127, 5))
    ),
    Dense(scale=(1e-9, 0.001, 2.0), has_bias=False),
]
TOO_MUCH = [
    Dense(extreme=True, output_scale=8.0),
    Dense(inputs=600, extreme=True, output_scale=80.0),
    Dense(scale=0.6, output_scale=0.05),
    Dense(scale=3e-8),
    Dense(activation="relu_n1_to_1"),
]


def _build(cases: list[Dense]) -> bytes:
    batch = OpBatch("int8")
    for case in cases:
        case.add(batch)
    return batch.build()


@FEATURES
@pytest.mark.parametrize("cases", [SHAPES, QUANTISATION, BY_CHANNEL, TOO_MUCH])
def test_every_activation(cases: list[Dense], features: tuple[str, ...], tmp_path: Path) -> None:
    host_engine.check(_build(cases), tmp_path, build=Build(features=features))


@pytest.mark.parametrize(
    ("cases", "fast"), [(SHAPES, True), (BY_CHANNEL[:-1], True), (TOO_MUCH, False)]
)
def test_the_fast_kernel_takes_what_it_can_prove(cases: list[Dense], fast: bool) -> None:
    model = tflite.parse(_build(cases), "test.tflite")
    for op in model.ops:
        chosen = choose(KERNELS, model, op, ("dsp",))
        assert not isinstance(chosen, str)
        assert ("dsp" in chosen.needs) is fast, f"node {op.node}"
