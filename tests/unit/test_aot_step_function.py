"""The staircases that the DSP kernels requantise with, on every sum of a range."""

from __future__ import annotations

import numpy as np
import pytest

from edgegen.engines.aot.fixed_point import multiply_by_quantized_multiplier
from edgegen.engines.aot.ops.step_function import Reference, first_sums, fit, fit_signed

SHIFTS = np.arange(-17, -1)
LOW, HIGH = -150_000, 150_000


def reference(zero_point: int = -128, low: int = -128, high: int = 127) -> Reference:
    """One channel per shift."""
    random = np.random.default_rng(1)
    multiplier = random.integers(1 << 30, 1 << 31, len(SHIFTS))
    return Reference(multiplier, SHIFTS, zero_point, low, high)


def channels(value: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.full(len(SHIFTS), value, np.int64)


def test_the_reference_is_eg_requantize() -> None:
    given = reference(zero_point=3, low=-100, high=90)
    sums = np.random.default_rng(2).integers(LOW, HIGH, (len(SHIFTS), 300))
    found = given(sums)
    for c, shift in enumerate(SHIFTS.tolist()):
        for k, value in enumerate(sums[c].tolist()):
            scaled = multiply_by_quantized_multiplier(value, int(given.multiplier[c]), shift)
            assert found[c, k] == min(max(scaled + 3, -100), 90)


def test_first_sums() -> None:
    given = reference()
    firsts = first_sums(given, channels(LOW), channels(HIGH))
    levels = np.broadcast_to(np.arange(-127, 128), firsts.shape)
    reached = firsts <= HIGH
    assert (given(firsts)[reached] >= levels[reached]).all()
    assert (given(firsts - 1)[reached] < levels[reached]).all()
    assert (given(channels(HIGH)[:, None]) < levels)[~reached].all()


@pytest.mark.parametrize("largest_weight", [1, 127])
def test_fit_equals_the_reference_on_every_sum(largest_weight: int) -> None:
    given = reference()
    # A right shift of 2 needs more room, which small weights leave.
    weights = np.where(SHIFTS < -2, largest_weight, 1)
    scaled = fit(given, channels(LOW), channels(HIGH), weights, 10)
    assert scaled is not None
    assert (weights << scaled.weight_shift < 1 << 15).all()
    for start in range(LOW, HIGH, 50_000):
        sums = np.broadcast_to(np.arange(start, start + 50_000), (len(SHIFTS), 50_000))
        assert np.array_equal(given(sums), scaled(sums))


def test_fit_refuses_what_it_cannot_match() -> None:
    weights = channels(127)
    ends = channels(LOW), channels(HIGH)
    assert fit(reference(zero_point=0), *ends, weights, 10) is None  # ties of negative numbers
    assert fit(reference(high=100), *ends, weights, 10) is None  # the clamp is narrower
    assert fit(reference(low=-100), *ends, weights, 10) is None


def test_outputs_that_never_change() -> None:
    given = reference(zero_point=5)
    scaled = fit(given, channels(7), channels(7), channels(127), 10)
    assert scaled is not None
    assert np.array_equal(given(channels(7)[:, None]), scaled(channels(7)[:, None]))


@pytest.mark.parametrize("zero_point", [-128, 3, 127])
def test_a_step_at_zero_rounds_ties_away_from_it(zero_point: int) -> None:
    random = np.random.default_rng(3)
    shifts = np.repeat(np.arange(-14, 0), 3)
    multiplier = random.integers(1 << 30, 1 << 31, len(shifts))
    given = Reference(multiplier, shifts, zero_point, -128, 127)
    low, high = np.full(len(shifts), -5_000), np.full(len(shifts), 6_000)
    scaled = fit_signed(given, low, high, 576)
    assert scaled is not None
    assert (scaled.multiplier < 1 << 31).all()
    assert (scaled.constant < 1 << 30).all()
    sums = np.broadcast_to(np.arange(-5_000, 6_001), (len(shifts), 11_001))
    assert np.array_equal(given(sums), scaled(sums))


def test_a_step_at_zero_has_limits() -> None:
    def is_taken(low: int, high: int, given: Reference) -> bool:
        ends = np.full(3, low), np.full(3, high)
        return fit_signed(given, *ends, 576) is not None

    shifts = np.array([-9, -10, -14])
    multiplier = reference().multiplier[:3]
    given = Reference(multiplier, shifts, -128, -128, 127)
    most = (1 << 31) // 576 - 2
    assert is_taken(-most, most, given)
    assert not is_taken(-most - 2, 0, given)
    assert not is_taken(0, most + 2, given)
    assert not is_taken(LOW, HIGH, Reference(multiplier, shifts, -128, -128, 50))
    assert not is_taken(LOW, HIGH, Reference(multiplier, shifts, -128, -100, 127))
    assert not is_taken(LOW, HIGH, Reference(multiplier, shifts - 1, -128, -128, 127))
    # Unsaturated outputs are int16: a multiplier of 1/4 takes a sum to 2^15.
    assert not is_taken(0, 1 << 17, Reference(multiplier, shifts * 0 - 1, -128, -128, 127))


def test_a_step_at_zero_and_outputs_that_never_change() -> None:
    given = reference(zero_point=5)
    found = fit_signed(given, channels(7), channels(7), 576)
    assert found is not None
    assert np.array_equal(given(channels(7)[:, None]), found(channels(7)[:, None]))
