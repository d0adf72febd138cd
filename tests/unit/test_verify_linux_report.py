"""The evidence for a Linux project: what it says, and when it says yes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgegen import present
from edgegen.verify import outcome
from edgegen.verify.evidence import ModelFacts, SourceFacts
from edgegen.verify.linux.report import (
    ComputerFacts,
    DeviceFacts,
    EngineFacts,
    NativeFacts,
    PackageFacts,
    Report,
    RequestFacts,
    ServerFacts,
    ServiceFacts,
)
from edgegen.verify.selftest import OutputFacts

LITERT = EngineFacts(
    status="pass",
    description="ai-edge-litert 2.3.0, XNNPACK, threads: 2",
    vectors=4,
    tolerance="the runtime rounds within its fused kernels",
    outputs=(OutputFacts("scores|x", "rms", 0.125, 0.25, 9.0, 1, True),),
)
AOT = replace(
    LITERT,
    description="portable C",
    outputs=(OutputFacts("scores|x", "steps", 0.0, 0.0, 0.0, 0, True),),
    raw_inputs=2,
    bit_exact=True,
)
COMPUTER = ComputerFacts(
    machine="QEMU 10.0.2 qemu-aarch64 -cpu cortex-a72",
    versions={"python": "3.11.2", "numpy": "2.4.6"},
    sha256={"python": "ab" * 32, "native library": "cd" * 32},
    native=NativeFacts("aarch64-linux-gnu-gcc 12.2.0", 40_960),
    engines={
        "litert": LITERT,
        "aot": AOT,
        "openvino": outcome.engine_not_verified("PyPI has no wheel of openvino for aarch64"),
    },
)
REPORT = Report(
    edgegen="0.1.0",
    model=ModelFacts("digits", "digits.tflite", "cd" * 32),
    device=DeviceFacts("raspberry_pi_4", "Raspberry Pi 4", ("aarch64", "x86_64")),
    sources=SourceFacts("ef" * 32, ()),
    reference="tflite-micro 0.1",
    known_by={"results": "compared"},
    computers={"aarch64": COMPUTER},
    not_run={"x86_64": "this machine is another one"},
)


def with_computer(**changes: object) -> Report:
    return replace(REPORT, computers={"aarch64": replace(COMPUTER, **changes)})  # type: ignore[arg-type]


def test_the_json() -> None:
    facts = json.loads(REPORT.to_json())
    assert facts["format"] == 1
    assert facts["device"]["id"] == "raspberry_pi_4"
    engines = facts["computers"]["aarch64"]["engines"]
    assert engines["aot"]["bit_exact"]
    assert engines["litert"]["outputs"][0]["limit"] == 0.25
    assert engines["openvino"]["reason"] == "PyPI has no wheel of openvino for aarch64"
    assert facts["computers"]["aarch64"]["sha256"]["native library"] == "cd" * 32
    assert "ns" not in REPORT.to_json().decode().split('"'), "no time comes out of an emulator"


def test_the_page() -> None:
    page = REPORT.to_markdown().decode()
    assert "**Verified** by edgegen 0.1.0" in page
    assert "| engine | aarch64 |\n|---|---|\n| litert | pass |\n| aot | pass, bit-exact |" in page
    assert "| openvino | not verified |" in page
    assert "| scores\\|x | rms | 0.125 | 0.25 | 9 | 1 of 4 |" in page
    assert "2 inputs made from raw bytes (identical)" in page
    assert "x86\\_64 was not run" in page or "x86_64 was not run" in page
    assert "aarch64-linux-gnu-gcc 12.2.0, 40,960 bytes" in page
    assert "Debian package" not in page
    assert "Server" not in page


def test_package_and_server() -> None:
    requests = (RequestFacts("GET /healthz", "200", True), RequestFacts("POST x", "500", False))
    found = with_computer(
        package=PackageFacts("pass", "", "digits_1_arm64.deb", "12" * 32, 1_234_567, ("aot",)),
        server=ServerFacts("fail", "POST x: 500", "aot", requests, 0),
    )
    assert not found.ok
    page = found.to_markdown().decode()
    assert "1,234,567 bytes" in page
    assert "| POST x | 500 | NO |" in page
    shown = "\n".join(present.report(found))
    assert "package: pass" in shown
    assert "server: fail: POST x: 500" in shown


def test_service() -> None:
    rated = ServiceFacts(
        "pass", "", 1.3, 2.0, (("PrivateNetwork=", 0.5), ("ProcSubset=", 0.1)), "x"
    )
    found = replace(REPORT, service=rated)
    assert found.ok
    page = found.to_markdown().decode()
    assert "Exposure 1.3 of 10, by x; at most 2.0 passes." in page
    assert "PrivateNetwork= 0.5,\nProcSubset= 0.1.\n" in page
    assert "service: pass: exposure 1.3 of 10" in "\n".join(present.report(found))
    assert json.loads(found.to_json())["service"]["exposure"] == 1.3
    assert "## Service" not in REPORT.to_markdown().decode()
    failed = replace(REPORT, service=ServiceFacts("fail", "exposure 9.6, and 2.0 is allowed", 9.6))
    assert not failed.ok
    assert "exposure 9.6, and" in failed.to_markdown().decode()


@pytest.mark.parametrize(
    ("made", "ok"),
    [
        (REPORT, True),
        (replace(REPORT, computers={}), False),
        (replace(REPORT, sources=SourceFacts("ef" * 32, ("edgegen/x",))), False),
        (with_computer(engines={"aot": AOT, "litert": outcome.engine_failed("x")}), False),
        (with_computer(engines={"aot": outcome.engine_not_verified("x")}), False),
        (with_computer(package=PackageFacts("not verified", "x")), True),
        (with_computer(package=PackageFacts("fail", "x")), False),
        (with_computer(server=ServerFacts("fail", "x")), False),
    ],
)
def test_when_it_is_verified(made: Report, ok: bool) -> None:
    assert made.ok is ok


def test_for_the_terminal() -> None:
    lines = present.report(REPORT)
    assert lines[0].split() == [
        "machine",
        "engine",
        "status",
        "vectors",
        "bit-exact",
        *lines[0].split()[5:],
    ]
    assert lines[1].split() == ["aarch64", "litert", "pass", "4", "no", "9", "rms", "0.125"]
    assert any("openvino: not verified: PyPI has no wheel" in line for line in lines)
    assert lines[-1] == "x86_64: not run: this machine is another one"
