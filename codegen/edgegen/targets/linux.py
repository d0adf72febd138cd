"""Linux: a model becomes a Python project that installs, serves and survives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgegen import golden
from edgegen.device import LinuxComputer
from edgegen.engines import LinuxEngine, Part, registry
from edgegen.fit import EngineFit, FitReport, Line
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import File, GeneratedProject, Owner
from edgegen.render import file_header, render, user_header
from edgegen.targets import linux_system
from edgegen.targets.generated_files import merge, templates


def engines(device: LinuxComputer | None) -> Mapping[str, LinuxEngine]:
    """Those that the device file names, in its order; all of them without a device."""
    table = registry.linux()
    wanted = device.engines if device else tuple(table)
    return {engine: table[engine] for engine in wanted if engine in table}


def fit(model: Model, device: LinuxComputer, engines: Sequence[str], options: Options) -> FitReport:
    """Storage and RAM."""
    table = registry.linux()
    found = tuple(_fit(model, device, table[each], options) for each in engines)
    return FitReport(model.source.file_name, device.id, found)


def _fit(model: Model, device: LinuxComputer, engine: LinuxEngine, options: Options) -> EngineFit:
    if refusals := engine.refusals(model):
        return EngineFit(engine.id, refusals=refusals)
    needs = engine.needs(model, device, options)
    lines = (
        _line("storage", needs.storage, device.storage_bytes, "limit of the installed project"),
        _line("ram", needs.ram, device.ram_bytes, "limit of the service's resident memory"),
    )
    return EngineFit(engine.id, lines)


def _line(resource: str, parts: tuple[Part, ...], available: int, limit: str) -> Line:
    return Line(resource, parts, available, limit)


def build(model: Model, device: LinuxComputer, options: Options) -> GeneratedProject:
    """The Python project. Runs the reference interpreter for the golden vectors."""
    table = registry.linux()
    vectors = golden.make(model, inputs=options.inputs)
    emitted = {each: table[each].emit(model, device, options) for each in options.engines}
    context: dict[str, object] = {
        "name": options.name,
        "device": device,
        "engines": options.engines,
        "model": model,
        "labels": options.labels,
        "serve": options.serve,
        "golden": vectors,
        **linux_system.context(options),
    }
    skipped = set() if options.serve else {"python/__name___runtime/serve/"}
    files: dict[str, File] = {}
    for path, data in merge(emitted.values()).items():
        files[f"edgegen/{path}"] = File(data, Owner.EDGEGEN)
    for template, path in templates("linux/generated", options.name, skipped):
        context["header"] = file_header(template, model, device.id)
        files[f"edgegen/{path}"] = File(render(template, context), Owner.EDGEGEN)
    for template, path in templates("linux/scaffold", options.name, skipped):
        context["header"] = user_header(template)
        files[path] = File(render(template, context), Owner.USER)
    return GeneratedProject(files)
