"""1 / sqrt(n) of an integer in fixed point, as TFLM computes it.

The integer steps, and so the last bits, are those of TFLM's GetInvSqrtQuantizedMultiplierExp;
eg_run_l2_normalization_s8 takes the same ones on the device.
"""

from __future__ import annotations

from edgegen.engines.aot.fixed_point import rounding_divide_by_pot, rounding_doubling_high_mul

_HALF_SQRT_2 = 1518500250  # in Q0
_THREE_HALVES = (1 << 28) + (1 << 27)  # in Q3
_MAX = (1 << 31) - 1


def inverse_sqrt(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as significand and exponent; that of 0 is taken for 1's."""
    if value <= 1:
        return _MAX, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    while value < 1 << 27:
        value *= 4
        shift -= 1
    root = rounding_doubling_high_mul(_inverse_sqrt_q3(value >> 1), _HALF_SQRT_2)
    return (root << -shift, 0) if shift < 0 else (root, -shift)


def _inverse_sqrt_q3(x: int) -> int:
    """Five Newton steps from 1, for x in [1/4, 1], all in Q3."""
    half, root = rounding_divide_by_pot(x, 1), 1 << 28
    for _ in range(5):
        square = rounding_doubling_high_mul(root, root)
        cube = _saturate(rounding_doubling_high_mul(square, root) << 6)
        step = rounding_doubling_high_mul(_THREE_HALVES, root)
        root = _saturate((step - rounding_doubling_high_mul(half, cube)) << 3)
    return root


def _saturate(value: int) -> int:
    return max(-_MAX - 1, min(_MAX, value))
