"""Builds the C that the `aot` engine writes for a model, on this machine, and runs it.

The build is the strictest one: C99, every warning an error, address and undefined
behaviour sanitizers, one of whose reports ends the program.
"""

from __future__ import annotations

import atexit
import functools
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from edgegen import reference, registry
from edgegen.engines.aot import AotEngine, lower
from edgegen.engines.aot.ops import KERNELS
from edgegen.errors import Diagnostic
from edgegen.frontends import tflite
from edgegen.model import DType, Model
from edgegen.options import OptimizeFor, Options

Array = npt.NDArray[Any]
Vector = list[Array]
Activations = dict[int, Array]

_ROOT = Path(__file__).resolve().parents[2]
_RUNTIME = _ROOT / "runtime_c"
_SUPPORT = Path(__file__).parent
_NAME = "host"

FLAGS = (
    *("-std=c99", "-g", "-fno-omit-frame-pointer"),
    *("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wpedantic"),
    "-Werror",
)
FAST_MODULES = ("_scalar", "_linear")
GENERAL_KERNELS = tuple(k for k in KERNELS if not k.lower.__module__.endswith(FAST_MODULES))
WASM_FLAGS = ("--target=wasm32", "-msimd128", f"-I{_SUPPORT / 'wasm' / 'include'}")
WASM_LINK = ("wasm-ld", "--no-entry", "--strip-all", "--allow-undefined", "-z", "stack-size=65536")
SANITIZERS = ("-fsanitize=undefined,address", "-fno-sanitize-recover=all")

_CPUINFO = Path("/proc/cpuinfo")
HAS_AVX2 = _CPUINFO.exists() and " avx2 " in _CPUINFO.read_text()
"""Whether programs built with -mavx2 run here."""


@dataclass(frozen=True, slots=True)
class Build:
    """How to generate and compile.

    Attributes:
        sanitize: Needs a runtime library, which Debian ships with gcc only.
        features: Of the device; the kernels written for them run here through their
            portable twins.
        general: Only with the kernels that take what is not proved to suit faster ones.
        optimize_for: As in `Options`.
        machine: What the compiler may use of this machine, such as "-mavx2".
        wasm: As WebAssembly with SIMD, which Node.js runs.
    """

    compiler: str = "gcc"
    optimise: str = "-O2"
    sanitize: bool = True
    features: tuple[str, ...] = ()
    optimize_for: OptimizeFor = "latency"
    general: bool = False
    machine: tuple[str, ...] = ()
    wasm: bool = False


WASM = Build("clang", sanitize=False, features=("wasm",), wasm=True)


