"""Clocks, cycle counters and stopwatches, by runtime_c.

Sources, widths and error bounds: runtime_c/include/edgegen (clock.h, cycles.h, stopwatch.h,
histogram.h).
"""

from __future__ import annotations

from edgegen import _native
from edgegen._native import clock_ns
from edgegen.native_arguments import integer

__all__ = ["CycleCounter", "Stopwatch", "clock_ns"]


class Stopwatch(_native.Stopwatch):
    """Laps between calls: how many, their sum, least, mean, greatest, and percentiles, in 4 KiB.

    ``start``, ``lap`` and ``stop`` read the clock themselves, or take the time, in nanoseconds of
    any clock that doesn't go back. ``lap`` and ``stop`` return the lap's length. Percentiles are
    within 1/64; the least, the greatest and ``percentile_ns(100)`` are exact.

    Args:
        calibration_rounds: Empty laps to measure first, up to 10^6. The shortest, which is what
            calling from Python costs, is ``overhead_ns``, and is taken off every lap from then on,
            down to 0.

    Raises:
        ValueError: Started twice, stopped without a start, a time before the lap's start, a
            percentile of nothing.
    """

    def __init__(self, *, calibration_rounds: int = 0) -> None:
        empty = _native.Stopwatch(0)
        for _ in range(integer("calibration_rounds", calibration_rounds, 0, 10**6)):
            empty.start()
            empty.stop()
        super().__init__(empty.min_ns)


class CycleCounter(_native.CycleCounter):
    """The processor's own counter, from 0 on: ``now()``.

    Args:
        calibration_ns: How long to compare with the clock where the processor doesn't say how
            fast it counts; 1 to 10^9.

    Attributes:
        source: ``tsc`` (x86) or ``cntvct`` (64-bit Arm).
        hz: Counts a second. ``to_ns(count)`` is in nanoseconds.

    Raises:
        RuntimeError: The processor has none that a program may read, or it can't be calibrated.
    """

    def __init__(self, *, calibration_ns: int = 10_000_000) -> None:
        super().__init__(integer("calibration_ns", calibration_ns, 1, 10**9))
