"""Cortex-M: a model becomes a firmware project in C and C++ with CMake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from edgegen import golden, preprocess_c, runtime_sources
from edgegen.device import Microcontroller
from edgegen.engines import MicrocontrollerEngine, registry
from edgegen.engines.aot import AotEngine
from edgegen.errors import UsageError
from edgegen.fit import FitReport
from edgegen.model import Model
from edgegen.options import Options
from edgegen.project import GeneratedProject
from edgegen.render import c_comment
from edgegen.targets import cortex_m_fit
from edgegen.targets import cortex_m_views as views
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags
from edgegen.targets.generated_files import assemble, merge

taken_names: frozenset[str] = frozenset()
one_engine = False

STACK_BYTES = 8192
"""Default size of the stack; several times what the engines need for the MLPerf models."""

MINIMUM_STACK_BYTES = 512
"""Two nested exception frames with FPU registers, and what their handlers call."""

MAXIMUM_RAW_BYTES = 64 << 20
"""Of a frame or of the samples of one input: more than any Cortex-M's RAM, also for those who
force a project that does not fit."""

# What every project has of the C runtime, whatever its engines bring along.
_RUNTIME = (
    "include/edgegen/trace.h",
    "include/edgegen/version.h",
    "src/cycles.c",
    "src/status.c",
    "src/systick.c",
)

# Templates that not every project needs.
_FOR_LABELS = {"include/__name__/labels.h"}
_FOR_AOT = {"cmake/arm-none-eabi-clang.cmake"}
_FOR_EMULATOR = {
    "device/qemu.ld",
    "port/qemu.c",
    "port/semihosting.c",
    "port/semihosting.h",
    "selftest/replay.c",
    "selftest/replay.h",
    "selftest/replay_raw.c",
    "selftest/replay_tensors.c",
}
_FOR_RAW_INPUTS = {"selftest/raw_inputs.c", "selftest/raw_inputs.h", "selftest/replay_raw.c"}


def engines(device: Microcontroller | None) -> Mapping[str, MicrocontrollerEngine]:
    """The same for every microcontroller."""
    del device
    return registry.cortex_m()


def fit(
    model: Model, device: Microcontroller, engines: Sequence[str], options: Options
) -> FitReport:
    """Flash, RAM and storage."""
    table = registry.cortex_m()
    return cortex_m_fit.check(model, device, [table[each] for each in engines], options)


def build(model: Model, device: Microcontroller, options: Options) -> GeneratedProject:
    """The firmware project. Runs the reference interpreter for the golden vectors.

    Raises:
        UsageError: An input or output has a type without a place in a C API; or an input is not
            what its description is for; or there is an option without a meaning here.
    """
    if options.serve:
        raise UsageError("Firmware serves no requests.", where="--serve")
    _check_types(model)
    _check_raw_inputs(model, device, options)
    chosen, table = options.engines, engines(device)
    with ThreadPoolExecutor(max_workers=1) as background:
        # The reference computes in a process of its own: the engines need not wait for it.
        vectors = background.submit(
            golden.make,
            model,
            channels=_traced_channels(model, chosen),
            inputs=options.inputs,
        )
        emitted = {engine: table[engine].emit(model, device, options) for engine in chosen}
        prepared = preprocess_c.emit(model, device, options)
    context = _context(model, device, options, emitted, prepared, vectors.result())
    skipped = _skipped(device, options, chosen)
    parts = [runtime_sources.files(_RUNTIME), prepared, *emitted.values()]
    files = merge(parts)
    return assemble("cortex_m", options.name, files, skipped, context, model, device.id)


def _check_types(model: Model) -> None:
    for index in (*model.inputs, *model.outputs):
        tensor = model.tensors[index]
        if tensor.dtype not in views.C_TYPES:
            raise UsageError(
                f"Firmware cannot exchange {tensor.dtype.value} values with the model.",
                where=f"tensor {index} ({c_comment(tensor.name)})",
                fix="Convert the model with int8 or float32 inputs and outputs.",
            )


def _check_raw_inputs(model: Model, device: Microcontroller, options: Options) -> None:
    for each in preprocess_c.described(model, device, options):
        if each.bytes > MAXIMUM_RAW_BYTES:
            raise UsageError(
                f"Input {each.input} is made from {each.bytes:,} bytes at once ({each.raw}); "
                f"no firmware is generated for more than {MAXIMUM_RAW_BYTES:,}.",
                fix="Describe smaller frames, or fewer rows of sound.",
            )


def _traced_channels(model: Model, chosen: tuple[str, ...]) -> Mapping[int, tuple[int, ...]] | None:
    """What the self-test's traced build, one of the engine `aot`, sees of the activations;
    None for all of them."""
    return (AotEngine().computed_channels(model) or None) if "aot" in chosen else None


def _context(
    model: Model,
    device: Microcontroller,
    options: Options,
    emitted: Mapping[str, dict[str, bytes]],
    prepared: Mapping[str, bytes],
    vectors: golden.Golden,
) -> dict[str, object]:
    """Everything that a template may print."""
    table = views.vectors_view(device.arch)
    inputs = [views.tensor_view(model.tensors[index]) for index in model.inputs]
    described = preprocess_c.described(model, device, options)
    numbers = {each.input for each in described}
    plain = [(number, view) for number, view in enumerate(inputs) if number not in numbers]
    preprocessing = sorted(path for path in prepared if path.endswith(".c"))
    emulator = device.emulator
    return {
        "name": options.name,
        "NAME": options.name.upper(),
        "device": device,
        "emulator": emulator,
        "machine_flags": " ".join(cortex_m_compile_flags(device)),
        "inputs": inputs,
        "outputs": [views.tensor_view(model.tensors[index]) for index in model.outputs],
        "described": described,
        "kinds": {each.kind for each in described},
        "sensor": preprocess_c.sensors(described) or "sensor",
        "given": views.given(described),
        "raw_rule": views.raw_rule(described),
        "plain_inputs": plain,
        "uses_limits": any(view.scale for _, view in plain),
        "labels": options.labels,
        "golden": views.golden_view(vectors, model),
        "traced_tensors": sum(len(op.outputs) for op in model.ops),
        "engines": tuple(emitted),
        "presets": views.presets(device, tuple(emitted)),
        "sources": {
            engine: sorted({*_sources(engine, files), *preprocessing})
            for engine, files in emitted.items()
        },
        "preprocessing": preprocessing,
        "uses_libm": _uses_libm(emitted.get("aot", {})),
        "exceptions": table.exceptions,
        "interrupts": table.interrupts,
        "interrupt_rows": table.interrupt_rows,
        "vector_alignment": table.alignment,
        "stack_bytes": STACK_BYTES,
        "minimum_stack_bytes": MINIMUM_STACK_BYTES,
        "board_memory": views.memory_view(device.memory, device.flash.name, device.ram.name),
        "emulator_memory": emulator
        and views.memory_view(emulator.memory, emulator.flash.name, emulator.ram.name),
    }


def _sources(engine: str, files: dict[str, bytes]) -> set[str]:
    """What the library compiles for an engine; one with a CMakeLists.txt compiles its own."""
    own = f"{engine}/"
    has_project = f"{own}CMakeLists.txt" in files
    wanted = [path for path in files if not (has_project and path.startswith(own))]
    return {path for path in wanted if path.endswith(".c")} | {"runtime/src/status.c"}


def _uses_libm(files: dict[str, bytes]) -> bool:
    return any(b"#include <math.h>" in data for data in files.values())


def _skipped(device: Microcontroller, options: Options, chosen: tuple[str, ...]) -> set[str]:
    return (
        (set() if options.labels else _FOR_LABELS)
        | (set() if "aot" in chosen else _FOR_AOT)
        | (set() if device.emulator else _FOR_EMULATOR)
        | (set() if options.inputs else _FOR_RAW_INPUTS)
    )
