"""Reads one small file out of a ZIP archive that follows other bytes, such as a model's.

Nothing of the archive is trusted: every position is checked before it is followed, and no more
is unpacked than the caller allows. Layout: PKWARE's APPNOTE, sections 4.3.7 (local header),
4.3.12 (central directory) and 4.3.16 (its end); no ZIP64, no encryption.
"""

from __future__ import annotations

import struct
import zlib

_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_MAX_COMMENT_BYTES = 65535

_STORED = 0
_DEFLATED = 8
_ENCRYPTED = 1  # of the flags


class ArchiveError(Exception):
    """The file cannot be had; the message says why."""


def read(data: bytes, name: str, max_bytes: int) -> bytes:
    """The content of the archive's first file of that name.

    Args:
        data: Any bytes, then an archive.
        max_bytes: A longer content is an error.

    Raises:
        ArchiveError: There is no archive, no such file, or either is damaged.
    """
    end = data.rfind(b"PK\5\6", max(0, len(data) - _END.size - _MAX_COMMENT_BYTES))
    if end < 0 or end + _END.size > len(data):
        raise ArchiveError("there is no archive behind the model")
    *_, count, size, offset, _ = _END.unpack_from(data, end)
    first = end - size
    # Offsets count from where the archive began when it was written.
    shift = first - offset
    if shift < 0:
        raise ArchiveError("the archive's directory is damaged")
    position = first
    for _ in range(count):
        if position + _ENTRY.size > end:
            raise ArchiveError("the archive's directory is damaged")
        (
            magic, _, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, _, _,
            _, local,
        ) = _ENTRY.unpack_from(data, position)  # fmt: skip
        if magic != b"PK\1\2":
            raise ArchiveError("the archive's directory is damaged")
        start = position + _ENTRY.size
        if data[start : start + name_length] == name.encode("utf-8", "replace"):
            if size > max_bytes:
                raise ArchiveError(f"it has {size:,} bytes, more than {max_bytes:,}")
            if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
                raise ArchiveError("it is packed in a way that is not read here")
            content = _unpacked(_packed(data, shift + local, packed), method, size)
            if zlib.crc32(content) != crc:
                raise ArchiveError("its checksum differs")
            return content
        position = start + name_length + extra + comment
    raise ArchiveError("the archive behind the model does not hold it")


def _packed(data: bytes, local: int, count: int) -> bytes:
    if local + _LOCAL.size > len(data):
        raise ArchiveError("it lies outside of the archive")
    magic, *_, name_length, extra = _LOCAL.unpack_from(data, local)
    start = local + _LOCAL.size + name_length + extra
    if magic != b"PK\3\4" or start + count > len(data):
        raise ArchiveError("it lies outside of the archive")
    return data[start : start + count]


def _unpacked(packed: bytes, method: int, size: int) -> bytes:
    if method == _STORED:
        content = packed
    else:
        try:
            # A negative size of the window stands for a stream without a header.
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
        except zlib.error:
            raise ArchiveError("it is damaged") from None
    if len(content) != size:
        raise ArchiveError("its length differs")
    return content
