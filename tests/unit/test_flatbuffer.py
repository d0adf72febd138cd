"""The bounds-checked flatbuffer reader, on files of a few bytes."""

from __future__ import annotations

import struct

import pytest

from edgegen.flatbuffer import DamagedError, Reader, Table

# Root at 16; vtable at 4: 10 bytes, tables of 16, fields at 4, absent, 8.
_START = struct.pack("<IHHHHHH", 16, 10, 16, 4, 0, 8, 0)


def made(*words: int) -> bytes:
    """The table at byte 16: its vtable, then three words (bytes 20, 24 and 28), then more."""
    return _START + struct.pack("<i", 12) + struct.pack(f"<{len(words)}i", *words)


def test_scalars_and_absent_fields() -> None:
    table = Reader(made(-2, 0, 0)).root()
    assert table.i32(0) == -2
    assert table.u32(0) == 2**32 - 2
    assert table.i8(0) == -2
    assert table.u8(0) == 254
    assert table.i32(1, 7) == 7
    assert table.i32(9, 5) == 5
    assert not table.has(1)
    assert not table.has(31)
    assert table.has(2)
    assert table.text(1) == ""
    assert table.i32s(1) == ()
    assert table.tables(1) == []
    assert table.table(1) is None


def test_vectors() -> None:
    data = made(0, 8, 0, 2, 1, -1)  # the field at 24 points to 32
    table = Reader(data).root()
    assert table.i32s(2) == (1, -1)
    assert table.vector(2, 4) == (36, 2)
    assert table.text(2) == "\x01\x00"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "byte 0: a value lies behind the end"),
        (struct.pack("<I", 100), "byte 100: a table lies behind the end"),
        (struct.pack("<II", 4, 0), "impossible length"),
        (struct.pack("<Ii", 4, 100), "byte 4: a table's description lies outside"),
        (struct.pack("<Ii", 4, -100), "byte 4: a table's description lies outside"),
        (struct.pack("<IHHi", 8, 3, 8, 4), "impossible length"),
        (struct.pack("<IHHi", 8, 5, 8, 4), "impossible length"),
        (struct.pack("<IHHi", 8, 4, 2, 4), "impossible length"),
        (struct.pack("<IHHi", 8, 400, 8, 4), "description runs over the end"),
        (struct.pack("<IHHi", 8, 4, 99, 4), "byte 8: a table runs over the end"),
    ],
)
def test_broken_tables(data: bytes, told: str) -> None:
    with pytest.raises(DamagedError, match=told):
        Reader(data).root()


def test_a_field_outside_of_its_table() -> None:
    table = Reader(struct.pack("<IHHHHi", 12, 8, 8, 6, 2, 8) + bytes(8)).root()
    assert table.i8(0) == 0
    with pytest.raises(DamagedError, match="outside of its table"):
        table.i32(0)
    with pytest.raises(DamagedError, match="outside of its table"):
        table.i8(1)
    with pytest.raises(DamagedError, match="leads outside of the table"):
        Reader(struct.pack("<IHHHHi", 12, 8, 8, 8, 0, 8) + bytes(8)).root()


@pytest.mark.parametrize("words", [(0, 8, 0, 3, 1, 1), (0, 8, 0, -1, 1, 1), (0, 99, 0), (0, -1, 0)])
def test_a_list_over_the_end(words: tuple[int, ...]) -> None:
    with pytest.raises(DamagedError, match="end of the file"):
        Reader(made(*words)).root().i32s(2)


def _read(table: Table, times: int) -> None:
    for _ in range(times):
        table.i32s(2)


def test_what_may_be_read_is_bounded_by_the_size_of_the_file() -> None:
    table = Reader(made(0, 8, 0, 100, *range(100))).root()
    _read(table, 100)
    with pytest.raises(DamagedError, match="overlap"):
        _read(table, 100)
