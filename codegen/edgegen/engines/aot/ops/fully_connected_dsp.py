"""FULLY_CONNECTED with the DSP instructions: by a kernel for one scale, or as the convolution of an
image of one row, a pixel for each batch, by 1x1 filters."""

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
    optional_input,
    output_tensor,
    remembered,
)
from edgegen.engines.aot.ops.conv_dsp import by_rows, pointwise
from edgegen.engines.aot.ops.fully_connected import (
    one_scale,
    real_multipliers,
    refuse_s8,
    shape_fields,
)
from edgegen.engines.aot.ops.matmul_dsp import (
    CHANNELS_PER_BLOCK,
    GROUP,
    UPPER_LIMIT,
    pack_with_biases,
    padded,
    unpackable,
)
from edgegen.engines.aot.ops.requantize_dsp import Fitted, Requantisation, fitted, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import Accesses, afterwards, consecutive, of_rows, overlap
from edgegen.model import DType, FullyConnectedAttrs, Model, Op, OpKind
from edgegen.passes.memory_plan import Overlap

INPUTS = 8
"""The number of inputs is rounded up to a multiple of this."""

_Int64 = npt.NDArray[np.int64]


def _refuse(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    prepared = one_scale(model, op)
    if isinstance(prepared, str):
        return prepared
    bias, weights = _folded_bias(model, op), _weights(model, op)
    if (np.abs(bias) + 128 * np.abs(weights).sum(axis=1) >= UPPER_LIMIT).any():
        return "its sums may reach 2^23."
    return unpackable(weights)


def _weights(model: Model, op: Op) -> _Int64:
    return constant(input_tensor(model, op, 1)).astype(np.int64)


def _folded_bias(model: Model, op: Op) -> _Int64:
    return folded_bias(model, op, _weights(model, op))


def _lower(model: Model, op: Op) -> Call:
    prepared, weights = one_scale(model, op), _weights(model, op)
    assert isinstance(prepared, Requantisation)
    multiplier, constant_, shift = prepared.rows()[0, 1:].tolist()
    filled_up = padded(weights.shape[1], INPUTS)
    output = output_tensor(model, op)
    is_single = output.elements == weights.shape[0]
    return Call(
        op=op,
        function="eg_run_fully_connected_s8_dsp",
        struct="eg_fully_connected_s8_dsp",
        fields=(
            ("stream", Ref("filter")),
            *shape_fields(input_tensor(model, op, 1), output),
            ("multiplier", multiplier),
            ("constant", constant_),
            ("shift", shift),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/dsp/fully_connected.h",
        sources=("nn/dsp/fully_connected_s8.c",),
        constants=(Constant("filter", pack_with_biases(weights, _folded_bias(model, op), INPUTS)),),
        scratch_bytes=2 * filled_up,
        output_overlap=_output_overlap(weights.shape[1], weights.shape[0], output.elements),
        scratch_overlap=_scratch_overlap(weights.shape[1]) if is_single else None,
    )


def _output_overlap(inputs: int, channels: int, elements: int) -> Overlap:
    """A row of inputs is widened before its outputs are written."""
    if elements == channels:
        return afterwards(inputs, channels)
    return of_rows(elements // channels, inputs, channels)


def _scratch_overlap(inputs: int) -> Overlap:
    """The inputs are widened in ascending order, each group after it was read."""
    groups = padded(inputs, INPUTS) // INPUTS
    reads = consecutive(groups, INPUTS)
    reads = Accesses(reads.round, reads.start, np.minimum(reads.end, inputs))
    return overlap(reads, consecutive(groups, 2 * INPUTS), inputs, 2 * INPUTS * groups)


def _lower_direct(model: Model, op: Op) -> Call:
    channels, inputs = _weights(model, op).shape
    batches = output_tensor(model, op).elements // channels
    return replace(
        _lower(model, op),
        function="eg_run_fully_connected_direct_s8_dsp",
        sources=("nn/dsp/fully_connected_direct_s8.c",),
        scratch_bytes=0,
        output_overlap=of_rows(batches, inputs, channels, last=1),
        scratch_overlap=None,
    )


def _refuse_direct(model: Model, op: Op) -> str | None:
    refusal = _refuse(model, op)
    if refusal is None and _weights(model, op).shape[1] % INPUTS != 0:
        return "its inputs are no multiple of 8."
    return refusal


def _refuse_image(model: Model, op: Op) -> str | None:
    refusal = refuse_s8(model, op)
    if refusal is not None:
        return refusal
    prepared = _requantisation_by_channel(model, op)
    return prepared if isinstance(prepared, str) else unpackable(_weights(model, op))


@remembered
def _requantisation_by_channel(model: Model, op: Op) -> Requantisation | Fitted | str:
    data, filters, output = input_tensor(model, op), input_tensor(model, op, 1), op.outputs[0]
    weights, bias = _weights(model, op), _folded_bias(model, op)
    reals = real_multipliers(data, filters, optional_input(model, op, 2), model.tensors[output])
    activation = attrs_of(op, FullyConnectedAttrs).activation
    return fitted(bias, weights, reals, activation, model.tensors[output]) or requantisation(
        bias, np.abs(weights).sum(axis=1), reals, activation, model.tensors[output]
    )


def _lower_image(model: Model, op: Op) -> Call:
    weights, prepared = _weights(model, op), _requantisation_by_channel(model, op)
    assert not isinstance(prepared, str)
    channels, inputs = weights.shape
    batches = output_tensor(model, op).elements // channels
    if channels % CHANNELS_PER_BLOCK == 0 and inputs % GROUP == 0:
        return pointwise(op, batches, weights, prepared)
    zero_point = input_tensor(model, op).zero_point
    extents = {"input": (1, batches, inputs), "output": (1, batches, channels)}
    window = {"window.batches": 1, "window.pad_top": 0, "window.pad_left": 0}
    for part in ("input", "output", "filter", "stride", "dilation"):
        names = (f"window.{part}_height", f"window.{part}_width", f"window.{part}_depth")
        window |= dict(zip(names, extents.get(part, (1, 1)), strict=False))
    return by_rows(op, window, zero_point, weights[:, None], prepared)


KERNELS = (
    Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower, _refuse, frozenset({"dsp"})),
    Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower_direct, _refuse_direct, frozenset({"dsp"})),
    Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower_image, _refuse_image, frozenset({"dsp"})),
)
