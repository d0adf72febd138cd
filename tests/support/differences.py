"""What the self-tests of all families have to find between two outputs: the same."""

from __future__ import annotations

from math import inf, nan

INT8 = ("int8", 0.5, -10)
FLOAT = ("float32", 0.0, 0)
WIDE = ("int64", 0.0, 0)

CASES: list[tuple[str, tuple[str, float, int], list[float], list[float], float]] = [
    # measure, (dtype, scale, zero point), got, expected, difference
    ("steps", INT8, [-128, 3], [127, 3], 255),
    ("steps", WIDE, [2**62 + 1, 0], [2**62, 0], 1),
    ("steps", FLOAT, [nan, 3], [3, 3], inf),
    ("rms", INT8, [-10, 0], [-10, 10], 0.5),
    ("rms", INT8, [-9, -10], [-10, -10], inf),
    ("rms", INT8, [-10, -10], [-10, -10], 0),
    ("rms", FLOAT, [nan, nan, nan], [5, 1, 2], inf),
    ("rms", FLOAT, [nan, 1, 2], [5, 1, 2], inf),
    ("rms", FLOAT, [5, 1, 2], [nan, 1, 2], inf),
    ("rms", FLOAT, [nan, 3, 0], [nan, 3, 0], 0),
    ("rms", FLOAT, [nan, 3, 2], [nan, 3, 4], 0.4),
    ("rms", FLOAT, [inf, 3, 2], [inf, 3, 4], 0.4),
    ("rms", FLOAT, [-inf, 3, 4], [inf, 3, 4], inf),
    ("rms", FLOAT, [3, 4], [inf, 4], inf),
    ("relative", FLOAT, [1, 4], [1, 5], 0.2),
    ("relative", FLOAT, [nan, 5], [nan, 5], 0),
    ("relative", FLOAT, [inf, 5], [inf, 5], 0),
    ("relative", FLOAT, [inf, 4], [inf, 5], 0.2),
    ("relative", FLOAT, [nan, 5], [1, 5], inf),
    ("relative", FLOAT, [1, 5], [nan, 5], inf),
    ("relative", FLOAT, [-inf, 5], [inf, 5], inf),
    ("relative", FLOAT, [1, 0], [0, 0], inf),
    ("disagreement", WIDE, [1, 2, 3, 4], [1, 2, 3, 5], 0.25),
    ("disagreement", WIDE, [2**62 + 1, 0], [2**62, 0], 0.5),
    ("disagreement", FLOAT, [nan, 1], [nan, 1], 0),
    ("disagreement", FLOAT, [nan, 1], [2, 1], 0.5),
]
