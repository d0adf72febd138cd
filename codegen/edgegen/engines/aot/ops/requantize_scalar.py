"""The fitted requantisation of the scalar kernels: edgegen/nn/scalar/requantize.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multipliers, quantized_range
from edgegen.engines.aot.ops.requantize_dsp import constant_steps
from edgegen.engines.aot.ops.step_function import Reference, first_sums
from edgegen.model import Activation, Tensor

FACTOR_BITS = 20
"""EG_FACTOR_BITS"""

_LIMIT = 1 << 31
_LARGEST_SUM = 1 << 21
_MOST_SHIFT = 22
_ATTEMPTS = (0, *(sign * part << k for k in range(10) for part in (2, 3) for sign in (1, -1)))
"""What is added to a factor until every step lies where it should."""

_Int64 = npt.NDArray[np.int64]


def fitted_rows(
    bias: _Int64,
    weights: _Int64,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> npt.NDArray[np.int32] | None:
    """[channels][3]: factors, constants and shifts; None if some channel has none that give the
    reference's outputs for all inputs.

    Args:
        bias: Of every channel, the input's zero point folded in, not wrapped.
        weights: [channels][inputs].
        real_multipliers: One for all channels or one for each.
    """
    if quantized_range(activation, output) != (-128, 127):
        return None
    multiplier, shift = (
        np.broadcast_to(values, len(bias)).astype(np.int64)
        for values in quantize_multipliers(real_multipliers)
    )
    bias, multiplier, shift = bias.copy(), multiplier.copy(), shift.copy()
    for channel in np.flatnonzero(~weights.any(axis=1)):
        # Always the same output, whatever its scale is.
        step = constant_steps(bias[channel], multiplier[channel], shift[channel], output.zero_point)
        bias[channel], multiplier[channel], shift[channel] = 4 * step, 1 << 30, -1
    low = np.minimum(-128 * weights, 127 * weights).sum(axis=1)
    high = np.maximum(-128 * weights, 127 * weights).sum(axis=1)
    largest = np.maximum(np.maximum(-low, high), 1)
    with_bias = np.abs(bias) + largest
    if shift.max() > 0 or with_bias.max() >= 1 << 30 or largest.max() >= _LARGEST_SUM:
        return None
    reference = Reference(multiplier, shift, output.zero_point, -128, 127)
    return _search(reference, bias, low, high, largest)


def _search(
    reference: Reference, bias: _Int64, low: _Int64, high: _Int64, largest: _Int64
) -> npt.NDArray[np.int32] | None:
    steps = first_sums(reference, low + bias, high + bias) - bias[:, None]
    sums = np.concatenate([low[:, None], high[:, None], steps, steps - 1], axis=1)
    sums = np.clip(sums, low[:, None], high[:, None])
    expected = reference(sums + bias[:, None])
    real = reference.multiplier * np.exp2(reference.shift - 31.0)
    # As fine as an int32 allows: of the scaled sums, with some room, and of the factor.
    finest = np.minimum((_LIMIT >> 2) / largest, _LIMIT >> FACTOR_BITS + 1)
    room = np.log2(finest) - np.log2(np.maximum(real, 2.0**-40))
    shift = np.clip(np.floor(room).astype(np.int64), 1, _MOST_SHIFT)
    exact = real * np.exp2(shift + float(FACTOR_BITS))
    rows = np.zeros((len(bias), 3), np.int64)
    done = np.zeros(len(bias), np.bool_)
    for extra in _ATTEMPTS:
        factor = np.maximum(np.round(exact).astype(np.int64) + extra, 0)
        constant = _constant(factor, shift, steps, low, high, expected)
        tried = _outputs(factor, constant, shift, sums)
        good = ~done & (tried == expected).all(axis=1) & _fits(factor, constant, largest)
        rows[good] = np.stack([factor, constant, shift], axis=1)[good]
        done |= good
    return rows.astype(np.int32) if done.all() else None


def _constant(
    factor: _Int64, shift: _Int64, steps: _Int64, low: _Int64, high: _Int64, expected: _Int64
) -> _Int64:
    """In the middle of those that put every step right, if there are any."""
    levels = np.arange(-127, 128, dtype=np.int64) << shift[:, None]
    inside = (steps > low[:, None]) & (steps <= high[:, None])
    at, below = (_product(factor, sums) for sums in (steps, steps - 1))
    far = np.int64(1) << 62
    least = np.where(inside, levels - at, -far).max(axis=1)
    most = np.where(inside, levels - below - 1, far).min(axis=1)
    # Without a step, the middle of the only output, wherever the products are.
    lone = (expected[:, 0] << shift) - _product(factor, (low + high)[:, None] >> 1)[:, 0]
    middle = lone + (np.int64(1) << shift - 1)
    return np.where(inside.any(axis=1), (least + most) >> 1, middle)


def _product(factor: _Int64, sums: _Int64) -> _Int64:
    found: _Int64 = (sums * factor[:, None]) >> FACTOR_BITS
    return found


def _outputs(factor: _Int64, constant: _Int64, shift: _Int64, sums: _Int64) -> _Int64:
    raw = (_product(factor, sums) + constant[:, None]) >> shift[:, None]
    found: _Int64 = np.clip(raw, -128, 127)
    return found


def _fits(factor: _Int64, constant: _Int64, largest: _Int64) -> npt.NDArray[np.bool_]:
    """Whether what is added, and the factor, are int32."""
    scaled = largest * ((factor >> FACTOR_BITS) + 1)
    fits: npt.NDArray[np.bool_] = (scaled + np.abs(constant) < _LIMIT) & (factor < _LIMIT)
    return fits
