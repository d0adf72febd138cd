"""What objects of edgegen.native with memory of C's have in common."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Uncopied:
    """Neither copied nor pickled: a copy would share its memory, and its stream, with it."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"cannot pickle or copy {type(self).__name__}: make another one")
