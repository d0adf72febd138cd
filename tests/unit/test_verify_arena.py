"""The arena search: right answer, few runs, both sides of the answer really run."""

from __future__ import annotations

import pytest

from edgegen.errors import DifferenceError
from edgegen.verify.cortex_m.arena import smallest


@pytest.mark.parametrize("upper", [16, 32, 1_024, 22_832, 100_712])
@pytest.mark.parametrize("needed", [1, 16, 17, 1_000, 22_820])
def test_the_smallest_size_is_found_and_its_neighbour_was_tried(needed: int, upper: int) -> None:
    runs: dict[int, bool] = {}

    def works(size: int) -> bool:
        assert size not in runs, "a size was run twice"
        runs[size] = size >= needed
        return runs[size]

    if upper // 16 * 16 < needed:
        with pytest.raises(DifferenceError):
            smallest(works, upper)
        return
    found = smallest(works, upper)
    assert found == (needed + 15) // 16 * 16
    assert runs[found] is True
    assert found == 16 or runs[found - 16] is False
    assert len(runs) < 20
