"""The tables behind SOFTMAX, LOGISTIC and TANH of int16.

A straight line between two samples of a curve misses it most in the middle. The reference moves
each sample by half of that, so that the error lies on both sides: these are its tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import round_half_away

_Int16s = npt.NDArray[np.int16]

_ENTRIES = 512  # and one behind the last
_RANGE = np.float32(65535)  # codes from the first to the last


def exp_table() -> _Int16s:
    """[513]: exp(x) in Q0.15 for x from -10 to 0."""
    return _sampled(lambda x: np.float32(math.exp(x)), np.float32(10.0) / _RANGE, zero_point=32767)


def reciprocal_table() -> _Int16s:
    """[513]: 1 / (1 + x) in Q0.15 for x from 0 to 1."""
    one = np.float32(1.0)
    return _sampled(lambda x: one / (one + x), one / _RANGE, zero_point=-32768)


def _sampled(
    function: Callable[[np.float32], np.float32], scale: np.float32, zero_point: int
) -> _Int16s:
    """A function of int16 with scale and zero point, in the reference's float32 steps."""
    first = scale * np.float32(-32768 - zero_point)
    last = scale * np.float32(32767 - zero_point)
    step = (last - first) / np.float32(_ENTRIES)
    output = np.float32(2.0) / _RANGE  # the scale of the results, with zero point 0
    per_one = np.float32(65536) / (output * np.float32(32767) - output * np.float32(-32768))

    def code(x: np.float32) -> np.float32:
        return function(x) * per_one

    entries = []
    for k in range(_ENTRIES):
        start = first + np.float32(k) * step
        sample = _rounded(code(start))
        following = code(first + np.float32(k + 1) * step)
        on_line = _rounded((following + sample) / np.float32(2.0))
        error = on_line - _rounded(code(start + step / np.float32(2.0)))
        entries.append(sample - _rounded(error / np.float32(2.0)))
    entries.append(_rounded(code(last)))
    return np.clip(entries, -32768, 32767).astype(np.int16)


def _rounded(value: np.float32) -> np.float32:
    return np.float32(round_half_away(float(value)))


def sigmoid_table() -> _Int16s:
    """[256]: 65536 * (1 / (1 + exp(-k / 24)) - 1/2); the last one is held just below 1/2."""

    def code(k: float) -> float:
        return 65536.0 * (1.0 / (1.0 + math.exp(-k / 24.0)) - 0.5)

    entries = [
        round_half_away(code(k) - ((code(k) + code(k + 1)) / 2.0 - code(k + 0.5)) / 2.0)
        for k in range(255)
    ]
    return np.array([*entries, 32767], np.int16)
