"""Class names: a text file with one per line, in the order of the model's outputs."""

from __future__ import annotations

from pathlib import Path

from edgegen.errors import UsageError

PLACE = "model/labels.txt"
"""Where a project keeps its copy, unless edgegen.toml says otherwise."""

_MAX_BYTES = 1 << 20


def read(path: Path) -> bytes:
    """The file as it is, to be copied into the project."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UsageError("The labels file has more than 1 MiB.", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The labels cannot be read: {error.strerror}.", where=str(path)) from None


def parse(content: bytes, elements: int, where: str) -> tuple[str, ...]:
    """One label for each of ``elements`` outputs; ``where`` names the file in errors.

    White space around a label and empty lines at the end do not count.
    """
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"The labels are not UTF-8 text: {error}.", where=where) from None
    labels = [line.strip() for line in lines]
    while labels and not labels[-1]:
        labels.pop()
    for number, label in enumerate(labels, start=1):
        if not label or not label.isprintable():
            why = "holds a control character" if label else "is empty"
            raise UsageError(f"Line {number} of the labels {why}.", where=where)
    if len(labels) != elements:
        raise UsageError(
            f"There are {len(labels)} labels for {elements} output elements.",
            where=where,
            fix="Give one label per line, in the order of the outputs.",
        )
    return tuple(labels)
