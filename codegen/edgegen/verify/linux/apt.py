"""Debian packages of another architecture, without root and without touching the system's apt.

A private apt root is a folder with a configuration, a package database and a list of sources of its
own; apt checks the archive's signature with Debian's keyring as ever. The mirror is the one that
the system's own sources name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import tools
from edgegen.errors import MissingToolError

MIRROR_VARIABLE = "EDGEGEN_DEBIAN_MIRROR"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SYSTEM = Path("/etc/apt")
TIMEOUT_SECONDS = 900

_SUITE = re.compile(
    r"(?:buster|bullseye|bookworm|trixie|forky|duke|sid|(?:old){0,2}stable|testing|unstable)"
    r"(?:-updates|-backports)?"
)
# What the system's configuration says about reaching a mirror; hooks and the like stay there.
_REACHING = re.compile(r"Acquire::(?:https?|Retries|ForceIPv[46]|Check-\S+)\b.*;")


@dataclass(frozen=True, slots=True)
class Source:
    """One line, or one stanza, of apt's sources that is switched on."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str


@dataclass(frozen=True, slots=True)
class Package:
    """A downloaded package file."""

    name: str
    version: str
    architecture: str
    path: Path


# Sources


def parse_list(text: str) -> Iterator[Source]:
    """The one-line format of sources.list(5): ``deb [option=value ...] uri suite component...``."""
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s*)?([^#\s]+)\s+([^#\s]+)\s*([^#]*)", line)
        if found is None:
            continue
        options = dict(each.split("=", 1) for each in (found[1] or "").split() if "=" in each)
        yield Source(
            (found[2],), (found[3],), tuple(found[4].split()), options.get("signed-by", "")
        )


def parse_deb822(text: str) -> Iterator[Source]:
    """The stanzas of a ``.sources`` file."""
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields = _fields(stanza)
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false", "0", "off", "without")
        if enabled and "deb" in fields.get("types", "").split():
            yield Source(
                tuple(fields.get("uris", "").split()),
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
            )


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in stanza.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t":  # goes on with the field above
            fields[last] = f"{fields.get(last, '')}\n{line.strip()}"
        elif ":" in line:
            last, value = line.split(":", 1)
            last = last.strip().lower()
            fields[last] = value.strip()
    return fields


def mirrors(system: Path = SYSTEM, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Addresses that Debian's own packages come from here, the most certain one first."""
    if given := environment.get(MIRROR_VARIABLE):
        return (given,)
    ranked: dict[str, int] = {}
    for source in _system_sources(system):
        if "main" in source.components and any(map(_SUITE.fullmatch, source.suites)):
            certain = (
                0 if "debian-archive" in source.signed_by else 1 if not source.signed_by else 2
            )
            for uri in source.uris:
                ranked[uri] = min(certain, ranked.get(uri, certain))
    return tuple(sorted(ranked, key=lambda uri: ranked[uri]))


def _system_sources(system: Path) -> Iterator[Source]:
    parts = sorted((system / "sources.list.d").glob("*"))
    for path in (system / "sources.list", *parts):
        parse = {".list": parse_list, ".sources": parse_deb822}.get(path.suffix)
        if parse and path.is_file():
            yield from parse(path.read_text(encoding="utf-8", errors="replace"))


# The private root


def download(
    place: Path, suite: str, architecture: str, names: Sequence[str]
) -> tuple[Package, ...]:
    """Fetch packages, not their dependencies, into a new folder ``place``.

    Args:
        suite: Such as ``bookworm``; component main.
        architecture: Debian's word, such as arm64.

    Raises:
        MissingToolError: No apt, no mirror is known, or it is out of reach.
    """
    for name in ("apt-get", "dpkg-deb"):
        tools.require(name)
    if not KEYRING.is_file():
        raise MissingToolError(
            f"Debian's keys are not at {KEYRING}.",
            fix="sudo apt-get install debian-archive-keyring",
        )
    found = mirrors()
    if not found:
        raise MissingToolError(
            "apt's sources on this machine name no mirror of Debian.",
            where=str(SYSTEM),
            fix=f"Name one: {MIRROR_VARIABLE}=URL edgegen verify ...",
        )
    reasons = []
    for uri in found:
        root = place / "apt"
        shutil.rmtree(root, ignore_errors=True)
        environment = {**os.environ, "APT_CONFIG": str(_configure(root, uri, suite, architecture))}
        reason = _run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"], environment)
        reason = reason or _run(["apt-get", "download", "-q", *names], environment, cwd=place)
        shutil.rmtree(root, ignore_errors=True)
        if not reason:
            return tuple(_describe(path) for path in sorted(place.glob("*.deb")))
        reasons.append(reason)
    raise MissingToolError(
        f"Debian's packages for {architecture} could not be downloaded: {reasons[0]}",
        fix="They are fetched once and kept: run it again with network access.",
    )


def unpack(package: Package, root: Path, members: Sequence[str] = ()) -> None:
    """Put a package's files under ``root``; only ``members``, such as ./usr/bin/env, if given."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package.path)]
    # No owners and no set-user-ID bits: these are files to read, not a system.
    untar = ["tar", "-x", "-C", str(root), "--no-same-owner", "--no-same-permissions", *members]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
        done = subprocess.run(untar, stdin=archive.stdout, capture_output=True, check=False)
    if done.returncode or archive.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise MissingToolError(
            f"{package.path.name} could not be unpacked: {(said or ['no message'])[-1]}"
        )


def _configure(root: Path, uri: str, suite: str, architecture: str) -> Path:
    """Write the private root; the path of its APT_CONFIG."""
    for part in ("etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"):
        (root / part).mkdir(parents=True)
    for part in ("state/lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True)
    (root / "status").touch()
    (root / "etc/sources.list").write_text(
        f"deb [arch={architecture} signed-by={KEYRING}] {uri} {suite} main\n", encoding="utf-8"
    )
    settings = root / "apt.conf"
    lines = [
        f'Dir "{root}";',
        f'Dir::Etc "{root}/etc";',
        f'Dir::State "{root}/state";',
        f'Dir::State::status "{root}/status";',
        f'Dir::Cache "{root}/cache";',
        f'Dir::Etc::netrc "{SYSTEM}/auth.conf";',
        f'Dir::Etc::netrcparts "{SYSTEM}/auth.conf.d";',
        f'APT::Architecture "{architecture}";',
        f'APT::Architectures {{ "{architecture}"; }};',
        'APT::Sandbox::User "";',
        'Acquire::Languages "none";',
        *_system_settings(),
    ]
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return settings


def _system_settings() -> list[str]:
    """Proxies and the like, out of the system's configuration."""
    done = subprocess.run(["apt-config", "dump"], capture_output=True, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return [line for line in lines if _REACHING.fullmatch(line)]


def _run(command: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None) -> str:
    """ "" when it went well, else what went wrong in one line."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environment, "LC_ALL": "C"},
            cwd=cwd,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} took longer than {TIMEOUT_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    first = next((line for line in lines if line.startswith("E:")), (lines or ["no message"])[-1])
    return first.removeprefix("E:").strip()


def _describe(path: Path) -> Package:
    # name_version_architecture.deb, with a percent-encoded colon in the version.
    name, version, architecture = path.stem.split("_")
    return Package(name, version.replace("%3a", ":"), architecture, path)
