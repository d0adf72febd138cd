"""edgegen/bare.js of web projects: the model and nothing else, in a browser; and how much script
there is before a first inference with it, and with model.js."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import brotli
import pytest

from edgegen import api, frontends, golden
from support import web_tools
from support.browser import Browser, Rule, serving, shared_browser
from support.tflite_builder import ModelBuilder

pytestmark = [pytest.mark.browser, pytest.mark.npm, pytest.mark.wasm]

__all__ = ["shared_browser"]

_SCRIPT = """
async ({ backend, vectors }) => {
  const { load } = await import(new URL("edgegen/bare.js", location.origin));
  try {
    const run = await load(backend === null ? {} : { backend });
    return vectors.map((values) => run([values]).map((output) => Array.from(output)));
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}
"""


@pytest.fixture(scope="module")
def project(digits_tflite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits."""
    folder = tmp_path_factory.mktemp("bare") / "digits"
    api.scaffold(digits_tflite, "browser", folder)
    return folder


def run(
    project: Path,
    browser: Browser,
    vectors: list[list[int]],
    *rules: Rule,
    backend: str | None = None,
) -> Any:
    with serving(project) as server, browser.page() as (page, _):
        server.rules.extend(rules)
        page.goto(f"{server.url.rstrip('/')}/edgegen/errors.js")
        return page.evaluate(_SCRIPT, {"backend": backend, "vectors": vectors})


@pytest.mark.parametrize("backend", [None, "aot-simd", "aot-baseline"])
def test_the_outputs_are_those_of_tflm(
    project: Path, digits_tflite: Path, shared_browser: Browser, backend: str | None
) -> None:
    model = frontends.load(digits_tflite)
    made = golden.make(model).vectors
    vectors = [golden.make_inputs(model, each.seed)[0].ravel().tolist() for each in made]
    found = run(project, shared_browser, vectors, backend=backend)
    assert found == [[each.outputs[0].ravel().tolist()] for each in made]


def test_a_wrong_input_is_refused(project: Path, shared_browser: Browser) -> None:
    found = run(project, shared_browser, [[0] * 63])
    assert found == "RangeError: Input 0 does not have 64 elements."


def test_weights_that_arrive_wrong_are_refused(project: Path, shared_browser: Browser) -> None:
    chunk = _simd_chunk(project)
    path = f"/edgegen/assets/chunks/{chunk}.bin"
    rule = Rule(path, change=lambda data: bytes([data[0] ^ 1]) + data[1:])
    found = run(project, shared_browser, [[0] * 64], rule)
    assert found == f"Error: Weights {chunk} arrived as something else."


def test_a_module_that_is_not_there(project: Path, shared_browser: Browser) -> None:
    rule = Rule("/edgegen/wasm/simd.wasm", status=404)
    found = run(project, shared_browser, [[0] * 64], rule)
    assert found == "Error: wasm/simd.wasm: status 404."


# Bytes of brotli at its highest quality, for what page and worker import at once, with a little
# room. What a first inference does without is for modules that are imported when they are needed.
@pytest.mark.parametrize(
    ("starts", "most"),
    [(("bare.js",), 1_900), (("model.js", "worker.js"), 13_400)],
    ids=["bare", "model"],
)
def test_scripts_before_a_first_inference_stay_small(
    project: Path, starts: tuple[str, ...], most: int
) -> None:
    scripts = _imported(*(project / "edgegen" / each for each in starts))
    sizes = {path.name: len(brotli.compress(path.read_bytes())) for path in scripts}
    assert sum(sizes.values()) <= most, sizes


def _imported(*starts: Path) -> set[Path]:
    """These modules, and all that they name in static imports."""
    found: set[Path] = set()
    left = list(starts)
    while left:
        path = left.pop().resolve()
        if path not in found:
            found.add(path)
            names = re.findall(
                r'^(?:import|export)\s[^;]*?"(\./[^"]+|\.\./[^"]+)";', path.read_text("utf-8"), re.M
            )
            left.extend(path.parent / name for name in names)
    return found


def test_there_is_no_such_backend(project: Path, shared_browser: Browser) -> None:
    found = run(project, shared_browser, [], backend="toString")
    assert found == "Error: There is no backend toString."


def test_a_model_without_weights(tmp_path: Path, shared_browser: Browser) -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor(name, [1, 4], "float32") for name in "xy")
    builder.op("RELU", [x], [y])
    (tmp_path / "relu.tflite").write_bytes(builder.build([x], [y]))
    project = tmp_path / "relu"
    api.scaffold(tmp_path / "relu.tflite", "browser", project, engines=["aot"])
    for backend in (None, "aot-simd", "aot-baseline"):
        assert run(project, shared_browser, [[-1, 2, 0, -0.5]], backend=backend) == [[[0, 2, 0, 0]]]
    web_tools.link(project)
    checked = web_tools.run("tsc", "-p", "tsconfig.json", cwd=project)
    assert checked.returncode == 0, checked.stdout


def _simd_chunk(project: Path) -> str:
    from edgegen import chunks

    path = project / "edgegen" / "assets" / "aot-simd.json"
    return chunks.parse_manifest(path.read_bytes(), str(path)).chunks[0].sha256
