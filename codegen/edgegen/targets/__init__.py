"""Targets: a model on a device becomes a project, as a pure function per device family."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Protocol, cast

from edgegen.device import Device
from edgegen.errors import UsageError
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import GeneratedProject

ENTRY_POINTS = "edgegen.targets"
"""Group of entry points by which other packages add families: name = module with `build`."""

_MODULES = {"cortex_m": "edgegen.targets.cortex_m"}


class Target(Protocol):
    """What a target's module has to have."""

    def build(self, model: Model, device: Device, options: Options) -> GeneratedProject:
        """The whole project, without touching the disk; the same for the same arguments."""


def build(model: Model, device: Device, options: Options) -> GeneratedProject:
    """The project of ``model`` for ``device``.

    Raises:
        UsageError: Nothing generates projects for the device's family.
    """
    return _target(device.family).build(model, device, options)


def _target(family: str) -> Target:
    if family in _MODULES:
        return cast(Target, importlib.import_module(_MODULES[family]))
    for entry in metadata.entry_points(group=ENTRY_POINTS, name=family):
        return cast(Target, entry.load())
    raise UsageError(
        f"Nothing generates projects for the device family {family!r}.",
        fix=f"Install the package that adds it to the entry points {ENTRY_POINTS}.",
    )
