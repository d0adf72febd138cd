"""The device registry: what ships is sound, and a wrong file is refused with every reason."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgegen import registry, resources
from edgegen.device import MemoryRegion, Microcontroller
from edgegen.errors import UsageError
from edgegen.registry import cortex_m

DEVICES = [registry.load_device(device_id) for device_id in registry.device_ids("cortex_m")]
PROMISED = {
    "cortex_m0plus",
    "cortex_m3",
    "cortex_m4",
    "cortex_m7",
    "cortex_m33",
    "cortex_m55",
    "nucleo_l4r5zi",
    "stm32f746g_disco",
    "nucleo_h743zi2",
    "nrf52840_dk",
    "stm32f405",
    "rp2040_pico",
}
PATH = Path("devices/cortex_m/sample.toml")
SAMPLE = """\
name = "Sample board"
arch = "armv7e-m"
cpu = "cortex-m4"
features = ["fpu", "dsp"]
flash_bytes = 1_048_576
ram_bytes = 196_608
storage_bytes = 50_000_000
interfaces = ["sensor"]
measurement = ["system_timer"]
formats = ["tar.gz"]

[[memory]]
name = "FLASH"
kind = "flash"
origin = 0x08000000
length = 1_048_576

[[memory]]
name = "RAM"
kind = "ram"
origin = 0x20000000
length = 131_072

[[memory]]
name = "CCM"
kind = "ram"
origin = 0x10000000
length = 65_536

[emulator]
machine = "mps2-an386"
arguments = []
exact = false
systick_hz = 25_000_000

[[emulator.memory]]
name = "FLASH"
kind = "flash"
origin = 0x00000000
length = 4_194_304

[[emulator.memory]]
name = "RAM"
kind = "ram"
origin = 0x20000000
length = 4_194_304

