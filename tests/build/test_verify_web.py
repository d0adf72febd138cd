"""`edgegen verify` of web projects: what passes, and that what is broken fails."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from edgegen import api, lockfile, verify
from edgegen.errors import DifferenceError, UsageError
from edgegen.verify import subject, web
from edgegen.verify.web.report import CheckFacts, Report
from support.browser import Browser, serving, shared_browser

__all__ = ["shared_browser"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits"

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("web") / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "browser",
        place,
        engines=["aot"],
        inputs=EXAMPLE / "input.toml",
        labels=EXAMPLE / "labels.txt",
    )
    return place


def verified(project: Path) -> Report:
    steps: list[str] = []
    report = verify.run(project, progress=steps.append)
    assert isinstance(report, Report)
    assert "aot-simd" in steps
    return report


def by_name(checks: tuple[CheckFacts, ...]) -> dict[str, str]:
    return {each.what: each.status for each in checks}


def test_all_of_it(project: Path) -> None:
    report = verified(project)
    assert report.ok, report.to_markdown().decode()
    assert list(report.backends) == ["aot-simd", "aot-baseline"]
    for facts in report.backends.values():
        assert facts.bit_exact
        assert (facts.vectors, facts.raw_inputs) == (4, 2)
    faults = by_name(report.model_checks)
    assert set(faults.values()) == {"pass"}
    assert {
        "A flipped byte in a chunk",
        "A connection that drops in the middle of a chunk, once",
        "Half a manifest",
        "Storage that is full",
        "A cached chunk that was changed",
        "A browser without WebAssembly SIMD",
    } < set(faults)
    page = by_name(report.page_checks)
    assert set(page.values()) == {"pass"}
    assert {"Reload with the server killed", "Installability"} < set(page)
    assert report.download
    assert report.download.backend == "aot-simd"
    model = next(each for each in report.download.parts if each.part == "model")
    assert 0 < model.sent < model.bytes
    modules = {each.name: each.brotli for each in report.artefacts}
    assert set(modules) == {
        *("assets/aot-baseline", "assets/aot-simd", "wasm/baseline.wasm", "wasm/simd.wasm")
    }
    evidence = project / "evidence"
    assert json.loads((evidence / "report.json").read_bytes()) == json.loads(report.to_json())
    assert "| aot-simd | pass, bit-exact | 4 | 2 of 2 identical |" in (
        evidence / "report.md"
    ).read_text("utf-8")
    assert (evidence / "page.png").read_bytes().startswith(b"\x89PNG")
    assert not api.diff(project).plan.is_stale, "verifying changes nothing that edgegen wrote"


def test_what_is_wrong_is_found(project: Path, tmp_path: Path) -> None:
    """Everything at once, each with its own verdict: another weight with all hashes made again, a
    loader that believes what it gets, a page that tells another server, no icons."""
    broken = tmp_path / "broken"
    shutil.copytree(project, broken, ignore=shutil.ignore_patterns("evidence"))
    change_a_weight(broken / "edgegen", "aot-simd")
    replace(broken / "edgegen/loading/stream.js", r"=== chunk\.sha256\b", "!== '' && true")
    replace(
        broken / "index.html", "</body>", '<img alt="" src="https://example.invalid/x.png"></body>'
    )
    replace(broken / "manifest.webmanifest", r'"icons"', '"pictures"')
    lock_again(broken)
    report = verified(broken)
    assert not report.ok
    assert not report.sources.edited, "the lock knows of every change"
    simd, baseline = report.backends["aot-simd"], report.backends["aot-baseline"]
    assert (simd.status, baseline.status) == ("fail", "pass")
    assert simd.outputs[0].difference
    assert simd.reason.startswith("output Identity: steps ")
    faults = by_name(report.model_checks)
    assert faults["A flipped byte in a chunk"] == "fail"
    assert faults["A chunk that is not there"] == "pass"
    page = by_name(report.page_checks)
    assert page["First visit"] == "fail", "its policy refuses the picture"
    assert page["Installability"] == "fail"
    assert page["Reload with the server killed"] == "pass"
    text = (broken / "evidence" / "report.md").read_text("utf-8")
    assert "**NOT VERIFIED**" in text


@pytest.mark.npm
def test_the_runtime_of_others(tmp_path: Path, shared_browser: Browser) -> None:
    """Fetched, vendored, and on every backend that the browser has."""
    place = tmp_path / "digits"
    api.scaffold(EXAMPLE / "digits.tflite", "browser", place, engines=["litert"])
    found = web.subject.load(subject.load(place))
    assert web.vendored.obstacle(place, "litert") == ""
    runs = list(web.backends.runs(found.backends("litert")))
    assert ("litert-wasm, 2 threads", "litert-wasm", 2) in runs
    with serving(place, isolated=True) as server:
        for title, backend, threads in runs:
            facts = web.backends.verify(shared_browser, server, found, backend, threads)
            assert facts.status == "pass", f"{title}: {facts.reason}"
            assert facts.outputs[0].measure == "rms"
    with serving(place) as server:
        alone = web.backends.verify(shared_browser, server, found, "litert-wasm", 2)
    assert (alone.status, alone.reason) == (
        "fail",
        "it ran as litert-wasm, 1 thread, not on 2 threads",
    )


def test_another_model(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(project, other)
    model = other / "model" / "digits.tflite"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(DifferenceError, match="not the one that the project was generated from"):
        verify.run(other)


def test_what_a_web_project_has_not(project: Path) -> None:
    with pytest.raises(UsageError, match="CMake"):
        verify.run(project, cmake_args=["-DX=1"])
    with pytest.raises(UsageError, match="not generated with the engine 'litert'"):
        verify.run(project, ["litert"])


def change_a_weight(generated: Path, asset: str) -> None:
    """In the middle of the weights; and what knows their hash follows."""
    manifest = generated / "assets" / f"{asset}.json"
    facts = json.loads(manifest.read_bytes())
    (chunk,) = facts["chunks"]
    old = manifest.parent / "chunks" / f"{chunk['sha256']}.bin"
    data = bytearray(old.read_bytes())
    engine = generated / "engines" / "aot.js"
    replace(engine, r"exports\.eg_weights_id\(\) >>> 0 !== id", "false")
    start = len(data) // 4
    data[start : start + 64] = bytes((each + 64) % 256 for each in data[start : start + 64])
    old.unlink()
    chunk["sha256"] = facts["sha256"] = hashlib.sha256(data).hexdigest()
    (manifest.parent / "chunks" / f"{chunk['sha256']}.bin").write_bytes(data)
    before = manifest.read_bytes()
    manifest.write_text(json.dumps(facts))
    after = manifest.read_bytes()
    replace(engine, old.stem, chunk["sha256"])
    pinned = [hashlib.sha256(text).hexdigest() for text in (before, after)]
    replace(engine, *pinned)
    replace(engine, f"manifestBytes: {len(before)}", f"manifestBytes: {len(after)}")


def replace(path: Path, pattern: str, text: str) -> None:
    changed, times = re.subn(pattern, text, path.read_text("utf-8"))
    assert times
    path.write_text(changed, "utf-8")


def lock_again(project: Path) -> None:
    """With the hashes of what is there, in the lock and in what the service worker keeps."""
    lock = lockfile.read(project)
    assert lock
    precache = project / "edgegen/pwa/precache.js"
    text = precache.read_text("utf-8")
    for path, old in lock.files.items():
        if (project / path).is_file() and path != "edgegen/pwa/precache.js":
            text = text.replace(old, hashlib.sha256((project / path).read_bytes()).hexdigest())
    precache.write_text(text, "utf-8")
    files = {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((project / "edgegen").rglob("*"))
        if path.relative_to(project).as_posix() in lock.files or path.suffix == ".bin"
    }
    made = lockfile.Lock(lock.version, files, lock.scaffolded, lock.measured)
    (project / lockfile.LOCK).write_bytes(lockfile.dump(made))
