"""The loader of web projects in Chromium: its Cache Storage, its quota, its secure pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from edgegen import api, chunks
from edgegen.chunks import Span
from support import web_loader
from support.browser import Browser, Rule, Server, browsing, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DIGITS = Path(__file__).resolve().parents[3] / "examples" / "digits" / "digits.tflite"
NAME = "model.bin"
SIZE = 200_000

# A machine that is not this one, as far as the browser knows.
ELSEWHERE = "other.test"

LOAD = """async ({ options, streamed, abortAt }) => {
  const { loadAsset, streamAsset } = await import("./loader.js");
  const kept = async () => {
    const [name] = await caches.keys();
    return name ? (await caches.open(name)).keys() : [];
  };
  const events = [];
  const controller = new AbortController();
  const all = {
    ...options,
    signal: controller.signal,
    onProgress(progress) {
      events.push(structuredClone(progress));
      if (progress.loaded >= abortAt) controller.abort();
    },
  };
  try {
    const manifest = "assets/model.bin.json";
    const layers = [];
    let file;
    if (streamed) {
      for await (const piece of streamAsset(manifest, all)) {
        file ??= new Uint8Array(events.at(-1).total);
        file.set(piece.bytes, piece.offset);
        layers.push(piece.layers);
      }
    } else {
      file = await loadAsset(manifest, all);
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
    const sha256 = Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
    // It is stored behind the load.
    const isWarned = () => events.some(({ warning }) => warning?.code === "storage");
    for (let tries = 0; tries < 500 && !isWarned(); tries += 1) {
      const urls = (await kept()).map(({ url }) => url);
      const isBegun = urls.some((url) => url.includes("?"));
      if (urls.some((url) => url.endsWith(".json")) && !isBegun) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { sha256, events, layers };
  } catch ({ name, code, message }) {
    return { error: { name, code, message }, events };
  }
}"""

Load = Callable[..., dict[str, Any]]


def data_of(length: int, seed: str = "") -> bytes:
    blocks = (hashlib.sha256(f"{seed}{each}".encode()).digest() for each in range(length // 32 + 1))
    return b"".join(blocks)[:length]


DATA = data_of(4 * SIZE + 99)
DIGEST = hashlib.sha256(DATA).hexdigest()


def publish(folder: Path, data: bytes, spans: list[Span] | None = None) -> None:
    for path, content in chunks.split(data, NAME, SIZE, spans).items():
        (folder / "assets" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "assets" / path).write_bytes(content)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing(f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1") as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    web_loader.write(tmp_path)
    page = '<!doctype html><title>t</title><link rel="icon" href="data:,">'
    (tmp_path / "index.html").write_text(page)
    publish(tmp_path, DATA)
    with serving(tmp_path, compression="gzip") as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with browser.page() as (page, _):
        page.goto(server.url)
        yield page


@pytest.fixture
def load(page: Page) -> Load:
    def call(**config: Any) -> dict[str, Any]:
        config["options"] = {"retries": 1} | config.get("options", {})
        found: dict[str, Any] = page.evaluate(LOAD, {"abortAt": 1e12} | config)
        return found

    return call


def fetched(server: Server) -> list[str]:
    """Names of the chunks that were asked for since the last call."""
    found = [Path(each.path).name for each in server.answers if "/chunks/" in each.path]
    server.answers.clear()
    return found


def names(data: bytes) -> list[str]:
    return [Path(each.path).name for each in chunks.make_manifest(data, NAME, SIZE).chunks]


def warnings(found: dict[str, Any]) -> list[dict[str, str]]:
    return [each["warning"] for each in found["events"] if "warning" in each]


def test_a_reload_comes_from_the_cache(page: Page, server: Server, load: Load) -> None:
    first = load()
    assert first["sha256"] == DIGEST
    assert warnings(first) == []
    assert sorted(fetched(server)) == sorted(names(DATA))
    page.reload()
    second = load()
    assert second["sha256"] == DIGEST
    assert second["events"][-1]["fromCache"] == len(DATA)
    assert fetched(server) == []


def test_a_load_that_was_left_goes_on_after_a_reload(
    page: Page, server: Server, load: Load
) -> None:
    found = load(abortAt=2 * SIZE, options={"concurrency": 1})
    assert found["error"]["name"] == "AbortError"
    page.evaluate(
        """async () => {
          for (let tries = 0; tries < 500; tries += 1) {
            const [name] = await caches.keys();
            const keys = name ? await (await caches.open(name)).keys() : [];
            if (keys.some(({ url }) => url.endsWith(".bin"))) return;
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        }"""
    )
    fetched(server)
    page.reload()
    found = load()
    assert found["sha256"] == DIGEST
    assert found["events"][-1]["fromCache"] >= SIZE
    assert 0 < len(fetched(server)) < 5


def test_a_changed_model(page: Page, server: Server, load: Load, tmp_path: Path) -> None:
    load()
    fetched(server)
    changed = DATA[:SIZE] + b"\x00\x01" + DATA[SIZE + 2 :]
    publish(tmp_path, changed)
    page.reload()
    assert load()["sha256"] == hashlib.sha256(changed).hexdigest()
    assert fetched(server) == [names(changed)[1]]
    kept = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          const keys = await (await caches.open(name)).keys();
          return keys.map(({ url }) => url.split("/").pop());
        }"""
    )
    assert sorted(kept) == sorted([*names(changed), f"{NAME}.json"])


def test_offline(page: Page, server: Server, load: Load) -> None:
    load()
    server.kill()
    found = load()
    assert found["sha256"] == DIGEST
    (warning,) = warnings(found)
    assert warning["code"] == "network"


def test_offline_on_the_first_visit(page: Page, server: Server, load: Load) -> None:
    page.evaluate('import("./loader.js")')
    server.kill()
    assert load()["error"]["code"] == "network"


def test_no_space(page: Page, server: Server, load: Load) -> None:
    session = page.context.new_cdp_session(page)
    quota = {"origin": server.url.rstrip("/"), "quotaSize": 2 * SIZE}
    session.send("Storage.overrideQuotaForOrigin", quota)
    found = load()
    assert found["sha256"] == DIGEST
    (warning,) = warnings(found)
    assert warning["code"] == "storage"
    assert "no space" in warning["message"]
    session.send("Storage.overrideQuotaForOrigin", {"origin": quota["origin"]})
    assert load()["sha256"] == DIGEST
    fetched(server)
    assert load()["events"][-1]["fromCache"] == len(DATA)


def test_a_flipped_byte(server: Server, load: Load) -> None:
    name = names(DATA)[2]
    server.rules.append(Rule(f"/assets/chunks/{name}", change=lambda data: data[:-1] + b"\xff"))
    error = load()["error"]
    assert (error["name"], error["code"]) == ("IntegrityError", "integrity")
    assert name in error["message"]
    server.rules.clear()
    assert load()["sha256"] == DIGEST


@pytest.mark.parametrize("bytes_", [0, 50_000])
def test_a_dropped_connection(server: Server, load: Load, bytes_: int) -> None:
    rule = Rule(f"/assets/chunks/{names(DATA)[1]}", cut=bytes_, times=1)
    server.rules.append(rule)
    assert load()["sha256"] == DIGEST
    assert any(not each.complete for each in server.answers)


def test_a_connection_that_is_always_dropped(server: Server, load: Load) -> None:
    server.rules.append(Rule("/assets/chunks/*", cut=100))
    assert load()["error"]["code"] == "network"


@pytest.mark.parametrize("content", ["", "{", '{"format": "edgegen-chunks"}', "<!doctype html>"])
def test_a_wrong_manifest(server: Server, load: Load, tmp_path: Path, content: str) -> None:
    (tmp_path / "assets" / f"{NAME}.json").write_text(content)
    error = load()["error"]
    assert (error["code"], "manifest" in error["message"]) == ("integrity", True)


def test_layers_stream_in_their_order(
    page: Page, server: Server, load: Load, tmp_path: Path
) -> None:
    publish(tmp_path, DATA, [Span(3 - each, each * SIZE, (each + 1) * SIZE) for each in range(4)])
    found = load(streamed=True)
    assert found["sha256"] == DIGEST
    assert found["layers"] == [None, [0, 0], [1, 1], [2, 2], [3, 3]]


def test_a_page_that_is_not_secure(browser: Browser, server: Server) -> None:
    with browser.page() as (page, _):
        page.goto(server.url.replace("127.0.0.1", ELSEWHERE))
        found = page.evaluate(LOAD, {"abortAt": 1e12})
        assert found["error"]["code"] == "backend"
        assert "secure pages only" in found["error"]["message"]


def test_blocked_storage(browser: Browser, server: Server) -> None:
    """Where cookies are blocked, reading `caches` throws."""
    with browser.page() as (page, _):
        page.add_init_script(
            "Object.defineProperty(globalThis, 'caches', { get() {"
            " throw new DOMException('The operation is insecure.', 'SecurityError'); } })"
        )
        page.goto(server.url)
        found = page.evaluate(LOAD, {"abortAt": 1e12})
        assert found["sha256"] == DIGEST
        (warning,) = warnings(found)
        assert warning["code"] == "storage"
        assert "keeps nothing" in warning["message"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "digits"
    api.scaffold(DIGITS, "browser", folder, engines=["aot"])
    return folder


def test_where_a_first_load_fails_the_whole_loader_goes_on(browser: Browser, project: Path) -> None:
    """Even if that does not come at once: the network was gone for a while."""
    with serving(project) as server, browser.page() as (page, _):
        page.goto(f"{server.url}edgegen/spec.js")
        server.rules.append(Rule("/edgegen/assets/chunks/*", cut=100, times=1))
        server.rules.append(Rule("/edgegen/loading/stream.js", status=503, times=1))
        found = page.evaluate(
            """async () => {
              const { load } = await import("/edgegen/model.js");
              const loaded = [];
              const model = await load({ onProgress: (each) => loaded.push(each.loaded) });
              const { outputs } = await model.predict(new Int8Array(64));
              model.dispose();
              return [outputs[0].length, loaded];
            }"""
        )
        asked = [each.status for each in server.answers if "loading/stream.js" in each.path]
    assert asked == [503, 200]
    assert found[0] == 10
    assert found[1] == sorted(found[1])


def test_a_page_forgets_what_former_versions_have_left(browser: Browser, project: Path) -> None:
    (manifest, *_) = (project / "edgegen" / "assets").glob("*.json")
    with serving(project) as server, browser.page() as (page, _):
        page.goto(f"{server.url}edgegen/spec.js")
        page.evaluate(
            """async (text) => {
              const cache = await caches.open("edgegen-chunks-1:/edgegen/assets/");
              const { chunks } = JSON.parse(text);
              chunks[0].sha256 = "0".repeat(64);
              const body = JSON.stringify({ ...JSON.parse(text), chunks });
              await cache.put("/edgegen/assets/former.json", new Response(body));
              const path = `/edgegen/assets/chunks/${chunks[0].sha256}.bin`;
              await cache.put(path, new Response("x"));
            }""",
            manifest.read_text(),
        )
        page.goto(server.url)
        page.wait_for_selector("#loading", state="hidden")
        left = page.evaluate(
            """async () => {
              let urls = [];
              for (let tries = 0; tries < 500; tries += 1) {
                const cache = await caches.open("edgegen-chunks-1:/edgegen/assets/");
                urls = (await cache.keys()).map(({ url }) => url);
                if (!urls.some((url) => /former|0{64}/.test(url))) break;
                await new Promise((resolve) => setTimeout(resolve, 10));
              }
              return urls.map((url) => url.split("/").pop());
            }"""
        )
        assert "former.json" not in left
        assert f"{'0' * 64}.bin" not in left
        assert any(each.endswith(".bin") for each in left)


def test_a_page_says_that_it_cannot_keep_the_model(browser: Browser, project: Path) -> None:
    """And goes on: the whole way of a warning, from the worker to the page."""
    with serving(project) as server, browser.page() as (page, _):
        page.add_init_script("delete Navigator.prototype.serviceWorker")  # it keeps files, too
        page.goto(f"{server.url}edgegen/spec.js")
        session = page.context.new_cdp_session(page)
        quota = {"origin": server.url.rstrip("/"), "quotaSize": 1000}
        session.send("Storage.overrideQuotaForOrigin", quota)
        page.goto(server.url)
        page.wait_for_selector("text=The browser has no space left for the model")
        page.wait_for_selector("#loading", state="hidden")
        assert page.text_content("#state") != "Not loaded"
