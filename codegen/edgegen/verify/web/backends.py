"""Replays the golden vectors on one backend after the other, with the project's own self-test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from edgegen.errors import DifferenceError
from edgegen.verify import outcome, selftest
from edgegen.verify.outcome import EngineFacts
from edgegen.verify.web import probe
from edgegen.verify.web.browser import Browser, BrowserError, Watched
from edgegen.verify.web.server import Server
from edgegen.verify.web.subject import Subject, engine_of

# Of backends that have threads; the others have one.
_THREADS = {"onnxruntime-wasm": (1, 2), "litert-wasm": (1, 2)}


def runs(backends: Iterator[str] | tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    """(title, backend, threads) of everything that is to be run."""
    for backend in backends:
        for threads in _THREADS.get(backend, (1,)):
            yield (backend if threads == 1 else f"{backend}, {threads} threads"), backend, threads


def verify(
    browser: Browser, server: Server, project: Subject, backend: str, threads: int
) -> EngineFacts:
    """Run the self-test page on one backend.

    Args:
        server: Whose pages are cross-origin isolated, or there are no threads.
    """
    said = Watched()
    try:
        with browser.page() as (page, said):
            found = probe.selftest_page(browser, page, server.url, backend, threads)
    except BrowserError as error:
        return outcome.engine_failed(_with_errors(error.what, said))
    strangers = said.strangers(server.url)
    if strangers:
        return outcome.engine_failed(f"it asked another server: {strangers[0]}")
    if isinstance(found, dict) and "error" in found:
        return _refused(project, backend, found["error"])
    try:
        told = selftest.parse(json.dumps(found), backend, project.golden, project.name)
    except DifferenceError as error:
        return outcome.engine_failed(error.what)
    if not told.description.startswith(f"{backend}, {threads} thread"):
        return outcome.engine_failed(f"it ran as {told.description}, not on {threads} threads")
    if said.problems:
        return outcome.engine_failed(f"console error: {said.problems[0]}")
    return outcome.engine_facts(told, project.golden)


def _refused(project: Subject, backend: str, error: Mapping[str, Any]) -> EngineFacts:
    """A browser without a device has no backend for it. But what computes on the processor is in
    every browser that this runs in."""
    reason = f"{error.get('message')} {error.get('fix')}".strip()
    has_module = (project.generated / "wasm" / f"{backend.partition('-')[2]}.wasm").is_file()
    is_processor = has_module if engine_of(backend) == "aot" else backend.endswith("-wasm")
    if error.get("code") == "backend" and not is_processor:
        return outcome.engine_not_verified(reason)
    return outcome.engine_failed(reason)


def _with_errors(reason: str, said: Watched) -> str:
    return f"{reason} {said.errors[0]}" if said.errors else reason
