"""The variables of a .tflite file, which keep their values from one inference to the next.

VAR_HANDLE gives the handle of a variable that is known by a name, READ_VARIABLE and
ASSIGN_VARIABLE use that handle, and CALL_ONCE runs, before the first inference, a graph of
its own that assigns initial values. In the IR a variable is a tensor: the one that was its
first handle. VAR_HANDLE and CALL_ONCE leave nothing but that tensor and its initial value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from edgegen import tflite_schema as schema
from edgegen.flatbuffer import DamagedError, Table
from edgegen.model import DType, Tensor

Refuse = Callable[[str, str, str], None]
"""Takes the code of a reason, where, and the cause."""

ReadTensor = Callable[[Table, int], Tensor | None]
"""Reads tensor number n of a subgraph; None after a refusal."""


class Variables:
    """Everything about the variables of one file that does not depend on their tensors.

    Args:
        graphs: All subgraphs; the first is the model.
        codes: The operator number of each of the file's operator codes.
    """

    def __init__(
        self, graphs: Sequence[Table], codes: Sequence[int], refuse: Refuse, read: ReadTensor
    ) -> None:
        self._codes = codes
        self._refuse = refuse
        self._read = read
        nodes = list(self._nodes(graphs[0]))
        self._names = self._handles(graphs[0], nodes, "the graph")
        first = {name: handle for handle, name in reversed(self._names.items())}
        self._first = {handle: first[name] for handle, name in self._names.items()}
        self._uses = [(n, t) for n, t in nodes if n in schema.VARIABLE_OPERATORS]
        self._initial: dict[str, Tensor] = {}
        self._initialise(graphs, nodes)

    def __contains__(self, tensor: int) -> bool:
        """Whether a tensor of the model is a variable's handle."""
        return tensor in self._names

    def ends(
        self, number: int, node: Table
    ) -> tuple[tuple[int | None, ...], tuple[int, ...]] | str:
        """Inputs and outputs of READ_VARIABLE or ASSIGN_VARIABLE with the variable for its
        handle, and that of an assignment as its output; or what is wrong with them."""
        inputs = node.i32s(schema.OperatorSlot.INPUTS)
        outputs = node.i32s(schema.OperatorSlot.OUTPUTS)
        reads = number == schema.READ_VARIABLE
        if (len(inputs), len(outputs)) != ((1, 1) if reads else (2, 0)):
            return f"It has {len(inputs)} inputs and {len(outputs)} outputs."
        if inputs[0] not in self._first:
            return f"Its first input, tensor {inputs[0]}, is no variable."
        variable = self._first[inputs[0]]
        if reads:
            return (variable,), outputs
        return (None if inputs[1] == -1 else inputs[1],), (variable,)

    def resolve(self, tensors: list[Tensor | None]) -> None:
        """Puts variables into the places of their handles.

        Args:
            tensors: Of the model; None for handles, and for what was refused.
        """
        values: dict[str, list[Tensor]] = {name: [] for name in self._names.values()}
        assigned: dict[str, Tensor] = {}
        for number, node in self._uses:
            ends = self.ends(number, node)
            if isinstance(ends, str):
                continue  # refused with its operator
            reads = number == schema.READ_VARIABLE
            handle, index = (ends[0][0], ends[1][0]) if reads else (ends[1][0], ends[0][0])
            if handle is None or index is None:
                continue
            name, value = self._names[handle], tensors[index]
            if value is not None:
                values[name].append(value)
                if not reads:
                    assigned.setdefault(name, value)
        for handle, name in self._names.items():
            tensors[handle] = self._variable(name, values[name], assigned.get(name))

    def _variable(self, name: str, values: list[Tensor], assigned: Tensor | None) -> Tensor | None:
        where = f"variable {name!r}"
        initial = self._initial.get(name)
        # The quantisation of what is assigned first decides what TFLM begins with.
        source = assigned or initial
        if source is None:
            self._refuse("EG121", where, "Nothing assigns a value to it.")
            return None
        kinds = {(t.dtype, t.shape) for t in (*values, *([initial] if initial else []))}
        if len(kinds) > 1:
            self._refuse("EG121", where, "Its values differ in element type or shape.")
            return None
        plain = replace(source, name=name, data=None)
        data = reset_value(plain) if initial is None else initial.data
        return replace(plain, initial=data)

    # The graphs.

    def _nodes(self, graph: Table) -> Iterator[tuple[int, Table]]:
        for node in graph.tables(schema.SubGraphSlot.OPERATORS):
            index = node.u32(schema.OperatorSlot.OPCODE_INDEX)
            if index >= len(self._codes):
                raise DamagedError(f"operator code {index} does not exist", node.position)
            yield self._codes[index], node

    def _handles(
        self, graph: Table, nodes: Sequence[tuple[int, Table]], where: str
    ) -> dict[int, str]:
        """The name of the variable that each handle of a subgraph stands for."""
        tensors = graph.tables(schema.SubGraphSlot.TENSORS)
        found: dict[int, str] = {}
        for number, node in nodes:
            if number != schema.VAR_HANDLE:
                continue
            options = _options(node, schema.VAR_HANDLE_OPTIONS)
            name = options.text(schema.VarHandleSlot.SHARED_NAME) if options else ""
            outputs = node.i32s(schema.OperatorSlot.OUTPUTS)
            if len(outputs) != 1 or node.i32s(schema.OperatorSlot.INPUTS) or not name:
                self._refuse("EG121", where, "A VAR_HANDLE is not one named variable.")
                continue
            (handle,) = outputs
            if not 0 <= handle < len(tensors):
                raise DamagedError(f"tensor {handle} does not exist", node.position)
            if tensors[handle].i8(schema.TensorSlot.TYPE) != schema.RESOURCE or handle in found:
                self._refuse("EG121", where, f"Tensor {handle} is no variable's handle.")
                continue
            found[handle] = name
        return found

    def _initialise(self, graphs: Sequence[Table], nodes: Sequence[tuple[int, Table]]) -> None:
        """Reads what the graphs assign that CALL_ONCE runs; refuses all other subgraphs."""
        known = {0}
        used = False
        for number, node in nodes:
            used |= number in schema.VARIABLE_OPERATORS
            if number != schema.CALL_ONCE:
                continue
            options = _options(node, schema.CALL_ONCE_OPTIONS)
            index = options.i32(schema.CallOnceSlot.INIT_SUBGRAPH_INDEX) if options else 0
            ends = (schema.OperatorSlot.INPUTS, schema.OperatorSlot.OUTPUTS)
            if not 0 < index < len(graphs) or any(node.i32s(end) for end in ends):
                self._refuse("EG121", "the graph", f"CALL_ONCE of subgraph {index} is broken.")
            elif used:
                self._refuse("EG121", "the graph", "A variable is used before CALL_ONCE.")
            elif index not in known:
                known.add(index)
                self._assignments(graphs[index], f"subgraph {index}, which CALL_ONCE runs")
        if len(graphs) > len(known):
            count = len(graphs) - len(known) + 1
            self._refuse("EG109", "the file", f"It holds {count} subgraphs instead of one.")

    def _assignments(self, graph: Table, where: str) -> None:
        nodes = list(self._nodes(graph))
        names = self._handles(graph, nodes, where)
        tensors = graph.tables(schema.SubGraphSlot.TENSORS)
        for number, node in nodes:
            if number == schema.VAR_HANDLE:
                continue
            inputs = node.i32s(schema.OperatorSlot.INPUTS)
            if number != schema.ASSIGN_VARIABLE or len(inputs) != 2 or inputs[0] not in names:
                name = schema.operator_name(number) or f"operator {number}"
                self._refuse("EG121", where, f"{name} does more than to assign a constant.")
                return
            handle, value = inputs
            if not 0 <= value < len(tensors):
                raise DamagedError(f"tensor {value} does not exist", node.position)
            if names[handle] not in self._names.values():
                self._refuse("EG121", where, f"The model has no variable {names[handle]!r}.")
                return
            tensor = self._read(tensors[value], value)
            if tensor is not None and not tensor.is_constant:
                self._refuse("EG121", where, f"Tensor {value}, an initial value, is no constant.")
            elif tensor is not None:
                self._initial[names[handle]] = tensor


def reset_value(tensor: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """What TensorFlow Lite Micro gives a variable at first: int8 real 0, anything else zeros."""
    point = tensor.quant.zero_point[0] if tensor.quant and tensor.dtype is DType.INT8 else 0
    return np.broadcast_to(np.array(point, tensor.dtype.numpy), tensor.shape)


def _options(node: Table, expected: int) -> Table | None:
    if node.u8(schema.OperatorSlot.BUILTIN_OPTIONS_TYPE) != expected:
        return None
    return node.table(schema.OperatorSlot.BUILTIN_OPTIONS)
