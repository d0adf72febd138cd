"""Facts of a model and a device in the words of the cortex_m templates: ready to print."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.device import MemoryRegion, Microcontroller
from edgegen.golden import Golden
from edgegen.model import DType, Model, Tensor
from edgegen.preprocess_c import Image, Sound
from edgegen.render import c_comment, c_float, c_integer

C_TYPES = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
}
"""Types of inputs and outputs in the model's API; one byte per bool, 0 or 1."""

_LINE_CHARACTERS = 88

_MINIMUM_VECTOR_ALIGNMENT = 128  # VTOR's low seven bits are zero on every core

# Exceptions 2 to 15; "" is reserved. Arm architecture reference manuals: Armv6-M B1.5.2,
# Armv7-M B1.5.2, Armv8-M B3.29.
_V6M = ("NMI", "HardFault", *[""] * 7, "SVC", "", "", "PendSV", "SysTick")
_V7M_FAULTS = ("NMI", "HardFault", "MemManage", "BusFault", "UsageFault")
_V7M_CALLS = ("SVC", "DebugMon", "", "PendSV", "SysTick")
_EXCEPTIONS = {
    "armv6-m": _V6M,
    "armv7-m": (*_V7M_FAULTS, *[""] * 4, *_V7M_CALLS),
    "armv7e-m": (*_V7M_FAULTS, *[""] * 4, *_V7M_CALLS),
    "armv8-m.main": (*_V7M_FAULTS, "SecureFault", *[""] * 3, *_V7M_CALLS),
    "armv8.1-m.main": (*_V7M_FAULTS, "SecureFault", *[""] * 3, *_V7M_CALLS),
}

# The most external interrupts that the architecture allows.
_INTERRUPTS = {
    "armv6-m": 32,
    "armv7-m": 240,
    "armv7e-m": 240,
    "armv8-m.main": 480,
    "armv8.1-m.main": 480,
}


@dataclass(frozen=True, slots=True)
class TensorView:
    """An input or output of the model.

    Attributes:
        element: Name of the element type, such as INT8.
        shape: Braced initialiser; {1} for a scalar, whose rank is 0.
        scale, zero_point: C literals; "" where the tensor is not quantised.
    """

    c_type: str
    element: str
    comment: str
    elements: int
    bytes: int
    rank: int
    shape: str
    scale: str
    zero_point: str


def tensor_view(tensor: Tensor) -> TensorView:
    """How the templates see an input or output."""
    quantised = tensor.quant is not None and len(tensor.quant.scale) == 1
    return TensorView(
        c_type=C_TYPES[tensor.dtype],
        element=tensor.dtype.name,
        comment=f"{c_comment(tensor.name)}, {tensor.dtype.value} {list(tensor.shape)}",
        elements=tensor.elements,
        bytes=tensor.bytes,
        rank=len(tensor.shape),
        shape=f"{{{', '.join(map(str, tensor.shape or (1,)))}}}",
        scale=c_float(tensor.scale) if quantised else "",
        zero_point=c_integer(tensor.zero_point) if quantised else "",
    )


@dataclass(frozen=True, slots=True)
class RegionView:
    """One line of a MEMORY command; ``section`` is what the other regions are filled by."""

    name: str
    kind: str
    access: str
    origin: str
    length: str
    section: str


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A memory map: its regions, those of program and data, and all the rest."""

    regions: tuple[RegionView, ...]
    code: str
    data: str
    others: tuple[RegionView, ...]


def memory_view(memory: tuple[MemoryRegion, ...], code: str, data: str) -> MemoryView:
    """How the linker scripts see a memory map; ``code`` and ``data`` name two of its regions."""
    regions = tuple(
        RegionView(
            name=region.name,
            kind=region.kind,
            access="rx" if region.kind == "flash" else "rwx",
            origin=f"0x{region.origin:08X}",
            length=str(region.length),
            section=region.name.lower(),
        )
        for region in memory
    )
    others = tuple(region for region in regions if region.name not in (code, data))
    return MemoryView(regions, code, data, others)


@dataclass(frozen=True, slots=True)
class VectorsView:
    """The vector table.

    Attributes:
        exceptions: Handlers of exceptions 2 to 15; "" where the entry is reserved.
        interrupts: Entries behind them.
        interrupt_rows: A call of the macro X per interrupt, several on a line.
        alignment: Of the table's address, in bytes: a power of two that holds it all.
    """

    exceptions: tuple[str, ...]
    interrupts: int
    interrupt_rows: tuple[str, ...]
    alignment: int


def vectors_view(arch: str) -> VectorsView:
    """The vector table of an architecture; a KeyError for one that is not a Cortex-M's."""
    interrupts = _INTERRUPTS[arch]
    calls = [f"X({number})" for number in range(interrupts)]
    table_bytes = 4 * (16 + interrupts)
    return VectorsView(
        exceptions=tuple(f"{name}_Handler" if name else "" for name in _EXCEPTIONS[arch]),
        interrupts=interrupts,
        interrupt_rows=tuple(textwrap.wrap(" ".join(calls), _LINE_CHARACTERS)),
        alignment=max(_MINIMUM_VECTOR_ALIGNMENT, 1 << (table_bytes - 1).bit_length()),
    )


