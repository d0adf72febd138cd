"""Quantisation parameters, computed as TensorFlow Lite Micro computes them on the device.

What TFLM works out when it starts, edgegen works out when it generates the code, in the
same float32 and float64 steps: a parameter that differs in its last bit would show.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edgegen.model import Activation, DType, Tensor

FLT_MAX = float(np.finfo(np.float32).max)

_RANGE = {DType.INT8: (-128, 127), DType.INT16: (-32768, 32767)}


def round_half_away(value: float) -> int:
    """The nearest integer, ties away from zero: C's round(), not Python's."""
    return math.floor(value + 0.5) if value >= 0 else -math.floor(-value + 0.5)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Split a real multiplier into (m, shift): real = m * 2^(shift - 31).

    Returns:
        m in [2^30, 2^31), or 0 for a multiplier below 2^-32, and the exponent.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    significand = round_half_away(fraction * (1 << 31))
    if significand == 1 << 31:
        significand //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return significand, shift


def quantize_multipliers(
    reals: list[float],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    """`quantize_multiplier` over channels: significands and exponents."""
    pairs = [quantize_multiplier(real) for real in reals]
    return (
        np.array([m for m, _ in pairs], dtype=np.int32),
        np.array([shift for _, shift in pairs], dtype=np.int8),
    )


def wide_multiplier(real: float) -> tuple[int, int]:
    """Split a real multiplier of 64-bit sums into (m, shift): real = m * 2^(shift - 15).

    Returns:
        m in [2^14, 2^15), as TFLM rounds it from the 31 bits of `quantize_multiplier`.
    """
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def quantized_range(activation: Activation, output: Tensor) -> tuple[int, int]:
    """Smallest and largest integer that a fused activation lets through."""
    low, high = _RANGE[output.dtype]
    bounds = {
        Activation.NONE: (None, None),
        Activation.RELU: (0.0, None),
        Activation.RELU6: (0.0, 6.0),
        Activation.RELU_N1_TO_1: (-1.0, 1.0),
    }[activation]
    if bounds[0] is not None:
        low = max(low, _quantize(bounds[0], output))
    if bounds[1] is not None:
        high = min(high, _quantize(bounds[1], output))
    return low, high


def float_range(activation: Activation) -> tuple[float, float]:
    """Smallest and largest float that a fused activation lets through.

    Where there is no bound TFLM clamps to the largest finite float, and so do we.
    """
    return {
        Activation.NONE: (-FLT_MAX, FLT_MAX),
        Activation.RELU: (0.0, FLT_MAX),
        Activation.RELU6: (0.0, 6.0),
        Activation.RELU_N1_TO_1: (-1.0, 1.0),
    }[activation]


def wrap_int32(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Reduce modulo 2^32, as the device's sums do."""
    return values.astype(np.uint32).view(np.int32)


def _quantize(real: float, tensor: Tensor) -> int:
    ratio = np.float32(real) / np.float32(tensor.scale)
    return tensor.zero_point + round_half_away(float(ratio))


def rounding_doubling_high_mul(a: int, b: int) -> int:
    """round(a * b / 2^31), ties upwards: the product of two Q31 numbers."""
    if a == b == -(1 << 31):
        return (1 << 31) - 1
    return (a * b + (1 << 30)) >> 31


def rounding_divide_by_pot(x: int, exponent: int) -> int:
    """round(x / 2^exponent), ties away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if (x & mask) > threshold else 0)


def multiply_by_quantized_multiplier(x: int, multiplier: int, shift: int) -> int:
    """x * multiplier * 2^(shift - 31), rounded twice, as eg_multiply_by_quantized_multiplier."""
    raised = _wrap(x << max(shift, 0))
    return rounding_divide_by_pot(rounding_doubling_high_mul(raised, multiplier), max(-shift, 0))


def _wrap(x: int) -> int:
    """Reduce modulo 2^32 into the range of int32."""
    return ((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
