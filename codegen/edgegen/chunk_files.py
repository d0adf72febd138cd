"""Chunks on the disk: written, checked and joined again, whoever made them.

The format is `edgegen.chunks`'. A chunk's path comes from its hash, which has been checked to be
one, and from nothing else of a manifest; links are not followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from edgegen import paths, storage
from edgegen.chunks import (
    FOLDER,
    MANIFEST_BYTES,
    Chunk,
    Manifest,
    parse_manifest,
)
from edgegen.errors import DifferenceError, UsageError

PIECE_BYTES = 1 << 20
MEMORY_BYTES = 64 << 20
"""Ceiling of what `read` holds at a time, by default."""

MOST_MANIFESTS = 1000
_FILE_NAME = re.compile(r"[0-9a-f]{64}\.bin")


@dataclass(frozen=True, slots=True)
class Chunked:
    """A file that was cut, or would be in a dry run.

    Attributes:
        manifest_file: Where the manifest lies.
        size: The most bytes of a chunk, as asked for.
        new: Hashes of the chunks that were not there before.
        stale: Chunks in the folder that none of its manifests names, such as those of a former
            version; they may be deleted once nobody is loading that.
        written: False for a dry run.
    """

    manifest_file: Path
    manifest: Manifest
    size: int
    new: frozenset[str]
    stale: tuple[str, ...]
    written: bool

    @property
    def new_bytes(self) -> int:
        """What somebody with the folder's former contents has to fetch, without the manifest."""
        return sum(c.bytes for c in self.manifest.unique.values() if c.sha256 in self.new)

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        made = self.manifest
        return {
            "manifest": str(self.manifest_file),
            "name": made.name,
            "bytes": made.bytes,
            "sha256": made.sha256,
            "strategy": made.strategy,
            "size": self.size,
            "chunks": [{**asdict(c), "new": c.sha256 in self.new} for c in made.chunks],
            "new_bytes": self.new_bytes,
            "stale": list(self.stale),
            "written": self.written,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a folder of chunks.

    Attributes:
        problems: One sentence each; none when the file can be joined.
    """

    manifest_file: Path
    manifest: Manifest
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        return {
            "manifest": str(self.manifest_file),
            "name": self.manifest.name,
            "bytes": self.manifest.bytes,
            "sha256": self.manifest.sha256,
            "chunks": len(self.manifest.chunks),
            "ok": self.ok,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Joined:
    """A file that was put together."""

    path: Path
    manifest: Manifest

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        return {
            "path": str(self.path),
            "name": self.manifest.name,
            "bytes": self.manifest.bytes,
            "sha256": self.manifest.sha256,
        }


class _BadChunkError(Exception):
    """One sentence about a chunk's file."""


def read_file(path: Path) -> bytes:
    """The file to cut.

    Raises:
        UsageError: It cannot be read, or is no regular file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError("Only a regular file can be cut into chunks.", where=str(path))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"The model file cannot be read: {reason}.", where=str(path)) from None
    except MemoryError:
        raise UsageError("The model file does not fit into memory.", where=str(path)) from None


def find_manifest(place: Path) -> Path:
    """The manifest that is meant: the file itself, or the only .json of a folder.

    Raises:
        UsageError: There is none, or more than one.
    """
    if not place.is_dir():
        return place
    try:
        found = _manifests(place)
    except OSError as error:
        raise _unreadable(error, place) from None
    if len(found) != 1:
        names = ", ".join(each.name for each in found[:4]) or "no .json"
        raise UsageError(
            f"The folder has {len(found)} manifests of chunks, not one ({names}).",
            where=str(place),
            fix="Name the manifest's file.",
        )
    return found[0]


def read_manifest(path: Path) -> Manifest:
    """A manifest's file.

    Raises:
        UsageError: It cannot be read, or is wrong.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError("The manifest is no regular file.", where=str(path))
            data = file.read(MANIFEST_BYTES + 1)
    except OSError as error:
        raise _unreadable(error, path) from None
    return parse_manifest(data, str(path))


def write(
    files: Mapping[str, bytes], manifest: Manifest, size: int, folder: Path, *, dry_run: bool
) -> Chunked:
    """Puts the files of `chunks.split` into a folder, the manifest last.

    Whoever reads the folder meanwhile finds the former manifest with all its chunks, or the new
    one with all of its own. A file that is there already keeps its time.

    Raises:
        UsageError: A link or a file is in the way.
        EdgegenError: The system refuses to write.
    """
    *_, manifest_name = files
    for path in files:
        if blocked := paths.obstacle(folder, path):
            raise UsageError(f"The chunks cannot be written: {blocked}.", where=str(folder))
    try:
        new = {path for path, data in files.items() if not _holds(folder / path, data)}
        if not dry_run:
            (folder / FOLDER).mkdir(parents=True, exist_ok=True)
            for path in files:
                if path in new:
                    _replace(folder / path, files[path])
        stale = _stale(folder, manifest)
    except OSError as error:
        raise storage.failed(error, folder, what="chunks") from error
    hashes = frozenset(c.sha256 for c in manifest.chunks if c.path in new)
    return Chunked(folder / manifest_name, manifest, size, hashes, stale, not dry_run)


def check(place: Path) -> Checked:
    """Looks at every chunk of a folder, or of one manifest; holds 1 MiB at a time.

    Raises:
        UsageError: The manifest is missing or wrong.
    """
    path = find_manifest(place)
    manifest = read_manifest(path)
    problems: dict[str, None] = {}
    whole = hashlib.sha256()
    try:
        with _opened(path.parent) as folder:
            for chunk in manifest.chunks:
                try:
                    for piece in _pieces(folder, chunk):
                        whole.update(piece)
                except _BadChunkError as fault:
                    problems[str(fault)] = None
    except _BadChunkError as fault:
        problems[str(fault)] = None
    if not problems and whole.hexdigest() != manifest.sha256:
        problems["all chunks are right, but together they are not the file of the manifest"] = None
    return Checked(path, manifest, tuple(problems))


def join(place: Path, output: Path) -> Joined:
    """Puts a file together again; holds 1 MiB of it at a time.

    The output appears when all of it is verified, and replaces what was there.

    Raises:
        UsageError: The manifest is missing or wrong.
        DifferenceError: A chunk is missing or damaged.
        EdgegenError: The system refuses to write.
    """
    path = find_manifest(place)
    manifest = read_manifest(path)
    try:
        with _draft(output) as handle:
            for piece in _file(path.parent, manifest):
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(handle, rest) :]
    except _BadChunkError as fault:
        raise _damaged(fault, path) from None
    except OSError as error:
        raise storage.failed(error, output, what="file") from error
    return Joined(output, manifest)


