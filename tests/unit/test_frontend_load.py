"""Picking up a model file: everything that a path can be instead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgegen import frontends
from edgegen.errors import UsageError
from support import model_zoo


def told(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        frontends.load(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_model(tmp_path: Path) -> None:
    path = tmp_path / "my model.v2.bin"  # the content decides, not the name
    path.write_bytes(model_zoo.models()["chain"])
    model = frontends.load(path)
    assert model.name == "my model.v2"
    assert model.source.file_name == "my model.v2.bin"
    assert model.source.data == path.read_bytes()


def test_no_such_file(tmp_path: Path) -> None:
    assert "no such model file" in told(tmp_path / "absent.tflite")


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be read" in told(tmp_path / "file" / "model.tflite")


@pytest.mark.parametrize("name", ["a\0b.tflite", "n" * 5000])
def test_an_impossible_name(tmp_path: Path, name: str) -> None:
    assert "model file" in told(tmp_path / name)


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in told(tmp_path)


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in told(tmp_path / "pipe")


def test_a_device() -> None:
    assert "not a regular file" in told(Path("/dev/zero"))


@contextmanager
def ordinary_user() -> Iterator[None]:
    """The superuser may read every file, so a test that runs as such steps down."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model_zoo.models()["chain"])
    path.chmod(0)
    with ordinary_user():
        assert "may not be read" in told(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"epoch,loss\n1,0.5\n", "a text file"),
        ("größe\n".encode() * 3000, "a text file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "Keras HDF5"),
        (b"PK\x03\x04" + bytes(100), "ZIP archive"),
        (b"\x08\x07\x12\x07pytorch" + bytes(50), "no ONNX model"),
        (bytes(8), "neither a TensorFlow Lite nor an ONNX model"),
        (b"\x1c", "neither a TensorFlow Lite nor an ONNX model"),
    ],
)
def test_other_content(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "model.tflite").write_bytes(content)
    message = told(tmp_path / "model.tflite")
    assert what in message
    assert "model.tflite" in message


def test_a_huge_file_of_another_kind_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tflite"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # sparse: takes no space on the disk
    assert "neither a TensorFlow Lite nor an ONNX model" in told(path)
    with path.open("r+b") as file:
        file.write(b"\x20\0\0\0TFL3")
    assert "larger than 2 GiB" in told(path)


def test_a_large_file_of_zeros_behind_a_sound_start(tmp_path: Path) -> None:
    path = tmp_path / "large.tflite"
    with path.open("wb") as file:
        file.write(b"\x20\0\0\0TFL3")
        file.truncate(256 << 20)
    assert "damaged at byte" in told(path)


def test_importing_the_frontends_is_cheap() -> None:
    """No numpy, no schema: `edgegen --help` imports this package."""
    code = (
        "import sys; import edgegen.frontends; "
        "print([m for m in ('numpy', 'ai_edge_litert', 'flatbuffers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
