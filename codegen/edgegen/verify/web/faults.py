"""Breaks what the model is loaded from, and looks whether it is told, mended, or neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edgegen.verify.outcome import FAIL, NOT_VERIFIED, PASS
from edgegen.verify.subject import Progress
from edgegen.verify.web import browser as browsers
from edgegen.verify.web import probe
from edgegen.verify.web.browser import Browser, BrowserError
from edgegen.verify.web.probe import WORKS, Outcome
from edgegen.verify.web.report import CheckFacts
from edgegen.verify.web.server import Rule, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SECONDS = 400.0
_QUOTA_BYTES = 1000

# (module (func (result v128) i32.const 0, i8x16.splat))
_HAS_SIMD = """WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1,
  123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]))"""

# Loads the model; then the first warning, which may come behind the load, or the error.
_TOLD = """async (backend) => {
  const { load } = await import(new URL("/edgegen/model.js", document.baseURI));
  let tell;
  const told = new Promise((resolve) => { tell = resolve; });
  const onProgress = ({ warning }) => {
    if (warning) tell(`${warning.code}: ${warning.message}`);
  };
  try {
    const model = await load({ backend, onProgress });
    setTimeout(tell, 10000, "");
    return await told.finally(() => model.dispose());
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
}"""

_KEPT = """async () => {
  let kept = 0;
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) {
      kept += url.includes("/edgegen/assets/chunks/");
    }
  }
  return kept;
}"""

_SPOIL_CACHES = """async () => {
  let spoiled = 0;
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (request.url.includes("/edgegen/assets/chunks/")) {
        const bytes = new Uint8Array(await (await cache.match(request)).arrayBuffer());
        bytes[bytes.length >> 1] ^= 1;
        await cache.put(request, new Response(bytes));
        spoiled += 1;
      }
    }
  }
  return spoiled;
}"""


@dataclass(frozen=True, slots=True)
class Files:
    """What loading a backend fetched, as paths of URLs; "" where there was none.

    Attributes:
        chunk_bytes: Of the first chunk.
    """

    manifest: str
    chunk: str
    chunk_bytes: int
    module: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks on its way.

    Attributes:
        accepted: What may come of it: `WORKS`, or codes of typed errors.
    """

    what: str
    rule: Rule
    accepted: tuple[str, ...]


def verify(
    browser: Browser, server: Server, backend: str, progress: Progress
) -> Iterator[CheckFacts]:
    """Everything, on one backend that works; ends with rules as they were: none."""
    server.pages[probe.BLANK_PATH] = probe.BLANK
    try:
        with browser.limit(_SECONDS, "Loading the model in a blank page"):
            files = _files(browser, server, backend)
        for fault in _faults(files):
            progress(f"{backend}: {fault.what}")
            with browser.limit(_SECONDS, fault.what):
                found = _try(browser, server, backend, fault)
            yield found
        for what, check in (
            ("Storage that is full", _full_storage),
            ("A cached chunk that was changed", _spoiled_cache),
        ):
            progress(f"{backend}: {what}")
            if not files.chunk:
                yield CheckFacts(what, NOT_VERIFIED, "", "this backend loads no chunk")
                continue
            with browser.limit(_SECONDS, what):
                found = check(browser, server, backend, what)
            yield found
    except BrowserError as error:
        yield CheckFacts("Load the model in a blank page", FAIL, error.what, error.what)
    finally:
        server.rules = []


def without_simd(server: Server, *, has_baseline: bool) -> CheckFacts:
    """The whole browser without vector instructions.

    Args:
        has_baseline: Whether the project has a module for such browsers.
    """
    what = "A browser without WebAssembly SIMD"
    server.pages[probe.BLANK_PATH] = probe.BLANK
    try:
        with browsers.running(browsers.NO_SIMD) as browser, browser.page() as (page, _):
            page.goto(_blank(server))
            if page.evaluate(_HAS_SIMD):
                reason = "this browser cannot be told to have none"
                return CheckFacts(what, NOT_VERIFIED, "", reason)
            found = probe.replay(browser, page, what)
    except BrowserError as error:
        return CheckFacts(what, FAIL, error.what, f"{what}: {error.what}")
    text = f"{found.text}, on {found.backend}" if found.backend else found.text
    wanted = found.works and (found.backend == "aot-baseline" or not has_baseline)  # or WebGL
    if wanted or (not has_baseline and found.kind == "backend"):
        return CheckFacts(what, PASS, text)
    return CheckFacts(what, FAIL, text, f"{what}: {text}")


def _files(browser: Browser, server: Server, backend: str) -> Files:
    start = len(server.answers)
    with browser.page() as (page, _):
        page.goto(_blank(server))
        found = probe.replay(browser, page, "Loading the model in a blank page", backend=backend)
    if not found.works:
        raise BrowserError(f"The model does not load in a blank page: {found.text}")
    answers = [each for each in server.answers[start:] if each.status == 200]
    manifests = [a.path for a in answers if a.path.startswith("/edgegen/assets/")]
    chunks = [a for a in answers if a.path.startswith("/edgegen/assets/chunks/")]
    modules = [a.path for a in answers if a.path.startswith("/edgegen/wasm/")]
    return Files(
        manifest=next((path for path in manifests if path.endswith(".json")), ""),
        chunk=chunks[0].path if chunks else "",
        chunk_bytes=chunks[0].bytes if chunks else 0,
        module=next((path for path in modules if path.endswith(".wasm")), ""),
    )


