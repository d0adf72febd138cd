"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV: int16 by int8."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import conv, fully_connected, transpose_conv
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    constant_weights,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.output_s16 import (
    is_narrow,
    output_s16,
    products_within_int32,
    refuse_sums,
)
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_rows
from edgegen.model import Conv2DAttrs, DType, FullyConnectedAttrs, Model, Op, OpKind, Tensor
from edgegen.passes.memory_plan import Overlap

_Fields = tuple[tuple[str, Field], ...]


def _lower_conv(model: Model, op: Op) -> Call:
    if is_pointwise(model, op):
        return _call(model, op, "fully_connected", _pointwise_fields(model, op))
    return _call(
        model, op, "conv_2d", conv.window_of(model, op), ("nn/conv_2d_s16.c", "nn/window_2d.c")
    )


def is_pointwise(model: Model, op: Op) -> bool:
    """Whether a convolution is a fully connected layer at every pixel."""
    size = input_tensor(model, op, 1).shape[1:3]
    return size == attrs_of(op, Conv2DAttrs).stride == (1, 1)


def _pointwise_fields(model: Model, op: Op) -> _Fields:
    data, depth = input_tensor(model, op), input_tensor(model, op).shape[3]
    return (
        ("batches", data.elements // depth),
        ("input_depth", depth),
        ("output_depth", output_tensor(model, op).shape[3]),
    )


def _lower_depthwise(model: Model, op: Op) -> Call:
    rows = products_within_int32(weight_sums(model, op)) // input_tensor(model, op, 1).shape[2]
    fields = (*conv.window_of(model, op), ("rows_per_chunk", rows))
    sources = ("nn/depthwise_conv_2d_s16.c", "nn/window_2d.c")
    return _call(model, op, "depthwise_conv_2d", fields, sources)


def _lower_fully_connected(model: Model, op: Op) -> Call:
    shape = fully_connected.shape_fields(input_tensor(model, op, 1), output_tensor(model, op))
    return _call(model, op, "fully_connected", shape)


def _lower_transpose_conv(model: Model, op: Op) -> Call:
    return _call(model, op, "transpose_conv", transpose_conv.shape_fields(model, op))


def _call(
    model: Model, op: Op, name: str, shape: _Fields, sources: tuple[str, ...] | None = None
) -> Call:
    attrs = op.attrs
    assert isinstance(attrs, Conv2DAttrs | FullyConnectedAttrs)
    fields, constants = output_s16(
        _bias(model, op),
        weight_sums(model, op),
        _has_int32_sums(op),
        real_multipliers(model, op),
        attrs.activation,
        output_tensor(model, op),
    )
    return Call(
        op=op,
        function=f"eg_run_{name}_s16",
        struct=f"eg_{name}_s16",
        fields=(*shape, ("weights", Ref("filter")), *fields),
        inputs=(op.data,),
        output=op.outputs[0],
        header=f"edgegen/nn/{name}_s16.h",
        sources=(*(sources or (f"nn/{name}_s16.c",)), "nn/output_s16.c"),
        constants=(Constant("filter", constant(input_tensor(model, op, 1))), *constants),
        output_overlap=_overlap(model, op),
    )


def weight_sums(model: Model, op: Op) -> npt.NDArray[np.int64]:
    """Of the magnitudes of every channel's weights."""
    axis = 3 if op.kind is OpKind.DEPTHWISE_CONV_2D else 0
    weights = np.abs(constant(input_tensor(model, op, 1)).astype(np.int64))
    by_channel = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    found: npt.NDArray[np.int64] = by_channel.sum(axis=1)
    return found


def _overlap(model: Model, op: Op) -> Overlap | None:
    """As of the int8 kernels, which loop alike."""
    if op.kind is OpKind.TRANSPOSE_CONV:
        return None
    if op.kind is not OpKind.FULLY_CONNECTED:
        return conv.overlap_of(model, op)
    data, output = input_tensor(model, op), output_tensor(model, op)
    rows = output.elements // output.shape[-1]
    return of_rows(rows, data.bytes // rows, output.bytes // rows, last=output.dtype.bytes)


def _bias(model: Model, op: Op) -> Tensor | None:
    return optional_input(model, op, 3 if op.kind is OpKind.TRANSPOSE_CONV else 2)


def _has_int32_sums(op: Op) -> bool:
    if isinstance(op.attrs, FullyConnectedAttrs):
        return op.attrs.has_int32_sums
    return attrs_of(op, Conv2DAttrs).has_int32_sums


def real_multipliers(model: Model, op: Op) -> list[float]:
    """What takes a channel's sum to the output's scale."""
    if op.kind is OpKind.TRANSPOSE_CONV:
        return transpose_conv.real_multipliers(model, op)
    if op.kind is OpKind.FULLY_CONNECTED:
        tensors = (input_tensor(model, op), input_tensor(model, op, 1), _bias(model, op))
        return fully_connected.real_multipliers(*tensors, output_tensor(model, op))
    return conv.real_multipliers(model, op)


def has_narrow_sums(model: Model, op: Op) -> bool:
    """Whether sums are int32 and rescaled as such."""
    return is_narrow(_bias(model, op), _has_int32_sums(op))


def refuse(model: Model, op: Op) -> str | None:
    """What no kernel takes."""
    positions = (1, 3) if op.kind is OpKind.TRANSPOSE_CONV else (1, 2)
    return constant_weights(*positions)(model, op) or refuse_sums(
        _bias(model, op), _has_int32_sums(op), real_multipliers(model, op)
    )


def _refuse_depthwise(model: Model, op: Op) -> str | None:
    most = products_within_int32(weight_sums(model, op))
    if input_tensor(model, op, 1).shape[2] > most:
        return f"its filter is more than {most} columns wide."
    return refuse(model, op)


def _kernel(
    kind: OpKind,
    lower: Callable[[Model, Op], Call],
    refusal: Callable[[Model, Op], str | None] = refuse,
) -> Kernel:
    return Kernel(kind, DType.INT16, lower, refusal)


KERNELS = (
    _kernel(OpKind.CONV_2D, _lower_conv),
    _kernel(OpKind.DEPTHWISE_CONV_2D, _lower_depthwise, _refuse_depthwise),
    _kernel(OpKind.FULLY_CONNECTED, _lower_fully_connected),
    _kernel(OpKind.TRANSPOSE_CONV, _lower_transpose_conv),
)
