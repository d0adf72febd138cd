"""How docs/benchmarks.md is made: the worst row counts, and ratios are of medians."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support import script

compare = script.load("benchmarks/compare.py")  # the runner imports it by its name
runner = script.load("benchmarks/preprocess.py")
generate = script.load("docs/generate.py")


def test_every_way_takes_its_turn_and_the_fastest_is_compared() -> None:
    turns = {"ours": iter([2.0, 4.0, 3.0]), "a": iter([9.0, 9.0, 1.0]), "b": iter([6.0, 7.0, 6.0])}
    order = []

    def clock(name: str) -> Any:
        def read() -> float:
            order.append(name)
            return next(turns[name])

        return read

    figures = compare.take_turns({name: clock(name) for name in turns}, 3)
    assert order == ["ours", "a", "b"] * 3
    row = compare.row("w", "o", "peer", figures, {"first": "a", "second": "b"})
    assert row.way == "second"
    assert row.ratio == 2.0
    assert row.to_json() == {
        "work": "w", "output": "o", "peer": "peer", "ratio": 2.0, "unit": "us",
        "ours_median": 3.0, "ours_min": 2.0, "peer_median": 6.0, "peer_min": 6.0,
        "way": "second", "ways": {"first": [9.0, 1.0], "second": [6.0, 6.0]},
    }  # fmt: skip


def measured(part: str, ratio: float, ours: float) -> dict[str, Any]:
    return {
        "part": part, "work": f"work {ratio}", "output": "o", "peer": "p", "unit": "ns",
        "ratio": ratio, "ours_median": ours,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("goal", "wanted", "found"),
    [
        ({"least_ratio": 2.5}, "at least 2.5", "1.50"),
        ({"most": 1000}, "at most 1000 ns", "900 ns"),
    ],
)
def test_a_goal_stands_beside_the_worst_row(goal: Any, wanted: str, found: str) -> None:
    rows = [measured("x", 2, 300), measured("x", 1.5, 900), measured("y", 1, 2000)]
    line = generate.Goal("x", "o", "p", **goal).met_by(rows)
    assert line == ["x", "o", "p", wanted, found, "work 1.5"]
    assert "not measured" in generate.Goal("z", "o", "p", **goal).met_by(rows)


def test_every_goal_has_been_measured() -> None:
    rows = json.loads(runner.RECORD.read_text(encoding="utf-8"))["rows"]
    for goal in generate.GOALS:
        assert "not measured" not in goal.met_by(rows), goal
    assert {row["part"] for row in rows} == set(runner.PARTS)


def test_other_parts_keep_what_was_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    record = tmp_path / "preprocess.json"
    monkeypatch.setattr(runner, "RECORD", record)
    images, calls = measured("images", 2, 1), measured("calls", 3, 1)
    record.write_text(runner.to_json({"images": {"machine": "a"}, "calls": {}}, [images, calls]))
    again = measured("images", 4, 1)
    parts, rows = runner.merged({"images": {"machine": "b"}}, [again])
    assert parts == {"images": {"machine": "b"}, "calls": {}}
    assert rows == [again, calls]
