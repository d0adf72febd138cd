"""Debian packages, built by dpkg-deb."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgegen import tools
from edgegen.errors import EdgegenError
from edgegen.packaging import installed, needs, process
from edgegen.packaging import tree as trees
from edgegen.packaging.installed import Program
from edgegen.packaging.needs import Relation
from edgegen.packaging.product import Product
from edgegen.packaging.tree import Entry, Tree
from edgegen.render import render

ARCHITECTURES = {"": "all", "x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}
BUILD_SECONDS = 600


def pack(made: Program) -> Product:
    """NAME_VERSION_ARCHITECTURE.deb.

    Raises:
        MissingToolError: dpkg-deb is absent.
        EdgegenError: It fails, for want of room in the temporary folder for one.
    """
    tool = tools.require("dpkg-deb")
    architecture = ARCHITECTURES[made.machine]
    files = installed.finished(made, "deb", architecture)
    control = _control_files(made, files, architecture)
    with tempfile.TemporaryDirectory(prefix="edgegen-deb-") as folder:
        root, output = Path(folder) / "root", Path(folder) / "out.deb"
        root.mkdir()
        both = {**files, **{f"DEBIAN/{path}": entry for path, entry in control.items()}}
        trees.write(both, root, made.subject.when)
        root.chmod(0o755)
        os.utime(root, (made.subject.when, made.subject.when))
        # gzip: a small device unpacks it in little memory; xz -9 would want 65 MB.
        command = [str(tool.path), "--root-owner-group", "-Zgzip", "-z9", "--build"]
        run([*command, str(root), str(output)], made.subject.when, BUILD_SECONDS)
        content = output.read_bytes()
    version = installed.debian_version(made.subject.version).split(":")[-1]
    name = f"{made.package}_{version}_{architecture}.deb"
    return Product(name, content, files, made.machine, made.notes)


def run(command: list[str], when: int, seconds: int) -> None:
    """Run a builder of packages."""
    done = process.run(command, process.fixed(when) | {"HOME": "/nonexistent"}, seconds)
    if done.returncode:
        lines = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()
        said = [line for line in lines if "error" in line.lower()] or lines
        raise EdgegenError(
            f"{Path(command[0]).name} fails.", where="; ".join(said[-3:])[:600] or "without a word"
        )


def _control_files(made: Program, files: Tree, architecture: str) -> dict[str, Entry]:
    settings = [path for path, entry in files.items() if entry.settings]
    values = {
        "name": made.subject.name,
        "package": made.package,
        "units": made.units,
        "state_folders": made.state_folders,
    }
    control = {
        "control": Entry(_control(made, files, architecture)),
        "md5sums": Entry(_md5sums(files)),
    }
    for script in ("postinst", "prerm", "postrm"):
        control[script] = Entry(render(f"package/{script}.j2", values), True)
    if settings:
        control["conffiles"] = Entry("".join(f"/{path}\n" for path in settings).encode())
    return control


def _md5sums(files: Tree) -> bytes:
    sums = [
        f"{hashlib.md5(entry.content, usedforsecurity=False).hexdigest()}  {path}\n"
        for path, entry in files.items()
        if not entry.settings
    ]
    return "".join(sums).encode()


def _control(made: Program, files: Tree, architecture: str) -> bytes:
    subject = made.subject
    required, recommended, suggested = installed.relations(made, debian=True)
    kibibytes = sum(-(-len(entry.content) // 1024) for entry in files.values())
    fields = {
        "Package": made.package,
        "Version": installed.debian_version(subject.version),
        "Architecture": architecture,
        "Maintainer": subject.maintainer,
        "Installed-Size": str(kibibytes + len(trees.folders(files))),
        "Depends": ", ".join(_depends(made, required)),
        "Recommends": ", ".join(_bounded(recommended)),
        "Suggests": ", ".join(_bounded(suggested)),
        "Section": "misc",
        "Priority": "optional",
        "Homepage": subject.homepage,
        "Description": installed.synopsis(subject),
    }
    lines = [f"{key}: {value}" for key, value in fields.items() if value]
    lines += [f" {line}" for line in installed.description(made)]
    return ("\n".join(lines) + "\n").encode()


def _depends(made: Program, required: Sequence[Relation]) -> list[str]:
    found = [_python(made), *_bounded(required)]
    found += [needs.LIBRARIES[each] for each in made.libraries]
    if made.glibc != (0, 0):
        found.append(f"libc6 (>= {made.glibc[0]}.{made.glibc[1]})")
    if made.units:
        found.append("init-system-helpers (>= 1.54~)")
    return found


def _python(made: Program) -> str:
    """Vendored code is compiled for one minor version."""
    if not made.vendored:
        return f"python3 (>= {needs.OLDEST_PYTHON})"
    major, minor = needs.PYTHON.split(".")
    return f"python3 (>= {needs.PYTHON}), python3 (<< {major}.{int(minor) + 1})"


def _bounded(relations: Sequence[Relation]) -> list[str]:
    found = []
    for each in relations:
        bounds = [f">= {each.at_least}"] if each.at_least else []
        bounds += [f"<< {each.below}"] if each.below else []
        found += [f"{each.name} ({bound})" for bound in bounds] or [each.name]
    return found
