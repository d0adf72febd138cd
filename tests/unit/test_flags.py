"""Compiler flags: fixed per device, understood by the compilers, and a multilib for each."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from edgegen import registry
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

EXPECTED = {
    "cortex_m0plus": "-mcpu=cortex-m0plus -mthumb -mfloat-abi=soft",
    "cortex_m3": "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft",
    "cortex_m4": "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
    "cortex_m7": "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16",
    "nucleo_h743zi2": "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16",
    "cortex_m33": "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16",
    "cortex_m55": "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard",
}

# GNU Arm toolchain 12: the library folder that the flags must select.
MULTILIB = {
    "cortex_m0plus": "thumb/v6-m/nofp",
    "cortex_m3": "thumb/v7-m/nofp",
    "cortex_m4": "thumb/v7e-m+fp/hard",
    "cortex_m7": "thumb/v7e-m+fp/hard",
    "nucleo_h743zi2": "thumb/v7e-m+dp/hard",
    "cortex_m33": "thumb/v8-m.main+fp/hard",
    "cortex_m55": "thumb/v8-m.main+dp/hard",
}

# What the flags must switch on, as the compilers' own predefined macros.
MACROS = {
    "dsp": "__ARM_FEATURE_DSP 1",
    "mve": "__ARM_FEATURE_MVE 3",
    "fpu": "__ARM_PCS_VFP 1",
}


def _macros(command: list[str]) -> str:
    done = subprocess.run(
        [*command, "-dM", "-E", "-x", "c", "-"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("device_id", "flags"), EXPECTED.items())
def test_flags_of_a_device(device_id: str, flags: str) -> None:
    assert " ".join(cortex_m_compile_flags(registry.load_device(device_id))) == flags


def test_a_core_without_its_options() -> None:
    m33 = replace(registry.load_device("cortex_m33"), features=())
    assert cortex_m_compile_flags(m33) == ("-mcpu=cortex-m33+nodsp", "-mthumb", "-mfloat-abi=soft")
    m55 = replace(registry.load_device("cortex_m55"), features=("dsp", "fpu", "dp_fpu"))
    assert cortex_m_compile_flags(m55)[0] == "-mcpu=cortex-m55+nomve"
    m4 = replace(registry.load_device("cortex_m4"), features=("dsp",))
    assert cortex_m_compile_flags(m4) == ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft")


@pytest.mark.cross
@pytest.mark.parametrize(("device_id", "folder"), MULTILIB.items())
def test_gcc_has_libraries_for_the_flags(device_id: str, folder: str) -> None:
    flags = cortex_m_compile_flags(registry.load_device(device_id))
    done = subprocess.run(
        ["arm-none-eabi-gcc", *flags, "-print-multi-directory"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == folder


@pytest.mark.cross
@pytest.mark.parametrize("device_id", registry.device_ids("cortex_m"))
def test_gcc_switches_on_what_the_device_has(device_id: str) -> None:
    device = registry.load_device(device_id)
    macros = _macros(["arm-none-eabi-gcc", *cortex_m_compile_flags(device)])
    for feature, macro in MACROS.items():
        assert (macro in macros) == (feature in device.features), (feature, macro)


@pytest.mark.clang
@pytest.mark.parametrize("device_id", registry.device_ids("cortex_m"))
def test_clang_switches_on_the_same(device_id: str) -> None:
    device = registry.load_device(device_id)
    flags = cortex_m_compile_flags(device)
    macros = _macros(["clang", "--target=arm-none-eabi", *flags])
    for feature, macro in MACROS.items():
        assert (macro in macros) == (feature in device.features), (feature, macro)
