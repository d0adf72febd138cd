"""What a browser takes: guidelines that warn, and the one limit there is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import api, frontends, present, targets
from edgegen.device import WebBrowser
from edgegen.fit import FitReport, Line, Verdict
from edgegen.inputs import ImageInput, Input
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import resolve
from edgegen.registry import load_device
from edgegen.wasm_library import build


def browser() -> WebBrowser:
    device = load_device("browser")
    assert isinstance(device, WebBrowser)
    return device


def report_of(model: Path, device: WebBrowser) -> FitReport:
    return targets.fit(frontends.load(model), device, Options("digits"), ["aot"])


def test_a_guideline_warns_and_refuses_nothing(digits_tflite: Path) -> None:
    device = replace(browser(), model_bytes=5_000)
    report = report_of(digits_tflite, device)
    (engine,) = report.engines
    line = {each.resource: each for each in engine.lines}["model"]
    assert (line.verdict, report.ok) == (Verdict.BEYOND, True)
    assert any("guideline for the model (5,000)" in text for text in present.warnings(report))


def test_near_a_guideline_is_within_it(digits_tflite: Path) -> None:
    (engine,) = report_of(digits_tflite, browser()).engines
    needed = {each.resource: each.needed for each in engine.lines}["model"]
    device = replace(browser(), model_bytes=needed)
    (engine,) = report_of(digits_tflite, device).engines
    assert {each.resource: each.verdict for each in engine.lines}["model"] is Verdict.FITS


def lines(model: Path, engine: str, *inputs: Input) -> dict[str, Line]:
    loaded = frontends.load(model)
    options = Options("digits", inputs=resolve(loaded, inputs))
    (found,) = targets.fit(loaded, browser(), options, [engine]).engines
    return {each.resource: each for each in found.lines}


def part(line: Line, name: str) -> int:
    (found,) = (each.quantity.bytes for each in line.parts if each.name == name)
    assert found is not None
    return found


@pytest.fixture(params=["aot", "litert"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(digits_tflite: Path, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "is_possible", lambda: False)
    api.scaffold(digits_tflite, "browser", tmp_path / "site", engines=[engine])
    return tmp_path / "site"


def test_what_is_needed_is_what_the_project_has(
    digits_tflite: Path, engine: str, site: Path
) -> None:
    needed = lines(digits_tflite, engine)
    manifests = [json.loads(each.read_text()) for each in (site / "edgegen/assets").glob("*.json")]
    assert needed["model"].needed == max(each["bytes"] for each in manifests)
    listed = (site / "edgegen/pwa/precache.js").read_text()
    paths = set(re.findall(r'^  "([^"]+)"[:,]', listed, re.MULTILINE))
    paths |= {f"edgegen/pwa/{name}.js" for name in ("precache", "service-worker-core")}
    paths |= {"service-worker.js"}
    optional = ("edgegen/bare", "edgegen/golden", "edgegen/selftest", "edgegen/vendor")
    sizes = [(site / path).stat().st_size for path in paths if not path.startswith(optional)]
    # The lists of golden vectors and of modules are not in what is counted.
    assert abs(part(needed["download"], "page and scripts") - sum(sizes)) < 500
    if engine == "aot":
        script = (site / "edgegen/native/build.sh").read_text()
        memory = [int(each) for each in re.findall(r"^link \w+ (\d+)", script, re.MULTILINE)]
        assert needed["ram"].needed == max(memory)


def test_what_makes_inputs_is_downloaded_too(digits_tflite: Path, engine: str) -> None:
    without, described = (
        lines(digits_tflite, engine, *inputs)["download"] for inputs in ((), (ImageInput(),))
    )
    assert "page and scripts counted" in without.known
    assert part(described, "code of the inputs") > 10_000
    assert without.needed < described.needed
    assert {without.verdict, described.verdict} == {Verdict.FITS}


def test_memory_is_a_limit(digits_tflite: Path) -> None:
    report = report_of(digits_tflite, replace(browser(), ram_bytes=1_000))
    assert not report.ok


def test_engines_come_in_the_order_of_the_device(digits_tflite: Path) -> None:
    model: Model = frontends.load(digits_tflite)
    assert targets.choose(model, browser()) == ("aot",)
    assert targets.choose(model, browser(), ("litert", "aot")) == ("litert", "aot")
    turned = replace(browser(), engines=("litert", "aot"))
    assert targets.choose(model, turned) == ("litert",)
