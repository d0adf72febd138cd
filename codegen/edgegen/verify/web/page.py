"""Visits the project's page as a person does: once with the network, then without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgegen.verify.outcome import FAIL, NOT_VERIFIED, PASS
from edgegen.verify.subject import Progress
from edgegen.verify.web.browser import Browser, BrowserError, Watched
from edgegen.verify.web.report import CheckFacts, DownloadFacts, PartFacts
from edgegen.verify.web.server import BROTLI, Answer, Rule, Server
from edgegen.verify.web.subject import Subject

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCREENSHOT = "page.png"
CODING = "br"
MAX_AGE = 600

_SECONDS = 400.0
_SETTLED_SECONDS = 60.0  # in which the server had nothing to do
_QUIET_SECONDS = 1.5
_VIEWPORT = {"width": 1280, "height": 960}

# Every profile of this browser is one that forgets, which cannot install anything.
_OF_THE_PROFILE = "in-incognito"

# What a golden input gives, on the backend that the page takes by itself if no other is told.
_PREDICT = """async ([seed, options]) => {
  const { load } = await import(new URL("edgegen/model.js", document.baseURI));
  const { makeInputs } = await import(new URL("edgegen/golden.js", document.baseURI));
  const model = await load(options);
  try {
    const { outputs } = await model.predict(makeInputs(seed));
    const bytes = await new Blob(outputs).arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return { backend: model.backend, outputs: Array.from(hash) };
  } finally {
    model.dispose();
  }
}"""

# Why the model does not load.
_ERROR = """async () => {
  const { load } = await import(new URL("edgegen/model.js", document.baseURI));
  return load().then((model) => (model.dispose(), ""), ({ message }) => String(message));
}"""

# Which no page asks for by itself.
_OURS = "/edgegen/golden.js"

_SERVICE_WORKER = """async () => {
  if (!("serviceWorker" in navigator)) return false;
  const registrations = await navigator.serviceWorker.getRegistrations();
  return registrations.some(({ active }) => active?.state === "activated");
}"""

_Computed = dict[str, Any]  # what `_PREDICT` gives

_PARTS = (
    ("edgegen/vendor/", "runtimes of others"),
    ("edgegen/assets/", "model"),
    ("edgegen/wasm/", "WebAssembly modules"),
    ("edgegen/", "edgegen's JavaScript"),
    ("", "page"),
)


@dataclass(slots=True)
class Visit:
    """What came of visiting.

    Attributes:
        checks: In the order in which they were made.
    """

    checks: list[CheckFacts] = field(default_factory=list)
    download: DownloadFacts | None = None
    screenshot: bool = False

    def check(self, what: str, problem: str, found: str = "") -> None:
        """Keep what came of one check; "" is no problem."""
        status, reason = (FAIL, f"{what}: {problem}") if problem else (PASS, "")
        self.checks.append(CheckFacts(what, status, problem or found, reason))

    def skip(self, what: str, reason: str) -> None:
        self.checks.append(CheckFacts(what, NOT_VERIFIED, "", reason))


def verify(
    browser: Browser, server: Server, project: Subject, evidence: Path, progress: Progress
) -> Visit:
    """Everything about the page.

    Args:
        server: That compresses as `CODING` says, lets browsers keep files, and does not isolate its
            pages.
        evidence: Folder for the screenshot.
    """
    visit = Visit()
    if not (project.directory / "index.html").is_file():
        visit.skip("The page", "the project has no index.html")
        return visit
    try:
        with browser.page(viewport=_VIEWPORT) as (page, said):
            progress("the page: first visit")
            online = _visit(browser, server, project, page, said, visit)
            evidence.mkdir(parents=True, exist_ok=True)
            with browser.limit(_SECONDS, "the screenshot"):
                page.screenshot(path=evidence / SCREENSHOT)
            visit.screenshot = True
            progress("the page: without a server")
            _offline(browser, server, project, page, visit, online)
    except BrowserError as error:
        visit.check("The page", error.what)
    progress("the page: with a broken model")
    _broken(browser, server, visit)
    return visit


def _visit(
    browser: Browser, server: Server, project: Subject, page: Page, said: Watched, visit: Visit
) -> _Computed:
    """The first one; and what it computes."""
    start = len(server.answers)
    with browser.limit(_SECONDS, "the first visit"):
        page.goto(server.url)
        has_worker = _settled(page, server)
        answers = server.answers[start:]
        problem = said.problems[0] if said.problems else ""
        visit.check("First visit", problem, "no error in the console")
        strangers = said.strangers(server.url)
        visit.check(
            "Requests to other servers", strangers[0] if strangers else "", "none was asked"
        )
        missing = [each.path for each in answers if each.status >= 400]
        visit.check("Files that the page asks for", ", ".join(missing), "all of them are there")
        problem = "" if has_worker else "none is active"
        visit.check("Service worker", problem, "active after the first visit")
        visit.check("Installability", _not_installable(page), "nothing is in the way")
        online: _Computed = page.evaluate(_PREDICT, [project.golden.seeds[0], {}])
        _settled(page, server)
        answers = [each for each in server.answers[start:] if each.path != _OURS]
    visit.download = DownloadFacts(
        online["backend"], BROTLI, project.device.storage_bytes, tuple(_parts(project, answers))
    )
    return online


def _offline(
    browser: Browser,
    server: Server,
    project: Subject,
    page: Page,
    visit: Visit,
    online: _Computed,
) -> None:
    """The second one, without a server; and the third, with one again."""
    seed = project.golden.seeds[0]
    with browser.limit(_SECONDS, "the visit without a server"):
        _forget_what_the_browser_kept(page)
        server.kill()
        try:
            page.reload()
            offline = page.evaluate(_PREDICT, [seed, {}])
            problem = "" if offline == online else "it computes something else"
            isolated = page.evaluate("crossOriginIsolated")
        except Exception as error:
            _reraise_unless_playwright(error)
            problem, isolated = str(error).splitlines()[0], None
        finally:
            server.start()
        what = "Reload with the server killed"
        visit.check(what, problem, f"it computes the same on {online['backend']}")
        if isolated:
            visit.check("Threads on a host without special headers", "", "the page is isolated")
        else:
            visit.skip(
                "Threads on a host without special headers", "the service worker isolates no page"
            )
        page.reload()
        again = page.evaluate(_PREDICT, [seed, {"backend": online["backend"]}])
        problem = "" if again == online else "it computes something else"
        visit.check("The server is back", problem, "it computes the same")


def _forget_what_the_browser_kept(page: Page) -> None:
    """So that everything comes out of the project's own cache."""
    session = page.context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    session.detach()


