"""Fitted constants: for every sum that can come they give TensorFlow Lite Micro's output."""

from __future__ import annotations

import numpy as np
import pytest

from edgegen.engines.aot.fixed_point import multiply_by_quantized_multiplier, quantize_multipliers
from edgegen.engines.aot.ops.requantize_dsp import FITTED_SHIFT, Fitted, fitted
from edgegen.model import Activation, DType, Quant, Tensor


def _output(zero_point: int, scale: float = 1.0) -> Tensor:
    return Tensor("output", DType.INT8, (1, 1), Quant((scale,), (zero_point,), 0))


def _kernel(found: Fitted, channel: int, sums: np.ndarray) -> np.ndarray:
    """As eg_requantize_fitted: sums without the bias, in wrapping int32."""
    scaled = (256 * sums + found.bias[channel]).astype(np.int64)
    wrapped = ((scaled + (1 << 31)) % (1 << 32)) - (1 << 31)
    high = (wrapped * int(found.multiplier[channel])) >> 32
    result: np.ndarray = np.clip((high + int(found.constant[channel])) >> FITTED_SHIFT, -128, 127)
    return result


@pytest.mark.parametrize("exponent", [-6, -8, -10])
@pytest.mark.parametrize("bias", [0, -777, 5000, 4_000_000])
def test_every_sum(exponent: int, bias: int) -> None:
    rng = np.random.default_rng(7)
    weights = rng.integers(-127, 128, (12, 8)).astype(np.int64)
    weights[3] = 0
    weights[4] = -128
    biases = np.full(12, bias, np.int64)
    reals = list(rng.uniform(1.0, 2.0, 12) * 2.0**exponent)

    found = fitted(biases, weights, reals, Activation.RELU, _output(-128))

    assert found is not None
    multipliers, shifts = quantize_multipliers(reals)
    for channel in range(12):
        ends = np.stack([-128 * weights[channel], 127 * weights[channel]])
        sums = np.arange(ends.min(axis=0).sum(), ends.max(axis=0).sum() + 1, dtype=np.int64)
        sums = sums[:: max(1, len(sums) // 3000)]
        multiplier, shift = int(multipliers[channel]), int(shifts[channel])
        rounded = [multiply_by_quantized_multiplier(int(s) + bias, multiplier, shift) for s in sums]
        expected = np.clip(np.array(rounded) - 128, -128, 127)
        np.testing.assert_array_equal(_kernel(found, channel, sums), expected)


@pytest.mark.parametrize(
    ("bias", "real", "activation", "zero_point"),
    [
        (0, 0.001, Activation.NONE, -127),  # the rounding of negative numbers shows
        (0, 0.05, Activation.NONE, -128),  # the multiplier would not be an int32
        (0, 1.5, Activation.NONE, -128),
        (1 << 23, 1e-5, Activation.NONE, -128),  # 256 times the sum would not
        (0, 0.001, Activation.RELU6, -128),  # cuts off a part of int8
    ],
)
def test_what_is_not_fitted(
    bias: int, real: float, activation: Activation, zero_point: int
) -> None:
    weights = np.full((4, 8), 100, np.int64)
    output = _output(zero_point, 0.04)
    assert fitted(np.full(4, bias, np.int64), weights, [real], activation, output) is None


def test_a_huge_bias_that_saturates_is_a_constant() -> None:
    weights = np.full((4, 8), 100, np.int64)
    bias = np.full(4, 1 << 23, np.int64)
    found = fitted(bias, weights, [0.001], Activation.NONE, _output(-128))
    assert found is not None
    assert _kernel(found, 0, np.array([-102400, 0, 101600])).tolist() == [127, 127, 127]
