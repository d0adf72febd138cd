"""Facts of a model and its engines in the words of the web templates: ready to print."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgegen.chunks import Manifest
from edgegen.model import DType, Tensor


@dataclass(frozen=True, slots=True)
class TensorView:
    """An input or output of the model.

    Attributes:
        name: As it is in the model: any text.
        dtype: numpy's name.
        shape: A JavaScript array.
        scale, zero_point: JavaScript numbers; "0" where the tensor is not quantised.
        array: Class of the typed array that holds it.
    """

    name: str
    dtype: str
    shape: str
    scale: str
    zero_point: str
    array: str
    elements: int


# As in tensors.js.
_ARRAYS = {
    DType.BOOL: "Uint8Array",
    DType.FLOAT16: "Uint16Array",
    DType.FLOAT32: "Float32Array",
    DType.INT8: "Int8Array",
    DType.INT16: "Int16Array",
    DType.INT32: "Int32Array",
    DType.INT64: "BigInt64Array",
    DType.UINT8: "Uint8Array",
}


def tensor_view(tensor: Tensor) -> TensorView:
    """How the templates see an input or output."""
    return TensorView(
        name=tensor.name,
        dtype=tensor.dtype.value,
        shape=repr(list(tensor.shape)),
        scale=repr(float(tensor.scale)) if tensor.has_scale else "0",
        zero_point=repr(int(tensor.zero_point)) if tensor.has_scale else "0",
        array=_ARRAYS[tensor.dtype],
        elements=tensor.elements,
    )


def assets(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(name, path below edgegen/) of what is loaded in chunks: the manifests in assets/."""
    found = (path for path in paths if path.startswith("assets/") and path.endswith(".json"))
    return tuple((path[len("assets/") : -len(".json")], path) for path in sorted(found))


@dataclass(frozen=True, slots=True)
class ManifestView:
    """A manifest of chunks; what has this hash needs no other check."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BuildView:
    """Weights of a WebAssembly build.

    Attributes:
        sha256: Of all together; of nothing where the model has none.
        chunks: Their SHA-256, in order.
    """

    name: str
    sha256: str
    chunks: tuple[str, ...] = ()


def builds(names: Iterable[str], weights: Iterable[Manifest]) -> list[BuildView]:
    """Every build by the name of its backend, whether it has weights or not."""
    found = {each.name: each for each in weights}
    nothing = hashlib.sha256().hexdigest()
    return [
        BuildView(name, found[name].sha256, tuple(each.sha256 for each in found[name].chunks))
        if name in found
        else BuildView(name, nothing)
        for name in names
    ]


def manifests(files: Mapping[str, bytes]) -> dict[str, ManifestView]:
    """Those in assets/, by name."""
    texts = {name: files[path] for name, path in assets(files)}
    return {
        name: ManifestView(len(text), hashlib.sha256(text).hexdigest())
        for name, text in texts.items()
    }
