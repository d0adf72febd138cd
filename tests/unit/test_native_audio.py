"""edgegen.native's part for audio against a float64 reference in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgegen import native

SEED = st.integers(0, 2**32 - 1)
U = 2.0**-24
Samples = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def noise(seed: int, count: int) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)


@given(SEED, st.integers(3, 13), st.sampled_from(["noise", "tone", "impulse", "large"]))
@settings(deadline=None)
def test_the_transform_keeps_its_error_bound(seed: int, log2: int, kind: str) -> None:
    size = 1 << log2
    samples = noise(seed, size)
    if kind == "tone":
        samples = np.sin(np.arange(size) * samples[0]).astype(np.float32)
    elif kind == "impulse":
        samples[np.arange(size) != seed % size] = 0
    elif kind == "large":
        samples *= np.float32(1e15)
    spectrum = native.real_fft(samples)
    exact = np.fft.rfft(samples.astype(np.float64))
    assert spectrum.dtype == np.complex64
    assert spectrum.shape == exact.shape
    bound = 4 * log2 * U * np.abs(samples.astype(np.float64)).sum()
    assert np.abs(spectrum - exact).max() <= bound


def mel_weights(rate: float, size: int, bands: int, low: float, high: float) -> Doubles:
    """[bands, size / 2 + 1]: triangles between corners at equal steps of mel."""
    mel_low, mel_high = (2595 * np.log10(1 + f / 700) for f in (low, high))
    corners = 700 * (10 ** (np.linspace(mel_low, mel_high, bands + 2) / 2595) - 1)
    f = np.arange(size // 2 + 1) * rate / size
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    return np.maximum(0, np.minimum((f - left) / (middle - left), (right - f) / (right - middle)))


def window64(name: str, length: int) -> Doubles:
    constant = {"hann": 0.5, "hamming": 0.54, "rectangular": 1.0}[name]
    return constant - (1 - constant) * np.cos(2 * np.pi * np.arange(length) / length)


def dct64(bands: int, coefficients: int) -> Doubles:
    j, b = np.arange(coefficients)[:, None], np.arange(bands)
    scale = np.sqrt(np.where(j == 0, 1, 2) / bands)
    return np.asarray(scale * np.cos(np.pi * j * (b + 0.5) / bands))


def energies64(
    samples: Samples, window: Doubles, hop: int, size: int, weights: Doubles
) -> tuple[Doubles, Doubles]:
    """The mel energies of all frames, and how far float32 arithmetic may be from them."""
    starts = range(0, len(samples) - len(window) + 1, hop)
    frames = np.array([samples[s : s + len(window)] * window for s in starts])
    magnitude = np.abs(np.fft.rfft(frames, size))
    # The transform's bound; window and product round once each.
    error = (4 * np.log2(size) + 2) * U * np.abs(frames).sum(axis=1, keepdims=True)
    energies = magnitude**2 @ weights.T
    # Squares, sum, weight, product: relative errors; and as many additions as there are bins.
    additions = 6 + (weights > 0).sum(axis=1)
    slack = (2 * magnitude * error + error**2) @ weights.T + additions * U * energies
    return energies, slack


@given(
    SEED,
    st.sampled_from([(16000.0, 400, 160, 512, 40), (8000.0, 256, 128, 256, 20)]),
    st.sampled_from(["hann", "hamming", "rectangular"]),
    st.sampled_from([0, 1, 13, 20]),
)
@settings(deadline=None, max_examples=30)
def test_features_keep_their_error_bound(
    seed: int,
    shape: tuple[float, int, int, int, int],
    window: Literal["hann", "hamming", "rectangular"],
    coefficients: int,
) -> None:
    rate, length, hop, size, bands = shape
    samples = noise(seed, 4000)
    audio = native.AudioFeatures(
        rate, length, hop, mel_bands=bands, coefficients=coefficients, window=window
    )
    features = audio.run(samples)
    weights = mel_weights(rate, size, bands, 20.0, rate / 2)
    energies, slack = energies64(samples, window64(window, length), hop, size, weights)
    logs = np.log(np.maximum(energies, 1e-10))
    # How far the logarithm is at the far end of the slack, and two roundings of its own.
    error = -np.log(np.maximum(1 - slack / energies, 1e-9)) + 2 * U * np.abs(logs)
    if coefficients:
        matrix = dct64(bands, coefficients)
        error = error @ np.abs(matrix.T) + (bands + 1) * U * (np.abs(logs) @ np.abs(matrix.T))
        logs = logs @ matrix.T
    assert features.shape == logs.shape
    assert (np.abs(features - logs) <= error).all()
    # The bound is for the worst case; noise comes much closer.
    assert np.abs(features - logs).max() < 3e-5


@given(SEED, st.integers(0, 3000))
def test_streaming_gives_the_same_rows(seed: int, count: int) -> None:
    samples = noise(seed, count)
    whole = native.AudioFeatures(16000, 320, 160, mel_bands=20, coefficients=10)
    stream = native.AudioFeatures(16000, 320, 160, mel_bands=20, coefficients=10)
    cuts = np.sort(np.random.default_rng(seed).integers(0, count + 1, 5))
    rows = [stream.push(piece) for piece in np.split(samples, cuts)]
    np.testing.assert_array_equal(np.concatenate(rows), whole.run(samples))


@pytest.mark.parametrize("bands", range(80, 129, 6))
def test_a_band_must_hold_a_frequency(bands: int) -> None:
    if (mel_weights(16000, 512, bands, 20.0, 8000.0) > 0).any(axis=1).all():
        assert native.AudioFeatures(16000, 512, 512, mel_bands=bands)
    else:
        with pytest.raises(ValueError, match="mel_bands: a band holds no frequency"):
            native.AudioFeatures(16000, 512, 512, mel_bands=bands)


def test_a_view_is_read_in_its_own_order() -> None:
    samples = noise(1, 2000)
    audio = native.AudioFeatures(16000, 400, 160, mel_bands=20)
    np.testing.assert_array_equal(audio.run(samples[::2]), audio.run(samples[::2].copy()))


def features(**changed: object) -> object:
    make: Callable[..., object] = native.AudioFeatures
    return make(**{"sample_rate": 16000, "frame_length": 400, "hop": 160, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sample_rate": 0}, "sample_rate: need more than 0"),
        ({"sample_rate": np.nan}, "sample_rate: need more than 0"),
        ({"fft_size": 500}, "fft_size: need a power of two"),
        ({"frame_length": 9000}, "fft_size: need a power of two"),
        ({"frame_length": 0}, "frame_length: need 1 to"),
        ({"fft_size": 256}, "frame_length: need 1 to 256"),
        ({"hop": 0}, "hop: need 1 to 400"),
        ({"hop": 401}, "hop: need 1 to 400"),
        ({"mel_bands": 129}, "mel_bands: need 1 to 128"),
        ({"mel_bands": 128}, "mel_bands: a band holds no frequency"),
        ({"coefficients": 41}, "coefficients: need 0 to 40"),
        ({"low_hz": -1}, "low_hz, high_hz: need 0"),
        ({"high_hz": 8001}, "low_hz, high_hz: need 0"),
        ({"high_hz": np.nan}, "low_hz, high_hz: need 0"),
        ({"log_floor": 0}, "log_floor: need a normal float32"),
        ({"window": "kaiser"}, "window: need one of hann"),
    ],
)
def test_the_bad_argument_is_named(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        features(**changed)


def test_other_samples_are_refused() -> None:
    audio = native.AudioFeatures(16000, 400, 160)
    for call in (audio.run, audio.push, native.real_fft):
        wrong: Any = np.zeros(512)
        with pytest.raises(TypeError, match="expected an array of float32"):
            call(wrong)
        with pytest.raises(ValueError, match=r"samples: need shape \[n\]"):
            call(np.zeros((2, 256), np.float32))
        with pytest.raises(ValueError, match="samples: NaN"):
            call(np.full(512, np.inf, np.float32))
    with pytest.raises(ValueError, match="samples: need a power of two"):
        native.real_fft(np.zeros(12, np.float32))
