"""What a kernel reads of an input and writes of a buffer, in time: where they may overlap.

A kernel works in rounds; in each it reads all that the round needs before it writes anything. A
byte may be written as soon as every later round has no use for what lies at its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.passes.memory_plan import Overlap

_Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accesses:
    """Ranges of bytes, one row of each array per access; what lies between counts as touched.

    Attributes:
        round: In which it happens.
        start, end: Bytes from the buffer's beginning; end is the first one behind.
    """

    round: _Int64
    start: _Int64
    end: _Int64


def overlap(reads: Accesses, writes: Accesses, read_bytes: int, written_bytes: int) -> Overlap:
    """The distances, written buffer less read one, at which nothing is read that was overwritten.

    Follows the rounds: below the distance that makes the most demanding write end where the lowest
    byte begins that is read in a later round, and above the one that makes it begin where the
    highest ends, every distance is safe.

    Args:
        read_bytes, written_bytes: Sizes of the buffers: further apart they do not touch.
    """
    order = np.argsort(reads.round, kind="stable")
    rounds = reads.round[order]
    # [k]: over the reads from the k-th on, in time; and over none at all.
    lowest = np.append(np.minimum.accumulate(reads.start[order][::-1])[::-1], read_bytes)
    highest = np.append(np.maximum.accumulate(reads.end[order][::-1])[::-1], 0)
    later = np.searchsorted(rounds, writes.round, side="right")
    constrained = later < len(rounds)
    below = (lowest[later] - writes.end)[constrained]
    above = (highest[later] - writes.start)[constrained]
    return Overlap(
        max(int(below.min(initial=read_bytes)), -written_bytes),
        min(int(above.max(initial=-written_bytes)), read_bytes),
    )


def in_place(bytes_: int) -> Overlap:
    """Of a kernel that may write every element where it has read it, and nowhere else near."""
    return Overlap(-bytes_, bytes_, (0,))


def consecutive(count: int, size: int, per_round: int = 1) -> Accesses:
    """Rows of ``size`` bytes one after the other, so many in each round."""
    rounds = np.arange(-(-count // per_round), dtype=np.int64)
    start = rounds * per_round * size
    return Accesses(rounds, start, np.minimum(start + per_round * size, count * size))


def while_reading(reads: Accesses, writes: Accesses, last: int) -> tuple[Accesses, Accesses]:
    """Of a kernel that writes while it still reads what its round needs: all but the last bytes.

    Args:
        last: Bytes at the end of every write that follow all reads of their round.
    """
    middle = np.maximum(writes.start, writes.end - last)
    early = Accesses(2 * writes.round, writes.start, middle)
    late = Accesses(2 * writes.round + 1, middle, writes.end)
    joined = (np.concatenate(pair) for pair in zip(_arrays(early), _arrays(late), strict=True))
    return Accesses(2 * reads.round + 1, reads.start, reads.end), Accesses(*joined)


def _arrays(accesses: Accesses) -> tuple[_Int64, _Int64, _Int64]:
    return accesses.round, accesses.start, accesses.end


def of_rows(
    count: int, read: int, written: int, per_round: int = 1, last: int | None = None
) -> Overlap:
    """Of a kernel that makes one row after the other, each from the input's row of its number.

    Args:
        read, written: Bytes of a row.
        per_round: Rows whose inputs are read before one of them is written.
        last: As in `while_reading`; None where every row is read first.
    """
    reads = consecutive(count, read, per_round)
    writes = consecutive(count, written, per_round)
    if last is not None:
        reads, writes = while_reading(reads, writes, last)
    return overlap(reads, writes, count * read, count * written)


def of_window(
    window: Mapping[str, int], element: int = 1, per_round: int = 1, last: int | None = None
) -> Overlap:
    """Of a kernel that makes the outputs of a window row by row.

    Args:
        window: As `window_fields` makes it.
        element: Bytes of one, of the input as of the output.
        per_round, last: As in `of_rows`; every image begins with a new round.
    """
    w = {name.removeprefix("window."): value for name, value in window.items()}
    pixels = w["output_height"] * w["output_width"]
    count, size = w["batches"] * pixels, w["output_depth"] * element
    start = np.arange(count, dtype=np.int64) * size
    reads = window_reads(w, per_round, element)
    writes = Accesses(_rounds(count, pixels, per_round), start, start + size)
    if last is not None:
        reads, writes = while_reading(reads, writes, last)
    read = w["batches"] * w["input_height"] * w["input_width"] * w["input_depth"] * element
    return overlap(reads, writes, read, count * size)


def afterwards(read: int, written: int) -> Overlap:
    """Of what is written when the input is no longer read."""
    return Overlap(read, -written)


def window_reads(window: Mapping[str, int], per_round: int = 1, element: int = 1) -> Accesses:
    """The image under a filter that visits the outputs row by row, so many in each round.

    Args:
        window: Without the member's name.
        element: Bytes.
    """
    w = window
    count = w["batches"] * w["output_height"] * w["output_width"]
    position = np.arange(count, dtype=np.int64)
    x = position % w["output_width"]
    y = position // w["output_width"] % w["output_height"]
    batch = position // (w["output_width"] * w["output_height"])
    first_row, last_row = _inside(y, w, "height", w["pad_top"])
    first_column, last_column = _inside(x, w, "width", w["pad_left"])
    pixel = w["input_depth"] * element
    row = w["input_width"] * pixel
    image = batch * w["input_height"] * row
    seen = (first_row <= last_row) & (first_column <= last_column)
    return Accesses(
        _rounds(count, w["output_height"] * w["output_width"], per_round)[seen],
        (image + first_row * row + first_column * pixel)[seen],
        (image + last_row * row + (last_column + 1) * pixel)[seen],
    )


def _rounds(count: int, pixels: int, per_round: int) -> _Int64:
    """Of the pixels of images, so many of one image in a round."""
    position = np.arange(count, dtype=np.int64)
    return position // pixels * -(-pixels // per_round) + position % pixels // per_round


def _inside(position: _Int64, w: Mapping[str, int], axis: str, pad: int) -> tuple[_Int64, _Int64]:
    """The first and last of the taps' pixels that lie in the image; first > last for none."""
    step, taps, size = w[f"dilation_{axis}"], w[f"filter_{axis}"], w[f"input_{axis}"]
    origin = position * w[f"stride_{axis}"] - pad
    skipped = np.maximum(0, -(origin // step))
    fitting = np.minimum(taps - 1, (size - 1 - origin) // step)
    return origin + skipped * step, origin + fitting * step
