"""What a web project's API is given by the careless and the malicious: a typed error in the
promise, and a model that goes on working."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from edgegen import api, tools
from edgegen.verify.web import browser as browsers
from edgegen.verify.web import probe
from support.browser import Browser, Server, browsing, serving, shared_browser

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits"

# What a promise came to: its value, or its error as a caller sees it.
SETTLED = """async (make) => {
  const api = await import("/edgegen/model.js");
  try {
    return { value: await make(api) };
  } catch (error) {
    return {
      code: error.code, name: error.name, message: error.message, fix: error.fix,
      typed: error instanceof api.EdgegenError,
    };
  }
}"""

GOOD = """async (api) => {
  const { makeInputs, readGolden } = await import("/edgegen/golden.js");
  const { seeds, expected } = await readGolden();
  const { outputs } = await globalThis.model.predict(makeInputs(seeds[0]));
  return String(outputs[0]) === String(expected[0][0]);
}"""


def settled(page: Page, make: str) -> dict[str, Any]:
    """``make`` is a JavaScript function of the module model.js."""
    found: dict[str, Any] = page.evaluate(f"({SETTLED})({make})")
    return found


def png(width: int, height: int) -> bytes:
    """A black picture of one bit per pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("web") / "digits"
    inputs = EXAMPLE / "input.toml"
    api.scaffold(EXAMPLE / "digits.tflite", "browser", project, engines=["aot"], inputs=inputs)
    whole = png(800, 800)
    (project / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (project / "photo.png").write_bytes(png(10_000, 10_000))
    (project / "bomb.png").write_bytes(png(60_000, 30_000))
    with serving(project) as server:
        server.pages[probe.BLANK_PATH] = probe.BLANK
        yield server


@pytest.fixture(scope="module")
def page(server: Server, shared_browser: Browser) -> Iterator[Page]:
    """One page with one model for all tests that spoil neither."""
    with shared_browser.page() as (page, said):
        page.goto(server.url.rstrip("/") + probe.BLANK_PATH)
        loaded = settled(page, "async ({ load }) => { globalThis.model = await load(); return 1; }")
        assert loaded == {"value": 1}
        yield page
    assert said.errors == []


@pytest.mark.parametrize(
    "given",
    [
        "new Int8Array(3)",
        "new Int8Array(0)",
        "[]",
        "[new Int8Array(model.inputs[0].shape.reduce((a, b) => a * b)), new Int8Array(1)]",
        "new Int16Array(model.inputs[0].shape.reduce((a, b) => a * b))",
        "new Float32Array(model.inputs[0].shape.reduce((a, b) => a * b)).fill(NaN)",
        "new Float32Array(model.inputs[0].shape.reduce((a, b) => a * b)).fill(-Infinity)",
        "new DataView(new ArrayBuffer(64))",
        "new ArrayBuffer(64)",
        "null",
        "undefined",
        "'an image'",
        "{ length: 64 }",
        "detached()",
        "new Blob(['no image at all'], { type: 'image/png' })",
        "new Blob([])",
        "new Image()",
        "closed()",
        "fetch('/truncated.png').then((answer) => answer.blob())",
        "fetch('/photo.png').then((answer) => answer.blob())",
        "fetch('/bomb.png').then((answer) => answer.blob())",
    ],
)
def test_what_is_no_input(page: Page, given: str) -> None:
    found = settled(
        page,
        f"""async (api) => {{
          const model = globalThis.model;
          const detached = () => {{
            const array = new Int8Array(64);
            structuredClone(array.buffer, {{ transfer: [array.buffer] }});
            return array;
          }};
          const closed = async () => {{
            const bitmap = await createImageBitmap(new ImageData(8, 8));
            bitmap.close();
            return bitmap;
          }};
          const given = await ({given});
          return String((await model.predict(given)).outputs);
        }}""",
    )
    decoded = given.startswith("fetch('/truncated") and "value" in found
    if not decoded:  # half a picture is one, for some decoders
        assert (found.get("code"), found.get("typed")) == ("input", True), found
        assert found["message"]
    assert settled(page, GOOD) == {"value": True}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("{ backend: 'aot-quantum' }", "backend"),
        ("{ backend: '__proto__' }", "backend"),
        ("{ threads: -1 }", "input"),
        ("{ threads: 1.5 }", "input"),
        ("{ threads: NaN }", "input"),
    ],
)
def test_options_that_are_none(page: Page, options: str, code: str) -> None:
    found = settled(page, f"async ({{ load }}) => {{ await load({options}); }}")
    assert (found["code"], found["typed"]) == (code, True)


def test_disposed(page: Page) -> None:
    found = settled(
        page,
        """async ({ load }) => {
          const model = await load();
          const pending = model.benchmark(100000);
          model.dispose();
          model.dispose();
          const ended = await pending.catch((error) => error.code);
          const later = await model.predict(new Int8Array(64)).catch((error) => error.code);
          return [ended, later];
        }""",
    )
    assert found == {"value": ["closed", "closed"]}


def test_aborted(page: Page) -> None:
    found = settled(
        page,
        """async ({ load }) => {
          const reason = new Error("mine");
          const signal = AbortSignal.abort(reason);
          const later = new AbortController();
          const loading = load({ signal: later.signal });
          later.abort(reason);
          const predicting = globalThis.model.predict(new Int8Array(64), { signal });
          const all = [load({ signal }), loading, predicting];
          const ended = all.map((each) => each.then(() => "done", (error) => error === reason));
          return Promise.all(ended);
        }""",
    )
    assert found == {"value": [True, True, True]}


def test_a_hundred_at_once_are_answered_in_their_order(page: Page) -> None:
    found = settled(
        page,
        """async () => {
          const { makeInputs } = await import("/edgegen/golden.js");
          const seeds = Array.from({ length: 100 }, (_, index) => index);
          const alone = [];
          for (const seed of seeds) {
            alone.push(String((await globalThis.model.predict(makeInputs(seed))).outputs));
          }
          const together = await Promise.all(
            seeds.map((seed) => globalThis.model.predict(makeInputs(seed))),
          );
          return together.every(({ outputs }, index) => String(outputs) === alone[index]);
        }""",
    )
    assert found == {"value": True}


def test_without_webassembly(server: Server) -> None:
    """As in a mode of browsers that trusts no compiler."""
    with browsing("--js-flags=--jitless") as browser, browser.page() as (page, _):
        page.goto(server.url.rstrip("/") + probe.BLANK_PATH)
        assert page.evaluate("typeof WebAssembly") == "undefined"
        found = settled(page, "async ({ load }) => { await load(); }")
    assert (found["code"], found["typed"]) == ("backend", True)
    assert "WebAssembly" in found["message"]


def test_blocked_storage(server: Server) -> None:
    """As when a person forbids this site to keep anything: the browser's own setting."""
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    with tempfile.TemporaryDirectory() as profile, browsers._playwright() as playwright:
        preferences = Path(profile) / "Default" / "Preferences"
        preferences.parent.mkdir()
        preferences.write_text(json.dumps(blocked))
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=tools.require("chromium").path, args=list(browsers.FLAGS)
        )
        try:
            page = context.pages[0]
            page.goto(server.url.rstrip("/") + probe.BLANK_PATH)
            refused = page.evaluate("caches.keys().catch((error) => error.name)")
            assert refused == "SecurityError"
            found = settled(
                page, "async ({ load }) => { globalThis.model = await load(); return 'loaded'; }"
            )
            assert found == {"value": "loaded"}
            assert settled(page, GOOD) == {"value": True}
        finally:
            context.close()
