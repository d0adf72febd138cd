"""Places buffers in one arena so that none spoils what another still holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_MOST_VISITS = 200_000
"""Pairs of buffers that reordering may look at, so that large graphs stay quick to plan."""

_MOST_REORDERINGS = 60


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
class Overlap:
    """Where one buffer may lie although another, which dies as it is made, is still read.

    A distance is the new buffer's offset less the dying one's, in bytes.

    Attributes:
        below: This distance and all smaller ones are allowed.
        above: This distance and all larger ones are allowed.
        exact: Single distances between both that are allowed too.
    """

    below: int
    above: int
    exact: tuple[int, ...] = ()

    def allows(self, distance: int) -> bool:
        return distance <= self.below or distance >= self.above or distance in self.exact

    def forbidden(self) -> Iterator[tuple[int, int]]:
        """Open intervals of distances."""
        inside = sorted(d for d in self.exact if self.below < d < self.above)
        for low, high in pairwise((self.below, *inside, self.above)):
            if high - low > 1:
                yield low, high


Overlaps = Mapping[tuple[str, str], Overlap]
"""By the keys of the new buffer and of the dying one."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Offsets in bytes from the start of the arena, by buffer key.

    Attributes:
        lower_bound: What the worst step needs by itself: no plan can be smaller.
    """

    offsets: dict[str, int]
    arena_bytes: int
    lower_bound: int


def plan(
    buffers: Sequence[Buffer], alignment: int = 4, overlaps: Overlaps | None = None
) -> MemoryPlan:
    """Assign an offset to every buffer.

    Greedy first fit, tried in several orders, of which the best one is then changed: what lies at
    the arena's end is placed earlier. The problem is NP-hard, so `lower_bound` says how far from
    the best the result can be at most.

    Args:
        alignment: Every offset is a multiple of it, in bytes.
        overlaps: For pairs whose lifetimes share one step; any other pair that is alive at the
            same time is kept apart.
    """
    sized = [
        Buffer(b.key, _round_up(b.bytes, alignment), b.first, b.last) for b in buffers if b.bytes
    ]
    search = _Search(sized, alignment, overlaps or {})
    best = search.best()
    empty = {b.key: 0 for b in buffers if not b.bytes}
    return MemoryPlan(best | empty, search.arena_bytes(best), search.bound)


def step_bounds(buffers: Sequence[Buffer], overlaps: Overlaps) -> dict[int, int]:
    """The bytes that every step needs by itself, wherever buffers lie.

    Dying buffers are apart from each other, and so are new ones: a byte has two users at most, and
    every pair saves what it can share at best.
    """
    alive: defaultdict[int, list[Buffer]] = defaultdict(list)
    for buffer in buffers:
        for step in range(buffer.first, buffer.last + 1):
            alive[step].append(buffer)
    by_key = {buffer.key: buffer for buffer in buffers}
    saved: defaultdict[int, int] = defaultdict(int)
    pairs: defaultdict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for (new, dying), overlap in overlaps.items():
        if new in by_key and dying in by_key:
            step = by_key[new].first
            saved[step] += _most_shared(by_key[new], by_key[dying], overlap)
            pairs[step][0].add(new)
            pairs[step][1].add(dying)
    return {
        step: sum(b.bytes for b in found)
        - min(saved[step], *(sum(by_key[key].bytes for key in side) for side in pairs[step]))
        for step, found in alive.items()
    }


def _most_shared(new: Buffer, dying: Buffer, overlap: Overlap) -> int:
    def shared(distance: int) -> int:
        return max(0, min(new.bytes + distance, dying.bytes) - max(distance, 0))

    inside_dying = [d for d in (0, dying.bytes - new.bytes) if overlap.allows(d)]
    return max(shared(d) for d in (overlap.below, overlap.above, *overlap.exact, *inside_dying))


_Order = Callable[[Buffer], tuple[int | str, ...]]

_ORDERS: tuple[_Order, ...] = (
    lambda b: (-b.bytes, b.first, b.key),
    lambda b: (-b.bytes, -b.last, b.key),
    lambda b: (b.first, -b.bytes, b.key),
    lambda b: (-(b.last - b.first), -b.bytes, b.key),
    lambda b: (-b.bytes * (b.last - b.first + 1), b.first, b.key),
    lambda b: (-b.last, -b.bytes, b.key),
)


class _Search:
    def __init__(self, buffers: Sequence[Buffer], alignment: int, overlaps: Overlaps) -> None:
        self._buffers = buffers
        self._alignment = alignment
        self._overlaps = overlaps
        self._visits = 0
        self.bound = max(step_bounds(buffers, overlaps).values(), default=0)

    def arena_bytes(self, offsets: dict[str, int]) -> int:
        return max((offsets[b.key] + b.bytes for b in self._buffers), default=0)

    def best(self) -> dict[str, int]:
        """The offsets of the smallest arena that is found."""
        best: tuple[int, list[Buffer], dict[str, int]] | None = None
        for key in _ORDERS:
            order = sorted(self._buffers, key=key)
            offsets = self._first_fit(order)
            arena = self.arena_bytes(offsets)
            if best is None or arena < best[0]:
                best = arena, order, offsets
            if arena == self.bound:
                break
        assert best is not None
        return self._reordered(*best)

    def _reordered(self, arena: int, order: list[Buffer], best: dict[str, int]) -> dict[str, int]:
        offsets = best
        for _ in range(_MOST_REORDERINGS):
            if arena == self.bound or self._visits > _MOST_VISITS:
                break
            end = self.arena_bytes(offsets)
            last = [b for b in order if offsets[b.key] + b.bytes == end]
            order = last + [b for b in order if b not in last]
            offsets = self._first_fit(order)
            found = self.arena_bytes(offsets)
            if found < arena:
                arena, best = found, offsets
        return best

    def _first_fit(self, ordered: Sequence[Buffer]) -> dict[str, int]:
        """The lowest place for each buffer in turn.

        Placed buffers are found by the steps they are alive in, so a graph of short-lived
        tensors costs time in proportion to its length.
        """
        offsets: dict[str, int] = {}
        alive: defaultdict[int, dict[str, Buffer]] = defaultdict(dict)
        for buffer in ordered:
            lifetime = range(buffer.first, buffer.last + 1)
            others = {key: other for step in lifetime for key, other in alive[step].items()}
            self._visits += len(others)
            forbidden = sorted(
                interval
                for other in others.values()
                for interval in self._forbidden(buffer, other, offsets[other.key])
            )
            offset = 0
            for low, high in forbidden:
                if low < offset < high:
                    offset = _round_up(high, self._alignment)
            offsets[buffer.key] = offset
            for step in lifetime:
                alive[step][buffer.key] = buffer
        return offsets

    def _forbidden(self, buffer: Buffer, placed: Buffer, offset: int) -> Iterator[tuple[int, int]]:
        """Open intervals of the buffer's offset that would spoil a placed one, or be spoilt."""
        if found := self._overlaps.get((buffer.key, placed.key)):
            yield from ((offset + low, offset + high) for low, high in found.forbidden())
        elif found := self._overlaps.get((placed.key, buffer.key)):
            yield from ((offset - high, offset - low) for low, high in found.forbidden())
        else:
            yield offset - buffer.bytes, offset + placed.bytes


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
