"""What a compiled file needs of the system that loads it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

_MAGIC = b"\x7fELF"
_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_ARM": "armv7l"}
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)")

# The C library by its parts, those of before 2.34 too.
C_LIBRARY = ("libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "libutil.so", "ld-")


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one shared library or program.

    Attributes:
        machine: As `uname -m` has it; ELF's own name for one that no device has.
        libraries: Sonames, in the file's order.
        glibc: Version of the C library that has every symbol; (0, 0) when none is needed.
    """

    machine: str
    libraries: tuple[str, ...]
    glibc: tuple[int, int]


def is_elf(content: bytes) -> bool:
    return content.startswith(_MAGIC)


def read(content: bytes) -> Needs:
    """Of an ELF file.

    Raises:
        ValueError: It is damaged.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    libraries: list[str] = []
    glibc = (0, 0)
    try:
        file = ELFFile(io.BytesIO(content))
        for section in file.iter_sections():
            if isinstance(section, DynamicSection):
                libraries += [
                    tag.needed  # type: ignore[attr-defined]
                    for tag in section.iter_tags()
                    if tag.entry.d_tag == "DT_NEEDED"
                ]
            elif isinstance(section, GNUVerNeedSection):
                for _, versions in section.iter_versions():
                    found = [_GLIBC.fullmatch(version.name) for version in versions]
                    known = [(int(each[1]), int(each[2])) for each in found if each]
                    glibc = max([glibc, *known])
        machine = file["e_machine"]
    except (ELFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"a damaged ELF file: {error}") from None
    return Needs(_MACHINES.get(machine, str(machine)), tuple(libraries), glibc)
