"""The evidence for a web project: what it says, when it says yes, and where runtimes come from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import present
from edgegen.engines.web_libraries import LibraryFile
from edgegen.verify import outcome
from edgegen.verify.evidence import ModelFacts, SourceFacts
from edgegen.verify.outcome import EngineFacts
from edgegen.verify.selftest import OutputFacts
from edgegen.verify.web import vendored
from edgegen.verify.web.report import (
    ArtefactFacts,
    CheckFacts,
    DeviceFacts,
    DownloadFacts,
    PartFacts,
    Report,
)

AOT = EngineFacts(
    status="pass",
    description="aot-simd, 1 thread",
    vectors=4,
    raw_inputs=2,
    tolerance="the integers must be the same",
    outputs=(OutputFacts("scores|x", "steps", 0.0, 0.0, 0.0, 0, True),),
    bit_exact=True,
)
REPORT = Report(
    edgegen="0.1.0",
    model=ModelFacts("digits", "digits.tflite", "cd" * 32),
    device=DeviceFacts("browser", "Any browser"),
    sources=SourceFacts("ef" * 32, ()),
    reference="tflite-micro 0.1",
    known_by={"backends": "compared"},
    browser="chromium 156.0",
    versions={"playwright": "1.65.2"},
    backends={
        "aot-simd": AOT,
        "litert-webgpu": outcome.engine_not_verified("This browser has no WebGPU adapter."),
    },
    model_checks=(CheckFacts("Half a manifest", "pass", "IntegrityError: <b>not JSON"),),
    page_checks=(CheckFacts("Installability", "pass", "nothing is in the way"),),
    artefacts=(ArtefactFacts("wasm/simd.wasm", 35_386, 11_785, "ab" * 32),),
    download=DownloadFacts(
        "aot-simd",
        "brotli",
        50_000,
        (PartFacts("model", 2, 40_000, 30_000), PartFacts("page", 9, 90_000, 21_000)),
    ),
    screenshot="page.png",
)


def test_the_json() -> None:
    facts = json.loads(REPORT.to_json())
    assert facts["format"] == 1
    assert facts["backends"]["aot-simd"]["bit_exact"]
    assert facts["backends"]["litert-webgpu"]["status"] == "not verified"
    assert (facts["download"]["sent"], facts["download"]["bytes"]) == (51_000, 130_000)
    assert facts["artefacts"][0]["brotli"] == 11_785


def test_the_page() -> None:
    page = REPORT.to_markdown().decode()
    assert "**Verified** by edgegen 0.1.0 in chromium 156.0" in page
    assert "| aot-simd | pass, bit-exact | 4 | 2 of 2 identical |" in page
    assert "| litert-webgpu | not verified |  |  |" in page
    assert "    This browser has no WebGPU adapter." in page
    assert "| scores\\|x | steps | 0 | 0 | 0 | 0 of 4 |" in page
    assert "| Half a manifest | IntegrityError: \\<b\\>not JSON | pass |" in page
    assert "51,000 bytes (130,000 before compression by brotli)" in page
    assert "the device's guideline is 50,000, and this is MORE." in page
    assert "![The page after its first visit](page.png)" in page


def test_the_terminal() -> None:
    lines = "\n".join(present.report(REPORT))
    assert "litert-webgpu: This browser has no WebGPU adapter." in lines
    assert "faults: 1 of 1 passed" in lines
    assert "first visit: 51,000 bytes sent with brotli" in lines


def test_what_nothing_could_be_tried_on() -> None:
    lines = present.report(replace(REPORT, model_checks=()))
    assert "faults: not tried" in lines


@pytest.mark.parametrize(
    ("changes", "ok"),
    [
        ({}, True),
        ({"backends": {"aot-simd": outcome.engine_not_verified("no wasm")}}, False),
        ({"backends": {"a": AOT, "b": outcome.engine_failed("differs")}}, False),
        ({"model_checks": (CheckFacts("x", "fail", "", "y"),)}, False),
        ({"page_checks": (CheckFacts("x", "fail", "", "y"),)}, False),
        ({"page_checks": (CheckFacts("x", "not verified", "", "y"),)}, True),
        ({"page_checks": (), "model_checks": (), "download": None, "screenshot": ""}, True),
        ({"sources": SourceFacts("ef" * 32, ("edgegen/model.js",))}, False),
    ],
)
def test_when_it_is_verified(changes: dict[str, object], ok: bool) -> None:
    report = replace(REPORT, **changes)  # type: ignore[arg-type]
    assert report.ok is ok
    word = "Verified" if ok else "NOT VERIFIED"
    assert f"**{word}**" in report.to_markdown().decode()


# npm


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a made-up npm does; its arguments go to the file ``asked`` in the project."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "project").mkdir()
    return program


def script(npm: Path, body: str) -> None:
    npm.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo 10.8.2 && exit\necho "$@" >> asked\n{body}\n'
    )


BRINGS = "[ $1 = run ] && mkdir -p edgegen/vendor/litert && echo > edgegen/vendor/litert/index.js"


def test_an_engine_without_a_runtime_needs_nothing(tmp_path: Path) -> None:
    assert vendored.obstacle(tmp_path, "aot") == ""


@pytest.mark.parametrize("has_lock", [False, True])
def test_a_runtime_is_fetched_once(npm: Path, tmp_path: Path, has_lock: bool) -> None:
    project = tmp_path / "project"
    if has_lock:
        (project / "package-lock.json").touch()
    script(npm, f"{BRINGS}; exit 0")
    assert vendored.obstacle(project, "litert") == ""
    assert vendored.obstacle(project, "litert") == ""
    install, vendor = (project / "asked").read_text().splitlines()
    assert install.startswith("ci " if has_lock else "install --no-package-lock ")
    assert {"--ignore-scripts", "--omit=dev"} <= set(install.split())
    assert vendor.startswith("run vendor")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'npm error network: no such host' >&2; exit 1", "failed: npm error network"),
        ("exit 7", "failed: exit code 7"),
        ("exit 0", "`npm run vendor` did not bring its runtime"),
    ],
)
def test_why_there_is_no_runtime(npm: Path, tmp_path: Path, body: str, reason: str) -> None:
    script(npm, body)
    assert reason in vendored.obstacle(tmp_path / "project", "litert")


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "sudo apt-get install npm" in vendored.obstacle(tmp_path, "onnxruntime")


def test_whose_files_the_runtimes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "edgegen" / "vendor" / "litert"
    folder.mkdir(parents=True)
    assert vendored.versions(tmp_path) == {}
    published = b"import 'there'"
    digest = hashlib.sha256(published).hexdigest()
    file = LibraryFile("dist/a.js", "litert/a.js", len(published), digest, ("there", "here"))
    library = replace(vendored.LIBRARIES["litert"], package="some", version="1.2.3", files=(file,))
    monkeypatch.setattr(vendored, "LIBRARIES", {"litert": library})
    (folder / "a.js").write_bytes(b"import 'here'")
    assert vendored.versions(tmp_path) == {"some": "1.2.3"}
    (folder / "a.js").write_bytes(b"import 'elsewhere'")
    assert vendored.versions(tmp_path) == {"some": "other files"}
