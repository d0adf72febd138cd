"""What the service worker of a web project keeps."""

from __future__ import annotations

import hashlib

from edgegen.engines.web_libraries import Library, LibraryFile
from edgegen.project import File, Owner
from edgegen.targets import web_precache

GENERATED = (
    "edgegen/assets/chunks/0123.bin",
    "edgegen/assets/weights.json",
    "edgegen/golden.bin",
    "edgegen/model.js",
    "edgegen/native/nn.c",
    "edgegen/native/build.json",
    "edgegen/pwa/service-worker-core.js",
    "edgegen/selftest.html",
    "edgegen/types.d.ts",
    "edgegen/vite.js",
    "edgegen/wasm/simd.wasm",
)
USERS = (
    ".gitignore",
    "README.md",
    "app/main.js",
    "app/style.css",
    "eslint.config.js",
    "icons/icon.svg",
    "index.html",
    "manifest.webmanifest",
    "package.json",
    "service-worker.js",
)


def test_generated_files_are_known_by_hash_and_the_users_by_name() -> None:
    files = {path: File(path.encode(), Owner.EDGEGEN) for path in reversed(GENERATED)}
    files |= {path: File(b"", Owner.USER) for path in reversed(USERS)}
    found = web_precache.context(files)
    version = found.pop("files_version")
    changed = files | {"edgegen/native/nn.c": File(b"", Owner.EDGEGEN)}
    assert web_precache.context(changed)["files_version"] != version
    assert web_precache.context(files | {"README.md": File(b"x", Owner.USER)}) == {
        **found,
        "files_version": version,
    }
    assert found == {
        "needed": [
            (path, hashlib.sha256(path.encode()).hexdigest())
            for path in (
                "edgegen/assets/weights.json",
                "edgegen/model.js",
                "edgegen/wasm/simd.wasm",
            )
        ],
        "optional": [
            (path, hashlib.sha256(path.encode()).hexdigest())
            for path in ("edgegen/golden.bin", "edgegen/selftest.html")
        ],
        "users": [
            "app/main.js",
            "app/style.css",
            "icons/icon.svg",
            "index.html",
            "manifest.webmanifest",
        ],
    }


def test_libraries_of_others_are_known_by_hash_where_they_are_copied_as_they_are() -> None:
    library = Library(
        "package",
        "1.0.0",
        "MIT",
        (
            LibraryFile("dist/a.mjs", "package/a.mjs", 1, "aa"),
            LibraryFile("dist/b.mjs", "package/b.mjs", 1, "bb", ("x", "y")),
        ),
        (),
        (),
    )
    found = web_precache.context({}, [library])
    assert found["optional"] == [("edgegen/vendor/package/a.mjs", "aa")]
