"""The reference interpreters: what a model computes, by somebody else's code.

Integer models run in TensorFlow Lite Micro's own interpreter on the host (PyPI package
tflite-micro), whose integers every engine must match bit for bit; float models run in
LiteRT with its reference kernels (BUILTIN_REF), and ONNX models in onnxruntime without its graph
optimisations. A run is one interpreter and all vectors in
order, so that what a model keeps from one inference to the next is there. Neither falls back
to the other: their integers differ (TFLM rounds twice in FULLY_CONNECTED).

Native code is not trusted with a stranger's file: it runs in a process of its own, and
a crash or a hang there becomes an error that can be read.
"""

from __future__ import annotations

import importlib.metadata
import io
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgegen import reference_worker
from edgegen.errors import EdgegenError, MissingToolError
from edgegen.model import DType, Model, OpKind

Array = npt.NDArray[np.generic]

Interpreter = Literal["tflm", "litert"]

_QUANTISED = (DType.INT8, DType.UINT8, DType.INT16)
# It has no reference kernel for ELU, and refuses to read a variable that nothing has assigned yet,
# where TFLM has zeros.
_NOT_IN_LITERT = (OpKind.ELU, OpKind.READ_VARIABLE)
_PACKAGES = {"tflm": "tflite-micro", "litert": "ai-edge-litert", "onnxruntime": "onnxruntime"}
_FIXES = {
    "tflm": "pip install tflite-micro==0.dev20261002230103 (Linux on x86_64 only)",
    "litert": "pip install ai-edge-litert",
    "onnxruntime": "pip install 'edgegen[onnx]'",
}


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """What the reference computed.

    Attributes:
        name: Interpreter and version, such as "tflite-micro 0.dev20261002230103".
        outputs: Per vector, the model's outputs in the model's order.
        activations: Per vector, the output tensor of every operator by tensor index;
            empty dicts unless every activation was asked for.
    """

    name: str
    outputs: tuple[tuple[Array, ...], ...]
    activations: tuple[dict[int, Array], ...]


@dataclass(frozen=True, slots=True)
class HostArena:
    """The arena of TFLM's interpreter on this 64-bit host, in bytes.

    Attributes:
        head: Activations and scratch buffers; the same on a 32-bit device with the same
            kernels.
        tail: What lives as long as the interpreter, mostly structures full of pointers;
            smaller on a 32-bit device.
    """

    head: int
    tail: int


# Arena numbers come with every run at no cost, and starting the worker is what takes
# time: whoever asks for both pays once. Keyed by the model's sha256.
_host_arenas: dict[str, HostArena] = {}


def is_quantised(model: Model) -> bool:
    """Whether any operator of the model computes on quantised integers."""
    return any(
        model.tensors[t].dtype in _QUANTISED for op in model.ops for t in (op.data, *op.outputs)
    )


def activation_indices(model: Model) -> tuple[int, ...]:
    """The output tensors of all operators but variables, in execution order."""
    return tuple(t for op in model.ops for t in op.outputs if not model.tensors[t].is_variable)


def run(
    model: Model,
    inputs: list[list[Array]],
    *,
    every_activation: bool = False,
    interpreter: Interpreter | None = None,
    timeout_s: float = 120.0,
) -> ReferenceResult:
    """Runs the model on every vector of inputs.

    Args:
        model: Runs as in its source file, whatever passes have done to it since.
        inputs: Per vector, one array per model input with that input's dtype and shape.
        every_activation: Also return the output tensor of every operator.
        interpreter: Which one; by default the model's reference, see the head of this module.
        timeout_s: Longest time for everything together, in seconds.

    Raises:
        MissingToolError: The interpreter's package isn't installed.
        EdgegenError: The interpreter refused the model, crashed, or took too long.
    """
    chosen = interpreter or _interpreter(model)
    tensors = activation_indices(model) if every_activation else ()
    head = {
        "inputs_per_vector": len(model.inputs),
        "outputs": len(model.outputs),
        "tensors": tensors,
    }
    flat = [np.asarray(value, order="C") for vector in inputs for value in vector]
    arrays = iter(_ask(model, chosen, head, flat, timeout_s))
    outputs: list[tuple[Array, ...]] = []
    activations: list[dict[int, Array]] = []
    for _ in inputs:
        outputs.append(tuple(_shaped(next(arrays), model, t) for t in model.outputs))
        activations.append({t: _shaped(next(arrays), model, t) for t in tensors})
    return ReferenceResult(_name(chosen), tuple(outputs), tuple(activations))


