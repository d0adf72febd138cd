"""The browser that web projects are verified in: what it keeps, its limits, and that it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgegen.errors import MissingToolError
from edgegen.verify.web import browser as browsers
from edgegen.verify.web.browser import BrowserError
from support.browser import NO_SIMD, Browser, browsing, serving, shared_browser

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# (module (func (result v128) i32.const 0, i8x16.splat))
SIMD = """WebAssembly.validate(new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
    10, 8, 1, 6, 0, 65, 0, 253, 15, 11]))"""

PAGE = """<!doctype html><title>t</title><link rel="icon" href="data:,">
<script>
  console.error("from the page");
  console.warn("a warning");
  new Worker("worker.js");
  setTimeout(() => { throw new Error("nobody catches it"); });
</script>"""
WORKER = """console.error("from a worker"); fetch("data.json");
setTimeout(() => { throw new Error("nor this"); });"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "worker.js").write_text(WORKER)
    (tmp_path / "data.json").write_text("[]")
    return tmp_path


def test_nothing_that_is_said_is_lost(shared_browser: Browser, site: Path) -> None:
    with serving(site) as server, shared_browser.page() as (page, said):
        page.goto(server.url)
        page.wait_for_timeout(100)
        until = time.monotonic() + 20
        while len(said.errors) < 4 and time.monotonic() < until:
            page.wait_for_timeout(50)
        page.evaluate("fetch('http://127.0.0.1:4/').catch(() => 0)")
        assert said.strangers(server.url) == ["http://127.0.0.1:4/"]
        assert [each.path for each in server.answers] == ["/", "/worker.js", "/data.json"]
    errors = "\n".join(said.errors)
    assert "from the page" in errors
    assert "from a worker" in errors
    assert "uncaught: nobody catches it" in errors
    assert "nor this" in errors
    assert said.warnings == ["a warning"]
    assert said.problems == said.errors
    said.errors.append("No available adapters. (http://127.0.0.1/index.js)")
    assert said.problems == said.errors[:-1]


def test_isolation_gives_shared_memory(shared_browser: Browser, site: Path) -> None:
    for isolated in (False, True):
        with serving(site, isolated=isolated) as server, shared_browser.page() as (page, _):
            page.goto(server.url)
            assert page.evaluate("crossOriginIsolated") is isolated


def test_profiles_share_nothing(shared_browser: Browser, site: Path) -> None:
    with serving(site) as server:
        for _ in range(2):
            with shared_browser.page() as (page, _said):
                page.goto(server.url)
                assert page.evaluate("caches.keys()") == []
                page.evaluate("caches.open('mine').then(() => 0)")


def test_webgpu_and_webgl_are_there(shared_browser: Browser, site: Path) -> None:
    with serving(site) as server, shared_browser.page() as (page, _):
        page.goto(server.url)
        assert page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter !== null)")
        assert page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")
        assert page.evaluate(SIMD) is True


def test_without_simd() -> None:
    with browsing(*NO_SIMD) as browser, browser.page() as (page, _):
        assert page.evaluate(SIMD) is False


def test_a_page_that_hangs_is_ended() -> None:
    with (
        pytest.raises(BrowserError, match="the endless page took longer than 2 s"),
        browsing() as browser,
        browser.page() as (page, _),
        browser.limit(2, "the endless page"),
    ):
        page.evaluate("for (;;);")
    assert not _alive(browser._process)


def test_what_playwright_says_is_one_line(shared_browser: Browser, site: Path) -> None:
    with serving(site) as server:
        nobody = server.url
    with (
        pytest.raises(BrowserError, match=r"^the page: Page\.goto: net::ERR_CONNECTION_REFUSED"),
        shared_browser.page() as (page, _),
        shared_browser.limit(60, "the page"),
    ):
        page.goto(nobody)


def test_an_interrupt_ends_everything() -> None:
    """As a terminal does it: the signal goes to every process of the group."""
    program = """
from edgegen.verify.web.browser import running
with running() as browser, browser.page() as (page, _):
    print(browser._process, flush=True)
    page.evaluate("new Promise(() => 0)")
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        chromium = int(process.stdout.readline())
        assert _alive(chromium)
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
        assert process.wait(30) in (-signal.SIGINT, 1, 130)
    until = time.monotonic() + 10
    while _alive(chromium) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(chromium)


def test_without_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(MissingToolError, match="edgegen\\[web\\]") as caught, browsers.running():
        pass
    assert caught.value.exit_code == 3


def test_without_a_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="chromium") as caught, browsers.running():
        pass
    assert "apt-get install chromium" in str(caught.value)


def _alive(process: int) -> bool:
    """A zombie is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
