"""A finished package in memory, before it is judged and put in its place."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.packaging.tree import Tree


@dataclass(frozen=True, slots=True)
class Product:
    """A package.

    Attributes:
        file_name: As the format's users expect it.
        installed: What lies on a device once it is unpacked or installed.
        architecture: As `uname -m` has it; "" for a package that is none's.
        notes: What whoever installs it has to know.
    """

    file_name: str
    content: bytes
    installed: Tree
    architecture: str
    notes: tuple[str, ...] = ()