[sources]
features = "data sheet"
flash_bytes = "data sheet"
ram_bytes = "data sheet"
storage_bytes = "requirement"
memory = "reference manual"
"emulator.systick_hz" = "measured"
"emulator.memory" = "application note"
"""


def parse(text: str) -> Microcontroller:
    return registry.parse_device(text, PATH)


def problems(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.where == str(PATH)
    return [line.strip() for line in caught.value.what.splitlines()[1:]]


def changed(old: str, new: str, text: str = SAMPLE) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def without_emulator() -> str:
    head, tail = SAMPLE.split("[emulator]")
    sources = "[sources]" + tail.split("[sources]")[1]
    return head + "".join(line for line in sources.splitlines(True) if '"emulator.' not in line)


def test_every_promised_device_ships() -> None:
    assert set(registry.device_ids("cortex_m")) >= PROMISED
    assert list(registry.device_ids("cortex_m")) == sorted(registry.device_ids("cortex_m"))


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.id)
def test_a_shipped_device_is_sound(device: Microcontroller) -> None:
    assert device.family == "cortex_m"
    assert device.emulator is not None
    assert set(device.sources) == set(cortex_m.SOURCED)
    assert all(source.strip() for source in device.sources.values())
    assert device.ram.length <= device.ram_bytes
    assert device.flash.length <= device.flash_bytes
    for memory in (device.memory, device.emulator.memory):
        ordered = sorted(memory, key=lambda region: region.origin)
        for low, high in itertools.pairwise(ordered):
            assert low.end <= high.origin, (low, high)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.id)
def test_an_exact_machine_has_the_device_s_own_memory(device: Microcontroller) -> None:
    emulator = device.emulator
    assert emulator is not None
    if emulator.exact:
        assert emulator.ram == device.ram
        assert emulator.flash == device.flash
        assert set(emulator.memory) <= set(device.memory)


def test_the_required_limits_of_the_generic_devices() -> None:
    m4, m7 = registry.load_device("cortex_m4"), registry.load_device("cortex_m7")
    assert (m4.storage_bytes, m4.ram_bytes) == (50_000_000, 128_000_000)
    assert (m7.storage_bytes, m7.ram_bytes) == (100_000_000, 256_000_000)


def test_a_device_file_becomes_a_device() -> None:
    device = parse(SAMPLE)
    assert (device.id, device.family, device.cpu) == ("sample", "cortex_m", "cortex-m4")
    assert device.features == ("dsp", "fpu")  # in one order, whatever the file's
    assert device.ram == MemoryRegion("RAM", "ram", 0x20000000, 131_072)
    assert device.flash.name == "FLASH"
    assert device.emulator is not None
    assert device.emulator.ram.length == 4_194_304
    assert device.sources["memory"] == "reference manual"


def test_an_emulator_may_be_absent() -> None:
    assert parse(without_emulator()).emulator is None


def test_sources_of_an_absent_emulator_are_unknown_keys() -> None:
    text = without_emulator() + '"emulator.memory" = "nowhere"\n'
    assert problems(text) == ["sources.emulator.memory: is unknown."]


def test_every_problem_is_reported_at_once() -> None:
    text = changed('name = "Sample board"\n', "")
    text = changed("ram_bytes = 196_608", 'ram_bytes = "192 KiB"', text)
    text = changed("exact = false", "exact = 0", text)
    text = changed('features = ["fpu", "dsp"]', 'features = ["fpu", "simd"]', text)
    text = changed("storage_bytes = 50_000_000", "storage_bits = 400_000_000", text)
    text = changed('memory = "reference manual"\n', "", text)
    text = changed("origin = 0x10000000", "origin = 0x2001FF00", text)
    assert sorted(problems(text)) == sorted(
        [
            "name: is missing.",
            "features: a cortex-m4 has no 'simd'.",
            "features: every cortex-m4 has 'dsp'.",
            "ram_bytes: must be an integer, not a string.",
            "storage_bytes: is missing.",
            "memory: RAM and CCM overlap.",
            "sources.memory: is missing.",
            "emulator.exact: must be a boolean, not an integer.",
            "storage_bits: is unknown; did you mean storage_bytes?",
        ]
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("storage_bytes = 50_000_000", "storage_bytes = true", "storage_bytes: must be an int"),
        ("storage_bytes = 50_000_000", "storage_bytes = 5e7", "integer, not a float"),
        ("storage_bytes = 50_000_000", "storage_bytes = 2026-11-20", "integer, not a date"),
        ("storage_bytes = 50_000_000", "storage_bytes = 0", "storage_bytes: 0 is not between"),
        ("storage_bytes = 50_000_000", "storage_bytes = -1", "storage_bytes: -1 is not between"),
        ("ram_bytes = 196_608", "ram_bytes = 196_609", "the ram regions add up to 196608"),
        ("flash_bytes = 1_048_576", "flash_bytes = 1", "the flash regions add up to 1048576"),
        ('cpu = "cortex-m4"', 'cpu = "cortex-m5"', "cpu: 'cortex-m5' is none of"),
        ('arch = "armv7e-m"', 'arch = "armv7-m"', "arch: a cortex-m4 is 'armv7e-m'"),
        ('["fpu", "dsp"]', '["fpu", "dsp", "fpu"]', "features: lists a feature twice"),
        ('["fpu", "dsp"]', '["dsp", 1]', "features: must be an array of strings"),
        ('interfaces = ["sensor"]', "interfaces = []", "interfaces: must hold"),
        ('interfaces = ["sensor"]', 'interfaces = ["radio"]', "interfaces: 'radio' is none of"),
        ('formats = ["tar.gz"]', 'formats = "tar.gz"', "formats: must be an array"),
        ('"Sample board"', '"two\\nlines"', "name: must be one line"),
        ('"Sample board"', '" "', "name: must be one line"),
        ('machine = "mps2-an386"', 'machine = "mps2; rm"', "emulator.machine: 'mps2; rm' does"),
        ("arguments = []", 'arguments = ["a b"]', "emulator.arguments: 'a b' does not match"),
        ("systick_hz = 25_000_000", "", "emulator.systick_hz: is missing"),
        ('name = "CCM"', 'name = "RAM"', "memory: two regions have the same name"),
        ('name = "CCM"', 'name = "b0"', "memory[2].name: 'b0' does not match"),
        ('name = "CCM"', 'name = "CCM"\ntype = 1', "memory[2].type: is unknown"),
        ("origin = 0x10000000", "origin = 0x10000010", "memory[2].origin: 268435472 is no mult"),
        ("origin = 0x10000000", "origin = 0xFFFFFF00", "CCM reaches beyond the 32-bit"),
        ("length = 65_536", "length = 65_537", "memory[2].length: 65537 is no multiple of 8"),
        ('"emulator.memory" =', '"emulator.memori" =', "did you mean emulator.memory?"),
        ('memory = "reference manual"', "memory = 7", "sources.memory: must be a string"),
        ("[sources]", "[origins]", "sources: is missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(old: str, new: str, expected: str) -> None:
    assert any(expected in line for line in problems(changed(old, new)))


def test_a_device_needs_ram_and_flash() -> None:
    text = SAMPLE.replace('kind = "ram"', 'kind = "flash"')
    found = problems(text)
    assert "memory: there is no region of kind 'ram'." in found
    assert "emulator.memory: there is no region of kind 'ram'." in found


def test_double_precision_and_mve_need_an_fpu() -> None:
    text = changed('"cortex-m4"', '"cortex-m55"').replace("armv7e-m", "armv8.1-m.main")
    text = changed('["fpu", "dsp"]', '["dsp", "mve", "dp_fpu"]', text)
    assert problems(text) == ["features: 'dp_fpu' needs 'fpu'.", "features: 'mve' needs 'fpu'."]


def test_memory_must_be_tables() -> None:
    head, _, tail = SAMPLE.partition("[[memory]]")
    emulator = "[emulator]" + tail.split("[emulator]")[1]
    found = problems(head + "memory = [1]\n" + emulator)
    assert found == ["memory: must be one or more [[memory]] tables."]


def test_no_toml_at_all() -> None:
    with pytest.raises(UsageError, match="no valid TOML") as caught:
        parse("name = ")
    assert caught.value.where == str(PATH)


def test_an_id_is_made_of_lower_case_letters_digits_and_underscores() -> None:
    with pytest.raises(UsageError, match="'My-Board' does not match"):
        registry.parse_device(SAMPLE, Path("devices/cortex_m/My-Board.toml"))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("cortx_m4", "cortex_m4"), ("CORTEX_M7", "cortex_m7"), ("rp2040", "rp2040_pico")],
)
def test_did_you_mean(asked: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        registry.load_device(asked)
    assert meant in caught.value.fix


def test_no_close_device_points_to_the_list() -> None:
    with pytest.raises(UsageError, match="no device 'xyzzy'") as caught:
        registry.load_device("xyzzy")
    assert "edgegen devices" in caught.value.fix


def test_rows_and_details_are_plain_data() -> None:
    rows = registry.device_rows()
    assert [row["id"] for row in rows] == list(registry.device_ids())
    details = registry.device_details("stm32f405")
    assert json.loads(json.dumps(details)) == details
    assert details["emulator"]["machine"] == "netduinoplus2"
    assert [region["name"] for region in details["memory"]] == ["FLASH", "RAM", "CCM"]
    assert details["sources"]["ram_bytes"].startswith("STM32F405xx")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1000, "1000 B"),
        (1024, "1 KiB"),
        (655_360, "640 KiB"),
        (4_194_304, "4 MiB"),
        (50_000_000, "50 MB"),
        (2_096_896, "2096896 B"),
    ],
)
def test_format_bytes_never_rounds(count: int, text: str) -> None:
    assert registry.format_bytes(count) == text


def test_importing_the_registry_is_cheap() -> None:
    code = "import sys, edgegen.registry; print([m for m in sys.modules if m in %r])"
    heavy = ("numpy", "jinja2", "tomllib", "difflib", "edgegen.model")
    done = subprocess.run(
        [sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_resources_are_found_in_a_source_checkout() -> None:
    assert (resources.root("devices") / "cortex_m").is_dir()
    assert (resources.root("runtime_c") / "include").is_dir()
    assert resources.root("templates").is_dir()


def test_packaged_resources_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "lib" / "edgegen"
    (package / "devices").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.root("devices") == package / "devices"
    with pytest.raises(Exception, match="'templates' is missing"):
        resources.root("templates")
