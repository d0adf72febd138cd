"""Engine `aot` on this machine beside LiteRT's XNNPACK: `make bench-native`.

    python benchmarks/native.py MODEL.tflite... [--rounds N] [--layers] [--ways avx2...]

int8 models of one input and one output, one thread, everything in one process: the generated C is
compiled into a shared library and called through ctypes. In every round each contender infers
once, on an input that it was given before; a figure is the median of the rounds, the call from
Python included, a ratio is one of medians. Without --ways all are taken that this machine can run.

Outputs are compared with TensorFlow Lite Micro's before: one that differs ends the run. XNNPACK's
may differ from them; by how many steps at most is in the record.

Prints a table and writes build/bench/native.json. With --layers it says where the time goes.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from preprocess import facts

from edgegen import reference
from edgegen.engines.aot.emit import Emitter
from edgegen.engines.aot.engine import lean
from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.program import Call
from edgegen.frontends import tflite
from edgegen.model import Model

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "bench" / "native.json"
NAME = "bench"
VECTORS = 5
FLAGS = ("-std=c99", "-DNDEBUG", "-ffp-contract=off", "-fPIC", "-shared")

API = f"""
#include <stddef.h>
#include <stdint.h>
#include "edgegen/status.h"
#include "{NAME}/engine.h"
eg_status {NAME}_init(void *arena, size_t arena_bytes);
eg_status {NAME}_invoke(void);
int8_t *{NAME}_input_0(void);
const int8_t *{NAME}_output_0(void);
"""

CLOCK = """
#include <stddef.h>
#include <stdint.h>
#include <time.h>
static double laps[4096], last;
static int lap;
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
double *bench_laps(void);
double *bench_laps(void)
{
    lap = 0;
    last = now();
    return laps;
}
void eg_trace_tensor(uint32_t tensor, const void *data, size_t bytes)
{
    const double time = now();
    (void)tensor, (void)data, (void)bytes;
    laps[lap++] = time - last;
    last = time;
}
"""

Array = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Contender:
    """Only `invoke` is timed."""

    put: Callable[[Array], None]
    invoke: Callable[[], object]
    get: Callable[[], Array]

    def infer(self, vector: Array) -> Array:
        self.put(vector)
        self.invoke()
        return self.get()


@dataclass(frozen=True, slots=True)
class Way:
    """One lowering and the instructions that its compiler may use."""

    features: tuple[str, ...]
    flags: tuple[str, ...]
    needs: tuple[str, ...]


WAYS = {
    "portable": Way((), ("-march=x86-64-v2",), ()),
    "avx2": Way(("avx2",), ("-mavx2",), ("avx2",)),
    "avxvnni": Way(("avx2", "vnni"), ("-mavx2", "-mavxvnni"), ("avx_vnni",)),
    "avx512vnni": Way(
        ("avx2", "vnni"),
        ("-mavx2", "-mavx512vl", "-mavx512bw", "-mavx512vnni"),
        ("avx512_vnni", "avx512vl", "avx512bw"),
    ),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--optimise", default="-O2")
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[w for w in WAYS if runs(w)])
    options = parser.parse_args(arguments)
    compiler = (options.compiler, *FLAGS, options.optimise)

    rows = []
    names = [*options.ways, "xnnpack"]
    print(
        f"{'microseconds':32}" + "".join(f"{name:>12}" for name in names) + "   ratios to xnnpack"
    )
    for path in options.models:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(path, options, compiler, Path(folder))
        rows.append(row)
        text = "".join(f"{row['us'][name]:12.1f}" for name in names)
        ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratios"].items())
        print(f"{path.stem:32}{text}   {ratios}", flush=True)
    record = {
        **facts(["ai-edge-litert", "numpy"]),
        "compiler": version(options.compiler),
        "flags": compiler[1:],
        "rounds": options.rounds,
        "instructions": sorted(each for each in instructions() if each.startswith("avx")),
        "rows": rows,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def runs(way: str) -> bool:
    """Whether this machine has the instructions."""
    return set(WAYS[way].needs) <= instructions()


def instructions() -> set[str]:
    """Of this processor, by Linux's names."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(set(line.split()) for line in lines if line.startswith("flags"))


