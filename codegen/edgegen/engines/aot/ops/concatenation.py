"""CONCATENATION."""

from __future__ import annotations

import math

import numpy as np

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import attrs_of, input_index, output_tensor
from edgegen.engines.aot.program import Alias, Call, Constant, Ref, Step
from edgegen.model import Activation, ConcatenationAttrs, DType, Model, Op, OpKind


def _lower(model: Model, op: Op) -> Step:
    axis = attrs_of(op, ConcatenationAttrs).axis
    output = output_tensor(model, op)
    inputs = tuple(input_index(op, i) for i in range(len(op.inputs)))
    if len(inputs) == 1:
        return Alias(op, inputs[0], op.outputs[0])
    rows = [math.prod(model.tensors[t].shape[axis:]) * model.tensors[t].dtype.bytes for t in inputs]
    return Call(
        op=op,
        function="eg_run_concatenation",
        struct="eg_concatenation",
        fields=(
            ("outer", math.prod(output.shape[:axis])),
            ("inputs", len(inputs)),
            ("row_bytes", Ref("row_bytes")),
        ),
        inputs=inputs,
        inputs_as_array=True,
        output=op.outputs[0],
        header="edgegen/nn/concatenation.h",
        sources=("nn/concatenation.c",),
        constants=(Constant("row_bytes", np.array(rows, dtype=np.int32), is_table=True),),
    )


def _refusal(model: Model, op: Op) -> str | None:
    if attrs_of(op, ConcatenationAttrs).activation is not Activation.NONE:
        return "it has a fused activation, which TFLM does not support here."
    output = output_tensor(model, op)
    for position in range(len(op.inputs)):
        tensor = model.tensors[input_index(op, position)]
        if tensor.dtype is not output.dtype:
            return f"its input {position} differs from its output in element type."
        if output.dtype is DType.INT8 and tensor.quant != output.quant:
            return f"its input {position} has another scale or zero point than its output."
    return None


KERNELS = tuple(
    Kernel(OpKind.CONCATENATION, dtype, _lower, _refusal)
    for dtype in (DType.INT8, DType.INT16, DType.FLOAT32)
)
