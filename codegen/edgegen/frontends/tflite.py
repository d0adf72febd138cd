"""Reads a .tflite file into a `Model`, or says everything that stands against it.

The file is trusted in nothing. A file that is no sound flatbuffer is a `UsageError`
that names the byte; a sound file with a model that edgegen cannot take is a
`RefusedModelError` with every reason at once. What comes back satisfies all that
`edgegen.model` promises, and `rules`.

Exactly one subgraph is accepted, beside those that only give variables their initial
values: with several, whichever were left out would be missing from the generated project
without a word.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from edgegen import tflite_schema as schema
from edgegen.diagnostics import diagnostic
from edgegen.errors import Diagnostic, RefusedModelError, UsageError
from edgegen.flatbuffer import DamagedError, Reader, Table
from edgegen.frontends import rules, tflite_ops, tflite_rest
from edgegen.frontends.tflite_variables import Variables, reset_value
from edgegen.model import DType, Model, Op, OpKind, Quant, Source, Tensor

MAX_RANK = 6
MAX_TENSOR_BYTES = 2**31 - 1
MAX_TENSORS = 65536
MAX_OPS = 65536
# Kernels multiply a scale by up to 2**31 in float32, which must not become infinite.
MAX_SCALE = 2.0**64

_ZERO_POINT_RANGES = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    # Symmetric by definition: 16-bit activations and the biases.
    DType.INT16: (0, 0),
    DType.INT32: (0, 0),
    DType.INT64: (0, 0),
}


def parse(data: bytes, file_name: str) -> Model:
    """Reads the bytes of a .tflite file.

    Args:
        data: The whole file; constants of the model are views into it.
        file_name: Its name without folders; the stem becomes the model's name.

    Raises:
        UsageError: The bytes are not a .tflite file, or a damaged one.
        RefusedModelError: The model holds something that edgegen cannot take.
    """
    if data[4:8] != schema.FILE_IDENTIFIER:
        raise UsageError(
            f"{file_name}: this is not a TensorFlow Lite model.",
            fix="Pass a .tflite file, as tf.lite.TFLiteConverter writes it.",
        )
    try:
        return _Parser(data, file_name).parse()
    except DamagedError as error:
        raise UsageError(
            f"{file_name}: the file is damaged at {error}.",
            fix="Copy the file again, or convert the model again.",
        ) from None


def shown(name: str) -> str:
    """A name from the file as one short printable quotation."""
    return repr(name if len(name) <= 60 else name[:57] + "...")


@dataclass(frozen=True, slots=True)
class _OpCode:
    number: int
    version: int
    custom_code: str

    def describe(self) -> str:
        if self.number == schema.CUSTOM_OPERATOR:
            return f"custom operator {shown(self.custom_code)}"
        return schema.operator_name(self.number) or f"operator {self.number}"


class _Parser:
    def __init__(self, data: bytes, file_name: str) -> None:
        self._data = data
        self._file_name = file_name
        self._reader = Reader(data)
        self._refusals: list[Diagnostic] = []

    def parse(self) -> Model:
        root = self._reader.root()
        version = root.u32(schema.ModelSlot.VERSION)
        if version != schema.SCHEMA_VERSION:
            raise UsageError(
                f"{self._file_name}: schema version {version} is not supported, only 3 is.",
                fix="Convert the model again with TensorFlow 2.",
            )
        graphs = root.tables(schema.ModelSlot.SUBGRAPHS)
        if not graphs:
            raise DamagedError("the file holds no graph", root.position)
        graph = graphs[0]
        codes = [self._opcode(code) for code in root.tables(schema.ModelSlot.OPERATOR_CODES)]
        buffers = root.tables(schema.ModelSlot.BUFFERS)
        variables = Variables(
            graphs,
            [code.number for code in codes],
            self._refuse,
            lambda table, index: self._tensor(index, table, buffers),
        )
        tensors = self._tensors(graph, buffers, variables)
        inputs = self._indices(graph, schema.SubGraphSlot.INPUTS, len(tensors))
        outputs = self._indices(graph, schema.SubGraphSlot.OUTPUTS, len(tensors))
        ops = self._ops(graph, codes, tensors, inputs, outputs, variables)
        for each in graphs:
            tflite_rest.check_graph(each)
        tflite_rest.check_model(root)
        if self._refusals:
            raise RefusedModelError(self._file_name, tuple(self._refusals))
        source = Source(
            self._file_name, "tflite", hashlib.sha256(self._data).hexdigest(), self._data
        )
        complete = tuple(tensor for tensor in tensors if tensor is not None)
        name = PurePath(self._file_name).stem
        return Model(name, source, complete, tuple(ops), inputs, outputs)

    def _refuse(self, code: str, where: str, cause: str) -> None:
        self._refusals.append(diagnostic(code, where, cause))

    # Structure.

    @staticmethod
    def _opcode(table: Table) -> _OpCode:
        slot = schema.OperatorCodeSlot
        # Files from before 2020 have only the older, one-byte field.
        number = max(table.i32(slot.BUILTIN_CODE), table.i8(slot.DEPRECATED_BUILTIN_CODE))
        if number < 0:
            raise DamagedError(f"operator number {number} is negative", table.position)
        version = table.i32(slot.VERSION, 1)
        if version < 1:
            raise DamagedError(f"operator version {version} is below 1", table.position)
        return _OpCode(number, version, table.text(slot.CUSTOM_CODE))

    @staticmethod
    def _indices(table: Table, slot: int, count: int) -> tuple[int, ...]:
        indices = table.i32s(slot)
        for index in indices:
            if not 0 <= index < count:
                raise DamagedError(f"tensor {index} of {count} does not exist", table.position)
        return indices

    # Tensors. A refused one is None, so that its operators are not blamed for it.

    def _tensors(
        self, graph: Table, buffers: list[Table], variables: Variables
    ) -> list[Tensor | None]:
        tables = graph.tables(schema.SubGraphSlot.TENSORS)
        if len(tables) > MAX_TENSORS:
            self._refuse("EG122", "the graph", f"It has {len(tables)} tensors.")
            raise RefusedModelError(self._file_name, tuple(self._refusals))
        unused = _intermediates(graph)
        tensors: list[Tensor | None] = []
        for index, table in enumerate(tables):
            if index in variables:
                tensors.append(None)
            elif index in unused:
                tensors.append(Tensor(table.text(schema.TensorSlot.NAME), DType.INT8, ()))
            else:
                tensors.append(self._tensor(index, table, buffers))
        variables.resolve(tensors)
        return tensors

    def _tensor(self, index: int, table: Table, buffers: list[Table]) -> Tensor | None:
        slot = schema.TensorSlot
        name = table.text(slot.NAME)
        problems = len(self._refusals)
        refuse = functools.partial(self._refuse, where=f"tensor {index} {shown(name)}")
        shape = self._shape(table, refuse)
        dtype = self._dtype(table.i8(slot.TYPE), table, refuse)
        if table.has(slot.SPARSITY):
            refuse("EG106", cause="It is stored in a sparse encoding.")
        if dtype is not None and math.prod(shape) * dtype.bytes > MAX_TENSOR_BYTES:
            refuse("EG122", cause=f"Its shape {list(shape)} takes more than 2 GiB.")
        span = self._data_span(table, buffers, refuse)
        if len(self._refusals) > problems or dtype is None:
            return None
        quant = self._quant(table, dtype, shape, refuse)
        constant = None if span is None else self._constant(table, span, dtype, shape, refuse)
        is_variable = bool(table.u8(slot.IS_VARIABLE))
        if is_variable and constant is not None:
            refuse("EG121", cause="It is a variable and a constant at once.")
        if len(self._refusals) > problems:
            return None
        tensor = Tensor(name, dtype, shape, quant, constant)
        return replace(tensor, initial=reset_value(tensor)) if is_variable else tensor

    @staticmethod
    def _shape(table: Table, refuse: functools.partial[None]) -> tuple[int, ...]:
        shape = table.i32s(schema.TensorSlot.SHAPE)
        if len(shape) > MAX_RANK:
            refuse("EG112", cause=f"It has {len(shape)} dimensions, more than {MAX_RANK}.")
            return ()
        signature = table.i32s(schema.TensorSlot.SHAPE_SIGNATURE)
        # Converters mark the batch as unknown (-1) and give the static shape beside it.
        if min(shape, default=1) < 1 or (signature and not _describes(signature, shape)):
            known = shape if len(signature) != len(shape) else signature
            refuse("EG103", cause=f"Its shape is {list(known)}, which is not static.")
        return shape

    @staticmethod
    def _dtype(number: int, table: Table, refuse: functools.partial[None]) -> DType | None:
        dtype = schema.DTYPES.get(number)
        if dtype is DType.FLOAT16:
            refuse("EG105", cause="Its elements are float16.")
        elif number in schema.PACKED_TYPES:
            refuse("EG108", cause=f"Its elements are {schema.PACKED_TYPES[number]}.")
        elif number in schema.OTHER_TYPES:
            refuse("EG107", cause=f"Its elements are {schema.OTHER_TYPES[number]}.")
        elif dtype is None:
            raise DamagedError(f"element type {number} does not exist", table.position)
        return dtype

    @staticmethod
    def _data_span(
        table: Table, buffers: list[Table], refuse: functools.partial[None]
    ) -> tuple[int, int] | None:
        """First byte and length of a constant's data; None for an activation."""
        index = table.u32(schema.TensorSlot.BUFFER)
        if index >= len(buffers):
            raise DamagedError(f"buffer {index} of {len(buffers)} does not exist", table.position)
        buffer = buffers[index]
        # Offsets 0 and 1 are placeholders of the converter, not positions.
        if buffer.u64(schema.BufferSlot.OFFSET) > 1 or table.u32(schema.TensorSlot.EXTERNAL_BUFFER):
            refuse("EG114", cause="Its data lies outside of the flatbuffer.")
        start, length = buffer.vector(schema.BufferSlot.DATA, 1)
        return (start, length) if length else None

    def _constant(
        self,
        table: Table,
        span: tuple[int, int],
        dtype: DType,
        shape: tuple[int, ...],
        refuse: functools.partial[None],
    ) -> npt.NDArray[np.generic] | None:
        start, length = span
        count = math.prod(shape)
        if count * dtype.bytes != length:
            raise DamagedError(
                f"a tensor of {count * dtype.bytes} bytes has {length} bytes of data",
                table.position,
            )
        # The file is little endian; on such a machine this is the native order.
        little = dtype.numpy.newbyteorder("<")
        array = np.frombuffer(self._data, little, count, start).reshape(shape)
        if dtype is DType.FLOAT32 and not np.isfinite(array).all():
            refuse("EG123", cause="It holds NaN or infinity.")
        if dtype is DType.BOOL and array.view(np.uint8).max() > 1:
            raise DamagedError("a truth value is neither 0 nor 1", start)
        return array

    @staticmethod
    def _quant(
        table: Table, dtype: DType, shape: tuple[int, ...], refuse: functools.partial[None]
    ) -> Quant | None:
        parameters = table.table(schema.TensorSlot.QUANTIZATION)
        # Float tensors may keep the ranges they were calibrated with, which mean nothing.
        if parameters is None or dtype not in _ZERO_POINT_RANGES:
            return None
        slot = schema.QuantizationSlot
        if parameters.u8(slot.DETAILS_TYPE):
            refuse("EG117", cause="It is quantised in blocks or by a custom scheme.")
            return None
        scales = parameters.f32s(slot.SCALE)
        zero_points = parameters.i64s(slot.ZERO_POINT)
        if not scales:
            return None
        axis = parameters.i32(slot.QUANTIZED_DIMENSION) if len(scales) > 1 else None
        cause = _quant_problem(scales, zero_points, axis, dtype, shape)
        if cause:
            refuse("EG117", cause=cause)
            return None
        return Quant(scales, zero_points, axis)

    # Operators.

    def _ops(
        self,
        graph: Table,
        codes: Sequence[_OpCode],
        tensors: Sequence[Tensor | None],
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        variables: Variables,
    ) -> list[Op]:
        tables = graph.tables(schema.SubGraphSlot.OPERATORS)
        if len(tables) > MAX_OPS:
            self._refuse("EG122", "the graph", f"It has {len(tables)} operators.")
            return []
        order = _Order(self._refusals, tensors, inputs)
        ops = []
        for node, table in enumerate(tables):
            index = table.u32(schema.OperatorSlot.OPCODE_INDEX)
            if index >= len(codes):
                raise DamagedError(f"operator code {index} does not exist", table.position)
            code = codes[index]
            where = f"node {node} {code.describe()}"
            op_inputs = self._op_inputs(table, len(tensors))
            op_outputs = self._indices(table, schema.OperatorSlot.OUTPUTS, len(tensors))
            if code.number in (schema.VAR_HANDLE, schema.CALL_ONCE):
                continue
            if code.number in schema.VARIABLE_OPERATORS:
                ends = variables.ends(code.number, table)
                if isinstance(ends, str):
                    self._refuse("EG121", where, ends)
                    continue
                op_inputs, op_outputs = ends
            order.step(where, op_inputs, op_outputs)
            op = self._op(node, where, table, code, op_inputs, op_outputs, tensors)
            if op is not None:
                ops.append(op)
        order.finish(outputs)
        self._check_state(tensors, ops)
        return ops

    def _check_state(self, tensors: Sequence[Tensor | None], ops: Sequence[Op]) -> None:
        """Every variable that is not read and assigned is the state of one operator."""
        uses = Counter(t for op in ops for t in (*op.inputs, *op.outputs))
        carried = Counter(
            op.inputs[0] if op.kind is OpKind.READ_VARIABLE else op.outputs[0]
            for op in ops
            if op.kind in (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE)
        )
        states = {op.inputs[k] for op in ops for k in rules.STATE.get(op.kind, ())}
        for index, tensor in enumerate(tensors):
            if tensor is None or not tensor.is_variable or uses[index] == carried[index]:
                continue
            if index not in states or uses[index] > 1:
                where = f"tensor {index} {shown(tensor.name)}"
                self._refuse("EG121", where, "It is a variable, but no operator's own state.")

    @staticmethod
    def _op_inputs(table: Table, count: int) -> tuple[int | None, ...]:
        indices = table.i32s(schema.OperatorSlot.INPUTS)
        for index in indices:
            if not -1 <= index < count:
                raise DamagedError(f"tensor {index} of {count} does not exist", table.position)
        return tuple(None if index == -1 else index for index in indices)

    def _op(
        self,
        node: int,
        where: str,
        table: Table,
        code: _OpCode,
        inputs: tuple[int | None, ...],
        outputs: tuple[int, ...],
        tensors: Sequence[Tensor | None],
    ) -> Op | None:
        refuse = functools.partial(self._refuse, where=where)
        if code.number == schema.CUSTOM_OPERATOR:
            refuse("EG102", cause="Its definition is not in the file.")
            return None
        kind = schema.OP_KINDS.get(code.number)
        if kind is None:
            refuse("EG101", cause=f"Operator {code.number} version {code.version} is unknown.")
            return None
        newest = schema.NEWEST_VERSIONS[kind]
        if code.version > newest:
            refuse("EG101", cause=f"Version {code.version} is unknown, only 1 to {newest} are.")
            return None
        cause = rules.arity_problem(kind, inputs, outputs)
        if cause:
            refuse("EG118", cause=cause)
            return None
        seen = [None if index is None else tensors[index] for index in inputs]
        results = [tensor for index in outputs if (tensor := tensors[index]) is not None]
        if len(results) < len(outputs) or any(
            tensor is None and index is not None for tensor, index in zip(seen, inputs, strict=True)
        ):
            return None  # a tensor of it was refused already
        problems = rules.Problems()
        attrs = tflite_ops.attrs(kind, table, seen, results, problems)
        if attrs is not None:
            rules.check(kind, attrs, seen, results, problems)
        for problem_code, cause in problems.found:
            refuse(problem_code, cause=cause)
        if attrs is None or problems.found:
            return None
        return Op(kind, inputs, outputs, attrs, code.version, node)


