"""Numbers and choices as arguments of edgegen.native: a ValueError that names what is wrong."""

from __future__ import annotations

import operator
from numbers import Real

import numpy as np


def choice(argument: str, name: object, names: tuple[str, ...]) -> int:
    """The place of ``name`` among ``names``."""
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"{argument}: need one of {', '.join(names)}, got {name!r}")
    return names.index(name)


def integer(argument: str, value: object, low: int = -(2**31), high: int = 2**31 - 1) -> int:
    """Whatever Python takes for an index."""
    try:
        whole = int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{argument}: need an integer, got {value!r}") from None
    if not low <= whole <= high:
        raise ValueError(f"{argument}: need {low} to {high}, got {whole}")
    return whole


def real(argument: str, value: object) -> float:
    """A float32; infinities and NaN are for the callee to refuse."""
    if not isinstance(value, Real):
        raise ValueError(f"{argument}: need a number, got {value!r}")
    try:
        with np.errstate(over="ignore"):
            return float(np.float32(float(value)))
    except OverflowError:
        raise ValueError(f"{argument}: need a float32, got {value!r}") from None
