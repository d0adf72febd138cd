"""docs/benchmarks.md is what the recorded measurements say, and they say what was promised."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "cortex_m.json"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cortex_m", ROOT / "benchmarks" / "cortex_m.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(bench: ModuleType) -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page == bench.page(), "run `make bench-cortex-m`"


def test_every_model_was_measured_on_every_core(bench: ModuleType) -> None:
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    own = {(row["model"], row["cpu"]) for row in rows if row["engine"] == "aot"}
    cpus = {device.replace("_", "-") for device in bench.DEVICES}
    assert own == {(model, cpu) for model in bench.MODELS for cpu in cpus}
    assert all(row["bit_exact"] for row in rows if row["engine"] == "aot")


@pytest.mark.parametrize("cost", ["flash_code", "flash_total", "ram"])
def test_aot_takes_no_more_memory_than_tflm(bench: ModuleType, cost: str) -> None:
    rows = [bench.Row(**row) for row in json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]]
    tflm = {(row.model, row.cpu): getattr(row, cost) for row in rows if row.engine == "tflm"}
    aot = {(row.model, row.cpu): getattr(row, cost) for row in rows if row.engine == "aot"}
    assert tflm
    assert {key: aot[key] for key in tflm if aot[key] > tflm[key]} == {}