@dataclass(frozen=True, slots=True)
class GoldenOutputView:
    """One output's expected values: per vector the lines of its initialiser."""

    c_type: str
    vectors: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ActivationView:
    """Checksums of one activation, one per vector, as an initialiser."""

    tensor: int
    crc: str


@dataclass(frozen=True, slots=True)
class RawView:
    """Checksums of the inputs made from one seed's raw bytes, as an initialiser."""

    seed: str
    crc: str


@dataclass(frozen=True, slots=True)
class GoldenView:
    """Golden vectors; ``tolerance`` is a C literal."""

    reference: str
    tolerance: str
    seeds: tuple[str, ...]
    outputs: tuple[GoldenOutputView, ...]
    activations: tuple[ActivationView, ...]
    raw: tuple[RawView, ...]
    uses_math: bool


def golden_view(golden: Golden, model: Model) -> GoldenView:
    """How the templates see golden vectors."""
    outputs = tuple(
        GoldenOutputView(
            C_TYPES[model.tensors[tensor].dtype],
            tuple(_initialiser(vector.outputs[number]) for vector in golden.vectors),
        )
        for number, tensor in enumerate(model.outputs)
    )
    lines = (line for output in outputs for vector in output.vectors for line in vector)
    return GoldenView(
        reference=golden.reference,
        tolerance=c_float(golden.tolerance),
        seeds=tuple(f"{vector.seed}U" for vector in golden.vectors),
        outputs=outputs,
        activations=tuple(_activations(golden)),
        raw=tuple(_raw(golden)),
        uses_math=any("NAN" in line or "INFINITY" in line for line in lines),
    )


def _initialiser(values: npt.NDArray[np.generic]) -> tuple[str, ...]:
    flat = values.reshape(-1)
    if flat.dtype == np.float32:
        texts = [c_float(value) for value in flat.tolist()]
    else:
        texts = [str(int(value)) for value in flat.tolist()]
    return tuple(textwrap.wrap(", ".join(texts) + ",", _LINE_CHARACTERS))


def _activations(golden: Golden) -> Iterable[ActivationView]:
    # Every vector lists the same tensors in the same order.
    for row in zip(*(vector.activation_crc32 for vector in golden.vectors), strict=True):
        crcs = ", ".join(f"0x{crc:08X}U" for _, crc in row)
        yield ActivationView(tensor=row[0][0], crc=crcs)


def _raw(golden: Golden) -> Iterable[RawView]:
    # Every described input has the same seeds.
    for seed in dict.fromkeys(source.seed for source in golden.sources):
        crcs = (f"0x{each.crc32:08X}U" for each in golden.sources if each.seed == seed)
        yield RawView(seed=f"{seed}U", crc=", ".join(crcs))


_GIVEN = {"image": "frames", "sound": "sound"}
_RAW_RULES = {
    "image": "raw bytes take the top 8 bits",
    "sound": "samples take the top 16 bits",
}


def given(sources: Iterable[Image | Sound]) -> str:
    """What inputs are made from, as a sentence begins."""
    return _sentence((_GIVEN[each.kind] for each in sources), " and ")


def raw_rule(sources: Iterable[Image | Sound]) -> str:
    """How the self-test makes it, as a sentence begins."""
    return _sentence((_RAW_RULES[each.kind] for each in sources), ", ")


def _sentence(parts: Iterable[str], link: str) -> str:
    text = link.join(dict.fromkeys(parts))
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Preset:
    """One CMake preset. ``port`` is qemu or board, ``compiler`` gcc or clang."""

    name: str
    title: str
    engine: str
    port: str
    compiler: str


_ENGINE_TITLES = {"aot": "C written for the model", "tflm": "TensorFlow Lite Micro"}


def presets(device: Microcontroller, engines: tuple[str, ...]) -> tuple[Preset, ...]:
    """The presets of a project; the first is the one to start with."""
    found = []
    for port in ("qemu", "board") if device.emulator else ("board",):
        place = f"QEMU {device.emulator.machine}" if device.emulator and port == "qemu" else "board"
        for engine in engines:
            name = port if engine == engines[0] else f"{port}-{engine}"
            title = f"{place}, engine {engine}: {_ENGINE_TITLES.get(engine, engine)}"
            found.append(Preset(name, title, engine, port, "gcc"))
        if "aot" in engines and port == "qemu":
            title = f"{place}, engine aot, compiled by Clang"
            found.append(Preset(f"{port}-clang", title, "aot", port, "clang"))
    return tuple(found)
