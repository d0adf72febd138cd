"""WebAssembly modules of web projects in Node.js.

module = WasmModule(files["wasm/simd.wasm"], folder)
module.load_weights(files, "simd")
outputs = module.run(model, inputs)
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgegen import chunks
from edgegen.model import Model

Array = npt.NDArray[Any]
_SCRIPT = Path(__file__).with_name("wasm_module.mjs")


def call(name: str, *arguments: float) -> dict[str, Any]:
    """A step, or an address."""
    return {"call": name, "arguments": list(arguments)}


def write(where: dict[str, Any] | int, data: bytes | Array) -> dict[str, Any]:
    """A step."""
    content = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
    return {"write": where, "base64": base64.b64encode(content).decode()}


def read(where: dict[str, Any] | int, count: int) -> dict[str, Any]:
    """A step whose result is bytes in base64."""
    return {"read": where, "bytes": count}


def run(module: Path, steps: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], list[Any]]:
    """Facts of the module, and a result for every step; bytes where they were read."""
    done = subprocess.run(
        ["node", str(_SCRIPT), str(module)],
        input=json.dumps(list(steps)).encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer = json.loads(done.stdout)
    results = [
        base64.b64decode(result) if "read" in step else result
        for step, result in zip(steps, answer["results"], strict=True)
    ]
    return answer["facts"], results


def weights(files: Mapping[str, bytes], build: str) -> bytes:
    """Put together from their chunks; empty where the model has none."""
    manifest = files.get(f"assets/aot-{build}.json")
    if manifest is None:
        return b""
    parsed = chunks.parse_manifest(manifest, build)
    return b"".join(files[f"assets/{each.path}"] for each in parsed.chunks)


@dataclass(slots=True)
class Steps:
    """Steps of one run, and where the outputs of each inference are among the results."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)

    def infer(self, model: Model, inputs: Sequence[Array], by_step: int = 0) -> None:
        """An inference, at once or by so many steps."""
        self.steps += [write(call("eg_input", i), each) for i, each in enumerate(inputs)]
        if by_step:
            self.steps += [call("eg_run", i, i + 1) for i in range(by_step)]
        else:
            self.steps.append(call("eg_invoke"))
        for i, index in enumerate(model.outputs):
            self.reads.append(len(self.steps))
            self.steps.append(read(call("eg_output", i), model.tensors[index].bytes))
