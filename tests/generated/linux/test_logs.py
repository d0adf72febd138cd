"""Logs of a generated project: lines of JSON, rotation, nothing of the user's data."""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def logs(digits_runtime: Path) -> Iterator[Any]:
    module = importlib.import_module("digits_runtime.logs")
    yield module
    for handler in list(module.LOG.handlers):
        module.LOG.removeHandler(handler)
        handler.close()


@pytest.fixture
def configured(logs: Any, tmp_path: Path) -> Any:
    settings = importlib.import_module("digits_runtime.settings")

    def configure(**values: Any) -> Path:
        path = tmp_path / "log.jsonl"
        logs.configure(settings.LogSettings(path=str(path), **values))
        return path

    return configure


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_json_and_private_things_stay_out(logs: Any, configured: Any) -> None:
    path = configured()
    logs.LOG.info("began", extra={"data": {"files": 3}, "private": {"file": "face.jpg"}})
    logs.LOG.debug("not at this level")
    (line,) = lines(path)
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "message": "began", "files": 3}


def test_private_things_on_request(logs: Any, configured: Any) -> None:
    path = configured(user_data=True, level="debug")
    logs.LOG.debug("began", extra={"private": {"file": "face.jpg"}})
    assert lines(path)[0]["file"] == "face.jpg"


def test_nothing_begins_a_line_of_its_own(logs: Any, configured: Any) -> None:
    path = configured(user_data=True)
    hostile = 'x\n{"level": "info"}\r\u2028\x1b[2J\ud800'
    logs.LOG.info(hostile, extra={"private": {"peer": hostile}})
    content = path.read_bytes()
    assert content.count(b"\n") == 1
    assert content.isascii()
    assert b"\x1b" not in content
    assert lines(path)[0]["peer"] == hostile


@pytest.mark.parametrize("user_data", [False, True])
def test_an_error_says_where_and_not_what(logs: Any, configured: Any, user_data: bool) -> None:
    path = configured(user_data=user_data)
    try:
        raise ValueError("secret of the user")
    except ValueError:
        logs.LOG.exception("it failed")
    (line,) = lines(path)
    assert line["error"] == "ValueError"
    assert line["at"][-1].startswith("test_logs.py:")
    assert ("secret" in path.read_text()) == user_data


def test_rotation(logs: Any, configured: Any, tmp_path: Path) -> None:
    configured(max_bytes=1024, backups=2)
    for number in range(100):
        logs.LOG.info("a line", extra={"data": {"number": number}})
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["log.jsonl", "log.jsonl.1", "log.jsonl.2"]
    assert all((tmp_path / name).stat().st_size <= 1024 for name in files)
    assert lines(tmp_path / "log.jsonl")[-1]["number"] == 99


def test_what_happens_often_is_logged_seldom(logs: Any, configured: Any) -> None:
    path = configured()
    seldom = logs.Seldom(seconds=1000.0)
    for number in range(500):
        seldom.log(logging.WARNING, "again", {"number": number})
    seldom._next = 0.0
    seldom.log(logging.WARNING, "again", {"number": 500})
    assert [line["number"] for line in lines(path)] == [0, 500]
    assert lines(path)[1]["left_out"] == 499


def test_a_file_that_cannot_be_opened(logs: Any, tmp_path: Path) -> None:
    settings = importlib.import_module("digits_runtime.settings")
    errors = importlib.import_module("digits_runtime.errors")
    with pytest.raises(errors.UsageProblem, match="can't be opened"):
        logs.configure(settings.LogSettings(path=str(tmp_path / "none" / "log")))


def test_a_full_disk_ends_nothing_and_is_said_once(digits_runtime: Path) -> None:
    script = (
        "from digits_runtime import logs, settings\n"
        "logs.configure(settings.LogSettings(path='/dev/full'))\n"
        "for _ in range(5): logs.LOG.info('lost')\n"
        "print('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=digits_runtime / "edgegen/python",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "went on\n"
    assert done.stderr.count("the log can't be written") == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
