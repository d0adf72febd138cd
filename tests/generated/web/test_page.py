"""The page of web projects: keyboard and screen reader, light and dark, narrow and wide; backends,
the benchmark, and what happens where a browser gives less than the page could use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from edgegen import frontends
from support import model_zoo, web_page, web_tools
from support.browser import NO_SIMD, Browser, Rule, Server, browsing, serving, shared_browser
from support.web_page import DIGITS, choose, is_too_wide, open_page, png, violations

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]


@pytest.fixture(scope="module")
def digits_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return web_page.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def digits(digits_project: Path) -> Iterator[Server]:
    with serving(digits_project) as server:
        yield server


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    model = model_zoo.models()["maximum_int8"]
    with serving(web_page.project(tmp_path_factory.mktemp("numbers"), model)) as server:
        yield server


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[Server]:
    model = models_dir / "mlperf_tiny_kws_dscnn_int8.tflite"
    description = (
        "[input.audio]\nsample_rate = 16000\nframe_length = 480\nhop = 320\nmel_bands = 40\n"
        "low_hz = 20\nhigh_hz = 4000\ncoefficients = 10\n"
    )
    place = tmp_path_factory.mktemp("sound")
    with serving(web_page.project(place, model, inputs=description)) as server:
        yield server


@pytest.fixture
def page(shared_browser: Browser, digits: Server) -> Iterator[Page]:
    with shared_browser.page() as (page, said):
        yield open_page(page, digits.url)
        assert said.errors == []


def grey(side: int = 48) -> bytes:
    return png(np.full((side, side), 90, np.uint8))


# Everyone


@pytest.mark.npm
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anyone_out(
    shared_browser: Browser, digits: Server, numbers: Server, sound: Server, scheme: str
) -> None:
    with shared_browser.page(color_scheme=scheme) as (page, _):
        open_page(page, digits.url)
        choose(page, b"no picture")
        expect(page.locator("#notices .notice")).to_have_count(1)
        assert violations(page) == []
        page.get_by_role("button", name="Draw").click()
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()
        assert violations(page) == []
        open_page(page, numbers.url)
        for button in page.get_by_role("button", name="Random").all():
            button.click()
        expect(page.locator("details")).to_be_visible()
        page.locator("details").evaluate("(details) => { details.open = true; }")
        assert violations(page) == []
        open_page(page, sound.url)
        page.get_by_role("button", name="Start microphone").click()
        expect(page.locator("#outputs > *")).to_be_visible()
        assert violations(page) == []


@pytest.mark.parametrize("width", [320, 768, 2560])
def test_no_width_has_to_be_scrolled_sideways(
    shared_browser: Browser, digits: Server, numbers: Server, sound: Server, width: int
) -> None:
    with shared_browser.page(viewport={"width": width, "height": 640}) as (page, _):
        for server in (digits, numbers, sound):
            open_page(page, server.url)
            assert not is_too_wide(page)
        open_page(page, digits.url)
        choose(page, grey())
        choose(page, b"no picture")
        expect(page.locator("#notices .notice")).to_have_count(1)
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator("#benchmark-figures dt")).to_have_count(4)
        assert not is_too_wide(page)
        # Large enough for a finger.
        for control in page.locator("button:visible, select:visible, .file:visible").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 44


def test_everything_works_by_keyboard(page: Page) -> None:
    def focused() -> str:
        found = page.evaluate(
            """(() => { const at = document.activeElement;
              return (at.labels?.[0]?.firstChild ?? at).textContent.trim(); })()"""
        )
        return str(found)

    def is_seen() -> bool:
        """A ring around the focus, or around the label that stands for it."""
        return bool(
            page.evaluate(
                """(() => { const at = document.activeElement;
                  return [at, at.closest("label")].some(
                    (each) => each && getComputedStyle(each).outlineStyle !== "none"); })()"""
            )
        )

    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        assert is_seen(), focused()
        order.append(focused())
    assert order == [
        "Skip to the model",
        "Dark theme",
        "Start camera",
        "Choose a picture",
        "Draw",
        "Runs on",
        "Warm-up samples",
        "Measured samples",
        "Start",
    ]
    page.get_by_role("button", name="Start camera").focus()
    page.keyboard.press("Enter")
    expect(page.locator("table.classes")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Start camera")).to_be_focused()
    page.get_by_label("Measured samples").focus()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.locator("#benchmark-figures dt")).to_have_count(4)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_focused()


def test_dark_and_light_are_chosen_and_remembered(shared_browser: Browser, digits: Server) -> None:
    def ground(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = "rgb(246, 243, 236)", "rgb(20, 24, 26)"
    with shared_browser.page(color_scheme="dark") as (page, _):
        open_page(page, digits.url)
        assert ground(page) == dark
        toggle = page.get_by_role("button", name="Dark theme")
        expect(toggle).to_have_attribute("aria-pressed", "true")
        toggle.click()
        assert ground(page) == light
        page.reload()
        expect(toggle).to_have_attribute("aria-pressed", "false")
        assert ground(page) == light
        toggle.click()
        assert ground(page) == dark


def test_who_wants_less_motion_gets_none(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page(reduced_motion="reduce") as (page, _):
        open_page(page, digits.url)
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()
        moving = page.evaluate(
            """[...document.querySelectorAll("*")].flatMap((each) => ["", "::before"].map(
              (part) => getComputedStyle(each, part))).filter((style) =>
              style.animationName !== "none" || !/^(0s(, )?)+$/.test(style.transitionDuration))
              .length"""
        )
        assert moving == 0


def test_a_strict_policy_keeps_everything_else_out(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page() as (page, _):
        refused = attacked(open_page(page, digits.url))
        assert set(refused) == {"script-src-elem", "img-src", "connect-src", False}


def attacked(page: Page) -> list[object]:
    """The directives that stopped what does not belong there, and whether a script came through."""
    found: list[object] = page.evaluate(
        """async () => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", (event) =>
            refused.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "globalThis.hacked = true";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "http://127.0.0.1:1/x.png";
          document.body.append(image);
          await fetch("http://127.0.0.1:1/").catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, 50));
          return [...refused, "hacked" in globalThis];
        }"""
    )
    return found


# Backends


def test_a_backend_may_be_chosen_and_is_remembered(page: Page) -> None:
    select = page.get_by_label("Runs on")
    assert select.locator("option").all_inner_texts() == [
        "The best one here",
        "aot-simd",
        "aot-baseline",
    ]
    select.select_option("aot-baseline")
    expect(page.locator("#backend-text")).to_have_text("In use: aot-baseline.")
    choose(page, grey())
    expect(page.locator("table.classes")).to_be_visible()
    with_baseline = web_page.scores(page)
    page.reload()
    expect(page.locator("#backend-text")).to_have_text("In use: aot-baseline.")
    select.select_option("")
    expect(page.locator("#backend-text")).to_have_text("In use: aot-simd.")
    choose(page, grey())
    expect(page.locator("table.classes")).to_be_visible()
    assert web_page.scores(page) == with_baseline


def test_a_backend_that_fails_takes_nothing_away(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page(service_workers="block") as (page, _):
        page.add_init_script(
            "localStorage.backend ??= 'aot-baseline'"  # chosen last time; now it is broken
        )
        broken = "**/edgegen/wasm/baseline.wasm"
        page.route(broken, lambda route: route.fulfill(status=404))
        open_page(page, digits.url)
        select = page.get_by_label("Runs on")
        notice = page.locator("#notices [data-kind=error]")
        expect(notice).to_contain_text("aot-baseline could not be loaded; aot-simd runs instead.")
        expect(select).to_be_enabled()
        expect(select).to_have_value("")
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()
        scores = web_page.scores(page)
        notice.get_by_role("button", name="Dismiss").click()
        select.select_option("aot-baseline")
        expect(notice).to_contain_text("aot-simd runs instead.")
        expect(select).to_have_value("")
        expect(page.locator("#state")).to_have_text("Ready on aot-simd")
        assert web_page.scores(page) == scores
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator("#benchmark-figures dt")).to_have_count(4)
        page.unroute(broken)
        select.select_option("aot-baseline")
        expect(page.locator("#state")).to_have_text("Ready on aot-baseline")
        expect(notice).to_have_count(0)


def test_without_simd_the_page_says_what_it_uses_and_why(digits: Server) -> None:
    with browsing(*NO_SIMD) as browser, browser.page() as (page, said):
        open_page(page, digits.url)
        expect(page.locator("#backend-text")).to_have_text("In use: aot-baseline.")
        assert page.locator("#backend-reasons").inner_text().count("aot-simd") == 1
        expect(page.locator("#backend option[value=aot-simd]")).to_be_disabled()
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()
        assert said.errors == []


def test_without_webassembly_the_page_says_so(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page(service_workers="block") as (page, _):
        page.route(
            "**/edgegen/worker.js",
            lambda route: route.fulfill(
                content_type="text/javascript",
                body="import './none.js'; import './worker-itself.js';",
            ),
        )
        page.route(
            "**/edgegen/none.js",
            lambda route: route.fulfill(
                content_type="text/javascript", body="delete globalThis.WebAssembly;"
            ),
        )
        worker = (digits.root / "edgegen" / "worker.js").read_text(encoding="utf-8")
        page.route(
            "**/edgegen/worker-itself.js",
            lambda route: route.fulfill(content_type="text/javascript", body=worker),
        )
        page.goto(digits.url)
        notice = page.locator("#notices [data-kind=error]")
        expect(notice).to_contain_text("This browser has no WebAssembly", timeout=30_000)
        expect(notice.get_by_role("button", name="Try again")).to_be_visible()
        expect(page.locator("#state")).to_have_text("Not loaded")


# Loading


def test_what_cannot_be_loaded_is_said_and_tried_again(
    shared_browser: Browser, digits: Server
) -> None:
    with shared_browser.page(service_workers="block") as (page, _):
        missing = "**/edgegen/assets/chunks/*"
        page.route(missing, lambda route: route.fulfill(status=404))
        page.goto(digits.url)
        notice = page.locator("#notices [data-kind=error]")
        expect(notice).to_have_count(1, timeout=60_000)
        expect(page.locator("#state")).to_have_text("Not loaded")
        expect(page.locator("#loading")).to_be_hidden()
        page.unroute(missing)
        notice.get_by_role("button", name="Try again").click()
        expect(page.locator("#state")).to_contain_text("Ready on")
        expect(notice).to_have_count(0)


def test_a_script_that_does_not_come_is_said(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page(reduced_motion="reduce", service_workers="block") as (page, _):
        page.route(
            "**/app/main.js",
            lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"),
        )
        page.goto(digits.url)
        expect(page.get_by_text("did not come as the script it should be")).to_be_visible()
        page.unroute("**/app/main.js")
        open_page(page, digits.url)
        expect(page.locator("#late")).to_have_count(0)


def test_a_page_that_cannot_compute_does_not_promise_to_do_so_offline(
    shared_browser: Browser, digits_project: Path
) -> None:
    missing = [Rule("/edgegen/assets/chunks/*", status=404)]
    with (
        serving(digits_project, rules=tuple(missing)) as server,
        shared_browser.page() as (page, _),
    ):
        page.goto(server.url)
        expect(page.locator("#state")).to_have_text("Not loaded", timeout=60_000)
        # The browser has all of the page by now, but for the weights.
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_timeout(500)
        expect(page.locator("#offline-text")).to_have_text("")
        server.rules.clear()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#offline-text")).to_have_text(
            "Works offline from now on.", timeout=30_000
        )


def test_progress_is_shown(shared_browser: Browser, digits_project: Path) -> None:
    slow = [Rule("/edgegen/assets/chunks/*", delay=4)]
    with serving(digits_project, rules=slow) as server, shared_browser.page() as (page, _):
        page.goto(server.url)
        expect(page.get_by_role("progressbar", name="Loading the model")).to_be_visible()
        expect(page.locator("#state")).to_contain_text("Ready on", timeout=60_000)
        expect(page.locator("#loading")).to_be_hidden()
        expect(page.locator("#loading-text")).to_contain_text(" kB of ")


def test_blocked_storage_breaks_nothing(shared_browser: Browser, digits: Server) -> None:
    with shared_browser.page() as (page, said):
        page.add_init_script(
            """for (const name of ["localStorage", "caches", "indexedDB"]) {
              Object.defineProperty(globalThis, name, {
                get() { throw new DOMException("blocked", "SecurityError"); } });
            }"""
        )
        open_page(page, digits.url)
        page.get_by_role("button", name="Dark theme").click()
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()
        assert said.errors == []


def test_the_page_works_offline_and_says_so(shared_browser: Browser, digits_project: Path) -> None:
    with serving(digits_project) as server, shared_browser.page() as (page, _):
        open_page(page, server.url)
        expect(page.locator("#offline-text")).to_have_text(
            "Works offline from now on.", timeout=30_000
        )
        server.kill()
        page.reload()
        expect(page.locator("#state")).to_contain_text("Ready on", timeout=30_000)
        choose(page, grey())
        expect(page.locator("table.classes")).to_be_visible()


# The benchmark


def test_a_benchmark_is_saved_with_what_it_was_measured_on(page: Page) -> None:
    page.get_by_label("Measured samples").fill("20")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#benchmark-text")).to_contain_text("measured in this browser")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as JSON").click()
    assert download.value.suggested_filename == "digits-benchmark.json"
    saved = json.loads(download.value.path().read_text(encoding="utf-8"))
    model = frontends.load(DIGITS / "digits.tflite")
    assert saved["model"]["sha256"] == model.source.sha256
    assert saved["backend"] == "aot-simd"
    assert saved["how"].startswith("measured in this browser")
    times = saved["milliseconds"]
    assert len(times["samples"]) == times["count"] == 20
    ordered = sorted(times["samples"])
    assert times["min"] == ordered[0]
    assert (times["p50"], times["p90"], times["p99"]) == (ordered[9], ordered[17], ordered[19])
    assert times["max"] == ordered[19]
    # The API's percentiles are the same.
    assert page.evaluate(
        """import("/edgegen/benchmark.js").then(({ statistics }) => {
          const times = [7, 3, 10, 1, 9, 2, 8, 5, 4, 6];
          const { median, p90, p99 } = statistics("", { batch: 1, times });
          return [median, p90, p99];
        })"""
    ) == [5, 9, 10]
    assert "Chrome/" in saved["device"]["userAgent"]
    assert saved["device"]["processors"] >= 1
    assert saved["device"]["crossOriginIsolated"] in (True, False)


def test_a_benchmark_can_be_cancelled(page: Page) -> None:
    page.get_by_label("Measured samples").fill("10000")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#benchmark-text")).to_have_text("Cancelled.")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    expect(page.locator("#notices .notice")).to_have_count(0)
    choose(page, grey())
    expect(page.locator("table.classes")).to_be_visible()


@pytest.mark.npm
def test_the_page_is_clean_for_typescript_eslint_and_html_validate(
    digits_project: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(digits_project, project)
    web_tools.link(project)
    typed = web_tools.run("tsc", "-p", ".", cwd=project)
    assert not [line for line in typed.stdout.splitlines() if line.startswith("app/")]
    linted = web_tools.run("eslint", "app", cwd=project)
    assert linted.returncode == 0, linted.stdout
    valid = web_tools.run("html-validate", "index.html", cwd=project)
    assert valid.returncode == 0, valid.stdout
