"""The cache: an entry is there whole, or not at all; two processes make it once."""

from __future__ import annotations

import multiprocessing
import os
import stat
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgegen.errors import UsageError
from edgegen.verify.linux import cache


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "edgegen"


def write(folder: Path) -> None:
    (folder / "made").write_text("yes")


def test_it_is_made_once(place: Path) -> None:
    assert cache.made("kind/name", write) == place / "kind" / "name"
    assert cache.made("kind/name", lambda _: pytest.fail("made twice")) == place / "kind" / "name"


def test_a_failure_leaves_nothing(place: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        cache.made("name", fail)
    assert [each.name for each in place.iterdir()] == [".name.lock"]
    assert (cache.made("name", write) / "made").is_file()


def test_it_is_the_users_alone(place: Path) -> None:
    place.mkdir(mode=0o755)
    cache.made("kind/name", write)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("theirs", ["", "kind", "kind/name"])
def test_what_another_user_made_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    cache.made("kind/name", write)
    status = Path.lstat

    def lstat(path: Path) -> Any:
        found = status(path)
        uid = found.st_uid + (path == place / theirs)
        return SimpleNamespace(st_uid=uid, st_mode=found.st_mode)

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(UsageError, match="another user") as caught:
        cache.made("kind/name", write)
    assert caught.value.where == str(place / theirs)


def test_what_nobody_uses_is_removed(place: Path) -> None:
    names = ("kind/used", "kind/unused", "kind/recent", "other/unused")
    entries = [cache.made(name, write) for name in names]
    (place / "kind" / ".draft").mkdir()
    day = 24 * 3600
    now = time.time()
    for path, age in zip([*entries, place / "kind/.draft"], (91, 91, 89, 91, 91), strict=True):
        os.utime(path, (now - age * day, now - age * day))
    cache.made("kind/used", lambda _: pytest.fail("made twice"))
    left = {path.name for path in (place / "kind").iterdir() if path.is_dir()}
    assert left == {"used", "recent"}
    assert (place / "other" / "unused").is_dir(), "one kind at a time"
    os.utime(place / "kind/recent", (now - 91 * day, now - 91 * day))
    cache.made("kind/used", lambda _: pytest.fail("it was used just now"))
    assert [path.name for path in (place / "kind").iterdir() if path.is_dir()] == ["used"]


def slowly(folder: Path) -> None:
    with (folder.parents[1] / "calls").open("a") as calls:
        calls.write("x")
    time.sleep(0.2)
    write(folder)


def test_two_processes_make_one(place: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=cache.made, args=("name", slowly)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert (place / "calls").read_text() == "x"


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_the_default_is_in_the_home(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", "/nonexistent")
    assert cache.folder() == Path("/nonexistent/.cache/edgegen")


def test_another_recipe_has_another_name() -> None:
    assert cache.key("a", ["b"]) == cache.key("a", ("b",))
    assert cache.key("a", "b") != cache.key("a", "c")