class HostEngine:
    """A model's generated C as a program of this machine, or of Node.js on it.

    Args:
        model: One that the engine takes.
        folder: Empty; keeps the generated files and the program.
    """

    def __init__(self, model: Model, folder: Path, build: Build = Build()) -> None:
        self.model = model
        self._channels = AotEngine().computed_channels(model)
        self._program = [str(folder / "model")]
        if build.wasm:
            self._program = ["node", str(_SUPPORT / "wasm" / "run.mjs"), *self._program]
        device = replace(registry.load_device("cortex_m4"), features=build.features)
        options = Options(_NAME, optimize_for=build.optimize_for)
        with patch.object(lower, "KERNELS", GENERAL_KERNELS if build.general else KERNELS):
            files = AotEngine().emit(model, device, options)
        files |= {f"include/{_NAME}/model.h": _api(model), "include/inputs.h": _inputs(model)}
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        self._compile(folder, [path for path in files if path.endswith(".c")], build)

    def _compile(self, folder: Path, sources: Sequence[str], build: Build) -> None:
        includes = ("include", "aot/include", "runtime/include")
        compiler = (
            build.compiler,
            *FLAGS,
            build.optimise,
            *build.machine,
            *(SANITIZERS if build.sanitize else ()),
            *(WASM_FLAGS if build.wasm else ()),
            "-DEG_TRACE=1",
        )
        kernels = [s.removeprefix("runtime/src/") for s in sources if s.startswith("runtime/")]
        own = [str(folder / source) for source in sources if not source.startswith("runtime/")]
        objects = [str(_object(kernel, compiler)) for kernel in kernels]
        command = [
            *compiler,
            *(f"-I{folder / include}" for include in includes),
            f"-I{_RUNTIME / 'include'}",
        ]
        output = ["-o", self._program[-1]]
        if not build.wasm:
            main = _SUPPORT / "host_main.c"
            _call([*command, *own, str(main), *objects, "-lm", *output], b"")
            return
        for number, source in enumerate((*own, str(_SUPPORT / "wasm" / "main.c"))):
            objects.append(str(folder / f"{number}.o"))
            _call([*command, "-c", source, "-o", objects[-1]], b"")
        _call([*WASM_LINK, *objects, *output], b"")

    def run(
        self, vectors: Sequence[Vector], init_before_every: int | None = None
    ) -> list[Activations]:
        """Every operator's output, by tensor index, for each vector of inputs; without its
        dead channels. Initialised once, or again before so many vectors each."""
        message = b"".join(value.tobytes() for vector in vectors for value in vector)
        answer = _call([*self._program, str(init_before_every or 0)], message)
        per_vector = len(reference.activation_indices(self.model))
        records = list(self._records(answer))
        assert len(records) == per_vector * len(vectors)
        return [
            dict(records[start : start + per_vector])
            for start in range(0, len(records), per_vector)
        ]

    def _records(self, answer: bytes) -> Iterator[tuple[int, Array]]:
        """Whole tensors: one that is computed in stripes comes in several parts."""
        offset = 0
        content = b""
        while offset < len(answer):
            tensor, size = np.frombuffer(answer, np.uint32, 2, offset).tolist()
            content += answer[offset + 8 : offset + 8 + size]
            offset += 8 + size
            described = self.model.tensors[tensor]
            channels = self._channels.get(tensor)
            shape = (*described.shape[:-1], len(channels)) if channels else described.shape
            missing = math.prod(shape) * described.dtype.numpy.itemsize - len(content)
            assert missing >= 0
            if missing == 0:
                yield tensor, np.frombuffer(content, described.dtype.numpy).reshape(shape)
                content = b""
        assert not content


@functools.cache
def _objects() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="edgegen-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _object(source: str, compiler: tuple[str, ...]) -> Path:
    """A kernel of the runtime, compiled once: many models share it."""
    made = _objects() / f"{len(list(_objects().iterdir()))}.o"
    path = _RUNTIME / "src" / source
    _call([*compiler, "-c", f"-I{_RUNTIME / 'include'}", str(path), "-o", str(made)], b"")
    return made


def check(
    data: bytes,
    folder: Path,
    vectors: int = 3,
    *,
    float_tolerance: float = 0.0,
    seed: int = 1,
    build: Build = Build(),
) -> None:
    """Compares every activation of a .tflite file with TensorFlow Lite Micro's.

    Args:
        vectors: How many sets of random inputs; two more hold the smallest and the
            largest value everywhere.
        float_tolerance: Largest difference between floats, relative to the largest
            magnitude in the tensor. Integers must be equal.
    """
    model = tflite.parse(data, "test.tflite")
    assert refusals(model) == ()
    inputs = random_vectors(model, vectors, seed)
    check_vectors(model, inputs, folder, float_tolerance=float_tolerance, build=build)


def check_vectors(
    model: Model,
    inputs: Sequence[Vector],
    folder: Path,
    *,
    float_tolerance: float = 0.0,
    build: Build = Build(),
) -> None:
    """`check` on given inputs."""
    expected = tflm(model, inputs)
    found = differences(model, inputs, expected, folder, float_tolerance, build)
    assert not found, "\n".join(found.values())


def differences(
    model: Model,
    inputs: Sequence[Vector],
    expected: Sequence[Activations],
    folder: Path,
    float_tolerance: float = 0.0,
    build: Build = Build(),
) -> dict[int, str]:
    """What the generated C computes otherwise than expected: by tensor, the first of each."""
    channels = AotEngine().computed_channels(model)
    engine = HostEngine(model, folder, build)
    different: dict[int, str] = {}
    for number, (got, every) in enumerate(zip(engine.run(inputs), expected, strict=True)):
        want = {t: v[..., list(channels[t])] if t in channels else v for t, v in every.items()}
        for tensor, text in _differences(model, got, want, float_tolerance):
            different.setdefault(tensor, f"vector {number}, {text}")
    return different


