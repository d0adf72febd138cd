"""A sound's samples as the rows that a model takes, by runtime_c.

Formulas, arithmetic and error bounds: runtime_c/include/edgegen/audio.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgegen import _native
from edgegen.native_arguments import choice, integer, real

WINDOWS = ("hann", "hamming", "rectangular")
MEL_SCALES = ("htk", "slaney")
MEL_SLOPES = ("hertz", "mel")
MEL_NORMS = ("none", "slaney")

Samples = npt.NDArray[np.float32] | npt.NDArray[np.int16]


def real_fft(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.complex64]:
    """The discrete Fourier transform of float32 [n]: complex64 [n / 2 + 1].

    Args:
        samples: Finite, and as many as a power of two from 8 to 8192.
    """
    spectrum = _native.real_fft(samples)
    if not np.isfinite(samples).all():
        raise ValueError("samples: NaN or infinity")
    return spectrum


@dataclass(frozen=True)
class AudioPlan:
    """The fields of eg_audio_plan in audio.h, as a generated project holds them.

    Tables have one dimension, float32, but for ``order`` and ``corners``, uint16.
    """

    fft_size: int
    frame_length: int
    hop: int
    mel_bands: int
    coefficients: int
    log_floor: float
    order: npt.NDArray[np.uint16]
    twiddles: npt.NDArray[np.float32]
    separators: npt.NDArray[np.float32]
    window: npt.NDArray[np.float32]
    corners: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.float32]
    dct: npt.NDArray[np.float32]


class AudioFeatures(_native.AudioFeatures):
    """Log mel energies or MFCCs of frames of a sound.

    ``run(samples)`` gives the rows of all whole frames, [frames, features]; ``push(samples)``
    those of the frames that these samples complete, and remembers the rest. Samples are finite
    float32 [n], or int16 [n] in units of 1 / 32768.

    With the same sizes and frequencies, log_floor aside, it computes what others do for

    - librosa: ``mel_scale="slaney", mel_norm="slaney"`` (its defaults), or none of them
      (``htk=True, norm=None``); ``center=False``. librosa takes 10 log10 instead of the natural
      logarithm, and `power_to_db` also cuts off below ``top_db``. It has a frame in the middle of
      ``fft_size`` samples, and so begins (fft_size - frame_length) / 2 samples later.
    - tf.signal: ``mel_slopes="mel"`` and |stft|^2; its first MFCC is sqrt(2) times ours.
    - SciPy: `scipy.fft.dct(logs, norm="ortho")`, `scipy.signal.get_window` as it is.

    Args:
        sample_rate: Hertz.
        frame_length: Samples of a frame, 1 to ``fft_size``.
        hop: Samples from one frame's start to the next one's, 1 to ``frame_length``.
        fft_size: A power of two from 8 to 8192; None for the smallest that holds a frame.
        mel_bands: 1 to 128; each must hold a frequency of the FFT.
        coefficients: 0 for the natural logarithms of the mel energies, else the number of
            MFCCs, up to ``mel_bands``.
        low_hz: 0 or more.
        high_hz: Above ``low_hz``, up to half of ``sample_rate``, which None stands for.
        log_floor: Above 0; smaller energies are taken for it.
        window: "hann" and "hamming" are periodic.
        mel_scale: "htk" is logarithmic, "slaney" linear up to 1 kHz.
        mel_slopes: What the triangles' sides are straight over.
        mel_norm: "slaney" divides each triangle by half its width in hertz.
        portable: Leaves the processor's vectors alone. The result is the same, to the bit.

    Attributes:
        path: ``portable``, ``vector4`` or ``avx2``.

    Raises:
        TypeError: Samples of another dtype.
        ValueError: An argument is wrong, of the constructor or of a call; it says which.
    """

    def __init__(
        self,
        sample_rate: float,
        frame_length: int,
        hop: int,
        *,
        fft_size: int | None = None,
        mel_bands: int = 40,
        coefficients: int = 0,
        low_hz: float = 20.0,
        high_hz: float | None = None,
        log_floor: float = 1e-10,
        window: Literal["hann", "hamming", "rectangular"] = "hann",
        mel_scale: Literal["htk", "slaney"] = "htk",
        mel_slopes: Literal["hertz", "mel"] = "hertz",
        mel_norm: Literal["none", "slaney"] = "none",
        portable: bool = False,
    ) -> None:
        rate = real("sample_rate", sample_rate)
        if not 0 < rate <= 1e9:
            raise ValueError(f"sample_rate: need more than 0, up to 10^9, got {sample_rate}")
        frame_length = integer("frame_length", frame_length, 1, 8192)
        if fft_size is None:
            fft_size = max(8, 1 << (frame_length - 1).bit_length())
        fft_size = integer("fft_size", fft_size)
        if not 8 <= fft_size <= 8192 or fft_size & (fft_size - 1):
            raise ValueError(f"fft_size: need a power of two from 8 to 8192, got {fft_size}")
        mel_bands = integer("mel_bands", mel_bands, 1, 128)
        low = real("low_hz", low_hz)
        high = rate / 2 if high_hz is None else real("high_hz", high_hz)
        if not 0 <= low < high <= rate / 2:
            raise ValueError(
                "low_hz, high_hz: need 0 <= low_hz < high_hz <= sample_rate / 2, "
                f"got {low_hz} and {high_hz}"
            )
        floor = real("log_floor", log_floor)
        if not np.finfo(np.float32).tiny <= floor <= np.finfo(np.float32).max:
            raise ValueError(f"log_floor: need a normal float32 above 0, got {log_floor}")
        super().__init__(
            rate,
            integer("frame_length", frame_length, 1, fft_size),
            integer("hop", hop, 1, frame_length),
            fft_size,
            mel_bands,
            integer("coefficients", coefficients, 0, mel_bands),
            low,
            high,
            floor,
            choice("window", window, WINDOWS),
            choice("mel_scale", mel_scale, MEL_SCALES),
            bool(choice("mel_slopes", mel_slopes, MEL_SLOPES)),
            bool(choice("mel_norm", mel_norm, MEL_NORMS)),
            bool(portable),
        )

    def plan(self) -> AudioPlan:
        """The numbers and tables that the C runs by; views, which can't be written."""
        return AudioPlan(**self._plan())
