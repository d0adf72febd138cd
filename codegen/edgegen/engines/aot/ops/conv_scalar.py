"""CONV_2D and DEPTHWISE_CONV_2D for cores that multiply one pair of numbers at a time."""

from __future__ import annotations

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
from edgegen.engines.aot.ops.requantize_dsp import Requantisation, requantisation
from edgegen.engines.aot.ops.requantize_scalar import fitted_rows
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_rows, of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_LANES = 4
"""Channels that the depthwise kernel works on at once."""

_INPUTS_PER_TURN = 4
"""EG_INPUTS_PER_TURN"""

_LARGEST_PAIR = 255
"""What the magnitudes of two weights may add up to: see nn/scalar/matmul.h."""

_WORD = 4
_Int64 = npt.NDArray[np.int64]


def _flat_weights(model: Model, op: Op) -> _Int64:
    """[output][input]; of a depthwise convolution [output][tap]."""
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    if op.kind is OpKind.DEPTHWISE_CONV_2D:
        weights = np.moveaxis(weights, 3, 0)
    return weights.reshape(len(weights), -1)


@remembered
def _folded_bias(model: Model, op: Op) -> _Int64:
    return folded_bias(model, op, _flat_weights(model, op))


def fitted(model: Model, op: Op) -> npt.NDArray[np.int32] | None:
    """The rows of the fitted requantisation, if there are any."""
    return fitted_rows(
        _folded_bias(model, op),
        _flat_weights(model, op),
        real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )


def _requantisation(model: Model, op: Op) -> Requantisation | str:
    return requantisation(
        _folded_bias(model, op),
        np.abs(_flat_weights(model, op)).sum(axis=1),
        real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    if attrs_of(op, Conv2DAttrs).dilation != (1, 1):
        return "its filter is dilated."
    prepared = _requantisation(model, op)
    return prepared if isinstance(prepared, str) else None


def _refuse_conv(model: Model, op: Op) -> str | None:
    refusal = _refuse(model, op)
    if refusal is None and _pair_sums(_filled_up(model, op)).max() > _LARGEST_PAIR:
        return "two weights of -128 stand side by side."
    return refusal


def _refuse_depthwise(model: Model, op: Op) -> str | None:
    depths = input_tensor(model, op).shape[3], output_tensor(model, op).shape[3]
    if depths[0] != depths[1] or depths[0] < _LANES:
        return "it has several filters per channel, or fewer than 4 channels."
    return _refuse(model, op)


def _filled_up(model: Model, op: Op) -> _Int64:
    """[output][input], with weights of 0 up to a whole number of turns."""
    weights = _flat_weights(model, op)
    return np.pad(weights, ((0, 0), (0, -weights.shape[1] % _INPUTS_PER_TURN)))


def _pair_sums(weights: _Int64) -> _Int64:
    """Of the magnitudes of the weights that share a sum."""
    sums: _Int64 = np.abs(weights).reshape(len(weights), -1, 2).sum(axis=2)
    return sums


def _lower_conv(model: Model, op: Op) -> Call:
    weights = _filled_up(model, op)
    channels, inputs = weights.shape
    height, width, depth = input_tensor(model, op, 1).shape[1:]
    matrix: tuple[tuple[str, Field], ...] = (
        ("matrix.weights", Ref("filter")),
        ("matrix.channels", Ref("channels")),
        ("matrix.inputs", inputs),
        ("matrix.output_depth", channels),
    )
    if (height, width) == attrs_of(op, Conv2DAttrs).stride == (1, 1):
        positions = output_tensor(model, op).elements // channels
        fields: tuple[tuple[str, Field], ...] = (("positions", positions), ("input_depth", depth))
        call = _call(model, op, "pointwise", (*fields, *matrix), weights, _WORD * inputs)
        return replace(call, output_overlap=of_rows(positions, depth, channels, per_round=2))
    window = window_of(model, op)
    fields = (*window, ("input_zero_point", input_tensor(model, op).zero_point), *matrix)
    scratch = _WORD * inputs + 2 * width * depth
    call = _call(model, op, "conv_2d", fields, weights, scratch)
    return replace(call, output_overlap=of_window(dict(window), per_round=2))


def _lower_depthwise(model: Model, op: Op) -> Call:
    window = window_of(model, op)
    fields: tuple[tuple[str, Field], ...] = (
        *window,
        ("weights", Ref("filter")),
        ("channels", Ref("channels")),
        ("input_zero_point", input_tensor(model, op).zero_point),
    )
    weights = constant(input_tensor(model, op, 1))
    call = _call(model, op, "depthwise_conv_2d", fields, weights, 0)
    return replace(call, output_overlap=of_window(dict(window), last=_LANES))


def _call(
    model: Model,
    op: Op,
    name: str,
    fields: tuple[tuple[str, Field], ...],
    weights: npt.NDArray[np.generic],
    scratch_bytes: int,
) -> Call:
    prepared, rows = _requantisation(model, op), fitted(model, op)
    assert isinstance(prepared, Requantisation)
    is_depthwise = op.kind is OpKind.DEPTHWISE_CONV_2D
    flag = "is_fitted" if is_depthwise else "matrix.is_fitted"
    header = "depthwise_conv_2d" if is_depthwise else "conv_2d"
    helpers = (
        *(() if is_depthwise else ("nn/scalar/matmul.c",)),
        *(() if name == "pointwise" else ("nn/window_2d.c",)),
    )
    return Call(
        op=op,
        function=f"eg_run_{name}_s8_scalar",
        struct=f"eg_{name}_s8_scalar",
        fields=(*fields, (flag, 0 if rows is None else 1)),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/scalar/{header}.h",
        sources=(f"nn/scalar/{name}_s8.c", *helpers),
        constants=(
            Constant("filter", weights.astype(np.int8)),
            Constant("channels", prepared.rows() if rows is None else rows),
        ),
        scratch_bytes=scratch_bytes,
    )


KERNELS = (
    Kernel(OpKind.CONV_2D, DType.INT8, _lower_conv, _refuse_conv),
    Kernel(OpKind.DEPTHWISE_CONV_2D, DType.INT8, _lower_depthwise, _refuse_depthwise),
)
