"""Constant arrays of a plan, as C."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from edgegen.render import c_float

_LINE_CHARACTERS = 92

_BYTES = {"int16_t": 2, "uint16_t": 2, "int32_t": 4, "float": 4}


@dataclass(frozen=True, slots=True)
class Table:
    """A constant array: the lines of its initialiser."""

    c_type: str
    name: str
    comment: str
    elements: int
    lines: tuple[str, ...]


def total_bytes(tables: Iterable[Table]) -> int:
    """Of all of them, in flash."""
    return sum(_BYTES[table.c_type] * table.elements for table in tables)


def integers(values: Iterable[int]) -> tuple[str, ...]:
    """The lines of an initialiser."""
    return _wrapped(map(str, values))


def floats(values: Iterable[float]) -> tuple[str, ...]:
    """The lines of an initialiser whose literals are these float32 values, to the bit."""
    return _wrapped(map(c_float, values))


def _wrapped(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(textwrap.wrap(", ".join(texts) + ",", _LINE_CHARACTERS))
