"""Many independent operators in one model, so that one build checks them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True)
class Q:
    """Scale and zero point of an int8 activation."""

    scale: float
    zero_point: int


class OpBatch:
    """Adds operators, each with an input and an output of the graph to itself.

    Args:
        dtype: "int8", "int16" or "float32". Quantisation is ignored for floats; of int16 the
            scales are 1/256 of those given, so that the range stays, and zero points are 0.
        bias_type: Of the biases of int16 layers.
    """

    def __init__(self, dtype: str, seed: int = 0, bias_type: str = "int64") -> None:
        self.dtype = dtype
        self.bias_type = "int32" if dtype == "int8" else bias_type
        self.random = np.random.default_rng(seed)
        self._builder = ModelBuilder()
        self._inputs: list[int] = []
        self._outputs: list[int] = []

    def build(self) -> bytes:
        """The .tflite file."""
        return self._builder.build(self._inputs, self._outputs)

    def op(
        self,
        kind: str,
        shape: Sequence[int],
        output_shape: Sequence[int],
        q: Q,
        output_q: Q,
        constants: Sequence[int] = (),
        **options: Any,
    ) -> None:
        """One operator on an activation and constants."""
        label = f"{kind} {list(shape)} {options}"
        data = self._activation(f"{label} in", shape, q)
        output = self._activation(f"{label} out", output_shape, output_q)
        self._builder.op(kind, [data, *constants], [output], **options)
        self._inputs.append(data)
        self._outputs.append(output)

    def binary(
        self, kind: str, shapes: Sequence[Sequence[int]], qs: Sequence[Q], **options: Any
    ) -> None:
        """One operator on two activations that broadcast; ``qs`` of both and of the output."""
        label = f"{kind} {list(map(list, shapes))} {options}"
        data = [self._activation(f"{label} in", s, q) for s, q in zip(shapes, qs, strict=False)]
        output = self._activation(f"{label} out", np.broadcast_shapes(*map(tuple, shapes)), qs[2])
        self._builder.op(kind, data, [output], **options)
        self._inputs += data
        self._outputs.append(output)

    def integers(self, values: Any) -> int:
        """An int32 parameter."""
        array = np.asarray(values, np.int32)
        return self._builder.tensor("parameter", array.shape, "int32", data=array)

    def weights(
        self, shape: Sequence[int], scales: Sequence[float], axis: int, extreme: bool
    ) -> int:
        """Random weights from -127, as converters make them; ``extreme`` ones are all -128."""
        if self.dtype == "float32":
            values: Any = self.random.normal(size=shape)
            return self._builder.tensor("weights", shape, "float32", data=values)
        values = np.full(shape, -128) if extreme else self.random.integers(-127, 128, shape)
        scale = list(scales) if len(scales) > 1 else scales[0]
        return self._builder.tensor("weights", shape, data=values, scale=scale, axis=axis)

    def int8(self, values: Any, scale: float) -> int:
        """These weights."""
        return self._builder.tensor("weights", np.shape(values), data=values, scale=scale)

    def lowest(self, shape: Sequence[int], scales: Sequence[float], axis: int) -> int:
        """Random weights, a quarter of them -128: in even channels (the first axis) only where the
        next channel's is not negative, which is what the DSP kernels can pack."""
        values = self.random.integers(-127, 128, shape)
        values[self.random.random(shape) < 0.25] = -128
        odd = values[1::2]
        even = values[0::2][: len(odd)]
        even[odd < 0] = np.maximum(even[odd < 0], -127)
        scale = list(scales) if len(scales) > 1 else scales[0]
        return self._builder.tensor("weights", shape, data=values, scale=scale, axis=axis)

    def bias(self, channels: int, scale: float = 1.0) -> int:
        if self.dtype == "float32":
            values: Any = self.random.normal(size=channels)
            return self._builder.tensor("bias", [channels], "float32", data=values)
        limit = 1 << (14 if self.dtype == "int8" else 22)
        values = self.random.integers(-limit, limit, channels)
        return self._builder.tensor("bias", [channels], self.bias_type, data=values, scale=scale)

    def _activation(self, name: str, shape: Sequence[int], q: Q) -> int:
        if self.dtype == "float32":
            return self._builder.tensor(name, shape, "float32")
        if self.dtype == "int16":
            return self._builder.tensor(name, shape, "int16", scale=q.scale / 256)
        return self._builder.tensor(name, shape, scale=q.scale, zero_point=q.zero_point)
