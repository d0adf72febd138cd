"""What an image costs in flash and RAM, read from its ELF file.

The footprint image calls the model and nothing else, so its sizes are those of the
model with its engine, plus the startup code that every firmware needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgegen.errors import DifferenceError

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_WRITE, _ALLOC, _EXECUTE = 0x1, 0x2, 0x4  # sh_flags of the ELF specification
_RESERVED = (".stack", ".heap")  # sizes chosen by the linker script, not used by the model


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of one image.

    Attributes:
        text, rodata, data, bss: Sections by what they hold; ``data`` also lies in flash,
            from where startup copies it. ``bss`` is without the arena and without the
            stack and heap that the linker script reserves.
        weights: The model's constants: objects named ``<name>_weight*`` or
            ``<name>_model_data``.
        arena: The model's working memory: the object named ``<name>_arena``, 0 if none.
        raw_inputs: Of ``bss``, objects named ``<name>_raw_<input>``: what a camera or a microphone
            fills.
    """

    text: int
    rodata: int
    data: int
    bss: int
    weights: int
    arena: int
    raw_inputs: int

    @property
    def flash(self) -> int:
        return self.text + self.rodata + self.data

    @property
    def code(self) -> int:
        """Flash without the weights."""
        return self.flash - self.weights


def sizes(path: Path, name: str) -> Sizes:
    """Measure an image of the model called ``name``; a DifferenceError if it is no ELF."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            return _sizes(ELFFile(file), name)
    except (ELFError, OSError) as error:
        raise DifferenceError(f"Not a readable ELF file: {error}.", where=str(path)) from None


def _sizes(elf: ELFFile, name: str) -> Sizes:
    totals = dict.fromkeys(("text", "rodata", "data", "bss"), 0)
    for section in elf.iter_sections():
        kind = _kind(section)
        if kind:
            totals[kind] += section["sh_size"]
    # An engine may keep a pointer of the same name; the arena is the larger of the two.
    arena = max(_objects(elf, lambda symbol: symbol == f"{name}_arena", writable=True), default=0)
    totals["bss"] -= arena
    weights = _objects(
        elf,
        lambda symbol: symbol.startswith(f"{name}_weight") or symbol == f"{name}_model_data",
        writable=False,
    )
    raw = _objects(elf, lambda symbol: symbol.startswith(f"{name}_raw_"), writable=True)
    return Sizes(**totals, weights=sum(weights), arena=arena, raw_inputs=sum(raw))


def _kind(section: Any) -> str:
    flags = section["sh_flags"]
    if not flags & _ALLOC or section.name.startswith(_RESERVED):
        return ""
    if section["sh_type"] == "SHT_NOBITS":
        return "bss"
    if flags & _EXECUTE:
        return "text"
    return "data" if flags & _WRITE else "rodata"


def _objects(elf: ELFFile, named: Callable[[str], bool], *, writable: bool) -> list[int]:
    """Bytes of every data object with such a name; an alias of one counts once."""
    from elftools.elf.sections import SymbolTableSection

    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return []
    found: dict[int, int] = {}
    for symbol in table.iter_symbols():
        where = symbol["st_shndx"]
        if symbol["st_info"]["type"] != "STT_OBJECT" or not isinstance(where, int):
            continue
        if bool(elf.get_section(where)["sh_flags"] & _WRITE) == writable and named(symbol.name):
            found[symbol["st_value"]] = symbol["st_size"]
    return list(found.values())
