"""What benchmarks/preprocess_cortex_m.py counts, counted again: no more than what is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support import script

ROOT = Path(__file__).resolve().parents[2]
SLACK = 1.02

pytestmark = [pytest.mark.cross, pytest.mark.qemu]


def test_no_row_takes_more_than_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    part = script.load("benchmarks/preprocess_cortex_m.py")
    recorded = {
        (row["work"], row["output"], row["peer"]): row["ours_median"]
        for row in json.loads((ROOT / "benchmarks" / "preprocess.json").read_text())["rows"]
        if row["part"] == "cortex_m"
    }
    found = {(row.work, row.output, row.peer): row for row in part.rows()}
    assert found.keys() == recorded.keys()
    for key, row in found.items():
        assert row.ours.median <= SLACK * recorded[key], key
        assert row.ratio > 1.5, key
