"""CONV_2D with Helium."""

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
from edgegen.engines.aot.ops.conv_dsp import upright
from edgegen.engines.aot.ops.matmul_mve import Requantisation, kernel, pack, requantisation
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_rows, of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_TOGETHER = 4
"""Positions that the kernel that works in order copies before it computes them."""

_STEP_LIMIT = (1 << 16) - 3
"""Outputs of two positions are scattered by offsets of 16 bits."""


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    if attrs_of(op, Conv2DAttrs).dilation != (1, 1):
        return "its filter is dilated."
    if dict(_positions(model, op))["positions.output_step"] >= _STEP_LIMIT:
        return "its output's pixels are too far apart."
    prepared = _requantisation(model, op)
    return prepared if isinstance(prepared, str) else None


@remembered
def _requantisation(model: Model, op: Op) -> Requantisation | str:
    weights = _flat_weights(model, op)
    return requantisation(
        folded_bias(model, op, weights),
        np.abs(weights).sum(axis=1),
        real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )


def _flat_weights(model: Model, op: Op) -> npt.NDArray[np.int64]:
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    return weights.reshape(len(weights), -1)


def _is_pointwise(model: Model, op: Op) -> bool:
    is_pointwise = input_tensor(model, op, 1).shape[1:3] == (1, 1)
    return is_pointwise and attrs_of(op, Conv2DAttrs).stride == (1, 1)


def _window(model: Model, op: Op) -> dict[str, int]:
    return upright(dict(window_of(model, op)))


def _positions(model: Model, op: Op) -> tuple[tuple[str, int], ...]:
    """``eg_positions_mve``: of the whole output, or of a column."""
    channels, inputs = _flat_weights(model, op).shape
    if _is_pointwise(model, op):
        count, steps = output_tensor(model, op).elements // channels, (inputs, channels)
    else:
        window = _window(model, op)
        line = window["window.filter_width"] * window["window.input_depth"]
        count = window["window.output_height"]
        steps = window["window.stride_height"] * line, window["window.output_width"] * channels
    names = ("count", "input_step", "output_step")
    return tuple(zip((f"positions.{name}" for name in names), (count, *steps), strict=True))


def _lower(model: Model, op: Op) -> Call:
    if _is_pointwise(model, op):
        output, depth = output_tensor(model, op), input_tensor(model, op).shape[3]
        channels = output.shape[3]
        overlap = of_rows(output.elements // channels, depth, channels, per_round=2, last=1)
        return replace(_call(model, op, "pointwise"), output_overlap=overlap)
    window = _window(model, op)
    lines = (window["window.output_height"] - 1) * window["window.stride_height"]
    lines += window["window.filter_height"]
    scratch = lines * window["window.filter_width"] * window["window.input_depth"]
    zero_point = ("input_zero_point", input_tensor(model, op).zero_point)
    return _call(model, op, "conv_2d", (*window.items(), zero_point), scratch)


def _lower_in_order(model: Model, op: Op) -> Call:
    window = dict(window_of(model, op))
    channels, inputs = _flat_weights(model, op).shape
    zero_point = ("input_zero_point", input_tensor(model, op).zero_point)
    call = _call(model, op, "conv_2d", (*window.items(), zero_point), _TOGETHER * inputs)
    names = ("count", "input_step", "output_step")
    steps = zip(names, (_TOGETHER, inputs, channels), strict=True)
    positions: dict[str, Field] = {f"positions.{name}": value for name, value in steps}
    return replace(
        call,
        function="eg_run_conv_2d_in_order_s8_mve",
        fields=tuple((name, positions.get(name, value)) for name, value in call.fields),
        sources=("nn/mve/conv_2d_in_order_s8.c", *call.sources[1:]),
        output_overlap=of_window(window, per_round=_TOGETHER),
    )


def _refuse_in_order(model: Model, op: Op) -> str | None:
    if _is_pointwise(model, op):
        return "its filter is 1x1, and that kernel works in order too."
    return _refuse(model, op)


def _call(
    model: Model,
    op: Op,
    name: str,
    fields: tuple[tuple[str, Field], ...] = (),
    scratch_bytes: int = 0,
) -> Call:
    weights = _flat_weights(model, op)
    channels, inputs = weights.shape
    prepared = _requantisation(model, op)
    assert isinstance(prepared, Requantisation)
    multiply = kernel(inputs, prepared)
    return Call(
        op=op,
        function=f"eg_run_{name}_s8_mve",
        struct=f"eg_{name}_s8_mve",
        fields=(
            *fields,
            ("multiply", f"eg_multiply_{multiply}_mve"),
            *_positions(model, op),
            ("matrix.stream", Ref("filter")),
            ("matrix.inputs", inputs),
            ("matrix.channels", channels),
            *prepared.fields("matrix.output"),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/mve/conv_2d.h",
        sources=(f"nn/mve/{name}_s8.c", f"nn/mve/matmul_{multiply}.c"),
        constants=(Constant("filter", pack(weights, prepared)),),
        scratch_bytes=scratch_bytes,
    )


KERNELS = (
    Kernel(OpKind.CONV_2D, DType.INT8, _lower, _refuse, frozenset({"mve"})),
    Kernel(OpKind.CONV_2D, DType.INT8, _lower_in_order, _refuse_in_order, frozenset({"mve"})),
)
