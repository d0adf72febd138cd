"""Float DEPTHWISE_CONV_2D with vectors of channels."""

from __future__ import annotations

from functools import partial

from edgegen.engines.aot.fixed_point import float_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import conv
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant_weights,
    float32,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.conv_simd_f32 import bias_f32
from edgegen.engines.aot.ops.simd_f32 import ISAS, Isa
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind


def _refuse(isa: Isa, model: Model, op: Op) -> str | None:
    channels = output_tensor(model, op).shape[3]
    if input_tensor(model, op).shape[3] != channels:
        return "it has several filters per channel."
    if channels < isa.lanes:
        return "its channels fill no vector."
    return constant_weights(1, 2)(model, op)


def _lower(isa: Isa, model: Model, op: Op) -> Call:
    window = dict(conv.window_of(model, op))
    low, high = float_range(attrs_of(op, Conv2DAttrs).activation)
    return Call(
        op=op,
        function=f"eg_run_depthwise_conv_2d_f32_{isa.name}",
        struct="eg_depthwise_conv_2d_f32_simd",
        fields=(
            *window.items(),
            ("weights", Ref("filter")),
            ("bias", Ref("bias")),
            ("activation_min", low),
            ("activation_max", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/simd/depthwise_conv_2d_f32.h",
        sources=(isa.source("depthwise_conv_2d"),),
        constants=(
            Constant("filter", float32(input_tensor(model, op, 1))),
            Constant("bias", bias_f32(model, op)),
        ),
        # Rows of outputs, which are written while the row's inputs are still read.
        output_overlap=of_window(window, 4, per_round=window["window.output_width"], last=0),
    )


KERNELS = tuple(
    Kernel(
        OpKind.DEPTHWISE_CONV_2D,
        DType.FLOAT32,
        partial(_lower, isa),
        partial(_refuse, isa),
        isa.needs,
    )
    for isa in ISAS
)
