"""Constants: operators on nothing else are computed beforehand, equal arrays lie in flash once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgegen import reference
from edgegen.errors import EdgegenError
from edgegen.model import DType, Model, NoAttrs, Op, OpKind

LARGEST_BYTES = 4096
"""An operator that makes more of its constants than this, and than they take, keeps its code."""

_STATEFUL = (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE)
_RESHAPES = (OpKind.RESHAPE, OpKind.SQUEEZE, OpKind.EXPAND_DIMS)
_TYPES = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)

_Array = npt.NDArray[np.generic]
K = TypeVar("K", bound=Hashable)


def fold_constants(model: Model) -> Model:
    """The model with the values of its constant activations, as the reference computes them.

    Who reads such an activation reads a new constant. Its operator becomes a RESHAPE of that: it
    costs nothing, and the activation can still be compared. The model itself where there is none,
    or where the reference cannot run it.
    """
    known = _constant_activations(model)
    if not known:
        return model
    try:
        values = _values(model, known)
    except EdgegenError:
        return model
    tensors = list(model.tensors)
    constant_of: dict[int, int] = {}
    for tensor, value in values.items():
        constant_of[tensor] = len(tensors)
        tensors.append(replace(tensors[tensor], data=value))
    ops = tuple(_rewired(op, constant_of) for op in model.ops)
    return replace(model, tensors=tuple(tensors), ops=ops)


def _constant_activations(model: Model) -> list[int]:
    """In order of execution."""
    constants = {t for t, tensor in enumerate(model.tensors) if tensor.is_constant}
    found = []
    for op in model.ops:
        inputs = {t for t in op.inputs if t is not None}
        if not inputs or not inputs <= constants:
            continue
        if op.kind in _RESHAPES:
            constants.add(op.outputs[0])  # costs nothing as it is
        elif _is_foldable(model, op, inputs):
            constants.add(op.outputs[0])
            found.append(op.outputs[0])
    return found


def _is_foldable(model: Model, op: Op, inputs: set[int]) -> bool:
    if op.kind in _STATEFUL or len(op.outputs) != 1:
        return False
    output = model.tensors[op.outputs[0]]
    read = sum(model.tensors[t].bytes for t in inputs)
    return output.dtype in _TYPES and output.bytes <= max(read, LARGEST_BYTES)


# What the reference computed, by the model's sha256: the engine asks for it several times.
_computed: dict[str, dict[int, _Array]] = {}


def _values(model: Model, wanted: list[int]) -> dict[int, _Array]:
    """They are the same whatever the inputs are."""
    known = _computed.get(model.source.sha256)
    if known is None or not set(wanted) <= set(known):
        tensors = [model.tensors[t] for t in model.inputs]
        inputs: list[_Array] = [np.zeros(t.shape, t.dtype.numpy) for t in tensors]
        activations = reference.run(model, [inputs], every_activation=True).activations[0]
        known = _computed[model.source.sha256] = {t: activations[t] for t in wanted}
    return {t: known[t] for t in wanted}


def _rewired(op: Op, constant_of: Mapping[int, int]) -> Op:
    if op.outputs[0] in constant_of:
        inputs = (constant_of[op.outputs[0]],)
        return replace(op, kind=OpKind.RESHAPE, inputs=inputs, attrs=NoAttrs())
    return replace(op, inputs=tuple(_replaced(t, constant_of) for t in op.inputs))


def _replaced(tensor: int | None, constant_of: Mapping[int, int]) -> int | None:
    return tensor if tensor is None else constant_of.get(tensor, tensor)


def first_equal(arrays: Mapping[K, _Array]) -> dict[K, K]:
    """For every key the first one whose array has the same type and bytes."""
    first: dict[tuple[str, bytes], K] = {}
    return {
        key: first.setdefault((values.dtype.str, values.tobytes()), key)
        for key, values in arrays.items()
    }


def bytes_of_distinct(arrays: Mapping[K, _Array]) -> int:
    """What arrays take where equal ones lie there once."""
    first = first_equal(arrays)
    return sum(values.nbytes for key, values in arrays.items() if first[key] == key)
