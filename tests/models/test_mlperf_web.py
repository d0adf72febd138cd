"""MLPerf Tiny's int8 models in Chromium: engine aot gives TensorFlow Lite Micro's bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgegen import api
from support.browser import Browser, serving, shared_browser

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]


@pytest.mark.parametrize("name", ["kws_dscnn", "ic_resnet8", "vww_mobilenet", "ad_autoencoder"])
def test_same_bytes(name: str, models_dir: Path, tmp_path: Path, shared_browser: Browser) -> None:
    model = models_dir / f"mlperf_tiny_{name}_int8.tflite"
    api.scaffold(model, "browser", tmp_path / "project", engines=["aot"], name=name)
    with serving(tmp_path / "project") as server, shared_browser.page() as (page, said):
        page.goto(f"{server.url}edgegen/selftest.html")
        page.wait_for_selector("#json[data-done]", state="attached", timeout=120_000)
        reports = json.loads(page.text_content("#json") or "")
    assert [each["engine"] for each in reports] == ["aot-simd", "aot-baseline"]
    for report in reports:
        assert report["reference"].startswith("tflite-micro"), report
        assert report["vectors"] == 4
        assert all(each["max_abs_diff"] == 0 for each in report["outputs"]), report
        assert report["passed"]
    assert said.errors == []
