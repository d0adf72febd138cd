"""Small random graphs of int16 activations with int8 weights, each drawn from one integer.

The same layers and the same awkwardness as `random_graph`, with its scales divided by 256, and
now and then a way through int8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from support import random_graph
from support.random_graph import Graph, Node, Quant, Shape, Value

_FRACTION = (1 / 32768, 0)  # the output of SOFTMAX, LOGISTIC and TANH
_TYPICAL = 18918.0  # root mean square of all int16
_TYPICAL_WEIGHT = 74.0
_STEEPEST = 2.6  # input scale of LOGISTIC and TANH
_FINEST_SIX = 6.0 / 32767  # input scale of RELU6


def draw(seed: int) -> Graph:
    """The graph of a seed: one to three inputs, two to eight operators, branches and all."""
    return _Drawing(seed).graph()


class _Drawing(random_graph.Drawing):
    def operators(self) -> Sequence[Callable[[Any, int], None]]:
        return _OPERATORS

    def _scale(self) -> float:
        return super()._scale() / 256

    def _zero_point(self) -> int:
        return 0

    def _value(self, value: Value) -> int:
        """All int8 that is not weights becomes int16."""
        if value.dtype != "int8":
            return super()._value(value)
        data = value.data
        if data is not None:
            data = data * 256 + self._random.integers(0, 256, value.shape)
        return super()._value(replace(value, dtype="int16", zero_point=0, data=data))

    def _layer(self, source: int, weights_shape: Shape, axis: int) -> tuple[list[int], Quant]:
        scale, _ = self._quant(source)
        channels, taps = weights_shape[axis], math.prod(weights_shape) // weights_shape[axis]
        output_scale = self._scale()
        spread = _TYPICAL * _TYPICAL_WEIGHT * math.sqrt(taps)
        weight_scale = output_scale * self._spread(1e3, 3e4) / (scale * spread)
        if self._often(0.1):
            weight_scale = self._spread(1e-9, 1e3)
        wild = 1e3 if self._often(0.15) else 3.0
        count = channels if self._often(0.6) else 1
        scales = [float(np.float32(weight_scale * self._spread(1 / wild, wild)))] * count
        if count > 1:
            scales = [float(np.float32(s * self._spread(1 / wild, wild))) for s in scales]
        data = self._weights(weights_shape, axis)
        own: list[float] | float = scales if count > 1 else scales[0]
        weights = Value(weights_shape, scale=own, axis=axis, data=data)
        constants = [super()._value(weights)]
        if self._often(0.8):
            # TFLM's depthwise kernels know no other bias than int64.
            dtype = "int32" if axis == 0 and self._often(0.3) else "int64"
            limit = int(2 * spread) if dtype == "int64" else min(int(2 * spread), 1 << 30)
            if dtype == "int64" and self._often(0.1):
                limit = 1 << self._between(31, 45)
            products = [float(np.float32(scale * s)) for s in scales]
            bias = Value(
                (channels,),
                dtype,
                scale=products if count > 1 else products[0],
                data=self._random.integers(-limit, limit, channels),
            )
            constants.append(super()._value(bias))
        return constants, (output_scale, 0)

    def mul(self, source: int) -> None:
        pair = [source, self._partner(source)]
        product = self._quant(pair[0])[0] * self._quant(pair[1])[0]
        scale = product * _TYPICAL * _TYPICAL / self._spread(1e3, 1e5)
        self._binary("MUL", pair, float(np.float32(scale)))

    def softmax(self, source: int) -> None:
        shape = self._values[source].shape
        self._emit("SOFTMAX", [source], shape, _FRACTION, beta=self._pick((1.0, 1.0, 0.3)))

    def _curve(self, kind: str, source: int) -> None:
        if self._quant(source)[0] < _STEEPEST:
            self._emit(kind, [source], self._values[source].shape, _FRACTION)

    def logistic(self, source: int) -> None:
        self._curve("LOGISTIC", source)

    def tanh(self, source: int) -> None:
        self._curve("TANH", source)

    def relu6(self, source: int) -> None:
        if self._quant(source)[0] >= _FINEST_SIX:
            super().relu6(source)

    def absolute(self, source: int) -> None:
        self._rescale("ABS", source)

    def extremum(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        pair = [source, self._input(shape, like=source)]
        self._emit(self._pick(("MAXIMUM", "MINIMUM")), pair, shape, quant)

    def through_int8(self, source: int) -> None:
        """QUANTIZE to int8 and back."""
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        coarse = float(np.float32(scale * self._spread(30.0, 2000.0)))
        zero_point = self._between(-128, 127)
        narrow = super()._value(Value(shape, scale=coarse, zero_point=zero_point))
        self._nodes.append(Node("QUANTIZE", (source,), (narrow,), {}))
        self._emit("QUANTIZE", [narrow], shape, (scale, 0))


_OPERATORS = (
    *(getattr(_Drawing, operator.__name__) for operator in random_graph.OPERATORS),
    *[_Drawing.absolute] * 2,
    *[_Drawing.extremum] * 2,
    *[_Drawing.through_int8] * 2,
)
