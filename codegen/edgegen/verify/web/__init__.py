"""Verifies a project of the family web: in a headless browser, against a server on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from edgegen import __version__, tools
from edgegen.errors import UsageError
from edgegen.verify import evidence, outcome
from edgegen.verify.outcome import PASS, EngineFacts
from edgegen.verify.subject import Progress, Project, chosen, writing_into
from edgegen.verify.web import backends, browser, faults, page, server, subject, vendored
from edgegen.verify.web.browser import Browser
from edgegen.verify.web.page import Visit
from edgegen.verify.web.report import CheckFacts, DeviceFacts, Report
from edgegen.verify.web.subject import Subject

# What a backend's name ends in, by how long it takes until the model is loaded.
_STARTS = ("simd", "baseline", "wasm", "webgl", "webgpu")

_SECONDS = 1800.0


def run(given: Project, engines: Sequence[str] | None, *, progress: Progress) -> Report:
    """See `edgegen.verify.run`.

    Raises:
        MissingToolError: The browser or Playwright is not there.
    """
    project = subject.load(given)
    wanted = chosen(project.directory, project.engines, engines)
    tools.require("chromium")
    with writing_into(project.directory):
        progress("start the browser")
        with browser.running(seconds=_SECONDS) as chromium:
            found = _backends(chromium, project, wanted, progress)
            checks = _model_checks(chromium, project, found, progress)
            visit = _visit(chromium, project, progress)
            progress("compress what was built, and write the report")
            result = _report(chromium, project, found, checks, visit)
        evidence.write(result, project.directory / "evidence")
    return result


def _backends(
    chromium: Browser, project: Subject, engines: Sequence[str], progress: Progress
) -> dict[str, EngineFacts]:
    """By title."""
    found: dict[str, EngineFacts] = {}
    for engine in engines:
        if engine in vendored.NEEDED_BY:
            progress(f"{engine}: look for its runtime, or fetch it")
        obstacle = vendored.obstacle(project.directory, engine)
        with server.serving(project.directory, isolated=True) as host:
            for title, backend, threads in backends.runs(project.backends(engine)):
                if obstacle:
                    found[title] = outcome.engine_not_verified(obstacle)
                    continue
                progress(title)
                found[title] = backends.verify(chromium, host, project, backend, threads)
    return found


def _model_checks(
    chromium: Browser, project: Subject, found: dict[str, EngineFacts], progress: Progress
) -> tuple[CheckFacts, ...]:
    """On the backend that works and starts fastest; none where none does."""
    working = [title for title, facts in found.items() if facts.status == PASS and "," not in title]
    if not working:
        return ()
    backend = min(working, key=lambda each: _STARTS.index(each.rpartition("-")[2]))
    with server.serving(project.directory, isolated=True) as host:
        checks = list(faults.verify(chromium, host, backend, progress))
        progress("a browser without vectors in WebAssembly")
        has_baseline = "aot-baseline" in found
        checks.append(faults.without_simd(host, has_baseline=has_baseline))
    return tuple(checks)


def _visit(chromium: Browser, project: Subject, progress: Progress) -> Visit:
    with server.serving(project.directory, compression=page.CODING, max_age=page.MAX_AGE) as host:
        return page.verify(chromium, host, project, project.directory / "evidence", progress)


def _report(
    chromium: Browser,
    project: Subject,
    found: dict[str, EngineFacts],
    checks: tuple[CheckFacts, ...],
    visit: Visit,
) -> Report:
    return Report(
        edgegen=__version__,
        model=project.project.model,
        device=DeviceFacts(project.device.id, project.device.name),
        sources=project.project.sources,
        reference=project.golden.reference,
        known_by=_KNOWN_BY,
        browser=chromium.title,
        versions={
            "playwright": metadata.version("playwright"),
            **project.compilers(),
            **vendored.versions(project.directory),
        },
        backends=found,
        model_checks=checks,
        page_checks=tuple(visit.checks),
        artefacts=tuple(project.artefacts()),
        download=visit.download,
        screenshot=page.SCREENSHOT if visit.screenshot else "",
    )


def refuse_cmake_arguments(arguments: Sequence[str]) -> None:
    """Nothing of a web project is built with CMake."""
    if arguments:
        raise UsageError(f"A web project has no CMake to pass {arguments[0]} to.")


_KNOWN_BY = {
    "backends": "the project's own self-test page, served by a static server on this machine and "
    "run in a headless browser with a fresh profile; it compares every output with the golden "
    "vectors of the reference, and what it compared and allowed is held against golden.json",
    "graphics": "WebGL and WebGPU are computed by SwiftShader on the processor: their results are "
    "verified, and nothing here is a time",
    "checks": "the server changes, cuts off or refuses what it sends; the same tab loads the model "
    "again once that is over; storage is limited and changed in the browser itself",
    "download": "bytes of the bodies that the server sent until the model was loaded, had computed "
    "once and nothing more was asked for, with what the service worker fetches; the browser may "
    "keep what it got for ten minutes",
    "installability": "Chromium's own Page.getAppManifest and Page.getInstallabilityErrors, but "
    "for its word that a profile which forgets installs nothing",
    "sources": "every generated file is compared with its hash in edgegen.lock",
}
