"""Program -> C files. Everything reaches the templates ready to print."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen import analysis, runtime_sources
from edgegen.engines.aot.constants import first_equal
from edgegen.engines.aot.program import (
    Alias,
    Call,
    Constant,
    Field,
    Part,
    Place,
    Program,
    Ref,
    Step,
    own_constants,
    parts_of,
)
from edgegen.model import DType, Model, Op, Tensor
from edgegen.render import c_comment, file_header, render

ARENA_ALIGNMENT = 16
"""Bytes; more than any activation needs today, so that wider kernels may be added."""

WEIGHT_ALIGNMENT = 16
"""Bytes; of every array in a block of constants: a vector's."""

_C_TYPES = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.BOOL: "uint8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.FLOAT32: "float",
}

_PER_LINE = {
    "bool": 16,
    "int8": 16,
    "uint8": 16,
    "int16": 12,
    "int32": 7,
    "int64": 4,
    "float32": 5,
}
"""Numbers per source line, such that the longest ones stay within 100 columns."""


_Description = tuple[int, str, tuple[tuple[str, Field], ...]]
"""An operator's node, a struct and its fields."""


@dataclass(frozen=True, slots=True)
class _Array:
    name: str
    ctype: str
    count: int
    comment: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class PlacedArray:
    """A constant in one block of memory that holds them all.

    Attributes:
        offset: Of its first byte, a multiple of `WEIGHT_ALIGNMENT`.
    """

    name: str
    ctype: str
    comment: str
    offset: int


@dataclass(frozen=True, slots=True)
class Layout:
    """All constants of a program as one block of memory, in the order in which they are read.

    Attributes:
        data: The block, little-endian.
        step_ends: For every step that calls something: how many of the first bytes must be there
            before it may run. Rising.
    """

    arrays: tuple[PlacedArray, ...]
    data: bytes
    step_ends: tuple[int, ...]

    @property
    def id(self) -> int:
        """The first 32 bits of the block's SHA-256: code and constants belong together."""
        return int.from_bytes(hashlib.sha256(self.data).digest()[:4], "big")


@dataclass(frozen=True, slots=True)
class _Layer:
    title: str
    struct: str
    variable: str
    fields: list[tuple[str, str]]


