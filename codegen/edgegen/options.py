"""What a user chose: the one set of options that every target shares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasuredArena:
    """The smallest TFLM arena that allocated and invoked, found in an emulator.

    Attributes:
        bytes: The arena's size.
        how: Where it was found, for the comment beside the number.
    """

    bytes: int
    how: str


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one project.

    Attributes:
        name: Legal C identifier in lower case; prefixes every generated symbol.
        engines: Engine ids to emit, in order of preference; empty for every engine
            that takes the model.
        labels: Class names, one per output element, or empty.
        tflm_arena: A measured arena for the `tflm` engine, if there is one.
    """

    name: str
    engines: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    tflm_arena: MeasuredArena | None = None
