"""The last step of int8 convolutions and fully connected layers, described for the runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multipliers, quantized_range
from edgegen.engines.aot.program import Constant, Field, Ref
from edgegen.model import Activation, Tensor


def output_s8(
    bias: npt.NDArray[np.int32],
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> tuple[tuple[tuple[str, Field], ...], tuple[Constant, ...]]:
    """The initialisers of an ``eg_output_s8`` member named ``output``, and their constants.

    Args:
        real_multipliers: What takes a channel's sum to the output's scale; one for all
            channels or one for each.
    """
    multiplier, shift = quantize_multipliers(real_multipliers)
    low, high = quantized_range(activation, output)
    fields = (
        ("output.bias", Ref("bias")),
        ("output.multiplier", Ref("multiplier")),
        ("output.shift", Ref("shift")),
        ("output.multiplier_step", 1 if len(multiplier) > 1 else 0),
        ("output.zero_point", output.zero_point),
        ("output.activation_min", low),
        ("output.activation_max", high),
    )
    constants = (
        Constant("bias", bias),
        Constant("multiplier", multiplier),
        Constant("shift", shift),
    )
    return fields, constants
