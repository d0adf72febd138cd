"""BATCH_MATMUL."""

from __future__ import annotations

import math

import numpy as np

from edgegen.engines.aot.fixed_point import quantize_multiplier, wide_multiplier
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    HEADER_SUFFIXES,
    attrs_of,
    huge_multiplier,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.ops.output_s16 import refuse_wide_multiplier
from edgegen.engines.aot.program import Call, Field
from edgegen.model import DType, MatMulAttrs, Model, Op, OpKind

_LEVELS = 3  # EG_MATMUL_LEVELS
_MOST_PRODUCTS_S16 = 1 << 16  # so that sums stay below 2^47
_Fields = tuple[tuple[str, Field], ...]


def _lower_s8(model: Model, op: Op) -> Call:
    a, b, output = input_tensor(model, op), input_tensor(model, op, 1), output_tensor(model, op)
    multiplier, shift = quantize_multiplier(_real(model, op))
    fields = (
        ("input1_offset", -a.zero_point),
        ("input2_offset", -b.zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_offset", output.zero_point),
    )
    return _call(model, op, "s8", fields)


def _lower_s16(model: Model, op: Op) -> Call:
    multiplier, shift = wide_multiplier(_real(model, op))
    return _call(model, op, "s16", (("multiplier", multiplier), ("shift", shift)))


def _lower_f32(model: Model, op: Op) -> Call:
    return _call(model, op, "f32", ())


def _call(model: Model, op: Op, suffix: str, fields: _Fields) -> Call:
    return Call(
        op=op,
        function=f"eg_run_batch_matmul_{suffix}",
        struct=f"eg_batch_matmul_{suffix}",
        fields=(*_shape(model, op), *fields),
        inputs=(input_index(op), input_index(op, 1)),
        output=op.outputs[0],
        header=f"edgegen/nn/batch_matmul{HEADER_SUFFIXES[output_tensor(model, op).dtype]}.h",
        sources=(f"nn/batch_matmul_{suffix}.c",),
    )


def _shape(model: Model, op: Op) -> _Fields:
    attrs = attrs_of(op, MatMulAttrs)
    a, b, output = input_tensor(model, op), input_tensor(model, op, 1), output_tensor(model, op)
    batches = output.shape[:-2]
    unused = _LEVELS - len(batches)
    row, depth1 = (1, a.shape[-1]) if attrs.transposes_first else (a.shape[-1], 1)
    depth2, column = (1, b.shape[-1]) if attrs.transposes_second else (b.shape[-1], 1)
    return (
        ("shape.batches", (1,) * unused + batches),
        ("shape.stride1", (0,) * unused + _batch_strides(a.shape, len(batches))),
        ("shape.stride2", (0,) * unused + _batch_strides(b.shape, len(batches))),
        ("shape.rows", output.shape[-2]),
        ("shape.columns", output.shape[-1]),
        ("shape.depth", a.shape[-2 if attrs.transposes_first else -1]),
        ("shape.row_stride", row),
        ("shape.depth_stride1", depth1),
        ("shape.depth_stride2", depth2),
        ("shape.column_stride", column),
    )


def _batch_strides(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Elements from one matrix to the next, per batch dimension of the output."""
    padded = (1,) * (rank + 2 - len(shape)) + shape
    return tuple(0 if padded[axis] == 1 else math.prod(padded[axis + 1 :]) for axis in range(rank))


def _real(model: Model, op: Op) -> float:
    """What takes a sum to the output's scale; TFLM multiplies the inputs' scales in float32."""
    a, b = input_tensor(model, op), input_tensor(model, op, 1)
    product = float(np.float32(a.scale) * np.float32(b.scale))
    return product / output_tensor(model, op).scale


def _refuse_s8(model: Model, op: Op) -> str | None:
    return huge_multiplier([_real(model, op)])


def _refuse_s16(model: Model, op: Op) -> str | None:
    transposes = attrs_of(op, MatMulAttrs).transposes_first
    if input_tensor(model, op).shape[-2 if transposes else -1] > _MOST_PRODUCTS_S16:
        return f"it adds up more than {_MOST_PRODUCTS_S16} products."
    return refuse_wide_multiplier([_real(model, op)])


KERNELS = (
    Kernel(OpKind.BATCH_MATMUL, DType.INT8, _lower_s8, _refuse_s8),
    Kernel(OpKind.BATCH_MATMUL, DType.INT16, _lower_s16, _refuse_s16),
    Kernel(OpKind.BATCH_MATMUL, DType.FLOAT32, _lower_f32),
)
