"""What systemd thinks of a project's service: whether the unit is sound, and how exposed it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgegen import tools
from edgegen.errors import DifferenceError, MissingToolError
from edgegen.verify.linux.report import FAIL, NOT_VERIFIED, PASS, ServiceFacts

SECONDS = 60
MOST_EXPOSURE = 2.0
"""What passes; systemd calls less than 2 safe, and a service without any of it has 9.6."""

_EXPOSURE = re.compile(r"Overall exposure level for \S+: (\d+\.\d+)")
_VERSION = re.compile(r"systemd (\d+)")


@dataclass(frozen=True, slots=True)
class Hardening:
    """How far a service is locked in.

    Attributes:
        exposure: Of `systemd-analyze security`, from 0.0 (safe) to 10.0 (unsafe).
        left: What adds to it: (setting, how much), the largest first.
        tool: What said so, with its version.
    """

    exposure: float
    left: tuple[tuple[str, float], ...]
    tool: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def examine(unit: Path, program: str) -> Hardening:
    """Checks a unit file offline, whatever system runs here.

    Args:
        program: The absolute path that it starts, which is only there once it is installed.

    Raises:
        DifferenceError: systemd does not understand the file, or something in it.
        MissingToolError: systemd-analyze is not installed.
    """
    command = str(tools.require("systemd-analyze").path)
    with tempfile.TemporaryDirectory(prefix="edgegen-unit-") as folder:
        root = _root(Path(folder), unit, program)
        done = _run(
            [command, "verify", "--man=no", "--recursive-errors=no", f"--root={root}", unit.name]
        )
    if done.returncode != 0 or done.stderr.strip():
        raise DifferenceError(
            f"systemd finds fault with {unit.name}.", where=done.stderr.strip().replace(folder, "")
        )
    offline = [command, "security", "--offline=true", "--no-pager"]
    text = _run([*offline, str(unit)]).stdout
    rows = json.loads(_run([*offline, "--json=short", str(unit)]).stdout)
    found = _EXPOSURE.search(text)
    if found is None:
        raise DifferenceError(f"systemd-analyze does not rate {unit.name}.", where=text[-300:])
    return Hardening(float(found[1]), _left(rows), _title(command))


def verify(unit: Path, program: str) -> ServiceFacts | None:
    """The evidence; None where there is no unit."""
    if not unit.is_file():
        return None
    try:
        found = examine(unit, program)
    except MissingToolError as error:
        return ServiceFacts(NOT_VERIFIED, error.what)
    except DifferenceError as error:
        return ServiceFacts(FAIL, f"{error.what} {error.where}")
    status, reason = PASS, ""
    if found.exposure > MOST_EXPOSURE:
        status, reason = FAIL, f"exposure {found.exposure}, and {MOST_EXPOSURE} is allowed"
    return ServiceFacts(status, reason, found.exposure, MOST_EXPOSURE, found.left, found.tool)


def _root(folder: Path, unit: Path, program: str) -> Path:
    """A root folder with nothing in it but the unit and what it starts."""
    place = folder / "etc/systemd/system"
    place.mkdir(parents=True)
    shutil.copyfile(unit, place / unit.name)
    stub = folder / program.lstrip("/")
    stub.parent.mkdir(parents=True, exist_ok=True)
    stub.touch(mode=0o755)
    return folder


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


def _left(rows: list[dict[str, Any]]) -> tuple[tuple[str, float], ...]:
    left = [(row["name"], float(row["exposure"])) for row in rows if row["exposure"] is not None]
    return tuple(sorted(left, key=lambda each: (-each[1], each[0])))


def _title(command: str) -> str:
    found = _VERSION.search(_run([command, "--version"]).stdout)
    return f"systemd-analyze {found[1] if found else 'unknown'}"
