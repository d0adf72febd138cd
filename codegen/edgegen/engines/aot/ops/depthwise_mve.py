"""DEPTHWISE_CONV_2D by 3x3 filters with Helium."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import depthwise_dsp as dsp
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant_weights,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.matmul_mve import Requantisation, requantisation
from edgegen.engines.aot.ops.window import window_fields
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_ROWS = 4
_LANES = 16
_FEW_LANES = 8
_OUTSIDE_BYTES = 16
_MOST_SHIFT = 24
_BLOCK = {1: 2, 2: 4}
"""Outputs along a line that are computed together, by stride."""


def _refusal(model: Model, op: Op) -> str | None:
    reason = _refuse_shape(model, op)
    if reason is not None:
        return reason
    prepared = _requantisation(model, op)
    if isinstance(prepared, str):
        return prepared
    if not prepared.is_relu:
        return "its output is not all of int8 from a zero point of -128 on."
    if (prepared.shift < -_MOST_SHIFT).any():
        return "one of its multipliers is below 2^-25."
    return None


def _refuse_shape(model: Model, op: Op) -> str | None:
    attrs = attrs_of(op, Conv2DAttrs)
    data, output = input_tensor(model, op), output_tensor(model, op)
    reason = constant_weights(1, 2)(model, op)
    if reason is not None:
        return reason
    if input_tensor(model, op, 1).shape[1:3] != (3, 3) or attrs.dilation != (1, 1):
        return "its filter is not a dense 3x3 one."
    if data.shape[3] != output.shape[3]:
        return "it has several filters per channel."
    if data.shape[0] != 1:
        return "it has a batch."
    if attrs.stride not in {(1, 1), (2, 2)}:
        return "its strides are neither 1 nor 2."
    rows, columns = dsp.axes_of(model, op)
    if max(rows.pad, columns.pad) > 1:
        return "it is padded by more than a pixel."
    if attrs.stride == (1, 1) and min(rows.outputs, columns.outputs) < _BLOCK[1]:
        return "its output is a single row or column."
    return None


def _requantisation(model: Model, op: Op) -> Requantisation | str:
    data, weights = input_tensor(model, op), input_tensor(model, op, 1)
    values = dsp.weights_of(model, op).reshape(9, -1)
    assert weights.quant is not None
    output = output_tensor(model, op)
    return requantisation(
        bias_of(model, op) - data.zero_point * values.sum(axis=0),
        np.abs(values).sum(axis=0),
        [data.scale * scale / output.scale for scale in weights.quant.scale],
        attrs_of(op, Conv2DAttrs).activation,
        output,
    )


def _axes(model: Model, op: Op) -> tuple[dsp.Axis, dsp.Axis]:
    """Along the lines and across them: the way that costs less."""
    rows, columns = dsp.axes_of(model, op)
    stride = attrs_of(op, Conv2DAttrs).stride[0]
    if _cost(columns, rows, stride) <= _cost(rows, columns, stride):
        return columns, rows
    return rows, columns


def _cost(along: dsp.Axis, across: dsp.Axis, stride: int) -> int:
    """Instructions per channel, about; those of copying are shared by 16."""
    if stride == 1:
        return -(-across.outputs // 2) * (24 + 15 * (-(-along.outputs // 2)) + along.size)
    return across.outputs * (20 + 18 * (-(-along.outputs // 4)) + along.size)


def _lower(model: Model, op: Op) -> Call:
    # With more lanes than channels they would be copied for nothing.
    lanes = _LANES if input_tensor(model, op).shape[3] > _FEW_LANES else _FEW_LANES
    return _call(model, op, *_axes(model, op), lanes)


def _lower_small(model: Model, op: Op) -> Call:
    """Lines as short as possible of few channels; of stride 2 rows, for the output's sake."""
    rows, columns = dsp.axes_of(model, op)
    if attrs_of(op, Conv2DAttrs).stride == (1, 1) and rows.outputs < columns.outputs:
        return _call(model, op, rows, columns, _FEW_LANES)
    return _call(model, op, columns, rows, _FEW_LANES)


def _call(model: Model, op: Op, along: dsp.Axis, across: dsp.Axis, lanes: int) -> Call:
    data, output = input_tensor(model, op), output_tensor(model, op)
    stride = attrs_of(op, Conv2DAttrs).stride[0]
    name = f"depthwise_3x3_s{stride}_s8"
    copies, columns = (2, along.outputs + 2) if stride == 1 else (1, 2 * along.outputs + 1)
    call = Call(
        op=op,
        function=f"eg_run_{name}_mve",
        struct="eg_depthwise_3x3_s8_mve",
        fields=(
            *along.fields("along"),
            *across.fields("across"),
            ("lanes", lanes),
            ("channels", data.shape[3]),
            ("zero_point", data.zero_point),
            ("stream", Ref("stream")),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/mve/depthwise_3x3.h",
        sources=(f"nn/mve/{name}.c", "nn/mve/depthwise_patches.c"),
        constants=(Constant("stream", _stream(model, op, along)),),
        scratch_bytes=copies * _ROWS * ((columns - 1) * lanes + _LANES) + _OUTSIDE_BYTES,
        in_place=(0,) if stride == 1 and data.shape == output.shape else (),
    )
    if stride == 1 or across != dsp.axes_of(model, op)[0]:
        return call
    window = window_fields(data, output, (3, 3), attrs_of(op, Conv2DAttrs))
    # Of a row some channels are written before others are read.
    return replace(call, output_overlap=of_window(dict(window), per_round=along.outputs, last=0))


def _stream(model: Model, op: Op, along: dsp.Axis) -> npt.NDArray[np.int32]:
    """An ``eg_depthwise_channel_mve`` for each channel."""
    how = _requantisation(model, op)
    assert isinstance(how, Requantisation)
    right = -how.shift
    constants = (1 << (right - 1)) - (128 << right)
    scaling = np.stack([how.bias, how.multiplier, constants, _MOST_SHIFT - right], axis=1)
    weights = _patch_weights(model, op, along)
    return np.concatenate([scaling.astype(np.int32), weights.view("<i4")], axis=1).reshape(-1)


def _patch_weights(model: Model, op: Op, along: dsp.Axis) -> npt.NDArray[np.int8]:
    """[channels][24]: columns of three weights and a 0, with zeros around them."""
    weights = dsp.weights_of(model, op)  # [row][column][channel]
    if along == dsp.axes_of(model, op)[1]:
        weights = weights.transpose(1, 0, 2)
    columns = np.pad(weights, ((0, 0), (0, 1), (0, 0))).reshape(12, -1)
    return np.ascontiguousarray(np.pad(columns, ((5, 7), (0, 0))).T.astype(np.int8))


KERNELS = tuple(
    Kernel(OpKind.DEPTHWISE_CONV_2D, DType.INT8, lower, _refusal, needs=frozenset({"mve"}))
    for lower in (_lower, _lower_small)
)
