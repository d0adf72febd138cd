"""Python packages for another machine: the real wheels, in a folder, put there by this pip."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgegen.errors import MissingToolError
from edgegen.verify.linux import cache
from edgegen.verify.linux.sysroot import PYTHON, Port, Sysroot

TIMEOUT_SECONDS = 900
_RECIPE = 1

# What a Debian package holds for Python: the distribution's name, and what that needs besides.
_PROVIDED = {"python3-numpy": ("numpy", ()), "python3-cffi": ("cffi", ("pycparser",))}


def applicable(requirements: Iterable[str], machine: str) -> tuple[str, ...]:
    """Those whose markers hold on a machine, sorted and without the markers.

    Args:
        machine: As ``platform.machine()`` says it; this one's: with this Python's version.
    """
    environment = {str(key): str(value) for key, value in default_environment().items()}
    if machine != environment["platform_machine"]:
        environment |= {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
        environment["platform_machine"] = machine
    chosen = set()
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            requirement.marker = None
            chosen.add(str(requirement))
    return tuple(sorted(chosen))


def distribution(requirement: str) -> str:
    """The normalised name in a requirement."""
    return str(canonicalize_name(Requirement(requirement).name))


def prepare(requirements: Sequence[str], sysroot: Sysroot | None) -> Path:
    """A folder for PYTHONPATH with wheels of the requirements and of all that they need.

    Args:
        requirements: Without markers, see `applicable`.
        sysroot: Where they are to run; None: by this very interpreter.

    Raises:
        MissingToolError: They are not in the cache and cannot be had.
    """
    provided = _provided(sysroot)
    tags = sysroot.port.wheel_tags if sysroot else ()
    version = PYTHON if sysroot else "{}.{}".format(*sys.version_info[:2])
    recipe = cache.key(_RECIPE, sorted(requirements), tags, version, sorted(provided.items()))
    port = sysroot.port if sysroot else None
    machine = port.name if port else "host"
    return cache.made(
        f"site/{machine}-{recipe}",
        lambda folder: _install(folder, requirements, port, provided),
    )


def installed(site: Path) -> dict[str, str]:
    """Version of each distribution in a folder, by its normalised name."""
    found = {}
    for folder in site.glob("*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
        found[canonicalize_name(name)] = version
    return dict(sorted(found.items()))


def _provided(sysroot: Sysroot | None) -> dict[str, str]:
    """Versions of Python distributions that the sysroot holds already, by Debian's name."""
    if sysroot is None:
        return {}
    return {name: _upstream(sysroot.packages[name]) for name in sysroot.port.without_wheels}


def _upstream(version: str) -> str:
    """1.24.2 of 1:1.24.2-1+deb12u1."""
    return version.split(":")[-1].rsplit("-", 1)[0].split("+")[0]


def _install(
    site: Path,
    requirements: Sequence[str],
    port: Port | None,
    provided: Mapping[str, str],
) -> None:
    if not requirements:
        return
    stand_ins = site.parent / "stand-ins"
    stand_ins.mkdir()
    for name, version in provided.items():
        _write_stand_in(stand_ins, *_PROVIDED[name], version)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--target", str(site)]
    command += ["--find-links", str(stand_ins)]
    if port:
        command += ["--implementation", "cp", "--python-version", PYTHON]
        command += [f"--platform={tag}" for tag in port.wheel_tags]
    try:
        done = subprocess.run(
            [*command, *requirements],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"pip took longer than {TIMEOUT_SECONDS} s"
    else:
        if done.returncode == 0:
            return
        reason = _reason(done.stderr.decode("utf-8", "replace"))
    raise MissingToolError(
        f"Python packages for {port.name if port else 'this machine'} could not "
        f"be installed ({' '.join(requirements)}): {reason}",
        fix="They are fetched once and kept: run it again with network access.",
    )


def _reason(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no message"])[-1]


def _write_stand_in(folder: Path, name: str, needs: Sequence[str], version: str) -> None:
    """A wheel without content, so that pip takes what Debian has brought for installed."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in needs]
    wheel = "Wheel-Version: 1.0\nGenerator: edgegen\nRoot-Is-Purelib: true\nTag: py3-none-any"
    files = {"METADATA": "\n".join(metadata), "WHEEL": wheel}
    record = "".join(f"{info}/{each},,\n" for each in (*files, "RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(f"{info}/{file}", f"{text}\n")
        archive.writestr(f"{info}/RECORD", record)