class Emitter:
    """Prints one program of one model as C."""

    def __init__(self, model: Model, program: Program, name: str, device_id: str) -> None:
        self._model = model
        self._program = program
        self._name = name
        self._device_id = device_id
        self._calls = [step for step in program.steps if isinstance(step, Call)]
        self._structs = _structs(self._calls)
        self._first_tensor = first_equal(self._constant_tensors())
        self._first_constant = {
            key: first
            for is_table in (False, True)
            for key, first in first_equal(own_constants(program, is_table)).items()
        }

    def files(self) -> dict[str, bytes]:
        """Every file of the engine, by path below the project's edgegen/."""
        own = {"model.c": self._render("aot/model.c.j2", **self._model_context())} | self._weights()
        return {
            **{f"aot/{path}": content for path, content in own.items()},
            f"aot/include/{self._name}/engine.h": self._render(
                "aot/engine.h.j2",
                arena_bytes=arena_bytes(self._program),
                lower_bound=self._program.plan.lower_bound,
                alignment=ARENA_ALIGNMENT,
            ),
            **runtime_files(self._calls),
        }

    def variant_files(self, template: str, **context: object) -> dict[str, bytes]:
        """The model and its constants, where the arena is an argument of every function."""
        more = context | {"arena_bytes": arena_bytes(self._program)}
        return {
            "model.c": self._render(template, **self._model_context(), **more),
            **self._weights(),
        }

    def static_files(self, template: str, **context: object) -> tuple[dict[str, bytes], Layout]:
        """The model where arena and constants are arrays of the program, at known addresses.

        Layers can run one by one. The constants come from elsewhere: they are no part of the code,
        but for the places that they must be put at.
        """
        layout = self.layout()
        model = self._render(
            template,
            **self._model_context(),
            **context,
            layout=layout,
            single_steps=list(self._single_steps()),
            arena_bytes=arena_bytes(self._program),
            alignment=ARENA_ALIGNMENT,
            weight_alignment=WEIGHT_ALIGNMENT,
        )
        return {
            "model.c": model,
            "weights.h": self._render("wasm/weights.h.j2", arrays=layout.arrays),
        }, layout

    def _single_steps(self) -> Iterator[dict[str, object]]:
        """Every step that calls something, with all tensors that its calls name."""
        for step in self._calls:
            read = set(step.inputs) - set(step.outputs)
            for place in (each for part in step.parts for each in (*part.inputs, part.output)):
                if place.tensor is not None and place.tensor not in step.outputs:
                    read.add(place.tensor)
            # Constants are named by their arrays.
            named = [self._value(t) for t in sorted(read) if not self._model.tensors[t].is_constant]
            yield self._step(step) | {"read": named}

    def layout(self) -> Layout:
        """The constants as `static_files` places them.

        Arrays that variables begin with come first: they are needed before any layer.
        """
        arrays = {name: (comment, values) for name, comment, values in self._named_arrays()}
        placed: dict[str, PlacedArray] = {}
        data = bytearray()

        def place(name: str) -> None:
            if name in placed:
                return
            comment, values = arrays[name]
            data.extend(bytes(-len(data) % WEIGHT_ALIGNMENT))
            ctype = _C_TYPES[DType(str(values.dtype))]
            placed[name] = PlacedArray(name, ctype, comment, len(data))
            data.extend(values.astype(values.dtype.newbyteorder("<")).tobytes())

        for tensor in variables(self._model, self._program):
            if (initial := str(self._variable(tensor)["initial"])) in arrays:
                place(initial)
        ends = []
        for step in self._calls:
            for tensor in step.inputs:
                if self._model.tensors[tensor].is_constant:
                    place(self._tensor_constant_name(tensor))
            for call in parts_of(step):
                for constant in call.constants:
                    place(self._constant_name(call, constant))
            ends.append(len(data))
        for name in arrays:  # such as an output that is constant
            place(name)
        return Layout(tuple(placed.values()), bytes(data), tuple(ends))

    def sources(self) -> list[str]:
        """Runtime files that the calls need, below runtime_c."""
        return runtime_of(self._calls)

    def _weights(self) -> dict[str, bytes]:
        arrays = list(self._arrays())
        return {
            "weights.c": self._render(
                "aot/weights.c.j2", arrays=arrays, uses_infinity=_mention_infinity(arrays)
            ),
            "weights.h": self._render("aot/weights.h.j2", arrays=arrays),
        }

    def _render(self, template: str, **context: object) -> bytes:
        header = file_header(template, self._model, self._device_id)
        names = {"name": self._name, "NAME": self._name.upper(), "header": header}
        return render(template, names | context)

    def _model_context(self) -> dict[str, object]:
        layers = list(self._layers())
        return {
            "includes": sorted({c.header for call in self._calls for c in parts_of(call)}),
            "runtime_version": runtime_sources.version(),
            "uses_infinity": any("INFINITY" in v for layer in layers for _, v in layer.fields),
            "uses_libm": any(
                "<math.h>" in runtime_sources.read(f"src/{s}")
                for c in self._calls
                for s in c.sources
            ),
            "layers": layers,
            "accessors": self._accessors(),
            "inputs": [self._value(t) for t in self._model.inputs if t in self._read_tensors()],
            "variables": [self._variable(t) for t in variables(self._model, self._program)],
            "steps": [self._step(step) for step in self._program.steps],
        }

    def _layers(self) -> Iterator[_Layer]:
        for (_, struct, described), (call, variable) in self._structs.items():
            fields = [(field, self._field(call, value)) for field, value in described]
            yield _Layer(self._title(call.op), struct, f"{self._name}_{variable}", fields)

    def _field(self, call: Call, value: Field) -> str:
        if isinstance(value, Ref):
            constant = next(c for c in call.constants if c.role == value.role)
            return self._constant_name(call, constant)
        if isinstance(value, tuple):
            return "{" + ", ".join(self._field(call, each) for each in value) + "}"
        if isinstance(value, float):
            return c_float(value)
        return str(value)

    def _accessors(self) -> list[dict[str, object]]:
        found = []
        for kind, tensors in (("input", self._model.inputs), ("output", self._model.outputs)):
            for number, tensor in enumerate(tensors):
                value = self._value(tensor)
                const = "const " if kind == "output" else ""
                found.append(
                    {
                        "kind": kind,
                        "number": number,
                        "type": f"{const}{value['ctype']} *",
                        "function": f"{kind}_{number}",
                        "offset": value["offset"],
                        "constant": value["constant"],
                    }
                )
        return found

    def _value(self, tensor: int) -> dict[str, object]:
        """How the C code names and finds a tensor."""
        root = self._program.storage[tensor]
        is_constant = self._model.tensors[root].is_constant
        return {
            "variable": f"t{tensor}",
            "ctype": _C_TYPES[self._model.tensors[tensor].dtype],
            "offset": None if is_constant else self._program.plan.offsets[f"t{root}"],
            "constant": self._tensor_constant_name(root) if is_constant else None,
            "label": c_comment(self._model.tensors[tensor].name),
            "spec": spec(self._model.tensors[tensor]),
        }

    def _variable(self, tensor: int) -> dict[str, object]:
        """A variable, and how it gets its first value: one byte everywhere, or an array."""
        initial = self._model.tensors[tensor].initial
        assert initial is not None
        return self._value(tensor) | {
            "bytes": initial.nbytes,
            "fill": uniform_byte(self._model.tensors[tensor]),
            "initial": f"{self._name}_weight_initial_t{tensor}",
        }

    def _read_tensors(self) -> set[int]:
        """Tensors that the code of some step names."""
        calls = {tensor for call in self._calls for tensor in call.inputs}
        return calls | {s.input for s in self._program.steps if isinstance(s, Alias)}

    def _step(self, step: Step) -> dict[str, object]:
        outputs = [
            self._value(tensor)
            | {
                "tensor": tensor,
                "bytes": self._model.tensors[tensor].bytes,
                "is_variable": self._model.tensors[tensor].is_variable,
            }
            for tensor in step.outputs
        ]
        shared: dict[str, object] = {
            "title": self._title(step.op),
            "outputs": outputs,
            "declared": outputs,
            "traced": outputs,
        }
        if isinstance(step, Alias):
            declared = [] if step.input == step.output else outputs
            return shared | {"alias": self._argument(step.input), "declared": declared}
        if any(part.shown for part in step.parts):
            shared["traced"] = []  # by the step that finds it done
        calls = [line for part in step.parts for line in self._part(step, part)]
        return shared | {"alias": None, "calls": calls or [self._call(step)]}

    def _part(self, step: Call, part: Part) -> Iterator[str]:
        arguments = [f"&{self._variable_of(part.call)}"]
        arguments += [self._place(step, place) for place in (*part.inputs, part.output)]
        if part.call.scratch_bytes:
            arguments.append(self._place(step, Place(None, part.scratch)))
        yield f"{part.call.function}({', '.join(arguments)});"
        if part.shown:
            start = self._place(step, Place(None, part.shown.offset))
            yield f"EG_TRACE_TENSOR({part.shown.tensor}, {start}, {part.shown.bytes});"

    def _place(self, step: Call, place: Place) -> str:
        if place.tensor is None:
            scratch = self._program.plan.offsets[f"s{step.op.node}"]
            return f"ARENA_AT({scratch + place.offset})"
        return f"t{place.tensor} + {place.offset}" if place.offset else f"t{place.tensor}"

    def _variable_of(self, call: Call) -> str:
        assert call.struct is not None
        return f"{self._name}_{self._structs[call.op.node, call.struct, call.fields][1]}"

    def _call(self, call: Call) -> str:
        arguments = [f"&{self._variable_of(call)}"] if call.struct else []
        inputs = [self._argument(tensor) for tensor in call.inputs]
        arguments += [_pointer_array(inputs, "const void")] if call.inputs_as_array else inputs
        arguments += [c_float(s) if isinstance(s, float) else str(s) for s in call.scalars]
        outputs = [f"t{tensor}" for tensor in call.outputs]
        arguments += [_pointer_array(outputs, "void")] if call.more_outputs else outputs
        if call.scratch_bytes:
            arguments.append(f"ARENA_AT({self._program.plan.offsets[f's{call.op.node}']})")
        return f"{call.function}({', '.join(arguments)});"

    def _argument(self, tensor: int) -> str:
        if self._model.tensors[tensor].is_constant:
            return self._tensor_constant_name(tensor)
        return f"t{tensor}"

    def _title(self, op: Op) -> str:
        macs = analysis.macs(self._model, op)
        return f"node {op.node}: {op.kind.value}" + (f", {macs:,} MACs" if macs else "")

    def _arrays(self) -> Iterator[_Array]:
        for name, comment, values in self._named_arrays():
            yield _array(name, comment, values)

    def _named_arrays(self) -> Iterator[tuple[str, str, npt.NDArray[np.generic]]]:
        """Name in C, comment and values of every constant, equal ones once."""
        for tensor, data in self._constant_tensors().items():
            if self._first_tensor[tensor] == tensor:
                comment = c_comment(self._model.tensors[tensor].name)
                yield self._tensor_constant_name(tensor), comment, data
        for tensor in variables(self._model, self._program):
            value, initial = self._variable(tensor), self._model.tensors[tensor].initial
            if value["fill"] is None and initial is not None:
                comment = f"{value['label']}, before the first inference"
                yield str(value["initial"]), comment, initial
        written = set()
        for call, constant in self._constants():
            key = call.op.node, constant.role
            if self._first_constant[key] == key and key not in written:
                written.add(key)
                comment = f"node {call.op.node}: {call.op.kind.value}, {constant.role}"
                yield self._constant_name(call, constant), comment, constant.values

    def _constants(self) -> Iterator[tuple[Call, Constant]]:
        """The calls' own arrays; those of a layer that is called in parts come several times."""
        for step in self._calls:
            for call in parts_of(step):
                yield from ((call, constant) for constant in call.constants)

    def _constant_tensors(self) -> dict[int, npt.NDArray[np.generic]]:
        """Constants that the code reads as tensors, not as parts of a layer."""
        read = {tensor for call in self._calls for tensor in call.inputs}
        read |= {self._program.storage[tensor] for tensor in self._model.outputs}
        read |= {self._program.storage[s.output] for s in self._program.steps}
        values = {tensor: self._model.tensors[tensor].data for tensor in sorted(read)}
        return {tensor: data for tensor, data in values.items() if data is not None}

    def _constant_name(self, call: Call, constant: Constant) -> str:
        """Of an array, or of the first that is equal."""
        kind = "table" if constant.is_table else "weight"
        key = call.op.node, constant.role
        node, role = self._first_constant.get(key, key)
        return f"{self._name}_{kind}_{node}_{role}"

    def _tensor_constant_name(self, tensor: int) -> str:
        """Of an array, or of the first that is equal."""
        return f"{self._name}_weight_t{self._first_tensor[tensor]}"


