"""Device files of the family linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import registry
from edgegen.device import Architecture, LinuxComputer
from edgegen.errors import UsageError
from edgegen.registry import linux

PATH = Path("devices/linux/sample.toml")
SAMPLE = """\
name = "Sample computer"
cpu = "cortex-a72"
ram_bytes = 256_000_000
storage_bytes = 100_000_000
interfaces = ["camera", "file"]
measurement = ["system_timer"]
formats = ["deb"]
engines = ["aot", "litert"]

[[architecture]]
name = "aarch64"
emulated_cpu = "cortex-a72"

[[architecture]]
name = "x86_64"

[sources]
architectures = "manual"
ram_bytes = "manual"
storage_bytes = "manual"
"""


def parse(text: str) -> LinuxComputer:
    device = registry.parse_device(text, PATH)
    assert isinstance(device, LinuxComputer)
    return device


def problems(old: str, new: str) -> list[str]:
    assert SAMPLE.count(old) == 1, old
    with pytest.raises(UsageError) as caught:
        parse(SAMPLE.replace(old, new))
    return [line.strip() for line in caught.value.what.splitlines()[1:]]


def test_a_file_becomes_a_device() -> None:
    device = parse(SAMPLE)
    assert (device.id, device.family, device.cpu) == ("sample", "linux", "cortex-a72")
    assert device.architectures == (
        Architecture("aarch64", "cortex-a72"),
        Architecture("x86_64", ""),
    )
    assert device.engines == ("aot", "litert")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"aot", "litert"', '"tflm"', "engines: 'tflm' is none of"),
        ('name = "aarch64"', 'name = "sparc"', "architecture[0].name: 'sparc' is none of"),
        ('name = "x86_64"', 'name = "aarch64"', "architecture: two have the same name."),
        ('formats = ["deb"]', 'formats = ["deb"]\naccelerators = ["gpu"]', "accelerators"),
        ('emulated_cpu = "cortex-a72"', 'emulated_cpu = "-M none"', "does not match"),
        ('"camera", ', '"telepathy", ', "interfaces: 'telepathy' is none of"),
        ("ram_bytes = 256_000_000", "flash_bytes = 1", "ram_bytes: is missing."),
        ('storage_bytes = "manual"\n', "", "sources.storage_bytes: is missing."),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, expected: str) -> None:
    assert any(expected in line for line in problems(old, new))


@pytest.mark.parametrize("device_id", registry.device_ids("linux"))
def test_a_shipped_device_is_sound(device_id: str) -> None:
    device = registry.load_device(device_id)
    assert isinstance(device, LinuxComputer)
    assert set(device.sources) == set(linux.SOURCED)
    for each in device.architectures:
        assert bool(each.emulated_cpu) == (each.name != "x86_64")


def test_a_family_that_nobody_knows_is_named() -> None:
    with pytest.raises(UsageError, match="no device family 'abacus'"):
        registry.parse_device(SAMPLE, Path("devices/abacus/sample.toml"))
