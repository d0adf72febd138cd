"""runtime_c from Python: the very C that generated projects embed.

What a host script computes here (quantised inputs, dequantised outputs) is what the
device computes, to the bit. Formulas, rounding and error bounds: the headers in
runtime_c/include/edgegen (audio.h, micro_audio.h, quantize.h, sensor.h,
vectors.h).

An array of another dtype than the one stated is a TypeError, never cast: a silent cast
could round. Anything else that is wrong with an argument is a ValueError that names it.
Views are read in their own order, whatever their strides.

``out`` is an array to write to, C-contiguous and of the result's dtype and shape, which is then
what is returned: a call costs less than a new array does. It must not overlap the input.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen import _native
from edgegen.native_arguments import integer, real
from edgegen.native_audio import AudioFeatures, AudioPlan, real_fft
from edgegen.native_image import ImagePreprocessor
from edgegen.native_memory import Uncopied
from edgegen.native_micro_audio import MicroAudioFeatures
from edgegen.native_timing import CycleCounter, Stopwatch, clock_ns

__all__ = [
    "AudioFeatures",
    "AudioPlan",
    "Biquad",
    "CycleCounter",
    "ImagePreprocessor",
    "MicroAudioFeatures",
    "MovingStatistics",
    "Resampler",
    "Stopwatch",
    "Windows",
    "argmax",
    "clock_ns",
    "dequantize",
    "non_maximum_suppression",
    "quantize",
    "real_fft",
    "scale",
    "softmax",
    "top_k",
]


def quantize(
    values: npt.NDArray[np.float32],
    scale: float,
    zero_point: int,
    out: npt.NDArray[np.int8] | None = None,
) -> npt.NDArray[np.int8]:
    """Quantises float32 values of any shape to int8.

    Args:
        values: float32; other dtypes are a TypeError, since a silent cast could round.
        scale: Finite and above 0; used as a float32.
        zero_point: -128 to 127.

    Returns:
        clamp(round(values / scale) + zero_point), ties away from zero, NaN at the zero
        point, in the shape of ``values``.

    Raises:
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    return _native.quantize(values, scale, zero_point, out)


def dequantize(
    values: npt.NDArray[np.int8],
    scale: float,
    zero_point: int,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Turns int8 values of any shape into float32: scale * (values - zero_point).

    Raises:
        TypeError: ``values`` is not int8.
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    return _native.dequantize(values, scale, zero_point, out)


def softmax(
    logits: npt.NDArray[np.float32], out: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """The softmax over the last axis of float32 ``logits``; ``out`` may be ``logits``.

    Raises:
        ValueError: No dimension, an empty last axis, NaN, +infinity, or a row that is all
            -infinity.
    """
    return _native.softmax(logits, out)


def top_k(
    values: npt.NDArray[np.float32 | np.int8],
    k: int,
    out: npt.NDArray[np.uint32] | None = None,
) -> npt.NDArray[np.uint32]:
    """The indices of the ``k`` largest values, largest first, equal ones in their order.

    Args:
        values: float32 or int8, one dimension.
        k: 1 to the number of values.
    """
    return _native.top_k(values, k, out)


def argmax(values: npt.NDArray[np.float32 | np.int8]) -> int:
    """The index of the largest value, the first of several; see `top_k`."""
    return _native.argmax(values)


def non_maximum_suppression(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    *,
    iou_threshold: float,
    score_threshold: float = -np.inf,
    max_boxes: int | None = None,
    classes: npt.NDArray[np.int32] | None = None,
) -> npt.NDArray[np.uint32]:
    """The boxes that stay when overlapping ones with lower scores go.

    Args:
        boxes: float32 [n, 4], two opposite corners each: y0, x0, y1, x1.
        scores: float32 [n].
        iou_threshold: 0 to 1; a box goes when its intersection over union with a kept one
            is above it.
        score_threshold: Boxes scored below it are left out.
        max_boxes: At most so many are kept; None for no limit.
        classes: int32 [n]: boxes of different classes don't suppress each other.

    Returns:
        The kept boxes' indices, from the highest score down, equal ones in their order.
    """
    return _native.nms(boxes, scores, classes, score_threshold, iou_threshold, max_boxes)


def scale(
    values: npt.NDArray[np.float32 | np.int16],
    factor: npt.NDArray[np.float32],
    offset: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """values * factor + offset, with one factor and one offset for each channel.

    Args:
        values: float32 or int16, any shape whose last axis is the channels.
        factor: float32 [channels].
        offset: float32 [channels].
    """
    return _native.scale(values, factor, offset, out)


class Windows(Uncopied):
    """Overlapping windows of a stream of frames.

    Args:
        length: Frames of a window.
        channels: Samples of a frame.
        hop: Frames from one window's start to the next one's, 1 to ``length``.
    """

    def __init__(self, length: int, channels: int = 1, hop: int | None = None) -> None:
        length = integer("length", length, 1, 2**31)
        channels = integer("channels", channels, 1, 2**31 // length)
        hop = length if hop is None else integer("hop", hop, 1, length)
        self._ring = _native.Ring(length, channels, hop)

    def push(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Takes frames, float32 [n, channels]; all windows they complete: [m, length, channels].

        Raises:
            ValueError: Another shape, NaN or infinity; nothing was taken.
        """
        return self._ring.push(frames)


class MovingStatistics(Uncopied):
    """Mean and variance of the last ``length`` samples, 1 to 2^24."""

    def __init__(self, length: int) -> None:
        self._moving = _native.Moving(integer("length", length, 1, 2**24))

    def push(
        self, samples: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The means and the population variances after each of the samples, float32 [n].

        Raises:
            ValueError: Not one dimension, NaN, a magnitude above 10^15; nothing was taken.
        """
        return self._moving.push(samples)


class Biquad(Uncopied):
    """A second-order IIR filter, its memory included.

    y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], in float32. A ValueError for
    coefficients that aren't finite or make it unstable.
    """

    def __init__(self, b0: float, b1: float, b2: float, a1: float, a2: float) -> None:
        named = {"b0": b0, "b1": b1, "b2": b2, "a1": a1, "a2": a2}
        self._biquad = _native.Biquad(*(real(name, value) for name, value in named.items()))

    def run(
        self, samples: npt.NDArray[np.float32], out: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Filters the next samples, float32 [n]; ``out`` may be ``samples``."""
        return self._biquad.run(samples, out)


class Resampler(Uncopied):
    """From one sampling rate to up/down of it; 1 to 64 each, as a stream.

    The output comes 10 * max(up, down) / up input samples late.
    """

    def __init__(self, up: int, down: int) -> None:
        self._resampler = _native.Resampler(integer("up", up, 1, 64), integer("down", down, 1, 64))

    def run(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Takes the next samples, float32 [n], and gives those of the other rate so far."""
        return self._resampler.run(samples)
