"""Engines onnxruntime and litert of web projects: on every backend of a browser they compute what
the reference does, and say why where they do not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgegen import api
from edgegen.engines.web_libraries import LIBRARIES
from support import onnx_builder, web_tools
from support.browser import Browser, Rule, serving, shared_browser

__all__ = ["shared_browser"]

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"

pytestmark = [pytest.mark.browser, pytest.mark.npm, pytest.mark.slow]

Scaffold = Callable[[str, bytes | Path], Path]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By engine: the folder that `npm run vendor` makes."""
    return {each: tmp_path_factory.mktemp(f"vendor-{each}") / "vendor" for each in LIBRARIES}


@pytest.fixture
def scaffold(tmp_path: Path, libraries: dict[str, Path]) -> Scaffold:
    def made(engine: str, model: bytes | Path) -> Path:
        if isinstance(model, bytes):
            path = tmp_path / f"model.{'onnx' if engine == 'onnxruntime' else 'tflite'}"
            path.write_bytes(model)
            model = path
        project = tmp_path / "project"
        api.scaffold(model, "browser", project, engines=[engine])
        vendor, kept = project / "edgegen" / "vendor", libraries[engine]
        if kept.exists():
            shutil.copytree(kept, vendor, copy_function=os.link)
        else:
            assert run_vendor(project).returncode == 0
            shutil.copytree(vendor, kept, copy_function=os.link)
        return project

    return made


def run_vendor(project: Path, modules: Path | None = None) -> subprocess.CompletedProcess[str]:
    script = project / "edgegen" / "vendor.mjs"
    command = ["node", str(script), str(modules or web_tools.node_modules())]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def replay(browser: Browser, url: str, backend: str, threads: int = 1) -> dict[str, Any]:
    """What the self-test says."""
    with browser.page() as (page, said):
        page.goto(f"{url}edgegen/selftest.html?backend={backend}&threads={threads}")
        page.wait_for_selector("#json[data-done]", state="attached", timeout=60_000)
        report: dict[str, Any] = json.loads(page.text_content("#json") or "")
        assert said.strangers(url) == []
    return report


def opened(browser: Browser, url: str, **options: Any) -> dict[str, Any]:
    """What the model is loaded on, by `load` of model.js, or the error."""
    script = """async (options) => {
      const { load } = await import(new URL("model.js", location));
      try {
        const model = await load(options);
        await model.dispose();
        return { backend: model.backend, threads: model.threads, considered: model.considered };
      } catch ({ name, message, fix }) {
        return { name, message, fix };
      }
    }"""
    with browser.page() as (page, _):
        page.goto(f"{url}edgegen/selftest.css")
        found: dict[str, Any] = page.evaluate(script, options)
    return found


# LiteRT.js

# SwiftShader takes its time: one of them is enough.
MODELS = {
    "ad_autoencoder": ("litert-wasm",),
    "ic_resnet8": ("litert-wasm",),
    "kws_dscnn": ("litert-wasm", "litert-webgpu"),
    "vww_mobilenet": ("litert-wasm",),
}


@pytest.mark.parametrize("name", MODELS)
def test_litert_with_int8(
    name: str, models_dir: Path, scaffold: Scaffold, shared_browser: Browser
) -> None:
    project = scaffold("litert", models_dir / f"mlperf_tiny_{name}_int8.tflite")
    with serving(project, isolated=True) as server:
        for backend in MODELS[name]:
            for threads in (1, 2) if backend == "litert-wasm" else (1,):
                report = replay(shared_browser, server.url, backend, threads)
                assert report.get("passed"), report
                (output,) = report["outputs"]
                # The limit is of golden.json; no float has come through.
                assert output["max_abs_diff"] == int(output["max_abs_diff"])


