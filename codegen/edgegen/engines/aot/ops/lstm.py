"""UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot import lut_s16
from edgegen.engines.aot.fixed_point import quantize_multiplier, round_half_away, wrap_int32
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
from edgegen.model import DType, LstmAttrs, Model, Op, OpKind, Tensor

_HIDDEN, _CELL = 18, 19

# In the kernel's order: input, forget, output and cell gate.
_INPUT_WEIGHTS = (1, 2, 4, 3)
_RECURRENT_WEIGHTS = (5, 6, 8, 7)
_BIASES = (12, 13, 15, 14)

_GATE_SCALE = 2.0**-12  # of what goes into a gate
_RESULT_SCALE = 2.0**-15  # of what comes out of it
_TABLE_STEPS = 3  # of the table of LOGISTIC and TANH, for one step of _GATE_SCALE
_LARGEST_SHIFT = 13  # by which 3 may be raised so that its products with int16 fit into int32


def _lower_s8(model: Model, op: Op) -> Call:
    data, hidden = input_tensor(model, op), input_tensor(model, op, _HIDDEN)
    factors = _real_factors(model, op)
    fields: list[tuple[str, Field]] = [
        ("input_weights", Ref("input_weights")),
        ("recurrent_weights", Ref("recurrent_weights")),
        ("input_bias", Ref("input_bias")),
        ("recurrent_bias", Ref("recurrent_bias")),
    ]
    for name, real in factors.items():
        multiplier, shift = quantize_multiplier(real)
        fields += [(f"{name}.multiplier", multiplier), (f"{name}.shift", shift)]
    fields += [("hidden_offset", hidden.zero_point), ("cell_clip", _cell_clip(model, op))]
    left = _cell_shift(model, op)
    of_cell = (_TABLE_STEPS << left, 0) if left >= 0 else (_TABLE_STEPS, -left)
    for name, elements, (multiplier, shift) in (
        ("logistic", 3, (_TABLE_STEPS, 0)),
        ("tanh", 1, (_TABLE_STEPS, 0)),
        ("cell_tanh", 1, of_cell),
    ):
        fields += [(f"{name}.elements", elements), (f"{name}.multiplier", multiplier)]
        fields += [(f"{name}.shift", shift), (f"{name}.table", Ref("sigmoid"))]
    constants = (
        Constant("input_weights", _joined(model, op, _INPUT_WEIGHTS)),
        Constant("recurrent_weights", _joined(model, op, _RECURRENT_WEIGHTS)),
        Constant("input_bias", _bias(model, op, _INPUT_WEIGHTS, data.zero_point, _BIASES)),
        Constant("recurrent_bias", _bias(model, op, _RECURRENT_WEIGHTS, hidden.zero_point)),
        Constant("sigmoid", lut_s16.sigmoid_table(), is_table=True),
    )
    sources = ("nn/lstm_s8.c", "nn/logistic_s16.c", "nn/tanh_s16.c")
    return _call(model, op, "s8", tuple(fields), constants, sources)


def _real_factors(model: Model, op: Op) -> dict[str, float]:
    """By field; those of the gates in float32, the others in float64, as in TFLM."""
    data, hidden = input_tensor(model, op), input_tensor(model, op, _HIDDEN)
    cell = input_tensor(model, op, _CELL)
    found: dict[str, float] = {}
    for name, source, weights in (
        ("input_factor", data, _INPUT_WEIGHTS),
        ("recurrent_factor", hidden, _RECURRENT_WEIGHTS),
    ):
        for gate, position in enumerate(weights):
            scale = input_tensor(model, op, position).scale
            product = float(np.float32(source.scale) * np.float32(scale))
            found[f"{name}[{gate}]"] = product / _GATE_SCALE
    found["forget_factor"] = _RESULT_SCALE * cell.scale / cell.scale
    found["update_factor"] = _RESULT_SCALE * _RESULT_SCALE / cell.scale
    found["hidden_factor"] = _RESULT_SCALE * _RESULT_SCALE / hidden.scale
    return found


def _cell_shift(model: Model, op: Op) -> int:
    """By how much the cell state's codes are coarser than a gate's, in powers of two."""
    return round_half_away(math.log2(input_tensor(model, op, _CELL).scale)) + 12


def _cell_clip(model: Model, op: Op) -> int:
    clip = attrs_of(op, LstmAttrs).cell_clip
    return int(min(clip / input_tensor(model, op, _CELL).scale, 32767.0)) if clip > 0 else -1


def _joined(model: Model, op: Op, positions: tuple[int, ...]) -> npt.NDArray[np.generic]:
    return np.stack([constant(input_tensor(model, op, k)) for k in positions])


def _bias(
    model: Model,
    op: Op,
    weights: tuple[int, ...],
    zero_point: int,
    biases: tuple[int, ...] | None = None,
) -> npt.NDArray[np.int32]:
    """What the zero point adds to every sum, and the bias where there is one."""
    sums = -zero_point * _joined(model, op, weights).astype(np.int64).sum(axis=2)
    own = _joined(model, op, biases).astype(np.int64) if biases else np.zeros_like(sums)
    return wrap_int32(own + sums)


def _refuse_s8(model: Model, op: Op) -> str | None:
    if _cell_shift(model, op) > _LARGEST_SHIFT:
        return "its cell state's scale is too large for TFLM's multiplier."
    return huge_multiplier(list(_real_factors(model, op).values()))


def _lower_f32(model: Model, op: Op) -> Call:
    roles = {
        "input_weights": _INPUT_WEIGHTS,
        "recurrent_weights": _RECURRENT_WEIGHTS,
        "bias": _BIASES,
    }
    constants = tuple(
        Constant(role, np.stack([float32(input_tensor(model, op, k)) for k in positions]))
        for role, positions in roles.items()
    )
    fields: tuple[tuple[str, Field], ...] = (
        *((role, Ref(role)) for role in roles),
        ("cell_clip", max(attrs_of(op, LstmAttrs).cell_clip, 0.0)),
    )
    sources = ("nn/lstm_f32.c", "nn/logistic_f32.c", "nn/tanh_f32.c")
    return _call(model, op, "f32", fields, constants, sources)


def _call(
    model: Model,
    op: Op,
    suffix: str,
    fields: tuple[tuple[str, Field], ...],
    constants: tuple[Constant, ...],
    sources: tuple[str, ...],
) -> Call:
    return Call(
        op=op,
        function=f"eg_run_lstm_{suffix}",
        struct=f"eg_lstm_{suffix}",
        fields=(*_shape(model, op, input_tensor(model, op)), *fields),
        inputs=(input_index(op), input_index(op, _HIDDEN), input_index(op, _CELL)),
        output=op.outputs[0],
        header="edgegen/nn/lstm.h",
        sources=sources,
        constants=constants,
    )


def _shape(model: Model, op: Op, data: Tensor) -> tuple[tuple[str, int], ...]:
    first, second, inputs = data.shape
    time_major = attrs_of(op, LstmAttrs).time_major
    return (
        ("shape.batches", second if time_major else first),
        ("shape.times", first if time_major else second),
        ("shape.batch_step", 1 if time_major else second),
        ("shape.time_step", second if time_major else 1),
        ("shape.inputs", inputs),
        ("shape.units", output_tensor(model, op).shape[2]),
    )


KERNELS = (
    Kernel(OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM, DType.INT8, _lower_s8, _refuse_s8),
    Kernel(OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM, DType.FLOAT32, _lower_f32),
)
