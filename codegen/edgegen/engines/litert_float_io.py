"""Gives a quantised .tflite file float32 inputs and outputs, for a runtime that takes no others.

QUANTIZE comes before every int8 or int16 input, DEQUANTIZE behind every such output, with the
scales that are in the file: whoever dequantises an input and quantises an output gets the integers
of the model as it was, all of them.

A flatbuffer's offsets only lead forward, so that nothing can be hung onto its end. But in front of
it there is room: new root, graph, and lists, whose entries lead into the old file, which stays as
it is, byte for byte.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgegen.flatbuffer import Reader, Table
from edgegen.model import DType, Model
from edgegen.tflite_schema import (
    DTYPES,
    FILE_IDENTIFIER,
    SCHEMA_VERSION,
    ModelSlot,
    OperatorCodeSlot,
    OperatorSlot,
    SubGraphSlot,
    TensorSlot,
)

QUANTISED = (DType.INT8, DType.INT16)

# BuiltinOperator, and the version that knows int8 and int16.
_QUANTIZE = (114, 2)
_DEQUANTIZE = (6, 3)

# At least what XNNPACK and the buffers of a file ask for.
_ALIGNMENT = 64

# All of the two tables, but what is made anew. A signature says which tensors are inputs and
# outputs, by name: without one, those of the graph are, in the model's order.
_KEPT_OF_MODEL = (
    ModelSlot.DESCRIPTION,
    ModelSlot.BUFFERS,
    ModelSlot.METADATA_BUFFER,
    ModelSlot.METADATA,
)
_KEPT_OF_TENSOR = (TensorSlot.SHAPE, TensorSlot.NAME, TensorSlot.SHAPE_SIGNATURE)


def needed(model: Model) -> bool:
    """Whether an input or output is quantised."""
    return any(model.tensors[index].dtype in QUANTISED for index in (*model.inputs, *model.outputs))


def with_float_io(data: bytes) -> bytes:
    """The file with float32 in place of int8 and int16 inputs and outputs, and no signatures.

    Args:
        data: A file that `frontends.tflite` has taken, whose quantised inputs and outputs have
            one scale each.
    """
    reader = Reader(data)
    root = reader.root()
    graphs = root.tables(ModelSlot.SUBGRAPHS)
    codes = root.tables(ModelSlot.OPERATOR_CODES)
    fields: dict[int, _Field] = {
        ModelSlot.VERSION: struct.pack("<I", SCHEMA_VERSION),
        ModelSlot.OPERATOR_CODES: _Vector(
            [*map(_there, codes), _operator_code(*_QUANTIZE), _operator_code(*_DEQUANTIZE)]
        ),
        ModelSlot.SUBGRAPHS: _Vector(
            [_graph(graphs[0], len(codes)), *(_there(each) for each in graphs[1:])]
        ),
    }
    return _in_front(_Table(fields | _kept(root, _KEPT_OF_MODEL)), data)


def _graph(graph: Table, quantize: int) -> _Table:
    """The graph between its new operators, whose codes are ``quantize`` and the next one."""
    tensors = graph.tables(SubGraphSlot.TENSORS)
    floats: dict[int, int] = {}
    added: list[_Node] = []
    for index in (*graph.i32s(SubGraphSlot.INPUTS), *graph.i32s(SubGraphSlot.OUTPUTS)):
        if index not in floats and DTYPES[tensors[index].i8(TensorSlot.TYPE)] in QUANTISED:
            floats[index] = len(tensors) + len(added)
            added.append(_float_of(tensors[index]))
    inputs, outputs = (graph.i32s(slot) for slot in (SubGraphSlot.INPUTS, SubGraphSlot.OUTPUTS))
    before = [_operator(quantize, floats[each], each) for each in inputs if each in floats]
    behind = [_operator(quantize + 1, each, floats[each]) for each in outputs if each in floats]
    operators = map(_there, graph.tables(SubGraphSlot.OPERATORS))
    fields: dict[int, _Field] = {
        SubGraphSlot.TENSORS: _Vector([*map(_there, tensors), *added]),
        SubGraphSlot.INPUTS: _Numbers([floats.get(each, each) for each in inputs]),
        SubGraphSlot.OUTPUTS: _Numbers([floats.get(each, each) for each in outputs]),
        SubGraphSlot.OPERATORS: _Vector([*before, *operators, *behind]),
    }
    return _Table(fields | _kept(graph, (SubGraphSlot.NAME,)))


def _float_of(tensor: Table) -> _Table:
    """The same tensor in float32, which is the type that a table without one has."""
    buffer = struct.pack("<I", tensor.u32(TensorSlot.BUFFER))
    return _Table({TensorSlot.BUFFER: buffer} | _kept(tensor, _KEPT_OF_TENSOR))


def _operator_code(number: int, version: int) -> _Table:
    return _Table(
        {
            OperatorCodeSlot.DEPRECATED_BUILTIN_CODE: struct.pack("<i", number),
            OperatorCodeSlot.VERSION: struct.pack("<i", version),
            OperatorCodeSlot.BUILTIN_CODE: struct.pack("<i", number),
        }
    )


def _operator(code: int, source: int, target: int) -> _Table:
    return _Table(
        {
            OperatorSlot.OPCODE_INDEX: struct.pack("<I", code),
            OperatorSlot.INPUTS: _Numbers([source]),
            OperatorSlot.OUTPUTS: _Numbers([target]),
        }
    )


def _kept(table: Table, slots: Sequence[int]) -> dict[int, _Field]:
    """The fields of these slots that the old table has; all are offsets."""
    found = ((slot, table.target(slot)) for slot in slots)
    return {slot: _There(target) for slot, target in found if target is not None}


def _there(table: Table) -> _There:
    return _There(table.position)


@dataclass(frozen=True, slots=True)
class _There:
    """Something in the old file."""

    position: int


@dataclass(frozen=True, slots=True)
class _Table:
    """A new table: by slot four bytes, little endian, or what an offset leads to."""

    fields: Mapping[int, _Field]


@dataclass(frozen=True, slots=True)
class _Vector:
    """A new list of tables."""

    items: Sequence[_Node]


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A new list of int32."""

    values: Sequence[int]


