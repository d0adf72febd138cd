"""EQUAL, NOT_EQUAL, LESS and so on, and the LOGICAL_ operators."""

from __future__ import annotations

import math

from edgegen.engines.aot.fixed_point import quantize_multiplier
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.binary import broadcast_call, merged_broadcast
from edgegen.engines.aot.ops.common import input_index, input_tensor, output_tensor
from edgegen.engines.aot.program import Call
from edgegen.model import DType, Model, Op, OpKind

_RANK = 4  # EG_BROADCAST_RANK
_HEADER = "edgegen/nn/comparison.h"

_ACCEPTS = {
    OpKind.EQUAL: "EG_EQUAL",
    OpKind.NOT_EQUAL: "EG_LESS | EG_GREATER | EG_UNORDERED",
    OpKind.LESS: "EG_LESS",
    OpKind.LESS_EQUAL: "EG_LESS | EG_EQUAL",
    OpKind.GREATER: "EG_GREATER",
    OpKind.GREATER_EQUAL: "EG_GREATER | EG_EQUAL",
}

_TRUTH_TABLES = {
    OpKind.LOGICAL_AND: 0b1000,
    OpKind.LOGICAL_OR: 0b1110,
    OpKind.EQUAL: 0b1001,
    OpKind.NOT_EQUAL: 0b0110,
}
"""Bit 2 a + b is what becomes of a and b."""


def _lower_s8(model: Model, op: Op) -> Call:
    first, second = input_tensor(model, op), input_tensor(model, op, 1)
    factors = [quantize_multiplier(tensor.scale) for tensor in (first, second)]
    fields = (
        ("accepts", _ACCEPTS[op.kind]),
        ("input1_offset", -first.zero_point),
        ("input1_multiplier", factors[0][0]),
        ("input1_shift", factors[0][1]),
        ("input2_offset", -second.zero_point),
        ("input2_multiplier", factors[1][0]),
        ("input2_shift", factors[1][1]),
    )
    return broadcast_call(model, op, "comparison_s8", "eg_comparison_s8", fields, _HEADER)


def _lower_plain(model: Model, op: Op) -> Call:
    suffix = "f32" if input_tensor(model, op).dtype is DType.FLOAT32 else "s32"
    fields = (("accepts", _ACCEPTS[op.kind]),)
    return broadcast_call(model, op, f"comparison_{suffix}", "eg_comparison", fields, _HEADER)


def _lower_logic(model: Model, op: Op) -> Call:
    fields = (("truth_table", _TRUTH_TABLES[op.kind]),)
    return broadcast_call(model, op, "logic", "eg_logic", fields, _HEADER)


def _lower_not(model: Model, op: Op) -> Call:
    data = input_index(op)
    elements = math.prod(model.tensors[data].shape)
    return Call(
        op=op,
        function="eg_run_logic",
        struct="eg_logic",
        fields=(
            ("shape.size", (1, 1, 1, elements)),
            ("shape.stride1", (0, 0, 0, 1)),
            ("shape.stride2", (0, 0, 0, 1)),
            ("truth_table", 0b0001),
        ),
        inputs=(data, data),
        output=op.outputs[0],
        header=_HEADER,
        sources=("nn/logic.c", "nn/broadcast.c"),
    )


def _refusal(model: Model, op: Op) -> str | None:
    shapes = input_tensor(model, op).shape, input_tensor(model, op, 1).shape
    if len(merged_broadcast(*shapes, output_tensor(model, op).shape)[0]) > _RANK:
        return f"its shapes broadcast in more than {_RANK} alternating groups of dimensions."
    return None


KERNELS = (
    *(Kernel(kind, DType.INT8, _lower_s8, _refusal) for kind in _ACCEPTS),
    *(
        Kernel(kind, dtype, _lower_plain, _refusal)
        for kind in _ACCEPTS
        for dtype in (DType.FLOAT32, DType.INT32)
    ),
    *(Kernel(kind, DType.BOOL, _lower_logic, _refusal) for kind in _TRUTH_TABLES),
    Kernel(OpKind.LOGICAL_NOT, DType.BOOL, _lower_not),
)
