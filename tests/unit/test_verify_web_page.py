"""How the visit to a web project's page is counted, without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgegen.verify.web import page
from edgegen.verify.web.server import Answer, Server


def page_that(waits: Callable[[], None]) -> Any:
    """Its service worker is active, and this happens while it is waited for."""
    return SimpleNamespace(wait_for_timeout=lambda _: waits(), evaluate=lambda _: True)


def test_a_page_is_not_settled_while_the_server_still_makes_an_answer(tmp_path: Path) -> None:
    server = Server(tmp_path)
    making = server.answering()
    making.__enter__()
    waited: list[int] = []

    def wait() -> None:
        waited.append(len(server.answers))
        if len(waited) == 3:  # compressed at last
            server.sent(Answer("/edgegen/assets/chunks/0.bin", 200, 300_000))
            making.__exit__(None, None, None)

    assert page._settled(page_that(wait), server)
    assert waited == [0, 0, 0, 1]


@pytest.mark.parametrize("busy", [0, 100])
def test_a_service_worker_is_waited_for_while_the_server_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int
) -> None:
    """Beyond a minute, in which a browser has nothing to do but to wait for it."""
    (tmp_path / "service-worker.js").touch()
    server = Server(tmp_path)
    waited: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(waited))
    making = server.answering()
    making.__enter__()

    def wait(milliseconds: float) -> None:
        waited.append(milliseconds / 1000)
        if len(waited) > busy:
            making.__exit__(None, None, None) if server.is_busy else None

    slow = SimpleNamespace(wait_for_timeout=wait, evaluate=lambda _: 0 < busy < len(waited))
    assert page._settled(slow, server) is bool(busy)
    assert sum(waited) >= 60


@pytest.mark.parametrize(
    ("error", "broken", "mended", "status"),
    [
        ("Chunk 0 (a.bin) is wrong.", "Not loaded. Chunk 1 (b.bin) is wrong.", "Ready", "pass"),
        ("", "Ready", "Ready", "fail"),
        ("Chunk 0 (a.bin) is wrong.", "Loading", "Loading", "fail"),
        ("Chunk 0 (a.bin) is wrong.", "is wrong.", "is wrong.", "fail"),
        ("Chunk 0 (a.bin) is wrong.", "Oh dear", "Ready", "not verified"),
    ],
)
def test_what_a_page_says_of_a_broken_model(
    error: str, broken: str, mended: str, status: str
) -> None:
    visit = page.Visit()
    page._judge_words(visit, "broken", error, broken, mended)
    assert [each.status for each in visit.checks] == [status]
