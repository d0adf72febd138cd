"""manifest.json: every file of a package with its hash, size, mode and licence."""

from __future__ import annotations

import json
from typing import Any

from edgegen.packaging import tree as trees
from edgegen.packaging.tree import Tree

UNSTATED = "NOASSERTION"
"""SPDX's word for a licence that nobody has stated."""


def facts(name: str, version: str, architecture: str, tree: Tree) -> dict[str, Any]:
    """The manifest of a package; it does not list itself.

    Args:
        architecture: As the package's own format calls it; "" where there is none.
    """
    return {
        "name": name,
        "version": version,
        "architecture": architecture,
        "bytes": sum(len(entry.content) for entry in tree.values()),
        "disk_bytes": trees.disk_bytes(tree),
        "files": [
            {
                "path": path,
                "sha256": entry.sha256,
                "bytes": len(entry.content),
                "mode": f"{entry.mode:04o}",
                "licence": entry.licence or UNSTATED,
            }
            for path, entry in sorted(tree.items())
        ],
    }


def dump(values: dict[str, Any]) -> bytes:
    """JSON in ASCII, so that no name spoils a terminal."""
    return (json.dumps(values, indent=2) + "\n").encode()