def _faults(files: Files) -> Iterator[Fault]:
    if chunk := files.chunk:
        part = max(1, files.chunk_bytes // 16)
        yield Fault("A flipped byte in a chunk", Rule(chunk, change=_flipped), ("integrity",))
        yield Fault(
            "A flipped byte in a chunk, once",
            Rule(chunk, change=_flipped, times=1),
            (WORKS, "integrity"),
        )
        yield Fault("A connection that drops in every chunk", Rule(chunk, cut=part), ("network",))
        yield Fault(
            "A connection that drops in the middle of a chunk, once",
            Rule(chunk, cut=files.chunk_bytes // 2, times=1),
            (WORKS,),
        )
        yield Fault("A chunk that is not there", Rule(chunk, status=404), ("network",))
        yield Fault("A server that is busy, once", Rule(chunk, status=503, times=1), (WORKS,))
    if manifest := files.manifest:
        yield Fault("A manifest that is not there", Rule(manifest, status=404), ("network",))
        for what, change in _MANIFESTS:
            yield Fault(what, Rule(manifest, change=change), ("integrity",))
    if module := files.module:
        codes = ("backend", "integrity", "network")
        yield Fault("A WebAssembly module that is not there", Rule(module, status=404), codes)
        yield Fault("Half a WebAssembly module", Rule(module, change=_halved), codes)


def _edited(edit: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """A manifest's bytes, after something was changed in it."""

    def change(data: bytes) -> bytes:
        facts = json.loads(data)
        edit(facts)
        return json.dumps(facts).encode()

    return change


def _halved(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


_MANIFESTS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("Half a manifest", _halved),
    ("A manifest that is a page", lambda _: b"<!doctype html><title>Sign in</title>"),
    ("A manifest of a later version", _edited(lambda facts: facts.update(version=99))),
    (
        "A manifest with a chunk too few",
        _edited(lambda facts: facts.update(chunks=facts["chunks"][1:])),
    ),
    (
        "A manifest whose chunk leads out of its folder",
        _edited(lambda facts: facts["chunks"][0].update(sha256="../../spec.js#" + "0" * 50)),
    ),
)


def _try(browser: Browser, server: Server, backend: str, fault: Fault) -> CheckFacts:
    """Load while it is broken, then again in the same tab when it is not."""
    with browser.page() as (page, said):
        page.goto(_blank(server))
        server.rules = [fault.rule]
        found = probe.replay(browser, page, fault.what, backend=backend)
        server.rules = []
        after = probe.replay(browser, page, f"{fault.what}, and mended", backend=backend)
        return _judged(fault.what, found, after, fault.accepted, said.errors)


def _judged(
    what: str, found: Outcome, after: Outcome, accepted: tuple[str, ...], errors: list[str]
) -> CheckFacts:
    wanted = found.kind in accepted
    if wanted and after.works and not _uncaught(errors):
        return CheckFacts(what, PASS, found.text)
    if not wanted:
        reason = f"{what}: {found.text}"
    elif not after.works:
        reason = f"{what}: it does not load afterwards: {after.text}"
    else:
        reason = f"{what}: {_uncaught(errors)[0]}"
    return CheckFacts(what, FAIL, found.text, reason)


def _uncaught(errors: list[str]) -> list[str]:
    """Browsers themselves log failed requests as errors; exceptions that nobody caught are ours."""
    return [each for each in errors if each.startswith("uncaught")]


def _full_storage(browser: Browser, server: Server, backend: str, what: str) -> CheckFacts:
    """The project has to notice that nothing is kept, and say so: then it was full indeed."""
    with browser.page() as (page, said):
        page.goto(_blank(server))
        session = page.context.new_cdp_session(page)
        origin = server.url.rstrip("/")
        session.send(
            "Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": _QUOTA_BYTES}
        )
        found = probe.replay(browser, page, what, backend=backend)
        told = str(page.evaluate(_TOLD, backend))
        kept = int(page.evaluate(_KEPT))
        session.send("Storage.overrideQuotaForOrigin", {"origin": origin})
        after = probe.replay(browser, page, f"{what}, and freed", backend=backend)
    if kept:
        return CheckFacts(what, NOT_VERIFIED, "", f"the browser kept {kept} chunks all the same")
    if not told.startswith("storage: "):
        return CheckFacts(what, FAIL, told, f"{what}: nothing says that the model is not kept")
    found = replace(found, text=f"{found.text}; {told.removeprefix('storage: ')}")
    return _judged(what, found, after, (WORKS, "storage"), said.errors)


def _spoiled_cache(browser: Browser, server: Server, backend: str, what: str) -> CheckFacts:
    with browser.page() as (page, said):
        page.goto(_blank(server))
        probe.replay(browser, page, what, backend=backend)
        if not _spoiled(page):
            return CheckFacts(what, NOT_VERIFIED, "", "no chunk is in Cache Storage")
        found = probe.replay(browser, page, what, backend=backend)
        after = probe.replay(browser, page, what, backend=backend)
        return _judged(what, found, after, (WORKS, "integrity"), said.errors)


def _spoiled(page: Page) -> int:
    return int(page.evaluate(_SPOIL_CACHES))


def _blank(server: Server) -> str:
    return server.url.rstrip("/") + probe.BLANK_PATH
