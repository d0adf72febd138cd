"""What is made of the faults that web projects are tried with, without a browser."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from unittest.mock import MagicMock

import pytest

from edgegen.verify.web import faults, probe
from edgegen.verify.web.browser import Watched


@pytest.mark.parametrize(
    ("told", "kept", "status"),
    [
        ("storage: The browser has no space left.", 0, "pass"),
        ("", 0, "fail"),
        ("network: It did not come.", 0, "fail"),
        ("", 3, "not verified"),
    ],
)
def test_storage_is_full_only_where_the_project_says_so(
    monkeypatch: pytest.MonkeyPatch, told: str, kept: int, status: str
) -> None:
    page = MagicMock()
    page.evaluate = lambda script, *_: told if script == faults._TOLD else kept
    browser: Any = MagicMock()
    browser.page = lambda: nullcontext((page, Watched()))
    works = probe.Outcome(probe.WORKS, "aot-simd", "it works")
    monkeypatch.setattr(probe, "replay", lambda *_, **__: works)
    found = faults._full_storage(browser, MagicMock(url="http://x/"), "aot-simd", "Full")
    assert found.status == status
    assert ("no space left" in found.found) is (status == "pass")
