"""The project's wheel: built by its own backend, then made the same everywhere; and read."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import shlex
import sys
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import Parser
from importlib import metadata, util
from pathlib import Path

from edgegen import tools
from edgegen.errors import DifferenceError, MissingToolError, UsageError
from edgegen.packaging import elf, process
from edgegen.packaging import tree as trees
from edgegen.packaging.subject import PYPROJECT, Subject, one_line
from edgegen.packaging.tree import Entry, Tree

BUILD_SECONDS = 900
MAX_BYTES = 1 << 30  # of an unpacked wheel

#: Of the cross compilers, by architecture.
TRIPLETS = {
    "x86_64": "x86_64-linux-gnu",
    "aarch64": "aarch64-linux-gnu",
    "armv7l": "arm-linux-gnueabihf",
}
# What zipfile raises; a RuntimeError for what is encrypted, or packed in a way unknown to it.
_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError)
_OLDEST_GLIBC = (2, 17)  # that manylinux has a tag for


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel's files and what they say.

    Attributes:
        name: As its users write it.
        files: Below site-packages, with the licence that the wheel states.
        info: Its .dist-info folder.
        scripts: Console scripts: command -> "module:function".
        sha256: Of the wheel itself.
    """

    name: str
    version: str
    files: Tree
    info: str
    about: Message
    scripts: Mapping[str, str]
    sha256: str

    @property
    def normal_name(self) -> str:
        """As PEP 503 writes it."""
        from packaging.utils import canonicalize_name

        return canonicalize_name(self.name)

    @property
    def licence(self) -> str:
        return licence(self.about)

    @property
    def architecture(self) -> str:
        """As `uname -m` has it; "" without compiled code."""
        found = {elf.read(e.content).machine for e in self.files.values() if elf.is_elf(e.content)}
        return found.pop() if len(found) == 1 else "".join(sorted(found))


def build(subject: Subject, architecture: str) -> tuple[str, bytes]:
    """File name and bytes of the project's wheel.

    Args:
        architecture: That native code is compiled for, as `uname -m` has it.

    Raises:
        MissingToolError: pip, the build backend or the compiler is absent.
        DifferenceError: The project does not build.
    """
    files = trees.collect(subject.directory)
    native = any(path.startswith("edgegen/native/") for path in files)
    with tempfile.TemporaryDirectory(prefix="edgegen-wheel-") as folder:
        project, output = Path(folder) / "project", Path(folder) / "out"
        project.mkdir()
        trees.write(files, project, subject.when)
        command = [*pip(), "wheel", "--no-deps", "--wheel-dir", str(output)]
        requires = _build_requires(project / PYPROJECT)
        isolated = not all(_is_installed(each) for each in requires)
        command += [] if isolated else ["--no-build-isolation"]
        environment = _environment(subject, project, architecture, native)
        done = process.run([*command, str(project)], environment, BUILD_SECONDS, Path(folder))
        if done.returncode:
            raise _does_not_build(done.stdout + done.stderr, requires if isolated else ())
        (made,) = output.glob("*.whl")
        return _normal(made.name, made.read_bytes(), architecture, subject.when)


def pip() -> list[str]:
    """The command that starts this Python's pip."""
    if util.find_spec("pip") is None:
        raise MissingToolError(
            "Not found: pip (builds and fetches wheels).",
            fix="python -m ensurepip, or sudo apt-get install python3-pip.",
        )
    options = ["--no-input", "--disable-pip-version-check", "--no-color"]
    return [sys.executable, "-m", "pip", *options]


