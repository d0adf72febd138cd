"""runtime_c from Python: the very C that generated projects embed.

What a host script computes here (quantised inputs, dequantised outputs) is what the
device computes, to the bit. Formulas and rounding: runtime_c/include/edgegen/quantize.h.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen import _native
from edgegen._native import Stopwatch, clock_ns

__all__ = ["Stopwatch", "clock_ns", "dequantize", "quantize"]


def quantize(
    values: npt.NDArray[np.float32], scale: float, zero_point: int
) -> npt.NDArray[np.int8]:
    """Quantises float32 values of any shape to int8.

    Args:
        values: float32; other dtypes are a TypeError, since a silent cast could round.
        scale: Finite and above 0; used as a float32.
        zero_point: -128 to 127.

    Returns:
        clamp(round(values / scale) + zero_point), ties away from zero, NaN at the zero
        point, in the shape of ``values``.

    Raises:
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    _require(values, np.dtype(np.float32))
    return _native.quantize(np.ascontiguousarray(values).reshape(values.shape), scale, zero_point)


def dequantize(
    values: npt.NDArray[np.int8], scale: float, zero_point: int
) -> npt.NDArray[np.float32]:
    """Turns int8 values of any shape into float32: scale * (values - zero_point).

    Raises:
        TypeError: ``values`` is not int8.
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    _require(values, np.dtype(np.int8))
    return _native.dequantize(np.ascontiguousarray(values).reshape(values.shape), scale, zero_point)


def _require(values: npt.NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
    if values.dtype != dtype:
        raise TypeError(f"expected an array of {dtype}, got {values.dtype}")
