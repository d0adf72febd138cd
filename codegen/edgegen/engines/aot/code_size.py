"""How much flash the code of a program will take, estimated from measured kernels."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path

from edgegen.device import Microcontroller
from edgegen.engines import Quantity
from edgegen.engines.aot.constants import bytes_of_distinct
from edgegen.engines.aot.program import Call, Program, own_constants, parts_of

TABLE = Path(__file__).with_name("code_size.json")
"""Bytes of every runtime source on every core, written by scripts/measure_code_size.py."""

_FIXED_BYTES = 260
"""init, the accessors and the frame of invoke, with memcpy and memset."""

_CALL_BYTES = 24
"""One call in invoke: three or four addresses and a branch."""

_FIELD_BYTES = 4
"""One number or pointer of a layer's description."""

ERROR = 0.25
"""Relative error that the estimate stays within; a test builds projects and compares."""


def estimate(program: Program, device: Microcontroller) -> Quantity:
    """Code and tables of the engine in flash; start-up code and weights are not in it."""
    calls = [step for step in program.steps if isinstance(step, Call)]
    kernels = of_sources({source for call in calls for source in call.sources}, device)
    if kernels.bytes is None:
        return kernels
    total = (
        _FIXED_BYTES
        + kernels.bytes
        + sum(_call_bytes(part) for call in calls for part in parts_of(call))
        + bytes_of_distinct(own_constants(program, is_table=True))
    )
    return Quantity(total, kernels.known)


def of_sources(sources: Iterable[str], device: Microcontroller) -> Quantity:
    """Code and tables of runtime sources, given by their paths below runtime_c/src."""
    sizes = _sizes().get(device.cpu)
    if sizes is None:
        return Quantity(None, f"not known (no kernel was measured on {device.cpu})")
    known = f"estimated (kernels measured with gcc 12 -O2 on {device.cpu}, +/- {ERROR:.0%})"
    return Quantity(sum(sizes[source] for source in sources), known)


def _call_bytes(call: Call) -> int:
    numbers = sum(len(value) if isinstance(value, tuple) else 1 for _, value in call.fields)
    return _CALL_BYTES + numbers * _FIELD_BYTES


@functools.cache
def _sizes() -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, dict[str, int]]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table["bytes"]
