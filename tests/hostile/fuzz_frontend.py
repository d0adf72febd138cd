"""Feeds mutated models to the frontend.

    python tests/hostile/fuzz_frontend.py --count 100000 --seed 1

Every case must end in a `Model` that keeps its promises or in an `EdgegenError`, and
end at all. A case is one number: `--case N` with the same seed repeats it alone. Inputs
that failed are written to tests/hostile/regressions/, which the tests replay; once
mended, such a file is renamed after its fault and committed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from edgegen.errors import EdgegenError, RefusedModelError  # noqa: E402
from edgegen.frontends import tflite, tflite_metadata  # noqa: E402
from support import invariants, metadata_builder, model_zoo, tflite_builder  # noqa: E402

REGRESSIONS = HERE / "regressions"

# Far above what any of these files takes; it finds hangs, it measures nothing.
SECONDS_PER_CASE = 20
MEMORY_BYTES = 4 << 30

_INTERESTING = (0, 1, 2, 3, 4, 8, 255, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


class HangError(BaseException):
    """The watchdog's; no handler for ordinary errors may swallow it."""


def corpus() -> dict[str, bytes]:
    """The zoo, the digits example, and the smaller reference models where there are any."""
    models = dict(model_zoo.models())
    models["metadata"] = _with_metadata()
    root = HERE.parent.parent
    folder = Path(os.environ.get("EDGEGEN_MODELS") or root.parent / "shared" / "models")
    for path in (root / "examples/digits/digits.tflite", *sorted(folder.glob("*.tflite"))):
        if path.is_file() and path.stat().st_size < 400_000:
            models[path.stem] = path.read_bytes()
    return models


def _with_metadata() -> bytes:
    """A model whose file says of its input that it is an image, and names its classes."""
    builder = tflite_builder.ModelBuilder()
    image = metadata_builder.image("gray", [127.5], [127.5])
    content = metadata_builder.metadata([image], [metadata_builder.output("labels.txt")])
    builder.metadata("TFLITE_METADATA", content)
    x = builder.tensor("x", [1, 2, 2, 1], scale=0.5)
    y = builder.tensor("y", [1, 2, 2, 1], scale=0.5)
    builder.op("RELU", [x], [y])
    return builder.build([x], [y])


def structure(data: bytes) -> list[int]:
    """Positions of the file's 32-bit words that are no tensor data.

    Weights fill most of a file, and any value of them is fine, so mutations aim here.
    """
    from ai_edge_litert.schema_py_generated import Model

    inside = bytearray(len(data))
    model = Model.GetRootAsModel(data, 0)
    for index in range(model.BuffersLength()):
        table = model.Buffers(index)._tab
        if table.Offset(4) and table.VectorLen(table.Offset(4)) > 64:
            start = table.Vector(table.Offset(4))
            length = table.VectorLen(table.Offset(4))
            inside[start : start + length] = b"\1" * length
    return [position for position in range(0, len(data) - 3, 4) if not inside[position]]


class Mutator:
    """Makes case number N of a seed, always the same one.

    Most cases are edits of bytes; every eighth is a sound flatbuffer in which a few
    fields have other values, since few blind edits get beyond the file's structure.
    """

    def __init__(self, seed: int, models: dict[str, bytes]) -> None:
        self._seed = seed
        self._models = models
        self._names = sorted(models)
        self._words = {name: structure(data) for name, data in models.items()}

    def case(self, number: int) -> tuple[str, bytes]:
        rng = random.Random(f"{self._seed}:{number}")
        name = self._names[number % len(self._names)]
        data = bytearray(self._models[name])
        if rng.random() < 0.125 and len(data) < 20_000:
            return name, _edit_fields(rng, self._models[name])
        for _ in range(rng.choice((1, 1, 1, 1, 2, 3, 5, 8))):
            self._mutate(rng, name, data)
        return name, bytes(data)

    def _mutate(self, rng: random.Random, name: str, data: bytearray) -> None:
        if len(data) < 16:
            return
        kind = rng.randrange(16)
        at = self._position(rng, name, data)
        if kind < 5:
            data[at] ^= 1 << rng.randrange(8)
        elif kind < 7:
            data[at] = rng.randrange(256)
        elif kind < 11:
            self._edit_word(rng, data, at & ~3)
        elif kind < 13:
            value = rng.choice((*range(0, 64, 2), 0xFFFF, rng.randrange(65536)))
            struct.pack_into("<H", data, min(at & ~1, len(data) - 2), value)
        elif kind == 13:
            self._splice(rng, data, at)
        elif kind == 14:
            del data[at : at + rng.choice((1, 2, 4, 8, 64))]
        else:
            del data[rng.randrange(len(data)) :]

    def _position(self, rng: random.Random, name: str, data: bytearray) -> int:
        words = self._words[name]
        if words and rng.random() < 0.95:
            return min(rng.choice(words) + rng.randrange(4), len(data) - 1)
        return rng.randrange(len(data))

    @staticmethod
    def _edit_word(rng: random.Random, data: bytearray, at: int) -> None:
        at = min(at, len(data) - 4)
        old: int = struct.unpack_from("<I", data, at)[0]
        value = rng.choice(
            (
                rng.choice(_INTERESTING),
                old + rng.choice((-4, -1, 1, 4)),
                old * 2,
                len(data) - at + rng.choice((-8, -4, 0, 4)),
                rng.randrange(len(data)),
                rng.getrandbits(32),
                struct.unpack("<I", struct.pack("<f", rng.choice((0.0, -1.0, 1e-45, 3e38))))[0],
            )
        )
        struct.pack_into("<I", data, at, value & 0xFFFFFFFF)

    def _splice(self, rng: random.Random, data: bytearray, at: int) -> None:
        other = self._models[rng.choice(self._names)]
        start = rng.randrange(len(other)) & ~3
        length = rng.choice((4, 8, 16, 64, 256))
        piece = other[start : start + length]
        if rng.random() < 0.8:
            data[at & ~3 : (at & ~3) + len(piece)] = piece
        else:
            data[at:at] = piece


