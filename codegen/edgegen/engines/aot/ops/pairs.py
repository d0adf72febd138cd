"""PRELU, MAXIMUM and MINIMUM: functions of two values that broadcast."""

from __future__ import annotations

from edgegen.engines.aot.fixed_point import quantize_multiplier
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.binary import broadcast_call, refuse_broadcast
from edgegen.engines.aot.ops.common import SUFFIXES, input_tensor, output_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind


def _lower_prelu_s8(model: Model, op: Op) -> Call:
    data, slope = input_tensor(model, op), input_tensor(model, op, 1)
    output = output_tensor(model, op)
    positive = quantize_multiplier(data.scale / output.scale)
    negative = quantize_multiplier(data.scale * slope.scale / output.scale)
    fields = (
        ("input_offset", -data.zero_point),
        ("slope_offset", -slope.zero_point),
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("output_offset", output.zero_point),
    )
    return broadcast_call(model, op, "prelu_s8", "eg_prelu_s8", fields, "edgegen/nn/prelu.h")


def _lower_prelu_f32(model: Model, op: Op) -> Call:
    return broadcast_call(model, op, "prelu_f32", "eg_prelu_f32", (), "edgegen/nn/prelu.h")


def _lower_extremum(model: Model, op: Op) -> Call:
    suffix = SUFFIXES[output_tensor(model, op).dtype]
    fields = (("takes_larger", int(op.kind is OpKind.MAXIMUM)),)
    header = "edgegen/nn/extremum.h"
    return broadcast_call(model, op, f"extremum_{suffix}", "eg_extremum", fields, header)


KERNELS = (
    Kernel(OpKind.PRELU, DType.INT8, _lower_prelu_s8, refuse_broadcast),
    Kernel(OpKind.PRELU, DType.FLOAT32, _lower_prelu_f32, refuse_broadcast),
    *(
        Kernel(kind, dtype, _lower_extremum, refuse_broadcast)
        for kind in (OpKind.MAXIMUM, OpKind.MINIMUM)
        for dtype in (DType.INT8, DType.INT16, DType.FLOAT32)
    ),
)
