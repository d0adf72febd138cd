"""Device files of the family web."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import registry
from edgegen.device import Feature, WebBrowser
from edgegen.errors import UsageError
from edgegen.registry import web

PATH = Path("devices/web/sample.toml")
SAMPLE = """\
name = "Sample browser"
cpu = "wasm32"
ram_bytes = 4_294_967_296
storage_bytes = 50_000_000
model_bytes = 10_000_000
interfaces = ["camera", "tensor"]
measurement = ["performance_now"]
formats = ["tar.gz"]
engines = ["aot", "litert"]

[features]
simd = "16.4"
webgpu = "any"

[sources]
features = "manual"
model_bytes = "manual"
ram_bytes = "manual"
storage_bytes = "manual"
"""


def parse(text: str) -> WebBrowser:
    device = registry.parse_device(text, PATH)
    assert isinstance(device, WebBrowser)
    return device


def test_a_file_becomes_a_device() -> None:
    device = parse(SAMPLE)
    assert (device.id, device.family, device.cpu) == ("sample", "web", "wasm32")
    assert device.features == (Feature("simd", "16.4"), Feature("webgpu", "any"))
    assert device.engines == ("aot", "litert")
    assert (device.storage_bytes, device.model_bytes) == (50_000_000, 10_000_000)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('cpu = "wasm32"', 'cpu = "wasm64"', "cpu: 'wasm64' is none of wasm32."),
        ('"aot", "litert"', '"tflm"', "engines: 'tflm' is none of aot, onnxruntime, litert."),
        ("model_bytes = 10_000_000\n", "", "model_bytes: is missing."),
        ("model_bytes = 10", "model_bytes = -10", "model_bytes: -10000000 is not between"),
        ("4_294_967_296", "4_294_967_297", "ram_bytes: 4294967297 is not between"),
        ('simd = "16.4"', 'simd = "soon"', "features.simd: 'soon' does not match"),
        ("simd =", "smid =", "features.smid: is unknown."),
        ("[features]", "[feature]", "features: is missing."),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, found: str) -> None:
    assert SAMPLE.count(old) == 1, old
    with pytest.raises(UsageError) as caught:
        parse(SAMPLE.replace(old, new))
    assert any(line.strip().startswith(found) for line in caught.value.what.splitlines()[1:])


def test_the_generic_browser_has_what_all_have() -> None:
    """But for WebGPU, which is younger than many a device."""
    browsers = [registry.load_device(id) for id in registry.device_ids("web")]
    names = {}
    for each in browsers:
        assert isinstance(each, WebBrowser)
        names[each.id] = {feature.name for feature in each.features}
    generic = names.pop("browser")
    assert generic == set.intersection(*names.values()) - {"webgpu"}
    assert generic <= set(web.FEATURES)
