"""Float ADD, SUB, MUL, functions of one value, pools, means and softmax with vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import binary, mean, pool_2d, softmax, unary
from edgegen.engines.aot.ops.common import (
    attrs_of,
    input_index,
    input_tensor,
    known_activation,
    output_tensor,
)
from edgegen.engines.aot.ops.simd_f32 import ISAS, Isa
from edgegen.engines.aot.program import Call
from edgegen.engines.aot.traffic import of_window
from edgegen.model import DType, Model, Op, OpKind, ReduceAttrs, SoftmaxAttrs


def _with_vectors(isa: Isa, call: Call, header: str, source: str, *more: str) -> Call:
    return replace(
        call,
        function=f"{call.function}_{isa.name}",
        header=f"edgegen/nn/simd/{header}_f32.h",
        sources=(isa.source(source), *more),
    )


def _lower_binary(isa: Isa, model: Model, op: Op) -> Call:
    call = binary.lower_f32(model, op)
    return _with_vectors(isa, call, "elementwise", "binary", "nn/broadcast.c")


def _refuse_binary(isa: Isa, model: Model, op: Op) -> str | None:
    first, second = input_tensor(model, op, 0).shape, input_tensor(model, op, 1).shape
    size, _, _ = binary.merged_broadcast(first, second, output_tensor(model, op).shape)
    if size[-1] < isa.lanes:
        return "its rows fill no vector."
    return binary.refuse_broadcast(model, op)


def _lower_clamp(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, unary.lower_clamp_f32(model, op), "elementwise", "clamp")


def _lower_leaky_relu(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, unary.lower_leaky_relu_f32(model, op), "elementwise", "leaky_relu")


def _lower_hard_swish(isa: Isa, model: Model, op: Op) -> Call:
    # The portable kernel is one for any function, which its layer points to.
    elements = ("elements", output_tensor(model, op).elements)
    return Call(
        op=op,
        function=f"eg_run_hard_swish_f32_{isa.name}",
        struct="eg_activation_f32",
        fields=(elements,),
        inputs=(input_index(op),),
        output=op.outputs[0],
        header="edgegen/nn/simd/elementwise_f32.h",
        sources=(isa.source("hard_swish"),),
        in_place=(0,),
    )


def _lower_logistic(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, unary.lower_logistic_f32(model, op), "exponential", "logistic")


def _refuse_nothing(isa: Isa, model: Model, op: Op) -> str | None:
    return None


def _lower_softmax(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, softmax.lower_f32(model, op), "exponential", "softmax")


def _refuse_softmax(isa: Isa, model: Model, op: Op) -> str | None:
    return "its beta is negative." if attrs_of(op, SoftmaxAttrs).beta < 0 else None


def _lower_pool(name: str) -> Callable[[Isa, Model, Op], Call]:
    portable = pool_2d.lower_f32(name)

    def lower(isa: Isa, model: Model, op: Op) -> Call:
        call = portable(model, op)
        window = {k: v for k, v in call.fields if isinstance(v, int) and k.startswith("window.")}
        vectors = _with_vectors(isa, call, "pool_2d", "pool_2d", "nn/window_2d.c")
        # Of a pixel some channels are written before others are read.
        return replace(vectors, output_overlap=of_window(window, 4, last=0))

    return lower


def _refuse_pool(isa: Isa, model: Model, op: Op) -> str | None:
    if output_tensor(model, op).shape[-1] < isa.lanes:
        return "its channels fill no vector."
    return known_activation(model, op)


def _lower_mean(isa: Isa, model: Model, op: Op) -> Call:
    return _with_vectors(isa, mean.lower_f32(model, op), "pool_2d", "mean")


def _refuse_mean(isa: Isa, model: Model, op: Op) -> str | None:
    levels = mean.levels(input_tensor(model, op).shape, attrs_of(op, ReduceAttrs).axes)
    if not levels or levels[-1].is_averaged or levels[-1].size < isa.lanes:
        return "its innermost dimension does not stay, or fills no vector."
    return mean.refuse_shape(model, op)


def _kernels(isa: Isa) -> tuple[Kernel, ...]:
    ways = (
        (OpKind.ADD, _lower_binary, _refuse_binary),
        (OpKind.SUB, _lower_binary, _refuse_binary),
        (OpKind.MUL, _lower_binary, _refuse_binary),
        (OpKind.RELU, _lower_clamp, _refuse_nothing),
        (OpKind.RELU6, _lower_clamp, _refuse_nothing),
        (OpKind.AVERAGE_POOL_2D, _lower_pool("average_pool_2d"), _refuse_pool),
        (OpKind.MAX_POOL_2D, _lower_pool("max_pool_2d"), _refuse_pool),
        (OpKind.LEAKY_RELU, _lower_leaky_relu, _refuse_nothing),
        (OpKind.HARD_SWISH, _lower_hard_swish, _refuse_nothing),
        (OpKind.LOGISTIC, _lower_logistic, _refuse_nothing),
        (OpKind.SOFTMAX, _lower_softmax, _refuse_softmax),
        (OpKind.MEAN, _lower_mean, _refuse_mean),
        (OpKind.SUM, _lower_mean, _refuse_mean),
    )
    return tuple(
        Kernel(kind, DType.FLOAT32, partial(lower, isa), partial(refuse, isa), isa.needs)
        for kind, lower, refuse in ways
    )


KERNELS = tuple(kernel for isa in ISAS for kernel in _kernels(isa))
