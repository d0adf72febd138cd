"""The browser: a model becomes a static site that runs it, offline, in any tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgegen import golden, native_library, wasm_library
from edgegen.device import WebBrowser
from edgegen.engines import Part, Quantity, WebEngine, registry
from edgegen.engines.web_libraries import LIBRARIES, Library, skipped_modules
from edgegen.fit import EngineFit, FitReport, Line
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import File, GeneratedProject, Owner
from edgegen.render import file_header, render
from edgegen.targets import golden_files, web_golden, web_precache
from edgegen.targets import web_views as views
from edgegen.targets.generated_files import assemble, merge, project_version

taken_names: frozenset[str] = frozenset()
one_engine = True

_MODEL = "guideline for the model"
_DOWNLOAD = "guideline for the first visit's download"
_SITE_KNOWN = "counted in the project's files (and nothing is compressed)"
_RAM = "limit of a 32-bit WebAssembly memory"

_SMALL = 2**20
"""Bytes of weights up to which an interrupted load begins again, which takes less code."""


def engines(device: WebBrowser | None) -> Mapping[str, WebEngine]:
    """Those that the device file names, in its order; all of them without a device."""
    table = registry.web()
    wanted = device.engines if device else tuple(table)
    return {engine: table[engine] for engine in wanted if engine in table}


def fit(model: Model, device: WebBrowser, engines: Sequence[str], options: Options) -> FitReport:
    """Download and memory, each engine's as if it were the project's only one."""
    table = registry.web()
    found = tuple(_fit(model, device, table[each], options) for each in engines)
    return FitReport(model.source.file_name, device.id, found)


def _fit(model: Model, device: WebBrowser, engine: WebEngine, options: Options) -> EngineFit:
    if refusals := engine.refusals(model):
        return EngineFit(engine.id, refusals=refusals)
    options = replace(options, engines=(engine.id,))
    needs = engine.needs(model, device, options)
    modules = wasm_library.needs(model, device.id, options, has_model=engine.id == "aot")
    site = Part("page and scripts", _site(model, device, options))
    own = tuple(part for part in needs.storage if part.name in ("model", "weights"))
    download = (*needs.storage, *modules.storage, site)
    lines = (
        Line("model", own, device.model_bytes, _MODEL, is_guideline=True),
        Line("download", download, device.storage_bytes, _DOWNLOAD, is_guideline=True),
        Line("ram", (*needs.ram, *modules.ram), device.ram_bytes, _RAM),
    )
    return EngineFit(engine.id, lines)


def _site(model: Model, device: WebBrowser, options: Options) -> Quantity:
    """Page and scripts: what a first visit loads that no compiler and nobody else makes."""
    project = finish(_project(model, device, options, {}), model, device, options)
    return Quantity(web_precache.first_visit_bytes(project.files), _SITE_KNOWN)


def build(model: Model, device: WebBrowser, options: Options) -> GeneratedProject:
    """The static site, but for the list of its files, which `finish` adds. Runs the reference
    interpreter for the golden vectors."""
    return _project(model, device, options, _golden(model, options))


def _project(
    model: Model, device: WebBrowser, options: Options, golden: dict[str, bytes]
) -> GeneratedProject:
    """What `build` makes, with given files of golden vectors."""
    table = registry.web()
    emitted = [table[each].emit(model, device, options) for each in options.engines]
    compiled = wasm_library.emit(
        model,
        device.id,
        options,
        has_model="aot" in options.engines,
        has_others=any(each != "aot" for each in options.engines),
    )
    merged = merge([*emitted, compiled, golden])
    context = _context(model, device, options, merged)
    skipped = {f"engines/{each}.js" for each in table if each not in options.engines}
    skipped |= skipped_modules(options.engines)
    skipped.add(web_precache.TEMPLATE)
    if "aot" not in options.engines:
        skipped.add("bare.js")
    return assemble("web", options.name, merged, skipped, context, model, device.id)


def finish(
    project: GeneratedProject, model: Model, device: WebBrowser, options: Options
) -> GeneratedProject:
    """With what names all other files, compiled ones, too."""
    template, path = f"web/generated/{web_precache.TEMPLATE}.j2", f"edgegen/{web_precache.TEMPLATE}"
    context = web_precache.context(project.files, _libraries(options))
    context["header"] = file_header(template, model, device.id)
    files = {**project.files, path: File(render(template, context), Owner.EDGEGEN)}
    return GeneratedProject(files)


def _golden(model: Model, options: Options) -> dict[str, bytes]:
    """The golden vectors, beside the self-test that replays them."""
    vectors = golden.make(model, inputs=options.inputs)
    tolerances = {
        backend: web_golden.tolerance(model, backend)
        for engine in options.engines
        for backend in registry.web()[engine].backends
    }
    return {
        "golden.json": golden_files.golden_json(model, vectors, tolerances, options.inputs),
        "golden.bin": golden_files.golden_bin(vectors),
    }


def _context(
    model: Model, device: WebBrowser, options: Options, emitted: Mapping[str, bytes]
) -> dict[str, object]:
    """Everything that a template may print."""
    table = registry.web()
    weights = wasm_library.weights(emitted)
    return {
        "name": options.name,
        "title": options.name.replace("_", " "),
        "version": project_version(model),
        "device": device,
        "engines": options.engines,
        "backends": [each for engine in options.engines for each in table[engine].backends],
        "model": model,
        "sha256": model.source.sha256,
        "inputs": [views.tensor_view(model.tensors[index]) for index in model.inputs],
        "outputs": [views.tensor_view(model.tensors[index]) for index in model.outputs],
        "labels": options.labels,
        "raw_inputs": native_library.raw_inputs(model, options),
        "assets": views.assets(emitted),
        "libraries": _libraries(options),
        "wasm_abi": wasm_library.ABI,
        "weights": weights,
        "builds": views.builds(table["aot"].backends, weights),
        "are_weights_small": all(each.bytes <= _SMALL for each in weights),
        "manifests": views.manifests(emitted),
        "most_pixels": wasm_library.FRAME_BYTES // 4,
    }


def _libraries(options: Options) -> list[Library]:
    return [LIBRARIES[each] for each in options.engines if each in LIBRARIES]
