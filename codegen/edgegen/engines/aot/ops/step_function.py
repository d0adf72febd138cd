"""Requantisation as a staircase: which sums give which int8, and a cheaper one that equals it.

Both the reference's requantisation and a kernel's never fall as the sum rises. Two such functions
are equal on a range if they agree at its ends and on both sides of every step of one of them: a
few hundred sums prove it for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

_SUM_LIMIT = 1 << 31
_LARGEST_WEIGHT_SHIFT = 14
_MOST_SIGNED_SHIFT = 14
"""With 8 more a constant of 255 steps is an int32."""


@dataclass(frozen=True, slots=True)
class Reference:
    """eg_requantize of every channel, with shift <= 0."""

    multiplier: Int64
    shift: Int64
    zero_point: int
    low: int
    high: int

    def __call__(self, sums: Int64) -> Int64:
        """Outputs; sums have shape [channels][any number]."""
        right = -self.shift[:, None]
        product = (sums * self.multiplier[:, None] + (1 << 30)) >> 31
        mask = (np.int64(1) << right) - 1
        threshold = (mask >> 1) + (product < 0)
        rounded = (product >> right) + ((product & mask) > threshold)
        found: Int64 = np.clip(rounded + self.zero_point, self.low, self.high)
        return found


@dataclass(slots=True)
class Scaled:
    """saturate(((sum * 2^weight_shift + bias) * multiplier / 2^32 + constant) >> right), where
    ``bias`` holds only what is added to the scaled sum to make it so."""

    right: int
    weight_shift: Int64
    bias: Int64
    multiplier: Int64
    constant: Int64

    def __call__(self, sums: Int64) -> Int64:
        """Outputs; sums have shape [channels][any number]."""
        scaled = (sums << self.weight_shift[:, None]) + self.bias[:, None]
        high = (scaled * self.multiplier[:, None]) >> 32
        found: Int64 = np.clip((high + self.constant[:, None]) >> self.right, -128, 127)
        return found


@dataclass(slots=True)
class Signed:
    """``scaled = sum * factor + bias`` requantised with a step at 0:

    output = saturate((scaled * multiplier / 2^32 + constant - (256 if scaled < 0)) >> shift)

    which is what rounding ties away from zero takes. ``constant`` has 128 in it that is
    subtracted after saturating to 0..255.
    """

    factor: int
    bias: Int64
    multiplier: Int64
    constant: Int64
    shift: Int64

    def __call__(self, sums: Int64) -> Int64:
        """Outputs; sums have shape [channels][any number]."""
        found: Int64 = np.clip(self.unsaturated(sums), 0, 255) - 128
        return found

    def unsaturated(self, sums: Int64) -> Int64:
        """What is saturated to 0..255."""
        scaled = sums * self.factor + self.bias[:, None]
        high = (scaled * self.multiplier[:, None]) >> 32
        found: Int64 = (high + self.constant[:, None] - 256 * (scaled < 0)) >> self.shift[:, None]
        return found


def first_sums(reference: Reference, low: Int64, high: Int64) -> Int64:
    """The smallest sum that gives at least -127, -126, ..., 127: [channels][255].

    Where no sum in low..high does it is high + 1.
    """
    levels = np.arange(-127, 128)
    below = np.repeat(low[:, None] - 1, len(levels), axis=1)  # known not to reach the level
    reaching = np.repeat(high[:, None] + 1, len(levels), axis=1)  # known to, or outside
    while (reaching - below > 1).any():
        middle = (below + reaching) >> 1
        reached = reference(middle) >= levels
        reaching = np.where(reached & (reaching - below > 1), middle, reaching)
        below = np.where(~reached & (reaching - below > 1), middle, below)
    return reaching


def fit(reference: Reference, low: Int64, high: Int64, weights: Int64, right: int) -> Scaled | None:
    """A staircase of one common right shift that equals the reference for all sums low..high.

    Args:
        low: Of every channel, with the bias in it; ``high`` likewise.
        weights: The largest w or ~w of every channel's weights, which are scaled too and stay
            int16.
        right: The common shift.
    """
    found = _constants(reference, low, high, right)
    steps = first_sums(reference, low, high)
    done = _equal(reference, found, low, high, steps)
    for weight_shift in range(_LARGEST_WEIGHT_SHIFT, 0, -1):
        for extra in (0, 1):
            if done.all():
                return found
            tried = _candidate(reference, steps, low, high, right, weight_shift, extra)
            fits = (weights << weight_shift) < 1 << 15
            fits &= np.maximum(abs(low), abs(high)) < (_SUM_LIMIT >> weight_shift) - (1 << 10)
            fits &= (tried.multiplier > 0) & (tried.multiplier < 1 << 31)
            better = ~done & fits & _equal(reference, tried, low, high, steps)
            for name in ("weight_shift", "bias", "multiplier", "constant"):
                values = np.where(better, getattr(tried, name), getattr(found, name))
                setattr(found, name, values)
            done |= better
    return found if done.all() else None


def fit_signed(reference: Reference, low: Int64, high: Int64, factor: int) -> Signed | None:
    """A staircase with a step at 0 that equals the reference for all sums low..high, and whose
    unsaturated outputs are int16 as its scaled sums are int32.

    Args:
        low: Of every channel, with the bias in it; ``high`` likewise.
        factor: More than 512, so that multipliers are int32.
    """
    if max(abs(low).max(), abs(high).max()) * factor + factor >= _SUM_LIMIT:
        return None
    same = low == high  # always one output, whatever the multiplier is
    right = np.where(same, 1, -reference.shift)
    if (right < 1).any() or (right > _MOST_SIGNED_SHIFT).any():
        return None
    shift = right + 8
    constant = ((2 * (reference.zero_point + 128) + 1) << (shift - 1)) + (1 << 7)
    only = reference(low[:, None])[:, 0]
    constant = np.where(same, ((only + 128) << shift) + (1 << 8), constant)
    steps = first_sums(reference, low, high)
    inside = (steps > low[:, None]) & (steps <= high[:, None])
    zeros = np.zeros_like(low)
    found = Signed(factor, zeros, zeros, constant, shift)
    done = same.copy()
    for extra in (0, 1):
        multiplier = reference.multiplier * 512 // factor + extra
        wanted = ((np.arange(1, 256) << shift[:, None]) - constant[:, None]) << 32
        # The first sum of a step reaches the level, the one before it does not.
        reached, missed = (
            -(-(wanted + np.where(is_negative, 1 << 40, 0)) // np.maximum(multiplier, 1)[:, None])
            - steps * factor
            for is_negative in (steps < 0, steps <= 0)
        )
        least = np.where(inside, reached, -factor).max(axis=1)
        most = np.where(inside, missed, factor).min(axis=1) + factor - 1
        bias = np.clip((least + most) >> 1, -factor, factor)
        tried = Signed(factor, bias, multiplier, constant, shift)
        better = ~done & _equal(reference, tried, low, high, steps)
        found.bias = np.where(better, bias, found.bias)
        found.multiplier = np.where(better, multiplier, found.multiplier)
        done |= better
    ends = found.unsaturated(np.stack([low, high], axis=1))
    return found if done.all() and abs(ends).max() < 1 << 15 else None


def _constants(reference: Reference, low: Int64, high: Int64, right: int) -> Scaled:
    """Right for channels whose output never changes."""
    zeros = np.zeros_like(low)
    return Scaled(right, zeros, zeros, zeros, reference(low[:, None])[:, 0] << right)


def _candidate(
    reference: Reference,
    steps: Int64,
    low: Int64,
    high: Int64,
    right: int,
    weight_shift: int,
    extra: int,
) -> Scaled:
    """Scaled by 2^weight_shift, with the bias in the middle of those that put all steps right."""
    # Clipped, so that what does not fit is still an int64; `fit` sees that it does not.
    exponent = np.clip(right + reference.shift - weight_shift + 1, -40, 30)
    exact = reference.multiplier.astype(np.float64) * np.exp2(exponent.astype(np.float64))
    multiplier = np.clip(np.floor(exact).astype(np.int64) + extra, 1, (1 << 31) - 1)
    # The halves that both of the reference's roundings add: 1/2 of its last place, and of the
    # high product's, which counts less by 2^-(right + shift).
    half = np.where(
        right + reference.shift > 0, np.int64(1) << np.clip(right + reference.shift - 1, 0, 30), 0
    )
    constant = (1 << (right - 1)) + (reference.zero_point << right) + half
    levels = np.arange(-127, 128, dtype=np.int64)
    products = ((levels << right) - constant[:, None]) << 32
    needed = -(-products // multiplier[:, None]) - (steps << weight_shift)
    inside = (steps > low[:, None]) & (steps <= high[:, None])
    least = np.where(inside, needed, -(1 << 40)).max(axis=1)
    most = np.where(inside, needed, 1 << 40).min(axis=1) + (1 << weight_shift) - 1
    bias = np.where(inside.any(axis=1), (least + most) >> 1, 0)
    limit = (1 << 10) - 1
    return Scaled(
        right,
        np.full_like(low, weight_shift),
        np.clip(bias, -limit, limit),
        multiplier,
        constant,
    )


def _equal(
    reference: Reference, scaled: Scaled | Signed, low: Int64, high: Int64, steps: Int64
) -> npt.NDArray[np.bool_]:
    """Whether a channel's staircases are the same: compared at the ends and at every step."""
    ends = np.stack([low, high], axis=1)
    sums = np.concatenate([ends, steps, steps - 1], axis=1)
    sums = np.clip(sums, low[:, None], high[:, None])
    same: npt.NDArray[np.bool_] = (reference(sums) == scaled(sums)).all(axis=1)
    return same
