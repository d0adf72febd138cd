"""Device files of the family web."""

from __future__ import annotations

import re
from typing import Any

from edgegen.device import Feature, WebBrowser
from edgegen.registry import common
from edgegen.toml_table import Table

INTERFACES = ("camera", "microphone", "file", "tensor")
MEASUREMENT = ("performance_now",)
FORMATS = ("tar.gz",)
FEATURES = ("relaxed_simd", "simd", "threads", "webgl2", "webgpu")
ENGINES = ("aot", "onnxruntime", "litert")

SOURCED = ("features", "model_bytes", "ram_bytes", "storage_bytes")

# The one instruction set of all browsers: 32-bit WebAssembly.
_CPUS = ("wasm32",)
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*|any")
_LARGEST = 1 << 32

WORDS = common.Vocabulary("web", _CPUS, INTERFACES, MEASUREMENT, FORMATS, _LARGEST)


def row(device: WebBrowser) -> dict[str, Any]:
    """What a list of browsers shows beside the facts that all devices have."""
    return {
        "features": [each.name for each in device.features],
        "engines": list(device.engines),
        "model_bytes": device.model_bytes,
    }


def details(device: WebBrowser) -> dict[str, Any]:
    """The rest of it."""
    return {
        "features": [{"name": e.name, "since": e.since} for e in device.features],
    }


def read(table: Table, device_id: str) -> WebBrowser | None:
    """None, or a device that is only to be used when no problem was reported."""
    cpu = table.choice("cpu", WORDS.cpus)
    basics = common.read(table, device_id, cpu, WORDS, SOURCED)
    engines = table.choices("engines", ENGINES)
    model_bytes = table.number("model_bytes", 1, _LARGEST)
    features = _features(table.table("features"))
    table.finish()
    if basics is None or engines is None or model_bytes is None:
        return None
    return WebBrowser(**basics, features=features, engines=engines, model_bytes=model_bytes)


def _features(table: Table | None) -> tuple[Feature, ...]:
    if table is None:
        return ()
    found = {name: table.text(name, _VERSION) for name in FEATURES if table.has(name)}
    table.finish()
    return tuple(Feature(name, since) for name, since in found.items() if since is not None)