def _structs(calls: list[Call]) -> dict[_Description, tuple[Call, str]]:
    """Every layer description once: a call that has it, and the C variable's name."""
    found: dict[_Description, tuple[Call, str]] = {}
    count: Counter[int] = Counter()
    for call in calls:
        for each in parts_of(call):
            node = each.op.node
            if each.struct is None or (node, each.struct, each.fields) in found:
                continue
            number = f"_{count[node]}" if count[node] else ""
            count[node] += 1
            found[node, each.struct, each.fields] = each, f"op_{node}{number}"
    return found


def variables(model: Model, program: Program) -> list[int]:
    """Tensors that keep their values from one inference to the next."""
    named = {t for step in program.steps if isinstance(step, Call) for t in step.outputs}
    named |= {t for step in program.steps if isinstance(step, Call) for t in step.inputs}
    return sorted(t for t in named if model.tensors[t].is_variable)


def initial_bytes(model: Model, program: Program) -> int:
    """Bytes of the arrays that variables begin with."""
    begun = (model.tensors[t] for t in variables(model, program))
    return sum(tensor.bytes for tensor in begun if uniform_byte(tensor) is None)


def uniform_byte(variable: Tensor) -> int | None:
    """The one byte that a variable consists of at first; None where an array has to say it."""
    assert variable.initial is not None
    content = set(variable.initial.tobytes())
    return content.pop() if len(content) == 1 else None


