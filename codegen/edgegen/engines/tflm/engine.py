"""Model -> C++ source and CMake for TensorFlow Lite Micro."""

from __future__ import annotations

import textwrap

from edgegen import runtime_sources
from edgegen.device import Microcontroller
from edgegen.diagnostics import diagnostic, wrong_format
from edgegen.engines import Footprint, Quantity
from edgegen.engines.tflm import arena
from edgegen.engines.tflm.kernels import (
    CMSIS_NN,
    CMSIS_NN_FILES,
    CONVERSIONS,
    CORE,
    INTERPRETER_CODE,
    KERNELS,
    SHARED_CODE,
    SOURCES,
    VARIABLE_KERNELS,
    Kernel,
)
from edgegen.errors import Diagnostic
from edgegen.model import DType, Model, Op, OpKind, Tensor
from edgegen.options import Options
from edgegen.render import file_header, render

ALIGNMENT = 16
"""Bytes; TFLM aligns every buffer to this, and its model data with it."""

_WEIGHTED = (
    OpKind.CONV_2D,
    OpKind.DEPTHWISE_CONV_2D,
    OpKind.FULLY_CONNECTED,
    OpKind.TRANSPOSE_CONV,
)
_WITH_TRUTHS = (
    OpKind.EQUAL,
    OpKind.GREATER,
    OpKind.GREATER_EQUAL,
    OpKind.LESS,
    OpKind.LESS_EQUAL,
    OpKind.NOT_EQUAL,
)
_C_TYPES = {DType.FLOAT32: "float", DType.BOOL: "uint8_t"}
_BYTES_PER_LINE = 16

# Bytes of the interpreter, of the op resolver per kind of operator, and of libc's state.
_STATIC = 400 + 104
_STATIC_PER_KIND = 36
_STACK = 1500

# Of C text in model_data.c per byte of the model file: 5.06 to 5.36 in ten models.
_CHARACTERS_PER_BYTE = 5.1

# By whether nobody has measured it yet.
_ARENA_COMMENT = {
    True: "A safe bound, from TFLM's interpreter on the host and the scratch buffers of its "
    "kernels; the true minimum is smaller. `edgegen verify` finds it and `edgegen update` "
    "writes it here.",
    False: "The smallest that allocates and invokes: {}.",
}


