"""`verify` end to end on a small model: the evidence, and everything that must spoil it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edgegen import (
    api,
    config,
    frontends,
    golden,
    preprocessing,
    present,
    reference,
    verify,
)
from edgegen.errors import DifferenceError, EdgegenError, MissingToolError, UsageError
from edgegen.verify.build import UnreachableSourcesError
from edgegen.verify.cortex_m.report import Report

pytestmark = [pytest.mark.cross, pytest.mark.qemu]


CAMERA_BYTES = 64 * 48


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, digits_tflite: Path) -> Path:
    """The digits example and its camera with engine aot, in a folder with a blank in its name."""
    folder = tmp_path_factory.mktemp("verify") / "my firmware"
    camera = digits_tflite.with_name("input.toml")
    api.scaffold(digits_tflite, "cortex_m4", folder, engines=["aot"], inputs=camera)
    return folder


@pytest.fixture(scope="module")
def report(project: Path) -> Report:
    return verify.run(project)


@pytest.fixture
def copy(project: Path, report: Report, tmp_path: Path) -> Path:
    """A copy to spoil; its build folder stays behind, for CMake's cache holds absolute paths."""
    folder = tmp_path / "copy"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("build", "evidence"))
    return folder


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_fresh_project_is_verified_bit_for_bit(report: Report, digits_tflite: Path) -> None:
    assert report.ok
    model = frontends.load(digits_tflite)
    assert report.model.sha256 == model.source.sha256
    facts = report.engines["aot"]
    assert (facts.status, facts.bit_exact, facts.max_abs_diff) == ("pass", True, 0)
    assert facts.vectors == 4
    assert facts.activations_compared == facts.vectors * len(model.ops)
    assert facts.instructions_per_inference == max(facts.instructions_by_vector) > 0


def test_sizes_add_up(report: Report, digits_tflite: Path) -> None:
    facts = report.engines["aot"]
    assert facts.flash is not None
    assert facts.ram is not None
    assert facts.flash.total == facts.flash.code + facts.flash.weights
    constants = sum(t.bytes for t in frontends.load(digits_tflite).tensors if t.is_constant)
    # Requantisation factors come on top of the weights, shapes of RESHAPE and the like fall away.
    assert 0.9 * constants < facts.flash.weights < 1.5 * constants
    assert facts.ram.arena == api.lowering(digits_tflite, "cortex_m4").arena_bytes
    assert facts.ram.arena - 4 < facts.ram.arena_touched <= facts.ram.arena  # 4: the alignment
    assert 0 < facts.ram.stack_peak < 4096
    assert facts.ram.raw_inputs == CAMERA_BYTES
    assert CAMERA_BYTES < facts.ram.bss < CAMERA_BYTES + 1024, "nor is the arena counted twice"


def test_the_layers_are_those_of_the_plan(report: Report, digits_tflite: Path) -> None:
    plan = api.lowering(digits_tflite, "cortex_m4")
    layers = report.engines["aot"].layers
    assert [(each.node, each.operator, each.function, each.macs) for each in layers] == [
        (each.node, each.operator, each.function or "", each.macs) for each in plan.layers
    ]


def test_the_layers_add_up_to_the_inference(report: Report) -> None:
    facts = report.engines["aot"]
    total = sum(layer.instructions for layer in facts.layers)
    # One step of the clock at either end of each measurement, and a call's few instructions.
    apart = 2 * facts.instructions_resolution + 8 * len(facts.layers)
    assert total == pytest.approx(facts.instructions_per_inference, abs=apart)


def test_the_files_are_the_report(project: Path, report: Report) -> None:
    written = (project / "evidence" / "report.json").read_bytes()
    assert written == report.to_json()
    assert str(project) not in written.decode()
    assert json.loads(written)["engines"]["aot"]["bit_exact"] is True
    assert (project / "evidence" / "report.md").read_bytes() == report.to_markdown()


def test_two_runs_write_the_same_bytes(project: Path, report: Report) -> None:
    assert verify.run(project).to_json() == report.to_json()


def test_another_folder_gives_the_same_numbers(copy: Path, report: Report) -> None:
    assert verify.run(copy).to_json() == report.to_json()


