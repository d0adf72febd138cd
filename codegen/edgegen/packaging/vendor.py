"""Wheels of what no distribution has, to lie beside the program: fetched by pip for the device."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgegen.errors import MissingToolError
from edgegen.packaging import needs, process, wheel
from edgegen.packaging.subject import DEFAULT_TIME, Subject
from edgegen.packaging.tree import Entry
from edgegen.packaging.wheel import Wheel

FETCH_SECONDS = 900
CONSTRAINTS = "packaging/constraints.txt"
_SYSTEM = "+system"  # of a version: no wheel that is published has it
_NEWEST_GLIBC = 36  # Debian 12


def carried(subject: Subject, own: Wheel, architecture: str) -> tuple[Wheel, ...]:
    """Wheels of all that a project's own needs, serving and updates included, but for
    `needs.NOT_VENDORED`.

    The project's `CONSTRAINTS` pin versions, where it has that file.

    Raises:
        MissingToolError: They cannot be had, or none go together.
    """
    texts = [str(text) for text in own.about.get_all("Requires-Dist", [])]
    wanted = needs.requirements(texts, sorted(needs.RECOMMENDED), architecture)
    roots = [each.text for each in wanted if each.name not in needs.NOT_VENDORED]
    if not roots:
        return ()
    with tempfile.TemporaryDirectory(prefix="edgegen-vendor-") as folder:
        _download(roots, architecture, subject.directory / CONSTRAINTS, Path(folder))
        made = [
            wheel.read(path.read_bytes(), path.name)
            for path in sorted((Path(folder) / "wheels").glob("*.whl"))
        ]
    found = {each.normal_name: each for each in made}
    return tuple(found[name] for name in sorted(found) if name not in needs.NOT_VENDORED)


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


def _download(
    requirements: Sequence[str], architecture: str, constraints: Path, folder: Path
) -> None:
    """Into ``folder``/wheels. pip resolves, with stand-ins for what the system has."""
    stand_ins, fixed = folder / "stand-ins", folder / "constraints.txt"
    stand_ins.mkdir()
    for name, version in needs.NOT_VENDORED.items():
        _write_stand_in(stand_ins, name, f"{version}{_SYSTEM}")
    pins = [f"{name}=={version}{_SYSTEM}\n" for name, version in needs.NOT_VENDORED.items()]
    fixed.write_text("".join(pins))
    command = [*wheel.pip(), "download", "--quiet", "--only-binary=:all:"]
    command += ["--implementation=cp", f"--python-version={needs.PYTHON}"]
    command += [f"--dest={folder / 'wheels'}", f"--find-links={stand_ins}"]
    command += [f"--constraint={each}" for each in (fixed, constraints) if each.is_file()]
    command += [f"--platform={tag}" for tag in _platforms(architecture)]
    done = process.run([*command, *requirements], dict(os.environ), FETCH_SECONDS)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        errors = [line.strip() for line in lines if line.startswith("ERROR:")]
        raise MissingToolError(
            f"Wheels for {architecture} cannot be had: {' '.join(requirements)}.",
            where="; ".join((errors or lines or ["pip says nothing"])[:2])[:400],
            fix="Is there a network, and is each of them published for that machine?",
        )


def _write_stand_in(folder: Path, name: str, version: str) -> None:
    """A wheel without content, so that pip takes what the system has for given."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files = {f"{info}/{path}": Entry(text.encode()) for path, text in texts.items()}
    target = folder / f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
    target.write_bytes(wheel.pack(files, info, DEFAULT_TIME))


def _platforms(architecture: str) -> list[str]:
    tags = [f"manylinux_2_{minor}_{architecture}" for minor in range(_NEWEST_GLIBC, 16, -1)]
    return [*tags, f"manylinux2014_{architecture}", f"linux_{architecture}"]
