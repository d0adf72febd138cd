"""CONV_2D by Winograd's F(4x4, 3x3) with the DSP instructions: edgegen/nn/dsp/winograd.h."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multipliers, quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.conv import real_multipliers, refuse_s8, window_of
from edgegen.engines.aot.ops.matmul_dsp import padded
from edgegen.engines.aot.ops.step_function import Int64, Reference, Signed, fit_signed
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_TILE = 4
_CHANNELS = 4  # EG_WINOGRAD_CHANNELS
_FACTOR = 576
"""What the transforms multiply sums by."""
_WORD = 4
_U_BYTES = 36 * 4 * _WORD  # of four output channels and two input channels
_V_BYTES = 36 * 2 * _WORD  # of two tiles and two input channels
_M_BYTES = (36 * 8 + 80) * _WORD
_COLUMN_BYTES = 12 * _WORD
KEPT_BYTES = 46 * 1024
"""What U and V may take where there is a choice; the small variant keeps the least."""


def _refusal(model: Model, op: Op, kept_bytes: int) -> str | None:
    reason = refuse_s8(model, op)
    if reason is not None:
        return reason
    attrs, filters = attrs_of(op, Conv2DAttrs), input_tensor(model, op, 1).shape
    if filters[1:3] != (3, 3) or attrs.stride != (1, 1) or attrs.dilation != (1, 1):
        return "its filter is not a dense 3x3 one of stride 1."
    if filters[0] % _CHANNELS or filters[3] % _CHANNELS:
        return "its channels are no multiples of 4."
    if not pays(dict(window_of(model, op)), kept_bytes):
        return "its transforms would cost more than they save."
    return None if requantisation_of(model, op) is not None else "its rounding shows."


def pays(window: dict[str, int], kept_bytes: int) -> bool:
    """Whether it is likely to take fewer instructions than ops/conv_dsp.py."""
    outputs = window["window.output_height"] * window["window.output_width"]
    channels, depth = window["window.output_depth"], window["window.input_depth"]
    return _cost(window, kept_bytes) < outputs * channels * (9 * depth * 0.79 + 7)


def _cost(window: dict[str, int], kept_bytes: int) -> float:
    """Instructions of an image, about; fitted to the kernel on Cortex-M4."""
    rows, across = _tiles(window)
    channels, depth = window["window.output_depth"], window["window.input_depth"]
    tile_rows, kept = variant(window, kept_bytes)
    transforms_of_filters = 1 if kept * _CHANNELS == channels else -(-rows // tile_rows)
    pairs_of_tiles = -(-rows * across // 2)
    return (
        36 * pairs_of_tiles * channels / 4 * (11 * depth / 2 + 15)
        + rows * across * (340 * channels + 155 * depth)
        + transforms_of_filters * 100 * channels * depth
    )


def _tiles(window: dict[str, int]) -> tuple[int, int]:
    """Rows of tiles, tiles in a row."""
    height, width = window["window.output_height"], window["window.output_width"]
    return -(-height // _TILE), -(-width // _TILE)


def variant(window: dict[str, int], kept_bytes: int) -> tuple[int, int]:
    """Rows of tiles whose V are kept at once, and blocks of output channels whose U are.

    Either all U are made once and V row by row, or V of several rows once, for which every
    block's U is made again.
    """
    rows, across = _tiles(window)
    pairs, blocks = window["window.input_depth"] // 2, window["window.output_depth"] // _CHANNELS
    row_bytes = padded(across, 2) // 2 * pairs * _V_BYTES
    if blocks * pairs * _U_BYTES + row_bytes <= kept_bytes:
        return 1, blocks
    tile_rows = (kept_bytes - pairs * _U_BYTES) // row_bytes
    return min(max(tile_rows, 1), rows), 1


def _scratch_bytes(window: dict[str, int], tile_rows: int, kept: int) -> int:
    _, across = _tiles(window)
    pairs = window["window.input_depth"] // 2
    return (
        padded(tile_rows * across, 2) // 2 * pairs * _V_BYTES
        + kept * pairs * _U_BYTES
        + max(_M_BYTES, (_TILE * across + 2) * _COLUMN_BYTES)
        + window["window.input_width"] * window["window.input_depth"]
    )


def _weights(model: Model, op: Op) -> Int64:
    """[output channel][row][column][input channel]"""
    weights: Int64 = constant(input_tensor(model, op, 1)).astype(np.int64)
    return weights


def requantisation_of(model: Model, op: Op) -> Signed | None:
    """How 576 times a sum becomes an output, proved for every input; None if it is not exact."""
    output, bias = output_tensor(model, op), bias_of(model, op)
    weights = _weights(model, op).reshape(len(bias), -1)
    ends = np.array([-128, 127]) - input_tensor(model, op).zero_point
    products = weights[None] * ends[:, None, None]
    multiplier, shift = (
        np.broadcast_to(values, bias.shape).astype(np.int64)
        for values in quantize_multipliers(real_multipliers(model, op))
    )
    bounds = quantized_range(attrs_of(op, Conv2DAttrs).activation, output)
    return fit_signed(
        Reference(multiplier, shift, output.zero_point, *bounds),
        bias + products.min(axis=0).sum(axis=1),
        bias + products.max(axis=0).sum(axis=1),
        _FACTOR,
    )


def _stream(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """Of every block: the parameters, then the weights."""
    weights = _weights(model, op)
    channels, depth = len(weights), weights.shape[3]
    groups = weights.astype(np.int8).reshape(channels // 4, 4, 9, depth // 4, 4)
    words = np.ascontiguousarray(groups.transpose(0, 3, 1, 2, 4)).view("<i4")
    parts = [_parameters(model, op), words.reshape(channels // 4, -1)]
    return np.concatenate(parts, axis=1).reshape(-1)


def _parameters(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """[blocks][2 eg_winograd_channels]"""
    scaled = requantisation_of(model, op)
    assert scaled is not None
    # The kernel adds 128 to every input, so that it is not negative.
    offset = input_tensor(model, op).zero_point + 128
    bias = bias_of(model, op) - offset * _weights(model, op).sum(axis=(1, 2, 3))
    fields = (
        (_FACTOR * bias + scaled.bias)[:, None],
        np.stack([scaled.multiplier, scaled.constant], axis=1),
        scaled.shift[:, None],
    )
    # Of channels 0..3 of a block first 0 and 2, then 1 and 3: [block][second][half][numbers].
    halves = [
        values.reshape(len(bias) // 4, 2, 2, -1)
        .transpose(0, 2, 1, 3)
        .reshape(-1, 2, values[0].size * 2)
        for values in fields
    ]
    return _int32(np.concatenate(halves, axis=2)).reshape(len(bias) // 4, -1)


def _int32(values: Int64) -> npt.NDArray[np.int32]:
    return values.astype(np.uint32).view(np.int32)


def _lower(model: Model, op: Op, kept_bytes: int) -> Call:
    window = dict(window_of(model, op))
    tile_rows, kept = variant(window, kept_bytes)
    parts = ("filter", "input", "multiply", "output", "s8")
    return Call(
        op=op,
        function="eg_run_winograd_s8_dsp",
        struct="eg_winograd_s8_dsp",
        fields=(
            *window.items(),
            ("input_zero_point", input_tensor(model, op).zero_point),
            ("tile_rows", tile_rows),
            ("kept_blocks", kept),
            ("stream", Ref("filter")),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/dsp/winograd.h",
        sources=tuple(f"nn/dsp/winograd_{part}.c" for part in parts),
        constants=(Constant("filter", _stream(model, op)),),
        scratch_bytes=_scratch_bytes(window, tile_rows, kept),
    )


def _kernel(kept_bytes: int) -> Kernel:
    return Kernel(
        OpKind.CONV_2D,
        DType.INT8,
        lambda model, op: _lower(model, op, kept_bytes),
        lambda model, op: _refusal(model, op, kept_bytes),
        frozenset({"dsp"}),
    )


KERNELS = (_kernel(KEPT_BYTES), _kernel(0))
"""The second one takes less memory, and makes filters again for every row of tiles."""
