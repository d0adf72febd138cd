"""Models of one SVDF or one UNIDIRECTIONAL_SEQUENCE_LSTM, as .tflite bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True)
class Q:
    """Scale and zero point of an activation."""

    scale: float
    zero_point: int = 0

    @property
    def keywords(self) -> dict[str, Any]:
        return {"scale": self.scale, "zero_point": self.zero_point}


def svdf(
    dtype: str,
    state_type: str = "int16",
    *,
    batches: int = 1,
    inputs: int = 6,
    units: int = 3,
    rank: int = 2,
    memory: int = 4,
    input_q: Q = Q(0.05, -7),
    state_q: Q = Q(2.0**-11),
    output_q: Q = Q(3.0, 5),
    feature_scale: float = 0.01,
    time_scale: float = 1e-4,
    activation: str = "none",
    seed: int = 1,
) -> bytes:
    random = np.random.default_rng(seed)
    b = ModelBuilder()
    filters = units * rank
    shapes: Sequence[Sequence[int]] = ([filters, inputs], [filters, memory], [units])
    state_shape = [batches, filters * memory]
    if dtype == "float32":
        x, y = b.tensor("x", [batches, inputs], dtype), b.tensor("y", [batches, units], dtype)
        constants = [b.tensor("c", s, dtype, data=random.normal(size=s)) for s in shapes]
        state = b.tensor("state", state_shape, dtype, is_variable=True)
    else:
        x = b.tensor("x", [batches, inputs], **input_q.keywords)
        y = b.tensor("y", [batches, units], **output_q.keywords)
        features = random.integers(-128, 128, shapes[0])
        limit = 128 if state_type == "int8" else 32768
        time = random.integers(-limit, limit, shapes[1])
        bias = random.integers(-3000, 3000, shapes[2])
        bias_scale = float(np.float32(state_q.scale * time_scale))
        constants = [
            b.tensor("features", shapes[0], data=features, scale=feature_scale),
            b.tensor("time", shapes[1], state_type, data=time, scale=time_scale),
            b.tensor("bias", shapes[2], "int32", data=bias, scale=bias_scale),
        ]
        quant = state_q.keywords
        state = b.tensor("state", state_shape, state_type, is_variable=True, **quant)
    b.op("SVDF", [x, *constants, state], [y], rank=rank, activation=activation)
    return b.build([x], [y])


def lstm(
    dtype: str,
    *,
    batches: int = 1,
    times: int = 3,
    inputs: int = 5,
    units: int = 4,
    time_major: bool = False,
    input_q: Q = Q(0.05, -7),
    hidden_q: Q = Q(1 / 128, 3),
    cell_scale: float = 2.0**-11,
    weight_scale: float = 0.01,
    cell_clip: float = 0.0,
    seed: int = 1,
) -> bytes:
    random = np.random.default_rng(seed)
    b = ModelBuilder()
    rows = [times, batches] if time_major else [batches, times]
    shapes = [[units, inputs]] * 4 + [[units, units]] * 4
    is_float = dtype == "float32"
    weights, biases = [], []
    for shape in shapes:
        if is_float:
            weights.append(b.tensor("w", shape, dtype, data=random.normal(size=shape)))
            continue
        scale = float(np.float32(weight_scale * random.uniform(0.5, 2.0)))
        values = random.integers(-128, 128, shape)
        weights.append(b.tensor("w", shape, data=values, scale=scale))
    for _ in range(4):
        values = random.normal(size=units) if is_float else random.integers(-2000, 2000, units)
        quant: dict[str, Any] = {} if is_float else {"scale": input_q.scale * weight_scale}
        biases.append(b.tensor("b", [units], dtype if is_float else "int32", data=values, **quant))
    quants: Sequence[dict[str, Any]] = [{}] * 3
    if not is_float:
        cell = {"scale": cell_scale, "zero_point": 0}
        quants = [input_q.keywords, hidden_q.keywords, cell]
    x = b.tensor("x", [*rows, inputs], dtype, **quants[0])
    state = [batches, units]
    hidden = b.tensor("hidden", state, dtype, is_variable=True, **quants[1])
    cell_type = "float32" if is_float else "int16"
    cell_state = b.tensor("cell", state, cell_type, is_variable=True, **quants[2])
    y = b.tensor("y", [*rows, units], dtype, **quants[1])
    # As converters leave them in integer models; nothing computes them.
    inside = [] if is_float else [b.tensor("inside", [0], "int16", scale=1.0) for _ in range(5)]
    b.op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [x, *weights, -1, -1, -1, *biases, -1, -1, hidden, cell_state, -1, -1, -1, -1],
        [y],
        intermediates=inside,
        activation="tanh",
        cellClip=cell_clip,
        timeMajor=time_major,
    )
    return b.build([x], [y])
