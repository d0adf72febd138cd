"""The keys that device files of all families have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from edgegen.toml_table import Table


class Common(TypedDict):
    """Arguments of every `edgegen.device.Device`."""

    id: str
    family: str
    name: str
    cpu: str
    ram_bytes: int
    storage_bytes: int
    interfaces: tuple[str, ...]
    measurement: tuple[str, ...]
    formats: tuple[str, ...]
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the files of a family may say.

    Attributes:
        maximum: Of a size in bytes.
    """

    family: str
    cpus: tuple[str, ...]
    interfaces: tuple[str, ...]
    measurement: tuple[str, ...]
    formats: tuple[str, ...]
    maximum: int


def read(
    table: Table, device_id: str, cpu: str | None, words: Vocabulary, sourced: Sequence[str]
) -> Common | None:
    """None when a key is missing or of the wrong type.

    Args:
        cpu: Has been taken already, as other keys depend on it.
    """
    name = table.text("name")
    ram_bytes = table.number("ram_bytes", 1, words.maximum)
    storage_bytes = table.number("storage_bytes", 1, words.maximum)
    interfaces = table.choices("interfaces", words.interfaces)
    measurement = table.choices("measurement", words.measurement)
    formats = table.choices("formats", words.formats)
    sources = _sources(table, sourced)
    if name is None or cpu is None or ram_bytes is None or storage_bytes is None:
        return None
    if interfaces is None or measurement is None or formats is None:
        return None
    return Common(
        id=device_id,
        family=words.family,
        name=name,
        cpu=cpu,
        ram_bytes=ram_bytes,
        storage_bytes=storage_bytes,
        interfaces=interfaces,
        measurement=measurement,
        formats=formats,
        sources=sources,
    )


def _sources(table: Table, sourced: Sequence[str]) -> dict[str, str]:
    inner = table.table("sources")
    if inner is None:
        return {}
    found = {key: text for key in sourced if (text := inner.text(key)) is not None}
    inner.finish()
    return found
