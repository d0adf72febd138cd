"""How far a generated service is locked in, and that it works that way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgegen import api, registry
from edgegen.errors import DifferenceError
from edgegen.verify.linux import hardening

pytestmark = pytest.mark.systemd

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"
PROGRAM = "/usr/bin/digits"

# Of systemd's scale from 0 (safe) to 10; an unhardened service has 9.6.
MOST_EXPOSURE = 1.5


@pytest.fixture(scope="session")
def units(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A unit that serves, one of a model of images, and one that takes its inputs elsewhere."""
    folder = tmp_path_factory.mktemp("units")
    found = {"serve": digits_project}
    for case in ("camera", "network"):
        found[case] = folder / case
        inputs = EXAMPLE / "input.toml" if case == "camera" else None
        api.scaffold(
            EXAMPLE / "digits.tflite", "linux_x86_64", found[case], name="digits", inputs=inputs
        )
    return {case: project / "edgegen/system/digits.service" for case, project in found.items()}


@pytest.mark.parametrize("case", ["serve", "camera", "network"])
def test_a_unit_is_sound_and_little_exposed(units: dict[str, Path], case: str) -> None:
    found = hardening.examine(units[case], PROGRAM)
    assert 0 < found.exposure <= MOST_EXPOSURE, found.left
    assert found.tool.startswith("systemd-analyze ")
    assert json.loads(json.dumps(found.as_dict()))["exposure"] == found.exposure


def test_an_open_unit_is_rated_as_one(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text(f"[Service]\nExecStart={PROGRAM}\n")
    facts = hardening.verify(unit, PROGRAM)
    assert facts is not None
    assert facts.status == "fail"
    assert facts.exposure is not None
    assert facts.exposure > 9


def test_the_evidence_has_the_rating(units: dict[str, Path], tmp_path: Path) -> None:
    facts = hardening.verify(units["camera"], PROGRAM)
    assert facts is not None
    assert (facts.status, facts.reason) == ("pass", "")
    assert facts.exposure == hardening.examine(units["camera"], PROGRAM).exposure
    assert hardening.verify(tmp_path / "none.service", PROGRAM) is None
    broken = tmp_path / "digits.service"
    broken.write_text("[Service]\nNonsense=1\n")
    failed = hardening.verify(broken, PROGRAM)
    assert failed is not None
    assert failed.status == "fail"
    assert "Nonsense" in failed.reason
    assert str(tmp_path) not in failed.reason


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ProtectClock=yes", "ProtectClok=yes"),
        ("ProtectSystem=strict", "ProtectSystem=strickt"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@sistem-service"),
        (f"ExecStart={PROGRAM}", "ExecStart=/usr/bin/another"),
    ],
)
def test_a_mistake_in_a_unit_is_found(
    units: dict[str, Path], tmp_path: Path, right: str, wrong: str
) -> None:
    text = units["serve"].read_text()
    assert right in text
    broken = tmp_path / "digits.service"
    broken.write_text(text.replace(right, wrong))
    with pytest.raises(DifferenceError, match=r"digits\.service"):
        hardening.examine(broken, PROGRAM)


def test_a_unit_says_what_the_design_asks_for(units: dict[str, Path]) -> None:
    settings = dict(re.findall(r"^(\w+)=(.*)$", units["serve"].read_text(), re.MULTILINE))
    wanted = {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "DynamicUser": "yes",
        "StateDirectory": "digits",
        "CacheDirectory": "digits",
        "CacheDirectoryMode": "0700",
        # With "-": there is none before the first update, and without it nothing would start.
        "ReadOnlyPaths": "-/var/lib/private/digits/versions",
        "MemoryMax": str(registry.load_device("linux_x86_64").ram_bytes),
        "Type": "notify",
        "CapabilityBoundingSet": "",
        "MemoryDenyWriteExecute": "yes",
    }
    assert wanted.items() <= settings.items()
    assert {"CPUQuota", "WatchdogSec", "SystemCallFilter"} <= settings.keys()


@pytest.mark.parametrize("source", ["camera", "microphone", "sensor", "network"])
def test_drop_ins_for_other_sources_open_no_more_than_that(
    units: dict[str, Path], tmp_path: Path, source: str
) -> None:
    system = tmp_path / "etc/systemd/system"
    (system / "digits.service.d").mkdir(parents=True)
    shutil.copy(units["network"], system)
    drop_in = units["network"].parent / "sources" / f"{source}.conf"
    shutil.copy(drop_in, system / "digits.service.d")
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/digits").touch(mode=0o755)
    options = ["--man=no", "--recursive-errors=no", f"--root={tmp_path}"]
    done = _systemd_analyze("verify", *options, "digits.service")
    assert (done.returncode, done.stderr) == (0, "")
    rated = _systemd_analyze("security", "--offline=true", f"--root={tmp_path}", "digits.service")
    exposure = re.search(r"Overall exposure level for digits.service: (\S+)", rated.stdout)
    assert exposure is not None, rated.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE


def _systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_container_is_not_root_and_pins_no_registry(digits_project: Path) -> None:
    lines = _instructions(digits_project / "edgegen/system/Containerfile")
    words = [line.split(maxsplit=1) for line in lines]
    assert words[0] == ["ARG", "BASE"]
    assert [rest for word, rest in words if word == "FROM"] == ["${BUILD_BASE} AS build", "${BASE}"]
    final = words[[rest for _, rest in words].index("${BASE}") :]
    by_word: dict[str, list[str]] = {}
    for word, rest in final:
        by_word.setdefault(word, []).append(rest)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", by_word["USER"][-1])
    assert json.loads(by_word["ENTRYPOINT"][0]) == ["digits"]
    assert json.loads(by_word["CMD"][0]) == ["serve"]
    check = re.fullmatch(r"(?:--[a-z-]+=\w+ +)+CMD (.*)", by_word["HEALTHCHECK"][0])
    assert check is not None
    assert "healthz" in json.loads(check[1])[-1]
    # Whatever comes out of the first stage, and nothing else, is in the last one.
    assert by_word["COPY"] == [
        "--from=build /opt/digits /opt/digits",
        "digits.toml /etc/digits/digits.toml",
    ]
    assert not {"ADD", "SHELL"} & {word for word, _ in words}


def _instructions(path: Path) -> list[str]:
    text = re.sub(r"\\\n\s*", "", path.read_text())
    return [line for line in text.splitlines() if line and not line.startswith("#")]