def test_replay_computes_what_the_reference_computes(project: Path, digits_tflite: Path) -> None:
    model = frontends.load(digits_tflite)
    expected = golden.make(model, count=3)
    inputs = b"".join(
        array.tobytes() for v in expected.vectors for array in golden.make_inputs(model, v.seed)
    )
    outputs = b"".join(array.tobytes() for v in expected.vectors for array in v.outputs)
    assert verify.replay(project, "aot", inputs) == outputs


def test_preprocessing_is_compared_and_counted(report: Report) -> None:
    (facts,) = report.engines["aot"].preprocessing
    assert (facts.input, facts.vectors, facts.identical) == (0, 2, 2)
    assert 64 < facts.instructions < report.engines["aot"].instructions_per_inference
    assert "raw bytes to input 0: 2 of 2 vectors identical" in "\n".join(present.report(report))
    assert "preprocessing" in report.known_by


def test_raw_frames_are_replayed_to_tensors_and_outputs(project: Path, digits_tflite: Path) -> None:
    model = frontends.load(digits_tflite)
    (description,) = config.read(project).inputs
    camera = preprocessing.prepare(model, description)
    frames = [golden.make_raw(camera, seed) for seed in (3, 4)]
    tensors = [camera.run(frame) for frame in frames]
    result = reference.run(model, [[tensor] for tensor in tensors], every_activation=False)
    expected = b"".join(
        tensor.tobytes() + outputs[0].tobytes()
        for tensor, outputs in zip(tensors, result.outputs, strict=True)
    )
    raw = b"".join(frame.tobytes() for frame in frames)
    assert verify.replay(project, "aot", raw, raw=True) == expected


def test_without_a_description_there_is_nothing_raw(tmp_path: Path, digits_tflite: Path) -> None:
    api.scaffold(digits_tflite, "cortex_m4", tmp_path / "p", engines=["aot"])
    with pytest.raises(UsageError, match="makes no input from raw bytes"):
        verify.replay(tmp_path / "p", "aot", b"", raw=True)


def test_another_tensor_from_raw_bytes_is_a_difference(copy: Path) -> None:
    path = copy / "edgegen" / "golden" / "golden.c"
    before, _, after = path.read_text().partition("_golden_raw[")
    opening = after.index("0x") + 2
    other = "0" if after[opening] != "0" else "1"
    path.write_text(f"{before}_golden_raw[{after[:opening]}{other}{after[opening + 1 :]}")
    facts = verify.run(copy).engines["aot"]
    assert (facts.status, facts.bit_exact, facts.mismatches) == ("fail", False, 0)
    assert "raw vector 0: input 0 that the device makes of it is not the host's" in facts.reason
    assert facts.preprocessing[0].identical == 1


def test_a_self_test_that_leaves_the_camera_out_proves_nothing(copy: Path) -> None:
    spoil(
        copy / "edgegen" / "selftest" / "selftest.c",
        "vector < DIGITS_GOLDEN_RAW_VECTORS",
        "vector + 1 < DIGITS_GOLDEN_RAW_VECTORS",
    )
    facts = verify.run(copy).engines["aot"]
    assert facts.status == "fail"
    assert "1 of 2 preprocessed inputs" in facts.reason


def test_half_a_vector_is_not_replayed(project: Path) -> None:
    with pytest.raises(DifferenceError, match="whole number of vectors"):
        verify.replay(project, "aot", b"\0" * 65)


def test_a_wrong_golden_value_is_a_difference(copy: Path, digits_tflite: Path) -> None:
    value = int(golden.make(frontends.load(digits_tflite), count=1).vectors[0].outputs[0].flat[0])
    path = copy / "edgegen" / "golden" / "golden.c"
    before, _, after = path.read_text().partition("_golden_output_0[")
    opening = after.index("{", after.index("{") + 1) + 1
    changed = after[opening:].replace(str(value), str(value - 1 if value > 0 else value + 1), 1)
    path.write_text(f"{before}_golden_output_0[{after[:opening]}{changed}")
    report = verify.run(copy)
    facts = report.engines["aot"]
    assert (facts.status, facts.bit_exact, facts.max_abs_diff) == ("fail", False, 1)
    assert "1 output elements differ" in facts.reason
    assert not report.ok


