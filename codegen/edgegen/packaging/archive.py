"""tar.gz: the same files give the same bytes, on every machine and at any time."""

from __future__ import annotations

import gzip
import io
import tarfile

from edgegen.packaging import tree as trees
from edgegen.packaging.tree import Tree

COMPRESSION = 9  # of gzip, which the smallest device unpacks quickly


def tar_gz(tree: Tree, root: str, when: int) -> bytes:
    """The archive of a tree below the folder ``root``.

    Args:
        when: Time of every file, in seconds since 1970.
    """
    buffer = io.BytesIO()
    packed = gzip.GzipFile("", "wb", COMPRESSION, buffer, mtime=0)
    with packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        rooted = {f"{root}/{path}": entry for path, entry in tree.items()}
        members = [(folder, None) for folder in trees.folders(rooted)]
        for path, entry in sorted([*members, *rooted.items()], key=lambda member: member[0]):
            facts = tarfile.TarInfo(path)
            facts.mtime = when
            facts.uname = facts.gname = "root"
            if entry is None:
                facts.type, facts.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(facts)
            else:
                facts.size, facts.mode = len(entry.content), entry.mode
                archive.addfile(facts, io.BytesIO(entry.content))
    return buffer.getvalue()


def gzipped(content: bytes) -> bytes:
    """As `gzip -9n` does: without a name and without a time."""
    return gzip.compress(content, COMPRESSION, mtime=0)
