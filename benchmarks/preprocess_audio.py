"""Audio: MFCCs of a second of sound, beside SciPy, librosa and numpy

16 kHz, frames of 30 ms every 10 ms, 40 mel bands, 13 coefficients (DCT-II, orthonormal), float32.
Window, filter bank and DCT matrix are prepared before the clock starts. Differences are in units
of the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
from compare import Row, row, take_turns, warm_call

from edgegen.native import AudioFeatures

PACKAGES = ("scipy", "librosa", "numpy")

RATE, FRAME, HOP, SIZE, BANDS, COEFFICIENTS = 16000, 480, 160, 512, 40, 13
LOW_HZ, HIGH_HZ, FLOOR = 20.0, 8000.0, 1e-10

Array = npt.NDArray[Any]
Way = Callable[[], Array]


def rows() -> Iterator[Row]:
    sound = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    features = AudioFeatures(
        RATE, FRAME, HOP, fft_size=SIZE, mel_bands=BANDS, coefficients=COEFFICIENTS,
        low_hz=LOW_HZ, high_hz=HIGH_HZ, log_floor=FLOOR,
    )  # fmt: skip
    mine = features.run(sound)
    way = with_scipy(sound)
    apart = float(np.abs(way() - mine).max())
    if apart > 1e-3:
        raise AssertionError(f"scipy: {apart} from ours")
    figures = take_turns(
        {"ours": warm_call(lambda: features.run(sound)), "rfft, matmul, dct": warm_call(way)}, 100
    )
    ways = {"rfft, matmul, dct": "rfft, matmul, dct"}
    yield row("1 s at 16 kHz", "mfcc", "scipy", figures, ways, difference=apart)


def with_scipy(sound: Array) -> Way:
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    bank = filter_bank().T.astype(np.float32)

    def way() -> Array:
        frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
        spectrum = scipy.fft.rfft(frames * window, SIZE)
        power = spectrum.real**2 + spectrum.imag**2
        energies = np.log(np.maximum(power @ bank, np.float32(FLOOR)))
        return scipy.fft.dct(energies, norm="ortho")[:, :COEFFICIENTS]

    return way


def filter_bank() -> Array:
    """Triangles over the frequency between corners at equal steps of mel: [bands, bins]."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    f = np.arange(SIZE // 2 + 1) * RATE / SIZE
    return np.maximum(0, np.minimum((f - left) / (middle - left), (right - f) / (right - middle)))
