"""The last step of layers with int16 activations and int8 weights, described for the runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import (
    quantize_multipliers,
    quantized_range,
    wide_multiplier,
)
from edgegen.engines.aot.ops.common import constant, huge_multiplier
from edgegen.engines.aot.program import Constant, Field, Ref
from edgegen.model import Activation, DType, Tensor

_Int64s = npt.NDArray[np.int64]

_ALWAYS_WITHIN_INT32 = 511  # products of an int16 and an int8, 2^22 each
_LARGEST_BIAS = 1 << 46  # leaves as much to the products: 64-bit sums are rescaled below 2^47


def output_s16(
    bias: Tensor | None,
    weight_sums: _Int64s,
    has_int32_sums: bool,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> tuple[tuple[tuple[str, Field], ...], tuple[Constant, ...]]:
    """The initialisers of an ``eg_output_s16`` member named ``output``, and their constants.

    Args:
        weight_sums: Of the magnitudes of every channel's weights.
        has_int32_sums: Whether a layer without a bias adds up in 32 bits.
        real_multipliers: What takes a channel's sum to the output's scale; one for all
            channels or one for each.
    """
    values = np.zeros(len(weight_sums), np.int64)
    if bias is not None:
        values = constant(bias).astype(np.int64)
    rounding, multipliers, shifts = "EG_ROUND_WIDE", *_wide(real_multipliers)
    if is_narrow(bias, has_int32_sums):
        rounding, multipliers, shifts = "EG_ROUND_TWICE", *quantize_multipliers(real_multipliers)
    elif fits_upper_word(values, weight_sums, real_multipliers):
        rounding, multipliers = "EG_ROUND_UPPER_WORD", upper_multipliers(real_multipliers)
    low, high = quantized_range(activation, output)
    has_shift = rounding != "EG_ROUND_UPPER_WORD"
    fields = (
        ("output.bias", Ref("bias")),
        ("output.multiplier", Ref("multiplier")),
        ("output.shift", Ref("shift") if has_shift else "NULL"),
        ("output.multiplier_step", 1 if len(multipliers) > 1 else 0),
        ("output.rounding", rounding),
        ("output.products", products_within_int32(weight_sums)),
        ("output.activation_min", low),
        ("output.activation_max", high),
    )
    constants = [Constant("bias", values), Constant("multiplier", multipliers)]
    if has_shift:
        constants.append(Constant("shift", shifts))
    return fields, tuple(constants)


def products_within_int32(weight_sums: _Int64s) -> int:
    """How many products of one channel always add up within int32."""
    if (32768 * weight_sums < 2**31).all():
        return 2**31 - 1
    return _ALWAYS_WITHIN_INT32


def fits_upper_word(bias: _Int64s, weight_sums: _Int64s, real_multipliers: list[float]) -> bool:
    """Whether 32 bits hold the sums, and the upper word of a product their outputs."""
    if (np.abs(bias) + 32768 * weight_sums >= 2**31).any():
        return False
    shifts = [wide_multiplier(real)[1] for real in real_multipliers]
    return -17 <= min(shifts) <= max(shifts) <= -1


def upper_multipliers(real_multipliers: list[float]) -> npt.NDArray[np.int32]:
    """With shifts as `fits_upper_word` wants them: m * 2^(17 + shift)."""
    pairs = [wide_multiplier(real) for real in real_multipliers]
    return np.array([m << (17 + shift) for m, shift in pairs], np.int32)


def _wide(
    real_multipliers: list[float],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    pairs = [wide_multiplier(real) for real in real_multipliers]
    return (
        np.array([m for m, _ in pairs], np.int32),
        np.array([shift for _, shift in pairs], np.int8),
    )


def refuse_sums(
    bias: Tensor | None, has_int32_sums: bool, real_multipliers: list[float]
) -> str | None:
    """A refusal: sums and multipliers must stay within what fixed_point.h can express."""
    if is_narrow(bias, has_int32_sums):
        return huge_multiplier(real_multipliers)
    if bias is not None and np.abs(constant(bias).astype(np.float64)).max() >= _LARGEST_BIAS:
        return "its bias is too large for a sum of 48 bits."
    return refuse_wide_multiplier(real_multipliers)


def refuse_wide_multiplier(real_multipliers: list[float]) -> str | None:
    """A refusal of multipliers that TFLM does not allow for 64-bit sums."""
    if max(wide_multiplier(real)[1] for real in real_multipliers) > 7:
        return "its output scale is too small for the scales of its inputs."
    return None


def is_narrow(bias: Tensor | None, has_int32_sums: bool) -> bool:
    """As TFLM decides it: by the bias if there is one."""
    return has_int32_sums if bias is None else bias.dtype is DType.INT32