def tflm(model: Model, vectors: Sequence[Vector]) -> list[Activations]:
    """What TFLM's interpreter computes, floats included: `edgegen.reference` has LiteRT for
    those, which refuses some layers that TFLM takes."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(
        model.source.data,
        arena_size=sum(t.bytes + 1024 for t in model.tensors) * 4 + (1 << 20),
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )
    found = []
    for vector in vectors:
        for k, value in enumerate(vector):
            interpreter.set_input(value, k)
        interpreter.invoke()
        found.append(
            {
                t: np.array(interpreter.GetTensor(t, 0)["tensor_data"])
                for t in reference.activation_indices(model)
            }
        )
    return found


def refusals(model: Model) -> tuple[Diagnostic, ...]:
    """Why the engine refuses the model."""
    return AotEngine().refusals(model)


def random_vectors(model: Model, count: int, seed: int) -> list[Vector]:
    """Random inputs over the whole range of their type, then its two ends."""
    random = np.random.default_rng(seed)
    vectors = [[_random(model, t, random) for t in model.inputs] for _ in range(count)]
    for end in (np.min, np.max):
        vectors.append([np.full_like(value, end(_ends(value))) for value in vectors[0]])
    return vectors


def _random(model: Model, tensor: int, random: np.random.Generator) -> Array:
    described = model.tensors[tensor]
    if described.dtype is DType.FLOAT32:
        return random.uniform(-4.0, 4.0, described.shape).astype(np.float32)
    if described.dtype is DType.BOOL:
        return random.random(described.shape) < 0.5
    limits = np.iinfo(described.dtype.value)
    return random.integers(
        limits.min, limits.max, described.shape, dtype=described.dtype.numpy, endpoint=True
    )


def _ends(value: Array) -> Array:
    if value.dtype == np.float32:
        return np.array([-4.0, 4.0], np.float32)
    if value.dtype == np.bool_:
        return np.array([False, True])
    limits = np.iinfo(str(value.dtype))
    return np.array([limits.min, limits.max], value.dtype)


def _differences(
    model: Model, got: Activations, want: Activations, tolerance: float
) -> Iterator[tuple[int, str]]:
    for tensor, expected in want.items():
        described = model.tensors[tensor]
        actual = got[tensor]
        if described.dtype is DType.FLOAT32:
            apart = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
            wrong = ~(apart <= tolerance * np.max(np.abs(expected), initial=0.0))
        else:
            wrong = actual != expected
        if wrong.any():
            first = tuple(int(k) for k in np.argwhere(wrong)[0])
            text = (
                f"tensor {tensor} {described.name!r} {described.shape}: "
                f"{int(wrong.sum())} of {expected.size} differ; at {first} "
                f"got {actual[first]}, expected {expected[first]}"
            )
            yield tensor, text


def _api(model: Model) -> bytes:
    """The model API that a project would have in include/<name>/model.h."""
    lines = [
        "#include <stddef.h>",
        "#include <stdint.h>",
        '#include "edgegen/status.h"',
        f'#include "{_NAME}/engine.h"',
        f"eg_status {_NAME}_init(void *arena, size_t arena_bytes);",
        f"eg_status {_NAME}_invoke(void);",
        *(f"{_ctype(model, t)} *{_NAME}_input_{k}(void);" for k, t in enumerate(model.inputs)),
        *(
            f"const {_ctype(model, t)} *{_NAME}_output_{k}(void);"
            for k, t in enumerate(model.outputs)
        ),
    ]
    return "\n".join([*lines, ""]).encode()


def _inputs(model: Model) -> bytes:
    inputs = [
        f"    X({_NAME}_input_{k}, {model.tensors[t].bytes})" for k, t in enumerate(model.inputs)
    ]
    lines = [
        f'#include "{_NAME}/model.h"',
        f"#define ARENA_BYTES {_NAME.upper()}_ARENA_BYTES",
        f"#define init {_NAME}_init",
        f"#define invoke {_NAME}_invoke",
        " \\\n".join(["#define MODEL_INPUTS(X)", *inputs]),
    ]
    return "\n".join([*lines, ""]).encode()


def _ctype(model: Model, tensor: int) -> str:
    dtype = model.tensors[tensor].dtype
    if dtype is DType.FLOAT32:
        return "float"
    return "uint8_t" if dtype is DType.BOOL else f"{dtype.value}_t"


def _call(command: list[str], message: bytes) -> bytes:
    done = subprocess.run(command, input=message, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-4000:]
    return done.stdout