def test_litert_with_floats(models_dir: Path, scaffold: Scaffold, shared_browser: Browser) -> None:
    project = scaffold("litert", models_dir / "mlperf_tiny_ad_autoencoder_float.tflite")
    with serving(project) as server:
        for backend in ("litert-wasm", "litert-webgpu"):
            report = replay(shared_browser, server.url, backend)
            assert report.get("passed"), report
            assert report["outputs"][0]["difference"] < 1e-5


def test_litert_says_what_webgpu_lacks_and_takes_wasm(
    models_dir: Path, scaffold: Scaffold, shared_browser: Browser
) -> None:
    project = scaffold("litert", models_dir / "mlperf_tiny_ic_resnet8_int8.tflite")
    with serving(project, isolated=True) as server:
        found = opened(shared_browser, server.url, threads=2)
        assert (found["backend"], found["threads"]) == ("litert-wasm", 2)
        ((backend, reason),) = [each.values() for each in found["considered"]]
        assert backend == "litert-webgpu"
        assert "does not run this model" in reason


def test_litert_without_relaxed_simd(
    models_dir: Path, scaffold: Scaffold, shared_browser: Browser
) -> None:
    """Another build of it, and one thread."""
    project = scaffold("litert", models_dir / "mlperf_tiny_kws_dscnn_int8.tflite")

    def lacking(data: bytes) -> bytes:
        assert data.count(b"tryWasm(WASM_RELAXED_SIMD_CHECK)") == 1
        return data.replace(b"tryWasm(WASM_RELAXED_SIMD_CHECK)", b"tryWasm(new Uint8Array(1))")

    rule = Rule("/edgegen/vendor/litert/index.js", change=lacking)
    with serving(project, isolated=True, rules=(rule,)) as server:
        assert replay(shared_browser, server.url, "litert-wasm", 2).get("passed")
        loaded = {answer.path.rpartition("/")[2] for answer in server.answers}
        assert "litert_wasm_compat_internal.wasm" in loaded
        assert "litert_wasm_threaded_internal.wasm" not in loaded
        assert opened(shared_browser, server.url, backend="litert-wasm")["threads"] == 1


# What stands in for it: a model of one output that is no number.
NAN = """
export const loadLiteRt = async () => {};
export const unloadLiteRt = () => {};
export const supportsFeature = async () => false;
export class Tensor { delete() {} }
let runs = 0;
const tensor = { delete() {}, data: async () => new Float32Array(10).fill(runs > 1 ? NaN : 0) };
export const loadAndCompile = async () => ({
  run: async () => { runs += 1; return [tensor]; },
  delete() {},
});
"""


def test_litert_is_blamed_for_its_own_outputs(tmp_path: Path, shared_browser: Browser) -> None:
    project = tmp_path / "project"
    api.scaffold(EXAMPLE / "digits.tflite", "browser", project, engines=["litert"])
    vendor = project / "edgegen" / "vendor" / "litert"
    vendor.mkdir(parents=True)
    (vendor / "index.js").write_text(NAN)
    script = """async () => {
      const { load } = await import(new URL("model.js", location));
      const model = await load({ backend: "litert-wasm" });
      const [{ shape }] = model.inputs;
      const zeros = new Int8Array(shape.reduce((product, size) => product * size, 1));
      return model.predict([zeros]).then(() => "", ({ name, message }) => `${name}: ${message}`);
    }"""
    with serving(project) as server, shared_browser.page() as (page, _):
        page.goto(f"{server.url}edgegen/selftest.css")
        found = page.evaluate(script)
        assert found == "BackendError: Output Identity: LiteRT.js computed NaN."


# onnxruntime-web

ONNX_BACKENDS = ("onnxruntime-wasm", "onnxruntime-webgl", "onnxruntime-webgpu")


