"""A small network with int16 activations and int8 weights, as converters quantise audio models."""

from __future__ import annotations

import numpy as np

from support.tflite_builder import ModelBuilder

INPUT_SHAPE = (1, 12, 10, 1)
CLASSES = 5


def build() -> bytes:
    """The .tflite file: convolutions, a gate, a residual connection, a classifier."""
    b = ModelBuilder()
    random = np.random.default_rng(16)

    def value(name: str, *shape: int, scale: float) -> int:
        return b.tensor(name, shape, "int16", scale=scale)

    def constants(shape: tuple[int, ...], axis: int, scale: float) -> list[int]:
        """Weights with a scale per channel, and int64 biases; ``scale`` is the input's."""
        channels = shape[axis]
        scales = [float(np.float32(s)) for s in random.uniform(0.002, 0.01, channels)]
        data = random.integers(-127, 128, shape)
        weights = b.tensor("weights", shape, scale=scales, axis=axis, data=data)
        biases = random.integers(-(1 << 20), 1 << 20, channels)
        products = [float(np.float32(scale * s)) for s in scales]
        return [weights, b.tensor("bias", [channels], "int64", scale=products, data=biases)]

    x = value("input", *INPUT_SHAPE, scale=4 / 32768)
    conv = value("conv", 1, 6, 5, 8, scale=8 / 32768)
    depthwise = value("depthwise", 1, 6, 5, 8, scale=16 / 32768)
    wide = value("wide", 1, 6, 5, 16, scale=32 / 32768)
    left, right = (value(name, 1, 6, 5, 8, scale=32 / 32768) for name in ("left", "right"))
    curve, gate = (value(name, 1, 6, 5, 8, scale=1 / 32768) for name in ("curve", "gate"))
    gated = value("gated", 1, 6, 5, 8, scale=1 / 32768)
    total = value("total", 1, 6, 5, 8, scale=9 / 32768)
    leaky = value("leaky", 1, 6, 5, 8, scale=9 / 32768)
    pooled, peak = (value(name, 1, 3, 2, 8, scale=9 / 32768) for name in ("pooled", "peak"))
    joined = value("joined", 1, 3, 2, 16, scale=9 / 32768)
    flat = value("flat", 1, 96, scale=9 / 32768)
    logits = value("logits", 1, CLASSES, scale=20 / 32768)
    y = value("probabilities", 1, CLASSES, scale=1 / 32768)

    layer = constants((8, 3, 3, 1), 0, 4 / 32768)
    b.op("CONV_2D", [x, *layer], [conv], stride=(2, 2), padding="SAME", activation="relu")
    layer = constants((1, 3, 3, 8), 3, 8 / 32768)
    b.op("DEPTHWISE_CONV_2D", [conv, *layer], [depthwise], padding="SAME")
    b.op("CONV_2D", [depthwise, *constants((16, 1, 1, 8), 0, 16 / 32768)], [wide])
    axis = b.tensor("axis", [], "int32", data=3)
    b.op("SPLIT", [axis, wide], [left, right], num_splits=2)
    b.op("TANH", [left], [curve])
    b.op("LOGISTIC", [right], [gate])
    b.op("MUL", [curve, gate], [gated])
    b.op("ADD", [conv, gated], [total])
    b.op("LEAKY_RELU", [total], [leaky], alpha=0.1)
    window = {"filter": (2, 2), "stride": (2, 2), "padding": "VALID"}
    b.op("AVERAGE_POOL_2D", [leaky], [pooled], **window)
    b.op("MAX_POOL_2D", [leaky], [peak], **window)
    b.op("CONCATENATION", [pooled, peak], [joined], axis=3)
    shape = b.tensor("shape", [2], "int32", data=[1, 96])
    b.op("RESHAPE", [joined, shape], [flat])
    weights = b.tensor(
        "weights", [CLASSES, 96], scale=0.004, data=random.integers(-127, 128, (CLASSES, 96))
    )
    b.op("FULLY_CONNECTED", [flat, weights], [logits])
    b.op("SOFTMAX", [logits], [y])
    return b.build([x], [y])
