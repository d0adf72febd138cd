"""Reads tables out of a flatbuffer that nobody has verified.

Every position is checked before it is followed, nothing recurses, and what a file
can make us read in all is bounded by its length, however its parts overlap. The
layout is the public flatbuffers format, little endian: a table starts with the
signed distance to its vtable, a vtable holds its own length, the table's length and
one 16-bit field offset per slot (0: absent), a vector starts with its count.
"""

from __future__ import annotations

import struct

_U8 = struct.Struct("<B")
_I8 = struct.Struct("<b")
_U16_PAIR = struct.Struct("<HH")
_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_F32 = struct.Struct("<f")

# Slots beyond this one belong to no table of any schema that is read here.
_MAX_SLOTS = 32


class DamagedError(Exception):
    """The bytes are no flatbuffer; the message names the byte."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(f"byte {position}: {what}")


class Reader:
    """The bytes, what has been learned of them, and how much more may be read."""

    __slots__ = ("_budget", "_vtables", "data", "size")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self._vtables: dict[int, tuple[int, tuple[int, ...]]] = {}
        # A writer stores every part once and shares a few; a file whose vectors and
        # tables overlap beyond this was made to be slow.
        self._budget = 8 * len(data) + 65536

    def root(self) -> Table:
        return self.table(self.u32(0))

    def spend(self, count: int, position: int) -> None:
        self._budget -= count
        if self._budget < 0:
            raise DamagedError("its parts overlap too often", position)

    def u32(self, position: int) -> int:
        if position + 4 > self.size:
            raise DamagedError("a value lies behind the end of the file", position)
        value: int = _U32.unpack_from(self.data, position)[0]
        return value

    def table(self, position: int) -> Table:
        data = self.data
        if position + 4 > self.size:
            raise DamagedError("a table lies behind the end of the file", position)
        vtable = position - _I32.unpack_from(data, position)[0]
        known = self._vtables.get(vtable)
        if known is None:
            known = self._vtables[vtable] = self._vtable(vtable, position)
        length, slots = known
        if position + length > self.size:
            raise DamagedError("a table runs over the end of the file", position)
        return Table(self, position, length, slots)

    def _vtable(self, vtable: int, position: int) -> tuple[int, tuple[int, ...]]:
        if vtable < 0 or vtable + 4 > self.size:
            raise DamagedError("a table's description lies outside of the file", position)
        own_length, table_length = _U16_PAIR.unpack_from(self.data, vtable)
        if own_length < 4 or own_length % 2 or table_length < 4:
            raise DamagedError("a table's description has an impossible length", vtable)
        if vtable + own_length > self.size:
            raise DamagedError("a table's description runs over the end of the file", vtable)
        count = min((own_length - 4) // 2, _MAX_SLOTS)
        self.spend(2 * count, vtable)
        slots = struct.unpack_from(f"<{count}H", self.data, vtable + 4)
        if max(slots, default=0) >= table_length:
            raise DamagedError("a table's description leads outside of the table", vtable)
        return table_length, slots


class Table:
    """One table; ``slot`` numbers count the schema's fields from 0, a union as two."""

    __slots__ = ("_length", "_slots", "position", "reader")

    def __init__(self, reader: Reader, position: int, length: int, slots: tuple[int, ...]) -> None:
        self.reader = reader
        self.position = position
        self._length = length
        self._slots = slots

    def i8(self, slot: int, default: int = 0) -> int:
        at = self._field(slot, 1)
        return default if at is None else int(_I8.unpack_from(self.reader.data, at)[0])

    def u8(self, slot: int, default: int = 0) -> int:
        at = self._field(slot, 1)
        return default if at is None else int(_U8.unpack_from(self.reader.data, at)[0])

    def i32(self, slot: int, default: int = 0) -> int:
        at = self._field(slot, 4)
        return default if at is None else int(_I32.unpack_from(self.reader.data, at)[0])

    def u32(self, slot: int, default: int = 0) -> int:
        at = self._field(slot, 4)
        return default if at is None else int(_U32.unpack_from(self.reader.data, at)[0])

    def u64(self, slot: int, default: int = 0) -> int:
        at = self._field(slot, 8)
        return default if at is None else int(_U64.unpack_from(self.reader.data, at)[0])

    def f32(self, slot: int, default: float = 0.0) -> float:
        at = self._field(slot, 4)
        return default if at is None else float(_F32.unpack_from(self.reader.data, at)[0])

    def has(self, slot: int) -> bool:
        return slot < len(self._slots) and self._slots[slot] != 0

    def table(self, slot: int) -> Table | None:
        at = self._field(slot, 4)
        return None if at is None else self.reader.table(at + self.reader.u32(at))

    def target(self, slot: int) -> int | None:
        """Position that an offset field leads to, whatever is there; None when absent."""
        at = self._field(slot, 4)
        return None if at is None else at + self.reader.u32(at)

    def tables(self, slot: int) -> list[Table]:
        """A vector of tables; empty when absent."""
        start, count = self.vector(slot, 4)
        if not count:
            return []
        reader = self.reader
        reader.spend(4 * count, start)
        offsets = struct.unpack_from(f"<{count}I", reader.data, start)
        return [reader.table(start + 4 * k + offset) for k, offset in enumerate(offsets)]

    def text(self, slot: int) -> str:
        """A string, its invalid UTF-8 replaced; empty when absent."""
        start, count = self.vector(slot, 1)
        self.reader.spend(count, start)
        return self.reader.data[start : start + count].decode("utf-8", "replace")

    def i32s(self, slot: int) -> tuple[int, ...]:
        return self._numbers(slot, "i", 4)

    def i64s(self, slot: int) -> tuple[int, ...]:
        return self._numbers(slot, "q", 8)

    def f32s(self, slot: int) -> tuple[float, ...]:
        return self._numbers(slot, "f", 4)

    def count(self, slot: int) -> int:
        """Elements of a vector whose own elements are not read."""
        return self.vector(slot, 1)[1]

    def vector(self, slot: int, item_bytes: int) -> tuple[int, int]:
        """First byte and element count of a vector inside the file; (0, 0) when absent."""
        at = self._field(slot, 4)
        if at is None:
            return 0, 0
        start = at + self.reader.u32(at)
        count = self.reader.u32(start)
        start += 4
        if start + count * item_bytes > self.reader.size:
            raise DamagedError("a list runs over the end of the file", start - 4)
        return start, count

    def _numbers(self, slot: int, code: str, item_bytes: int) -> tuple[int, ...]:
        start, count = self.vector(slot, item_bytes)
        if not count:
            return ()
        self.reader.spend(count * item_bytes, start)
        return struct.unpack_from(f"<{count}{code}", self.reader.data, start)

    def _field(self, slot: int, size: int) -> int | None:
        """Position of a field of ``size`` bytes, or None when the table lacks it."""
        if slot >= len(self._slots):
            return None
        offset = self._slots[slot]
        if offset == 0:
            return None
        if offset < 4 or offset + size > self._length:
            raise DamagedError("a field lies outside of its table", self.position)
        return self.position + offset
