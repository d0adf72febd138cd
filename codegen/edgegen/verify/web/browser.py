"""A headless Chromium with a fresh profile, that is never waited for without a limit and never
outlives its block; what a page complains of is kept.

Flags and their reasons: QUIC, sync, updates and background traffic are off, so that nothing but the
project speaks; WebGPU runs on SwiftShader, which computes on the processor, so that it works on
machines without a graphics card.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgegen import tools
from edgegen.errors import DifferenceError, MissingToolError

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--enable-unsafe-webgpu",
    "--no-first-run",
    "--use-webgpu-adapter=swiftshader",
)
MEDIA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A camera and a microphone that show a test picture and beep, without asking."""

NO_SIMD = ("--js-flags=--no-enable-sse4-1",)
"""V8 on x86-64 needs SSE 4.1 for WebAssembly SIMD: without it, the browser really has none."""

HARMLESS = ("No available adapters",)
"""Console errors of LiteRT.js, where there is no WebGPU; it goes on in WebAssembly."""

WAIT_SECONDS = 30.0
LIFE_SECONDS = 600.0


class BrowserError(DifferenceError):
    """The browser or a page did not do what it should. Exit code 1."""


@dataclass(slots=True)
class Watched:
    """What one page, its workers and its service worker have said.

    Attributes:
        errors: Console errors and uncaught exceptions.
        warnings: Console warnings.
        requests: URLs of everything that they asked a network for.
    """

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = (message.location or {}).get("url", "")
            self.errors.append(f"{message.text} ({where})" if where else message.text)
        elif message.type == "warning":
            self.warnings.append(message.text)

    @property
    def problems(self) -> list[str]:
        """The errors, but for those that are only about what libraries do without."""
        return [each for each in self.errors if not any(known in each for known in HARMLESS)]

    def strangers(self, url: str) -> list[str]:
        """Requests to anywhere but ``url``."""
        local = (url, "data:", "blob:", "about:")
        return [each for each in self.requests if not each.startswith(local)]


class Browser:
    """A running Chromium; use `running`."""

    def __init__(self, chromium: Chromium, name: str) -> None:
        self._chromium = chromium
        self.title = f"{name} {chromium.version}"
        self._process = _process_of(chromium)
        self._killed_for = ""

    @property
    def version(self) -> str:
        return self._chromium.version

    @contextmanager
    def profile(self, **options: Any) -> Iterator[BrowserContext]:
        """A fresh profile: no cookies, caches or service workers of another one.

        Args:
            options: Of Playwright's ``Browser.new_context``, such as ``viewport``.
        """
        try:
            context = self._chromium.new_context(**options)
        except _playwright_error() as error:
            raise BrowserError(self._killed_for or first_line(error)) from error
        context.set_default_timeout(WAIT_SECONDS * 1000)
        try:
            yield context
        finally:
            with suppress(_playwright_error()):
                context.close()

    @contextmanager
    def page(self, **options: Any) -> Iterator[tuple[Page, Watched]]:
        """A page in a profile of its own, and what it says."""
        with self.profile(**options) as context:
            watched = watch(context)
            yield context.new_page(), watched

    @contextmanager
    def limit(self, seconds: float, what: str) -> Iterator[None]:
        """Kill the browser when the block is not through in time.

        Playwright's own limits do not end a call into a page that hangs.

        Raises:
            BrowserError: It was not, or the browser ended in it, or a call of Playwright failed.
        """
        timer = threading.Timer(seconds, self._kill, [f"{what} took longer than {seconds:g} s."])
        timer.start()
        try:
            yield
        except _playwright_error() as error:
            raise BrowserError(self._killed_for or f"{what}: {first_line(error)}") from error
        finally:
            timer.cancel()

    def _kill(self, reason: str) -> None:
        self._killed_for = self._killed_for or reason
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)


@contextmanager
def running(arguments: Sequence[str] = (), *, seconds: float = LIFE_SECONDS) -> Iterator[Browser]:
    """Start a browser, end it with the block, whatever ends that.

    Args:
        arguments: More of its flags, such as `MEDIA`.
        seconds: It is killed after; every call that still waits for it fails then.

    Raises:
        MissingToolError: Playwright or the browser is not there.
        BrowserError: It does not start, or was killed after ``seconds``.
    """
    found = tools.require("chromium")
    with _playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=found.path,
                args=[*FLAGS, *arguments],
                handle_sigint=False,  # ends with this block
            )
        except _playwright_error() as error:
            raise BrowserError(f"The browser did not start: {first_line(error)}") from None
        try:
            browser = Browser(chromium, found.path.name)
            with browser.limit(seconds, "All that was done in the browser"):
                yield browser
        finally:
            with suppress(_playwright_error()):
                chromium.close()


def watch(context: BrowserContext) -> Watched:
    """Keep what everything in a profile says from now on."""
    watched = Watched()
    context.on("console", lambda message: watched.console(message))
    context.on("weberror", lambda error: watched.errors.append(f"uncaught: {error.error}"))
    context.on("request", lambda request: watched.requests.append(request.url))
    return watched


def first_line(error: Exception) -> str:
    """Of Playwright's errors, which go on with a log."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@dataclass(slots=True)
class _Driver:
    """Playwright's own process: one at a time, or its synchronous interface refuses to start."""

    users: int = 0
    playwright: Playwright | None = None


_driver = _Driver()


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """The running driver, or a new one that ends with the last of these blocks."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise missing_playwright() from None
    playwright = _driver.playwright or sync_playwright().start()
    _driver.playwright = playwright
    _driver.users += 1
    try:
        yield playwright
    finally:
        _driver.users -= 1
        if not _driver.users:
            _driver.playwright = None
            playwright.stop()


def missing_playwright() -> MissingToolError:
    return MissingToolError(
        "Not found: Playwright (drives the browser that verifies web projects).",
        fix="pip install 'edgegen[web]'",
    )


def _playwright_error() -> type[Exception]:
    from playwright.sync_api import Error

    return Error


def _process_of(chromium: Chromium) -> int:
    session = chromium.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return next(int(each["id"]) for each in processes if each["type"] == "browser")
