"""The C of a web project, compiled: by clang and wasm-ld where they are, by its own build.sh."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from edgegen import tools
from edgegen.errors import EdgegenError
from edgegen.project import GENERATED, File, GeneratedProject, Owner

__all__ = [
    "COMPILERS",
    "PRODUCTS",
    "SCRIPT",
    "compiled",
    "completed",
    "is_possible",
    "notes",
    "sources_digest",
]

COMPILERS = ("clang", "wasm-ld")
"""As `tools` knows them."""

SCRIPT = "native/build.sh"
"""Below the project's edgegen/."""

RECORD = "wasm/build.json"

_NATIVE = "native/"
_WASM = "wasm/"

PRODUCTS = (f"{GENERATED}{_WASM}",)
"""Folders of a project whose files build.sh makes."""

_SECONDS = 300
_SHOWN = 2000
_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_possible() -> bool:
    """Whether both are there."""
    return all(tools.probe(name) is not None for name in COMPILERS)


def compiled(
    files: Mapping[str, bytes], there: Callable[[str], bytes | None] = lambda _: None
) -> dict[str, bytes]:
    """wasm/**, by path below the project's edgegen/.

    What the project has already stays, if it was built from the same sources, whichever compiler
    built it; otherwise it is built anew. Nothing where there is nothing to build, or no compiler.

    Args:
        files: The project's generated files, by path below its edgegen/.
        there: Content of such a file as it is in the project now; None for one that is not there.

    Raises:
        EdgegenError: The compiler refuses, which is a bug in the sources.
    """
    sources = {path: data for path, data in files.items() if path.startswith(_NATIVE)}
    if SCRIPT not in sources:
        return {}
    found = _kept(sources, there)
    if found is None and is_possible():
        found = _built(tuple(sorted(sources.items())))
    return dict(found or {})


def completed(project: GeneratedProject, directory: Path) -> GeneratedProject:
    """A web project with its modules, as far as they can be had; any other as it is.

    Args:
        directory: Where the project is or will be.
    """
    below = {
        path.removeprefix(GENERATED): file.content
        for path, file in project.files.items()
        if path.startswith(GENERATED)
    }

    def there(path: str) -> bytes | None:
        place = directory / GENERATED / path
        try:
            return place.read_bytes() if place.is_file() and not place.is_symlink() else None
        except OSError:
            return None

    made = compiled(below, there).items()
    found = {f"{GENERATED}{path}": File(data, Owner.EDGEGEN) for path, data in made}
    return GeneratedProject({**project.files, **found})


def notes(project: GeneratedProject) -> tuple[str, ...]:
    """What a user should know: that there are no modules."""
    is_web = f"{GENERATED}{SCRIPT}" in project.files
    if not is_web or f"{GENERATED}{RECORD}" in project.files:
        return ()
    packages = " ".join(dict.fromkeys(tools.spec(name).package for name in COMPILERS))
    return (
        "The C is not compiled to WebAssembly, for clang and wasm-ld are not both there: install "
        f"them (apt-get install {packages}) and run `edgegen update`, or "
        f"`sh {GENERATED}{SCRIPT}` where they are.",
    )


def sources_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 of the files below native/, as build.sh computes it: in the order of their paths."""
    found = hashlib.sha256()
    for path in sorted(path for path in files if path.startswith(_NATIVE)):
        found.update(files[path])
    return found.hexdigest()


def _kept(
    sources: Mapping[str, bytes], there: Callable[[str], bytes | None]
) -> dict[str, bytes] | None:
    """What was built from these sources and is still as it was built; None without."""
    record = there(RECORD)
    if record is None:
        return None
    try:
        table = json.loads(record)
    except (ValueError, RecursionError):
        return None
    if not isinstance(table, dict) or table.get("sources") != sources_digest(sources):
        return None
    kept = {RECORD: record}
    for name, digest in table.items():
        if not name.endswith(".wasm"):
            continue
        if re.fullmatch(r"[a-z]+\.wasm", name) is None or not isinstance(digest, str):
            return None
        content = there(_WASM + name)
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            return None
        kept[_WASM + name] = content
    return kept


@lru_cache(maxsize=4)
def _built(sources: tuple[tuple[str, bytes], ...]) -> dict[str, bytes]:
    """A project is made several times in a row: to be fitted, shown and written."""
    with tempfile.TemporaryDirectory(prefix="edgegen-wasm-") as temporary:
        folder = Path(temporary)
        for path, content in sources:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        _run(folder)
        return {
            f"{_WASM}{made.name}": made.read_bytes() for made in sorted((folder / "wasm").iterdir())
        }


def _run(folder: Path) -> None:
    """build.sh, without whatever names compilers in the environment."""
    environment = {k: v for k, v in os.environ.items() if k not in ("CLANG", "WASM_LD")}
    try:
        done = subprocess.run(
            [shutil.which("sh") or "sh", SCRIPT],
            cwd=folder,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgegenError("The model's C cannot be compiled to WebAssembly.") from error
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace")[-_SHOWN:].strip()
        raise EdgegenError(
            f"The model's C does not compile to WebAssembly:\n{said}",
            fix="`edgegen doctor` shows the versions of clang and wasm-ld; LLVM 14 and later do.",
        )
