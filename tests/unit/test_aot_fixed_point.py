from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgegen.engines.aot import transcendental
from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    quantized_range,
    round_half_away,
    rounding_divide_by_pot,
    rounding_doubling_high_mul,
    wrap_int32,
)
from edgegen.model import Activation, DType, Quant, Tensor

int32 = st.integers(-(1 << 31), (1 << 31) - 1)


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.5, 1), (-0.5, -1), (2.5, 3), (-2.5, -3), (0.49, 0), (-0.49, 0)]
)
def test_ties_round_away_from_zero(value: float, rounded: int) -> None:
    assert round_half_away(value) == rounded


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (0.75, (3 << 29, 0)),
        # Rounds up to 1.0 exactly, so the exponent moves.
        (1.0 - 2.0**-40, (1 << 30, 1)),
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),
    ],
)
def test_quantize_multiplier(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


@given(st.floats(2.0**-30, 2.0**20))
def test_quantize_multiplier_is_close(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2.0**-30)


@given(int32, int32)
def test_high_mul_is_the_rounded_product(a: int, b: int) -> None:
    assert abs(rounding_doubling_high_mul(a, b) * 2**31 - a * b) <= 1 << 31


@given(int32, st.integers(0, 31))
def test_divide_by_pot_rounds_half_away(x: int, exponent: int) -> None:
    expected = (abs(x) + ((1 << exponent) >> 1)) >> exponent
    assert rounding_divide_by_pot(x, exponent) == (expected if x >= 0 else -expected)


@given(st.integers(-(1 << 20), 1 << 20), st.floats(2.0**-20, 2.0**9))
def test_multiply_is_within_one_step(x: int, real: float) -> None:
    result = multiply_by_quantized_multiplier(x, *quantize_multiplier(real))
    assert abs(result - x * real) <= 1


def test_wrap_int32() -> None:
    values = np.array([0, 2**31, -(2**31) - 1, 2**32 + 5], dtype=np.int64)
    assert wrap_int32(values).tolist() == [0, -(2**31), 2**31 - 1, 5]


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (Activation.NONE, (-128, 127)),
        (Activation.RELU, (-28, 127)),
        (Activation.RELU6, (-28, 32)),
        (Activation.RELU_N1_TO_1, (-38, -18)),
    ],
)
def test_quantized_range(activation: Activation, expected: tuple[int, int]) -> None:
    scale = float(np.float32(0.1))
    output = Tensor("y", DType.INT8, (1,), Quant((scale,), (-28,)))
    assert quantized_range(activation, output) == expected


def _q(x: float, integer_bits: int) -> int:
    return round(x * 2.0 ** (31 - integer_bits))


@given(st.floats(-15.9, 15.9))
def test_logistic_and_tanh_are_close(x: float) -> None:
    raw = _q(x, 4)
    exact = raw / 2.0**27
    assert abs(transcendental.logistic(raw, 4) / 2**31 - 1 / (1 + math.exp(-exact))) < 2e-7
    assert abs(transcendental.tanh(raw, 4) / 2**31 - math.tanh(exact)) < 5e-7


@given(st.floats(-31.9, 0.0), st.sampled_from([4, 5]))
def test_exp_is_close(x: float, integer_bits: int) -> None:
    raw = max(_q(x, integer_bits), -(1 << 31))
    exact = raw / 2.0 ** (31 - integer_bits)
    # The four terms of the series leave up to 2.2e-7 at -1/4.
    approximate = transcendental.exp_on_negative_values(raw, integer_bits) / 2**31
    assert abs(approximate - math.exp(exact)) < 2.5e-7
