"""A model that is stored in chunks, in a generated Linux project: joined once, or refused."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgegen import api

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"


@pytest.fixture
def runtime(digits_runtime: Path) -> ModuleType:
    return importlib.import_module("digits_runtime.chunks")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    api.chunk(EXAMPLE / "digits.tflite", "2KiB", "layer", tmp_path / "stored")
    return tmp_path / "stored"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    return tmp_path / "cache"


def first(folder: Path) -> Path:
    table = json.loads((folder / "digits.tflite.json").read_bytes())
    return folder / "chunks" / f"{table['chunks'][0]['sha256']}.bin"


def refusal(runtime: ModuleType, folder: Path, cache: Path) -> str:
    problem = importlib.import_module("digits_runtime.errors").RuntimeProblem
    with pytest.raises(problem) as caught:
        runtime.joined(folder)
    assert not cache.exists() or list(cache.iterdir()) == []
    return str(caught.value)


def test_the_model_runs(runtime: ModuleType, folder: Path) -> None:
    model = importlib.import_module("digits_runtime.model").Model
    zeros = np.zeros((1, 8, 8, 1), np.int8)
    with model("litert", model_file=folder) as stored, model("litert") as packaged:
        assert stored.sha256 == packaged.sha256
        np.testing.assert_array_equal(stored.predict(zeros)[0], packaged.predict(zeros)[0])


def test_joined_once(runtime: ModuleType, folder: Path, cache: Path) -> None:
    path = runtime.joined(folder)
    data = (EXAMPLE / "digits.tflite").read_bytes()
    assert path.read_bytes() == data
    assert path == cache / f"{hashlib.sha256(data).hexdigest()}.tflite"
    before = path.stat()
    first(folder).unlink()
    assert runtime.joined(folder) == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [each.name for each in cache.iterdir()] == [path.name]
    assert cache.stat().st_mode & 0o777 == 0o700


def test_damage_in_the_cache_is_mended(runtime: ModuleType, folder: Path) -> None:
    path = runtime.joined(folder)
    data = path.read_bytes()
    path.write_bytes(b"?" + data[1:])
    assert runtime.joined(folder).read_bytes() == data


def test_former_versions_are_forgotten(runtime: ModuleType, tmp_path: Path, cache: Path) -> None:
    (cache).mkdir(mode=0o700)
    (cache / "mine.txt").write_text("kept")
    paths = []
    for number in range(4):
        model = tmp_path / "m.tflite"
        model.write_bytes(bytes([number]) * 3000)
        api.chunk(model, "1KiB", output=tmp_path / str(number))
        paths.append(runtime.joined(tmp_path / str(number)))
        os.utime(paths[-1], (number, number))
    assert [path.exists() for path in paths] == [False, False, True, True]
    assert (cache / "mine.txt").exists()


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda path: path.write_bytes(b"?" + path.read_bytes()[1:]), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes() + b"?"), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is damaged"),
        (lambda path: path.unlink(), "No such file"),
        (
            lambda path: (path.rename(path.with_suffix(".x")), path.symlink_to(path.stem + ".x")),
            "c",
        ),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is damaged"),
        (
            lambda path: (
                path.parent.rename(path.parent.with_name("x")),
                path.parent.symlink_to("x"),
            ),
            "chunks cannot be read",
        ),
    ],
)
def test_nothing_wrong_is_joined(
    runtime: ModuleType, folder: Path, cache: Path, harm: Callable[[Path], object], expected: str
) -> None:
    harm(first(folder))
    assert expected in refusal(runtime, folder, cache)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.update(format="zip"), "not of format"),
        (lambda t: t.update(version=2), "not of format"),
        (lambda t: t.update(more=1), "other keys"),
        (lambda t: t.pop("strategy"), "other keys"),
        (lambda t: t.update(strategy="zip"), "no known way"),
        (lambda t: t.update(name="a\nb"), '"name" is no name'),
        (lambda t: t.update(bytes=1), "do not add up"),
        (lambda t: t.update(sha256="../x"), "64 hex digits"),
        (lambda t: t.update(sha256="0" * 64), "not those of"),
        (lambda t: t.update(chunks=[]), "not a list"),
        (lambda t: t["chunks"].pop(0), '"offset" is not 0'),
        (lambda t: t["chunks"][0].update(path="/etc/passwd"), "keys of a chunk"),
        (lambda t: t["chunks"][0].update(bytes=10**30), '"bytes" is no number'),
        (lambda t: t["chunks"][0].update(sha256="/etc/passwd"), "64 hex digits"),
    ],
)
def test_wrong_manifests(
    runtime: ModuleType, folder: Path, cache: Path, change: Callable[[Any], object], expected: str
) -> None:
    path = folder / "digits.tflite.json"
    table = json.loads(path.read_bytes())
    change(table)
    path.write_text(json.dumps(table))
    assert expected in refusal(runtime, folder, cache)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"[" * 100_000, b" " * ((16 << 20) + 1)])
def test_no_manifest_at_all(runtime: ModuleType, folder: Path, cache: Path, data: bytes) -> None:
    (folder / "digits.tflite.json").write_bytes(data)
    assert "manifest of the chunks is wrong" in refusal(runtime, folder, cache)


def test_folders_without_one(runtime: ModuleType, folder: Path, cache: Path) -> None:
    (folder / "other.json").write_text("{}")
    assert "2 manifests" in refusal(runtime, folder, cache)
    assert "0 manifests" in refusal(runtime, folder / "chunks", cache)


def test_a_cache_that_cannot_be_written(
    runtime: ModuleType, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("CACHE_DIRECTORY", str(folder / "file" / "cache"))
    assert "$CACHE_DIRECTORY" in refusal(runtime, folder, cache)


def test_where_it_lies(
    runtime: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CACHE_DIRECTORY")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert runtime.joined(folder).parent == tmp_path / "xdg" / "digits"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert runtime.joined(folder).parent == tmp_path / "home" / ".cache" / "digits"
