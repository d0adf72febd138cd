"""SVDF."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import float_range, quantize_multiplier, wrap_int32
from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    float32,
    huge_multiplier,
    input_index,
    input_tensor,
    output_tensor,
)
from edgegen.engines.aot.program import Call, Constant, Field, Ref
from edgegen.model import DType, Model, Op, OpKind, SvdfAttrs

_FEATURES, _TIME, _BIAS, _STATE = 1, 2, 3, 4


def _lower_s8(model: Model, op: Op) -> Call:
    state, output = input_tensor(model, op, _STATE), output_tensor(model, op)
    state_factor, output_factor = map(quantize_multiplier, _real_multipliers(model, op))
    fields: tuple[tuple[str, Field], ...] = (
        ("features", Ref("features")),
        ("feature_bias", Ref("feature_bias")),
        ("time", Ref("time")),
        ("bias", Ref("bias")),
        ("state_multiplier", state_factor[0]),
        ("state_shift", state_factor[1]),
        ("state_offset", state.zero_point),
        ("output_multiplier", output_factor[0]),
        ("output_shift", output_factor[1]),
        ("output_offset", output.zero_point),
    )
    constants = (
        Constant("features", constant(input_tensor(model, op, _FEATURES))),
        Constant("feature_bias", _feature_bias(model, op)),
        Constant("time", constant(input_tensor(model, op, _TIME))),
        Constant("bias", _bias(model, op)),
    )
    stem = "svdf_s8" if state.dtype is DType.INT8 else "svdf_s8_s16"
    return _call(model, op, stem, "eg_svdf_s8", fields, constants)


def _real_multipliers(model: Model, op: Op) -> list[float]:
    """From the features' sum to the state, and from the sum over time to the output; float32."""
    data, features, time, state, output = (
        np.float32(tensor.scale)
        for tensor in (
            *(input_tensor(model, op, k) for k in (0, _FEATURES, _TIME, _STATE)),
            output_tensor(model, op),
        )
    )
    return [float(data * features / state), float(state * time / output)]


def _feature_bias(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """What the input's zero point takes off every filter's sum."""
    sums = constant(input_tensor(model, op, _FEATURES)).astype(np.int64).sum(axis=1)
    return wrap_int32(-input_tensor(model, op).zero_point * sums)


def _bias(model: Model, op: Op) -> npt.NDArray[np.int32]:
    """The bias, less what the state's zero point adds to every unit's sum."""
    time = constant(input_tensor(model, op, _TIME)).astype(np.int64)
    sums = time.reshape(output_tensor(model, op).shape[1], -1).sum(axis=1)
    own = constant(input_tensor(model, op, _BIAS)).astype(np.int64)
    return wrap_int32(own - input_tensor(model, op, _STATE).zero_point * sums)


def _refuse_s8(model: Model, op: Op) -> str | None:
    return huge_multiplier(_real_multipliers(model, op))


def _lower_f32(model: Model, op: Op) -> Call:
    low, high = float_range(attrs_of(op, SvdfAttrs).activation)
    roles = {"features": _FEATURES, "time": _TIME, "bias": _BIAS}
    fields: tuple[tuple[str, Field], ...] = (
        *((role, Ref(role)) for role in roles),
        ("activation_min", low),
        ("activation_max", high),
    )
    constants = tuple(
        Constant(role, float32(input_tensor(model, op, k))) for role, k in roles.items()
    )
    return _call(model, op, "svdf_f32", "eg_svdf_f32", fields, constants)


def _call(
    model: Model,
    op: Op,
    stem: str,
    struct: str,
    fields: tuple[tuple[str, Field], ...],
    constants: tuple[Constant, ...],
) -> Call:
    data, output = input_tensor(model, op), output_tensor(model, op)
    return Call(
        op=op,
        function=f"eg_run_{stem}",
        struct=struct,
        fields=(
            ("batches", data.shape[0]),
            ("inputs", data.shape[1]),
            ("units", output.shape[1]),
            ("rank", attrs_of(op, SvdfAttrs).rank),
            ("memory", input_tensor(model, op, _TIME).shape[1]),
            *fields,
        ),
        inputs=(input_index(op), input_index(op, _STATE)),
        output=op.outputs[0],
        header="edgegen/nn/svdf.h",
        sources=(f"nn/{stem}.c",),
        constants=constants,
    )


KERNELS = (
    Kernel(OpKind.SVDF, DType.INT8, _lower_s8, _refuse_s8),
    Kernel(OpKind.SVDF, DType.FLOAT32, _lower_f32),
)
