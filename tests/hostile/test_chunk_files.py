"""Chunks on a disk that somebody else filled: nothing wrong is ever joined, or written half."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from edgegen import api, chunk_files, chunks
from edgegen.errors import DifferenceError, EdgegenError, UsageError

NAME = "model.tflite"


@pytest.fixture
def data() -> bytes:
    return b"".join(hashlib.sha256(str(each).encode()).digest() for each in range(320))


@pytest.fixture
def folder(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / NAME).write_bytes(data)
    api.chunk(tmp_path / NAME, "1KiB", output=tmp_path / "out")
    return tmp_path / "out"


def first(folder: Path) -> Path:
    manifest = chunk_files.read_manifest(folder / f"{NAME}.json")
    return folder / manifest.chunks[0].path


def refused(folder: Path, expected: str) -> None:
    """Neither verified, nor joined, nor read; and no file appears."""
    assert expected in " ".join(api.check_chunks(folder).problems)
    target = folder.parent / "joined"
    with pytest.raises(DifferenceError, match="not the file"):
        api.join_chunks(folder, target)
    assert not target.exists()
    with pytest.raises(DifferenceError):
        list(chunk_files.read(folder))
    assert not list(folder.parent.glob(".edgegen-*"))


def test_joined_again(folder: Path, data: bytes) -> None:
    assert api.check_chunks(folder).ok
    api.join_chunks(folder, folder.parent / "joined")
    assert (folder.parent / "joined").read_bytes() == data
    assert b"".join(piece for _, piece in chunk_files.read(folder)) == data
    assert (folder.parent / "joined").stat().st_mode & 0o777 == 0o644


def test_a_flipped_byte(folder: Path) -> None:
    path = first(folder)
    path.write_bytes(b"\x00" + path.read_bytes()[1:])
    refused(folder, "holds other bytes")


@pytest.mark.parametrize("change", [-1, 1])
def test_another_length(folder: Path, change: int) -> None:
    path = first(folder)
    os.truncate(path, path.stat().st_size + change)
    refused(folder, "bytes, not 1,024")


def test_a_missing_chunk(folder: Path) -> None:
    first(folder).unlink()
    refused(folder, "No such file")


def test_a_link_to_the_right_bytes_elsewhere(folder: Path) -> None:
    path = first(folder)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    refused(folder, "cannot be read")


def test_a_folder_that_is_a_link(folder: Path) -> None:
    (folder / "chunks").rename(folder.parent / "elsewhere")
    (folder / "chunks").symlink_to(folder.parent / "elsewhere")
    refused(folder, "the folder chunks cannot be read")


def test_a_pipe_does_not_block(folder: Path) -> None:
    path = first(folder)
    path.unlink()
    os.mkfifo(path)
    refused(folder, "no regular file")


def test_a_manifest_that_is_a_pipe(folder: Path) -> None:
    path = folder / f"{NAME}.json"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="no regular file"):
        api.check_chunks(folder)


def test_right_chunks_of_another_file(folder: Path) -> None:
    path = folder / f"{NAME}.json"
    table = json.loads(path.read_bytes())
    table["sha256"] = "0" * 64
    path.write_text(json.dumps(table))
    assert "together" in " ".join(api.check_chunks(folder).problems)
    with pytest.raises(DifferenceError, match="together"):
        api.join_chunks(folder, folder.parent / "joined")
    assert not (folder.parent / "joined").exists()


def test_no_chunk_beyond_the_ceiling(folder: Path) -> None:
    with pytest.raises(UsageError, match="the ceiling is 1,023"):
        next(chunk_files.read(folder, memory=1023))


def test_no_manifest_and_several(folder: Path) -> None:
    (folder / "other.json").write_bytes((folder / f"{NAME}.json").read_bytes())
    with pytest.raises(UsageError, match="2 manifests"):
        api.check_chunks(folder)
    assert api.check_chunks(folder / "other.json").ok
    with pytest.raises(UsageError, match="0 manifests"):
        api.check_chunks(folder / "chunks")
    with pytest.raises(UsageError, match="No such file"):
        api.check_chunks(folder / "nothing")


def test_a_new_version_shares_what_is_the_same(folder: Path, data: bytes) -> None:
    times = {path: path.stat().st_mtime_ns for path in (folder / "chunks").iterdir()}
    model = folder.parent / NAME
    model.write_bytes(data[:2000] + b"\x00\x01" + data[2002:])
    planned = api.chunk(model, "1KiB", output=folder, dry_run=True)
    assert {path.stat().st_mtime_ns for path in times} == set(times.values())
    made = api.chunk(model, "1KiB", output=folder)
    assert planned.new == made.new
    assert len(made.new) == 1
    assert made.new_bytes == 1024
    assert len(made.stale) == 1
    assert (folder / made.stale[0]) in times
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert api.check_chunks(folder).ok


def test_a_damaged_chunk_is_written_again(folder: Path) -> None:
    path = first(folder)
    path.write_bytes(b"?" * 1024)
    made = api.chunk(folder.parent / NAME, "1KiB", output=folder)
    assert {f"{each}.bin" for each in made.new} == {path.name}
    assert api.check_chunks(folder).ok


def test_nothing_is_written_through_a_link(tmp_path: Path, folder: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / "chunks").symlink_to(target)
    with pytest.raises(UsageError, match="symbolic link"):
        api.chunk(tmp_path / NAME, "1KiB", output=tmp_path / "trap")
    assert not list(target.iterdir())


def test_a_linked_chunk_is_replaced_not_followed(folder: Path) -> None:
    path = first(folder)
    victim = folder.parent / "victim"
    victim.write_bytes(b"mine")
    path.unlink()
    path.symlink_to(victim)
    api.chunk(folder.parent / NAME, "1KiB", output=folder)
    assert victim.read_bytes() == b"mine"
    assert not path.is_symlink()
    assert api.check_chunks(folder).ok


def test_a_full_disk_leaves_the_former_version(folder: Path, data: bytes) -> None:
    """With a limit on file sizes, in a process of its own."""
    former = (folder / f"{NAME}.json").read_bytes()
    model = folder.parent / NAME
    model.write_bytes(bytes(500) + data)
    program = (
        "import signal, sys; from pathlib import Path; from edgegen import api\n"
        "from edgegen.errors import EdgegenError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: api.chunk(Path(sys.argv[1]), '1KiB', output=Path(sys.argv[2]))\n"
        "except EdgegenError as error: print(error)"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    run = subprocess.run(
        [sys.executable, "-B", "-c", program, str(model), str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=limit,
    )
    assert "Cannot write the chunks" in run.stdout, run.stderr
    assert (folder / f"{NAME}.json").read_bytes() == former
    assert api.check_chunks(folder).ok
    assert not list(folder.rglob(".edgegen-*"))


def test_an_output_that_cannot_be(folder: Path) -> None:
    with pytest.raises(EdgegenError, match="Cannot write the file"):
        api.join_chunks(folder, folder / "chunks")
    with pytest.raises(EdgegenError, match="Cannot write the file"):
        api.join_chunks(folder, folder / "no" / "such" / "folder")
    assert api.check_chunks(folder).ok


def test_only_files_are_cut(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "nothing"):
        with pytest.raises(UsageError):
            api.chunk(tmp_path / name, "1KiB", output=tmp_path / "out")


def test_memory_stays_low(tmp_path: Path) -> None:
    """256 MiB are checked and joined in a few more than Python itself takes."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(256 << 20)
    manifest_data = chunks.split(bytes(8 << 20), "large", 8 << 20)
    ((chunk_path, chunk), _) = manifest_data.items()
    (tmp_path / "chunks").mkdir()
    (tmp_path / chunk_path).write_bytes(chunk)
    digest = chunk_path.split("/")[1].removesuffix(".bin")
    whole = hashlib.sha256()
    rows = tuple(chunks.Chunk(digest, 8 << 20, each * (8 << 20)) for each in range(32))
    for _ in rows:
        whole.update(chunk)
    made = chunks.Manifest("large", 256 << 20, whole.hexdigest(), "size", rows)
    (tmp_path / "large.json").write_bytes(chunks.dump(made))
    program = (
        "import resource, sys; from pathlib import Path; from edgegen import chunk_files\n"
        "place = Path(sys.argv[1])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert chunk_files.check(place).ok; chunk_files.join(place, place / 'joined')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert int(run.stdout) < 16 << 10  # KiB
    assert (tmp_path / "joined").stat().st_size == 256 << 20
    (tmp_path / "joined").unlink()