def version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def measure(
    path: Path, options: argparse.Namespace, compiler: tuple[str, ...], folder: Path
) -> dict[str, Any]:
    """One model: every contender's time."""
    model = tflite.parse(path.read_bytes(), path.name)
    shape = model.tensors[model.inputs[0]].shape
    random = np.random.default_rng(1)
    vectors = [random.integers(-128, 128, shape).astype(np.int8) for _ in range(VECTORS)]
    expected = [v[0] for v in reference.run(model, [[v] for v in vectors]).outputs]
    contenders = {}
    for name in options.ways:
        contenders[name] = generated(model, WAYS[name], compiler, folder / name)
        for vector, wanted in zip(vectors, expected, strict=True):
            if not np.array_equal(contenders[name].infer(vector), wanted.reshape(-1)):
                sys.exit(f"{path.name}: {name} differs from TensorFlow Lite Micro")
        if options.layers:
            for line in layers(model, WAYS[name], compiler, folder / f"{name}-layers"):
                print(line)
    contenders["xnnpack"] = xnnpack(path)
    steps = max(
        int(np.abs(contenders["xnnpack"].infer(v).astype(int) - e.reshape(-1).astype(int)).max())
        for v, e in zip(vectors, expected, strict=True)
    )
    medians = interleaved(contenders, vectors[0], options.rounds)
    ratios = {n: round(t / medians["xnnpack"], 3) for n, t in medians.items() if n != "xnnpack"}
    us = {name: round(t * 1e6, 2) for name, t in medians.items()}
    return {"model": path.name, "us": us, "ratios": ratios, "xnnpack_differs_by_steps": steps}


def interleaved(
    contenders: Mapping[str, Contender], vector: Array, rounds: int
) -> dict[str, float]:
    """Median seconds of every contender, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for contender in contenders.values():
        contender.put(vector)
    for number in range(rounds + 20):
        for name, contender in contenders.items():
            invoke = contender.invoke
            start = time.perf_counter()
            invoke()
            taken = time.perf_counter() - start
            if number >= 20:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def generated(model: Model, way: Way, compiler: tuple[str, ...], folder: Path) -> Contender:
    """The generated C as a function."""
    library = build(model, way, compiler, folder)
    invoke, output = library.bench_invoke, library.bench_output_0
    output.restype = library.bench_input_0.restype = ctypes.c_void_p
    size = model.tensors[model.outputs[0]].elements
    arena = (ctypes.c_char * (arena_bytes(folder) + 64))()
    base = (ctypes.addressof(arena) + 63) // 64 * 64
    if library.bench_init(ctypes.c_void_p(base), ctypes.c_size_t(arena_bytes(folder))) != 0:
        sys.exit("the engine does not start")
    data, result = library.bench_input_0(), output()

    def get() -> Array:
        return np.frombuffer(ctypes.string_at(result, size), np.int8)

    def put(vector: Array, keep: Any = arena) -> None:
        ctypes.memmove(data, vector.ctypes.data, vector.nbytes)

    return Contender(put, invoke, get)


def arena_bytes(folder: Path) -> int:
    text = (folder / "aot" / "include" / NAME / "engine.h").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if f"{NAME.upper()}_ARENA_BYTES" in line)
    return int(line.split()[2].rstrip("uU"))


def build(
    model: Model, way: Way, compiler: tuple[str, ...], folder: Path, *more: str
) -> ctypes.CDLL:
    slim = lean(model).model
    program = lower(slim, way.features)
    files = Emitter(slim, program, NAME, "this machine").files()
    files[f"include/{NAME}/model.h"] = API.encode()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    library = folder / "model.so"
    sources = [str(folder / name) for name in files if name.endswith(".c")]
    includes = [f"-I{folder / each}" for each in ("include", "aot/include")]
    includes.append(f"-I{ROOT / 'runtime_c' / 'include'}")
    subprocess.run(
        [*compiler, *way.flags, *more, *includes, *sources, "-lm", "-o", str(library)], check=True
    )
    return ctypes.CDLL(str(library))


def layers(model: Model, way: Way, compiler: tuple[str, ...], folder: Path) -> Iterator[str]:
    """Microseconds of each step: medians of what passes between two traced tensors."""
    slim = lean(model).model
    program = lower(slim, way.features)
    folder.mkdir(parents=True)
    (folder / "clock.c").write_text(CLOCK)
    library = build(
        model, way, compiler, folder, "-DEG_TRACE=1", "-D_GNU_SOURCE", str(folder / "clock.c")
    )
    arena = (ctypes.c_char * (arena_bytes(folder) + 64))()
    base = (ctypes.addressof(arena) + 63) // 64 * 64
    library.bench_init(ctypes.c_void_p(base), ctypes.c_size_t(arena_bytes(folder)))
    count = len(program.steps)
    library.bench_laps.restype = ctypes.POINTER(ctypes.c_double)
    rounds = []
    for _ in range(300):
        laps = library.bench_laps()
        library.bench_invoke()
        rounds.append([laps[k] for k in range(count)])
    for step, took in zip(program.steps, np.median(np.array(rounds), axis=0), strict=True):
        name = step.function if isinstance(step, Call) else "nothing"
        shape = list(slim.tensors[step.op.outputs[0]].shape)
        yield f"    {took * 1e6:8.2f}  {step.op.kind.value:18} {shape!s:18} {name}"


def xnnpack(path: Path) -> Contender:
    """LiteRT's default, which hands the model to XNNPACK."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    data = interpreter.get_input_details()[0]["index"]
    result = interpreter.get_output_details()[0]["index"]

    return Contender(
        lambda vector: interpreter.set_tensor(data, vector),
        interpreter.invoke,
        lambda: interpreter.get_tensor(result).reshape(-1),
    )


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main(sys.argv[1:])