class TflmEngine:
    """TensorFlow Lite Micro with reference or CMSIS-NN kernels."""

    id = "tflm"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Operators in element types that one of the two kernel sets lacks."""
        found = (_refusal(model, op) for op in model.ops)
        return (
            *wrong_format(model.source.format, "tflite"),
            *(refusal for refusal in found if refusal is not None),
        )

    def emit(self, model: Model, device: Microcontroller, options: Options) -> dict[str, bytes]:
        """Files below edgegen/tflm/. Runs the host's interpreter for the arena's bound."""
        name = options.name
        common = {"name": name, "NAME": name.upper(), "alignment": ALIGNMENT}

        def text(template: str, **context: object) -> bytes:
            header = file_header(template, model, device.id)
            return render(template, common | {"header": header} | context)

        arena_need = _arena(model, device, options)
        how = textwrap.wrap(_ARENA_COMMENT[options.tflm_arena is None].format(arena_need.known), 95)
        return {
            "tflm/CMakeLists.txt": text("tflm/CMakeLists.txt.j2", **_cmake_context(model)),
            f"tflm/include/{name}/engine.h": text(
                "tflm/engine.h.j2", arena_bytes=arena_need.bytes, how=how
            ),
            "tflm/model.cpp": text("tflm/model.cpp.j2", **_cpp_context(model)),
            "tflm/model_data.c": text("tflm/model_data.c.j2", **_data_context(model)),
        }

    def footprint(self, model: Model, device: Microcontroller, options: Options) -> Footprint:
        """The whole model file lies in flash; the rest comes from measured builds."""
        return Footprint(
            weights=Quantity(len(model.source.data), "exact"),
            code=_code(model),
            arena=_arena(model, device, options),
            stack=Quantity(_STACK, "estimated (the most of four models on three cores, +/- 30 %)"),
            static=Quantity(
                _STATIC + _STATIC_PER_KIND * len({op.kind for op in model.ops}),
                "estimated (linked for Cortex-M4, +/- 20 %)",
            ),
            source=Quantity(
                int(len(model.source.data) * _CHARACTERS_PER_BYTE), "estimated (+/- 10 %)"
            ),
        )


def _refusal(model: Model, op: Op) -> Diagnostic | None:
    source = _dtype(model, op.data)
    result = _dtype(model, op.outputs[0])
    where = f"node {op.node} ({op.kind.value})"
    if op.kind in CONVERSIONS:
        if (source, result) in CONVERSIONS[op.kind]:
            return None
        return diagnostic(
            "EG210", where, f"TFLM does not convert {source.value} to {result.value}."
        )
    if op.kind not in KERNELS:
        return diagnostic("EG212", where, "Its sources are not listed.")
    if source not in KERNELS[op.kind].types:
        return diagnostic("EG210", where, f"TFLM does not compute it in {source.value}.")
    if not _keeps_type(op.kind, source, result):
        cause = f"TFLM does not compute {result.value} from {source.value} here."
        return diagnostic("EG210", where, cause)
    if op.kind is OpKind.SVDF and source is DType.INT8 and _state(model, op).zero_point:
        return diagnostic("EG211", where, "Its state has a zero point, which CMSIS-NN ignores.")
    return _weight_refusal(model, op, source, where) if op.kind in _WEIGHTED else None


def _state(model: Model, op: Op) -> Tensor:
    index = op.inputs[4]
    assert index is not None
    return model.tensors[index]


def _keeps_type(kind: OpKind, source: DType, result: DType) -> bool:
    if kind in (OpKind.ARG_MAX, OpKind.ARG_MIN):
        return result is DType.INT32
    if kind in _WITH_TRUTHS or kind is OpKind.CAST:  # the frontend knows what from and to
        return True
    widened_softmax = (kind, source, result) == (OpKind.SOFTMAX, DType.INT8, DType.INT16)
    return result is source or widened_softmax


def _weight_refusal(model: Model, op: Op, source: DType, where: str) -> Diagnostic | None:
    index = op.inputs[1]
    assert index is not None
    weights = model.tensors[index]
    wanted = DType.FLOAT32 if source is DType.FLOAT32 else DType.INT8
    if weights.dtype is not wanted:
        cause = f"TFLM does not compute {weights.dtype.value} weights with {source.value} inputs."
        return diagnostic("EG210", where, cause)
    per_channel = weights.quant is not None and len(weights.quant.scale) > 1
    if op.kind is OpKind.FULLY_CONNECTED and source is DType.INT16 and per_channel:
        return diagnostic("EG211", where, "Its weights have one scale per output.")
    return None


def _dtype(model: Model, index: int | None) -> DType:
    assert index is not None, "no operator's first tensor is optional"
    return model.tensors[index].dtype


def registrations(model: Model) -> list[str]:
    """Calls on the op resolver, such as "AddConv2D(tflite::Register_CONV_2D_INT8())".

    One per kind of operator, in order of first use. Where all uses of a kind compute in
    one integer type, the registration for that type alone is taken: it leaves the code
    for the others out of the image.
    """
    kinds = dict.fromkeys(op.kind for op in model.ops)
    calls = [_registration(model, kind) for kind in kinds]
    return list(dict.fromkeys([*(f"{k.method}()" for k in _beginning(model)), *calls]))


def _beginning(model: Model) -> tuple[Kernel, ...]:
    """What runs before the operators that the IR has."""
    return VARIABLE_KERNELS if carried_variables(model) else ()


def carried_variables(model: Model) -> frozenset[str]:
    """Names of the variables that operators of their own read and assign."""
    carries = (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE)
    used = {t for op in model.ops if op.kind in carries for t in (*op.inputs, *op.outputs)}
    return frozenset(
        model.tensors[t].name for t in used if t is not None and model.tensors[t].is_variable
    )


def _registration(model: Model, kind: OpKind) -> str:
    kernel = KERNELS[kind]
    used = {
        _dtype(model, index)
        for op in model.ops
        if op.kind is kind
        for index in (op.data, op.outputs[0])
    }
    for dtype, function in kernel.variants:
        if used == {dtype}:
            return f"{kernel.method}(tflite::{function}())"
    return f"{kernel.method}()"


def _cpp_context(model: Model) -> dict[str, object]:
    calls = registrations(model)
    return {
        "runtime_version": runtime_sources.version(),
        "registrations": calls,
        "variables": len(carried_variables(model)),
        # micro_mutable_op_resolver.h declares all others.
        "needs_pad_header": any("Register_PAD_INT8" in call for call in calls),
        "inputs": [_c_type(model.tensors[t].dtype) for t in model.inputs],
        "outputs": [_c_type(model.tensors[t].dtype) for t in model.outputs],
    }


def _c_type(dtype: DType) -> str:
    return _C_TYPES.get(dtype, f"{dtype.value}_t")


def _data_context(model: Model) -> dict[str, object]:
    data = model.source.data
    starts = range(0, len(data), _BYTES_PER_LINE)
    lines = ["0x" + data[s : s + _BYTES_PER_LINE].hex(",").replace(",", ",0x") for s in starts]
    return {"bytes": len(data), "lines": lines}


def _cmake_context(model: Model) -> dict[str, object]:
    kernels = [
        KERNELS[kind] for kind in sorted({op.kind for op in model.ops}, key=lambda k: k.value)
    ]
    kernels += _beginning(model)
    main = {k.files[0]: k.has_cmsis_nn for k in kernels}
    shared = {f for k in kernels for f in k.files[1:]}
    replaced = sorted(stem for stem, has_cmsis_nn in main.items() if has_cmsis_nn)
    return {
        "sources": SOURCES,
        "cmsis_nn": CMSIS_NN,
        "core": CORE,
        "kernels": sorted({stem for stem in main if stem not in replaced} | shared),
        "replaced": replaced,
        "cmsis_nn_files": sorted({f for stem in replaced for f in CMSIS_NN_FILES[stem]}),
    }


def _arena(model: Model, device: Microcontroller, options: Options) -> Quantity:
    if options.tflm_arena is not None:
        return Quantity(options.tflm_arena.bytes, f"measured ({options.tflm_arena.how})")
    return Quantity(arena.safe_bound(model, device), "estimated (safe bound, never too small)")


def _code(model: Model) -> Quantity:
    kinds = {op.kind for op in model.ops}
    code = sum(_kernel_code(model, kind) for kind in kinds) + INTERPRETER_CODE + SHARED_CODE
    code += sum(kernel.code[1] for kernel in _beginning(model))
    return Quantity(code, "estimated (kernels linked for Cortex-M4 with CMSIS-NN, +/- 25 %)")


def _kernel_code(model: Model, kind: OpKind) -> int:
    one_type, all_types = KERNELS[kind].code
    return one_type if "Register_" in _registration(model, kind) else all_types
