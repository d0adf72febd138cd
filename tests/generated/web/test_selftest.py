"""The self-test of web projects, in a browser: what it compares, and what it takes for wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from edgegen import api, golden
from edgegen.frontends import tflite
from edgegen.model import DType
from edgegen.targets import web_golden
from support import model_zoo
from support.browser import Browser, Rule, Server, serving, shared_browser

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"

# Instead of the real one: answers what a test wants.
MODEL = """
import { makeInputs, readGolden } from "./golden.js";
export async function load({ backend = "aot-simd" }) {
  const { expected, seeds } = await readGolden();
  if (globalThis.loadError) throw globalThis.loadError;
  let vector = -1;
  return {
    backend: globalThis.taken ?? backend,
    threads: 2,
    async predict(inputs) {
      vector += 1;
      const wanted = makeInputs(seeds[vector]);
      if (String(inputs) !== String(wanted)) throw new Error("other inputs");
      const outputs = expected[vector].map((each) => each.slice());
      return { outputs: globalThis.spoil?.(outputs, vector) ?? outputs };
    },
    async preprocess(raw) {
      return globalThis.prepared ?? raw;
    },
    dispose() {
      globalThis.disposed = true;
    },
  };
}
"""


def scaffold(place: Path, model: bytes | Path, **options: Any) -> Path:
    if isinstance(model, bytes):
        (place / "model.tflite").write_bytes(model)
        model = place / "model.tflite"
    project = place / "project"
    api.scaffold(model, "browser", project, engines=["aot"], **options)
    (project / "edgegen" / "model.js").write_text(MODEL)
    return project


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("digits")
    with serving(scaffold(place, EXAMPLE / "digits.tflite")) as server:
        yield server


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("floats")
    with serving(scaffold(place, model_zoo.models()["conv_2d_float32"])) as server:
        yield server


@pytest.fixture
def page(shared_browser: Browser) -> Iterator[Page]:
    with shared_browser.page() as (page, said):
        yield page
    assert said.errors == []


def report_of(page: Page, server: Server, setting: str = "", query: str = "") -> dict[str, Any]:
    """What selftest.html says, once something has been set in its page."""
    page.add_init_script(setting)
    page.goto(f"{server.url}edgegen/selftest.html{query or '?backend=aot-simd'}")
    page.wait_for_selector("#json[data-done]", state="attached")
    report: dict[str, Any] = json.loads(page.text_content("#json") or "")
    return report


def test_equal_outputs_pass(page: Page, digits: Server) -> None:
    report = report_of(page, digits)
    assert report["passed"] is True
    assert (report["engine"], report["name"]) == ("aot-simd", "digits")
    assert report["description"] == "aot-simd, 2 threads"
    assert report["reference"].startswith("tflite-micro")
    (output,) = report["outputs"]
    assert output["difference"] == output["max_abs_diff"] == output["other_best"] == 0
    assert (output["measure"], output["limit"]) == ("steps", 0)
    assert page.text_content("#verdict") == "Passed: the results are the model's."
    assert page.locator("#rows tr").count() == 1
    assert page.evaluate("globalThis.disposed") is True


@pytest.mark.parametrize(
    ("spoiled", "difference"),
    [
        ("outputs[0][9] += vector === 3 ? -1 : 0; return outputs", 1),
        ("return [outputs[0].slice(1)]", None),
        ("return [new Uint8Array(outputs[0].buffer)]", None),
        ("return [Float32Array.from(outputs[0])]", None),
    ],
)
def test_one_step_fails(page: Page, digits: Server, spoiled: str, difference: float | None) -> None:
    setting = f"globalThis.spoil = (outputs, vector) => {{ {spoiled} }}"
    report = report_of(page, digits, setting)
    (output,) = report["outputs"]
    assert (report["passed"], output["passed"]) == (False, False)
    assert output["difference"] == difference
    assert page.text_content("#verdict") == "Failed"
    assert page.get_attribute("#verdict", "data-passed") == "false"


@pytest.mark.parametrize(
    ("spoiled", "passed"),
    [
        ("outputs[0][0] *= 1 + 5e-6", True),
        ("outputs[0][0] = 2e-5 * Math.max(...outputs[0].map(Math.abs)) + outputs[0][0]", False),
        ("outputs[0][0] = NaN", False),
        ("outputs[0][0] = Infinity", False),
        ("outputs[0][0] = -outputs[0][0] - 1", False),
    ],
)
def test_floats(page: Page, floats: Server, spoiled: str, passed: bool) -> None:
    setting = f"globalThis.spoil = (outputs) => {{ {spoiled}; return outputs; }}"
    report = report_of(page, floats, setting)
    assert report["outputs"][0]["measure"] == "relative"
    assert report["passed"] is passed, report


def test_another_backend_is_no_pass(page: Page, digits: Server) -> None:
    report = report_of(page, digits, "globalThis.taken = 'aot-baseline'")
    assert report["error"]["code"] == "backend"
    assert "aot-baseline was taken" in report["error"]["message"]
    assert page.text_content("#verdict") == "Failed"
    assert "aot-baseline was taken" in (page.text_content("#rows") or "")


def test_all_backends_one_after_the_other(page: Page, digits: Server) -> None:
    reports = report_of(page, digits, query="?")
    assert [each["engine"] for each in reports] == ["aot-simd", "aot-baseline"]
    assert all(each["passed"] for each in reports)
    assert page.locator("#rows tr").count() == 2


def test_vectors_of_another_model(page: Page, digits: Server) -> None:
    digits.rules.append(Rule("/edgegen/golden.bin", change=lambda _: b"\0" * 41, times=1))
    report = report_of(page, digits)
    assert report["error"]["code"] == "integrity"
    assert report["error"]["fix"]


def test_inputs_are_those_of_the_reference(page: Page, digits: Server) -> None:
    page.goto(f"{digits.url}edgegen/selftest.html?backend=aot-simd")
    dtypes = [DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.BOOL, DType.FLOAT32]
    tensors = [(dtype, (3, 50)) for dtype in dtypes]
    for seed in (1, 2, 4_294_967_295):
        made = page.evaluate(
            """([seed, tensors]) => import("./golden.js").then(({ makeInputs }) =>
                makeInputs(seed, tensors).map((each) => Array.from(each)))""",
            [seed, [{"dtype": dtype.value, "shape": list(shape)} for dtype, shape in tensors]],
        )
        for got, want in zip(made, golden.make_arrays(tensors, seed), strict=True):
            assert np.array_equal(np.array(got), want.reshape(-1).astype(np.float64))


def test_inputs_from_raw_bytes(
    page: Page, tmp_path: Path, digits_tflite: Path, shared_browser: Browser
) -> None:
    project = scaffold(tmp_path, digits_tflite, inputs=EXAMPLE / "input.toml")
    with serving(project) as server:
        report = report_of(page, server)
        facts = json.loads((project / "edgegen/golden.json").read_bytes())["raw_inputs"]
        assert [each["passed"] for each in report["raw_inputs"]] == [False] * len(facts)
        assert report["outputs"][0]["passed"]
        assert not report["passed"]
        # The checksum itself, of bytes that everyone knows.
        facts[0]["crc32"] = 0xCBF43926
        text = json.loads((project / "edgegen/golden.json").read_bytes())
        text["raw_inputs"] = facts
        (project / "edgegen/golden.json").write_text(json.dumps(text))
        with shared_browser.page() as (other, _):
            setting = "globalThis.prepared = new TextEncoder().encode('123456789')"
            report = report_of(other, server, setting)
    assert [each["passed"] for each in report["raw_inputs"]] == [True, False]


@pytest.mark.parametrize(
    ("backend", "name", "measure", "limit"),
    [
        ("aot-simd", "conv_2d_int8", "steps", 0.0),
        ("aot-baseline", "conv_2d_float32", "relative", 1e-5),
        ("aot-simd", "arg_max_int8", "disagreement", 0.0),
        ("litert-wasm", "conv_2d_int8", "rms", 0.25),
        ("litert-webgpu", "conv_2d_float32", "relative", 1e-4),
        ("onnxruntime-wasm", "arg_max_int8", "disagreement", 0.25),
    ],
)
def test_limits(backend: str, name: str, measure: str, limit: float) -> None:
    model = tflite.parse(model_zoo.models()[name], f"{name}.tflite")
    (found,) = web_golden.tolerance(model, backend).outputs
    assert (found.measure, found.limit) == (measure, limit)
