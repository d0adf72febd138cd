"""QEMU around a hand-written image: exit codes, console, arguments, and everything that hangs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from edgegen import tools
from edgegen.verify.cortex_m.emulator import EmulatorError, EmulatorTimeoutError, Qemu

pytestmark = [pytest.mark.cross, pytest.mark.qemu]

# Prints its command line and does what the word in it says; exits with 7.
SOURCE = r"""
#include <stdint.h>
#include <string.h>
static int call(int operation, void *block)
{
    register int r0 __asm__("r0") = operation;
    register void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
static char line[256];
void reset(void)
{
    struct { char *text; int size; } ask = {line, sizeof line};
    call(0x15, &ask);
    call(0x04, line);
    call(0x04, (void *)"\n");
    if (strstr(line, "lockup")) { *(volatile int *)0xF0000000 = 1; }
    if (strstr(line, "sleep")) { for (;;) { __asm__ volatile("wfi"); } }
    if (strstr(line, "spin")) { for (;;) { } }
    if (strstr(line, "read")) {
        struct { const char *name; int mode; int length; } open = {"input.bin", 1, 9};
        int file = call(0x01, &open);
        char text[8] = {0};
        struct { int file; char *text; int size; } read = {file, text, 5};
        call(0x06, &read);
        call(0x04, text);
    }
    uint32_t code[2] = {0x20026, 7};
    call(0x20, code);
}
__attribute__((section(".vectors"), used)) void *const vectors[16] = {(void *)0x20010000, reset};
"""
LINKER_SCRIPT = """
SECTIONS
{
  .text 0x0 : { *(.vectors) *(.text*) *(.rodata*) }
  .bss 0x20000000 (NOLOAD) : { *(.bss*) }
}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with a space, and a comma")
    (folder / "image.c").write_text(SOURCE)
    (folder / "image.ld").write_text(LINKER_SCRIPT)
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostartfiles"]
        + ["--specs=nano.specs", "-T", "image.ld", "image.c", "-o", "image.elf"],
        cwd=folder,
        check=True,
    )
    return folder / "image.elf"


@pytest.fixture
def qemu() -> Qemu:
    return Qemu(tools.require("qemu-system-arm"), "mps2-an386")


def children() -> set[int]:
    """Processes that this one started and has not waited for."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(word) for word in path.read_text().split()}


def test_exit_code_and_console_come_back(qemu: Qemu, image: Path) -> None:
    done = qemu.run(image)
    assert (done.exit_code, done.console) == (7, "image\n")


def test_arguments_keep_their_spaces_and_commas(qemu: Qemu, image: Path) -> None:
    assert qemu.run(image, ["arena=64", "a, b,,c"]).console == "image arena=64 a, b,,c\n"


def test_relative_names_of_the_firmware_lie_in_cwd(qemu: Qemu, image: Path, tmp_path: Path) -> None:
    (tmp_path / "input.bin").write_bytes(b"hello")
    assert qemu.run(image, ["read"], cwd=tmp_path).console.endswith("\nhello")


def test_a_lockup_is_said_in_plain_words(qemu: Qemu, image: Path) -> None:
    with pytest.raises(EmulatorError, match="locked up"):
        qemu.run(image, ["lockup"])


@pytest.mark.parametrize("word", ["sleep", "spin"])
def test_a_hanging_image_is_ended_and_leaves_no_process(qemu: Qemu, image: Path, word: str) -> None:
    before = children()
    with pytest.raises(EmulatorTimeoutError, match="did not exit"):
        qemu.run(image, [word], timeout=1)
    assert children() == before


def test_what_qemu_refuses_is_quoted(qemu: Qemu, image: Path, tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="list supported machines"):
        Qemu(qemu.tool, "no-such-machine").run(image)
    with pytest.raises(EmulatorError, match="Could not load kernel"):
        qemu.run(tmp_path / "none.elf")
