"""The service worker of web projects, in Chromium: offline, isolated, and whole through updates."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgegen import api
from support.browser import Browser, Rule, Server, serving, shared_browser

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """<!doctype html>
<html lang="en"><title>page</title>
<link rel="icon" href="data:,">
<link rel="manifest" href="manifest.webmanifest">
<script type="module" src="app/main.js"></script></html>
"""

# Tells what happens to it in `state`; `accept` is the latest update's.
MAIN = """
import { VERSION } from "./version.js";
import * as spec from "../edgegen/spec.js";
import { register } from "../edgegen/pwa/register.js";

const state = { version: VERSION, spec, updates: 0, offline: 0, problems: [], registered: null };
globalThis.state = state;
globalThis.registering = register({
  onUpdate: (accept) => { state.updates += 1; globalThis.accept = accept; },
  onOffline: () => { state.offline += 1; },
  onProblem: (error) => { state.problems.push(`${error.code}: ${error.message}`); },
}).then((registration) => { state.registered = registration !== null; });
"""

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits.tflite"

Page = Any


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose page is the one above."""
    site = tmp_path_factory.mktemp("pwa") / "site"
    api.scaffold(DIGITS, "browser", site, name="site")
    shutil.rmtree(site / "app", ignore_errors=True)
    (site / "app").mkdir()
    (site / "index.html").write_text(PAGE)
    (site / "app" / "main.js").write_text(MAIN)
    (site / "app" / "version.js").write_text("export const VERSION = 1;\n")
    (site / "app" / "later.js").write_text("export const later = 1;\n")
    return site


