"""exp, logistic and tanh in Q31 fixed point, as gemmlowp computes them for TFLM.

A number in Qm has m integer bits and 31 - m fractional bits: raw = round(x * 2^(31 - m)).
The integer steps, and so the last bits, are those of gemmlowp's fixedpoint.h; only tables
are made from them, so nothing here has to be fast.
"""

from __future__ import annotations

from edgegen.engines.aot.fixed_point import rounding_divide_by_pot, rounding_doubling_high_mul

_MAX = (1 << 31) - 1
_MIN = -(1 << 31)

_EXP_MINUS_ONE_EIGHTH = 1895147668  # exp(-1/8) in Q0
_ONE_THIRD = 715827883  # in Q0
_EXP_MINUS_POWERS = (  # (k, exp(-2^k) in Q0)
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
_48_OVER_17 = 1515870810  # in Q2; with the next, Newton's first guess of 1/d for d in [1/2, 1]
_MINUS_32_OVER_17 = -1010580540  # in Q2
_ONE_Q2 = 1 << 29


def exp_on_negative_values(raw: int, integer_bits: int) -> int:
    """exp(x) in Q0 for x <= 0 in Q``integer_bits``.

    exp of the remainder modulo 1/4 by a Taylor series, times exp(-2^k) for each bit above.
    """
    if raw == 0:
        return _MAX
    fractional_bits = 31 - integer_bits
    if integer_bits > 5 and raw < -(1 << (36 - integer_bits)):
        return 0  # x < -32
    quarter = 1 << (fractional_bits - 2)
    remainder = (raw & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_zero(_saturating_shift_left(remainder, integer_bits))
    whole = remainder - raw
    for exponent, factor in _EXP_MINUS_POWERS:
        if integer_bits > exponent and whole & (1 << (fractional_bits + exponent)):
            result = rounding_doubling_high_mul(result, factor)
    return result


def logistic(raw: int, integer_bits: int) -> int:
    """1 / (1 + exp(-x)) in Q0."""
    if raw == 0:
        return 1 << 30
    positive = one_over_one_plus(exp_on_negative_values(-abs(raw), integer_bits))
    return positive if raw > 0 else _MAX - positive


def tanh(raw: int, integer_bits: int) -> int:
    """tanh(x) in Q0, as (1 - exp(-2x)) / (1 + exp(-2x))."""
    if raw == 0:
        return 0
    exponential = exp_on_negative_values(-abs(raw), integer_bits + 1)
    magnitude = _saturating_shift_left(_two_over_one_plus(exponential) - _ONE_Q2, 2)
    return magnitude if raw > 0 else -magnitude


def one_over_one_plus(raw: int) -> int:
    """1 / (1 + x) in Q0 for x in [0, 1] in Q0."""
    # Half of what _two_over_one_plus gives: its Q2 result read as Q1.
    return _saturating_shift_left(_two_over_one_plus(raw), 1)


def _two_over_one_plus(raw: int) -> int:
    """2 / (1 + x) in Q2 by three Newton steps on the half denominator d = (1 + x) / 2."""
    half_denominator = (raw + _MAX + 1) >> 1
    x = _48_OVER_17 + rounding_doubling_high_mul(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        error = _ONE_Q2 - rounding_doubling_high_mul(half_denominator, x)
        x += _saturating_shift_left(rounding_doubling_high_mul(x, error), 2)
    return x


def _exp_between_minus_quarter_and_zero(raw: int) -> int:
    """exp(x) in Q0 for x in [-1/4, 0) in Q0: four terms of the series around -1/8."""
    x = raw + (1 << 28)
    x2 = rounding_doubling_high_mul(x, x)
    x3 = rounding_doubling_high_mul(x2, x)
    x4_over_4 = rounding_divide_by_pot(rounding_doubling_high_mul(x2, x2), 2)
    cubic_and_quartic = rounding_doubling_high_mul(x4_over_4 + x3, _ONE_THIRD)
    series = x + rounding_divide_by_pot(cubic_and_quartic + x2, 1)
    return _EXP_MINUS_ONE_EIGHTH + rounding_doubling_high_mul(_EXP_MINUS_ONE_EIGHTH, series)


def _saturating_shift_left(raw: int, exponent: int) -> int:
    return max(_MIN, min(_MAX, raw << exponent))
