"""edgegen/model.js of web projects in a browser: what it gives, and what it says when it can't."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen import api, frontends, golden
from edgegen.inputs import ImageInput
from edgegen.preprocessing import prepare
from support.browser import NO_SIMD, Browser, Rule, browsing, serving, shared_browser

pytestmark = [pytest.mark.browser, pytest.mark.wasm]

__all__ = ["shared_browser"]

_INPUT = """
[input.image]
format = "gray8"
mean = 0
std = 255
"""

# Tools of the scripts below; what is thrown becomes [class, code, message, fix].
_TOOLS = """
const { load, ...module } = await import(new URL("edgegen/model.js", location.origin));
const named = (error) => [error.constructor.name, error.code, error.message, error.fix];
const failure = (promise) => promise.then(() => null, named);
const pixels = (width, height) => {
  const data = new Uint8ClampedArray(width * height * 4).map((_, i) => (i * 37) % 251);
  return new ImageData(data.map((value, i) => (i % 4 === 3 ? 255 : value)), width, height);
};
const crc = (tensor) => {
  let rest = ~0;
  for (const byte of new Uint8Array(tensor.buffer)) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return ~rest >>> 0;
};
"""


@pytest.fixture(scope="module")
def project(digits_tflite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits, from images."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "input.toml").write_text(_INPUT)
    labels = digits_tflite.with_name("labels.txt")
    where = folder / "digits"
    api.scaffold(digits_tflite, "browser", where, inputs=folder / "input.toml", labels=labels)
    return where


@contextmanager
def evaluating(
    project: Path, browser: Browser, *rules: Rule, pages: tuple[str, ...] = ()
) -> Iterator[Any]:
    """A function that runs a script's body in a page of the project's origin.

    Args:
        pages: Paths for which the host answers with a page.
    """
    with serving(project) as server, browser.page() as (page, _):
        server.rules.extend(rules)
        server.pages.update(dict.fromkeys(pages, b"<!doctype html>"))
        page.goto(f"{server.url.rstrip('/')}/edgegen/errors.js")
        yield lambda body, *arguments: page.evaluate(
            f"async (given) => {{ {_TOOLS} {body} }}", list(arguments)
        )


def test_the_outputs_are_those_of_tflm(
    project: Path, digits_tflite: Path, shared_browser: Browser
) -> None:
    model = frontends.load(digits_tflite)
    vectors = golden.make(model).vectors
    inputs = [golden.make_inputs(model, vector.seed)[0].ravel().tolist() for vector in vectors]
    with evaluating(project, shared_browser) as run:
        found = run(
            """
            const progress = [];
            const model = await load({ onProgress: (each) => progress.push(each) });
            // All at once: they are answered in order.
            const made = await Promise.all(given[0].map((values) =>
              model.predict(Int8Array.from(values))));
            const [first] = made;
            const real = await model.predict(
              Float32Array.from(given[0][0], (q) => (q - model.inputs[0].zeroPoint)
                * model.inputs[0].scale));
            const again = await model.benchmark(3);
            model.dispose();
            return { backend: model.backend, threads: model.threads, considered: model.considered,
              outputs: made.map(({ outputs }) => Array.from(outputs[0])), top: first.top(3),
              real: Array.from(real.outputs[0]), timing: first.timing, progress,
              times: again.times.length, median: again.median, batch: again.batch };
            """,
            inputs,
        )
    expected = [vector.outputs[0].ravel().tolist() for vector in vectors]
    assert found["outputs"] == expected
    assert found["real"] == expected[0]
    assert (found["backend"], found["threads"], found["considered"]) == ("aot-simd", 1, [])
    best = int(np.argmax(expected[0]))
    output = model.tensors[model.outputs[0]]
    score = (expected[0][best] - output.zero_point) * output.scale
    assert found["top"][0] == {"index": best, "label": str(best), "score": pytest.approx(score)}
    assert [each["score"] for each in found["top"]] == sorted(
        (each["score"] for each in found["top"]), reverse=True
    )
    assert found["progress"][-1]["loaded"] == found["progress"][-1]["total"] > 0
    assert found["times"] == 3
    assert found["median"] > 0
    assert set(found["timing"]) == {"preprocess", "inference", "total"}


def test_images_become_the_tensor_of_every_target(
    project: Path, digits_tflite: Path, shared_browser: Browser
) -> None:
    with evaluating(project, shared_browser) as run:
        found = run(
            """
            const model = await load();
            const image = pixels(31, 17);
            const bitmap = await createImageBitmap(image);
            const before = image.data.slice();
            const kept = [];
            const tensors = [];
            for (const value of [image, bitmap]) {
              tensors.push(crc(await model.preprocess(value)));
            }
            const predicted = await model.predict(bitmap);
            kept.push(bitmap.width, image.data.length);
            await model.predict(bitmap, { transfer: true });
            kept.push(bitmap.width);
            const array = new Int8Array(64);
            await model.predict(array);
            kept.push(array.length);
            await model.predict(array, { transfer: true });
            kept.push(array.length);
            const small = await model.preprocess(Uint8Array.from({ length: 64 }, (_, i) => i));
            model.dispose();
            return { tensors, kept, pixels: Array.from(before), small: Array.from(small) };
            """
        )
    model = frontends.load(digits_tflite)
    camera = ImageInput(width=31, height=17, format="rgba8", std=(255.0,))
    frame = np.array(found["pixels"], np.uint8).reshape(17, 31, 4)
    expected = zlib.crc32(prepare(model, camera).run(frame).tobytes())
    assert found["tensors"] == [expected, expected]
    # What is given stays the caller's, unless it may be handed over.
    assert found["kept"] == [31, 31 * 17 * 4, 0, 64, 0]
    gray = np.arange(64, dtype=np.uint8).reshape(8, 8)
    own = prepare(model, ImageInput(format="gray8", std=(255.0,))).run(gray)
    assert found["small"] == own.ravel().tolist()


def test_what_is_no_input_is_said_to_be_none(project: Path, shared_browser: Browser) -> None:
    with evaluating(project, shared_browser) as run:
        found = run(
            """
            const model = await load();
            const values = {
              short: new Int8Array(63), type: new Uint8Array(64), text: "digits", none: undefined,
              nan: new Float32Array(64).fill(NaN), two: [new Int8Array(64), new Int8Array(64)],
              infinite: new Float64Array(64).fill(Infinity),
              numbers: new Array(64).fill(0),
              view: new DataView(new ArrayBuffer(64)), file: new Blob(["no image"]),
              huge: new ImageData(4097, 4096),
            };
            const said = {};
            for (const [name, value] of Object.entries(values)) {
              said[name] = await failure(model.predict(value));
            }
            const closed = await createImageBitmap(pixels(4, 4));
            closed.close();
            said.closed = await failure(model.predict(closed));
            said.push = await failure(model.push(new Float32Array(4)));
            said.backend = await failure(load({ backend: "aot-gpu" }));
            said.threads = await failure(load({ threads: -1 }));
            said.samples = await failure(model.benchmark(0));
            said.raw = await failure(model.preprocess(new Uint8Array(63)));
            said.good = await failure(model.predict(new Int8Array(64)));
            model.dispose();
            return said;
            """
        )
    assert found.pop("good") is None
    assert found.pop("backend")[:2] == ["BackendError", "backend"]
    for name, (kind, code, message, _) in found.items():
        assert (kind, code) == ("InputError", "input"), name
        assert message.endswith((".", ")")) or name == "file", message
    assert found["short"][2] == (
        "Input 0 (args_0) has 63 elements; the model takes 64, int8 [1, 8, 8, 1]."
    )
    assert found["type"][3] == (
        "Give int8 [1, 8, 8, 1] as Int8Array, or a Float32Array of real numbers."
    )
    assert "4097 x 4096 pixels" in found["huge"][2]
    assert "typed array" in found["numbers"][3]


def test_signals_and_dispose_end_what_goes_on(project: Path, shared_browser: Browser) -> None:
    late = Rule("/edgegen/assets/chunks/*", delay=1.0, times=1)
    with evaluating(project, shared_browser, late) as run:
        found = run(
            """
            const reasons = [];
            const loading = new AbortController();
            const loaded = failure(load({ signal: loading.signal }));
            setTimeout(() => loading.abort(), 50);
            reasons.push((await loaded)[0]);
            reasons.push((await failure(load({ signal: AbortSignal.abort() })))[0]);
            const model = await load();
            const input = () => new Int8Array(64);
            const expected = Array.from((await model.predict(input())).outputs[0]);
            const stop = new AbortController();
            const long = failure(model.benchmark(100000, { signal: stop.signal }));
            const dropped = failure(model.predict(input(), { signal: stop.signal }));
            const after = model.predict(input());
            stop.abort(new RangeError("enough"));
            reasons.push((await long)[0], (await dropped)[2]);
            reasons.push(Array.from((await after).outputs[0]).join() === expected.join());
            const pending = failure(model.predict(input()));
            const busy = failure(model.benchmark(1000));
            await new Promise((resolve) => { setTimeout(resolve, 20); });
            model.dispose();
            model.dispose();
            reasons.push((await busy)[0], (await failure(model.predict(input())))[1]);
            await pending;
            return reasons;
            """
        )
    assert found == [
        *("DOMException", "DOMException", "RangeError", "enough", True),
        *("ClosedError", "closed"),
    ]


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("/edgegen/wasm/*", status=404), ("BackendError", "sh edgegen/native/build.sh")),
        (Rule("/edgegen/wasm/*", status=500), ("NetworkError", "")),
        (Rule("/edgegen/wasm/*", change=flipped), ("BackendError", "")),
        (Rule("/edgegen/assets/chunks/*", change=flipped), ("IntegrityError", "")),
        (Rule("/edgegen/worker.js", status=404), ("BackendError", "")),
    ],
    ids=["no module", "server", "no code", "chunk", "no worker"],
)
def test_files_that_are_not_right_are_named(
    project: Path, shared_browser: Browser, rule: Rule, expected: tuple[str, str]
) -> None:
    with evaluating(project, shared_browser, rule) as run:
        kind, _, message, fix = run('return failure(load({ backend: "aot-simd" }));')
    assert kind == expected[0], message
    assert expected[1] in fix


def test_a_page_instead_of_the_better_code_is_told(project: Path, shared_browser: Browser) -> None:
    simd, baseline = (f"/edgegen/wasm/{each}.wasm" for each in ("simd", "baseline"))
    with evaluating(project, shared_browser, pages=(simd,)) as run:
        found = run("const model = await load(); return [model.backend, model.considered];")
    reason = "simd.wasm is answered with a page."
    assert found == ["aot-baseline", [{"backend": "aot-simd", "reason": reason}]]
    with evaluating(project, shared_browser, pages=(simd, baseline)) as run:
        kind, _, message, fix = run("return failure(load());")
    assert (kind, reason in message) == ("BackendError", True)
    assert "sh edgegen/native/build.sh" in fix


def test_weights_and_code_of_two_projects_do_not_go_together(
    project: Path, shared_browser: Browser
) -> None:
    other = (project / "edgegen/wasm/baseline.wasm").read_bytes()
    rule = Rule("/edgegen/wasm/simd.wasm", change=lambda _: other)
    with evaluating(project, shared_browser, rule) as run:
        kind, code, _, fix = run('return failure(load({ backend: "aot-simd" }));')
    assert (kind, code) == ("IntegrityError", "integrity")
    assert "build.sh" in fix


def test_without_vectors_the_baseline_is_taken_and_it_says_why(project: Path) -> None:
    with browsing(*NO_SIMD) as browser, evaluating(project, browser) as run:
        found = run(
            """
            const model = await load();
            const { outputs } = await model.predict(new Int8Array(64));
            model.dispose();
            const asked = await failure(load({ backend: "aot-simd" }));
            return [model.backend, model.considered, outputs[0].length, asked];
            """
        )
    backend, considered, count, asked = found
    assert backend == "aot-baseline"
    assert considered == [
        {"backend": "aot-simd", "reason": "This browser has no vectors in WebAssembly."}
    ]
    assert count == 10
    assert asked[:2] == ["BackendError", "backend"]
