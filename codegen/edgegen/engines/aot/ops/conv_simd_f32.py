"""Float CONV_2D and FULLY_CONNECTED with vectors, and DEPTHWISE_CONV_2D of one input channel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import float_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import conv
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant_weights,
    float32,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.conv_simd import prepared_inputs, row_window
from edgegen.engines.aot.ops.simd_f32 import ISAS, Isa, bias_constant, pack, vectors_of
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import afterwards
from edgegen.model import Activation, Conv2DAttrs, DType, FullyConnectedAttrs, Model, Op, OpKind

_Float32 = npt.NDArray[np.float32]


def bias_f32(model: Model, op: Op) -> _Float32:
    """Input 2, [channels], or zeros where it is absent: no sum is -0, so they change none."""
    bias = optional_input(model, op, 2)
    if bias is None:
        return np.zeros(output_tensor(model, op).shape[-1], np.float32)
    return float32(bias)


_refuse = constant_weights(1, 2)


def _refuse_depthwise(model: Model, op: Op) -> str | None:
    if input_tensor(model, op).shape[3] != 1:
        return "its input has several channels."
    return _refuse(model, op)


def _lower_conv(isa: Isa, model: Model, op: Op) -> Call:
    # [channels][row][column][input]; of depthwise filters [1][row][column][channel].
    weights = float32(input_tensor(model, op, 1))
    if op.kind is OpKind.DEPTHWISE_CONV_2D:
        weights = weights.transpose(3, 1, 2, 0)
    window = {k.removeprefix("window."): v for k, v in conv.window_of(model, op)}
    attrs = attrs_of(op, Conv2DAttrs)
    channels, height, width, depth = weights.shape
    if (height, width) == attrs.stride == (1, 1):
        window = row_window(output_tensor(model, op).elements // channels, depth, channels)
    # A row of the filter reads inputs that lie together, if it is not dilated.
    runs = height * (1 if attrs.dilation[1] == 1 else width)
    return _call(isa, model, op, window, weights.reshape(channels, runs, -1), attrs.activation)


def _lower_fully_connected(isa: Isa, model: Model, op: Op) -> Call:
    weights = float32(input_tensor(model, op, 1))
    channels, inputs = weights.shape
    window = row_window(output_tensor(model, op).elements // channels, inputs, channels)
    activation = attrs_of(op, FullyConnectedAttrs).activation
    return _call(isa, model, op, window, weights[:, np.newaxis], activation)


def _call(
    isa: Isa,
    model: Model,
    op: Op,
    window: Mapping[str, int],
    weights: _Float32,
    activation: Activation,
) -> Call:
    """
    Args:
        weights: [channels][runs][inputs of a run]
    """
    data, output = input_tensor(model, op), output_tensor(model, op)
    padded = _leaves_the_image(window)
    overlap = afterwards(data.bytes, output.bytes) if window["batches"] == 1 else None
    vectors = vectors_of(window["output_width"])
    low, high = float_range(activation)
    return Call(
        op=op,
        function=f"eg_run_conv_2d{'_padded' if padded else ''}_f32_{isa.name}",
        struct="eg_conv_2d_f32_simd",
        fields=(
            *((f"window.{name}", value) for name, value in window.items()),
            ("inputs", weights.shape[2]),
            ("vectors", vectors),
            ("weights", Ref("filter")),
            ("bias", Ref("bias")),
            ("activation_min", low),
            ("activation_max", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/simd/conv_2d_f32.h",
        sources=(isa.source("conv_2d"),),
        constants=(
            Constant("filter", pack(isa, vectors, weights)),
            bias_constant(isa, bias_f32(model, op)),
        ),
        scratch_bytes=4 * prepared_inputs(window) if padded else 0,
        output_overlap=overlap if padded else None,
    )


def _leaves_the_image(window: Mapping[str, int]) -> bool:
    if window["pad_top"] or window["pad_left"]:
        return True
    return any(
        (window[f"output_{axis}"] - 1) * window[f"stride_{axis}"]
        + (window[f"filter_{axis}"] - 1) * window[f"dilation_{axis}"]
        >= window[f"input_{axis}"]
        for axis in ("height", "width")
    )


def _kernels(isa: Isa) -> tuple[Kernel, ...]:
    ways = (
        (OpKind.CONV_2D, _lower_conv, _refuse),
        (OpKind.DEPTHWISE_CONV_2D, _lower_conv, _refuse_depthwise),
        (OpKind.FULLY_CONNECTED, _lower_fully_connected, _refuse),
    )
    return tuple(
        Kernel(kind, DType.FLOAT32, partial(lower, isa), refuse, isa.needs)
        for kind, lower, refuse in ways
    )


KERNELS = tuple(kernel for isa in ISAS for kernel in _kernels(isa))
