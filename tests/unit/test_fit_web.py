"""What a browser takes: guidelines that warn, and the one limit there is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgegen import frontends, present, targets
from edgegen.device import WebBrowser
from edgegen.fit import FitReport, Verdict
from edgegen.inputs import ImageInput
from edgegen.model import Model
from edgegen.options import Options
from edgegen.registry import load_device


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


def test_all_of_the_download_is_known(digits_tflite: Path) -> None:
    """What makes inputs of pictures is code, too."""
    model = frontends.load(digits_tflite)
    needed = []
    for inputs in ((), (ImageInput(),)):
        options = Options("digits", inputs=inputs)
        (engine,) = targets.fit(model, browser(), options, ["aot"]).engines
        line = {each.resource: each for each in engine.lines}["download"]
        assert (line.verdict, "code estimated" in line.known) == (Verdict.FITS, True)
        needed.append(line.needed)
    assert needed[0] < needed[1]


def test_memory_is_a_limit(digits_tflite: Path) -> None:
    report = report_of(digits_tflite, replace(browser(), ram_bytes=1_000))
    assert not report.ok


def test_engines_come_in_the_order_of_the_device(digits_tflite: Path) -> None:
    model: Model = frontends.load(digits_tflite)
    assert targets.choose(model, browser()) == ("aot",)
    assert targets.choose(model, browser(), ("litert", "aot")) == ("litert", "aot")
    turned = replace(browser(), engines=("litert", "aot"))
    assert targets.choose(model, turned) == ("litert",)