def arena_bytes(program: Program) -> int:
    """The arena's size: the plan's, but never 0, so that it can be declared as an array."""
    return max(program.plan.arena_bytes, ARENA_ALIGNMENT)


def c_type(tensor: Tensor) -> str:
    """Of a tensor's elements."""
    return _C_TYPES[tensor.dtype]


def spec(tensor: Tensor) -> str:
    """A tensor's element type, shape and quantisation, in one comment line."""
    text = f"{tensor.dtype.value} {list(tensor.shape)}"
    if tensor.quant is not None and len(tensor.quant.scale) == 1:
        text += f", scale {np.float32(tensor.scale)!s}, zero point {tensor.zero_point}"
    return text


def c_float(value: float) -> str:
    """A float32 as a C literal that reads back to the same bits."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = str(np.float32(value))
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _pointer_array(pointers: list[str], to: str) -> str:
    return f"({to} *const[])" + "{" + ", ".join(pointers) + "}"


def _array(name: str, comment: str, values: npt.NDArray[np.generic]) -> _Array:
    flat = values.reshape(-1)
    dtype = str(flat.dtype)
    per_line = _PER_LINE[dtype]
    texts = [c_float(v) if dtype == "float32" else str(int(v)) for v in flat.tolist()]
    lines = [
        ", ".join(texts[start : start + per_line]) + "," for start in range(0, len(texts), per_line)
    ]
    return _Array(name, _C_TYPES[DType(dtype)], len(texts), comment, lines)


def _mention_infinity(arrays: list[_Array]) -> bool:
    floats = (line for array in arrays if array.ctype == "float" for line in array.lines)
    return any("INFINITY" in line or "NAN" in line for line in floats)


def runtime_files(calls: list[Call]) -> dict[str, bytes]:
    """The runtime sources that the calls need, and the headers that those include."""
    return runtime_sources.files([*runtime_of(calls), *runtime_sources.COMMON])


def runtime_of(calls: list[Call]) -> list[str]:
    """The runtime sources that the calls need, below runtime_c."""
    return sorted({f"src/{source}" for call in calls for source in call.sources})
