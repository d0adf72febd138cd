"""FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import float_range, wrap_int32
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    constant_weights,
    float32,
    folded_bias,
    huge_multiplier,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
    remembered,
)
from edgegen.engines.aot.ops.output_s8 import output_s8
from edgegen.engines.aot.ops.requantize_dsp import Requantisation, requantisation
from edgegen.engines.aot.program import Call, Constant, Ref
from edgegen.engines.aot.traffic import of_rows
from edgegen.model import DType, FullyConnectedAttrs, Model, Op, OpKind, Tensor
from edgegen.passes.memory_plan import Overlap


def _lower_s8(model: Model, op: Op) -> Call:
    data, weights = input_tensor(model, op, 0), input_tensor(model, op, 1)
    bias, output = optional_input(model, op, 2), output_tensor(model, op)
    fields, constants = output_s8(
        _folded_bias(data, weights, bias),
        real_multipliers(data, weights, bias, output),
        attrs_of(op, FullyConnectedAttrs).activation,
        output,
    )
    return Call(
        op=op,
        function="eg_run_fully_connected_s8",
        struct="eg_fully_connected_s8",
        fields=(*shape_fields(weights, output), ("weights", Ref("filter")), *fields),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/fully_connected.h",
        sources=("nn/fully_connected_s8.c", "nn/output_s8.c"),
        constants=(Constant("filter", constant(weights)), *constants),
        output_overlap=_overlap(weights, output, 1),
    )


@remembered
def one_scale(model: Model, op: Op) -> Requantisation | str:
    """How all channels requantise alike, or why they can't."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    filters, bias = input_tensor(model, op, 1), optional_input(model, op, 2)
    weights: npt.NDArray[np.int64] = constant(filters).astype(np.int64)
    prepared = requantisation(
        folded_bias(model, op, weights),
        # A row of zeros is not taken for a constant, so that all channels keep the one scale.
        np.maximum(np.abs(weights).sum(axis=1), 1),
        real_multipliers(data, filters, bias, output),
        attrs_of(op, FullyConnectedAttrs).activation,
        output,
    )
    if isinstance(prepared, str):
        return prepared
    if len(np.unique(prepared.rows()[:, 1:], axis=0)) > 1:
        return "its channels have scales of their own."
    return prepared


def _folded_bias(data: Tensor, weights: Tensor, bias: Tensor | None) -> npt.NDArray[np.int32]:
    """The bias with the input's zero point taken off every input beforehand."""
    sums = constant(weights).astype(np.int64).sum(axis=1)
    own = np.zeros_like(sums) if bias is None else constant(bias).astype(np.int64)
    return wrap_int32(own - data.zero_point * sums)


def real_multipliers(
    data: Tensor, weights: Tensor, bias: Tensor | None, output: Tensor
) -> list[float]:
    """What takes a sum to the output's scale, in TFLM's own precision.

    With one scale for all weights, TFLM multiplies it by the input's in float64 when there
    is a bias and in float32 when there is none (GetQuantizedConvolutionMultipler has two
    overloads).
    """
    assert weights.quant is not None
    if len(weights.quant.scale) == 1 and bias is None:
        product = float(np.float32(data.scale) * np.float32(weights.scale))
        return [product / output.scale]
    return [data.scale * scale / output.scale for scale in weights.quant.scale]


def refuse_s8(model: Model, op: Op) -> str | None:
    """What no int8 kernel takes."""
    refusal = constant_weights(1, 2)(model, op)
    if refusal is None:
        data, weights = input_tensor(model, op, 0), input_tensor(model, op, 1)
        bias, output = optional_input(model, op, 2), output_tensor(model, op)
        refusal = huge_multiplier(real_multipliers(data, weights, bias, output))
    return refusal


def _lower_f32(model: Model, op: Op) -> Call:
    weights, bias = input_tensor(model, op, 1), optional_input(model, op, 2)
    low, high = float_range(attrs_of(op, FullyConnectedAttrs).activation)
    constants = [Constant("filter", float32(weights))]
    if bias is not None:
        constants.append(Constant("bias", float32(bias)))
    return Call(
        op=op,
        function="eg_run_fully_connected_f32",
        struct="eg_fully_connected_f32",
        fields=(
            *shape_fields(weights, output_tensor(model, op)),
            ("weights", Ref("filter")),
            ("bias", Ref("bias") if bias is not None else "NULL"),
            ("activation_min", low),
            ("activation_max", high),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/fully_connected.h",
        sources=("nn/fully_connected_f32.c",),
        constants=tuple(constants),
        output_overlap=_overlap(weights, output_tensor(model, op), 4),
    )


def _overlap(weights: Tensor, output: Tensor, element: int) -> Overlap:
    """One row after another, of which an output is written while others still need the inputs."""
    shape = dict(shape_fields(weights, output))
    read, written = shape["input_depth"] * element, shape["output_depth"] * element
    return of_rows(shape["batches"], read, written, last=element)


def shape_fields(weights: Tensor, output: Tensor) -> tuple[tuple[str, int], ...]:
    """What every kernel's description says of the shape."""
    output_depth, input_depth = weights.shape
    return (
        ("batches", output.elements // output_depth),
        ("input_depth", input_depth),
        ("output_depth", output_depth),
    )


KERNELS = (
    Kernel(OpKind.FULLY_CONNECTED, DType.INT8, _lower_s8, refuse_s8),
    Kernel(OpKind.FULLY_CONNECTED, DType.FLOAT32, _lower_f32, constant_weights(1, 2)),
)
