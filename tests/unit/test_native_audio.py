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


def mel64(scale: str, hertz: Doubles) -> Doubles:
    if scale == "htk":
        return np.asarray(2595 * np.log10(1 + hertz / 700))
    logarithmic = 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, 3 * hertz / 200, logarithmic)


def mel_weights(
    rate: float,
    size: int,
    bands: int,
    low: float,
    high: float,
    scale: str = "htk",
    slopes: str = "hertz",
    norm: str = "none",
) -> Doubles:
    """[bands, size / 2 + 1]: triangles between corners at equal steps of mel."""
    fine = np.linspace(low, high, 2_000_001)
    mel_low, mel_high = mel64(scale, np.array([low, high]))
    # The scale is inverted by looking it up.
    corners = np.interp(np.linspace(mel_low, mel_high, bands + 2), mel64(scale, fine), fine)
    f = np.arange(size // 2 + 1) * rate / size
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    height = 2 / (right - left) if norm == "slaney" else 1.0
    if slopes == "mel":
        f, left, middle, right = (mel64(scale, each) for each in (f, left, middle, right))
    sides = np.minimum((f - left) / (middle - left), (right - f) / (right - middle))
    return np.asarray(height * np.maximum(0, sides))


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("slopes", ["hertz", "mel"])
@pytest.mark.parametrize("norm", ["none", "slaney"])
def test_filter_banks(
    scale: Literal["htk", "slaney"],
    slopes: Literal["hertz", "mel"],
    norm: Literal["none", "slaney"],
) -> None:
    audio = native.AudioFeatures(
        16000, 512, 160, mel_bands=40, mel_scale=scale, mel_slopes=slopes, mel_norm=norm
    )
    plan = audio.plan()
    expected = mel_weights(16000.0, 512, 40, 20.0, 8000.0, scale, slopes, norm)
    found = np.zeros_like(expected)
    for corner in range(41):  # from it to the next one: the band above it rises, its own falls
        for k in range(plan.corners[corner], plan.corners[corner + 1]):
            rising, falling = 4 * plan.weights[2 * (k - plan.corners[0]) :][:2]
            if corner < 40:
                found[corner, k] = rising
            if corner > 0:
                found[corner - 1, k] = falling
    # The interpolated scale is what's inexact.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())


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


@given(SEED, st.integers(0, 3000), st.sampled_from([0, 1, 12, 13]))
@settings(deadline=None)
def test_all_paths_give_the_same_bits(seed: int, count: int, coefficients: int) -> None:
    samples = noise(seed, count) * np.float32(10.0 ** (seed % 60 - 40))
    options: dict[str, Any] = {"mel_bands": 23, "coefficients": coefficients}
    best = native.AudioFeatures(16000, 257, 100, **options)
    portable = native.AudioFeatures(16000, 257, 100, portable=True, **options)
    assert portable.path == "portable"
    rows = portable.run(samples)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(best.run(samples).view(np.uint32), rows.view(np.uint32))


@given(SEED, st.integers(0, 2000))
def test_whole_samples_are_fractions_of_32768(seed: int, count: int) -> None:
    whole = np.random.default_rng(seed).integers(-32768, 32768, count).astype(np.int16)
    samples = whole.astype(np.float32) / np.float32(32768)
    audio = native.AudioFeatures(16000, 320, 160, mel_bands=20, coefficients=10)
    np.testing.assert_array_equal(audio.run(whole), audio.run(samples))
    np.testing.assert_array_equal(audio.push(whole), audio.run(samples))


def test_the_plan_is_all_there_is() -> None:
    audio = native.AudioFeatures(16000, 480, 160, mel_bands=41, coefficients=13)
    plan = audio.plan()
    assert (plan.fft_size, plan.frame_length, plan.hop) == (512, 480, 160)
    assert (plan.mel_bands, plan.coefficients) == (41, 13)
    assert plan.log_floor == np.float32(1e-10)
    assert sorted(plan.order) == list(range(256))
    assert plan.twiddles.shape == (6 * (3 + 15 + 63),)
    np.testing.assert_allclose(
        plan.separators.view(np.complex64), np.exp(-2j * np.pi * np.arange(1, 128) / 512), atol=U
    )
    np.testing.assert_allclose(plan.window, window64("hann", 480), atol=U)
    assert plan.weights.shape == (2 * (int(plan.corners[-1]) - int(plan.corners[0])),)
    np.testing.assert_allclose(plan.dct.reshape(13, 21), dct64(41, 13)[:, :21], atol=U)


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
        ({"frame_length": 9000}, "frame_length: need 1 to 8192"),
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
        ({"mel_scale": "bark"}, "mel_scale: need one of htk, slaney, got 'bark'"),
        ({"mel_slopes": "none"}, "mel_slopes: need one of hertz, mel"),
        ({"mel_norm": "area"}, "mel_norm: need one of none, slaney"),
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
