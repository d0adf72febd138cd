"""Places buffers in one arena so that buffers alive at the same time never overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of the arena that is needed for a while.

    Attributes:
        key: What the caller knows it by.
        bytes: Its size.
        first, last: The first and last step, inclusive, during which it must be kept.
    """

    key: str
    bytes: int
    first: int
    last: int

    def overlaps(self, other: Buffer) -> bool:
        """Whether both are alive during some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Offsets in bytes from the start of the arena, by buffer key.

    Attributes:
        lower_bound: The most bytes alive in any one step: no plan can be smaller.
    """

    offsets: dict[str, int]
    arena_bytes: int
    lower_bound: int


def plan(buffers: Sequence[Buffer], alignment: int = 4) -> MemoryPlan:
    """Assign an offset to every buffer.

    Greedy first fit, tried in several orders; the smallest arena wins. Which order is
    best depends on the graph, and the problem itself is NP-hard, so `lower_bound` says
    how far from the best the result can be at most.

    Args:
        alignment: Every offset is a multiple of it, in bytes.
    """
    sized = [
        Buffer(b.key, _round_up(b.bytes, alignment), b.first, b.last) for b in buffers if b.bytes
    ]
    best: dict[str, int] = {}
    best_bytes = 0
    bound = _lower_bound(sized)
    for order in _ORDERS:
        offsets = _first_fit(sorted(sized, key=order))
        arena = max((offsets[b.key] + b.bytes for b in sized), default=0)
        if not best or arena < best_bytes:
            best, best_bytes = offsets, arena
        if best_bytes == bound:
            break
    empty = {b.key: 0 for b in buffers if not b.bytes}
    return MemoryPlan(best | empty, best_bytes, bound)


_Order = Callable[[Buffer], tuple[int | str, ...]]

_ORDERS: tuple[_Order, ...] = (
    lambda b: (-b.bytes, b.first, b.key),
    lambda b: (b.first, -b.bytes, b.key),
    lambda b: (-(b.last - b.first), -b.bytes, b.key),
    lambda b: (-b.bytes * (b.last - b.first + 1), b.first, b.key),
    lambda b: (-b.last, -b.bytes, b.key),
)


def _first_fit(ordered: Sequence[Buffer]) -> dict[str, int]:
    """The lowest free place for each buffer in turn.

    Placed buffers are found by the steps they are alive in, so a graph of short-lived
    tensors costs time in proportion to its length.
    """
    offsets: dict[str, int] = {}
    alive: defaultdict[int, list[Buffer]] = defaultdict(list)
    for buffer in ordered:
        lifetime = range(buffer.first, buffer.last + 1)
        taken = sorted(
            {
                (offsets[other.key], offsets[other.key] + other.bytes)
                for step in lifetime
                for other in alive[step]
            }
        )
        offset = 0
        for start, end in taken:
            if start - offset >= buffer.bytes:
                break
            offset = max(offset, end)
        offsets[buffer.key] = offset
        for step in lifetime:
            alive[step].append(buffer)
    return offsets


def _lower_bound(buffers: Sequence[Buffer]) -> int:
    changes: defaultdict[int, int] = defaultdict(int)
    for buffer in buffers:
        changes[buffer.first] += buffer.bytes
        changes[buffer.last + 1] -= buffer.bytes
    totals = accumulate(change for _, change in sorted(changes.items()))
    return max(totals, default=0)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
