"""What a site's service worker keeps: which files, by hash where nobody but edgegen writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from edgegen.engines.web_libraries import Library
from edgegen.project import File, Owner

TEMPLATE = "pwa/precache.js"

# The browser keeps the service worker's own scripts; the loader keeps the chunks of models.
_NEVER = (
    "edgegen/assets/chunks/",
    "edgegen/native/",
    "edgegen/pwa/service-worker-core.js",
    "edgegen/vite.js",
    "edgegen/wasm/build.json",
)
_OPTIONAL = ("edgegen/bare", "edgegen/golden", "edgegen/selftest")
_SERVED = (".css", ".html", ".js", ".json", ".png", ".svg", ".wasm", ".webmanifest", ".bin")
_WORKERS = {
    "edgegen/pwa/precache.js",
    "edgegen/pwa/service-worker-core.js",
    "service-worker.js",
}
_USERS = ("app/", "icons/", "index.html", "manifest.webmanifest")


def context(files: Mapping[str, File], libraries: Iterable[Library] = ()) -> dict[str, object]:
    """What `TEMPLATE` prints: (path, SHA-256) of edgegen's files, and paths of the user's; and what
    is another text for every other set of edgegen's files.

    Args:
        files: All others of the project.
        libraries: Of others, which are copied to edgegen/vendor/ when the project has been written.
    """
    hashes = {
        path: hashlib.sha256(file.content).hexdigest()
        for path, file in sorted(files.items())
        if file.owner is Owner.EDGEGEN
    }
    lines = "".join(f"{sha256} {path}\n" for path, sha256 in hashes.items())
    generated = _generated(files)
    return {
        "files_version": hashlib.sha256(lines.encode()).hexdigest()[:16],
        "needed": [(path, hashes[path]) for path in generated if not path.startswith(_OPTIONAL)],
        "optional": [
            *((path, hashes[path]) for path in generated if path.startswith(_OPTIONAL)),
            *(
                (f"edgegen/vendor/{file.target}", file.sha256)
                for library in libraries
                for file in library.files
                if file.replace is None
            ),
        ],
        "users": _users(files),
    }


def first_visit_bytes(files: Mapping[str, File]) -> int:
    """Of all files that a first visit loads, but for chunks, modules and libraries of others: each
    once, without compression."""
    needed = {path for path in _generated(files) if not path.startswith(_OPTIONAL)}
    paths = needed | set(_users(files)) | _WORKERS
    return sum(len(files[path].content) for path in paths if not path.endswith(".wasm"))


def _generated(files: Mapping[str, File]) -> list[str]:
    """edgegen's files that pages may ask for."""
    return [
        path
        for path, file in sorted(files.items())
        if file.owner is Owner.EDGEGEN and _is_served(path) and not path.startswith(_NEVER)
    ]


def _users(files: Mapping[str, File]) -> list[str]:
    """The user's files that pages may ask for."""
    return [
        path
        for path, file in sorted(files.items())
        if file.owner is Owner.USER and _is_served(path) and path.startswith(_USERS)
    ]


def _is_served(path: str) -> bool:
    return PurePosixPath(path).suffix in _SERVED
