"""Matrices as the Helium kernels read them: edgegen/nn/mve/matmul.h, packed and proved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multipliers,
    quantized_range,
    wrap_int32,
)
from edgegen.engines.aot.program import Field
from edgegen.model import Activation, Tensor

CHUNK = 16
"""Inputs that one vector holds."""

LANES = 4
"""Sums that one vector holds."""

_SHORT_CHUNKS = 8

_Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Requantisation:
    """How sums become outputs.

    Attributes:
        bias: Of every channel, the input's zero point folded in.
        multiplier: Q31.
        shift: To the left, in -31..-1.
    """

    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int32]
    zero_point: int
    low: int
    high: int

    @property
    def is_relu(self) -> bool:
        """Whether ties of negative numbers do not show, nor is anything of int8 cut off."""
        return (self.zero_point, self.low, self.high) == (-128, -128, 127)

    def fields(self, member: str) -> tuple[tuple[str, Field], ...]:
        """The initialisers of an ``eg_output_mve``."""
        return (
            (f"{member}.zero_point", self.zero_point),
            (f"{member}.activation_min", self.low),
            (f"{member}.activation_max", self.high),
        )


def requantisation(
    bias: _Int64,
    weight_sums: _Int64,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> Requantisation | str:
    """The parameters, or why the Helium kernels would not be exact.

    Args:
        bias: Of every channel, the input's zero point folded in, not wrapped.
        weight_sums: Of the magnitudes of every channel's weights: with 128 they bound the sum.
        real_multipliers: One for all channels or one for each.
    """
    low, high = quantized_range(activation, output)
    multiplier, shift = (
        np.broadcast_to(values, len(bias)).astype(np.int64)
        for values in quantize_multipliers(real_multipliers)
    )
    # A multiplier of 0 gives 0 whatever the shift is.
    shift = np.where(multiplier == 0, -1, shift)
    bias = bias.copy()
    for channel in np.flatnonzero(weight_sums == 0):
        # The output is the same always: 4 steps, times 1/2, shifted by 1.
        step = constant_steps(bias[channel], multiplier[channel], shift[channel], output.zero_point)
        bias[channel], multiplier[channel], shift[channel] = 4 * step, 1 << 30, -1
    if (np.abs(bias) + 128 * weight_sums >= 1 << 31).any():
        return "its sums may reach 2^31."
    if (shift >= 0).any():
        return "one of its multipliers is 1/2 or more."
    bias32, multiplier32, shift32 = (each.astype(np.int32) for each in (bias, multiplier, shift))
    return Requantisation(bias32, multiplier32, shift32, output.zero_point, low, high)


def constant_steps(bias: int, multiplier: int, shift: int, zero_point: int) -> int:
    """How far the output of a channel without weights is from zero, if it is in int8."""
    sum_ = int(wrap_int32(np.array([bias], np.int64))[0])
    found = multiply_by_quantized_multiplier(sum_, int(multiplier), int(shift))
    return int(np.clip(found, -128 - zero_point, 127 - zero_point))


def kernel(inputs: int, how: Requantisation) -> str:
    """Which of the ``eg_multiply`` kernels is the fastest: the stem of its source."""
    length = "short" if inputs <= _SHORT_CHUNKS * CHUNK else "long"
    return f"{length}_relu" if how.is_relu else length


def pack(weights: _Int64, how: Requantisation) -> npt.NDArray[np.int32]:
    """The stream of an ``eg_matmul_mve`` for convolutions.

    Args:
        weights: [channels][inputs] of int8.
    """
    order = np.arange(LANES)
    return _blocks(weights, how, order, np.tile(order, 2))


def pack_fully_connected(weights: _Int64, how: Requantisation) -> npt.NDArray[np.int32]:
    """The stream of an ``eg_matmul_mve`` for a fully connected layer."""
    order = np.concatenate([np.arange(0, 2 * LANES, 2), np.arange(1, 2 * LANES, 2)])
    return _blocks(weights, how, order, order)


def _blocks(
    weights: _Int64, how: Requantisation, order: _Int64, biases: _Int64
) -> npt.NDArray[np.int32]:
    """All blocks, with the channels of each in this order, and its biases in that one."""
    channels, inputs = weights.shape
    more = -channels % len(order)
    filled = np.pad(weights, ((0, more), (0, -inputs % CHUNK))).astype(np.int8)
    # [block][channel][chunk][input] -> [block][chunk][channel][input]
    chunks = filled.reshape(-1, len(order), filled.shape[1] // CHUNK, CHUNK)[:, order]
    words = np.ascontiguousarray(chunks.transpose(0, 2, 1, 3)).reshape(len(chunks), -1)
    bias, multiplier, shift = (
        np.pad(values, (0, more)).reshape(len(chunks), -1)
        for values in (how.bias, how.multiplier, how.shift)
    )
    # [block][vector][multipliers, shifts][lane]
    scaling = np.stack([multiplier[:, order], shift[:, order]], axis=1)
    scaling = scaling.reshape(len(chunks), 2, -1, LANES).transpose(0, 2, 1, 3)
    parts = [bias[:, biases], words.view("<i4"), scaling.reshape(len(chunks), -1)]
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)
