"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import float_range, wrap_int32
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    constant_weights,
    float32,
    huge_multiplier,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.output_s8 import output_s8
from edgegen.engines.aot.ops.window import window_fields
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_rows, of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind, Tensor
from edgegen.passes.memory_plan import Overlap

_Fields = tuple[tuple[str, Field], ...]


def _lower_conv_s8(model: Model, op: Op) -> Call:
    data = input_tensor(model, op)
    bias = _folded_bias(model, op)
    if _is_pointwise(model, op):
        return _call_s8(model, op, "fully_connected", _pointwise_fields(data, model, op), bias)
    zero_point = (("input_zero_point", data.zero_point),)
    return _call_s8(model, op, "conv_2d", window_of(model, op), bias, zero_point)


def _lower_depthwise_s8(model: Model, op: Op) -> Call:
    offset = (("input_offset", -input_tensor(model, op).zero_point),)
    bias = wrap_int32(bias_of(model, op))
    return _call_s8(model, op, "depthwise_conv_2d", window_of(model, op), bias, offset)


def _call_s8(
    model: Model,
    op: Op,
    name: str,
    shape: _Fields,
    bias: npt.NDArray[np.int32],
    input_fields: _Fields = (),
) -> Call:
    fields, constants = output_s8(
        bias,
        real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )
    return Call(
        op=op,
        function=f"eg_run_{name}_s8",
        struct=f"eg_{name}_s8",
        fields=(*shape, ("weights", Ref("filter")), *input_fields, *fields),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/{name}.h",
        sources=(*_sources(f"{name}_s8"), "nn/output_s8.c"),
        constants=(Constant("filter", constant(input_tensor(model, op, 1))), *constants),
        output_overlap=overlap_of(model, op),
    )


def _lower_conv_f32(model: Model, op: Op) -> Call:
    if _is_pointwise(model, op):
        fields = _pointwise_fields(input_tensor(model, op), model, op)
        return _call_f32(model, op, "fully_connected", fields)
    return _call_f32(model, op, "conv_2d", window_of(model, op))


def _lower_depthwise_f32(model: Model, op: Op) -> Call:
    return _call_f32(model, op, "depthwise_conv_2d", window_of(model, op))


def _call_f32(model: Model, op: Op, name: str, shape: _Fields) -> Call:
    bias = optional_input(model, op, 2)
    low, high = float_range(attrs_of(op, Conv2DAttrs).activation)
    constants = [Constant("filter", float32(input_tensor(model, op, 1)))]
    if bias is not None:
        constants.append(Constant("bias", float32(bias)))
    return Call(
        op=op,
        function=f"eg_run_{name}_f32",
        struct=f"eg_{name}_f32",
        fields=(
            *shape,
            ("weights", Ref("filter")),
            ("bias", Ref("bias") if bias is not None else "NULL"),
            ("activation_min", low),
            ("activation_max", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/{name}.h",
        sources=_sources(f"{name}_f32"),
        constants=tuple(constants),
        output_overlap=overlap_of(model, op),
    )


def _sources(kernel: str) -> tuple[str, ...]:
    own = f"nn/{kernel}.c"
    return (own,) if kernel.startswith("fully_connected") else (own, "nn/window_2d.c")


def _is_pointwise(model: Model, op: Op) -> bool:
    """Whether the layer is a fully connected one at every pixel."""
    size = input_tensor(model, op, 1).shape[1:3]
    return size == (1, 1) and attrs_of(op, Conv2DAttrs).stride == (1, 1)


def _pointwise_fields(data: Tensor, model: Model, op: Op) -> tuple[tuple[str, int], ...]:
    depth, output_depth = data.shape[3], output_tensor(model, op).shape[3]
    return (
        ("batches", data.elements // depth),
        ("input_depth", depth),
        ("output_depth", output_depth),
    )


def window_of(model: Model, op: Op) -> tuple[tuple[str, int], ...]:
    """The initialisers of the layer's window."""
    _, height, width, _ = input_tensor(model, op, 1).shape
    return window_fields(
        input_tensor(model, op),
        output_tensor(model, op),
        (height, width),
        attrs_of(op, Conv2DAttrs),
    )


def overlap_of(model: Model, op: Op) -> Overlap:
    """Of the portable kernels: one pixel after another, whose last output is the first one that
    is written after all of its inputs were read."""
    element = input_tensor(model, op).bytes // input_tensor(model, op).elements
    if _is_pointwise(model, op) and op.kind is OpKind.CONV_2D:
        shape = dict(_pointwise_fields(input_tensor(model, op), model, op))
        return of_rows(
            shape["batches"],
            shape["input_depth"] * element,
            shape["output_depth"] * element,
            last=element,
        )
    return of_window(dict(window_of(model, op)), element, last=element)


def _folded_bias(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """The bias with the input's zero point taken off every input beforehand."""
    sums = constant(input_tensor(model, op, 1)).sum(axis=(1, 2, 3), dtype=np.int64)
    return wrap_int32(bias_of(model, op) - input_tensor(model, op).zero_point * sums)


def real_multipliers(model: Model, op: Op) -> list[float]:
    """What takes a channel's sum to the output's scale, in float64 as TFLM computes it."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    quant = input_tensor(model, op, 1).quant
    assert quant is not None
    return [data.scale * scale / output.scale for scale in quant.scale]


def refuse_s8(model: Model, op: Op) -> str | None:
    """What no int8 kernel takes."""
    return constant_weights(1, 2)(model, op) or huge_multiplier(real_multipliers(model, op))


KERNELS = (
    Kernel(OpKind.CONV_2D, DType.INT8, _lower_conv_s8, refuse_s8),
    Kernel(OpKind.CONV_2D, DType.FLOAT32, _lower_conv_f32, constant_weights(1, 2)),
    Kernel(OpKind.DEPTHWISE_CONV_2D, DType.INT8, _lower_depthwise_s8, refuse_s8),
    Kernel(OpKind.DEPTHWISE_CONV_2D, DType.FLOAT32, _lower_depthwise_f32, constant_weights(1, 2)),
)