def read(place: Path, memory: int = MEMORY_BYTES) -> Iterator[tuple[Chunk, bytes]]:
    """The verified chunks of a file in their order, one at a time.

    Args:
        memory: No chunk may be larger than that, in bytes.

    Raises:
        UsageError: The manifest is missing or wrong, or a chunk is larger than ``memory``.
        DifferenceError: A chunk is missing or damaged.
    """
    path = find_manifest(place)
    manifest = read_manifest(path)
    largest = max(chunk.bytes for chunk in manifest.chunks)
    if largest > memory:
        raise UsageError(
            f"A chunk has {largest:,} bytes, and the ceiling is {memory:,}.",
            where=str(path),
            fix="Make smaller ones with `edgegen chunk --size`.",
        )
    try:
        with _opened(path.parent) as folder:
            for chunk in manifest.chunks:
                yield chunk, b"".join(_pieces(folder, chunk))
    except _BadChunkError as fault:
        raise _damaged(fault, path) from None


def _file(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    """The file's bytes; a `_BadChunkError` may come after some that were wrong."""
    whole = hashlib.sha256()
    with _opened(folder) as handle:
        for chunk in manifest.chunks:
            for piece in _pieces(handle, chunk):
                whole.update(piece)
                yield piece
    if whole.hexdigest() != manifest.sha256:
        raise _BadChunkError(
            "all chunks are right, but together they are not the file of the manifest"
        )


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The folder of the chunks beside a manifest."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(folder / FOLDER, flags)
    except OSError as error:
        raise _BadChunkError(f"the folder {FOLDER} cannot be read: {error.strerror}") from None
    try:
        yield handle
    finally:
        os.close(handle)


def _pieces(folder: int, chunk: Chunk) -> Iterator[bytes]:
    """A chunk's bytes; a `_BadChunkError` after them when they were not what they should be."""
    name = f"{chunk.sha256}.bin"
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _BadChunkError(f"{chunk.path} is no regular file")
            if status.st_size != chunk.bytes:
                raise _BadChunkError(
                    f"{chunk.path} has {status.st_size:,} bytes, not {chunk.bytes:,}"
                )
            digest = hashlib.sha256()
            left = chunk.bytes
            while piece := file.read(min(left, PIECE_BYTES)):
                digest.update(piece)
                left -= len(piece)
                yield piece
    except OSError as error:
        raise _BadChunkError(f"{chunk.path} cannot be read: {error.strerror}") from None
    if digest.hexdigest() != chunk.sha256:
        raise _BadChunkError(f"{chunk.path} holds other bytes than its name says")


@contextmanager
def _draft(path: Path) -> Iterator[int]:
    """A file to write that takes its name when it is whole and on the disk."""
    handle, draft = tempfile.mkstemp(prefix=".edgegen-", suffix=".new", dir=path.parent)
    try:
        try:
            yield handle
            os.fchmod(handle, storage.FILE_MODE)
            os.fsync(handle)
        finally:
            os.close(handle)
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise


def _replace(path: Path, data: bytes) -> None:
    with _draft(path) as handle:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]


def _holds(path: Path, data: bytes) -> bool:
    """Whether a regular file has these bytes."""
    try:
        status = path.lstat()
        same = stat.S_ISREG(status.st_mode) and status.st_size == len(data)
        return same and path.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
        return False


def _stale(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Chunks that neither this manifest nor another one in the folder names."""
    if not (folder / FOLDER).is_dir():
        return ()
    used = {chunk.path for chunk in manifest.chunks}
    for path in _manifests(folder):
        with suppress(UsageError):
            used |= {chunk.path for chunk in read_manifest(path).chunks}
    with os.scandir(folder / FOLDER) as entries:
        found = {f"{FOLDER}/{each.name}" for each in entries if _FILE_NAME.fullmatch(each.name)}
    return tuple(sorted(found - used))


def _manifests(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = sorted(each.name for each in entries if each.name.endswith(".json"))
    return [folder / name for name in names[:MOST_MANIFESTS]]


def _unreadable(error: OSError, path: Path) -> UsageError:
    return UsageError(f"The manifest cannot be read: {error.strerror}.", where=str(path))


def _damaged(fault: _BadChunkError, path: Path) -> DifferenceError:
    return DifferenceError(
        f"The chunks are not the file that the manifest describes: {fault}.",
        where=str(path),
        fix="Fetch that chunk again, or make all of them again with `edgegen chunk`.",
    )