def _edit_fields(rng: random.Random, data: bytes) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    graph = model.subgraphs[0]
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.randrange(10)
        tensor, node = rng.choice(graph.tensors), rng.choice(graph.operators)
        if kind < 3:
            _edit_list(rng, tensor, "shape", (0, 1, 2, 3, 4, 6, 65536, -1, 2**31 - 1))
        elif kind == 3:
            tensor.type = rng.randrange(23)
        elif kind == 4 and tensor.quantization is not None:
            _edit_list(rng, tensor.quantization, "scale", (0.0, -1.0, 1e-45, 1e-9, 0.1, 3e38))
            _edit_list(rng, tensor.quantization, "zeroPoint", (0, -128, 127, 128, 2**62))
        elif kind < 7:
            _edit_list(
                rng,
                rng.choice((node, node, graph)),
                rng.choice(("inputs", "outputs")),
                range(-2, len(graph.tensors) + 1),
            )
        elif kind == 7:
            _edit_options(rng, node.builtinOptions)
        elif kind == 8:
            code = rng.choice(model.operatorCodes)
            code.builtinCode = code.deprecatedBuiltinCode = rng.randrange(120)
        else:
            rng.shuffle(graph.operators)
    return tflite_builder.dump(model)


def _edit_list(rng: random.Random, owner: Any, field: str, values: Sequence[Any]) -> None:
    content = getattr(owner, field)
    content = [] if isinstance(content, int | None) else list(content)
    change = rng.randrange(6)
    if change == 0 and content:
        content.pop(rng.randrange(len(content)))
    elif change == 1 or not content:
        content.insert(rng.randrange(len(content) + 1), rng.choice(values))
    elif change == 2:
        rng.shuffle(content)
    else:
        content[rng.randrange(len(content))] = rng.choice(values)
    setattr(owner, field, content)


def _edit_options(rng: random.Random, options: Any) -> None:
    if options is None:
        return
    fields = [key for key, value in vars(options).items() if type(value) is int]
    if fields:
        setattr(options, rng.choice(fields), rng.choice((0, 1, 2, 3, 4, 5, 127, -1)))


@contextmanager
def watchdog(seconds: int) -> Iterator[None]:
    """Raises `HangError` inside the block when it takes longer."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise HangError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def check(data: bytes) -> str:
    """The property; returns how the case ended, raises whatever breaks it."""
    try:
        model = tflite.parse(data, "fuzzed.tflite")
    except EdgegenError as error:
        refusal = error
    else:
        invariants.validate(model)
        metadata = tflite_metadata.read(model)
        findings = (*metadata.input_findings, *metadata.label_findings)
        assert all(finding.isprintable() and len(finding) < 1000 for finding in findings)
        return "accepted"
    assert len(str(refusal)) < 20_000
    if not isinstance(refusal, RefusedModelError):
        return "damaged"
    assert refusal.diagnostics
    return "refused"


def keep(data: bytes) -> Path:
    REGRESSIONS.mkdir(exist_ok=True)
    path = REGRESSIONS / f"failed_{hashlib.sha256(data).hexdigest()[:16]}.tflite"
    path.write_bytes(data)
    return path


def run(mutator: Mutator, numbers: range) -> tuple[Counter[str], int]:
    ends: Counter[str] = Counter()
    failures = 0
    slowest = (0.0, 0)
    for number in numbers:
        name, data = mutator.case(number)
        began = time.perf_counter()
        try:
            with watchdog(SECONDS_PER_CASE):
                ends[check(data)] += 1
        except (Exception, HangError):
            failures += 1
            print(f"case {number} ({name}) failed, kept as {keep(data)}")  # noqa: T201
            traceback.print_exc()
        slowest = max(slowest, (time.perf_counter() - began, number))
    print(f"slowest case: {slowest[1]}, {slowest[0]:.3f} s")  # noqa: T201
    return ends, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Feed mutated models to the frontend.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="repeat this case alone")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    mutator = Mutator(options.seed, corpus())
    numbers = range(options.count)
    if options.case is not None:
        numbers = range(options.case, options.case + 1)
    began = time.perf_counter()
    ends, failures = run(mutator, numbers)
    seconds = time.perf_counter() - began
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    print(f"{len(numbers)} models in {seconds:.0f} s: {told}; {failures} failures")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
