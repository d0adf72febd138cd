"""QUANTIZE of float32 and DEQUANTIZE of int8. (QUANTIZE of int8 is a table: see unary.)"""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind, Tensor


def _lower(model: Model, op: Op, function: str, quantised: Tensor) -> Call:
    return Call(
        op=op,
        function=function,
        struct=None,
        fields=(),
        inputs=(input_index(op),),
        scalars=(output_tensor(model, op).elements, quantised.scale, quantised.zero_point),
        output=op.outputs[0],
        header="edgegen/quantize.h",
        sources=("quantize.c",),
    )


def _lower_quantize(model: Model, op: Op) -> Call:
    return _lower(model, op, "eg_quantize_f32_s8", output_tensor(model, op))


def _lower_dequantize(model: Model, op: Op) -> Call:
    return _lower(model, op, "eg_dequantize_s8_f32", input_tensor(model, op))


def _int8_output(model: Model, op: Op) -> str | None:
    dtype = output_tensor(model, op).dtype
    return None if dtype is DType.INT8 else f"its output is {dtype.value}; only int8 is supported."


KERNELS = (
    Kernel(OpKind.QUANTIZE, DType.FLOAT32, _lower_quantize, _int8_output),
    Kernel(OpKind.DEQUANTIZE, DType.INT8, _lower_dequantize),
)
