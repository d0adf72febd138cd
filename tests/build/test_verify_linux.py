"""`edgegen verify` of Linux projects: every engine here and on Arm; and what fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgegen import api, verify
from edgegen.errors import DifferenceError, MissingToolError, UsageError
from edgegen.verify.linux.report import Report

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits"

pytestmark = [pytest.mark.sysroot, pytest.mark.slow]


def scaffold(
    place: Path,
    device: str,
    *engines: str,
    described: bool = True,
    serve: tuple[str, ...] = (),
) -> Path:
    """The digits; with a described input the project has C to build."""
    api.scaffold(
        EXAMPLE / "digits.tflite",
        device,
        place,
        engines=engines,
        inputs=EXAMPLE / "input.toml" if described else None,
        labels=EXAMPLE / "labels.txt",
        serve=serve,
    )
    return place


def verified(project: Path, *engines: str) -> Report:
    try:
        report = verify.run(project, engines or None)
    except MissingToolError as error:
        if "could not be" in error.what:
            pytest.skip(f"needs a sysroot and qemu: {error.what}")
        raise
    assert isinstance(report, Report)
    return report


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project for this machine, verified."""
    place = tmp_path_factory.mktemp("here") / "digits"
    project = scaffold(place, "linux_x86_64", "aot", "litert", serve=("http",))
    report = verified(project)
    assert report.ok, report.to_markdown().decode()
    return project


@pytest.mark.arm_linux
def test_a_raspberry_pi(tmp_path: Path) -> None:
    """Everything that the device runs, with the wheels and the processors of either edition."""
    project = scaffold(tmp_path / "digits", "raspberry_pi", "aot", "litert", serve=("http",))
    report = verified(project)
    assert report.ok, report.to_markdown().decode()
    machines = {name: each.machine for name, each in report.computers.items()}
    assert machines["aarch64"].endswith("qemu-aarch64 -cpu cortex-a53")
    assert machines["armv7l"].endswith("qemu-arm -cpu cortex-a7")
    for name, computer in report.computers.items():
        engines = computer.engines
        assert engines["aot"].bit_exact
        assert engines["aot"].raw_inputs == 2
        assert engines["litert-reference"].bit_exact
        assert engines["litert"].status == "pass"
        assert engines["litert-edgetpu"].status == "not verified"
        assert computer.versions["numpy"].startswith("2." if name == "aarch64" else "1.24")
        assert set(computer.sha256) == {"python", "emulator", "native library"}
        assert computer.package
        debian = {"aarch64": "arm64", "armv7l": "armhf"}[name]
        assert (computer.package.status, computer.package.engines) == ("pass", ("aot",))
        assert computer.package.file == f"digits_0.1.0_{debian}.deb"
        assert computer.server
        assert (computer.server.status, computer.server.exit_code) == ("pass", 0)
        answers = [each.answer for each in computer.server.requests]
        assert answers.count("200") == 9
        assert {"400", "415", "422"} < set(answers)
    on_disk = json.loads((project / "evidence" / "report.json").read_bytes())
    assert on_disk == json.loads(report.to_json())
    assert on_disk["computers"]["armv7l"]["versions"]["tflite-runtime"] == "2.14.0"
    page = (project / "evidence" / "report.md").read_text()
    assert "| aot | pass, bit-exact | pass, bit-exact |" in page


def test_here(here: Path) -> None:
    report = json.loads((here / "evidence" / "report.json").read_bytes())
    (computer,) = report["computers"].values()
    assert computer["machine"] == "this machine"
    assert computer["package"]["status"] == "pass"
    assert computer["server"]["status"] == "pass"
    engines = computer["engines"]
    assert {name for name in engines if engines[name]["bit_exact"]} >= {"aot", "litert-reference"}
    assert engines["litert"]["outputs"][0]["max_abs_diff"] <= 24


def test_what_is_written_is_the_same_again(here: Path) -> None:
    before = {path.name: path.read_bytes() for path in (here / "evidence").iterdir()}
    again = json.loads(verified(here).to_json())
    assert again["computers"]["x86_64"]["package"]["status"] == "pass"
    assert {path.name: path.read_bytes() for path in (here / "evidence").iterdir()} == before
    assert not api.diff(here).plan.is_stale, "verifying changes nothing that edgegen wrote"
    assert not list((here / "src").rglob("__pycache__"))


def test_a_wrong_answer_is_found(tmp_path: Path) -> None:
    """A golden vector that the model does not give."""
    project = scaffold(tmp_path / "digits", "linux_x86_64", "litert", described=False)
    expected = project / "edgegen/python/digits_runtime/data/golden.bin"
    data = bytearray(expected.read_bytes())
    data[3] ^= 1
    expected.write_bytes(data)
    report = verified(project, "litert-reference")
    facts = report.computers["x86_64"].engines["litert-reference"]
    assert (facts.status, facts.reason) == ("fail", "output Identity: steps 1, limit 0")
    assert not report.ok
    assert report.sources.edited == ("edgegen/python/digits_runtime/data/golden.bin",)


def test_an_engine_that_cannot_start_has_failed(tmp_path: Path) -> None:
    project = scaffold(tmp_path / "digits", "linux_x86_64", "litert", described=False)
    (project / "src/digits/app.py").write_text("raise SystemExit('no such thing')\n")
    report = verified(project, "litert")
    facts = report.computers["x86_64"].engines["litert"]
    assert (facts.status, facts.outputs) == ("fail", ())
    assert "no such thing" in facts.reason


def test_c_that_does_not_compile_has_failed(tmp_path: Path) -> None:
    project = scaffold(tmp_path / "digits", "linux_x86_64", "aot")
    with (project / "edgegen/native/api.c").open("a") as file:
        file.write("#error no such thing\n")
    report = verified(project, "aot")
    facts = report.computers["x86_64"].engines["aot"]
    assert facts.status == "fail"
    assert "no such thing" in facts.reason
    assert str(tmp_path) not in report.to_json().decode()
    assert not report.ok


def test_a_self_test_that_allows_more_is_no_evidence(tmp_path: Path) -> None:
    project = scaffold(tmp_path / "digits", "linux_x86_64", "litert", described=False)
    selftest = project / "edgegen/python/digits_runtime/selftest.py"
    text = selftest.read_text()
    assert '"limit": each.limit' in text
    selftest.write_text(text.replace('"limit": each.limit', '"limit": 9.0'))
    facts = verified(project, "litert").computers["x86_64"].engines["litert"]
    assert facts.reason == "The self-test allowed other differences than golden.json does."


def test_another_model_is_refused(here: Path, tmp_path: Path) -> None:
    model = here / "model" / "digits.tflite"
    content = model.read_bytes()
    try:
        model.write_bytes(content + b"\0")
        with pytest.raises(DifferenceError, match="not the one"):
            verify.run(here)
    finally:
        model.write_bytes(content)


def test_an_unknown_engine_is_the_users_mistake(here: Path) -> None:
    with pytest.raises(UsageError, match="'tflm'"):
        verify.run(here, ["tflm"])


def test_without_network_and_cache_it_says_what_is_missing(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(MissingToolError, match="packages for this machine") as caught:
        verify.run(here)
    assert caught.value.exit_code == 3
    assert "run it again with network access" in str(caught.value)
