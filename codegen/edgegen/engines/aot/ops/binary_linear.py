"""ADD and SUB of one shape, by one linear function.

An int8 sum has only 65,536 cases. One linear function with 32-bit factors gives the output of
all of them, if its constant is chosen well; whether it does is tried, not argued.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multiplier, quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import binary
from edgegen.engines.aot.ops.common import (
    attrs_of,
    input_index,
    input_tensor,
    output_tensor,
    remembered,
)
from edgegen.engines.aot.program import Call
from edgegen.model import BinaryAttrs, DType, Model, Op, OpKind

Int64 = npt.NDArray[np.int64]

_INPUTS: Int64 = np.arange(-128, 128, dtype=np.int64)
_LARGEST_SUM = (1 << 31) - 1
_MOST_SHIFT = 24
_STEPS_AWAY = sorted(
    itertools.product(range(-3, 4), repeat=2), key=lambda d: (abs(d[0]) + abs(d[1]), d)
)
"""How far from the real factors to look, nearest first."""


@dataclass(frozen=True, slots=True)
class Linear:
    """saturate((x1 * factor1 + x2 * factor2 + constant) >> shift)"""

    factor1: int
    factor2: int
    constant: int
    shift: int


def _outputs(model: Model, op: Op) -> Int64:
    """[x1 + 128][x2 + 128], as the portable kernel computes it."""
    first, second = input_tensor(model, op), input_tensor(model, op, 1)
    output = output_tensor(model, op)
    factors = [quantize_multiplier(f) for f in binary.add_factors(op, first, second, output)]
    raised = [(_INPUTS - t.zero_point) << binary.LEFT_SHIFT for t in (first, second)]
    one, two = (_scale(x, *factor) for x, factor in zip(raised, factors[:2], strict=True))
    sums = one[:, None] + (two if op.kind is OpKind.ADD else -two)
    low, high = quantized_range(attrs_of(op, BinaryAttrs).activation, output)
    found: Int64 = np.clip(_scale(sums, *factors[2]) + output.zero_point, low, high)
    return found


def _scale(x: Int64, multiplier: int, shift: int) -> Int64:
    """eg_multiply_by_quantized_multiplier with shift <= 0."""
    product = (x * multiplier + (1 << 30)) >> 31
    mask = (1 << -shift) - 1
    found: Int64 = (product >> -shift) + ((product & mask) > (mask >> 1) + (product < 0))
    return found


@remembered
def linear_function(model: Model, op: Op) -> Linear | None:
    first, second = input_tensor(model, op), input_tensor(model, op, 1)
    output = output_tensor(model, op)
    real1, real2 = first.scale / output.scale, second.scale / output.scale
    if op.kind is OpKind.SUB:
        real2 = -real2
    if quantize_multiplier(binary.add_factors(op, first, second, output)[2])[1] > 0:
        return None
    # The outputs and twice the inputs, for the zero points are in the constant.
    largest = 256 * (abs(real1) + abs(real2)) + 256
    shift = min(int(np.log2(_LARGEST_SUM / largest)), _MOST_SHIFT)
    if shift < 1:
        return None
    outputs = _outputs(model, op)
    for away1, away2 in _STEPS_AWAY:
        factor1 = round(real1 * (1 << shift)) + away1
        factor2 = round(real2 * (1 << shift)) + away2
        constant = _constant(outputs, factor1, factor2, shift)
        if constant is not None:
            return Linear(factor1, factor2, constant, shift)
    return None


def _constant(outputs: Int64, factor1: int, factor2: int, shift: int) -> int | None:
    """One that gives all the outputs without an overflow, or None."""
    sums = _INPUTS[:, None] * factor1 + _INPUTS * factor2
    needed = (outputs << shift) - sums
    least = int(needed[outputs > -128].max(initial=-_LARGEST_SUM))
    most = int(needed[outputs < 127].min(initial=_LARGEST_SUM)) + (1 << shift) - 1
    constant = (least + most) >> 1
    if least > most or max(abs(constant), int(abs(sums + constant).max())) > _LARGEST_SUM:
        return None
    given = np.clip((sums + constant) >> shift, -128, 127)
    return constant if np.array_equal(given, outputs) else None


def refusal(model: Model, op: Op) -> str | None:
    reason = binary.refuse_broadcast(model, op)
    if reason is not None:
        return reason
    if input_tensor(model, op).shape != input_tensor(model, op, 1).shape:
        return "its inputs differ in shape."
    if linear_function(model, op) is None:
        return "no linear function gives its outputs."
    return None


def lower(model: Model, op: Op) -> Call:
    linear = linear_function(model, op)
    assert linear is not None
    return Call(
        op=op,
        function="eg_run_add_linear_s8",
        struct="eg_add_linear_s8",
        fields=(
            ("elements", output_tensor(model, op).elements),
            ("factor1", linear.factor1),
            ("factor2", linear.factor2),
            ("constant", linear.constant),
            ("shift", linear.shift),
        ),
        inputs=(input_index(op, 0), input_index(op, 1)),
        output=op.outputs[0],
        header="edgegen/nn/elementwise.h",
        sources=("nn/add_linear_s8.c",),
        in_place=(0, 1),
    )


KERNELS = tuple(Kernel(kind, DType.INT8, lower, refusal) for kind in (OpKind.ADD, OpKind.SUB))
