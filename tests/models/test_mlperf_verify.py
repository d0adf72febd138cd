"""The reference models, bit for bit and at the ledger's cost, every activation compared."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from edgegen import api, frontends, verify
from edgegen.verify.cortex_m.report import Report
from support import script

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

INT8_MODELS = (
    "mlperf_tiny_ad_autoencoder_int8",
    "mlperf_tiny_ic_resnet8_int8",
    "mlperf_tiny_kws_dscnn_int8",
    "mlperf_tiny_vww_mobilenet_int8",
    "tflm_hello_world_int8",
)
FLOAT_MODELS = (
    "mlperf_tiny_ad_autoencoder_float",
    "mlperf_tiny_ic_resnet8_float",
    "mlperf_tiny_vww_mobilenet_float",
    "tflm_hello_world_float",
)
DEVICES = ("cortex_m4", "cortex_m7", "cortex_m55")
SMALL = ("cortex_m4", "memory")
# mps3-an547 has 512 KiB for code and constants; the weights alone are 1,063,456 and 843,408 bytes.
TOO_BIG = {
    ("mlperf_tiny_ad_autoencoder_float", "cortex_m55"),
    ("mlperf_tiny_vww_mobilenet_float", "cortex_m55"),
}


@pytest.mark.parametrize(("device", "layout"), [*((d, "latency") for d in DEVICES), SMALL])
@pytest.mark.parametrize("model", INT8_MODELS)
def test_integers_are_bit_exact_and_cost_what_the_ledger_says(
    models_dir: Path, tmp_path: Path, model: str, device: str, layout: str
) -> None:
    source = models_dir / f"{model}.tflite"
    api.scaffold(source, device, tmp_path / "firmware", engines=["aot"], optimize_for=layout)
    report = verify.run(tmp_path / "firmware")
    facts = report.engines["aot"]
    assert report.ok, facts.reason
    assert (facts.bit_exact, facts.max_abs_diff, facts.tolerance) == (True, 0, 0)
    assert facts.activations_compared == facts.vectors * len(frontends.load(source).ops) > 0
    assert_costs_as_in_the_ledger(model, layout, report)


def assert_costs_as_in_the_ledger(model: str, layout: str, report: Report) -> None:
    ledger = script.load("benchmarks/ledger.py")
    (now,) = ledger.rows_of(model, layout, report)
    (before,) = [row for row in ledger.recorded() if row.key == now.key]
    assert ledger.changes(before, now) == []


@pytest.mark.parametrize(
    ("model", "device"),
    [pair for pair in itertools.product(FLOAT_MODELS, DEVICES) if pair not in TOO_BIG],
)
def test_floats_stay_within_the_tolerance(
    models_dir: Path, tmp_path: Path, model: str, device: str
) -> None:
    source = models_dir / f"{model}.tflite"
    api.scaffold(source, device, tmp_path / "firmware", engines=["aot"], force=True)
    report = verify.run(tmp_path / "firmware")
    facts = report.engines["aot"]
    assert report.ok, facts.reason
    assert facts.tolerance == pytest.approx(1e-5)


def test_a_model_that_overflows_the_emulated_memory_is_told(
    models_dir: Path, tmp_path: Path
) -> None:
    source = models_dir / "mlperf_tiny_ad_autoencoder_float.tflite"
    api.scaffold(source, "cortex_m55", tmp_path / "firmware", engines=["aot"], force=True)
    report = verify.run(tmp_path / "firmware")
    assert not report.ok
    assert "region FLASH" in report.engines["aot"].reason
