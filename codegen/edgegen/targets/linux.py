"""Linux: a model becomes a Python project that installs, serves and survives."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping, Sequence

from edgegen import golden, native_library
from edgegen.device import LinuxComputer
from edgegen.engines import LinuxEngine, Part, registry
from edgegen.engines.python_runtimes import model_file_name
from edgegen.fit import EngineFit, FitReport, Line
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import GeneratedProject
from edgegen.targets import golden_files, linux_golden, linux_system
from edgegen.targets import linux_views as views
from edgegen.targets.generated_files import assemble, merge, project_version

# The project's packages are called like it. Modules that later Pythons have dropped stay taken.
_DEPENDENCIES = """
    ai_edge_litert cffi cryptography cv2 fastapi google grpc grpc_health grpc_reflection
    hatchling mypy numpy onnxruntime openvino orjson packaging picamera2 pip protobuf pydantic
    pytest ruff scikit_build_core setuptools smbus2 sounddevice spidev starlette tests
    tflite_runtime uvicorn wheel
"""
_DROPPED = """
    aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap
    msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib
"""
taken_names = frozenset(
    [*sys.stdlib_module_names, *keyword.kwlist, *_DEPENDENCIES.split(), *_DROPPED.split()]
)
one_engine = False

# The operating system has them; the rest of the project's requirements comes with it.
_STORAGE = "limit of the installed project, beside Python and numpy"
_RAM = "limit of the resident memory"

# Templates of the servers that one protocol alone needs.
_FOR_PROTOCOL = {
    "http": ("connections.py", "http.py", "http_server.py", "openapi.py", "ports.py"),
    "grpc": ("__name__.proto", "grpc.py", "messages.py"),
}


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
        _line("storage", needs.storage, device.storage_bytes, _STORAGE),
        _line("ram", needs.ram, device.ram_bytes, _RAM),
    )
    return EngineFit(engine.id, lines)


def _line(resource: str, parts: tuple[Part, ...], available: int, limit: str) -> Line:
    return Line(resource, parts, available, limit)


def build(model: Model, device: LinuxComputer, options: Options) -> GeneratedProject:
    """The Python project. Runs the reference interpreter for the golden vectors."""
    table = registry.linux()
    emitted = {each: table[each].emit(model, device, options) for each in options.engines}
    emitted["native"] = native_library.emit(
        model,
        device.id,
        (each.name for each in device.architectures),
        options,
        has_model="aot" in options.engines,
    )
    context = _context(model, device, options, emitted)
    skipped = _not_served(options.serve)
    skipped |= {
        f"python/__name___runtime/engines/{each}.py" for each in table if each not in emitted
    }
    files = merge([*emitted.values(), _golden(model, options)])
    return assemble("linux", options.name, files, skipped, context, model, device.id)


def _not_served(protocols: Sequence[str]) -> set[str]:
    """What the servers need of the templates and these protocols do not."""
    folder = "python/__name___runtime/serve/"
    if not protocols:
        return {folder}
    return {
        f"{folder}{name}"
        for protocol, names in _FOR_PROTOCOL.items()
        if protocol not in protocols
        for name in names
    }


def _golden(model: Model, options: Options) -> dict[str, bytes]:
    """The golden vectors, as data of the generated package."""
    vectors = golden.make(model, inputs=options.inputs)
    tolerances = {
        name: linux_golden.tolerance(model, vectors, name)
        for engine in options.engines
        for name in views.variants(engine)
    }
    folder = f"python/{options.name}_runtime/data"
    return {
        f"{folder}/golden.json": golden_files.golden_json(
            model, vectors, tolerances, options.inputs
        ),
        f"{folder}/golden.bin": golden_files.golden_bin(vectors),
    }


def _context(
    model: Model,
    device: LinuxComputer,
    options: Options,
    emitted: Mapping[str, Mapping[str, bytes]],
) -> dict[str, object]:
    """Everything that a template may print."""
    file_name = model_file_name(model)
    has_model_file = any(
        path.endswith(f"/{file_name}") for files in emitted.values() for path in files
    )
    native = any(path.startswith("native/") for files in emitted.values() for path in files)
    return {
        "name": options.name,
        "NAME": options.name.upper(),
        "version": project_version(model),
        "device": device,
        "engines": views.preferred(options.engines, device),
        "engine_modules": views.engine_modules(options.engines),
        "engine_views": views.engine_views(options.engines),
        "requirements": views.requirements(options.engines, native=native),
        "native": native,
        "model": model,
        "sha256": model.source.sha256,
        "model_file": file_name if has_model_file else "",
        "inputs": [views.tensor_view(model.tensors[index]) for index in model.inputs],
        "outputs": [views.tensor_view(model.tensors[index]) for index in model.outputs],
        "keeps_state": views.keeps_state(model),
        "labels": options.labels,
        "described": options.inputs,
        "has_native_model": "aot" in options.engines,
        "native_abi": native_library.ABI,
        "raw_inputs": native_library.raw_inputs(model, options),
        "serve": options.serve,
        **linux_system.context(options),
    }
