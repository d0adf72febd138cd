"""docs/ledger.md is what the recorded measurements say, and they say what was promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgegen import registry
from support import script

ROOT = Path(__file__).resolve().parents[2]
ledger = script.load("benchmarks/ledger.py")


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert page == ledger.page(), "run `make ledger`"


def test_the_file_is_what_would_be_written() -> None:
    text = ledger.LEDGER.read_text(encoding="utf-8")
    assert ledger.to_json(ledger.recorded_tools(), ledger.recorded()) == text


def test_every_model_was_measured_on_every_core() -> None:
    rows = [row for row in ledger.recorded() if row.engine == "aot"]
    cpus = {registry.load_device(device).cpu for device in ledger.DEVICES}
    wanted = {(m, cpu, "aot", y) for m in ledger.MODELS for cpu in cpus for y in ledger.LAYOUTS}
    assert sorted(row.key for row in rows) == sorted(wanted)
    assert all(row.bit_exact for row in rows)


@pytest.mark.parametrize(
    ("layout", "cost"),
    [
        *(("latency", cost) for cost in ("instructions", "code", "flash")),
        *(("memory", cost) for cost in ("code", "flash", "arena", "ram")),
    ],
)
def test_aot_costs_less_than_tflm(layout: str, cost: str) -> None:
    own = ledger.recorded()
    tflm = {(row.model, row.cpu): row for row in ledger.carried_rows(own)}
    assert tflm
    for row in own:
        if row.layout == layout and (row.model, row.cpu) in tflm:
            assert getattr(row, cost) < getattr(tflm[row.model, row.cpu], cost), row.key


def test_the_layers_add_up_to_the_inference() -> None:
    for row in ledger.recorded():
        if row.engine == "aot":
            total = sum(layer.instructions for layer in row.layers)
            # The hook's arguments, for every part of a tensor that never exists as a whole.
            in_parts = row.instructions // 2000 if row.layout == "memory" else 0
            apart = 2 * row.resolution + 8 * len(row.layers) + in_parts
            assert total == pytest.approx(row.instructions, abs=apart), row.key


@pytest.fixture
def row() -> Any:
    return next(row for row in ledger.recorded() if row.instructions > 1_000_000)


@pytest.mark.parametrize("figure", ["instructions", "code", "arena"])
def test_a_regression_is_told_from_an_improvement(row: Any, figure: str) -> None:
    value = getattr(row, figure)
    (worse,) = ledger.changes(row, replace(row, **{figure: round(value * 1.02) + 20}))
    assert worse.endswith("a regression")
    (better,) = ledger.changes(row, replace(row, **{figure: round(value * 0.98) - 20}))
    assert better.endswith("run `make ledger`")
    assert f"{value:,}" in better


def test_small_changes_and_the_steps_of_the_clock_are_let_pass(row: Any) -> None:
    assert ledger.changes(row, replace(row, instructions=round(row.instructions * 1.009))) == []
    assert ledger.changes(row, replace(row, code=row.code + 16)) == []
    small = replace(row, instructions=500)
    assert ledger.changes(small, replace(small, instructions=500 + 2 * row.resolution)) == []
    assert ledger.changes(small, replace(small, instructions=501 + 2 * row.resolution)) != []
