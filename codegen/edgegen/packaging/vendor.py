"""Wheels of what no distribution has, to lie beside the program: fetched by pip for the device."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import util
from pathlib import Path

from edgegen.errors import DifferenceError, MissingToolError
from edgegen.packaging import needs, wheel
from edgegen.packaging.needs import Requirement
from edgegen.packaging.subject import Subject
from edgegen.packaging.wheel import Wheel

FETCH_SECONDS = 900
CONSTRAINTS = "packaging/constraints.txt"
_NEWEST_GLIBC = 36  # Debian 12


def carried(subject: Subject, own: Wheel, architecture: str) -> tuple[Wheel, ...]:
    """Wheels of all that a project's own needs, but for `needs.NOT_VENDORED`.

    The project's `CONSTRAINTS` pin versions, where it has that file.

    Raises:
        MissingToolError: They cannot be had.
        DifferenceError: Two need different versions of a third.
    """
    path = subject.directory / CONSTRAINTS
    constraints = path if path.is_file() else None
    found: dict[str, Wheel] = {}
    asked: dict[str, list[str]] = {}
    queue = _requirements(own, architecture)
    while queue:
        level: dict[str, str] = {}
        for each in queue:
            if each.name not in needs.NOT_VENDORED:
                asked.setdefault(each.name, []).append(each.text)
                if each.name not in found:
                    level.setdefault(each.name, each.text)
        queue = []
        for made in _download(list(level.values()), architecture, constraints):
            found[made.normal_name] = made
            queue += _requirements(made, architecture)
    _check(found, asked)
    return tuple(found[name] for name in sorted(found))


def unpinned(subject: Subject, own: Wheel, carried: Sequence[Wheel]) -> str:
    """A note about versions that may be others tomorrow; "" when the project says them all."""
    if (subject.directory / CONSTRAINTS).is_file():
        return ""
    import packaging.requirements

    texts = [str(text) for text in own.about.get_all("Requires-Dist", [])]
    wanted = map(packaging.requirements.Requirement, texts)
    pinned = {each.name.lower() for each in wanted if str(each.specifier).startswith("==")}
    free = [f"{each.name}=={each.version}" for each in carried if each.name.lower() not in pinned]
    if not free:
        return ""
    return f"Carried along as they are today: {', '.join(free)}. {CONSTRAINTS} can pin them."


def _requirements(made: Wheel, architecture: str) -> list[Requirement]:
    texts = [str(text) for text in made.about.get_all("Requires-Dist", [])]
    return needs.requirements(texts, (), architecture)


def _check(found: dict[str, Wheel], asked: dict[str, list[str]]) -> None:
    import packaging.requirements

    for name, texts in sorted(asked.items()):
        for text in texts:
            specifier = packaging.requirements.Requirement(text).specifier
            if not specifier.contains(found[name].version, prereleases=True):
                raise DifferenceError(
                    f"{text} is needed, and {name} {found[name].version} is what others need.",
                    where="--vendor",
                    fix=f"Pin a version that all of them take in {CONSTRAINTS}.",
                )


def _download(
    requirements: Sequence[str], architecture: str, constraints: Path | None
) -> list[Wheel]:
    if not requirements:
        return []
    if util.find_spec("pip") is None:
        raise MissingToolError(
            "Not found: pip (fetches wheels).",
            fix="python -m ensurepip, or sudo apt-get install python3-pip.",
        )
    with tempfile.TemporaryDirectory(prefix="edgegen-vendor-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--no-color", "--only-binary=:all:"]
        command += ["--implementation=cp", f"--python-version={needs.PYTHON}", f"--dest={folder}"]
        command += [f"--platform={tag}" for tag in _platforms(architecture)]
        command += [f"--constraint={constraints}"] if constraints else []
        done = subprocess.run(
            [*command, *requirements],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").splitlines()
            errors = [line for line in lines if re.match("ERROR:", line)]
            raise MissingToolError(
                f"Wheels for {architecture} cannot be had: {' '.join(requirements)}.",
                where=(errors or lines or ["pip says nothing"])[-1][:400],
                fix="Is there a network, and is each of them published for that machine?",
            )
        made = sorted(Path(folder).glob("*.whl"))
        return [wheel.read(path.read_bytes(), path.name) for path in made]


def _platforms(architecture: str) -> list[str]:
    tags = [f"manylinux_2_{minor}_{architecture}" for minor in range(_NEWEST_GLIBC, 16, -1)]
    return [*tags, f"manylinux2014_{architecture}", f"linux_{architecture}"]
