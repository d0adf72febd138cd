"""A program as tar.gz, with scripts that install and remove it where no package manager is."""

from __future__ import annotations

from edgegen.packaging import archive, installed, needs
from edgegen.packaging.installed import Program
from edgegen.packaging.product import Product
from edgegen.packaging.subject import EDGEGEN_LICENCE
from edgegen.packaging.tree import Entry
from edgegen.render import render


def pack(made: Program) -> Product:
    """NAME-VERSION-ARCHITECTURE.tar.gz."""
    subject = made.subject
    architecture = made.machine or "any"
    stem = f"{subject.name}-{subject.version}-{architecture}"
    files = installed.finished(made, "", architecture)
    sums = "".join(f"{entry.sha256}  root/{path}\n" for path, entry in files.items())
    required = [f"Python {needs.PYTHON if made.vendored else f'{needs.OLDEST_PYTHON} or newer'}"]
    required += [each.text for each in made.required]
    values = {
        "name": subject.name,
        "version": subject.version,
        "requires": ", ".join(required),
        "units": made.units,
        "folders": list(reversed(installed.own_folders(made, files))),
        "state_folders": made.state_folders,
    }
    packed = {f"root/{path}": entry for path, entry in files.items()}
    packed["SHA256SUMS"] = Entry(sums.encode(), licence=EDGEGEN_LICENCE)
    for script in ("install.sh", "remove.sh"):
        packed[script] = Entry(render(f"package/{script}.j2", values), True, EDGEGEN_LICENCE)
    content = archive.tar_gz(packed, stem, subject.when)
    return Product(f"{stem}.tar.gz", content, files, made.machine, made.notes)
