"""Content-addressed chunks of a model file: the format, and how a file is cut.

A file NAME becomes ``NAME.json``, the manifest, and ``chunks/<sha256>.bin`` beside it. The manifest
says which chunk lies where; a chunk is named by what it holds, so chunks that are equal, within a
file or between two versions of it, are stored and fetched once:

    {"format": "edgegen-chunks", "version": 1, "name": "model.tflite", "bytes": 15048,
     "sha256": "…", "strategy": "layer", "chunks": [
    {"sha256": "…", "bytes": 8192, "offset": 0, "layers": [0, 3]},
    …]}

Nothing here touches the disk: `edgegen.chunk_files` does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from edgegen.errors import UsageError
from edgegen.model import Model

FORMAT = "edgegen-chunks"
VERSION = 1
STRATEGIES = ("size", "layer")
FOLDER = "chunks"

LARGEST_INTEGER = (1 << 53) - 1  # what every JSON reader holds exactly
MOST_CHUNKS = 65_536
MANIFEST_BYTES = 16 << 20
"""Longest manifest that is read: `MOST_CHUNKS` rows take less."""

LARGEST_CHUNK = (1 << 31) - 1
SMALLEST_SIZE = 1024
"""Of a chunk that a user may ask for: below it the manifest grows faster than the chunks shrink."""

PROBLEMS_SHOWN = 8

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_UNITS |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file that a layer of the model needs.

    Attributes:
        layer: Position of the layer in execution order.
        begin, end: Offsets in the file; ``end`` is the first byte after it.
    """

    layer: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A row of a manifest.

    Attributes:
        sha256: Of the chunk's bytes, in hex.
        layers: First and last layer, in execution order, that something in it belongs to; None
            where that is not known, or nothing does.
    """

    sha256: str
    bytes: int
    offset: int
    layers: tuple[int, int] | None = None

    @property
    def path(self) -> str:
        """POSIX, below the manifest's folder."""
        return f"{FOLDER}/{self.sha256}.bin"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file is put together from; the chunks cover it from its start to its end, in order.

    Attributes:
        name: Of the file, for people: never a path to read or write.
        sha256: Of the whole file, in hex.
        strategy: One of `STRATEGIES`.
    """

    name: str
    bytes: int
    sha256: str
    strategy: str
    chunks: tuple[Chunk, ...]

    @property
    def unique(self) -> dict[str, Chunk]:
        """The chunks by their hash, each once, in order of their first place."""
        found: dict[str, Chunk] = {}
        for chunk in self.chunks:
            found.setdefault(chunk.sha256, chunk)
        return found


def manifest_path(name: str) -> str:
    """POSIX, beside the folder of the chunks."""
    return f"{name}.json"


def split(
    data: bytes, name: str, size: int, boundaries: Sequence[Span] | None = None
) -> dict[str, bytes]:
    """A file as chunks and their manifest: path -> content, the manifest last.

    Args:
        name: Of the file; a plain file name.
        size: The most bytes of a chunk.
        boundaries: What the layers need, for the strategy "layer"; the strategy is "size" without.

    Raises:
        UsageError: The file is empty, it has too many chunks of this size, or it cannot have
            that name.
    """
    manifest = make_manifest(data, name, size, boundaries)
    files = {
        chunk.path: data[chunk.offset : chunk.offset + chunk.bytes]
        for chunk in manifest.unique.values()
    }
    return dict(sorted(files.items())) | {manifest_path(name): dump(manifest)}


def make_manifest(
    data: bytes, name: str, size: int, boundaries: Sequence[Span] | None = None
) -> Manifest:
    """How `split` cuts a file.

    "size": every `size` bytes, so that a change of some bytes changes the chunks that they lie in
    and no other.

    "layer": where the bytes of a layer end in the file. A chunk goes on over that place while it
    has less than a sixteenth of `size`, for requests cost more than bytes then; a layer of more
    than `size` bytes is cut like a file.
    """
    if problem := _name_problem(name):
        raise UsageError(f"A file in chunks cannot have this name: {problem}.", where=repr(name))
    if not data:
        raise UsageError("An empty file has no chunks.", where=name)
    if len(data) > size * MOST_CHUNKS:
        raise UsageError(
            f"The file of {len(data):,} bytes would have more than {MOST_CHUNKS:,} chunks.",
            where=name,
            fix=f"Take chunks of {-(-len(data) // MOST_CHUNKS):,} bytes or more.",
        )
    ends = list(_cut(len(data), size, _segments(len(data), boundaries or ())))
    if len(ends) > MOST_CHUNKS:
        raise UsageError(
            f"The file would have {len(ends):,} chunks, and {MOST_CHUNKS:,} are the most.",
            where=name,
            fix="Take larger chunks.",
        )
    layers = _layers_of(ends, boundaries or ())
    view = memoryview(data)
    chunks = tuple(
        Chunk(hashlib.sha256(view[begin:end]).hexdigest(), end - begin, begin, layers[place])
        for place, (begin, end) in enumerate(pairwise([0, *ends]))
    )
    strategy = "size" if boundaries is None else "layer"
    return Manifest(name, len(data), hashlib.sha256(data).hexdigest(), strategy, chunks)


def layer_spans(model: Model) -> tuple[Span, ...]:
    """Where the constants of a model's layers lie in its file.

    A constant of several layers belongs to the first that reads it. What is not a view into the
    file, because a frontend has made it, is left out.

    Raises:
        UsageError: The model's format is not read layer by layer.
    """
    if model.foreign is not None:
        raise UsageError(
            f"Layers of a model in the format {model.source.format} are not known.",
            where=model.source.file_name,
            fix="Take --by size.",
        )
    start = np.frombuffer(model.source.data, np.uint8).ctypes.data
    first_use: dict[int, int] = {}
    for layer, op in enumerate(model.ops):
        for index in op.inputs:
            if index is not None:
                first_use.setdefault(index, layer)
    spans = []
    for index, layer in first_use.items():
        data = model.tensors[index].data
        if data is not None and data.nbytes:
            begin = data.ctypes.data - start
            if 0 <= begin <= begin + data.nbytes <= len(model.source.data):
                spans.append(Span(layer, begin, begin + data.nbytes))
    return tuple(sorted(spans, key=lambda span: (span.begin, span.layer)))


def _segments(length: int, spans: Sequence[Span]) -> list[int]:
    """Where one layer's bytes end and another's come, and the end of the file; ascending."""
    ordered = sorted(spans, key=lambda span: (span.begin, span.end))
    ends = [here.end for here, after in pairwise(ordered) if here.layer != after.layer]
    ends += [span.end for span in ordered[-1:]]
    return sorted({end for end in ends if 0 < end < length} | {length})


def _cut(length: int, size: int, segments: Sequence[int]) -> Iterator[int]:
    """The chunks' ends."""
    begin = 0
    for end, after in pairwise([*segments, length]):
        while end - begin > size:
            begin += size
            yield begin
        is_full = end - begin >= -(-size // 16) or after - begin > size
        if end > begin and (is_full or end == length):
            begin = end
            yield begin


def _layers_of(ends: Sequence[int], spans: Sequence[Span]) -> list[tuple[int, int] | None]:
    """First and last layer of each chunk."""
    found: list[tuple[int, int] | None] = [None] * len(ends)
    starts = np.array([0, *ends])
    for span in spans:
        first = int(np.searchsorted(starts, span.begin, "right")) - 1
        last = int(np.searchsorted(starts, span.end, "left"))
        for place in range(max(first, 0), min(last, len(ends))):
            known = found[place] or (span.layer, span.layer)
            found[place] = (min(known[0], span.layer), max(known[1], span.layer))
    return found


def dump(manifest: Manifest) -> bytes:
    """The manifest's bytes: a chunk per line, the same for the same manifest."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "name": manifest.name,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
        "strategy": manifest.strategy,
    }
    rows = ",\n".join(json.dumps(_row(chunk)) for chunk in manifest.chunks)
    return f'{json.dumps(head)[:-1]}, "chunks": [\n{rows}\n]}}\n'.encode("ascii")


def _row(chunk: Chunk) -> dict[str, object]:
    row: dict[str, object] = {
        "sha256": chunk.sha256,
        "bytes": chunk.bytes,
        "offset": chunk.offset,
    }
    return row if chunk.layers is None else row | {"layers": list(chunk.layers)}


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Reads a manifest that may come from anyone.

    Raises:
        UsageError: It is none; the message lists what is wrong with it.
    """
    if len(data) > MANIFEST_BYTES:
        raise _wrong(where, [f"it is larger than {MANIFEST_BYTES:,} bytes"])
    try:
        table = json.loads(
            data.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_constant
        )
    except UnicodeDecodeError:
        raise _wrong(where, ["it is not UTF-8 text"]) from None
    except RecursionError:
        raise _wrong(where, ["it is nested too deeply"]) from None
    except ValueError as error:
        raise _wrong(where, [f"it is not JSON ({error})"]) from None
    reader = _Reader()
    manifest = reader.manifest(table)
    if reader.problems or manifest is None:
        raise _wrong(where, reader.problems)
    return manifest


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key comes twice in one object")
    return table


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


class _Reader:
    """Collects what is wrong, at most a few more than are shown."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def manifest(self, table: Any) -> Manifest | None:
        keys = ("format", "version", "name", "bytes", "sha256", "strategy", "chunks")
        if not self._is_object(table, "the manifest", keys):
            return None
        if table["format"] != FORMAT:
            self.problems.append(f'"format" is not "{FORMAT}"')
        if not _is_integer(table["version"], 1, VERSION):
            self.problems.append(f'"version" is not {VERSION}, which this edgegen reads')
        name = table["name"]
        if problem := _name_problem(name) if isinstance(name, str) else "not a text":
            self.problems.append(f'"name" is {problem}')
        self._integer(table, "bytes", 1, LARGEST_INTEGER, "")
        self._digest(table, "")
        if table["strategy"] not in STRATEGIES:
            self.problems.append(f'"strategy" is none of {", ".join(STRATEGIES)}')
        chunks = self._chunks(table["chunks"], table["strategy"] == "layer")
        if self.problems:
            return None
        if chunks[-1].offset + chunks[-1].bytes != table["bytes"]:
            self.problems.append('the chunks do not add up to "bytes"')
            return None
        return Manifest(
            table["name"], table["bytes"], table["sha256"], table["strategy"], tuple(chunks)
        )

    def _chunks(self, rows: Any, has_layers: bool) -> list[Chunk]:
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_CHUNKS:
            self.problems.append(f'"chunks" is not a list of 1 to {MOST_CHUNKS:,}')
            return []
        found: list[Chunk] = []
        sizes: dict[str, int] = {}
        offset: int | None = 0
        for place, row in enumerate(rows):
            if len(self.problems) > PROBLEMS_SHOWN:
                break
            chunk = self._chunk(row, f"chunk {place}", has_layers)
            if chunk is None:
                offset = None  # where the next one should lie is not known
                continue
            if offset is not None and chunk.offset != offset:
                self.problems.append(f"chunk {place} is at {chunk.offset:,}, not {offset:,}")
            if sizes.setdefault(chunk.sha256, chunk.bytes) != chunk.bytes:
                self.problems.append(f"chunk {place} has the hash of one of another size")
            offset = chunk.offset + chunk.bytes
            found.append(chunk)
        return found

    def _chunk(self, row: Any, what: str, has_layers: bool) -> Chunk | None:
        before = len(self.problems)
        optional = ("layers",) if has_layers else ()
        if not self._is_object(row, what, ("sha256", "bytes", "offset"), optional):
            return None
        self._digest(row, f"{what}: ")
        self._integer(row, "bytes", 1, LARGEST_CHUNK, f"{what}: ")
        self._integer(row, "offset", 0, LARGEST_INTEGER, f"{what}: ")
        layers = row.get("layers")
        if "layers" in row and not _are_layers(layers):
            self.problems.append(f'{what}: "layers" is no pair of a first and a last layer')
        if len(self.problems) > before:
            return None
        pair = (layers[0], layers[1]) if layers is not None else None
        return Chunk(row["sha256"], row["bytes"], row["offset"], pair)

    def _is_object(
        self, value: Any, what: str, keys: Sequence[str], optional: Sequence[str] = ()
    ) -> bool:
        if not isinstance(value, dict):
            self.problems.append(f"{what} is not an object")
            return False
        missing = [f'"{key}"' for key in keys if key not in value]
        unknown = [
            ascii(key)[1:-1][:40] for key in value if key not in keys and key not in optional
        ]
        if missing:
            self.problems.append(f"{what} has no {', '.join(missing)}")
        if unknown:
            shown = ", ".join(f'"{key}"' for key in unknown[:3])
            self.problems.append(f"{what} has unknown keys: {shown}")
        return not missing

    def _integer(self, table: Any, key: str, least: int, most: int, what: str) -> None:
        if not _is_integer(table[key], least, most):
            self.problems.append(f'{what}"{key}" is not a whole number of {least} to {most}')

    def _digest(self, table: Any, what: str) -> None:
        if not isinstance(table["sha256"], str) or not _DIGEST.fullmatch(table["sha256"]):
            self.problems.append(f'{what}"sha256" is not 64 hex digits in lower case')


def _is_integer(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _are_layers(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(_is_integer(each, 0, LARGEST_CHUNK) for each in value)
        and value[0] <= value[1]
    )


def _name_problem(name: str) -> str:
    """Why it is no plain file name, "" when it is."""
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= 240:
        return "empty or longer than 240 bytes"
    if not name.isprintable() or any(mark in name for mark in '/\\:"'):
        return "not a plain file name"
    return "hidden" if name.startswith(".") else ""


def _wrong(where: str, problems: Sequence[str]) -> UsageError:
    shown = list(problems[:PROBLEMS_SHOWN])
    if len(problems) > PROBLEMS_SHOWN:
        shown.append("... and more")
    lines = "\n".join(f"  {each}" for each in shown)
    return UsageError(
        f"The manifest of the chunks is wrong:\n{lines}",
        where=where,
        fix="Make it again with `edgegen chunk`, or fetch it again.",
    )


def parse_size(text: str) -> int:
    """Bytes of a text such as 4MB, 512KiB or 65536.

    Raises:
        UsageError: It is none, or no size of a chunk.
    """
    match = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,3}))? ?([A-Za-z]{0,3})", text.strip())
    factor = _UNITS.get(match[3].lower()) if match else None
    if match is None or factor is None:
        raise UsageError(f"{text!r} is no size.", where="--size", fix="Such as 4MB, 512KiB, 65536.")
    whole, fraction = match[1], match[2] or ""
    size, rest = divmod(int((whole + fraction).ljust(len(whole) + 3, "0")) * factor, 1000)
    if rest or not SMALLEST_SIZE <= size <= LARGEST_CHUNK:
        raise UsageError(
            f"{text!r} is no size of a chunk.",
            where="--size",
            fix=f"Whole bytes, {SMALLEST_SIZE:,} to {LARGEST_CHUNK:,}.",
        )
    return size