def test_wrong_weights_are_found_in_the_activations(copy: Path) -> None:
    path = copy / "edgegen" / "aot" / "weights.c"
    lines = path.read_text().splitlines(True)
    first = next(i for i, line in enumerate(lines) if line.startswith("const int")) + 1
    lines[first] = "    " + "0, " * lines[first].count(",") + "\n"
    path.write_text("".join(lines))
    facts = verify.run(copy).engines["aot"]
    assert facts.status == "fail"
    assert facts.activations_mismatched > 0
    assert not facts.bit_exact


def test_an_arena_that_is_too_small_is_found(copy: Path, report: Report) -> None:
    ram = report.engines["aot"].ram
    assert ram is not None
    (header,) = (copy / "edgegen" / "aot" / "include").rglob("engine.h")
    spoil(header, f"ARENA_BYTES {ram.arena}U", f"ARENA_BYTES {ram.arena - 4}U")
    facts = verify.run(copy).engines["aot"]
    assert facts.status == "fail"
    assert "beside its arena" in facts.reason


def test_an_edited_project_is_no_evidence_even_when_it_passes(copy: Path) -> None:
    with (copy / "edgegen" / "aot" / "model.c").open("a") as file:
        file.write("/* a comment */\n")
    report = verify.run(copy)
    assert report.engines["aot"].status == "pass"
    assert report.sources.edited == ("edgegen/aot/model.c",)
    assert not report.ok


def test_a_self_test_that_skips_vectors_is_found_out(copy: Path) -> None:
    spoil(copy / "edgegen" / "golden" / "golden.h", "_GOLDEN_VECTORS 4", "_GOLDEN_VECTORS 5")
    spoil(copy / "edgegen" / "selftest" / "selftest.c", "_GOLDEN_VECTORS", "_GOLDEN_VECTORS - 1")
    facts = verify.run(copy).engines["aot"]
    assert (facts.status, facts.bit_exact) == ("fail", False)


def test_code_that_does_not_compile_is_quoted(copy: Path) -> None:
    spoil(copy / "edgegen" / "aot" / "model.c", "#include <stddef.h>", "#error spoilt by the test")
    facts = verify.run(copy).engines["aot"]
    assert facts.status == "fail"
    assert "spoilt by the test" in facts.reason
    assert str(copy) not in facts.reason


def test_a_new_model_needs_an_update_first(copy: Path) -> None:
    (model,) = (copy / "model").glob("*.tflite")
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(DifferenceError, match="not the one"):
        verify.run(copy)


def test_another_number_of_described_inputs_needs_an_update_first(copy: Path) -> None:
    settings = copy / "edgegen.toml"
    text = settings.read_text()
    settings.write_text(text[: text.index("[input.image]")])
    with pytest.raises(DifferenceError, match="describes 0 of the model's inputs"):
        verify.run(copy)


def test_without_a_lock_nothing_is_claimed(copy: Path) -> None:
    (copy / "edgegen.lock").unlink()
    with pytest.raises(UsageError, match=r"edgegen\.lock"):
        verify.run(copy)


def test_an_engine_that_was_not_generated_is_refused(project: Path) -> None:
    with pytest.raises(UsageError, match="tflm"):
        verify.run(project, ["tflm"])


def test_missing_tools_are_named_all_at_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"cmake.*qemu-system-arm.*gcc") as caught:
        verify.run(project)
    assert caught.value.exit_code == 3


def test_a_project_that_cannot_be_written_to_is_told(copy: Path) -> None:
    (copy / "build").write_text("in the way")
    with pytest.raises(EdgegenError, match="Cannot write") as caught:
        verify.run(copy)
    assert str(copy / "build") in caught.value.where


def test_unreachable_sources_are_said_and_not_guessed(
    tmp_path: Path, digits_tflite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.scaffold(digits_tflite, "cortex_m4", tmp_path / "both")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.https://unreachable.invalid/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://")
    report = verify.run(tmp_path / "both")
    assert report.engines["aot"].bit_exact
    assert report.engines["tflm"].status == "not verified"
    assert report.engines["tflm"].reason == "upstream sources unreachable"
    assert report.ok
    with pytest.raises(UnreachableSourcesError) as caught:
        verify.run(tmp_path / "both", ["tflm"])
    assert caught.value.exit_code == 3
