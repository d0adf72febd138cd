"""Figures of a generated project, and their text for Prometheus."""

from __future__ import annotations

import importlib
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.fixture(scope="module")
def monitor(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.monitor")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A /sys and a /proc of our own."""
    for number, (name, value) in enumerate([("cpu-thermal", "61234"), ("cpu-thermal", "50000")]):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(f"{name}\n")
        (zone / "temp").write_text(f"{value}\n")
    broken = tmp_path / "sys/class/thermal/thermal_zone2"
    broken.mkdir()
    (broken / "type").write_text("broken\n")
    flags = tmp_path / THROTTLED
    flags.parent.mkdir(parents=True)
    flags.write_text("50005\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/statm").write_text("1000 250 10 1 0 5 0\n")
    return tmp_path


def test_percentiles_are_within_their_error(monitor: Any) -> None:
    random.seed(1)
    values = [int(10 ** random.uniform(0, 10.8)) for _ in range(20_000)]
    histogram = monitor.Histogram()
    for value in values:
        histogram.add(value)
    values.sort()
    for percent in (0, 1, 10, 50, 90, 99, 99.9, 100):
        exact = values[max(0, -(-len(values) * percent // 100).__floor__() - 1)]
        assert abs(histogram.percentile(percent) - exact) <= exact / 64


def test_small_values_are_exact_and_huge_ones_are_kept(monitor: Any) -> None:
    histogram = monitor.Histogram()
    assert histogram.percentile(50) == 0.0
    for value in range(64):
        histogram.add(value)
    assert [histogram.percentile(100 * (v + 1) / 64) for v in range(64)] == list(range(64))
    histogram.add(1 << 60)
    histogram.add(-5)
    assert histogram.percentile(100) == pytest.approx(1 << 36, rel=1 / 64)
    assert histogram.count == 66


def test_snapshot(monitor: Any, machine: Path) -> None:
    found = monitor.Monitor(root=machine)
    for milliseconds in (1, 2, 3, 100):
        found.inference(milliseconds / 1e3)
    found.count("dropped", 3, policy="drop_oldest")
    found.count("dropped", policy="drop_oldest")
    snapshot = found.snapshot()
    assert snapshot.latency.count == snapshot.recent.count == 4
    assert snapshot.latency.p50 == pytest.approx(0.002, rel=1 / 64)
    assert snapshot.latency.p99 == pytest.approx(0.1, rel=1 / 64)
    assert snapshot.counters == {("dropped", (("policy", "drop_oldest"),)): 4}
    assert snapshot.resident_bytes % 250 == 0
    assert snapshot.resident_bytes > 0
    assert snapshot.cpu_seconds > 0
    assert snapshot.throughput > 0
    assert snapshot.machine.temperatures == {
        "cpu-thermal": 61.234,
        "cpu-thermal thermal_zone1": 50.0,
    }
    assert snapshot.machine.throttled == monitor.Throttled(
        under_voltage=True,
        frequency_capped=False,
        throttled=True,
        soft_temperature_limit=False,
        under_voltage_occurred=True,
        frequency_capped_occurred=False,
        throttled_occurred=True,
        soft_temperature_limit_occurred=False,
    )


def test_a_machine_that_says_nothing(
    monitor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    snapshot = monitor.Monitor(root=tmp_path).snapshot()
    assert snapshot.machine == monitor.Machine()
    assert snapshot.resident_bytes == 0


@pytest.mark.parametrize(
    ("script", "flags"),
    [
        ("echo throttled=0x20002", 0x20002),
        ("echo nonsense", None),
        ("exit 1", None),
    ],
)
def test_vcgencmd(
    monitor: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    flags: int | None,
) -> None:
    command = tmp_path / "vcgencmd"
    command.write_text(f'#!/bin/sh\n[ "$1" = get_throttled ] || exit 2\n{script}\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = monitor.Monitor(root=tmp_path).snapshot().machine.throttled
    assert found == (None if flags is None else monitor.Throttled.decode(flags))
    if found:
        assert found.frequency_capped
        assert found.frequency_capped_occurred
        assert not found.under_voltage


def test_recent_figures_forget(monitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(monitor.time, "monotonic", lambda: now)
    found = monitor.Monitor(recent_seconds=60)
    found.inference(1.0)
    now += 61
    found.inference(0.001)
    both = found.snapshot()
    assert both.recent.count == 2
    assert both.throughput == pytest.approx(2 / 61)
    now += 61
    assert found.snapshot().recent.count == 1
    now += 1000
    quiet = found.snapshot()
    assert quiet.recent == monitor.Latency(0, 0.0, 0.0, 0.0)
    assert quiet.throughput == 0.0
    assert quiet.latency.count == 2


def test_prometheus_reads_the_text(monitor: Any, machine: Path) -> None:
    found = monitor.Monitor(root=machine)
    for seconds in (0.0001, 0.00011, 0.3, 20.0):
        found.inference(seconds)
    found.count("errors", 2, kind='a"b\\c\nd')
    text = found.render_prometheus()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert families["digits_inference_seconds"].type == "histogram"
    assert samples["digits_inference_seconds_bucket", "0.0001"] == 1  # a bound belongs below
    assert samples["digits_inference_seconds_bucket", "0.0002"] == 2
    assert samples["digits_inference_seconds_bucket", "10"] == 3
    assert samples["digits_inference_seconds_bucket", "+Inf"] == 4
    assert samples["digits_inference_seconds_count",] == 4
    assert samples["digits_inference_seconds_sum",] == pytest.approx(20.30021)
    assert samples["digits_errors_total", 'a"b\\c<U+000A>d'] == 2
    assert samples["digits_temperature_celsius", "cpu-thermal"] == 61.234
    assert samples["digits_throttled", "under_voltage"] == 1
    assert samples["digits_throttled", "frequency_capped"] == 0
    assert families["digits_info"].samples[0].labels["model"] == "digits"
    assert samples["process_resident_memory_bytes",] > 0
    assert all(family.documentation for family in families.values())
    assert text.endswith("\n")


def test_threads_lose_no_count(monitor: Any) -> None:
    found = monitor.Monitor()

    def work() -> None:
        for _ in range(2000):
            found.count("x")
            found.inference(0.001)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    snapshot = found.snapshot()
    assert snapshot.counters["x", ()] == snapshot.latency.count == 8000


def test_the_process_has_one(monitor: Any) -> None:
    monitor.MONITOR.count("seen")
    assert monitor.snapshot().counters["seen", ()] == 1
    assert "digits_seen_total 1" in monitor.render_prometheus()
