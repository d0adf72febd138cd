"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgegen.engines.aot.fixed_point import float_range, quantized_range
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    HEADER_SUFFIXES,
    SUFFIXES,
    attrs_of,
    input_index,
    input_tensor,
    known_activation,
    output_tensor,
)
from edgegen.engines.aot.ops.window import window_fields
from edgegen.engines.aot.program import Alias, Call, Step
from edgegen.engines.aot.traffic import of_window
from edgegen.model import Activation, DType, Model, Op, OpKind, Pool2DAttrs

_MOST_TAPS_S16 = 32767


def lower_integers(name: str) -> Callable[[Model, Op], Step]:
    def lower(model: Model, op: Op) -> Step:
        if _copies(op):
            return Alias(op, input_index(op), op.outputs[0])
        output = output_tensor(model, op)
        bounds = quantized_range(attrs_of(op, Pool2DAttrs).activation, output)
        return _call(model, op, name, SUFFIXES[output.dtype], bounds)

    return lower


def lower_f32(name: str) -> Callable[[Model, Op], Call]:
    def lower(model: Model, op: Op) -> Call:
        return _call(model, op, name, "f32", float_range(attrs_of(op, Pool2DAttrs).activation))

    return lower


def _copies(op: Op) -> bool:
    """Whether every output is one input as it is."""
    attrs = attrs_of(op, Pool2DAttrs)
    return attrs.filter == attrs.stride == (1, 1) and attrs.activation is Activation.NONE


def _call(
    model: Model, op: Op, name: str, dtype: str, bounds: tuple[int, int] | tuple[float, float]
) -> Call:
    attrs = attrs_of(op, Pool2DAttrs)
    data, output = input_tensor(model, op), output_tensor(model, op)
    window = window_fields(data, output, attrs.filter, attrs)
    element = data.dtype.bytes
    return Call(
        op=op,
        function=f"eg_run_{name}_{dtype}",
        struct=f"eg_pool_2d_{dtype}",
        fields=(
            *window,
            ("activation_min", bounds[0]),
            ("activation_max", bounds[1]),
        ),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header=f"edgegen/nn/pool_2d{HEADER_SUFFIXES[output.dtype]}.h",
        sources=(f"nn/{name}_{dtype}.c", "nn/window_2d.c"),
        output_overlap=of_window(dict(window), element, last=element),
    )


def _refuse_s16(model: Model, op: Op) -> str | None:
    if math.prod(attrs_of(op, Pool2DAttrs).filter) > _MOST_TAPS_S16:
        return f"it pools more than {_MOST_TAPS_S16} elements, too many for a sum of 32 bits."
    return known_activation(model, op)


def _kernels(kind: OpKind, name: str) -> tuple[Kernel, ...]:
    return (
        Kernel(kind, DType.INT8, lower_integers(name), known_activation),
        Kernel(kind, DType.INT16, lower_integers(name), _refuse_s16),
        Kernel(kind, DType.FLOAT32, lower_f32(name), known_activation),
    )


KERNELS = (
    *_kernels(OpKind.AVERAGE_POOL_2D, "average_pool_2d"),
    *_kernels(OpKind.MAX_POOL_2D, "max_pool_2d"),
)
