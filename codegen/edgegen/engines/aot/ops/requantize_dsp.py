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
from edgegen.engines.aot.ops.step_function import Reference, first_sums
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
        step = constant_steps(
            bias[channel], multiplier[channel], exponent[channel], output.zero_point
        )
        bias[channel], multiplier[channel], shift[channel] = 4 * step, 1 << 30, 1
    if (np.abs(bias) + 128 * weight_sums >= SUM_LIMIT).any():
        return "its sums may reach 2^30."
    if not ((shift >= SHIFTS.start) & (shift < SHIFTS.stop)).all():
        return "one of its multipliers is 1/2 or more, or below 2^-23."
    constant = (2 * output.zero_point + 1) << (shift - 1)
    parameters = (2 * bias, multiplier, constant, shift)
    return Requantisation(*(values.astype(np.int32) for values in parameters))


def constant_steps(bias: int, multiplier: int, exponent: int, zero_point: int) -> int:
    """How far the output of a channel without weights, the same always, is from zero."""
    sum_ = int(wrap_int32(np.array([bias], np.int64))[0])
    found = multiply_by_quantized_multiplier(sum_, int(multiplier), int(exponent))
    return int(np.clip(found, -128 - zero_point, 127 - zero_point))


FITTED_SHIFT = 12
"""EG_FITTED_DSP_SHIFT"""

_SCALE = 256
"""By which fitted sums are multiplied."""

_LARGEST_SUM = (1 << 31) // _SCALE - _SCALE
"""Whose product with the scale and a bias are an int32."""

_ATTEMPTS = tuple((m, c) for m in (0, 1, -1, 2, -2, 3, -3, 4, -4) for c in (0, 1, -1, 2, -2, 3, -3))
"""What is added to the multiplier and the constant until every step lies where it should."""

_FIRST_ATTEMPTS = 7
"""After which most channels have been placed, or multipliers are too small to do it."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """One entry per output channel of saturate(((256 * sum + bias) * multiplier / 2^32 + constant)
    >> FITTED_SHIFT), the sum without its bias."""

    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    constant: npt.NDArray[np.int32]


@dataclass(slots=True)
class _Candidate:
    """``bias`` is what is added to 256 * the sum that has its own bias already."""

    bias: _Int64
    multiplier: _Int64
    constant: _Int64

    def __call__(self, sums: _Int64) -> _Int64:
        """Outputs; sums have shape [channels][any number]."""
        scaled = _SCALE * sums + self.bias[:, None]
        high = (scaled * self.multiplier[:, None]) >> 32
        found: _Int64 = np.clip((high + self.constant[:, None]) >> FITTED_SHIFT, -128, 127)
        return found


def fitted(
    bias: _Int64,
    weights: _Int64,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> Fitted | None:
    """Constants whose outputs equal the reference's for every input, or None if some channel has
    none.

    Args:
        bias: Of every channel, the input's zero point folded in, not wrapped.
        weights: [channels][inputs].
        real_multipliers: One for all channels or one for each.
    """
    if output.zero_point != -128 or quantized_range(activation, output) != (-128, 127):
        return None
    low = bias + np.minimum(-128 * weights, 127 * weights).sum(axis=1)
    high = bias + np.maximum(-128 * weights, 127 * weights).sum(axis=1)
    multiplier, shift = (
        np.broadcast_to(values, len(bias)).astype(np.int64)
        for values in quantize_multipliers(real_multipliers)
    )
    if shift.max() > 0:
        return None
    found = _search(Reference(multiplier, shift, -128, -128, 127), low, high)
    if found is None:
        return None
    own = np.where(found.multiplier == 0, 0, wrap_int32(_SCALE * bias + found.bias))
    parameters = (own, found.multiplier, found.constant)
    return Fitted(*(values.astype(np.int32) for values in parameters))


def _search(reference: Reference, low: _Int64, high: _Int64) -> _Candidate | None:
    steps = first_sums(reference, low, high)
    sums = np.concatenate([low[:, None], high[:, None], steps, steps - 1], axis=1)
    sums = np.clip(sums, low[:, None], high[:, None])
    expected = reference(sums)
    found = _Candidate(np.zeros_like(low), np.zeros_like(low), expected[:, 0] << FITTED_SHIFT)
    # That is right where nothing changes; elsewhere constants are searched.
    left = np.flatnonzero((found(sums) != expected).any(axis=1))
    right = FITTED_SHIFT + reference.shift
    exact = np.floor(reference.multiplier * np.exp2(right + 1.0) / _SCALE).astype(np.int64)
    fits = (exact < (1 << 31) - 8) & (np.maximum(abs(low), abs(high)) < _LARGEST_SUM)
    if not fits[left].all():
        return None
    # The halves that both of the reference's roundings add: 1/2 of its last place, and of the
    # high product's, which counts less by 2^-(right).
    halves = (2 * -128 + 1 << FITTED_SHIFT - 1) + np.floor(np.exp2(right - 1.0)).astype(np.int64)
    taken = (steps > low[:, None]) & (steps <= high[:, None])
    for number, (more, extra) in enumerate(_ATTEMPTS):
        if number == _FIRST_ATTEMPTS and 2 * len(left) > len(low):
            break
        multiplier = np.maximum(exact[left] + more, 1)
        tried = _Candidate(np.zeros_like(left), multiplier, halves[left] + extra)
        tried.bias = _middle(tried, steps[left], taken[left])
        same = (tried(sums[left]) == expected[left]).all(axis=1)
        for name in tried.__slots__:
            getattr(found, name)[left[same]] = getattr(tried, name)[same]
        left = left[~same]
        if len(left) == 0:
            return found
    return found if len(left) == 0 else None


def _middle(tried: _Candidate, steps: _Int64, taken: npt.NDArray[np.bool_]) -> _Int64:
    """Of the biases that put all steps right, or of what comes nearest."""
    levels = np.arange(-127, 128, dtype=np.int64)
    needed = ((levels << FITTED_SHIFT) - tried.constant[:, None]) << 32
    needed = -(-needed // tried.multiplier[:, None]) - _SCALE * steps
    least = np.where(taken, needed, -_SCALE).max(axis=1)
    most = np.where(taken, needed, _SCALE).min(axis=1) + _SCALE - 1
    bias: _Int64 = np.clip((least + most) >> 1, 1 - _SCALE, _SCALE - 1)
    return bias