def _build_requires(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise UsageError(f"The project has no {PYPROJECT}, so there is nothing to build.")
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    requires = document.get("build-system", {}).get("requires", ["setuptools>=40.8"])
    if not isinstance(requires, list) or not all(isinstance(each, str) for each in requires):
        raise UsageError(f"build-system.requires in {PYPROJECT} is not a list of texts.")
    return tuple(requires)


def _is_installed(text: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate():
            return True
        return requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)
    except InvalidRequirement as error:
        raise UsageError(f"build-system.requires in {PYPROJECT} is wrong: {error}.") from None
    except metadata.PackageNotFoundError:
        return False


def _environment(
    subject: Subject, project: Path, architecture: str, native: bool
) -> dict[str, str]:
    """Nothing of the user's surroundings but what finds programs and proxies."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("HOME", "XDG_CACHE_HOME", "VIRTUAL_ENV")
        or key.startswith(("PIP_", "SSL_", "REQUESTS_"))
        or key.lower().endswith("_proxy")
    }
    fixed = process.fixed(subject.when) | {"PYTHONHASHSEED": "0"}
    if native:
        fixed |= _compiler(project, architecture)
    return kept | fixed


def _compiler(project: Path, architecture: str) -> dict[str, str]:
    """For CMake, whose project says all else."""
    tools.require("cmake")
    if architecture == os.uname().machine:
        tools.require("gcc")
        return {}
    toolchain = project / "edgegen" / "native" / "cmake" / f"{TRIPLETS[architecture]}.cmake"
    if not toolchain.is_file():
        raise UsageError(
            f"The project has no toolchain file for {architecture}.",
            where=toolchain.relative_to(project).as_posix(),
            fix="`edgegen update` writes it.",
        )
    tools.require(f"{TRIPLETS[architecture]}-gcc")
    return {"CMAKE_ARGS": shlex.join([f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"])}


def _does_not_build(said: bytes, absent: Sequence[str]) -> DifferenceError | MissingToolError:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    errors = [
        line for line in lines if re.match(r"[\w.]+(Error|Exception)\b|.*: error: |ERROR: ", line)
    ]
    last = "; ".join(list(dict.fromkeys(errors or [line for line in lines if line]))[:3])
    if absent and re.search(r"No matching distribution|Could not find a version", last):
        return MissingToolError(
            f"Not found: {' and '.join(absent)} (builds the project's wheel).",
            fix=f"pip install {shlex.join(absent)}, or run it again with network access.",
        )
    return DifferenceError("The project's wheel does not build.", where=last[:600])


def _normal(name: str, content: bytes, architecture: str, when: int) -> tuple[str, bytes]:
    """The wheel with a tag that is true, in an archive that tells nothing of who made it."""
    files = dict(_unpack(content))
    info = _info_folder(files)
    tag = _tag(name, files, architecture)
    wheel = files[f"{info}/WHEEL"].content.decode()
    lines = [line for line in wheel.splitlines() if not line.startswith("Tag:") and line]
    files[f"{info}/WHEEL"] = Entry("\n".join([*lines, f"Tag: {tag}", ""]).encode())
    stem = "-".join(name.removesuffix(".whl").split("-")[:2])
    return f"{stem}-{tag}.whl", pack(files, info, when)


def _tag(name: str, files: Tree, architecture: str) -> str:
    """py3-none-any; with compiled code the platform that it was found to need."""
    python, abi, _ = name.removesuffix(".whl").split("-")[-3:]
    needs = [elf.read(each.content) for each in files.values() if elf.is_elf(each.content)]
    if not needs:
        return f"{python}-{abi}-any"
    wrong = [each.machine for each in needs if each.machine != architecture]
    if wrong:
        raise DifferenceError(
            f"The project was compiled for {wrong[0]}, not for {architecture}.",
            where="edgegen/native",
            fix="Does its CMakeLists.txt, or the environment, set another compiler?",
        )
    glibc = max([_OLDEST_GLIBC, *(each.glibc for each in needs)])
    libraries = {library for each in needs for library in each.libraries}
    others = [library for library in libraries if not library.startswith(elf.C_LIBRARY)]
    # manylinux promises that nothing but the C library is needed.
    system = "linux" if others else f"manylinux_{glibc[0]}_{glibc[1]}"
    return f"{python}-{abi}-{system}_{architecture}"


def _record(files: Tree, info: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for path, entry in sorted(files.items()):
        if path != f"{info}/RECORD":
            digest = base64.urlsafe_b64encode(hashlib.sha256(entry.content).digest())
            rows.writerow((path, f"sha256={digest.rstrip(b'=').decode()}", len(entry.content)))
    rows.writerow((f"{info}/RECORD", "", ""))
    return text.getvalue().encode()


def pack(files: Tree, info: str, when: int) -> bytes:
    """A wheel of files below site-packages, with a new RECORD.

    The .dist-info folder comes last, as the format recommends.
    """
    files = {**files, f"{info}/RECORD": Entry(_record(files, info))}
    moment = datetime.fromtimestamp(when, UTC).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=lambda path: (path.startswith(f"{info}/"), path)):
            facts = zipfile.ZipInfo(path, moment)
            facts.create_system, facts.compress_type = 3, zipfile.ZIP_DEFLATED
            facts.external_attr = (0o100000 | files[path].mode) << 16
            archive.writestr(facts, files[path].content, compresslevel=9)
    return buffer.getvalue()


def read(content: bytes, where: str) -> Wheel:
    """A wheel, whoever made it; ``where`` names it in errors."""
    try:
        found = dict(_unpack(content))
        info = _info_folder(found)
        about = Parser().parsestr(found[f"{info}/METADATA"].content.decode("utf-8"))
        scripts = _scripts(found.get(f"{info}/entry_points.txt"))
        name, version = about["Name"], about["Version"]
        if not name or not version:
            raise ValueError("METADATA has no Name or no Version")
    except (*_DAMAGED, ValueError, KeyError, ConfigError) as error:
        raise UsageError(f"The wheel cannot be read: {error}.", where=where) from None
    stated = licence(about)
    files = {path: Entry(entry.content, entry.executable, stated) for path, entry in found.items()}
    digest = hashlib.sha256(content).hexdigest()
    return Wheel(str(name), str(version), files, info, about, scripts, digest)


def _unpack(content: bytes) -> list[tuple[str, Entry]]:
    """Files below site-packages; what a wheel wants elsewhere is refused."""
    from edgegen import paths

    unpacked = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes")
        for member in members:
            path = member.filename
            if re.match(r"[^/]*\.data/(pure|plat)lib/", path):
                path = path.split("/", 2)[2]
            if why := paths.problem(path):
                raise ValueError(f"the path {member.filename!r} {why}")
            mode = member.external_attr >> 16
            unpacked.append((path, Entry(archive.read(member), bool(mode & 0o100))))
    if double := paths.clash(path for path, _ in unpacked):
        raise ValueError(f"the paths {double[0]!r} and {double[1]!r} clash")
    return unpacked


def _info_folder(files: Tree) -> str:
    found = {path.split("/")[0] for path in files if path.split("/")[0].endswith(".dist-info")}
    if len(found) != 1:
        raise ValueError("it has not one .dist-info folder")
    return found.pop()


def _scripts(entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {}
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(entry.content.decode("utf-8"))
    scripts = dict(parser["console_scripts"]) if "console_scripts" in parser else {}
    for name, target in scripts.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise ValueError(f"a console script has the name {name!r}")
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", target, re.ASCII):
            raise ValueError(f"the console script {name} is {target!r}")
    return scripts


# What METADATA said before it could say SPDX; what is ambiguous stays as it is.
_SPDX = {
    "3-clause bsd": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}


def licence(about: Message) -> str:
    """What METADATA says: an SPDX expression where there is one, else words; "" for neither."""
    if expression := about["License-Expression"]:
        return one_line(str(expression))
    text = str(about["License"] or "")
    if text and "\n" not in text and len(text) <= 60 and text != "UNKNOWN":
        return _spdx(one_line(text))
    classifiers = [str(each) for each in about.get_all("Classifier", [])]
    found = [each.split(" :: ")[-1] for each in classifiers if each.startswith("License ::")]
    return " AND ".join(sorted({_spdx(one_line(each)) for each in found}))


def _spdx(words: str) -> str:
    return _SPDX.get(words.lower(), words)