@pytest.fixture
def site(generated: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(generated, tmp_path / "site")


@pytest.fixture
def server(site: Path) -> Iterator[Server]:
    with serving(site) as server:
        yield server


def new_version(site: Path, path: str = "edgegen/spec.js") -> None:
    """The next version changes one generated file and one of the user's."""
    file, listed = site / path, site / "edgegen" / "pwa" / "precache.js"
    old = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_text(file.read_text() + "export const second = true;\n")
    new = hashlib.sha256(file.read_bytes()).hexdigest()
    text = listed.read_text()
    assert old in text
    version = re.search(r'VERSION = "([0-9a-f]+)"', text)
    assert version is not None
    listed.write_text(text.replace(old, new).replace(version[1], version[1][::-1]))
    (site / "app" / "version.js").write_text("export const VERSION = 2;\n")


def ready(page: Page, url: str) -> None:
    """The first visit, until the page works offline."""
    page.goto(url)
    page.wait_for_function("globalThis.state?.offline === 1")


def state(page: Page) -> dict[str, Any]:
    values: dict[str, Any] = page.evaluate("({...state, spec: Object.keys(state.spec)})")
    return values


def kept(page: Page) -> list[str]:
    """URLs of everything in Cache Storage, by cache."""
    urls: list[str] = page.evaluate(
        """async () => {
          const urls = [];
          for (const name of await caches.keys()) {
            for (const { url } of await (await caches.open(name)).keys()) urls.push(url);
          }
          return urls.sort();
        }"""
    )
    return urls


def test_a_page_can_be_installed(shared_browser: Browser, server: Server) -> None:
    with shared_browser.page() as (page, said):
        ready(page, server.url)
        session = page.context.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert manifest["url"] == f"{server.url}manifest.webmanifest"
        assert manifest["errors"] == []
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == [
            # A profile of its own is a private window, where nothing is ever installed.
            {"errorId": "in-incognito", "errorArguments": []}
        ]
        parsed = json.loads(manifest["data"])
        for icon in parsed["icons"]:
            size = page.evaluate(
                """async (source) => {
                  const image = new Image();
                  image.src = source;
                  await image.decode();
                  return `${image.naturalWidth}x${image.naturalHeight}`;
                }""",
                f"{server.url}{icon['src']}",
            )
            assert icon["sizes"] in (size, "any")
        assert {icon.get("purpose", "any") for icon in parsed["icons"]} == {"any", "maskable"}
        assert said.errors == []


def test_after_one_visit_the_server_is_not_needed(shared_browser: Browser, server: Server) -> None:
    with shared_browser.page() as (page, said):
        ready(page, server.url)
        assert state(page)["problems"] == []
        server.kill()
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")
        assert page.title() == "page"
        other = page.context.new_page()
        other.goto(f"{server.url}index.html?backend=any#part")
        other.wait_for_function("globalThis.state?.offline === 1")
        assert state(other)["registered"]
        assert said.strangers(server.url) == []


def test_a_host_without_headers_gets_an_isolated_page(
    shared_browser: Browser, server: Server
) -> None:
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        assert not page.evaluate("crossOriginIsolated")
        page.reload()
        assert page.evaluate("crossOriginIsolated")
        assert page.evaluate("new SharedArrayBuffer(8).byteLength") == 8
        server.kill()
        page.reload()
        assert page.evaluate("crossOriginIsolated")


def test_isolation_is_a_choice(shared_browser: Browser, site: Path, server: Server) -> None:
    worker = site / "service-worker.js"
    worker.write_text(worker.read_text().replace("\nstart();", "\nstart({ isolate: false });"))
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        assert not page.evaluate("crossOriginIsolated")


def test_a_new_version_waits_until_it_is_accepted_and_loads_pages_once(
    shared_browser: Browser, site: Path, server: Server
) -> None:
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()  # two tabs under the first version
        other = page.context.new_page()
        ready(other, server.url)
        before = kept(page)
        new_version(site)
        server.answers.clear()
        page.reload()
        page.wait_for_function("globalThis.state?.updates === 1")
        # A page is of one version, whoever's the files are.
        assert "second" not in state(page)["spec"]
        assert state(page)["version"] == 1
        # What is the same in both versions is not fetched again.
        fetched = [each.path for each in server.answers if each.path.startswith("/edgegen/")]
        assert sorted(set(fetched)) == [
            "/edgegen/errors.js",  # the service worker's own imports
            "/edgegen/pwa/precache.js",
            "/edgegen/pwa/service-worker-core.js",
            "/edgegen/spec.js",
        ]
        for each in (page, other):
            each.evaluate("sessionStorage.loads = 0")
            each.add_init_script("sessionStorage.loads = Number(sessionStorage.loads) + 1")
        page.evaluate("accept()")
        for each in (page, other):
            each.wait_for_function("globalThis.state?.spec.second && state.offline === 1")
            assert state(each)["version"] == 2
            assert state(each)["updates"] == 0
            assert each.evaluate("sessionStorage.loads") == "1"
        after = kept(page)
        assert len(after) == len(before)  # the old version's files are gone
        server.kill()
        page.reload()
        page.wait_for_function("globalThis.state?.version === 2")
        assert "second" in state(page)["spec"]


@pytest.mark.parametrize("broken", ["changed", "cut", "refused"])
def test_half_an_update_changes_nothing(
    shared_browser: Browser, site: Path, server: Server, broken: str
) -> None:
    path = "/edgegen/spec.js"
    rules = {
        "changed": Rule(path, change=lambda data: data.replace(b"const", b"let")),
        "cut": Rule(path, cut=100),
        "refused": Rule("/manifest.webmanifest", status=503),
    }
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        new_version(site)
        server.rules.append(rules[broken])
        page.reload()
        page.wait_for_function("globalThis.state?.problems.length > 0")
        seen = state(page)
        assert seen["updates"] == 0
        expected = {
            "changed": "integrity: edgegen/spec.js is not the file that this version has.",
            "cut": "network: edgegen/spec.js could not be fetched.",
            "refused": "network: manifest.webmanifest: the server answered 503.",
        }
        assert seen["problems"] == [expected[broken]]
        server.kill()
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")
        assert "second" not in state(page)["spec"]
        assert state(page)["version"] == 1
        # When the server has recovered, the update comes.
        server.rules.clear()
        server.start()
        page.reload()
        page.wait_for_function("globalThis.state?.updates === 1")


def test_several_sites_of_one_host_do_not_meet(
    shared_browser: Browser, generated: Path, tmp_path: Path
) -> None:
    for name in ("one", "one/deep", "two"):
        shutil.copytree(generated, tmp_path / "host" / name, dirs_exist_ok=True)
    new_version(tmp_path / "host" / "one" / "deep")
    with serving(tmp_path / "host") as server, shared_browser.page() as (page, _):
        for name in ("one", "one/deep", "two"):
            ready(page, f"{server.url}{name}/")
        scopes = page.evaluate(
            """async () => (await navigator.serviceWorker.getRegistrations())
                 .map(({ scope }) => scope).sort()"""
        )
        assert scopes == [f"{server.url}{name}/" for name in ("one", "one/deep", "two")]
        server.kill()
        for name, version in (("one", 1), ("one/deep", 2), ("two", 1)):
            page.goto(f"{server.url}{name}/")
            page.wait_for_function("globalThis.state?.offline === 1")
            assert state(page)["version"] == version


def test_your_files_come_from_the_network_while_there_is_one(
    shared_browser: Browser, site: Path, server: Server
) -> None:
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        (site / "app" / "version.js").write_text("export const VERSION = 3;\n")
        page.reload()
        page.wait_for_function("globalThis.state?.version === 3")
        # One that nobody listed and that is loaded late.
        assert page.evaluate("import('./app/later.js').then(({ later }) => later)") == 1
        server.rules.append(Rule("/app/*", status=503))
        page.reload()
        page.wait_for_function("globalThis.state?.version === 3")
        server.kill()
        page.reload()
        page.wait_for_function("globalThis.state?.version === 3")
        assert page.evaluate("import('./app/later.js').then(({ later }) => later)") == 1
        assert not page.evaluate("fetch('app/missing.js').then((r) => r.ok, () => false)")


def test_a_page_for_a_file_that_is_gone_is_not_kept(
    shared_browser: Browser, server: Server
) -> None:
    """Hosts of applications of a single page answer so: 200, and their page."""
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        assert page.evaluate("import('./app/later.js').then(({ later }) => later)") == 1
        for name in ("version", "later", "other"):
            server.pages[f"/app/{name}.js"] = PAGE.encode()
        page.reload()
        page.wait_for_function("globalThis.state?.version === 1")
        text = "fetch('app/other.js').then((response) => response.text())"
        assert page.evaluate(text) == PAGE
        page.wait_for_timeout(200)
        assert not [each for each in kept(page) if each.endswith("other.js")]
        server.kill()
        page.reload()
        page.wait_for_function("globalThis.state?.version === 1")
        assert page.evaluate("import('./app/later.js').then(({ later }) => later)") == 1


def test_a_kept_copy_is_better_than_waiting_on(shared_browser: Browser, server: Server) -> None:
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")
        server.rules.append(Rule("/app/version.js", delay=600))
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")


def test_what_nobody_uses_any_more_goes(shared_browser: Browser, server: Server) -> None:
    put = """async ([path, days]) => {
      const name = (await caches.keys()).find((each) => each.includes("users"));
      const date = new Date(Date.now() - days * 86_400_000).toUTCString();
      const file = new Response("", { headers: { Date: date } });
      await (await caches.open(name)).put(path, file);
    }"""
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        for path, days in (("a-1.js", 100), ("a-2.js", 80), ("icons/icon-192.png", 100)):
            page.evaluate(put, [path, days])
        page.reload()
        page.wait_for_function("globalThis.state?.offline === 1")
        urls = kept(page)
        assert f"{server.url}a-1.js" not in urls
        assert {f"{server.url}{each}" for each in ("a-2.js", "icons/icon-192.png")} < set(urls)


def test_without_its_service_worker_a_page_works(
    shared_browser: Browser, site: Path, server: Server
) -> None:
    (site / "service-worker.js").unlink()
    with shared_browser.page() as (page, said):
        page.goto(server.url)
        page.wait_for_function("globalThis.state?.registered === false")
        assert state(page)["version"] == 1
        assert len(state(page)["problems"]) == 1
        assert not [each for each in said.errors if each.startswith("uncaught")]


def test_failures_and_parts_are_not_kept(
    shared_browser: Browser, site: Path, server: Server
) -> None:
    chunks = site / "edgegen" / "assets" / "chunks"
    chunks.mkdir(parents=True, exist_ok=True)
    (chunks / "abc.bin").write_bytes(b"chunk")
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()
        before = kept(page)
        fetch = "(path) => fetch(path).then((response) => response.status)"
        assert page.evaluate(fetch, "missing.html") == 404
        assert page.evaluate(fetch, "app/version.js?x=1") == 200
        assert page.evaluate(fetch, "edgegen/assets/chunks/abc.bin") == 200
        server.rules.append(Rule("/app/later.js", cut=5))
        failed = "fetch('app/later.js').then((r) => r.text()).then(() => 'read', () => 'failed')"
        assert page.evaluate(failed) == "failed"
        page.wait_for_timeout(200)
        assert kept(page) == before
        # The loader's own cache is asked for a chunk when nothing else is there.
        page.evaluate(
            """async () => {
              const cache = await caches.open("the loader's");
              await cache.put("edgegen/assets/chunks/abc.bin", new Response("kept"));
            }"""
        )
        server.kill()
        read = "fetch('edgegen/assets/chunks/abc.bin').then((response) => response.text())"
        assert page.evaluate(read) == "kept"


def test_a_kept_file_is_given_in_parts(shared_browser: Browser, site: Path, server: Server) -> None:
    data = (site / "edgegen" / "errors.js").read_bytes()
    size = len(data)
    ask = """async (range) => {
      const answer = await fetch("edgegen/errors.js", { headers: { Range: range } });
      return [answer.status, answer.headers.get("Content-Range"), await answer.text()];
    }"""
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()
        server.kill()
        text = data.decode()
        for asked, start, end in (
            ("bytes=0-9", 0, 10),
            ("bytes=10-", 10, size),
            ("bytes=-7", size - 7, size),
            (f"bytes=5-{size * 2}", 5, size),
        ):
            expected = [206, f"bytes {start}-{end - 1}/{size}", text[start:end]]
            assert page.evaluate(ask, asked) == expected
        assert page.evaluate(ask, f"bytes={size}-") == [416, f"bytes */{size}", ""]
        assert page.evaluate(ask, "bytes=0-1,4-5") == [200, None, text]


def test_full_storage_leaves_a_page_that_works(shared_browser: Browser, server: Server) -> None:
    with shared_browser.page() as (page, _):
        session = page.context.new_cdp_session(page)
        session.send(
            "Storage.overrideQuotaForOrigin",
            {"origin": server.url.rstrip("/"), "quotaSize": 1000},
        )
        page.goto(server.url)
        page.wait_for_function("globalThis.state?.problems.length > 0")
        assert re.match("storage: The browser keeps no files", state(page)["problems"][0])
        page.reload()
        page.wait_for_function("globalThis.state?.registered === true")
        assert state(page)["version"] == 1


def test_requests_can_be_left_alone(shared_browser: Browser, site: Path, server: Server) -> None:
    worker = site / "service-worker.js"
    worker.write_text(worker.read_text().replace("\nstart();", '\nstart({ skip: ["api/"] });'))
    (site / "api").mkdir()
    (site / "api" / "data.json").write_text("[1]")
    with shared_browser.page() as (page, _):
        ready(page, server.url)
        page.reload()
        assert page.evaluate("fetch('api/data.json').then((answer) => answer.json())") == [1]
        assert not [url for url in kept(page) if "/api/" in url]
        server.kill()
        assert page.evaluate("fetch('api/data.json').then(() => false, () => true)")
