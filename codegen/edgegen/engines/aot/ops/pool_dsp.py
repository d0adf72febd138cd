"""AVERAGE_POOL_2D over whole images for cores with the DSP instructions."""

from __future__ import annotations

from edgegen.engines.aot.fixed_point import quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    input_index,
    input_tensor,
    known_activation,
    output_tensor,
)
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind, Pool2DAttrs

_LANES = 4
_MOST_PIXELS = 256  # whose sum is an int16


def _refusal(model: Model, op: Op) -> str | None:
    batches, height, width, channels = input_tensor(model, op).shape
    if attrs_of(op, Pool2DAttrs).filter != (height, width):
        return "it does not pool whole images."
    if output_tensor(model, op).shape != (1, 1, 1, channels) or batches != 1:
        return "it has several outputs."
    if height * width > _MOST_PIXELS or channels < _LANES:
        return "it has more than 256 pixels or fewer than 4 channels."
    return known_activation(model, op)


def _lower(model: Model, op: Op) -> Call:
    _, height, width, channels = input_tensor(model, op).shape
    low, high = quantized_range(attrs_of(op, Pool2DAttrs).activation, output_tensor(model, op))
    return Call(
        op=op,
        function="eg_run_average_pool_dsp_s8",
        struct="eg_average_pool_dsp_s8",
        fields=(
            ("pixels", height * width),
            ("channels", channels),
            ("activation_min", low),
            ("activation_max", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/dsp/average_pool.h",
        sources=("nn/dsp/average_pool_s8.c",),
    )


KERNELS = (Kernel(OpKind.AVERAGE_POOL_2D, DType.INT8, _lower, _refusal, needs=frozenset({"dsp"})),)
