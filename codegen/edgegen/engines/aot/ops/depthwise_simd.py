"""DEPTHWISE_CONV_2D with the vectors of hosts."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import conv
from edgegen.engines.aot.ops.common import (
    attrs_of,
    bias_of,
    constant,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.simd import ISAS, Isa, Requantisation, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import of_window
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind

_MOST_LINES = 8  # EG_MOST_LINES_SIMD
_MOST_ROWS = 8  # EG_MOST_ROWS_SIMD
_POSITIONS = 48  # EG_POSITIONS_SIMD


def _refuse(isa: Isa, model: Model, op: Op) -> str | None:
    reason = conv.refuse_s8(model, op)
    if reason is not None:
        return reason
    if input_tensor(model, op).shape[3] != output_tensor(model, op).shape[3]:
        return "it has several filters per channel."
    if _lines(isa, model, op) > _MOST_LINES:
        return "its filter is too high."
    prepared = _requantise(isa, model, op)
    return prepared if isinstance(prepared, str) else None


def _filter(model: Model, op: Op) -> npt.NDArray[np.int64]:
    """[row][column][channel]"""
    taps: npt.NDArray[np.int64] = constant(input_tensor(model, op, 1)).astype(np.int64)[0]
    return taps


def _lines(isa: Isa, model: Model, op: Op) -> int:
    """How often a lane takes rows of the filter."""
    height: int = _filter(model, op).shape[0]
    return -(-height // isa.group)


def _requantise(isa: Isa, model: Model, op: Op) -> Requantisation | str:
    taps = _filter(model, op)
    return requantisation(
        isa,
        bias_of(model, op),
        taps.reshape(-1, taps.shape[2]).T,
        input_tensor(model, op).zero_point,
        conv.real_multipliers(model, op),
        attrs_of(op, Conv2DAttrs).activation,
        output_tensor(model, op),
    )


def _lower(isa: Isa, model: Model, op: Op) -> Call:
    prepared = _requantise(isa, model, op)
    assert isinstance(prepared, Requantisation)
    window = dict(conv.window_of(model, op))
    overlap = None
    if window["window.batches"] == 1:
        overlap = of_window(window, per_round=window["window.output_width"])
    return Call(
        op=op,
        function=f"eg_run_depthwise_conv_2d_s8_{isa.name}",
        struct="eg_depthwise_conv_2d_s8_simd",
        fields=(
            *window.items(),
            ("input_zero_point", input_tensor(model, op).zero_point),
            ("lines", _lines(isa, model, op)),
            ("weights", Ref("filter")),
            *prepared.fields(),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/simd/depthwise_conv_2d.h",
        sources=(isa.source("depthwise_conv_2d_s8"),),
        constants=(Constant("filter", _pack(isa, model, op)), *prepared.constants(isa)),
        scratch_bytes=_scratch_bytes(isa, model, op),
        output_overlap=overlap,
    )


def _pack(isa: Isa, model: Model, op: Op) -> npt.NDArray[np.int8]:
    """[line][column][channel][row of the line]"""
    taps = _filter(model, op)
    height, width, channels = taps.shape
    missing = -height % isa.group, max(isa.lanes - channels, 0)
    filled = np.pad(taps, ((0, missing[0]), (0, 0), (0, missing[1]))).astype(np.int8)
    lines = filled.reshape(-1, isa.group, width, filled.shape[2])
    return np.ascontiguousarray(lines.transpose(0, 2, 3, 1)).reshape(-1)


def _scratch_bytes(isa: Isa, model: Model, op: Op) -> int:
    window = {k.removeprefix("window."): v for k, v in conv.window_of(model, op)}
    depth = window["input_depth"]
    together = max(
        min(_POSITIONS // window["output_width"], window["output_height"], _MOST_ROWS), 1
    )
    kept = (
        (together - 1) * window["stride_height"]
        + (_lines(isa, model, op) - 1) * isa.group * window["dilation_height"]
        + 1
    )
    columns = (
        (window["output_width"] - 1) * window["stride_width"]
        + (window["filter_width"] - 1) * window["dilation_width"]
        + 1
    )
    groups = kept * columns * depth + isa.lanes
    return 4 * kept + groups * isa.group * isa.input_bytes + window["input_width"] * depth


KERNELS = tuple(
    Kernel(
        OpKind.DEPTHWISE_CONV_2D, DType.INT8, partial(_lower, isa), partial(_refuse, isa), isa.needs
    )
    for isa in ISAS
)
