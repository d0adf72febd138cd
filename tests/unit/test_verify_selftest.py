"""What a project's self-test says is evidence only if it compared what it should have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgegen.errors import DifferenceError
from edgegen.verify import selftest
from edgegen.verify.selftest import Golden, SelfTestError

GOLDEN = {
    "reference": "tflite-micro 0.1",
    "seeds": [1, 2, 3, 4],
    "raw_inputs": [
        {"input": 0, "seed": 1, "dtype": "uint8", "shape": [8, 8], "crc32": 5},
        {"input": 0, "seed": 2, "dtype": "uint8", "shape": [8, 8], "crc32": 6},
    ],
    "tolerances": {
        "litert": {"why": "it rounds", "outputs": [{"measure": "rms", "limit": 0.25}]},
        "aot": {"why": "exact", "outputs": [{"measure": "steps", "limit": 0}]},
    },
}


@pytest.fixture
def golden(tmp_path: Path) -> Golden:
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(GOLDEN))
    return selftest.read_golden(path)


def said(**changes: Any) -> dict[str, Any]:
    """What a self-test of the engine litert that passes prints, with changes."""
    output = {
        "output": "scores",
        "measure": "rms",
        "difference": 0.125,
        "limit": 0.25,
        "max_abs_diff": 9.0,
        "other_best": 1,
        "passed": True,
    }
    report = {
        "name": "digits",
        "version": "1",
        "passed": True,
        "engine": "litert",
        "description": "ai-edge-litert 2.3.0, XNNPACK",
        "reference": "tflite-micro 0.1",
        "vectors": 4,
        "why": "it rounds",
        "outputs": [output | changes.pop("output", {})],
        "raw_inputs": [{"input": 0, "seed": seed, "passed": True} for seed in (1, 2)],
    }
    return report | changes


def test_the_golden_vectors_facts(golden: Golden) -> None:
    assert (golden.reference, golden.vectors) == ("tflite-micro 0.1", 4)
    assert golden.seeds == (1, 2, 3, 4)
    assert golden.raw_inputs == ((0, 1), (0, 2))
    assert golden.tolerances["aot"].outputs[0].measure == "steps"


def test_a_report(golden: Golden) -> None:
    found = selftest.parse(json.dumps(said()), "litert", golden, "digits")
    assert found.passed
    assert found.outputs[0].difference == 0.125
    assert found.description == "ai-edge-litert 2.3.0, XNNPACK"


def test_a_failure_is_a_report_too(golden: Golden) -> None:
    text = json.dumps(said(passed=False, output={"difference": None, "passed": False}))
    found = selftest.parse(text, "litert", golden, "digits")
    assert not found.passed
    assert found.outputs[0].difference is None
    wrong = [{"input": 0, "seed": seed, "passed": seed == 1} for seed in (1, 2)]
    found = selftest.parse(
        json.dumps(said(passed=False, raw_inputs=wrong)), "litert", golden, "digits"
    )
    assert found.raw_inputs_differ == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "other"}, "something else"),
        ({"engine": "aot"}, "something else"),
        ({"vectors": 3}, "something else"),
        ({"reference": "another"}, "something else"),
        ({"raw_inputs": []}, "raw bytes"),
        ({"outputs": []}, "other differences"),
        ({"output": {"limit": 9.0}}, "other differences"),
        ({"output": {"measure": "steps"}}, "other differences"),
        ({"output": {"difference": 0.5}}, "verdict"),
        ({"output": {"difference": None}}, "verdict"),
        ({"output": {"difference": 0.5, "passed": False}}, "verdict"),
        ({"passed": False}, "verdict"),
        ({"passed": 1}, "verdict"),
        ({"outputs": None}, "no report"),
        ({"outputs": [{}]}, "no report"),
    ],
)
def test_less_than_that_is_no_evidence(
    golden: Golden, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SelfTestError, match=message):
        selftest.parse(json.dumps(said(**changes)), "litert", golden, "digits")


@pytest.mark.parametrize("text", ["", "PASSED", "[]", "null", '{"name": "digits"}'])
def test_other_words_are_no_report(golden: Golden, text: str) -> None:
    with pytest.raises(SelfTestError, match="no report"):
        selftest.parse(text, "litert", golden, "digits")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"tolerances": []}',
        json.dumps(GOLDEN | {"seeds": []}),
        json.dumps(GOLDEN).replace('"limit": 0}', '"limit": Infinity}'),
    ],
)
def test_damaged_golden_vectors(tmp_path: Path, text: str) -> None:
    path = tmp_path / "golden.json"
    path.write_text(text)
    with pytest.raises(DifferenceError, match="edgegen update --force"):
        selftest.read_golden(path)
