"""Libraries of others that engines load in a browser: which files of which npm packages.

Nothing of them is part of edgegen. A project's `npm run vendor` copies them out of node_modules, if
they are these very files. Versions, sizes and hashes are those of the packages as published.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edgegen import chunks
from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity

CHUNK_BYTES = 1 << 20
"""Of a model: a broken connection costs at most that much, and a request is small beside it."""


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """One file.

    Attributes:
        source: Below the package's folder.
        target: Below the project's edgegen/vendor/.
        bytes: As published.
        sha256: As published, in hex.
        replace: A text that is in it once, and what stands there in the copy.
    """

    source: str
    target: str
    bytes: int
    sha256: str
    replace: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """One package.

    Attributes:
        first_visit: Targets of the files that a page loads to run a model in WebAssembly, with one
            thread.
        webgpu: Those that it loads instead to run one by WebGPU.
    """

    package: str
    version: str
    license: str
    files: tuple[LibraryFile, ...]
    first_visit: tuple[str, ...]
    webgpu: tuple[str, ...]

    def bytes_of(self, targets: Collection[str]) -> int:
        """Without compression."""
        return sum(file.bytes for file in self.files if file.target in targets)


def _file(folder: str, target: str, size: int, sha256: str) -> LibraryFile:
    return LibraryFile(f"{folder}/{target.rpartition('/')[2]}", target, size, sha256)


ONNXRUNTIME_WEB = Library(
    "onnxruntime-web",
    "1.30.0",
    "MIT",
    (
        _file(
            "dist",
            "onnxruntime/ort.wasm.min.mjs",
            50_126,
            "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
        ),
        _file(
            "dist",
            "onnxruntime/ort.webgl.min.mjs",
            472_167,
            "bf9d3bf9589b7caecd4f3ed3fccd7cdb15210c908e8f51f62fba9fdf0a532af9",
        ),
        _file(
            "dist",
            "onnxruntime/ort.webgpu.min.mjs",
            66_349,
            "3dffff71811bc13a3a3d9591c57ca5ee5735b8f5f3eaf789510b02bb040ae3a0",
        ),
        _file(
            "dist",
            "onnxruntime/ort-wasm-simd-threaded.mjs",
            24_381,
            "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
        ),
        _file(
            "dist",
            "onnxruntime/ort-wasm-simd-threaded.wasm",
            14_239_897,
            "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
        ),
        _file(
            "dist",
            "onnxruntime/ort-wasm-simd-threaded.asyncify.mjs",
            53_057,
            "3d1c85995364bb643302fc6fd877a0c3ba5ae72401815e0f24828a53d9191e28",
        ),
        _file(
            "dist",
            "onnxruntime/ort-wasm-simd-threaded.asyncify.wasm",
            26_781_914,
            "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da",
        ),
    ),
    (
        "onnxruntime/ort.wasm.min.mjs",
        "onnxruntime/ort-wasm-simd-threaded.mjs",
        "onnxruntime/ort-wasm-simd-threaded.wasm",
    ),
    (
        "onnxruntime/ort.webgpu.min.mjs",
        "onnxruntime/ort-wasm-simd-threaded.asyncify.mjs",
        "onnxruntime/ort-wasm-simd-threaded.asyncify.wasm",
    ),
)

_LITERT = (
    "litert/index.js",
    "litert/litert_wasm_internal.js",
    "litert/litert_wasm_internal.wasm",
)

LITERT = Library(
    "@litertjs/core",
    "2.5.3",
    "Apache-2.0",
    (
        LibraryFile(
            "dist/index.js",
            "litert/index.js",
            53_482,
            "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3",
            # A worker knows no import maps, so that a package's name leads nowhere; and what it
            # loads with has to work in a module worker.
            ('"@litertjs/wasm-utils"', '"../../engines/litert_wasm.js"'),
        ),
        _file(
            "wasm",
            "litert/litert_wasm_internal.js",
            273_035,
            "68efb69f770e3f76aff36a377de629ca496c131b86ac0f0f4b592a1543a898eb",
        ),
        _file(
            "wasm",
            "litert/litert_wasm_internal.wasm",
            9_367_934,
            "7280cf4471774867e385e6c3cd53e2b45e2975b80fea338fff4ef359b0865614",
        ),
        _file(
            "wasm",
            "litert/litert_wasm_threaded_internal.js",
            317_475,
            "92fe7a720c6deedaa1194c011c79a005ea4f6fc98f533b661cf7900760ab4849",
        ),
        _file(
            "wasm",
            "litert/litert_wasm_threaded_internal.wasm",
            9_445_834,
            "b5e54eca10f043497edf9a02186332707cae260c550d7ea22b2cae55669596cf",
        ),
        # For browsers without relaxed SIMD.
        _file(
            "wasm",
            "litert/litert_wasm_compat_internal.js",
            273_246,
            "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
        ),
        _file(
            "wasm",
            "litert/litert_wasm_compat_internal.wasm",
            9_334_181,
            "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
        ),
    ),
    _LITERT,
    _LITERT,
)

LIBRARIES = {"onnxruntime": ONNXRUNTIME_WEB, "litert": LITERT}
"""By engine."""


def skipped_modules(engines: Collection[str]) -> set[str]:
    """What a project with these engines has no use for, by path below edgegen/."""
    skipped = set() if "litert" in engines else {"engines/litert_wasm.js"}
    if not LIBRARIES.keys() & set(engines):
        skipped |= {"engines/vendored.js", "vendor.mjs"}
    return skipped


def model_asset(data: bytes) -> dict[str, bytes]:
    """The asset "model" of engines that are given a file, by path below edgegen/."""
    files = chunks.split(data, "model", CHUNK_BYTES)
    return {f"assets/{path}": content for path, content in files.items()}


def library_needs(
    library: Library, model_bytes: int, device: WebBrowser, *, tries_webgpu: bool = True
) -> Needs:
    """What a page downloads first and holds, where a browser of the device has WebGPU, too.

    Args:
        tries_webgpu: False for a model that is known not to run there.
    """
    has_webgpu = tries_webgpu and any(feature.name == "webgpu" for feature in device.features)
    where = "with WebGPU" if has_webgpu else "without WebGPU"
    runtime = Quantity(
        library.bytes_of(library.webgpu if has_webgpu else library.first_visit),
        f"exact ({library.package} {library.version} {where})",
    )
    model = Part("model", Quantity(model_bytes, "exact"))
    heap = Part("runtime", Quantity(None, f"not known ({library.package} does not say)"))
    return Needs(storage=(model, Part("runtime", runtime)), ram=(model, heap))