def _broken(browser: Browser, server: Server, visit: Visit) -> None:
    """A visit to a page whose model does not come: it says so, and tries again when told."""
    what = "A page whose model is broken"
    server.rules = [Rule("/edgegen/assets/chunks/*", change=lambda data: data[::-1])]
    try:
        with browser.page(viewport=_VIEWPORT) as (page, said), browser.limit(_SECONDS, what):
            page.goto(server.url)
            _settled(page, server)
            told = str(page.evaluate(_ERROR))
            broken = _words(page)
            server.rules = []
            page.reload()
            _settled(page, server)
            mended = _words(page)
    except BrowserError as error:
        visit.check(what, error.what)
        return
    finally:
        server.rules = []
    uncaught = [each for each in said.errors if each.startswith("uncaught")]
    if uncaught:
        visit.check(what, uncaught[0])
    else:
        _judge_words(visit, what, told, broken, mended)


def _judge_words(visit: Visit, what: str, error: str, broken: str, mended: str) -> None:
    """Whether a page said what was wrong, and says it no more."""
    told = error.rpartition(") ")[2]  # which chunk is the first to be found wrong is chance
    if not error:
        visit.check(what, "it loads all the same")
    elif told in mended:
        visit.check(what, f"a reload does not mend it: {error}")
    elif told in broken:
        visit.check(what, "", f"it says what is wrong ({error}), and no more after a reload")
    elif broken == mended:
        visit.check(what, "it looks as if nothing had happened")
    else:
        visit.skip(what, f"its words are its own, and not: {error}")


def _words(page: Page) -> str:
    return str(page.evaluate("document.body.innerText"))


def _settled(page: Page, server: Server) -> bool:
    """Wait until the page asks for nothing more, and a service worker is active where the project
    has one; whether it is by then."""
    wanted = (server.root / "service-worker.js").is_file()
    has_worker = False
    left = _SETTLED_SECONDS
    while left > 0:
        before = len(server.answers)
        page.wait_for_timeout(_QUIET_SECONDS * 1000)
        has_worker = bool(page.evaluate(_SERVICE_WORKER))
        is_busy = server.is_busy
        if len(server.answers) == before and not is_busy and has_worker >= wanted:
            break
        left -= 0.0 if is_busy else _QUIET_SECONDS
    return has_worker


def _not_installable(page: Page) -> str:
    session = page.context.new_cdp_session(page)
    errors = session.send("Page.getAppManifest")["errors"]
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    session.detach()
    problems = [str(each["message"]) for each in errors]
    problems += [each["errorId"] for each in found if each["errorId"] != _OF_THE_PROFILE]
    return ", ".join(problems)


def _parts(project: Subject, answers: Sequence[Answer]) -> Iterator[PartFacts]:
    left = [each for each in answers if each.status == 200]
    for prefix, part in _PARTS:
        ours = [each for each in left if each.path.lstrip("/").startswith(prefix)]
        left = [each for each in left if each not in ours]
        if ours:
            sizes = sum(_size(project.directory, each.path) for each in ours)
            yield PartFacts(part, len(ours), sizes, sum(each.bytes for each in ours))


def _size(directory: Path, path: str) -> int:
    file = directory / path.lstrip("/")
    return (file / "index.html" if file.is_dir() else file).stat().st_size


def _reraise_unless_playwright(error: Exception) -> None:
    from playwright.sync_api import Error

    if not isinstance(error, Error):
        raise error
