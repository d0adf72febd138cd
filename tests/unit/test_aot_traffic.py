"""Where kernels may overlap their buffers: the proof against a memory that remembers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgegen.engines.aot.traffic import (
    Accesses,
    afterwards,
    consecutive,
    in_place,
    of_rows,
    of_window,
    overlap,
    while_reading,
    window_reads,
)
from edgegen.passes.memory_plan import Overlap


def accesses(rows: list[tuple[int, int, int]]) -> Accesses:
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Accesses(*columns)


def is_safe(reads: Accesses, writes: Accesses, distance: int) -> bool:
    """Byte by byte: whether nothing is read that a write of an earlier round has changed."""
    written: dict[int, int] = {}
    for number, start, end in zip(writes.round, writes.start, writes.end, strict=True):
        for byte in range(start + distance, end + distance):
            written[byte] = min(written.get(byte, number), number)
    return all(
        written.get(byte, number) >= number
        for number, start, end in zip(reads.round, reads.start, reads.end, strict=True)
        for byte in range(start, end)
    )


@st.composite
def traffic(draw: st.DrawFn, size: int) -> Accesses:
    starts = draw(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, size - 1), st.integers(1, 5)))
    )
    return accesses([(number, a, min(a + length, size)) for number, a, length in starts])


@given(traffic(12), traffic(9))
def test_what_is_allowed_is_safe_and_the_next_distance_is_not(
    reads: Accesses, writes: Accesses
) -> None:
    found = overlap(reads, writes, 12, 9)
    for distance in range(-12, 16):
        if found.allows(distance):
            assert is_safe(reads, writes, distance)
    if -9 <= found.below < 12 and found.below + 1 < found.above:
        assert not is_safe(reads, writes, found.below + 1)
        assert not is_safe(reads, writes, found.above - 1)


def test_the_same_size_row_by_row_may_move_down() -> None:
    assert of_rows(10, 4, 4) == Overlap(0, 40)


def test_wider_rows_end_a_row_behind_the_input() -> None:
    assert of_rows(10, 4, 8).below == -36
    assert of_rows(10, 4, 8, per_round=10) == afterwards(40, 80)


def test_narrower_rows_lag_behind_by_nothing() -> None:
    assert of_rows(10, 8, 4).below == 4


def test_a_kernel_that_writes_as_it_reads_lags_by_a_row() -> None:
    assert of_rows(10, 8, 8, last=1).below == -7
    assert of_rows(10, 8, 8, last=8).below == 0


def test_a_round_reads_first() -> None:
    reads, writes = while_reading(consecutive(3, 4), consecutive(3, 4), last=1)
    assert not is_safe(reads, writes, 0)
    assert is_safe(reads, writes, -3)
    assert is_safe(consecutive(3, 4), consecutive(3, 4), 0)


def window(**changes: int) -> dict[str, int]:
    made = {
        "batches": 1,
        "input_height": 6,
        "input_width": 5,
        "input_depth": 2,
        "output_height": 6,
        "output_width": 5,
        "output_depth": 2,
        "filter_height": 3,
        "filter_width": 3,
        "stride_height": 1,
        "stride_width": 1,
        "dilation_height": 1,
        "dilation_width": 1,
        "pad_top": 1,
        "pad_left": 1,
    }
    assert changes.keys() <= made.keys()
    return made | changes


def pixels_read(w: dict[str, int], y: int, x: int) -> list[int]:
    """Numbers of the pixels under the filter."""
    found = []
    for i in range(w["filter_height"]):
        for j in range(w["filter_width"]):
            row = y * w["stride_height"] + i * w["dilation_height"] - w["pad_top"]
            column = x * w["stride_width"] + j * w["dilation_width"] - w["pad_left"]
            if 0 <= row < w["input_height"] and 0 <= column < w["input_width"]:
                found.append(row * w["input_width"] + column)
    return found


windows = st.builds(
    window,
    input_height=st.integers(1, 7),
    input_width=st.integers(1, 7),
    output_height=st.integers(1, 5),
    output_width=st.integers(1, 5),
    filter_height=st.integers(1, 4),
    filter_width=st.integers(1, 4),
    stride_height=st.integers(1, 3),
    stride_width=st.integers(1, 3),
    dilation_height=st.integers(1, 3),
    dilation_width=st.integers(1, 3),
    pad_top=st.integers(0, 3),
    pad_left=st.integers(0, 3),
)


@given(windows)
def test_a_window_reads_the_pixels_under_the_filter(w: dict[str, int]) -> None:
    found = window_reads(w, element=4)
    rows = zip(found.round.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
    by_round = {number: (start, end) for number, start, end in rows}
    for position in range(w["output_height"] * w["output_width"]):
        pixels = pixels_read(w, *divmod(position, w["output_width"]))
        if pixels:
            pixel = 4 * w["input_depth"]
            assert by_round[position] == (min(pixels) * pixel, (max(pixels) + 1) * pixel)
        else:
            assert position not in by_round


def test_a_3x3_image_in_place_lags_by_a_row_and_a_pixel() -> None:
    # Pixel (y, x) is written when (y - 1, x) is the first that is read again.
    row, pixel = 5 * 2, 2
    assert of_window(window()).below == -(row + pixel)


def test_elements_in_place() -> None:
    found = in_place(16)
    assert [d for d in range(-20, 21) if found.allows(d)] == [
        *range(-20, -15),
        0,
        *range(16, 21),
    ]
