"""Sizes out of an ELF file, against a tiny image with known contents."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgegen.errors import DifferenceError
from edgegen.verify.cortex_m import elf

SOURCE = """
#include <stdint.h>
__attribute__((used)) const int8_t tiny_weight_0[1000] = {1};
__attribute__((used)) const int32_t tiny_weight_1[25] = {2};
extern const int32_t tiny_weight_1_alias[25] __attribute__((alias("tiny_weight_1")));
__attribute__((used)) const uint8_t tiny_model_data[64] = {3};
__attribute__((used)) const uint8_t other_table[128] = {4};
__attribute__((used)) int32_t tiny_weight_counter = 5;
__attribute__((used)) static uint8_t tiny_arena[2048];
__attribute__((used)) static uint8_t buffer[96];
__attribute__((section(".stack,\\"aw\\",%nobits@"), used)) static uint8_t stack[4096];
void start(void) { for (;;) { } }
"""

# The engine's own pointer to the arena, under the same name.
POINTER = "__attribute__((used)) static void *tiny_arena;"

LINKER_SCRIPT = """
MEMORY
{
  FLASH (rx) : ORIGIN = 0, LENGTH = 1M
  RAM (rw) : ORIGIN = 0x20000000, LENGTH = 1M
}
ENTRY(start)
SECTIONS
{
  .text : { *(.text*) *(.rodata.tiny_model_data) } > FLASH
  .rodata : { *(.rodata*) } > FLASH
  .data : { *(.data*) } > RAM AT > FLASH
  .bss (NOLOAD) : { *(.bss*) } > RAM
  .stack (NOLOAD) : { *(.stack*) } > RAM
}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elf")
    (folder / "tiny.c").write_text(SOURCE)
    (folder / "pointer.c").write_text(POINTER)
    (folder / "tiny.ld").write_text(LINKER_SCRIPT)
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-fdata-sections"]
        + ["-nostdlib", "-T", "tiny.ld", "tiny.c", "pointer.c", "-o", "tiny.elf"],
        cwd=folder,
        check=True,
    )
    return folder / "tiny.elf"


@pytest.mark.cross
def test_every_byte_is_counted_where_it_lies(image: Path) -> None:
    found = elf.sizes(image, "tiny")
    assert found.weights == 1000 + 100 + 64  # the alias and the writable counter are none
    assert found.arena == 2048
    assert found.bss == 96 + 4  # the pointer, but neither the arena nor the stack
    assert found.data == 4
    assert found.rodata == 1000 + 100 + 128
    assert found.text >= 64
    assert found.flash == found.text + found.rodata + found.data
    assert found.code == found.flash - found.weights


@pytest.mark.cross
def test_names_of_another_model_are_not_weights(image: Path) -> None:
    found = elf.sizes(image, "digits")
    assert (found.weights, found.arena) == (0, 0)
    assert found.bss == 96 + 4 + 2048


@pytest.mark.cross
def test_a_stripped_image_still_has_its_totals(image: Path, tmp_path: Path) -> None:
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["arm-none-eabi-strip", "-o", str(stripped), str(image)], check=True)
    assert elf.sizes(stripped, "tiny").flash == elf.sizes(image, "tiny").flash
    assert elf.sizes(stripped, "tiny").weights == 0


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"hello, world" * 100])
def test_what_is_no_elf_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "not.elf"
    path.write_bytes(content)
    with pytest.raises(DifferenceError, match="ELF"):
        elf.sizes(path, "tiny")


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DifferenceError, match="ELF"):
        elf.sizes(tmp_path / "none.elf", "tiny")
