"""The cache: an entry is there whole, or not at all; two processes make it once."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

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
