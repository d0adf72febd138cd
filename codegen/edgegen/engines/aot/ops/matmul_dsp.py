"""Matrices as the DSP kernels read them: edgegen/nn/dsp/matmul.h, packed and proved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.ops.requantize_dsp import Fitted, Requantisation
from edgegen.engines.aot.program import Constant, Field, Ref

CHANNELS_PER_BLOCK = 4
GROUP = 4
"""Inputs that one word of the activation holds."""

UPPER_LIMIT = 1 << 23
"""Sums of a halfword's upper channel stay below this in magnitude."""

_Weights = npt.NDArray[np.int64]


def padded(count: int, multiple: int) -> int:
    """The smallest multiple that is no less than ``count``."""
    return -(-count // multiple) * multiple


def unpackable(weights: _Weights) -> str | None:
    """Why two channels could not share a halfword, or None.

    Args:
        weights: [channels][inputs].
    """
    packed = _two_channels(_fill_up(weights, GROUP))
    if packed.min() < -(1 << 15):
        return "a weight of -128 stands beside a negative one."
    if 128 * int(np.abs(weights).sum(axis=1).max()) >= UPPER_LIMIT:
        return "its sums may reach 2^23."
    return None


@dataclass(frozen=True, slots=True)
class Matrix:
    """An ``eg_matmul_dsp`` member named ``matrix``.

    Attributes:
        fields: Its initialisers; the stream is the constant "filter".
        sources: What multiplies by it.
    """

    fields: tuple[tuple[str, Field], ...]
    constant: Constant
    sources: tuple[str, ...]


def matrix(weights: _Weights, prepared: Requantisation | Fitted) -> Matrix:
    """
    Args:
        weights: [channels][inputs]; `unpackable` has nothing against them.
    """
    words = _pack_weights(weights, GROUP)
    is_fitted = isinstance(prepared, Fitted)
    before, behind = _parameters(prepared, len(words))
    stream = np.concatenate([before, words, behind], axis=1).reshape(-1)
    name = "multiply_pair_fitted" if is_fitted else "multiply_pair_rounded"
    return Matrix(
        (
            ("matrix.stream", Ref("filter")),
            ("matrix.groups", padded(weights.shape[1], GROUP) // GROUP),
            ("matrix.blocks", len(words)),
            ("matrix.multiply", f"eg_{name}"),
        ),
        Constant("filter", stream),
        (f"nn/dsp/{name}.c",),
    )


def _parameters(
    prepared: Requantisation | Fitted, blocks: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """[blocks][words] that the stream has before the weights, and behind them."""
    if isinstance(prepared, Requantisation):
        rows = prepared.rows()
        missing = CHANNELS_PER_BLOCK * blocks - len(rows)
        behind = np.pad(rows, ((0, missing), (0, 0))).reshape(blocks, -1)
        return np.zeros((blocks, 0), np.int32), behind
    columns = (prepared.bias, prepared.multiplier, prepared.constant)
    bias, multiplier, constant = (
        np.pad(values, (0, CHANNELS_PER_BLOCK * blocks - len(values))).reshape(blocks, -1)
        for values in columns
    )
    pairs = np.stack([multiplier, constant], axis=2).reshape(blocks, -1)
    return bias[:, 0::2], np.concatenate([bias[:, 1::2], pairs], axis=1)


def pack_with_biases(
    weights: _Weights, bias: npt.NDArray[np.int64], multiple: int
) -> npt.NDArray[np.int32]:
    """The stream of an ``eg_fully_connected_s8_dsp``.

    Args:
        weights: [channels][inputs], as for `matrix`.
        bias: That starts the sums.
        multiple: Of inputs, to which zeros are added.
    """
    words = _pack_weights(weights, multiple)
    pairs = np.pad(bias, (0, CHANNELS_PER_BLOCK * len(words) - len(bias))).reshape(-1, 2)
    starts = np.stack([256 * pairs[:, 0] + pairs[:, 1], pairs[:, 1]], axis=1)
    return np.concatenate([_int32(starts).reshape(len(words), -1), words], axis=1).reshape(-1)


def _pack_weights(weights: _Weights, multiple: int) -> npt.NDArray[np.int32]:
    """[blocks][words]"""
    halfwords = _two_channels(_fill_up(weights, multiple)) & 0xFFFF
    pairs, inputs = halfwords.shape
    # [block][pair][group][input of the group] -> [block][group][0 or 1][pair]
    grouped = halfwords.reshape(pairs // 2, 2, inputs // GROUP, GROUP)
    words = grouped[..., :2] | grouped[..., 2:] << 16
    return _int32(words.transpose(0, 2, 3, 1)).reshape(pairs // 2, -1)


def _fill_up(weights: _Weights, multiple: int) -> _Weights:
    channels, inputs = weights.shape
    missing = (
        (0, padded(channels, CHANNELS_PER_BLOCK) - channels),
        (0, padded(inputs, multiple) - inputs),
    )
    return np.pad(weights, missing)


def _two_channels(weights: _Weights) -> _Weights:
    """[channels / 2][inputs]: 256 * an even channel + the next."""
    return 256 * weights[0::2] + weights[1::2]


def _int32(words: _Weights) -> npt.NDArray[np.int32]:
    return words.astype(np.uint32).view(np.int32)
