"""edgegen.lock: what edgegen wrote into a project, and what was measured there.

A JSON file that is committed with the project. Its paths and hashes tell a generated
file that was edited by hand from one that is merely old.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgegen import paths
from edgegen.errors import UsageError

LOCK = "edgegen.lock"


@dataclass(frozen=True, slots=True)
class Lock:
    """The contents of edgegen.lock.

    Attributes:
        version: The edgegen that wrote it.
        files: Generated files: path -> SHA-256 (hex) of what edgegen wrote.
        scaffolded: User files that edgegen once offered; one that the user deleted
            since is not made again.
        measured: Facts about the model on the device that only a run can tell, by name.
    """

    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    scaffolded: tuple[str, ...] = ()
    measured: Mapping[str, object] = field(default_factory=dict)


def dump(lock: Lock) -> bytes:
    """The file's bytes: sorted keys, so that the same facts give the same bytes."""
    facts = {
        "edgegen": lock.version,
        "files": dict(lock.files),
        "measured": dict(lock.measured),
        "scaffolded": sorted(lock.scaffolded),
    }
    return (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode()


def read(directory: Path) -> Lock | None:
    """The project's lock, or None when there is none; a UsageError when it is damaged."""
    path = directory / LOCK
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise _damaged(path, "not UTF-8 text") from None
    except OSError as error:
        raise UsageError("The lock cannot be read.", where=f"{path}: {error.strerror}") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Lock:
    """Check everything: a lock may come from anyone's repository, and it names files to delete."""
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON ({error})") from None
    if not isinstance(facts, dict):
        raise _damaged(path, "not a JSON object")
    version, files = facts.get("edgegen"), facts.get("files")
    scaffolded, measured = facts.get("scaffolded"), facts.get("measured")
    if not isinstance(version, str):
        raise _damaged(path, '"edgegen" is not a text')
    if not isinstance(files, dict) or not all(_is_entry(*item) for item in files.items()):
        raise _damaged(path, '"files" is not a table of paths below edgegen/ and their SHA-256')
    if not isinstance(scaffolded, list) or not all(isinstance(item, str) for item in scaffolded):
        raise _damaged(path, '"scaffolded" is not a list of paths')
    if not isinstance(measured, dict):
        raise _damaged(path, '"measured" is not a table')
    return Lock(version, files, tuple(scaffolded), measured)


def _is_entry(path: str, digest: object) -> bool:
    below = path.startswith("edgegen/") and not paths.problem(path)
    return below and isinstance(digest, str) and len(digest) == 64


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{LOCK} is damaged: {why}.",
        where=str(path),
        fix="Restore it from version control (after a merge conflict, take either side), "
        "then run `edgegen update`.",
    )