def _intermediates(graph: Table) -> frozenset[int]:
    """Tensors that only tell a converter about the inside of an operator, mostly of shape [0]."""
    slot = schema.OperatorSlot
    inside: set[int] = set()
    used = {
        *graph.i32s(schema.SubGraphSlot.INPUTS),
        *graph.i32s(schema.SubGraphSlot.OUTPUTS),
    }
    for node in graph.tables(schema.SubGraphSlot.OPERATORS):
        inside.update(node.i32s(slot.INTERMEDIATES))
        used.update(node.i32s(slot.INPUTS), node.i32s(slot.OUTPUTS))
    return frozenset(inside - used)


def _describes(signature: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a signature differs from the static shape by an unknown batch at most."""
    return (
        len(signature) == len(shape)
        and signature[1:] == shape[1:]
        and signature[0] in (-1, shape[0])
    )


def _quant_problem(
    scales: tuple[float, ...],
    zero_points: tuple[int, ...],
    axis: int | None,
    dtype: DType,
    shape: tuple[int, ...],
) -> str:
    """What is wrong with the quantisation of one tensor; empty when it is sound."""
    if len(zero_points) != len(scales):
        return f"It has {len(scales)} scales but {len(zero_points)} zero points."
    if axis is not None and not 0 <= axis < len(shape):
        return f"It is quantised along dimension {axis}, which it does not have."
    if axis is not None and shape[axis] != len(scales):
        return f"It has {len(scales)} scales along a dimension of {shape[axis]}."
    # NaN fails both comparisons.
    if not (min(scales) > 0.0 and max(scales) < MAX_SCALE) or any(map(math.isnan, scales)):
        return "Its scale is not between 0 and 2**64."
    low, high = _ZERO_POINT_RANGES[dtype]
    if min(zero_points) < low or max(zero_points) > high:
        return f"Its zero point is outside of {low}...{high}."
    return ""


class _Order:
    """Checks that every tensor is computed once, and before it is read."""

    def __init__(
        self,
        refusals: list[Diagnostic],
        tensors: Sequence[Tensor | None],
        inputs: tuple[int, ...],
    ) -> None:
        self._refusals = refusals
        self._ready = {k for k, t in enumerate(tensors) if t is not None and t.is_constant}
        # Nothing is known of a refused tensor, so nothing is held against its readers.
        self._unknown = {k for k, t in enumerate(tensors) if t is None}
        self._variables = {k for k, t in enumerate(tensors) if t is not None and t.is_variable}
        self._ready |= self._variables
        self._computed: set[int] = set()
        if not inputs:
            self._refuse("the graph", "It has no input.")
        for index in inputs:
            if index in self._ready:
                cause = f"Input tensor {index} is a constant, a variable or listed twice."
                self._refuse("the graph", cause)
            self._ready.add(index)

    def step(self, where: str, inputs: tuple[int | None, ...], outputs: tuple[int, ...]) -> None:
        for index in inputs:
            if index is not None and index not in self._ready and index not in self._unknown:
                self._refuse(where, f"It reads tensor {index} before anything computes it.")
        for index in outputs:
            if index in self._variables:
                continue
            if index in self._ready:
                self._refuse(where, f"It writes tensor {index}, which has a value already.")
            self._ready.add(index)
            self._computed.add(index)

    def finish(self, outputs: tuple[int, ...]) -> None:
        if not outputs:
            self._refuse("the graph", "It has no output.")
        if len(set(outputs)) != len(outputs):
            self._refuse("the graph", "An output is listed twice.")
        for index in outputs:
            if index not in self._computed:
                self._refuse("the graph", f"No operator computes output tensor {index}.")

    def _refuse(self, where: str, cause: str) -> None:
        self._refusals.append(diagnostic("EG119", where, cause))
