"""How the DSP kernels requantise (edgegen/nn/dsp/requantize.h): prepared, and proved exact."""

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
from edgegen.model import Activation, Tensor

_Int64 = npt.NDArray[np.int64]

SUM_LIMIT = 1 << 30
"""Sums stay below this in magnitude, so that doubled ones are int32."""

SHIFTS = range(1, 23)
"""Right shifts whose rounding constant, with a product of less than 2^30, is an int32."""


@dataclass(frozen=True, slots=True)
class Requantisation:
    """One entry per output channel; all that a kernel needs.

    Attributes:
        doubled_bias: 2 * bias, the input's zero point folded in.
        multiplier: Q31.
        constant: 2^(shift-1) + zero_point * 2^shift.
        shift: To the right, in 1..22.
    """

    doubled_bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    constant: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int32]

    def rows(self) -> npt.NDArray[np.int32]:
        """[channels][4], as ``eg_requantize_dsp``."""
        return np.stack([self.doubled_bias, self.multiplier, self.constant, self.shift], axis=1)


def requantisation(
    bias: _Int64,
    weight_sums: _Int64,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> Requantisation | str:
    """The parameters, or why the DSP kernels would not be exact.

    Args:
        bias: Of every channel, the input's zero point folded in, not wrapped.
        weight_sums: Of the magnitudes of every channel's weights: with 128 they bound the sum.
        real_multipliers: One for all channels or one for each.
    """
    if quantized_range(activation, output) != (-128, 127):
        return "its activation cuts off a part of int8."
    multiplier, exponent = (
        np.broadcast_to(values, len(bias)).astype(np.int64)
        for values in quantize_multipliers(real_multipliers)
    )
    # A multiplier of 0 gives 0 whatever the shift is.
    shift = np.where(multiplier == 0, 1, -exponent)
    bias = bias.copy()
    for channel in np.flatnonzero(weight_sums == 0):
        step = _steps(bias[channel], multiplier[channel], exponent[channel], output.zero_point)
        bias[channel], multiplier[channel], shift[channel] = 4 * step, 1 << 30, 1
    if (np.abs(bias) + 128 * weight_sums >= SUM_LIMIT).any():
        return "its sums may reach 2^30."
    if not ((shift >= SHIFTS.start) & (shift < SHIFTS.stop)).all():
        return "one of its multipliers is 1/2 or more, or below 2^-23."
    constant = (2 * output.zero_point + 1) << (shift - 1)
    parameters = (2 * bias, multiplier, constant, shift)
    return Requantisation(*(values.astype(np.int32) for values in parameters))


def _steps(bias: int, multiplier: int, exponent: int, zero_point: int) -> int:
    """How far the output of a channel without weights, the same always, is from zero."""
    sum_ = int(wrap_int32(np.array([bias], np.int64))[0])
    found = multiply_by_quantized_multiplier(sum_, int(multiplier), int(exponent))
    return int(np.clip(found, -128 - zero_point, 127 - zero_point))
