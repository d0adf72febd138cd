"""TRANSPOSE_CONV."""

from __future__ import annotations

import numpy as np

from edgegen.engines.aot.fixed_point import float_range, wrap_int32
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    constant_weights,
    float32,
    huge_multiplier,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.output_s8 import output_s8
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind, Padding

_WEIGHTS, _BIAS = 1, 3  # positions among the inputs; the first is the output's shape


def _lower_s8(model: Model, op: Op) -> Call:
    data, output = model.tensors[op.data], output_tensor(model, op)
    bias = optional_input(model, op, _BIAS)
    sums = np.zeros(output.shape[3], np.int64) if bias is None else constant(bias).astype(np.int64)
    activation = attrs_of(op, Conv2DAttrs).activation
    fields, constants = output_s8(wrap_int32(sums), real_multipliers(model, op), activation, output)
    filter_ = Constant("filter", constant(input_tensor(model, op, _WEIGHTS)))
    offset = ("input_offset", -data.zero_point)
    return _call(model, op, "s8", (offset, *fields), (filter_, *constants))


def _lower_f32(model: Model, op: Op) -> Call:
    bias = optional_input(model, op, _BIAS)
    low, high = float_range(attrs_of(op, Conv2DAttrs).activation)
    constants = [Constant("filter", float32(input_tensor(model, op, _WEIGHTS)))]
    if bias is not None:
        constants.append(Constant("bias", float32(bias)))
    fields: tuple[tuple[str, Field], ...] = (
        ("bias", Ref("bias") if bias is not None else "NULL"),
        ("activation_min", low),
        ("activation_max", high),
    )
    return _call(model, op, "f32", fields, tuple(constants))


def _call(
    model: Model,
    op: Op,
    suffix: str,
    fields: tuple[tuple[str, Field], ...],
    constants: tuple[Constant, ...],
) -> Call:
    sources = (f"nn/transpose_conv_{suffix}.c",)
    return Call(
        op=op,
        function=f"eg_run_transpose_conv_{suffix}",
        struct=f"eg_transpose_conv_{suffix}",
        fields=(*shape_fields(model, op), ("weights", Ref("filter")), *fields),
        inputs=(op.data,),
        output=op.outputs[0],
        header="edgegen/nn/transpose_conv.h",
        sources=(*sources, "nn/output_s8.c") if suffix == "s8" else sources,
        constants=constants,
    )


def shape_fields(model: Model, op: Op) -> tuple[tuple[str, Field], ...]:
    """The initialisers of an ``eg_transpose_conv_shape`` member named ``shape``."""
    attrs = attrs_of(op, Conv2DAttrs)
    batches, height, width, depth = model.tensors[op.data].shape
    _, output_height, output_width, output_depth = output_tensor(model, op).shape
    _, filter_height, filter_width, _ = input_tensor(model, op, _WEIGHTS).shape
    return (
        ("shape.batches", batches),
        ("shape.input_height", height),
        ("shape.input_width", width),
        ("shape.input_depth", depth),
        ("shape.output_height", output_height),
        ("shape.output_width", output_width),
        ("shape.output_depth", output_depth),
        ("shape.filter_height", filter_height),
        ("shape.filter_width", filter_width),
        ("shape.stride_height", attrs.stride[0]),
        ("shape.stride_width", attrs.stride[1]),
        ("shape.pad_top", _before(height, output_height, filter_height, attrs.stride[0], attrs)),
        ("shape.pad_left", _before(width, output_width, filter_width, attrs.stride[1], attrs)),
    )


def _before(extent: int, output: int, size: int, stride: int, attrs: Conv2DAttrs) -> int:
    """Padding before the first position of the convolution that this is the way back of."""
    if attrs.padding is Padding.VALID:
        return 0
    return max(0, (extent - 1) * stride + size - output) // 2


def real_multipliers(model: Model, op: Op) -> list[float]:
    """What takes a channel's sum to the output's scale."""
    data, output = model.tensors[op.data], output_tensor(model, op)
    quant = input_tensor(model, op, _WEIGHTS).quant
    assert quant is not None
    return [data.scale * scale / output.scale for scale in quant.scale]


def _refuse_s8(model: Model, op: Op) -> str | None:
    return constant_weights(_WEIGHTS, _BIAS)(model, op) or huge_multiplier(
        real_multipliers(model, op)
    )


KERNELS = (
    Kernel(OpKind.TRANSPOSE_CONV, DType.INT8, _lower_s8, _refuse_s8),
    Kernel(OpKind.TRANSPOSE_CONV, DType.FLOAT32, _lower_f32, constant_weights(_WEIGHTS, _BIAS)),
)
