"""The bill of materials of a package: CycloneDX 1.6 as JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edgegen import __version__
from edgegen.packaging.manifest import UNSTATED

# Of edgegen's bills; together with what a bill says it gives the bill's own number.
_NAMESPACE = uuid.UUID("a16ddbd8-a3be-5489-ab34-63e67f3d5d17")


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that a package is made of or that runs it.

    Attributes:
        kind: CycloneDX's type, such as library or machine-learning-model.
        version: "" when the device decides, as for a distribution's package.
        licence: SPDX expression or words; "" when not known.
        sha256: Of the file that it came in; "" without one.
        purl: Package URL; "" without one.
        description: One phrase.
    """

    kind: str
    name: str
    version: str = ""
    licence: str = ""
    sha256: str = ""
    purl: str = ""
    description: str = ""

    @property
    def reference(self) -> str:
        return self.purl or f"{self.kind}:{self.name}" + (self.version and f"@{self.version}")


def dump(subject: Component, parts: Sequence[Component], when: int) -> bytes:
    """The bill: ``subject`` is the package, ``parts`` all that it depends on.

    Args:
        when: Seconds since 1970.
    """
    listed = sorted({part.reference: part for part in parts}.items())
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "tools": {
                "components": [{"type": "application", "name": "edgegen", "version": __version__}]
            },
            "component": _component(subject),
        },
        "components": [_component(part) for _, part in listed],
        "dependencies": [
            {"ref": subject.reference, "dependsOn": [reference for reference, _ in listed]},
            *({"ref": reference} for reference, _ in listed),
        ],
    }
    number = uuid.uuid5(_NAMESPACE, json.dumps(bill, sort_keys=True))
    bill = {**bill, "serialNumber": f"urn:uuid:{number}"}
    return (json.dumps(bill, indent=2) + "\n").encode()


def _component(part: Component) -> dict[str, Any]:
    values: dict[str, Any] = {"type": part.kind, "bom-ref": part.reference, "name": part.name}
    values |= {"version": part.version} if part.version else {}
    values |= {"description": part.description} if part.description else {}
    if part.sha256:
        values["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    if part.licence and part.licence != UNSTATED:
        values["licenses"] = [_licence(part.licence)]
    return values | ({"purl": part.purl} if part.purl else {})


def _licence(text: str) -> dict[str, Any]:
    """An expression of SPDX as such; anything else as a name."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return {"expression": str(canonicalize_license_expression(text))}
    except InvalidLicenseExpression:
        return {"license": {"name": text}}