def quantised() -> bytes:
    """A convolution with int8 between quantise and dequantise nodes, as quantisers write it."""
    random = np.random.default_rng(2)
    constants = {
        "kernel": random.integers(-127, 128, (4, 3, 3, 3), np.int8),
        "kernel_scale": np.float32(0.01),
        "scale": np.float32(0.02),
        "zero": np.int8(-3),
        "kernel_zero": np.int8(0),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "scale", "zero"], ["real"]),
        helper.make_node(
            "DequantizeLinear", ["kernel", "kernel_scale", "kernel_zero"], ["weights"]
        ),
        # Without dilations, which some builds of the library stumble over.
        helper.make_node("Conv", ["real", "weights"], ["sums"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["sums"], ["positive"]),
        helper.make_node("QuantizeLinear", ["positive", "scale", "zero"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.INT8, [1, 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.INT8, [1, 4, 8, 8])
    made: onnx.ModelProto = onnx_builder.model(nodes, [x], [y], constants)
    return made.SerializeToString()


def truths() -> bytes:
    """bool to int64 and bool, and where the largest float is."""
    nodes = [
        helper.make_node("Not", ["x"], ["negated"]),
        helper.make_node("Cast", ["x"], ["number"], to=TensorProto.INT64),
        helper.make_node("ArgMax", ["z"], ["best"], axis=1, keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.BOOL, [1, 9]),
        helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 9]),
    ]
    outputs = [
        helper.make_tensor_value_info("negated", TensorProto.BOOL, [1, 9]),
        helper.make_tensor_value_info("number", TensorProto.INT64, [1, 9]),
        helper.make_tensor_value_info("best", TensorProto.INT64, [1]),
    ]
    made: onnx.ModelProto = onnx_builder.model(nodes, inputs, outputs, {})
    return made.SerializeToString()


def test_onnxruntime_on_every_backend(scaffold: Scaffold, shared_browser: Browser) -> None:
    project = scaffold("onnxruntime", onnx_builder.convolution().SerializeToString())
    with serving(project, isolated=True) as server:
        for backend in ONNX_BACKENDS:
            for threads in (1, 2) if backend == "onnxruntime-wasm" else (1,):
                report = replay(shared_browser, server.url, backend, threads)
                assert report.get("passed"), report
                assert report["outputs"][0]["difference"] < 1e-5
        found = opened(shared_browser, server.url, threads=2, backend="onnxruntime-wasm")
        assert found["threads"] == 2


def test_onnxruntime_with_int8(scaffold: Scaffold, shared_browser: Browser) -> None:
    project = scaffold("onnxruntime", quantised())
    with serving(project) as server:
        report = replay(shared_browser, server.url, "onnxruntime-wasm")
        assert report.get("passed"), report
        assert report["outputs"][0]["max_abs_diff"] <= 1
        # Without the libraries for graphics processors, which would only refuse it.
        assert opened(shared_browser, server.url)["backend"] == "onnxruntime-wasm"
        assert not any("webg" in answer.path for answer in server.answers)


def test_onnxruntime_does_not_leave_webgpu_without_saying_so(
    scaffold: Scaffold, shared_browser: Browser
) -> None:
    """The library would take the processor for what WebGPU lacks, and warn on the console."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 9]) for name in "xy")
    nodes = [
        helper.make_node("Relu", ["x"], ["positive"]),
        helper.make_node("Hardmax", ["positive"], ["y"]),
    ]
    project = scaffold("onnxruntime", onnx_builder.model(nodes, [x], [y], {}).SerializeToString())
    script = """async () => {
      const { load } = await import(new URL("model.js", location));
      const options = { backend: "onnxruntime-webgpu" };
      return load(options).then(() => "", ({ name, message }) => `${name}: ${message}`);
    }"""
    with serving(project) as server, shared_browser.page() as (page, said):
        page.goto(f"{server.url}edgegen/selftest.css")
        found = page.evaluate(script)
        assert "BackendError: " in found
        assert "onnxruntime-webgpu does not run this model: some of its operators" in found
        assert not any("onnxruntime" in each for each in said.errors)


def test_onnxruntime_with_bool_and_int64(scaffold: Scaffold, shared_browser: Browser) -> None:
    project = scaffold("onnxruntime", truths())
    with serving(project) as server:
        report = replay(shared_browser, server.url, "onnxruntime-wasm")
        assert report.get("passed"), report
        assert [each["difference"] for each in report["outputs"]] == [0, 0, 0]


def test_onnxruntime_says_what_webgl_lacks(scaffold: Scaffold, shared_browser: Browser) -> None:
    project = scaffold("onnxruntime", truths())
    with serving(project) as server:
        found = opened(shared_browser, server.url, backend="onnxruntime-webgl")
        assert found["name"] == "BackendError"
        assert "onnxruntime-webgl does not run this model" in found["message"]


def test_onnxruntime_goes_down_its_backends(scaffold: Scaffold, shared_browser: Browser) -> None:
    """WebGPU, WebAssembly, and WebGL, which computes some networks wrongly, at last."""
    project = scaffold("onnxruntime", truths())
    gone = Rule("/edgegen/vendor/onnxruntime/ort.webgpu.min.mjs", status=404)
    with serving(project, rules=(gone,)) as server:
        found = opened(shared_browser, server.url)
        assert found["backend"] == "onnxruntime-wasm", found
        reasons = {each["backend"]: each["reason"] for each in found["considered"]}
        assert list(reasons) == ["onnxruntime-webgpu"]
        assert "ort.webgpu.min.mjs could not be loaded" in reasons["onnxruntime-webgpu"]


# Their files


def test_without_the_libraries_the_error_says_how_to_get_them(
    tmp_path: Path, shared_browser: Browser
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(truths())
    project = tmp_path / "project"
    api.scaffold(path, "browser", project, engines=["onnxruntime"])
    with serving(project) as server:
        found = opened(shared_browser, server.url, backend="onnxruntime-wasm")
        assert "npm install --ignore-scripts && npm run vendor" in found["fix"], "no lock for ci"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A node_modules of its own, where files may be spoiled."""
    source = web_tools.node_modules()
    target = tmp_path / "node_modules"
    target.mkdir()
    shutil.copytree(source / "onnxruntime-web", target / "onnxruntime-web", symlinks=True)
    return target


def test_vendor_refuses_other_files(tmp_path: Path, packages: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(truths())
    project = tmp_path / "project"
    api.scaffold(model, "browser", project, engines=["onnxruntime"])
    library = packages / "onnxruntime-web"

    done = run_vendor(project, packages)
    assert done.returncode == 0, done.stderr
    vendor = project / "edgegen" / "vendor"
    copied = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert copied == {file.target for file in LIBRARIES["onnxruntime"].files}

    spoiled = library / "dist" / "ort.wasm.min.mjs"
    spoiled.write_bytes(spoiled.read_bytes() + b"\n")
    done = run_vendor(project, packages)
    assert done.returncode == 1
    assert "ort.wasm.min.mjs is not what was published" in done.stderr
    assert (vendor / "onnxruntime" / "ort.wasm.min.mjs").exists()

    manifest = library / "package.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": "1.2.3"}))
    done = run_vendor(project, packages)
    assert "onnxruntime-web is 1.2.3, and this project is for 1.30.0" in done.stderr

    shutil.rmtree(library)
    done = run_vendor(project, packages)
    assert (done.returncode, "Run: npm install --ignore-scripts" in done.stderr) == (1, True)


def test_the_tests_have_the_pinned_versions() -> None:
    manifest = json.loads(
        (Path(web_tools.__file__).parents[1] / "web_tools" / "package.json").read_text()
    )
    pinned = {library.package: library.version for library in LIBRARIES.values()}
    assert pinned.items() <= manifest["dependencies"].items()
    for library in LIBRARIES.values():
        for file in library.files:
            path = web_tools.node_modules() / library.package / file.source
            assert path.stat().st_size == file.bytes
