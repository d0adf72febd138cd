"""The process in which `edgegen.reference` runs an interpreter's native code.

A model that crashes an interpreter must not take edgegen with it, so the interpreter
lives here. Run as a script, by path; it imports nothing of edgegen. Protocol: one
message each way, on stdin and stdout: a line of JSON whose "arrays" lists (dtype, shape)
pairs, then the bytes of those arrays in that order. The request's first array is the
model file. Whatever native code prints goes to stderr.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.generic]

# Exit status for a package that cannot be imported; the cause is on stderr.
MISSING_PACKAGE = 3


def write_message(stream: IO[bytes], head: dict[str, Any], arrays: Sequence[Array]) -> None:
    """Writes one message; ``head`` gets the key "arrays"."""
    described = [[array.dtype.str, list(array.shape)] for array in arrays]
    stream.write(json.dumps(head | {"arrays": described}).encode() + b"\n")
    for array in arrays:
        stream.write(array.tobytes())


def read_message(message: bytes) -> tuple[dict[str, Any], list[Array]]:
    """Splits a message into head and arrays; ValueError if it is cut short."""
    import numpy as np

    line, _, body = message.partition(b"\n")
    head = json.loads(line)
    offset = 0
    arrays: list[Array] = []
    for dtype_text, shape in head["arrays"]:
        dtype = np.dtype(dtype_text)
        count = math.prod(shape)
        arrays.append(np.frombuffer(body, dtype, count, offset).reshape(shape))
        offset += count * dtype.itemsize
    return head, arrays


def _collect(
    head: dict[str, Any],
    inputs: list[Array],
    infer: Callable[[list[Array]], list[Array]],
    tensor: Callable[[int], Array],
) -> list[Array]:
    """Outputs, then the wanted tensors, of every vector in turn."""
    per_vector = int(head["inputs_per_vector"])
    collected: list[Array] = []
    for first in range(0, len(inputs), per_vector):
        collected += infer(inputs[first : first + per_vector])
        collected += [tensor(index) for index in head["tensors"]]
    return collected


def _run_tflm(head: dict[str, Any], model: bytes, inputs: list[Array]) -> list[Array]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(
        model,
        arena_size=head["arena_bytes"],
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )

    def infer(values: list[Array]) -> list[Array]:
        for k, value in enumerate(values):
            interpreter.set_input(value, k)
        interpreter.invoke()
        return [interpreter.get_output(k) for k in range(head["outputs"])]

    def tensor(index: int) -> Array:
        value: Array = interpreter.GetTensor(index, 0)["tensor_data"]
        return value

    return _collect(head, inputs, infer, tensor)


def _run_litert(head: dict[str, Any], model: bytes, inputs: list[Array]) -> list[Array]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    input_details = interpreter.get_input_details()
    output_details = interpreter.get_output_details()

    def infer(values: list[Array]) -> list[Array]:
        for detail, value in zip(input_details, values, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in output_details]

    return _collect(head, inputs, infer, interpreter.get_tensor)


def _run_onnxruntime(head: dict[str, Any], model: bytes, inputs: list[Array]) -> list[Array]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # The graph as it stands in the file, and sums in one order.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def infer(values: list[Array]) -> list[Array]:
        found: list[Array] = session.run(None, dict(zip(names, values, strict=True)))
        return found

    def tensor(index: int) -> Array:
        raise ValueError(f"tensor {index} is not shown")

    return _collect(head, inputs, infer, tensor)


def _printed(action: Callable[[], None]) -> str:
    """What native code writes to file descriptor 2 during ``action``."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as capture:
        os.dup2(capture.fileno(), 2)
        try:
            action()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        capture.seek(0)
        return capture.read().decode(errors="replace")


def _allocations(head: dict[str, Any], model: bytes) -> dict[str, int]:
    """Head and tail of TFLM's arena, in bytes, as its recording allocator reports them."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=head["arena_bytes"])
    text = _printed(interpreter.print_allocations)
    found = dict(re.findall(r"Arena allocation (head|tail) (\d+) bytes", text))
    if set(found) != {"head", "tail"}:
        raise RuntimeError(f"no arena numbers in what the interpreter printed: {text!r}")
    return {key: int(value) for key, value in found.items()}


def _no_core_dump() -> None:
    try:
        import resource
    except ImportError:  # Windows has no core dumps to suppress
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    # Native code may print to stdout, which carries the answer: keep a private copy of
    # it and send everything else to stderr.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _no_core_dump()
    try:
        head, (file, *inputs) = read_message(sys.stdin.buffer.read())
        model = file.tobytes()
        reply: dict[str, Any] = {}
        arrays: list[Array] = []
        if head["interpreter"] == "litert":
            arrays = _run_litert(head, model, inputs)
        elif head["interpreter"] == "onnxruntime":
            arrays = _run_onnxruntime(head, model, inputs)
        else:
            reply["allocations"] = _allocations(head, model)
            if inputs:
                arrays = _run_tflm(head, model, inputs)
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(MISSING_PACKAGE)
    except Exception as error:  # the parent turns this line into its own error
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
    write_message(answer, reply, arrays)
    answer.close()
    # Skip the interpreters' destructors: the answer is complete, and one that crashes
    # while it is torn down would only turn it into an error.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
