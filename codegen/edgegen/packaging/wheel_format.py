"""The wheel as a package of its own: with manifest and bill of materials in its .dist-info."""

from __future__ import annotations

from edgegen.packaging import installed, manifest, wheel
from edgegen.packaging.installed import Program
from edgegen.packaging.product import Product
from edgegen.packaging.subject import EDGEGEN_LICENCE
from edgegen.packaging.tree import Entry

MANIFEST = "manifest.json"
SBOM = "sboms/edgegen.cdx.json"  # where PEP 770 wants it


def pack(made: Program, name: str) -> Product:
    """The wheel ``name``. RECORD and the manifest itself are the files that are not in it."""
    subject, info = made.subject, made.wheel.info
    record = f"{info}/RECORD"
    files = {path: entry for path, entry in made.wheel.files.items() if path != record}
    files[f"{info}/{SBOM}"] = Entry(installed.bill_of_materials(made, ""), licence=EDGEGEN_LICENCE)
    architecture = made.machine or "any"
    facts = manifest.facts(subject.name, subject.version, architecture, files)
    files[f"{info}/{MANIFEST}"] = Entry(manifest.dump(facts), licence=EDGEGEN_LICENCE)
    content = wheel.pack(files, info, subject.when)
    return Product(name, content, files, made.machine, made.notes)