_Node = _There | _Table | _Vector | _Numbers
_Field = bytes | _Node


def _in_front(root: _Node, old: bytes) -> bytes:
    """A file that starts with these and ends with the old one.

    Parents come before their children, so that all offsets lead forward. Those into the old file
    are filled in when its place is known.
    """
    new = bytearray(4) + FILE_IDENTIFIER
    waiting: deque[tuple[int, _Node]] = deque([(0, root)])
    into_old: list[tuple[int, int]] = []
    while waiting:
        offset_at, node = waiting.popleft()
        if isinstance(node, _There):
            into_old.append((offset_at, node.position))
            continue
        start, children = _append(new, node)
        struct.pack_into("<I", new, offset_at, start - offset_at)
        waiting.extend(children)
    new.extend(bytes(-len(new) % _ALIGNMENT))
    for offset_at, position in into_old:
        struct.pack_into("<I", new, offset_at, len(new) + position - offset_at)
    return bytes(new) + old


def _append(
    new: bytearray, node: _Table | _Vector | _Numbers
) -> tuple[int, list[tuple[int, _Node]]]:
    """Where it starts now, and where it has offsets to what."""
    new.extend(bytes(-len(new) % 4))
    if isinstance(node, _Table):
        return _append_table(new, node)
    start = len(new)
    if isinstance(node, _Numbers):
        new.extend(struct.pack(f"<I{len(node.values)}i", len(node.values), *node.values))
        return start, []
    new.extend(struct.pack("<I", len(node.items)) + bytes(4 * len(node.items)))
    return start, [(start + 4 + 4 * k, item) for k, item in enumerate(node.items)]


def _append_table(new: bytearray, table: _Table) -> tuple[int, list[tuple[int, _Node]]]:
    slots = max(table.fields) + 1
    places = {slot: 4 + 4 * k for k, slot in enumerate(sorted(table.fields))}
    own_bytes, table_bytes = 4 + 2 * slots, 4 + 4 * len(places)
    vtable = len(new)
    new.extend(struct.pack("<HH", own_bytes, table_bytes))
    new.extend(struct.pack(f"<{slots}H", *(places.get(slot, 0) for slot in range(slots))))
    new.extend(bytes(-len(new) % 4))
    start = len(new)
    new.extend(struct.pack("<i", start - vtable))
    children = []
    for slot, place in places.items():
        value = table.fields[slot]
        if isinstance(value, bytes):
            new.extend(value)
        else:
            new.extend(bytes(4))
            children.append((start + place, value))
    return start, children
