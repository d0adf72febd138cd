"""The evidence: what it holds, that it is deterministic, that it appears at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen.verify import evidence
from edgegen.verify.cortex_m import report
from edgegen.verify.cortex_m.report import (
    DeviceFacts,
    EngineFacts,
    Flash,
    LayerFacts,
    ModelFacts,
    PreprocessingFacts,
    Ram,
    Report,
    SmallestArena,
    SourceFacts,
    Toolchain,
)

ENGINE = EngineFacts(
    status="pass",
    vectors=4,
    outputs_compared=4,
    activations_compared=36,
    bit_exact=True,
    instructions_per_inference=1_234_567,
    instructions_by_vector=(1_234_567, 1_234_527),
    init_instructions=120,
    instructions_resolution=40,
    layers=(
        LayerFacts(0, "CONV_2D", "eg_run_conv_2d_s8", macs=400_000, instructions=1_200_000),
        LayerFacts(1, "RESHAPE", "", macs=0, instructions=0),
    ),
    flash=Flash(code=9_000, weights=12_000, total=21_000),
    ram=Ram(arena=4_096, data=8, bss=64, stack_peak=512, arena_touched=4_093),
    arena=SmallestArena(4_000, "bisected in QEMU 7.2 mps2-an386"),
    toolchain=Toolchain("arm-none-eabi-gcc 12.2.1", "QEMU 7.2 mps2-an386"),
    images={"digits_selftest": "ab" * 32},
)

REPORT = Report(
    edgegen="0.1.0",
    model=ModelFacts("digits", "digits.tflite", "cd" * 32),
    device=DeviceFacts("cortex_m4", "Generic Cortex-M4", "mps2-an386", True, ""),
    sources=SourceFacts("ef" * 32, ()),
    known_by={"instructions": "emulated"},
    engines={"aot": ENGINE, "tflm": report.not_verified("upstream sources unreachable")},
)


def with_engine(engine: EngineFacts) -> Report:
    return replace(REPORT, engines={"aot": engine})


def test_the_json_holds_what_the_documentation_promises() -> None:
    facts = json.loads(REPORT.to_json())
    assert facts["model"] == {"name": "digits", "file": "digits.tflite", "sha256": "cd" * 32}
    assert facts["edgegen"] == "0.1.0"
    assert facts["device"]["id"] == "cortex_m4"
    aot = facts["engines"]["aot"]
    assert aot["flash"] == {"code": 9_000, "weights": 12_000, "total": 21_000}
    assert aot["ram"] == {
        "arena": 4_096,
        "data": 8,
        "bss": 64,
        "stack_peak": 512,
        "arena_touched": 4_093,
        "raw_inputs": 0,
    }
    assert aot["toolchain"] == {
        "compiler": "arm-none-eabi-gcc 12.2.1",
        "emulator": "QEMU 7.2 mps2-an386",
    }
    assert (aot["vectors"], aot["max_abs_diff"], aot["bit_exact"]) == (4, 0, True)
    assert (aot["instructions_per_inference"], aot["init_instructions"]) == (1_234_567, 120)
    assert aot["arena"]["smallest_bytes"] == 4_000
    assert aot["layers"][0] == {
        "node": 0,
        "operator": "CONV_2D",
        "function": "eg_run_conv_2d_s8",
        "macs": 400_000,
        "instructions": 1_200_000,
    }


def test_an_engine_that_was_not_verified_has_no_numbers() -> None:
    assert json.loads(REPORT.to_json())["engines"]["tflm"] == {
        "status": "not verified",
        "reason": "upstream sources unreachable",
    }


def test_an_engine_that_did_not_build_has_no_numbers() -> None:
    facts = json.loads(with_engine(report.failed("no compiler", Path("/x"))).to_json())
    assert facts["engines"]["aot"] == {"status": "fail", "reason": "no compiler"}


def test_an_infinite_difference_is_null() -> None:
    broken = with_engine(replace(ENGINE, status="fail", max_abs_diff=float("nan")))
    assert json.loads(broken.to_json())["engines"]["aot"]["max_abs_diff"] is None


@pytest.mark.parametrize(
    ("changed", "ok"),
    [
        (REPORT, True),
        (with_engine(replace(ENGINE, status="fail", reason="it differs")), False),
        (with_engine(report.not_verified("no sources")), False),
        (replace(REPORT, sources=SourceFacts("ef" * 32, ("edgegen/aot/model.c",))), False),
        (replace(REPORT, engines={}), False),
    ],
)
def test_ok_means_verified_unedited_and_without_failure(changed: Report, ok: bool) -> None:
    assert changed.ok is ok
    verdict = "**Verified**" if ok else "**NOT VERIFIED**"
    assert changed.to_markdown().decode().splitlines()[2].startswith(verdict)


def test_a_failure_forgets_where_the_project_lies() -> None:
    facts = report.failed("/home/me/my fw/edgegen/x.c:1: error", Path("/home/me/my fw"))
    assert (facts.status, facts.reason) == ("fail", "./edgegen/x.c:1: error")


def test_the_page_shows_the_numbers_and_how_they_are_known() -> None:
    page = REPORT.to_markdown().decode()
    for text in ("1,234,567", "9,000 bytes", "4,000 bytes", "upstream sources unreachable"):
        assert text in page
    assert "| 0 | CONV_2D | eg_run_conv_2d_s8 | 1,200,000 | 97.2% | 400,000 | 3.00 |" in page
    assert "| 1 | RESHAPE | none | 0 | 0.0% |  |  |" in page
    assert "- instructions: emulated" in page


def test_preprocessing_is_shown_where_there_is_one() -> None:
    assert "raw bytes" not in REPORT.to_markdown().decode()
    facts = (PreprocessingFacts(0, 2, 2, 4_560), PreprocessingFacts(3, 2, 1, 1_234_567))
    assert ENGINE.ram is not None
    ram = replace(ENGINE.ram, bss=1_064, raw_inputs=1_000)
    changed = with_engine(replace(ENGINE, preprocessing=facts, ram=ram))
    page = changed.to_markdown().decode()
    assert "| raw bytes to input 0 | 2 vectors, identical |\n" in page
    assert "| RAM: of these, raw inputs | 1,000 bytes |\n" in page
    assert "| raw bytes to input 3 | 2 vectors, 1 identical |\n" in page
    assert "| instructions to make input 3 from raw bytes | 1,234,567 |\n" in page
    assert json.loads(changed.to_json())["engines"]["aot"]["preprocessing"][0] == {
        "input": 0,
        "vectors": 2,
        "identical": 2,
        "instructions": 4_560,
    }


def test_the_page_survives_hostile_names() -> None:
    model = ModelFacts("digits", "a|b\n# c`d<e>.tflite", "cd" * 32)
    page = replace(REPORT, model=model).to_markdown().decode()
    assert "\n# c" not in page
    assert "<e>" not in page


def test_a_long_failure_is_quoted_as_it_is() -> None:
    failed = with_engine(EngineFacts(status="fail", reason="The build failed.\n  | a\n  | b"))
    assert "\n    The build failed.\n      | a\n      | b\n" in failed.to_markdown().decode()


def test_writing_twice_gives_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    evidence.write(REPORT, folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    evidence.write(REPORT, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert sorted(first) == ["report.json", "report.md"]


def test_a_write_that_fails_keeps_the_old_report(tmp_path: Path) -> None:
    evidence.write(REPORT, tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    (tmp_path / ".report.json.new").mkdir()  # stands where the draft would
    with pytest.raises(OSError, match=r"report\.json\.new"):
        evidence.write(with_engine(replace(ENGINE, vectors=5)), tmp_path)
    assert (tmp_path / "report.json").read_bytes() == before
