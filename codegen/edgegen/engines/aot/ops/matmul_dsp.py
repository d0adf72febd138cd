"""Matrices as the DSP kernels read them: edgegen/nn/dsp/matmul.h, packed and proved."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.ops.requantize_dsp import Requantisation

CHANNELS_PER_BLOCK = 4
GROUP = 4
"""Inputs that one word of the activation holds."""

_Weights = npt.NDArray[np.int64]


def padded(count: int, multiple: int) -> int:
    """The smallest multiple that is no less than ``count``."""
    return -(-count // multiple) * multiple


def unpackable(weights: _Weights) -> str | None:
    """Why two channels could not share a halfword, or None.

    Args:
        weights: [channels][inputs].
    """
    packed = _two_channels(_fill_up(weights))
    if packed.min() < -(1 << 15):
        return "a weight of -128 stands beside a negative one."
    if 128 * int(np.abs(weights).sum(axis=1).max()) >= 1 << 23:
        return "its sums may reach 2^23."
    return None


def pack(weights: _Weights, requantisation: Requantisation) -> npt.NDArray[np.int32]:
    """The stream of an ``eg_matmul_dsp``.

    Args:
        weights: [channels][inputs]; `unpackable` has nothing against them.
    """
    halfwords = _two_channels(_fill_up(weights)) & 0xFFFF
    pairs, inputs = halfwords.shape
    # [block][pair][group][input of the group] -> [block][group][0 or 1][pair]
    grouped = halfwords.reshape(pairs // 2, 2, inputs // GROUP, GROUP)
    words = grouped[..., :2] | grouped[..., 2:] << 16
    words = words.transpose(0, 2, 3, 1).reshape(pairs // 2, -1)
    rows = requantisation.rows()
    missing = padded(len(rows), CHANNELS_PER_BLOCK) - len(rows)
    parameters = np.pad(rows, ((0, missing), (0, 0))).reshape(pairs // 2, -1)
    return np.concatenate([_int32(words), parameters], axis=1).reshape(-1)


def matrix_fields(
    weights: _Weights, member: str = "matrix"
) -> tuple[tuple[str, int], tuple[str, int]]:
    """The numbers of an ``eg_matmul_dsp`` member, whose stream is a constant of its own."""
    channels, inputs = weights.shape
    return (
        (f"{member}.groups", padded(inputs, GROUP) // GROUP),
        (f"{member}.blocks", padded(channels, CHANNELS_PER_BLOCK) // CHANNELS_PER_BLOCK),
    )


def _fill_up(weights: _Weights) -> _Weights:
    channels, inputs = weights.shape
    missing = (
        (0, padded(channels, CHANNELS_PER_BLOCK) - channels),
        (0, padded(inputs, GROUP) - inputs),
    )
    return np.pad(weights, missing)


def _two_channels(weights: _Weights) -> _Weights:
    """[channels / 2][inputs]: 256 * an even channel + the next."""
    return 256 * weights[0::2] + weights[1::2]


def _int32(words: _Weights) -> npt.NDArray[np.int32]:
    return words.astype(np.uint32).view(np.int32)
