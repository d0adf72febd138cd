"""The device registry: devices/<family>/<id>.toml, checked and turned into a `Device`.

A device file is read by people who buy hardware and by this package alone, so a wrong one
is refused whole: every unknown or missing key, wrong type and contradiction is reported
at once, each with its key.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from edgegen import resources
from edgegen.device import Device
from edgegen.errors import UsageError
from edgegen.registry import cortex_m, linux, web
from edgegen.toml_table import Table, closest

_ID = re.compile(r"[a-z][a-z0-9_]*")


class Family(Protocol):
    """What the module of a device family has to have."""

    def read(self, table: Table, device_id: str) -> Device | None:
        """None, or a device that is only to be used when no problem was reported."""

    def row(self, device: Any) -> dict[str, Any]:
        """What the table of all devices of the family shows; JSON-able, sizes in bytes."""

    def details(self, device: Any) -> dict[str, Any]:
        """What else is known about one; JSON-able."""


FAMILIES: dict[str, Family] = {"cortex_m": cortex_m, "linux": linux, "web": web}


def device_ids(family: str = "") -> tuple[str, ...]:
    """Ids of all known devices, or of those of a family; by family, sorted."""
    found = _files()
    return tuple(sorted((id for id in found if family in ("", _family(id))), key=_order))


def _family(device_id: str) -> str:
    return _files()[device_id].parent.name


def _order(device_id: str) -> tuple[int, str]:
    return list(FAMILIES).index(_family(device_id)), device_id


def load_device(device_id: str) -> Device:
    """The device called ``device_id``.

    Raises:
        UsageError: There is none, or its file is wrong.
    """
    path = _files().get(device_id)
    if path is None:
        raise UsageError(f"There is no device {device_id!r}.", fix=_unknown_device_fix(device_id))
    return _load(path)


def parse_device(text: str, path: Path) -> Device:
    """The device that a TOML text describes.

    Args:
        path: Where the text comes from; its last two parts give family and id.

    Raises:
        UsageError: The text is no TOML, or it breaks a rule; lists every problem.
    """
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The device file is no valid TOML: {error}.", where=str(path)) from None
    problems: list[str] = []
    table = Table(values, "", problems)
    if not _ID.fullmatch(path.stem):
        table.problem("file name", f"{path.stem!r} does not match {_ID.pattern}.")
    device = _reader(path).read(table, path.stem)
    if device is None or problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise UsageError(f"The device file has {count}:\n{listed}", where=str(path))
    return device


def device_rows(family: str = "") -> list[dict[str, Any]]:
    """One JSON-able row per device, for a table; sizes in bytes."""
    return [_row(load_device(device_id)) for device_id in device_ids(family)]


def device_details(device_id: str) -> dict[str, Any]:
    """Everything known about one device, JSON-able, each number's source under "sources"."""
    device = load_device(device_id)
    return {
        **_row(device),
        "interfaces": list(device.interfaces),
        "measurement": list(device.measurement),
        "formats": list(device.formats),
        **FAMILIES[device.family].details(device),
        "sources": dict(sorted(device.sources.items())),
    }


def format_bytes(count: int) -> str:
    """A size for people, without rounding: 640 KiB, 4 MiB, 50 MB, 1000 B."""
    for unit, text in ((10**6, "MB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return f"{count // unit} {text}"
    return f"{count} B"


def _row(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "family": device.family,
        "name": device.name,
        "cpu": device.cpu,
        "ram_bytes": device.ram_bytes,
        "storage_bytes": device.storage_bytes,
        **FAMILIES[device.family].row(device),
    }


def _reader(path: Path) -> Family:
    family = FAMILIES.get(path.parent.name)
    if family is None:
        raise UsageError(
            f"There is no device family {path.parent.name!r}.",
            where=str(path),
            fix=f"There are {', '.join(FAMILIES)}.",
        )
    return family


@cache
def _files() -> dict[str, Path]:
    paths = sorted(resources.root("devices").glob("*/*.toml"))
    files = {path.stem: path for path in paths}
    if len(files) != len(paths):
        raise UsageError("Two device files have the same name.", where=str(paths[0].parents[1]))
    return files


@cache
def _load(path: Path) -> Device:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"The device file is not UTF-8: {error}.", where=str(path)) from None
    except OSError as error:
        raise UsageError(
            f"The device file cannot be read: {error.strerror}.", where=str(path)
        ) from None
    return parse_device(text, path)


def _unknown_device_fix(device_id: str) -> str:
    close = closest(device_id, device_ids())
    if close:
        return f"Did you mean {close!r}?"
    return "`edgegen devices` lists them."
