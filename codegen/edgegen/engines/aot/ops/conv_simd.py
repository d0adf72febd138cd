"""CONV_2D and FULLY_CONNECTED with the vectors of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import conv, fully_connected
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.engines.aot.ops.simd import ISAS, Isa, Requantisation, pack, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import afterwards
from edgegen.model import Conv2DAttrs, DType, FullyConnectedAttrs, Model, Op, OpKind

_Int64 = npt.NDArray[np.int64]

_MEMBERS = (
    *("batches", "input_height", "input_width", "input_depth"),
    *("output_height", "output_width", "output_depth", "filter_height", "filter_width"),
    *("stride_height", "stride_width", "dilation_height", "dilation_width"),
    *("pad_top", "pad_left"),
)
"""Of an ``eg_window_2d``."""


def _refuse_conv(isa: Isa, model: Model, op: Op) -> str | None:
    reason = conv.refuse_s8(model, op)
    if reason is not None:
        return reason
    prepared = _requantise_conv(isa, model, op)
    return prepared if isinstance(prepared, str) else None


def _requantise_conv(isa: Isa, model: Model, op: Op) -> Requantisation | str:
    return requantisation(
        isa,
        bias_of(model, op),
        _weights(model, op),
        input_tensor(model, op).zero_point,
        conv.real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )


def _weights(model: Model, op: Op) -> _Int64:
    """[channels][inputs]"""
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    return weights.reshape(len(weights), -1)


def _lower_conv(isa: Isa, model: Model, op: Op) -> Call:
    prepared = _requantise_conv(isa, model, op)
    assert isinstance(prepared, Requantisation)
    window = {k.removeprefix("window."): v for k, v in conv.window_of(model, op)}
    attrs = attrs_of(op, Conv2DAttrs)
    size = window["filter_height"], window["filter_width"]
    if size == attrs.stride == (1, 1):
        depth, channels = window["input_depth"], window["output_depth"]
        window = row_window(output_tensor(model, op).elements // channels, depth, channels)
    # A row of the filter reads inputs that lie together, if it is not dilated.
    runs = size[0] * (1 if attrs.dilation[1] == 1 else size[1])
    weights = _weights(model, op)
    return _call(isa, model, op, window, weights.reshape(len(weights), runs, -1), prepared)


def row_window(pixels: int, depth: int, channels: int) -> dict[str, int]:
    """A window that is a matrix product at so many pixels."""
    return dict.fromkeys(_MEMBERS, 1) | {
        "input_width": pixels,
        "output_width": pixels,
        "input_depth": depth,
        "output_depth": channels,
        "pad_top": 0,
        "pad_left": 0,
    }


def _refuse_fully_connected(isa: Isa, model: Model, op: Op) -> str | None:
    reason = fully_connected.refuse_s8(model, op)
    if reason is not None:
        return reason
    prepared = _requantise_fully_connected(isa, model, op)
    return prepared if isinstance(prepared, str) else None


def _requantise_fully_connected(isa: Isa, model: Model, op: Op) -> Requantisation | str:
    data, weights = input_tensor(model, op), input_tensor(model, op, 1)
    bias, output = optional_input(model, op, 2), output_tensor(model, op)
    values = _weights(model, op)
    own = np.zeros(len(values), np.int64) if bias is None else constant(bias).astype(np.int64)
    return requantisation(
        isa,
        own,
        values,
        data.zero_point,
        fully_connected.real_multipliers(data, weights, bias, output),
        attrs_of(op, FullyConnectedAttrs).activation,
        output,
    )


def _lower_fully_connected(isa: Isa, model: Model, op: Op) -> Call:
    prepared = _requantise_fully_connected(isa, model, op)
    assert isinstance(prepared, Requantisation)
    weights = _weights(model, op)
    channels, inputs = weights.shape
    window = row_window(output_tensor(model, op).elements // channels, inputs, channels)
    return _call(isa, model, op, window, weights[:, np.newaxis], prepared)


def _call(
    isa: Isa,
    model: Model,
    op: Op,
    window: Mapping[str, int],
    weights: _Int64,
    prepared: Requantisation,
) -> Call:
    """
    Args:
        weights: [channels][runs][inputs of a run]
    """
    data, output = input_tensor(model, op), output_tensor(model, op)
    overlap = afterwards(data.bytes, output.bytes) if window["batches"] == 1 else None
    return Call(
        op=op,
        function=f"eg_run_conv_2d_s8_{isa.name}",
        struct="eg_conv_2d_s8_simd",
        fields=(
            *((f"window.{name}", window[name]) for name in _MEMBERS),
            ("input_zero_point", data.zero_point),
            ("groups", -(-weights.shape[2] // isa.group)),
            ("weights", Ref("filter")),
            *prepared.fields(),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/simd/conv_2d.h",
        sources=(isa.source("conv_2d_s8"),),
        constants=(Constant("filter", pack(isa, weights)), *prepared.constants(isa)),
        scratch_bytes=(prepared_inputs(window) + isa.group - 1) * isa.input_bytes,
        output_overlap=overlap,
    )


def prepared_inputs(window: Mapping[str, int]) -> int:
    """Of an image as the filter sees it."""
    rows, columns = (
        (window[f"output_{axis}"] - 1) * window[f"stride_{axis}"]
        + (window[f"filter_{axis}"] - 1) * window[f"dilation_{axis}"]
        + 1
        for axis in ("height", "width")
    )
    return rows * columns * window["input_depth"]


def _kernels(isa: Isa) -> tuple[Kernel, ...]:
    ways = (
        (OpKind.CONV_2D, _lower_conv, _refuse_conv),
        (OpKind.FULLY_CONNECTED, _lower_fully_connected, _refuse_fully_connected),
    )
    return tuple(
        Kernel(kind, DType.INT8, partial(lower, isa), partial(refuse, isa), isa.needs)
        for kind, lower, refuse in ways
    )


KERNELS = tuple(kernel for isa in ISAS for kernel in _kernels(isa))
