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

_LARGEST_BIAS = 1 << 46  # leaves as much to the products: 64-bit sums are rescaled below 2^47


def output_s16(
    bias: Tensor | None,
    channels: int,
    has_int32_sums: bool,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> tuple[tuple[tuple[str, Field], ...], tuple[Constant, ...]]:
    """The initialisers of an ``eg_output_s16`` member named ``output``, and their constants.

    Args:
        has_int32_sums: Whether a layer without a bias adds up in 32 bits.
        real_multipliers: What takes a channel's sum to the output's scale; one for all
            channels or one for each.
    """
    narrow = is_narrow(bias, has_int32_sums)
    if narrow:
        multiplier, shift = quantize_multipliers(real_multipliers)
    else:
        pairs = [wide_multiplier(real) for real in real_multipliers]
        multiplier = np.array([m for m, _ in pairs], np.int32)
        shift = np.array([shift for _, shift in pairs], np.int8)
    low, high = quantized_range(activation, output)
    values: npt.NDArray[np.generic] = np.zeros(channels, np.int64)
    if bias is not None:
        values = constant(bias).astype(np.int64)
    fields = (
        ("output.bias", Ref("bias")),
        ("output.multiplier", Ref("multiplier")),
        ("output.shift", Ref("shift")),
        ("output.multiplier_step", 1 if len(multiplier) > 1 else 0),
        ("output.is_narrow", int(narrow)),
        ("output.activation_min", low),
        ("output.activation_max", high),
    )
    constants = (
        Constant("bias", values),
        Constant("multiplier", multiplier),
        Constant("shift", shift),
    )
    return fields, constants


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
