"""The runtime kernels that the engine can choose from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from edgegen.engines.aot.program import Step
from edgegen.model import DType, Model, Op, OpKind


def _always(model: Model, op: Op) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kernel:
    """One way to run one kind of operator on one element type.

    Attributes:
        dtype: Element type of the input that the operator computes from.
        lower: Describes the call for an operator that the kernel takes.
        refusal: Why the kernel cannot take an operator, or None.
        needs: Device features that its code is written for, such as "dsp"; the portable
            kernels need none.
    """

    kind: OpKind
    dtype: DType
    lower: Callable[[Model, Op], Step]
    refusal: Callable[[Model, Op], str | None] = _always
    needs: frozenset[str] = frozenset()


def activation_dtype(model: Model, op: Op) -> DType:
    """Element type of the input that the operator computes from: kernels are chosen by it."""
    return model.tensors[op.data].dtype


def choose(
    kernels: tuple[Kernel, ...], model: Model, op: Op, features: Collection[str] = ()
) -> Kernel | str:
    """The first kernel that the device can run and that takes the operator, or why none does."""
    dtype = activation_dtype(model, op)
    of_kind = [k for k in kernels if k.kind is op.kind and k.needs <= set(features)]
    matching = [k for k in of_kind if k.dtype is dtype]
    if not matching:
        have = ", ".join(sorted({k.dtype.value for k in of_kind})) or "no element type"
        return f"no kernel for {dtype.value} (there is {have})."
    reason = ""
    for kernel in matching:
        refusal = kernel.refusal(model, op)
        if refusal is None:
            return kernel
        reason = refusal
    return reason


def alternatives(
    kernels: tuple[Kernel, ...], model: Model, op: Op, features: Collection[str] = ()
) -> tuple[Kernel, ...]:
    """All that `choose` could have taken, in the same order."""
    dtype = activation_dtype(model, op)
    matching = (k for k in kernels if k.kind is op.kind and k.dtype is dtype)
    able = (k for k in matching if k.needs <= set(features))
    return tuple(k for k in able if k.refusal(model, op) is None)
