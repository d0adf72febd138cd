"""Finds the smallest arena by trying sizes in the emulator.

What the `tflm` engine needs of its arena is decided at run time, on the device. The
self-test takes the size on its command line, so one image answers for every size.
"""

from __future__ import annotations

from collections.abc import Callable

from edgegen.errors import DifferenceError

ALIGNMENT = 16


def smallest(works: Callable[[int], bool], upper: int) -> int:
    """The smallest multiple of 16 that works, up to ``upper`` bytes, which must work.

    Bisection trusts that a larger arena never fails where a smaller one works. That is
    checked where it matters: the size handed back was run and worked, 16 bytes less was
    run and did not (0 bytes is taken for granted).

    Args:
        works: Runs the model in an arena of so many bytes; True if it initialises and
            every output is right.

    Raises:
        DifferenceError: ``upper`` itself does not work.
    """
    high = upper // ALIGNMENT  # works; in units of the alignment
    low = 0  # does not: no engine works without an arena
    if not works(high * ALIGNMENT):
        raise DifferenceError(f"The model does not run in an arena of {upper} bytes.")
    while high - low > 1:
        middle = (low + high) // 2
        if works(middle * ALIGNMENT):
            high = middle
        else:
            low = middle
    return high * ALIGNMENT
