"""RPM packages, built by rpmbuild."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edgegen import __version__, tools
from edgegen.packaging import deb, installed, needs
from edgegen.packaging import tree as trees
from edgegen.packaging.installed import Program
from edgegen.packaging.manifest import UNSTATED
from edgegen.packaging.needs import Relation
from edgegen.packaging.product import Product
from edgegen.packaging.subject import EDGEGEN_LICENCE
from edgegen.packaging.tree import Tree
from edgegen.render import render

ARCHITECTURES = {"": "noarch", "x86_64": "x86_64", "aarch64": "aarch64", "armv7l": "armv7hl"}
BUILD_SECONDS = 600


def pack(made: Program) -> Product:
    """NAME-VERSION-1.ARCHITECTURE.rpm.

    Raises:
        MissingToolError: rpmbuild is absent.
        EdgegenError: It fails.
    """
    tool = tools.require("rpmbuild")
    architecture = ARCHITECTURES[made.machine]
    files = installed.finished(made, "rpm", architecture)
    with tempfile.TemporaryDirectory(prefix="edgegen-rpm-", dir=_plain_folder()) as folder:
        top = Path(folder)
        (top / "SOURCES" / "root").mkdir(parents=True)
        trees.write(files, top / "SOURCES" / "root", made.subject.when)
        spec = top / f"{made.package}.spec"
        spec.write_bytes(_spec(made, files))
        settings = {
            "_topdir": folder,
            "_tmppath": f"{folder}/tmp",
            "_dbpath": f"{folder}/db",
            "_rpmdir": f"{folder}/out",
            "_rpmfilename": "out.rpm",
            "_buildhost": "edgegen",
            "use_source_date_epoch_as_buildtime": "1",
            "clamp_mtime_to_source_date_epoch": "1",
            "source_date_epoch_from_changelog": "0",
        }
        (top / "tmp").mkdir()
        defines = [
            part for key, value in settings.items() for part in ("--define", f"{key} {value}")
        ]
        command = [str(tool.path), "-bb", "--target", f"{architecture}-linux", *defines, str(spec)]
        deb.run(command, made.subject.when, BUILD_SECONDS)
        content = (top / "out" / "out.rpm").read_bytes()
    _, version = _version(made)
    name = f"{made.package}-{version}-1.{architecture}.rpm"
    return Product(name, content, files, made.machine, made.notes)


def _plain_folder() -> str:
    """A temporary folder whose path rpmbuild can take: it expands %, and does not quote."""
    usual = tempfile.gettempdir()
    return usual if re.fullmatch(r"[A-Za-z0-9_./+-]+", usual) else "/var/tmp"


def _version(made: Program) -> tuple[str, str]:
    """Epoch, "" for none, and version."""
    epoch, _, version = installed.debian_version(made.subject.version).rpartition(":")
    return epoch, version


def _spec(made: Program, files: Tree) -> bytes:
    subject = made.subject
    epoch, version = _version(made)
    required, recommended, suggested = installed.relations(made, debian=False)
    moment = datetime.fromtimestamp(subject.when, UTC)
    values = {
        "name": subject.name,
        "package": made.package,
        "epoch": epoch,
        "version": version,
        "summary": quoted(_capital(installed.synopsis(subject))),
        "licence": quoted(_licence(made)),
        "maintainer": quoted(subject.maintainer),
        "homepage": quoted(subject.homepage),
        "requires": _requires(made, required),
        "recommends": _bounded(recommended),
        "suggests": _bounded(suggested),
        "description": [prose(line) for line in installed.description(made)],
        "units": made.units,
        "folders": installed.own_folders(made, files),
        "files": [
            {"path": f"/{path}", "mode": f"{entry.mode:04o}", "marks": _marks(path, entry.settings)}
            for path, entry in files.items()
        ],
        "day": installed.day(moment),
        "change": f"Packaged by edgegen {__version__}.",
    }
    return render("package/program.spec.j2", values)


def quoted(text: str) -> str:
    """Text in which rpm expands no macro."""
    return text.replace("%", "%%")


def prose(line: str) -> str:
    """A line of a description. One that begins with % would be read, however it is quoted, as the
    start of a section or a condition; names of files and of wheels can begin so."""
    return quoted(re.sub(r"^[%\s]+", "", line))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _marks(path: str, settings: bool) -> str:
    if settings:
        return "%config(noreplace) "
    if path.startswith("usr/share/doc/"):
        return "%license " if path.endswith("/copyright") else "%doc "
    return "%doc " if path.startswith("usr/share/man/") else ""


def _bounded(relations: Sequence[Relation]) -> list[str]:
    found = []
    for each in relations:
        bounds = [f">= {each.at_least}"] if each.at_least else []
        bounds += [f"< {each.below}"] if each.below else []
        found += [f"{each.name} {bound}" for bound in bounds] or [each.name]
    return found


def _requires(made: Program, required: Sequence[Relation]) -> list[str]:
    if made.vendored:
        # What Fedora's, openSUSE's and Mageia's Python say they are.
        python = [f"python(abi) = {needs.PYTHON}"]
    else:
        python = [f"python3 >= {needs.OLDEST_PYTHON}"]
    found = [*python, *_bounded(required)]
    # By soname, as rpm would find them itself: names of packages differ between distributions.
    wide = "" if made.machine == "armv7l" else "(64bit)"
    found += [f"{each}(){wide}" if wide else each for each in made.libraries]
    if made.glibc != (0, 0):
        found.append(f"libc.so.6(GLIBC_{made.glibc[0]}.{made.glibc[1]}){wide}")
    return found


def _licence(made: Program) -> str:
    """An expression over all that is in the package."""
    own = made.subject.licence
    parts = {EDGEGEN_LICENCE, "LicenseRef-not-stated" if own == UNSTATED else own}
    for wheel in made.vendored:
        stated = wheel.licence
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", stated).strip("-") or "not-stated"
        parts.add(stated if _is_spdx(stated) else f"LicenseRef-{slug}")
    return " AND ".join(f"({each})" if " OR " in each else each for each in sorted(parts))


def _is_spdx(text: str) -> bool:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return bool(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return False
