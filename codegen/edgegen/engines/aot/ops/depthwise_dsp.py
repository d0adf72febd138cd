"""DEPTHWISE_CONV_2D by 3x3 filters for cores with the DSP instructions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multipliers, quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    constant_weights,
    input_index,
    input_tensor,
    output_tensor,
    remembered,
)
from edgegen.engines.aot.ops.step_function import Int64, Reference, Scaled, fit
from edgegen.engines.aot.ops.window import window_fields
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.engines.aot.traffic import of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_LANES = 4  # EG_DEPTHWISE_LANES
_SHIFT = 10  # EG_DEPTHWISE_SHIFT
_ENTRY_BYTES = 4 * _LANES
_LINES_BYTES = 4096
"""What the lines of a layer may take, beyond the two that they are at least: more of them save
preparing the channels again."""
_LARGEST_SUM = 1 << 30


@dataclass(frozen=True, slots=True)
class Axis:
    """As ``eg_depthwise_axis``; steps are bytes of NHWC int8."""

    size: int
    pad: int
    input_step: int
    outputs: int
    output_step: int

    def fields(self, name: str) -> tuple[tuple[str, Field], ...]:
        values = {key: getattr(self, key) for key in self.__slots__}
        return tuple((f"{name}.{key}", value) for key, value in values.items())


def axes_of(model: Model, op: Op) -> tuple[Axis, Axis]:
    """Rows, then columns."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    window = dict(window_fields(data, output, (3, 3), attrs_of(op, Conv2DAttrs)))
    channels = data.shape[3]
    pads = window["window.pad_top"], window["window.pad_left"]
    input_steps = data.shape[2] * channels, channels
    output_steps = output.shape[2] * channels, channels
    rows, columns = (
        Axis(
            min(data.shape[1 + k], _stride(op) * (output.shape[1 + k] - 1) + 3 - pads[k]),
            pads[k],
            input_steps[k],
            output.shape[1 + k],
            output_steps[k],
        )
        for k in (0, 1)
    )
    return rows, columns


def _stride(op: Op) -> int:
    return attrs_of(op, Conv2DAttrs).stride[0]


def _along_rows(model: Model, op: Op) -> bool:
    """Whether the lines run down the image's rows, not across its columns: what costs less."""
    rows, columns = axes_of(model, op)
    return _cost(rows, columns, _stride(op)) <= _cost(columns, rows, _stride(op))


def _cost(along: Axis, across: Axis, stride: int) -> int:
    """Instructions per four channels, about; fitted to the kernels on Cortex-M4."""
    if stride == 1:
        if along.size < 2:
            return 1 << 60
        strips, edges = (across.size - 1) // 2, 2 - across.size % 2
        of_channel = strips * (25 * along.size + 30) + edges * (9 * along.size + 30) + 30
        return _LANES * of_channel + (strips + 1) * (15 * along.size + 45)
    entries = 2 * along.outputs + 1
    return across.outputs * _LANES * (23 * along.outputs + 30) + (across.outputs + 1) * (
        16 * entries + 45
    )


def refusal(model: Model, op: Op) -> str | None:
    attrs = attrs_of(op, Conv2DAttrs)
    data, output = input_tensor(model, op), output_tensor(model, op)
    reason = constant_weights(1, 2)(model, op)
    if reason is not None:
        return reason
    if input_tensor(model, op, 1).shape[1:3] != (3, 3) or attrs.dilation != (1, 1):
        return "its filter is not a dense 3x3 one."
    if data.shape[3] != output.shape[3] or data.shape[3] < _LANES:
        return "it has several filters per channel, or fewer than 4 channels."
    if data.shape[0] != 1:
        return "it has a batch."
    rows, columns = axes_of(model, op)
    if attrs.stride == (1, 1):
        if data.shape != output.shape or max(rows.size, columns.size) < 2:
            return "its output is smaller than its input, or a single pixel."
    elif attrs.stride != (2, 2):
        return "its strides are neither 1 nor 2."
    if max(rows.pad, columns.pad) > 1:
        return "it is padded by more than a pixel."
    return None if requantisation_of(model, op) is not None else "its rounding shows."


def weights_of(model: Model, op: Op) -> npt.NDArray[np.int64]:
    """[row][column][channel]"""
    weights: Int64 = constant(input_tensor(model, op, 1)).astype(np.int64)[0]
    return weights


