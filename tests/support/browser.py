"""A headless browser and a static server for tests of web projects.

    with serving(project) as server, browsing() as browser, browser.page() as (page, said):
        page.goto(server.url)
        ...
        assert said.errors == []

`shared_browser` is one browser for all tests of a module, each page of which has a profile of its
own; start another with `browsing` for other flags. Tests that use them are marked ``browser``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from edgegen.verify.web.browser import MEDIA, NO_SIMD, Browser, Watched, running
from edgegen.verify.web.server import Answer, Rule, Server, serving

__all__ = [
    "MEDIA",
    "NO_SIMD",
    "Answer",
    "Browser",
    "Rule",
    "Server",
    "Watched",
    "browsing",
    "serving",
    "shared_browser",
]


def browsing(*arguments: str, seconds: float = 300.0) -> AbstractContextManager[Browser]:
    """A browser with more flags, which is killed after ``seconds``."""
    return running(arguments, seconds=seconds)


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[Browser]:
    """With a camera and a microphone that are not real; import it into the test's module."""
    with browsing(*MEDIA) as browser:
        yield browser
