"""How the visit to a web project's page is counted, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
