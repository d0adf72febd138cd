"""The project itself as an archive: what a firmware developer hands on."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from edgegen import __version__
from edgegen.engines.tflm import kernels
from edgegen.errors import UsageError
from edgegen.packaging import archive, manifest, sbom
from edgegen.packaging import tree as trees
from edgegen.packaging.product import Product
from edgegen.packaging.sbom import Component
from edgegen.packaging.subject import EDGEGEN_LICENCE, Subject
from edgegen.packaging.tree import Entry, Tree

MANIFEST = "MANIFEST.json"
SBOM = "SBOM.cdx.json"
_TFLM = "edgegen/tflm/CMakeLists.txt"


def pack(subject: Subject) -> Product:
    """NAME-VERSION-DEVICE.tar.gz with the project's files, manifest and bill of materials."""
    files = {
        path: replace(entry, licence=subject.licence_of(path))
        for path, entry in trees.collect(subject.directory).items()
    }
    taken = [path for path in (MANIFEST, SBOM) if path in files]
    if taken:
        raise UsageError(
            "A file of the project has a name that the package needs.",
            where=taken[0],
            fix="Rename it.",
        )
    bill = sbom.dump(
        Component("firmware", subject.name, subject.version, subject.licence),
        _components(subject, files),
        subject.when,
    )
    files[SBOM] = Entry(bill, licence=EDGEGEN_LICENCE)
    facts = manifest.facts(subject.name, subject.version, subject.device.id, files)
    files[MANIFEST] = Entry(manifest.dump(facts), licence=EDGEGEN_LICENCE)
    stem = f"{subject.name}-{subject.version}-{subject.device.id}"
    return Product(f"{stem}.tar.gz", archive.tar_gz(files, stem, subject.when), files, "")


def model_component(subject: Subject, content: bytes) -> Component:
    """The user's model."""
    return Component(
        "machine-learning-model",
        subject.settings.model.rsplit("/", 1)[-1],
        licence=subject.licence,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def runtime_component() -> Component:
    """edgegen's own code in the project."""
    return Component("library", "edgegen-runtime", __version__, EDGEGEN_LICENCE)


def _components(subject: Subject, files: Tree) -> list[Component]:
    found = [runtime_component()]
    if model := files.get(subject.settings.model):
        found.append(model_component(subject, model.content))
    build = files[_TFLM].content.decode() if _TFLM in files else ""
    found += [
        Component(
            "library",
            source.name,
            source.commit,
            "Apache-2.0",
            purl=f"pkg:github/{_repository(source.url)}@{source.commit}",
            description=f"{source.what}; fetched when the project is built",
        )
        for source in (*kernels.SOURCES, kernels.CMSIS_NN)
        if source.commit in build
    ]
    return found


def _repository(url: str) -> str:
    return url.removeprefix("https://github.com/").removesuffix(".git").lower()
