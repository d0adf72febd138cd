"""What several operators' lowerings share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgegen.model import Activation, Attrs, DType, Model, Op, Tensor

A = TypeVar("A", bound=Attrs)
T = TypeVar("T")

SUFFIXES = {DType.INT8: "s8", DType.INT16: "s16", DType.FLOAT32: "f32"}
"""How the runtime's functions for activations of a type end."""

HEADER_SUFFIXES = {DType.INT8: "", DType.INT16: "_s16", DType.FLOAT32: ""}
"""And its headers: int16 has its own, which other models do without."""


def remembered(function: Callable[[Model, Op], T]) -> Callable[[Model, Op], T]:
    """What is found out about the operators of one model, once: refusals and descriptions of
    several kernels ask for the same. Of another model nothing is kept."""
    latest: Model | None = None
    found: dict[int, T] = {}

    @functools.wraps(function)
    def remembering(model: Model, op: Op) -> T:
        nonlocal latest
        if latest is not model:
            latest = model
            found.clear()
        if id(op) not in found:  # the model keeps it alive
            found[id(op)] = function(model, op)
        return found[id(op)]

    return remembering


def attrs_of(op: Op, kind: type[A]) -> A:
    """The operator's attributes, known to be of one kind."""
    if not isinstance(op.attrs, kind):
        raise TypeError(f"{op.kind.value} (node {op.node}) carries {type(op.attrs).__name__}")
    return op.attrs


def input_index(op: Op, position: int = 0) -> int:
    """The tensor index of an input that is there."""
    index = op.inputs[position]
    if index is None:
        raise ValueError(f"{op.kind.value} (node {op.node}) lacks input {position}")
    return index


def input_tensor(model: Model, op: Op, position: int = 0) -> Tensor:
    """An input that is there."""
    return model.tensors[input_index(op, position)]


def output_tensor(model: Model, op: Op) -> Tensor:
    """The first output."""
    return model.tensors[op.outputs[0]]


def constant(tensor: Tensor) -> npt.NDArray[np.generic]:
    """A constant's values."""
    if tensor.data is None:
        raise ValueError(f"tensor {tensor.name!r} is not a constant")
    return tensor.data


def optional_input(model: Model, op: Op, position: int) -> Tensor | None:
    """An input that may be absent."""
    if position >= len(op.inputs):
        return None
    index = op.inputs[position]
    return None if index is None else model.tensors[index]


def bias_of(model: Model, op: Op) -> npt.NDArray[np.int64]:
    """Input 2, [channels], or zeros where it is absent."""
    bias = optional_input(model, op, 2)
    if bias is None:
        return np.zeros(output_tensor(model, op).shape[-1], np.int64)
    return constant(bias).astype(np.int64)


def folded_bias(model: Model, op: Op, weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bias with the input's zero point taken off every input beforehand.

    Args:
        weights: [channels][inputs].
    """
    folded: npt.NDArray[np.int64] = bias_of(model, op) - input_tensor(
        model, op
    ).zero_point * weights.sum(axis=1)
    return folded


def float32(tensor: Tensor) -> npt.NDArray[np.float32]:
    """A constant's values as float32."""
    return constant(tensor).astype(np.float32, copy=False)


def constant_weights(*positions: int) -> Callable[[Model, Op], str | None]:
    """A refusal test: inputs at these positions must be constants, the activation known."""

    def refusal(model: Model, op: Op) -> str | None:
        for position in positions:
            tensor = optional_input(model, op, position)
            if tensor is not None and not tensor.is_constant:
                return f"its input {position} is computed at run time; it must be a constant."
        return known_activation(model, op)

    return refusal


def known_activation(model: Model, op: Op) -> str | None:
    """A refusal test: the fused activation is a clamp."""
    if getattr(op.attrs, "activation", Activation.NONE) is Activation.TANH:
        return "the fused activation TANH is not supported."
    return None


def huge_multiplier(reals: list[float]) -> str | None:
    """A refusal: the multipliers must stay within what fixed_point.h can express."""
    if max(reals) >= 2.0**30:
        return "its output scale is too small for the scales of its inputs."
    return None