@remembered
def requantisation_of(model: Model, op: Op) -> Scaled | None:
    """How the sums are scaled, proved for every input; None where no scaling is exact."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    weights, bias = weights_of(model, op).reshape(9, -1), bias_of(model, op)
    quant = input_tensor(model, op, 1).quant
    assert quant is not None
    reals = [data.scale * scale / output.scale for scale in quant.scale]
    multiplier, shift = (
        np.broadcast_to(values, bias.shape).astype(np.int64)
        for values in quantize_multipliers(reals)
    )
    ends = np.array([-128, 127]) - data.zero_point
    products = weights[None] * ends[:, None, None]
    low = bias + products.min(axis=0).sum(axis=0)
    high = bias + products.max(axis=0).sum(axis=0)
    if shift.max() > 0 or max(abs(low).max(), abs(high).max()) >= _LARGEST_SUM:
        return None
    bounds = quantized_range(attrs_of(op, Conv2DAttrs).activation, output)
    reference = Reference(multiplier, shift, output.zero_point, *bounds)
    return fit(reference, low, high, np.maximum(weights, ~weights).max(axis=0), _SHIFT)


def _stream(model: Model, op: Op, along_rows: bool) -> npt.NDArray[np.int32]:
    """[channels, in fours][9], as ``eg_depthwise_channel``."""
    scaled = requantisation_of(model, op)
    assert scaled is not None
    weights = weights_of(model, op)
    if not along_rows:
        weights = weights.transpose(1, 0, 2)
    halves = (weights << scaled.weight_shift).astype(np.uint16).astype(np.uint32)
    pairs = halves[:, :2] | halves[:, 1:] << np.uint32(16)
    first, middle, last = pairs.view(np.int32)
    bias = (bias_of(model, op) << scaled.weight_shift) + scaled.bias
    rows = np.stack(
        [
            *last,
            scaled.multiplier.astype(np.int32),
            scaled.constant.astype(np.int32),
            *middle,
            *first,
            bias.astype(np.int32),
        ],
        axis=1,
    )
    channels = len(rows)
    starts = [min(start, channels - _LANES) for start in range(0, channels, _LANES)]
    return np.concatenate([rows[start : start + _LANES] for start in starts])


def _lower(model: Model, op: Op) -> Call:
    return _call(model, op, _along_rows(model, op), _LINES_BYTES)


def _lower_small(model: Model, op: Op) -> Call:
    """Two lines as short as possible; of stride 2 one row of the output after another."""
    rows, columns = axes_of(model, op)
    if _stride(op) == 1:
        return _call(model, op, (rows.size < columns.size and rows.size > 1) or columns.size < 2)
    window = dict(
        window_fields(
            input_tensor(model, op), output_tensor(model, op), (3, 3), attrs_of(op, Conv2DAttrs)
        )
    )
    call = _call(model, op, along_rows=False)
    name = "depthwise_3x3_s2_by_rows_s8"
    return replace(
        call,
        function=f"eg_run_{name}",
        sources=(f"nn/dsp/{name}.c", *call.sources),
        # Of a row some channels are written before others are read.
        output_overlap=of_window(window, per_round=columns.outputs, last=0),
    )


def _call(model: Model, op: Op, along_rows: bool, lines_bytes: int = 0) -> Call:
    """Lines that take no more than ``lines_bytes``, unless there are but two."""
    data = input_tensor(model, op)
    rows, columns = axes_of(model, op)
    along, across = (rows, columns) if along_rows else (columns, rows)
    stride = _stride(op)
    name = f"depthwise_3x3_s{stride}_s8"
    entries = along.size if stride == 1 else 2 * along.outputs + 1
    line_bytes = entries * _ENTRY_BYTES
    lines = 3 if lines_bytes and across.outputs > 1 else 2
    if stride == 1:
        lines = min((across.size + 1) // 2, max(2, lines_bytes // line_bytes))
        across = replace(across, pad=across.size % 2)
    return Call(
        op=op,
        function=f"eg_run_{name}",
        struct="eg_depthwise_3x3_s8",
        fields=(
            *along.fields("along"),
            *across.fields("across"),
            ("lines", lines),
            ("channels", data.shape[3]),
            ("outside", (data.zero_point,) * _LANES),
            ("stream", Ref("stream")),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/dsp/depthwise_3x3.h",
        sources=(f"nn/dsp/{name}.c", "nn/dsp/depthwise_gather.c"),
        constants=(Constant("stream", _stream(model, op, along_rows).reshape(-1)),),
        scratch_bytes=lines * line_bytes,
        in_place=(0,) if stride == 1 and data.shape[3] % _LANES == 0 else (),
    )


KERNELS = tuple(
    Kernel(OpKind.DEPTHWISE_CONV_2D, DType.INT8, lower, refusal, needs=frozenset({"dsp"}))
    for lower in (_lower, _lower_small)
)
