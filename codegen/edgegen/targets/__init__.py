"""Targets: a model on a device becomes a project, as a pure function per device family."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from typing import Any, Protocol, cast

from edgegen.device import Device
from edgegen.engines import Engine
from edgegen.errors import RefusedModelError, UsageError
from edgegen.fit import FitReport
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import GeneratedProject
from edgegen.toml_table import closest

ENTRY_POINTS = "edgegen.targets"
"""Group of entry points by which other packages add families: name = module, as `Target`."""

_MODULES = {
    "cortex_m": "edgegen.targets.cortex_m",
    "linux": "edgegen.targets.linux",
    "web": "edgegen.targets.web",
}


class Target(Protocol):
    """What a target's module has to have; ``device`` is always one of its own family."""

    taken_names: frozenset[str]
    """What no project of the family can be called, beside what means something in C."""

    one_engine: bool
    """Whether a project has one engine unless more are asked for, or all that take the model."""

    def engines(self, device: Any) -> Mapping[str, Engine]:
        """Those for the device by their ids, in order of preference."""

    def build(self, model: Model, device: Any, options: Options) -> GeneratedProject:
        """The whole project, but for what is compiled and what `finish` adds, without touching the
        disk; the same for the same arguments.

        ``options.engines`` names the engines to emit.
        """

    def fit(self, model: Model, device: Any, engines: Sequence[str], options: Options) -> FitReport:
        """How each of the engines, named by their ids, fits the device."""


def engines(device: Device) -> Mapping[str, Engine]:
    """The engines for a device, see `Target.engines`."""
    return _target(device.family).engines(device)


def taken_names(device: Device) -> frozenset[str]:
    """What no project for the device can be called, beside what means something in C."""
    return _target(device.family).taken_names


def all_engines() -> Mapping[str, Engine]:
    """The engines of all families by their ids. What engines of one id refuse is the same."""
    found: dict[str, Engine] = {}
    for family in _MODULES:
        for id, engine in _target(family).engines(None).items():
            found.setdefault(id, engine)
    return found


def choose(model: Model, device: Device, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """The engines to emit: those that are wanted, or else those that take the model: all, or where
    a family wants one engine in a project the first.

    Raises:
        UsageError: One that is wanted does not exist.
        RefusedModelError: No engine, or not every wanted one, takes the model.
    """
    target = _target(device.family)
    table = target.engines(device)
    for engine in wanted:
        if engine not in table:
            close = closest(engine, tuple(table))
            fix = f"Did you mean {close!r}?" if close else f"There are {', '.join(table)}."
            raise UsageError(f"There is no engine {engine!r} for this device.", fix=fix)
    refusals = {engine: table[engine].refusals(model) for engine in wanted or table}
    chosen = tuple(wanted) or tuple(engine for engine, why in refusals.items() if not why)
    against = tuple(dict.fromkeys(each for why in refusals.values() for each in why))
    if not chosen or (wanted and against):
        raise RefusedModelError(model.source.file_name, against)
    return chosen if wanted or not target.one_engine else chosen[:1]


def build(model: Model, device: Device, options: Options) -> GeneratedProject:
    """The project of ``model`` for ``device``, until `finish`.

    Raises:
        UsageError: Nothing generates projects for the device's family, or an engine does not
            exist.
        RefusedModelError: An engine does not take the model.
    """
    target = _target(device.family)
    if options.name in target.taken_names:
        raise UsageError(
            f"No project for {device.name} can be called {options.name!r}: that is a module of "
            "Python, or a package that the project needs.",
            where="--name, or name in edgegen.toml",
            fix="Choose another name with --name.",
        )
    chosen = choose(model, device, options.engines)
    return target.build(model, device, replace(options, engines=chosen))


def finish(
    project: GeneratedProject, model: Model, device: Device, options: Options
) -> GeneratedProject:
    """The whole project, of what `build` made and of compiled files; families that have something
    that depends on them have a function of that name."""
    of_family = getattr(_target(device.family), "finish", None)
    if of_family is None:
        return project
    return cast(GeneratedProject, of_family(project, model, device, options))


def fit(model: Model, device: Device, options: Options, engines: Sequence[str] = ()) -> FitReport:
    """How engines fit a device; by default all of the device's."""
    target = _target(device.family)
    return target.fit(model, device, tuple(engines or target.engines(device)), options)


def _target(family: str) -> Target:
    if family in _MODULES:
        return cast(Target, importlib.import_module(_MODULES[family]))
    for entry in metadata.entry_points(group=ENTRY_POINTS, name=family):
        return cast(Target, entry.load())
    raise UsageError(
        f"Nothing generates projects for the device family {family!r}.",
        fix=f"Install the package that adds it to the entry points {ENTRY_POINTS}.",
    )
