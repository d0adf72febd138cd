"""CONV_2D with the DSP instructions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    folded_bias,
    input_index,
    input_tensor,
    output_tensor,
    remembered,
)
from edgegen.engines.aot.ops.conv import real_multipliers, refuse_s8, window_of
from edgegen.engines.aot.ops.matmul_dsp import (
    CHANNELS_PER_BLOCK,
    GROUP,
    Matrix,
    matrix,
    padded,
    unpackable,
)
from edgegen.engines.aot.ops.requantize_dsp import Fitted, Requantisation, fitted, requantisation
from edgegen.engines.aot.program import Call, Field
from edgegen.engines.aot.traffic import of_rows, of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_Weights = npt.NDArray[np.int64]


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    if attrs_of(op, Conv2DAttrs).dilation != (1, 1):
        return "its filter is dilated."
    prepared = _requantisation(model, op)
    return prepared if isinstance(prepared, str) else unpackable(_flat_weights(model, op))


@remembered
def _requantisation(model: Model, op: Op) -> Requantisation | Fitted | str:
    output, weights = output_tensor(model, op), _flat_weights(model, op)
    folded = folded_bias(model, op, weights)
    reals, activation = real_multipliers(model, op), attrs_of(op, Conv2DAttrs).activation
    found = fitted(folded, weights, reals, activation, output)
    if found is not None:
        return found
    return requantisation(folded, np.abs(weights).sum(axis=1), reals, activation, output)


def _flat_weights(model: Model, op: Op) -> _Weights:
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    return weights.reshape(len(weights), -1)


def _lower(model: Model, op: Op) -> Call:
    if _is_pointwise(model, op):
        return _pointwise(model, op)
    return _by_columns(model, op) if _columns_cost_less(model, op) else _by_rows(model, op)


def _is_pointwise(model: Model, op: Op) -> bool:
    """Whether it is a matrix product at every pixel, of whole groups."""
    depth = input_tensor(model, op).shape[3]
    channels = output_tensor(model, op).shape[3]
    is_pointwise = input_tensor(model, op, 1).shape[1:3] == (1, 1)
    moves_by_one = attrs_of(op, Conv2DAttrs).stride == (1, 1)
    return is_pointwise and moves_by_one and depth % GROUP == 0 and channels % GROUP == 0


def _prepared(model: Model, op: Op) -> Requantisation | Fitted:
    prepared = _requantisation(model, op)
    assert not isinstance(prepared, str)
    return prepared


def _pointwise(model: Model, op: Op) -> Call:
    positions = math.prod(output_tensor(model, op).shape[:-1])
    return pointwise(op, positions, _flat_weights(model, op), _prepared(model, op))


def pointwise(op: Op, positions: int, weights: _Weights, prepared: Requantisation | Fitted) -> Call:
    """A matrix product at every position.

    Args:
        weights: [channels][inputs], both multiples of 4.
    """
    channels, depth = weights.shape
    fields = (("positions", positions),)
    return replace(
        _call(op, "pointwise", matrix(weights, prepared), fields, 4 * depth),
        output_overlap=of_rows(positions, depth, channels, per_round=2),
    )


def _by_columns(model: Model, op: Op) -> Call:
    window = upright(dict(window_of(model, op)))
    half = _half(window["window.output_height"])
    lines = (half - 1) * window["window.stride_height"] + window["window.filter_height"]
    line_bytes = _line_bytes(window)
    channels = padded(window["window.output_depth"], GROUP)
    scratch = 4 * line_bytes * lines + 3 * line_bytes + 2 * channels
    return _windowed(model, op, "conv_2d", window, scratch)


def _lower_in_order(model: Model, op: Op) -> Call:
    window = dict(window_of(model, op))
    channels, line_bytes = window["window.output_depth"], _line_bytes(window)
    behind = 2 * line_bytes
    if channels % CHANNELS_PER_BLOCK != 0:
        behind = max(behind, 2 * padded(channels, CHANNELS_PER_BLOCK))
    scratch = 4 * line_bytes * window["window.filter_height"] + behind
    call = _windowed(model, op, "conv_2d_in_order", window, scratch)
    return replace(call, output_overlap=of_window(window, per_round=2))


def _line_bytes(window: dict[str, int]) -> int:
    """What is read for a row of the filter."""
    return padded(window["window.filter_width"] * window["window.input_depth"], GROUP)


def _windowed(model: Model, op: Op, name: str, window: dict[str, int], scratch_bytes: int) -> Call:
    channels = output_tensor(model, op).shape[3]
    line = window["window.filter_width"] * window["window.input_depth"]
    line_bytes = _line_bytes(window)
    lines_of_weights = _flat_weights(model, op).reshape(channels, -1, line)
    filled_up = np.pad(lines_of_weights, ((0, 0), (0, 0), (0, line_bytes - line)))
    fields = (
        *window.items(),
        ("input_zero_point", input_tensor(model, op).zero_point),
        ("line_groups", line_bytes // GROUP),
    )
    packed = matrix(filled_up.reshape(channels, -1), _prepared(model, op))
    call = _call(op, "conv_2d", packed, fields, scratch_bytes)
    return replace(
        call,
        function=f"eg_run_{name}_s8_dsp",
        sources=(f"nn/dsp/{name}_s8.c", *call.sources[1:], "nn/dsp/widen_pair.c"),
    )


_BLOCK_COST = 51
"""Instructions on Cortex-M4 for four channels at two positions, without the 24 for every group of
inputs."""

_GAIN = 0.97
"""What columns must cost of rows: they take more memory and code of their own."""


def _columns_cost_less(model: Model, op: Op) -> bool:
    """By what the kernels take on Cortex-M4, about."""
    channels, height, width, depth = input_tensor(model, op, 1).shape
    blocks = padded(channels, CHANNELS_PER_BLOCK) // CHANNELS_PER_BLOCK
    window = dict(window_of(model, op))
    inputs = _inputs_by_rows(height, width * depth)
    pairs = window["window.output_height"] * _half(window["window.output_width"])
    widening = height * (9 * (width * depth // GROUP) + 20)
    by_rows = pairs * (blocks * (24 * inputs // GROUP + _BLOCK_COST) + widening + 60)

    window = upright(window)
    half, line = _half(window["window.output_height"]), _line_bytes(window)
    lines = (half - 1) * window["window.stride_height"] + window["window.filter_height"]
    inputs = window["window.filter_height"] * line
    pair = blocks * (24 * inputs // GROUP + _BLOCK_COST) + 60
    column = half * pair + lines * (9 * line // GROUP + 30) + 60
    return window["window.output_width"] * column < _GAIN * by_rows


def _half(count: int) -> int:
    return (count + 1) // 2


def _inputs_by_rows(height: int, line: int) -> int:
    pairs = padded(height, 2) // 2 * (line % GROUP)
    return padded(height * (line - line % GROUP) + 2 * pairs, GROUP)


def _by_rows(model: Model, op: Op) -> Call:
    channels, height, width, depth = input_tensor(model, op, 1).shape
    rows = _flat_weights(model, op).reshape(channels, height, width * depth)
    zero_point = input_tensor(model, op).zero_point
    return by_rows(op, dict(window_of(model, op)), zero_point, rows, _prepared(model, op))


def by_rows(
    op: Op,
    window: dict[str, int],
    zero_point: int,
    rows: _Weights,
    prepared: Requantisation | Fitted,
) -> Call:
    """
    Args:
        window: As `window_fields` makes it.
        zero_point: Of the input.
        rows: [channels][row of the filter][input of the row]
    """
    channels, height, line = rows.shape
    depth, left = window["window.input_depth"], window["window.pad_left"]
    steps = (window["window.output_width"] - 1) * window["window.stride_width"]
    line_bytes = padded(padded(left * depth, GROUP) + (steps - left) * depth + line, GROUP)
    fields = (
        *window.items(),
        ("input_zero_point", zero_point),
        ("line_bytes", line_bytes),
    )
    weights = _in_pairs_of_rows(rows)
    scratch = 4 * weights.shape[1] + height * line_bytes + 2 * padded(channels, GROUP)
    call = _call(op, "conv_2d_by_rows", matrix(weights, prepared), fields, scratch)
    return replace(
        call,
        sources=(*call.sources, "nn/dsp/widen_pair.c"),
        output_overlap=of_window(window, per_round=window["window.output_width"]),
    )


def _in_pairs_of_rows(rows: _Weights) -> _Weights:
    """The inputs of an ``eg_conv_2d_by_rows_s8_dsp``: [channels][row][input] -> [channels][input],
    in the order in which whole groups are packed."""
    channels, height, line = rows.shape
    whole = line - line % GROUP
    parts = []
    for first in range(0, height, 2):
        pair = rows[:, first : first + 2]
        rest = np.zeros((channels, 2, line - whole), np.int64)
        rest[:, : pair.shape[1]] = pair[..., whole:]
        parts += [_as_packed(pair[..., :whole]), rest.transpose(0, 2, 1).reshape(channels, -1)]
    packed = np.concatenate(parts, axis=1)
    missing = padded(packed.shape[1], GROUP) - packed.shape[1]
    groups = np.pad(packed, ((0, 0), (0, missing))).reshape(channels, -1, 2, 2)
    # The packer makes pairs of a group's inputs 0 and 2, 1 and 3.
    return groups.transpose(0, 1, 3, 2).reshape(channels, -1)


def _as_packed(rows: _Weights) -> _Weights:
    """Groups of one row after the other, the two inputs of every pair side by side."""
    channels = len(rows)
    return rows.reshape(channels, -1, 2, 2).transpose(0, 1, 3, 2).reshape(channels, -1)


def upright(window: dict[str, int]) -> dict[str, int]:
    """Of an image of one row a column: the same memory, and its pixels can be paired."""
    if window["window.input_height"] != 1 or window["window.filter_height"] != 1:
        return window
    turned = dict(window)
    for part in ("input_", "output_", "filter_", "stride_", "dilation_"):
        turned[f"window.{part}height"] = window[f"window.{part}width"]
        turned[f"window.{part}width"] = window[f"window.{part}height"]
    turned["window.pad_top"] = window["window.pad_left"]
    turned["window.pad_left"] = window["window.pad_top"]
    return turned


def _call(
    op: Op, name: str, packed: Matrix, fields: tuple[tuple[str, Field], ...], scratch_bytes: int
) -> Call:
    return Call(
        op=op,
        function=f"eg_run_{name}_s8_dsp",
        struct=f"eg_{name}_s8_dsp",
        fields=(*fields, *packed.fields),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/dsp/conv_2d.h",
        sources=(f"nn/dsp/{name}_s8.c", *packed.sources),
        constants=(packed.constant,),
        scratch_bytes=scratch_bytes,
    )


def _refuse_in_order(model: Model, op: Op) -> str | None:
    if _is_pointwise(model, op):
        return "its filter is 1x1, and that kernel works in order too."
    return _refuse(model, op)


KERNELS = (
    Kernel(OpKind.CONV_2D, DType.INT8, _lower, _refuse, frozenset({"dsp"})),
    Kernel(OpKind.CONV_2D, DType.INT8, _lower_in_order, _refuse_in_order, frozenset({"dsp"})),
)
