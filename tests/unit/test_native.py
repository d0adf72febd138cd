from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgegen import native

FLOAT32 = st.floats(width=32, allow_subnormal=True)
SCALE = st.floats(min_value=2.0**-20, max_value=2.0**20, width=32)
INT8 = st.integers(-128, 127)


def expected(x: float, scale: float, zero_point: int) -> int:
    """The documented formula in float64 arithmetic on the float32 quotient."""
    if math.isnan(x):
        return zero_point
    with np.errstate(over="ignore"):
        steps = float(np.float32(x) / np.float32(scale))
    steps = min(max(steps, -1000.0), 1000.0)
    rounded = math.floor(abs(steps) + 0.5) * (1 if steps >= 0 else -1)
    return min(max(rounded + zero_point, -128), 127)


@given(FLOAT32, SCALE, INT8)
def test_quantize_is_the_documented_formula(x: float, scale: float, zero_point: int) -> None:
    q = native.quantize(np.array([x], np.float32), scale, zero_point)
    assert q.dtype == np.int8
    assert q[0] == expected(x, scale, zero_point)


@given(INT8, SCALE, INT8)
def test_dequantize_rounds_once_and_inverts(q: int, scale: float, zero_point: int) -> None:
    codes = np.array([q], np.int8)
    real = native.dequantize(codes, scale, zero_point)
    assert real[0] == np.float32(float(np.float32(scale)) * (q - zero_point))
    assert native.quantize(real, scale, zero_point)[0] == q


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 1, 4)])
def test_the_shape_is_kept(shape: tuple[int, ...]) -> None:
    values = np.ones(shape, np.float32)
    assert native.quantize(values, 0.5, 0).shape == shape
    assert native.dequantize(values.astype(np.int8), 0.5, 0).shape == shape


def test_a_strided_view_is_read_in_its_own_order() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(native.quantize(values.T[::2], 1.0, 0), values.T[::2])


@pytest.mark.parametrize(
    ("scale", "zero_point"),
    [(0.0, 0), (-1.0, 0), (math.inf, 0), (math.nan, 0), (1.0, 128), (1.0, -129)],
)
def test_illegal_parameters_are_refused(scale: float, zero_point: int) -> None:
    with pytest.raises(ValueError, match=r"^(scale|zero_point): need"):
        native.quantize(np.zeros(1, np.float32), scale, zero_point)
    with pytest.raises(ValueError, match=r"^(scale|zero_point): need"):
        native.dequantize(np.zeros(1, np.int8), scale, zero_point)


@pytest.mark.parametrize(
    ("function", "dtype"),
    [(native.quantize, np.float64), (native.quantize, np.int8), (native.dequantize, np.uint8)],
)
def test_other_dtypes_are_never_cast(function: Callable[..., object], dtype: type) -> None:
    with pytest.raises(TypeError, match="expected an array of"):
        function(np.zeros(1, dtype), 1.0, 0)


def test_the_clock_moves_forward() -> None:
    first = native.clock_ns()
    while native.clock_ns() == first:
        pass
    assert native.clock_ns() > first


def test_the_stopwatch_counts_laps() -> None:
    watch = native.Stopwatch()
    watch.start(100)
    assert watch.lap(400) == 300
    assert watch.stop(450) == 50
    assert (watch.laps, watch.total_ns, watch.min_ns, watch.max_ns) == (2, 350, 50, 300)
    assert not watch.running


def test_the_stopwatch_refuses_misuse() -> None:
    watch = native.Stopwatch()
    with pytest.raises(ValueError, match="stands still"):
        watch.stop()
    watch.start()
    with pytest.raises(ValueError, match="runs already"):
        watch.start()
    assert watch.stop() >= 0


def test_the_stopwatch_keeps_percentiles() -> None:
    watch = native.Stopwatch()
    lengths = np.random.default_rng(1).lognormal(10.0, 2.0, 2000).astype(np.int64)
    now = 0
    watch.start(now)
    for length in lengths:
        now += int(length)
        watch.lap(now)
    assert watch.mean_ns == int(lengths.sum()) // len(lengths)
    for percent in (0, 1, 50, 95, 99, 100):
        exact = np.percentile(lengths, percent, method="inverted_cdf")
        assert watch.percentile_ns(percent) == pytest.approx(exact, rel=1 / 64)


def test_the_stopwatch_has_no_percentile_of_nothing() -> None:
    watch = native.Stopwatch()
    assert watch.mean_ns == 0
    with pytest.raises(ValueError, match=r"^percent: "):
        watch.percentile_ns(50)
    watch.start(0)
    watch.stop(1)
    with pytest.raises(ValueError, match=r"^percent: "):
        watch.percentile_ns(101)


def test_the_stopwatch_subtracts_what_reading_the_clock_costs() -> None:
    assert native.Stopwatch().overhead_ns == 0
    watch = native.Stopwatch(calibration_rounds=1000)
    assert watch.laps == 0
    assert watch.overhead_ns < 100_000
    watch.start(0)
    assert watch.stop(1_000_000) == 1_000_000 - watch.overhead_ns


def test_an_empty_lap_takes_no_time_but_for_interruptions() -> None:
    watch = native.Stopwatch(calibration_rounds=1000)
    for _ in range(1000):
        watch.start()
        watch.stop()
    assert watch.overhead_ns > 0
    assert watch.percentile_ns(50) < 2 * watch.overhead_ns


def test_the_cycle_counter_agrees_with_the_clock() -> None:
    try:
        counter = native.CycleCounter()
    except RuntimeError as error:
        pytest.skip(str(error))
    assert counter.source in ("tsc", "cntvct")
    assert counter.to_ns(counter.hz) == 10**9
    # Another process may take the processor between two reads: then once more.
    for _ in range(100):
        start, first = native.clock_ns(), counter.now()
        while native.clock_ns() < start + 2_000_000:
            pass
        counted = counter.to_ns(counter.now() - first)
        passed = native.clock_ns() - start
        if abs(counted - passed) < passed / 100:
            break
    else:
        pytest.fail(f"{counted} ns counted in {passed} ns")


def test_the_cycle_counter_refuses_a_period() -> None:
    for period in (0, 10**9 + 1):
        with pytest.raises(ValueError, match="calibration_ns"):
            native.CycleCounter(calibration_ns=period)
