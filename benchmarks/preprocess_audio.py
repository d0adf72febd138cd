"""Audio: features of a second of sound, beside SciPy, numpy and librosa

16 kHz, frames of 30 ms every 10 ms, FFTs of 512, 40 mel bands up to 8 kHz, natural logarithms; 13
MFCCs are their orthonormal DCT-II. Everything in float32. Windows, filter banks, DCT matrices and
buffers are prepared before the clock starts, the peers' as ours. librosa frames with padding, which
the sound it gets has already. The peers' features equal ours to within 0.001 (of a natural
logarithm, of a coefficient), which is checked; differences are in these units. One frame is what a
stream has to do every 10 ms.

The fixed-point features of micro_speech are pymicro-features', to the bit: the audio microfrontend
with its one configuration. It takes 10 ms in a call and gives lists of float; ours takes the sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
import scipy.fft
from compare import Row, row, take_turns, warm_call
from pymicro_features import MicroFrontend

from edgegen.micro_audio import FLOAT_SCALE
from edgegen.native import AudioFeatures, MicroAudioFeatures

PACKAGES = ("scipy", "librosa", "numpy", "pymicro-features")

RATE, FRAME, HOP, SIZE, BANDS, COEFFICIENTS = 16000, 480, 160, 512, 40, 13
LOW_HZ, HIGH_HZ, FLOOR = 20.0, 8000.0, 1e-10
WORKS = {"1 s at 16 kHz": RATE, "one frame": FRAME}
COUNTS = {"log mel": 0, "mfcc": COEFFICIENTS}
TOLERANCE = 1e-3
ROUNDS = 200

Array = npt.NDArray[Any]
Way = Callable[[], Array]


def rows() -> Iterator[Row]:
    sound = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    for work, samples in WORKS.items():
        for output, count in COUNTS.items():
            yield from compare(sound[:samples], work, output, count)
    yield compare_fixed_point((sound * 32767).astype(np.int16))


def compare(sound: Array, work: str, output: str, count: int) -> Iterator[Row]:
    features = AudioFeatures(
        RATE, FRAME, HOP, fft_size=SIZE, mel_bands=BANDS, coefficients=count,
        low_hz=LOW_HZ, high_hz=HIGH_HZ, log_floor=FLOOR,
    )  # fmt: skip
    peers = {
        "scipy": with_arrays(sound, scipy.fft.rfft, count),
        "numpy": with_arrays(sound, np.fft.rfft, count),
        "librosa": with_librosa(sound, count),
    }
    mine = features.run(sound)
    for ways in peers.values():
        for name, way in ways.items():
            if (apart := difference(way(), mine)) > TOLERANCE:
                raise AssertionError(f"{output}, {name}: {apart} from ours")
    clocks = {"ours": warm_call(lambda: features.run(sound))} | {
        f"{peer}: {name}": warm_call(way)
        for peer, ways in peers.items()
        for name, way in ways.items()
    }
    figures = take_turns(clocks, ROUNDS)
    for peer, ways in peers.items():
        yield row(
            work, output, peer, figures, {name: f"{peer}: {name}" for name in ways},
            difference=max(difference(way(), mine) for way in ways.values()),
        )  # fmt: skip


def compare_fixed_point(sound: Array) -> Row:
    features = MicroAudioFeatures()
    frontend = MicroFrontend()
    chunks = [part.tobytes() for part in np.split(sound, range(HOP, len(sound), HOP))]

    def stream() -> list[list[float]]:
        frontend.reset()
        rows = [frontend.process_samples(chunk).features for chunk in chunks]
        return [row for row in rows if row]

    mine = features(sound)
    if (apart := difference(np.array(stream()) / FLOAT_SCALE, mine)) > 0:
        raise AssertionError(f"pymicro-features: {apart} from ours")
    figures = take_turns(
        {"ours": warm_call(lambda: features(sound)), "stream": warm_call(stream)}, ROUNDS
    )
    return row(
        "1 s at 16 kHz", "micro_features", "pymicro-features", figures,
        {"process_samples": "stream"}, difference=0.0,
    )  # fmt: skip


def difference(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max())


def with_arrays(sound: Array, rfft: Callable[..., Array], count: int) -> Mapping[str, Way]:
    """Frames as a view, a real FFT of them all, a matrix product with the filter bank."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    bank = np.ascontiguousarray(filter_bank().T)
    matrix = dct_matrix()
    shape = ((len(sound) - FRAME) // HOP + 1, FRAME)
    windowed = np.zeros((shape[0], SIZE), np.float32)
    power, square = (np.empty((shape[0], SIZE // 2 + 1), np.float32) for _ in range(2))
    energies = np.empty((shape[0], BANDS), np.float32)

    def plain() -> Array:
        frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
        spectrum = rfft(frames * window, SIZE)
        logs = np.log(np.maximum((spectrum.real**2 + spectrum.imag**2) @ bank, np.float32(FLOOR)))
        return scipy.fft.dct(logs, norm="ortho")[:, :count] if count else logs

    def reused() -> Array:
        strides = (HOP * sound.itemsize, sound.itemsize)
        frames = np.lib.stride_tricks.as_strided(sound, shape, strides, writeable=False)
        np.multiply(frames, window, out=windowed[:, :FRAME])
        spectrum = rfft(windowed)
        np.square(spectrum.real, out=power)
        np.square(spectrum.imag, out=square)
        np.add(power, square, out=power)
        np.matmul(power, bank, out=energies)
        np.maximum(energies, np.float32(FLOOR), out=energies)
        logs = np.log(energies, out=energies)
        return logs @ matrix if count else logs

    return {"rfft, matmul": plain, "rfft, matmul, buffers": reused}


def with_librosa(sound: Array, count: int) -> Mapping[str, Way]:
    """Its window lies in the middle of SIZE samples: zeros before and after the sound make its
    frames ours, but for a shift, which no power notices."""
    padded = np.pad(sound, (SIZE - FRAME) // 2)
    bank = filter_bank()
    frames = {"n_fft": SIZE, "hop_length": HOP, "win_length": FRAME, "center": False}

    def finish(energies: Array) -> Array:
        logs = np.log(np.maximum(energies, np.float32(FLOOR)))
        return (librosa.feature.mfcc(S=logs, n_mfcc=count) if count else logs).T

    def whole() -> Array:
        return finish(
            librosa.feature.melspectrogram(
                y=padded, sr=RATE, **frames, n_mels=BANDS, fmin=LOW_HZ, fmax=HIGH_HZ,
                htk=True, norm=None,
            )
        )  # fmt: skip

    def prepared() -> Array:
        return finish(bank @ np.abs(librosa.stft(padded, **frames)) ** 2)

    return {"melspectrogram": whole, "stft, prepared filter bank": prepared}


def filter_bank() -> Array:
    """Triangles over the frequency between corners at equal steps of mel: [bands, bins]."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    f = np.arange(SIZE // 2 + 1) * RATE / SIZE
    slopes = np.minimum((f - left) / (middle - left), (right - f) / (right - middle))
    return np.maximum(0, slopes).astype(np.float32)


def dct_matrix() -> Array:
    """[bands, coefficients]"""
    eye = np.eye(BANDS, dtype=np.float32)
    return np.ascontiguousarray(scipy.fft.dct(eye, norm="ortho")[:, :COEFFICIENTS])
