"""edgegen.native's part for sensors against float64 references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgegen import native

SEED = st.integers(0, 2**32 - 1)
Samples = npt.NDArray[np.float32]


def noise(seed: int, *shape: int) -> Samples:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def in_pieces(run: Callable[[Samples], Samples], signal: Samples, seed: int) -> Samples:
    """The signal in pieces of random lengths, empty ones included."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(signal) + 1, 5))
    return np.concatenate([run(piece) for piece in np.split(signal, cuts)])


@given(SEED, st.integers(1, 9), st.integers(1, 3), st.integers(0, 60), st.data())
def test_windows_are_the_slices_of_the_signal(
    seed: int, length: int, channels: int, count: int, data: st.DataObject
) -> None:
    hop = data.draw(st.integers(1, length))
    signal = noise(seed, count, channels)
    windows = in_pieces(native.Windows(length, channels, hop).push, signal, seed)
    starts = range(0, count - length + 1, hop)
    assert windows.shape == (len(starts), length, channels)
    for window, start in zip(windows, starts, strict=True):
        np.testing.assert_array_equal(window, signal[start : start + length])


@given(SEED, st.sampled_from([np.float32, np.int16]))
def test_scaling_rounds_twice(seed: int, dtype: type) -> None:
    values = (noise(seed, 5, 3) * 1000).astype(dtype)
    factor, offset = noise(seed + 1, 2, 3)
    expected = values.astype(np.float32) * factor + offset
    np.testing.assert_array_equal(native.scale(values, factor, offset), expected)
    flipped = native.scale(values[::-1], factor, offset)
    np.testing.assert_array_equal(flipped, expected[::-1])


@given(SEED, st.integers(1, 70), st.sampled_from([0.0, 1.0, 1000.0, 1e6]))
def test_moving_statistics_keep_their_error_bound(seed: int, length: int, level: float) -> None:
    signal = noise(seed, 300) + np.float32(level)
    means, variances = native.MovingStatistics(length).push(signal)
    u = 2.0**-24
    for i in range(len(signal)):
        window = signal[max(0, i + 1 - length) : i + 1].astype(np.float64)
        largest, deviation = np.abs(window).max(), window.std()
        assert abs(means[i] - window.mean()) <= 4 * length * u * largest
        bound = deviation**2 + deviation * largest + length * u * largest**2
        assert abs(variances[i] - window.var()) <= 16 * length * u * bound


def test_errors_of_moving_statistics_do_not_add_up() -> None:
    signal = noise(7, 200_000) * np.float32(1e-3) + np.float32(9.81)
    moving = native.MovingStatistics(50)
    means, variances = moving.push(signal)
    last = signal[-50:].astype(np.float64)
    assert means[-1] == pytest.approx(last.mean(), rel=1e-6)
    assert variances[-1] == pytest.approx(last.var(), rel=1e-3)
    spike = np.zeros(51, np.float32)
    spike[0] = 1e15
    assert [float(v[-1]) for v in moving.push(spike)] == [0.0, 0.0]


def biquad64(c: tuple[float, ...], signal: Samples) -> npt.NDArray[np.float64]:
    b0, b1, b2, a1, a2 = (float(np.float32(v)) for v in c)
    x1 = x2 = y1 = y2 = 0.0
    out = []
    for x in signal.astype(np.float64).tolist():
        y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        out.append(y)
    return np.array(out)


@given(SEED, st.floats(0.02, 0.45), st.floats(0.5, 4.0))
@settings(deadline=None)
def test_a_biquad_is_its_difference_equation(seed: int, cutoff: float, q: float) -> None:
    """Low passes of a cutoff in parts of the sampling rate, after R. Bristow-Johnson."""
    w = 2 * np.pi * cutoff
    alpha = np.sin(w) / (2 * q)
    b = (1 - np.cos(w)) / 2 / (1 + alpha)
    c = (b, 2 * b, b, -2 * np.cos(w) / (1 + alpha), (1 - alpha) / (1 + alpha))
    signal = noise(seed, 400)
    filtered = in_pieces(native.Biquad(*c).run, signal, seed)
    exact = biquad64(c, signal)
    assert np.abs(filtered - exact).max() <= 1e-4 * np.abs(signal).max()