def _interpreter(model: Model) -> str:
    if model.source.format == "onnx":
        return "onnxruntime"
    litert_lacks = any(op.kind in _NOT_IN_LITERT for op in model.ops)
    return "tflm" if litert_lacks or is_quantised(model) else "litert"


def host_arena(model: Model, timeout_s: float = 120.0) -> HostArena:
    """The arena that TFLM's interpreter uses for this model on the host.

    Free after `run` on the same quantised model. Raises as `run` does.
    """
    if model.source.sha256 not in _host_arenas:
        _ask(model, "tflm", {}, [], timeout_s)
    return _host_arenas[model.source.sha256]


def _shaped(value: Array, model: Model, index: int) -> Array:
    tensor = model.tensors[index]
    if value.dtype != tensor.dtype.numpy or value.size != tensor.elements:
        raise EdgegenError(
            f"the reference interpreter made {value.dtype}{list(value.shape)} of tensor {index}, "
            f"which the model declares as {tensor.dtype.value}{list(tensor.shape)}.",
            where=model.source.file_name,
            fix="Convert the model again with static shapes.",
        )
    return value.reshape(tensor.shape)


def _ask(
    model: Model, interpreter: str, head: dict[str, Any], inputs: list[Array], timeout_s: float
) -> list[Array]:
    head = head | {"interpreter": interpreter, "arena_bytes": _arena_bytes(model)}
    request = io.BytesIO()
    file = np.frombuffer(model.source.data, np.uint8)
    reference_worker.write_message(request, head, [file, *inputs])
    answer = _worker(model, interpreter, request.getvalue(), timeout_s)
    reply, arrays = reference_worker.read_message(answer)
    if "allocations" in reply:
        _host_arenas[model.source.sha256] = HostArena(**reply["allocations"])
    return arrays


def _arena_bytes(model: Model) -> int:
    """More than TFLM can need: all tensors at once, their scratch buffers and structures.

    Only pages that are touched cost memory.
    """
    tensors = sum(t.bytes + 1024 for t in model.tensors)
    return 4 * tensors + (8 << 20)


def _worker(model: Model, interpreter: str, message: bytes, timeout_s: float) -> bytes:
    # By path and with -P, so that it neither imports edgegen (slow to start) nor takes a
    # module from its own folder or the current one for a package.
    command = [sys.executable, "-P", str(Path(reference_worker.__file__))]
    try:
        done = subprocess.run(command, input=message, capture_output=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise EdgegenError(
            f"the reference interpreter did not finish this model within {timeout_s:g} s.",
            where=model.source.file_name,
        ) from None
    if done.returncode == reference_worker.MISSING_PACKAGE:
        raise MissingToolError(
            f"{_PACKAGES[interpreter]}, the reference interpreter for this model, "
            f"can't be imported: {_last_lines(done.stderr)}",
            fix=_FIXES[interpreter],
        )
    if done.returncode != 0:
        raise EdgegenError(
            f"the reference interpreter ({_name(interpreter)}) {_failure(done)}",
            where=model.source.file_name,
            fix="The file is damaged or uses an operator in a way that the interpreter can't "
            "run: convert the model again.",
        )
    return done.stdout


def _failure(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = _last_lines(done.stderr)
    if done.returncode >= 0:
        return f"refused this model: {lines or f'exit status {done.returncode}'}"
    number = -done.returncode
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return f"crashed on this model: {' / '.join(part for part in (name, lines) if part)}"


def _last_lines(stderr: bytes, count: int = 3) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    return " / ".join([line for line in lines if line][-count:])


def _name(interpreter: str) -> str:
    package = _PACKAGES[interpreter]
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return package
