"""DEPTHWISE_CONV_2D by 3x3 filters with Helium."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import wrap_int32
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import depthwise_dsp as dsp
from edgegen.engines.aot.ops.common import attrs_of, input_index, input_tensor
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_LANES = 4
_OFFSET_LIMIT = 1 << 16
"""Offsets of a gathering load are halfwords."""


def _refusal(model: Model, op: Op) -> str | None:
    reason = dsp.refusal(model, op)
    if reason is not None:
        return reason
    along, _ = _axes(model, op)
    if along.outputs < _LANES:
        return "its output has fewer than 4 pixels on both axes."
    if 7 * attrs_of(op, Conv2DAttrs).stride[0] * along.input_step >= _OFFSET_LIMIT:
        return "its pixels are too far apart."
    return None


def _axes(model: Model, op: Op) -> tuple[dsp.Axis, dsp.Axis]:
    """Along the lines of a plane and across them: the way that fills the vectors better."""
    rows, columns = dsp.axes_of(model, op)
    if _vectors(columns, rows) <= _vectors(rows, columns):
        return columns, rows
    return rows, columns


def _vectors(along: dsp.Axis, across: dsp.Axis) -> int:
    """How many a channel takes, counting two more lines for those that only start sums."""
    if along.outputs < _LANES:
        return 1 << 60
    return -(-along.outputs // _LANES) * (across.outputs + 2)


def _lower(model: Model, op: Op) -> Call:
    data = input_tensor(model, op)
    along, across = _axes(model, op)
    stride = attrs_of(op, Conv2DAttrs).stride[0]
    width = -(-along.outputs // _LANES) * _LANES
    pitch = width * stride + 3 - stride
    name = f"depthwise_3x3_s{stride}_s8"
    return Call(
        op=op,
        function=f"eg_run_{name}_mve",
        struct="eg_depthwise_3x3_s8_mve",
        fields=(
            *along.fields("along"),
            *across.fields("across"),
            ("channels", data.shape[3]),
            ("zero_point", data.zero_point),
            ("stream", Ref("stream")),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/mve/depthwise_3x3.h",
        sources=(f"nn/mve/{name}.c",),
        constants=(Constant("stream", _stream(model, op)),),
        scratch_bytes=pitch * (across.outputs * stride + 3 - stride),
    )


def _stream(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """[channels][12], as ``eg_depthwise_channel_mve``."""
    scaled = dsp.requantisation_of(model, op)
    assert scaled is not None
    weights = dsp.weights_of(model, op) << scaled.weight_shift
    along, _ = _axes(model, op)
    if along == dsp.axes_of(model, op)[0]:
        weights = weights.transpose(1, 0, 2)
    bias = (dsp.bias_of(model, op) << scaled.weight_shift) + scaled.bias
    bias = bias - input_tensor(model, op).zero_point * weights.sum(axis=(0, 1))
    # The last shift rounds here, and rounds down there.
    constant = scaled.constant - (1 << (scaled.right - 1))
    parts = (*weights.reshape(9, -1), bias, scaled.multiplier, constant)
    return wrap_int32(np.stack(parts, axis=1)).reshape(-1)


KERNELS = (Kernel(OpKind.DEPTHWISE_CONV_2D, DType.INT8, _lower, _refusal, frozenset({"mve"})),)
