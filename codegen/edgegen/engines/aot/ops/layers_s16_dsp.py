"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of int16 by int8 with the DSP instructions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import layers_s16
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.conv import overlap_of, window_of
from edgegen.engines.aot.ops.matmul_dsp import padded
from edgegen.engines.aot.ops.output_s16 import fits_upper_word, upper_multipliers
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_rows, of_window
from edgegen.model import Conv2DAttrs, DType, FullyConnectedAttrs, Model, Op, OpKind
from edgegen.passes.memory_plan import Overlap

_INPUTS = 8  # EG_DOT_INPUTS_S16
_CHANNELS = 4
_HEADER = "edgegen/nn/dsp/layers_s16.h"
_Fields = tuple[tuple[str, Field], ...]
_Int32s = npt.NDArray[np.int32]
_Int64s = npt.NDArray[np.int64]


def _lower_fully_connected(model: Model, op: Op) -> Call:
    return _rows_call(model, op, output_tensor(model, op).elements // bias_of(model, op).size)


def _lower_conv(model: Model, op: Op) -> Call:
    if layers_s16.is_pointwise(model, op):
        data = input_tensor(model, op)
        return _rows_call(model, op, data.elements // data.shape[3])
    inputs = input_tensor(model, op, 1).elements // bias_of(model, op).size
    window = window_of(model, op)
    return Call(
        op=op,
        function="eg_run_conv_2d_s16_dsp",
        struct="eg_conv_2d_s16_dsp",
        fields=(*window, *_dot_fields(model, op, inputs)),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=_HEADER,
        sources=("nn/dsp/conv_2d_s16.c", "nn/dsp/dot_s16.c", "nn/window_2d.c"),
        constants=(Constant("filter", _dot_stream(model, op, inputs)),),
        scratch_bytes=2 * padded(inputs, _INPUTS),
        output_overlap=of_window(dict(window), element=2),
    )


def _rows_call(model: Model, op: Op, rows: int) -> Call:
    """Of a layer that is a fully connected one for each of its rows."""
    inputs = input_tensor(model, op, 1).elements // bias_of(model, op).size
    filled_up = padded(inputs, _INPUTS)
    return Call(
        op=op,
        function="eg_run_fully_connected_s16_dsp",
        struct="eg_fully_connected_s16_dsp",
        fields=(
            ("batches", rows),
            ("input_depth", inputs),
            *_dot_fields(model, op, inputs),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=_HEADER,
        sources=("nn/dsp/fully_connected_s16.c", "nn/dsp/dot_s16.c"),
        constants=(Constant("filter", _dot_stream(model, op, inputs)),),
        scratch_bytes=2 * filled_up if filled_up > inputs else _LEAST_SCRATCH,
        output_overlap=_overlap_of_rows(model, op, rows),
    )


_LEAST_SCRATCH = 4  # whose address is passed, though nothing is written there


def _overlap_of_rows(model: Model, op: Op, rows: int) -> Overlap:
    data, output = input_tensor(model, op), output_tensor(model, op)
    return of_rows(rows, data.bytes // rows, output.bytes // rows, last=2)


def _dot_fields(model: Model, op: Op, inputs: int) -> _Fields:
    low, high = _range(model, op)
    return (
        ("dot.stream", Ref("filter")),
        ("dot.inputs", padded(inputs, _INPUTS)),
        ("dot.channels", bias_of(model, op).size),
        ("dot.range.low", low),
        ("dot.range.high", high),
    )


def _dot_stream(model: Model, op: Op, inputs: int) -> _Int32s:
    """As eg_dot_s16_dsp has it: biases, weights and multipliers of four channels."""
    weights = constant(input_tensor(model, op, 1)).astype(np.int8).reshape(-1, inputs)
    blocks = padded(len(weights), _CHANNELS) // _CHANNELS
    quads = padded(inputs, _INPUTS) // 4
    filled = np.zeros((blocks * _CHANNELS, quads * 4), np.int8)
    filled[: len(weights), :inputs] = weights
    # [block][channel][quad][input] to [block][quad][channel][input]
    ordered = filled.reshape(blocks, _CHANNELS, quads, 4)[..., [0, 2, 1, 3]].transpose(0, 2, 1, 3)
    words = _words(ordered).reshape(blocks, quads * _CHANNELS)
    bias, multiplier = _outputs(model, op)
    return np.concatenate([bias, words, multiplier], axis=1).reshape(-1)


def _outputs(model: Model, op: Op) -> tuple[_Int32s, _Int32s]:
    """[blocks][4] each: biases, and the multipliers of eg_output_of_s16."""
    bias = bias_of(model, op)
    filled = np.zeros((2, padded(bias.size, _CHANNELS)), np.int32)
    filled[0, : bias.size] = bias
    filled[1, : bias.size] = upper_multipliers(layers_s16.real_multipliers(model, op))
    return filled[0].reshape(-1, _CHANNELS), filled[1].reshape(-1, _CHANNELS)


def _words(values: npt.NDArray[np.int8]) -> _Int32s:
    """Four bytes of the last dimension as one word, the first in its lowest bits."""
    return np.ascontiguousarray(values).view("<i4").astype(np.int32)[..., 0]


def _lower_depthwise(model: Model, op: Op) -> Call:
    low, high = _range(model, op)
    weights = constant(input_tensor(model, op, 1)).astype(np.int8)
    _, height, width, channels = weights.shape
    blocks = channels // _CHANNELS
    ordered = weights.reshape(height * width, blocks, _CHANNELS)[..., [1, 3, 0, 2]]
    outputs = np.stack(_outputs(model, op), axis=1).reshape(-1)
    return Call(
        op=op,
        function="eg_run_depthwise_conv_2d_s16_dsp",
        struct="eg_depthwise_conv_2d_s16_dsp",
        fields=(
            *window_of(model, op),
            ("weights", Ref("filter")),
            ("outputs", Ref("outputs")),
            ("range.low", low),
            ("range.high", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=_HEADER,
        sources=("nn/dsp/depthwise_conv_2d_s16.c", "nn/window_2d.c"),
        constants=(
            Constant("filter", _words(ordered.transpose(1, 0, 2)).reshape(-1)),
            Constant("outputs", outputs),
        ),
        output_overlap=overlap_of(model, op),
    )


def _range(model: Model, op: Op) -> tuple[int, int]:
    attrs = op.attrs
    assert isinstance(attrs, Conv2DAttrs | FullyConnectedAttrs)
    return quantized_range(attrs.activation, output_tensor(model, op))


def _refuse(model: Model, op: Op) -> str | None:
    refusal = layers_s16.refuse(model, op)
    if refusal is not None:
        return refusal
    if layers_s16.has_narrow_sums(model, op):
        return "its sums are rescaled as 32 bits."
    reals = layers_s16.real_multipliers(model, op)
    if not fits_upper_word(bias_of(model, op), layers_s16.weight_sums(model, op), reals):
        return "its sums may reach 2^31, or a multiplier is not between 2^-18 and 1/2."
    return None


def _refuse_depthwise(model: Model, op: Op) -> str | None:
    channels = input_tensor(model, op).shape[3]
    if attrs_of(op, Conv2DAttrs).depth_multiplier != 1 or channels % _CHANNELS:
        return "its channels are no multiple of 4 with one filter each."
    return _refuse(model, op)


def _kernel(
    kind: OpKind,
    lower: Callable[[Model, Op], Call],
    refusal: Callable[[Model, Op], str | None] = _refuse,
) -> Kernel:
    return Kernel(kind, DType.INT16, lower, refusal, frozenset({"dsp"}))


KERNELS = (
    _kernel(OpKind.CONV_2D, _lower_conv),
    _kernel(OpKind.DEPTHWISE_CONV_2D, _lower_depthwise, _refuse_depthwise),
    _kernel(OpKind.FULLY_CONNECTED, _lower_fully_connected),
)
