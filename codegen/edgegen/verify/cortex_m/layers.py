"""Which layers the generated code runs, and how many instructions each of them took.

The layers are read from aot/model.c: what was built, not what would be generated today.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgegen.errors import DifferenceError
from edgegen.verify.cortex_m.console import ConsoleError, SelfTest
from edgegen.verify.cortex_m.report import LayerFacts

_TITLE = re.compile(r"    /\* node (\d+): (\w+)(?:, ([\d,]+) MACs)?(?: \*/)?")
_CALL = re.compile(r"    (eg_run_\w+)\(")
_TRACE = re.compile(r"    EG_TRACE_TENSOR\((\d+),")


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator of model.c.

    Attributes:
        function: The runtime function that it calls, or several; "" where nothing runs.
        tensors: What it computes, in the order in which it is traced; of two layers that take
            turns the first one has what lies between them, and most of the time of both.
    """

    node: int
    operator: str
    macs: int
    function: str = ""
    tensors: tuple[int, ...] = ()


def read(project: Path) -> tuple[Layer, ...]:
    """The layers in order of execution; a DifferenceError without a model.c."""
    path = project / "edgegen" / "aot" / "model.c"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DifferenceError(f"The generated code cannot be read: {error}.") from None
    found: list[Layer] = []
    for line in lines:
        if title := _TITLE.fullmatch(line):
            macs = int((title[3] or "0").replace(",", ""))
            found.append(Layer(int(title[1]), title[2], macs))
        elif found and (call := _CALL.match(line)):
            functions = [*filter(None, found[-1].function.split(" + ")), call[1]]
            found[-1] = replace(found[-1], function=" + ".join(dict.fromkeys(functions)))
        elif found and (trace := _TRACE.match(line)):
            tensors = dict.fromkeys([*found[-1].tensors, int(trace[1])])
            found[-1] = replace(found[-1], tensors=tuple(tensors))
    return tuple(found)


def measured(layers: Sequence[Layer], traced: SelfTest, vector: int) -> tuple[LayerFacts, ...]:
    """What the traced self-test said of every layer in one vector.

    Raises:
        ConsoleError: It timed other tensors than model.c traces.
    """
    times = iter([row for row in traced.layer_times if row.vector == vector])
    found = []
    for layer in layers:
        rows = list(itertools.islice(times, len(layer.tensors)))
        if tuple(row.tensor for row in rows) != layer.tensors:
            raise ConsoleError("The self-test timed other layers than the generated code has.")
        instructions = sum(row.ns for row in rows)
        found.append(
            LayerFacts(layer.node, layer.operator, layer.function, layer.macs, instructions)
        )
    rest = list(times)
    if [row.tensor for row in rest] != [None]:
        raise ConsoleError("The self-test timed more layers than the generated code has.")
    if layers and not layers[-1].tensors:
        found[-1] = replace(found[-1], instructions=rest[0].ns)
    return tuple(found)
