"""What the parts of benchmarks/preprocess.py share: ways to one result take turns on the clock.

One round times every way once, so that whatever else the machine does meets all of them. Time is
the processor's time of the process, of all its threads: a long piece of work is interrupted more
often than a short one, and on a busy machine would seem longer than it is. A figure is the median
of the rounds, kept with the least of them; a ratio is one of medians.
"""

from __future__ import annotations

import itertools
import statistics
import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Clock = Callable[[], float]
"""Does the work and says what it took, in the row's unit."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One way's rounds."""

    median: float
    least: float


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: ours beside the best of a peer's ways to the same result.

    Attributes:
        unit: Of the figures: "us", "ns", or what is counted, such as "instructions per pixel".
        way: The peer's fastest.
        ways: All that were tried.
        difference: The greatest one between the two results, in the part's own unit.
    """

    work: str
    output: str
    peer: str
    unit: str
    ours: Figure
    way: str
    ways: Mapping[str, Figure] = field(default_factory=dict)
    difference: float | None = None

    @property
    def theirs(self) -> Figure:
        return self.ways[self.way]

    @property
    def ratio(self) -> float:
        """Above 1 where ours is faster."""
        return self.theirs.median / self.ours.median

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "work": self.work,
            "output": self.output,
            "peer": self.peer,
            "ratio": significant(self.ratio),
            "unit": self.unit,
            "ours_median": significant(self.ours.median),
            "ours_min": significant(self.ours.least),
            "peer_median": significant(self.theirs.median),
            "peer_min": significant(self.theirs.least),
            "way": self.way,
            "ways": {
                name: [significant(each.median), significant(each.least)]
                for name, each in self.ways.items()
            },
        }
        if self.difference is not None:
            made["difference"] = significant(self.difference)
        return made


def row(
    work: str,
    output: str,
    peer: str,
    figures: Mapping[str, Figure],
    ways: Mapping[str, str],
    *,
    unit: str = "us",
    difference: float | None = None,
) -> Row:
    """A row from what `take_turns` found: `ways` says what a peer's way is called there."""
    found = {name: figures[key] for name, key in ways.items()}
    best = min(found, key=lambda name: found[name].median)
    return Row(work, output, peer, unit, figures["ours"], best, found, difference)


def take_turns(clocks: Mapping[str, Clock], rounds: int) -> dict[str, Figure]:
    """The figures of all ways, by their names."""
    taken: dict[str, list[float]] = {name: [] for name in clocks}
    for _ in range(rounds):
        for name, clock in clocks.items():
            taken[name].append(clock())
    return {name: Figure(statistics.median(each), min(each)) for name, each in taken.items()}


def reading_ns() -> int:
    """What reading the clock adds to a time, at least."""
    times = [time.process_time_ns() for _ in range(1000)]
    return min(after - before for before, after in itertools.pairwise(times))


def warm_call(way: Callable[[], Any]) -> Clock:
    """Microseconds of one call, after one that brings code and data into the caches."""
    overhead = reading_ns()

    def clock() -> float:
        way()
        start = time.process_time_ns()
        way()
        return (time.process_time_ns() - start - overhead) / 1000

    return clock


ROUND_NS = 400_000


def statement(code: str, names: Mapping[str, Any]) -> Clock:
    """Nanoseconds of a statement that is too short for the clock: the mean of many in a row.

    So many that all statements' rounds take the same time: of two ways that are interrupted
    equally often, the one with longer rounds would otherwise seem slower than it is.
    """
    timer = timeit.Timer(code, globals=dict(names), timer=time.process_time_ns)
    calls = max(1, ROUND_NS * 100 // int(min(timer.repeat(5, 100))))
    return lambda: timer.timeit(calls) / calls


def significant(value: float) -> float:
    """Four digits: more would be noise."""
    return float(f"{value:.4g}")