def resampled64(up: int, down: int, signal: Samples) -> npt.NDArray[np.float64]:
    """Zeros between the samples, the filter in one convolution, every down-th of the result."""
    width = max(up, down)
    k = np.arange(-10 * width, 10 * width + 1)
    taps = np.sinc(k / width) * np.kaiser(len(k), 8.0)
    for phase in range(up):
        taps[phase::up] /= taps[phase::up].sum()
    sparse = np.zeros(len(signal) * up)
    sparse[::up] = signal
    return np.convolve(sparse, taps)[: len(sparse)][::down]


@given(SEED, st.integers(1, 12), st.integers(1, 12), st.integers(0, 200))
@settings(deadline=None)
def test_resampling_is_its_definition(seed: int, up: int, down: int, count: int) -> None:
    signal = noise(seed, count)
    output = in_pieces(native.Resampler(up, down).run, signal, seed)
    if count == 0:
        assert output.size == 0
        return
    exact = resampled64(up, down, signal)
    assert output.shape == exact.shape
    # A sum of as many products as a phase has taps, each rounded to float32.
    taps = -(-(20 * max(up, down) + 1) // up)
    assert np.abs(output - exact).max() <= 2 * taps * 2.0**-24 * np.abs(signal).max()


def test_resampling_keeps_a_slow_sine_and_removes_a_fast_one() -> None:
    n = np.arange(4000)
    slow, fast = (np.sin(2 * np.pi * f * n).astype(np.float32) for f in (0.05, 0.4))
    kept = native.Resampler(1, 3).run(slow)[50:]  # 10 / 3 * 3 inputs late: 30 of them
    expected = np.sin(2 * np.pi * 0.05 * (np.arange(len(kept) + 50) * 3 - 30))[50:]
    assert np.abs(kept - expected).max() < 1e-3
    assert np.abs(native.Resampler(1, 3).run(fast)[50:]).max() < 1e-3


ONE = np.ones(1, np.float32)
NAN = np.full((1, 1), np.nan, np.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: native.Windows(0), "length: need 1 to"),
        (lambda: native.Windows(2**20, 2**20), "channels: need 1 to 2048"),
        (lambda: native.Windows(4, 1, 5), "hop: need 1 to 4"),
        (lambda: native.Windows(4).push(ONE), r"frames: need shape \[n, 1\]"),
        (lambda: native.Windows(4).push(NAN), "frames: NaN"),
        (lambda: native.scale(np.ones((), np.float32), ONE, ONE), "values: need channels"),
        (lambda: native.scale(ONE, np.ones(2, np.float32), ONE), r"factor: need shape \[1\]"),
        (lambda: native.scale(ONE, ONE, np.ones(2, np.float32)), r"offset: need shape \[1\]"),
        (lambda: native.scale(NAN, ONE, ONE), "values, factor, offset: NaN"),
        (lambda: native.MovingStatistics(0), "length: need 1"),
        (lambda: native.MovingStatistics(1).push(NAN), r"samples: need shape \[n\]"),
        (lambda: native.MovingStatistics(1).push(NAN[0]), "samples: NaN"),
        (lambda: native.MovingStatistics(1).push(ONE * np.float32(2e15)), "samples: NaN or a m"),
        (lambda: native.Biquad(1, 0, 0, 0, 1), "b0, b1, b2, a1, a2: need"),
        (lambda: native.Biquad(np.nan, 0, 0, 0, 0), "b0, b1, b2, a1, a2: need"),
        (lambda: native.Biquad(1, 0, 0, 0, 0).run(NAN[0]), "samples: NaN"),
        (lambda: native.Resampler(0, 1), "up: need 1 to 64"),
        (lambda: native.Resampler(1, 65), "down: need 1 to 64"),
        (lambda: native.Resampler(1, 1).run(NAN[0]), "samples: NaN"),
    ],
)
def test_the_bad_argument_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_other_dtypes_are_never_cast() -> None:
    wrong: Any = np.ones((1, 1))
    for call in (
        native.Windows(1).push,
        native.MovingStatistics(1).push,
        native.Biquad(1, 0, 0, 0, 0).run,
        native.Resampler(1, 1).run,
        lambda values: native.scale(values, ONE, ONE),
    ):
        with pytest.raises(TypeError, match="expected an array of"):
            call(wrong)
