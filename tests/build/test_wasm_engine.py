"""Models as WebAssembly, in Node.js: the bytes are TFLM's, and the inputs those of every target."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edgegen import frontends, golden, targets, wasm_library
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import prepare, resolve
from edgegen.registry import load_device
from edgegen.wasm_library import build
from support.wasm_module import Steps, call, read, run, weights, write

pytestmark = pytest.mark.wasm

LIBC = Path(__file__).resolve().parents[2] / "templates" / "wasm" / "libc"
BUILDS = ("simd", "baseline")


@cache
def made(path: Path, *inputs: Input, alone: bool = False) -> tuple[Model, dict[str, bytes]]:
    """A model and its files below edgegen/, compiled; or what makes its inputs alone."""
    model = frontends.load(path)
    options = Options("net", inputs=resolve(model, inputs))
    files = wasm_library.emit(
        model, "browser", options, has_model=not alone, has_others=bool(inputs)
    )
    return model, files | build.compiled(files)


def module(files: dict[str, bytes], name: str, folder: Path) -> Path:
    path = folder / f"{name}.wasm"
    path.write_bytes(files[f"wasm/{name}.wasm"])
    return path


def loaded(files: dict[str, bytes], name: str) -> Steps:
    return Steps([write(call("eg_weights"), weights(files, name)), call("eg_init")])


def check_outputs(path: Path, name: str, folder: Path, vectors: int = 4) -> None:
    """Every output of every golden vector, of all layers at once and layer by layer."""
    model, files = made(path)
    expected = golden.make(model, vectors).vectors
    facts, counts = run(module(files, name, folder), [call("eg_steps")])
    assert facts["imports"] == []
    assert module_bytes(files) <= code_bytes(model)
    steps = loaded(files, name)
    for vector in expected:
        inputs = golden.make_inputs(model, vector.seed)
        steps.infer(model, inputs)
        steps.infer(model, inputs, by_step=counts[0])
    _, results = run(module(files, name, folder), steps.steps)
    got = iter(results[at] for at in steps.reads)
    for vector in expected:
        for _ in ("at once", "by step"):
            for output in vector.outputs:
                assert next(got) == output.tobytes()


def module_bytes(files: dict[str, bytes]) -> int:
    return sum(len(files[f"wasm/{name}.wasm"]) for name in BUILDS)


def code_bytes(model: Model, *inputs: Input, engine: str = "aot") -> int:
    """What `edgegen fit` says that the code takes."""
    options = Options("x", inputs=inputs)
    (found,) = targets.fit(model, load_device("browser"), options, [engine]).engines
    (download,) = (line for line in found.lines if line.resource == "download")
    return sum(part.quantity.bytes or 0 for part in download.parts if "code" in part.name)


@pytest.mark.parametrize("name", BUILDS)
def test_digits_has_the_bytes_of_tflm(digits_tflite: Path, name: str, tmp_path: Path) -> None:
    check_outputs(digits_tflite, name, tmp_path)


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("model", ["ad_autoencoder", "ic_resnet8", "kws_dscnn", "vww_mobilenet"])
def test_reference_models_have_the_bytes_of_tflm(
    models_dir: Path, model: str, name: str, tmp_path: Path
) -> None:
    check_outputs(models_dir / f"mlperf_tiny_{model}_int8.tflite", name, tmp_path)


@pytest.mark.parametrize("name", BUILDS)
def test_layers_run_as_soon_as_their_weights_are_there(
    digits_tflite: Path, name: str, tmp_path: Path
) -> None:
    model, files = made(digits_tflite)
    data = weights(files, name)
    path = module(files, name, tmp_path)
    _, (count, total) = run(path, [call("eg_steps"), call("eg_weights_bytes")])
    _, ends = run(path, [call("eg_step_weights", step) for step in range(count)])
    assert total == len(data)
    assert ends == sorted(ends)
    inputs = golden.make_inputs(model, 1)
    steps = [write(call("eg_input", 0), inputs[0])]
    begin = 0
    _, (address,) = run(path, [call("eg_weights")])
    for step, end in enumerate(ends):
        steps += [write(address + begin, data[begin:end]), call("eg_run", step, step + 1)]
        begin = end
    output = model.tensors[model.outputs[0]]
    _, results = run(path, [*steps, read(call("eg_output", 0), output.bytes)])
    assert results[-1] == golden.make(model, 1).vectors[0].outputs[0].tobytes()


def test_builds_are_the_same_again_and_by_hand(digits_tflite: Path, tmp_path: Path) -> None:
    _, files = made(digits_tflite)
    for path, content in files.items():
        if path.startswith("native/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
    script = tmp_path / "native" / "build.sh"
    subprocess.run(["sh", str(script), str(tmp_path / "out")], check=True, cwd="/")
    found = {f"wasm/{path.name}": path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found == {path: data for path, data in files.items() if path.startswith("wasm/")}


def test_what_is_written_for_a_model_is_free_of_warnings(
    digits_tflite: Path, tmp_path: Path
) -> None:
    _, files = made(digits_tflite, ImageInput(mean=(0.0,), std=(255.0,), fit="stretch", fill=(9,)))
    native = {path: data for path, data in files.items() if path.startswith("native/")}
    for path, content in native.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    own = [path for path in native if path.endswith(".c") and "/runtime/" not in path]
    folders = ("libc", "include", "runtime/include")
    flags = "-std=c99 -nostdlibinc -msimd128 -Wall -Wextra -Wconversion -Wmissing-prototypes"
    arguments = [*flags.split(), *(f"-I{tmp_path}/native/{each}" for each in folders)]
    for path in own:
        command = ["clang", "--target=wasm32-unknown-unknown", *arguments, "-Werror"]
        subprocess.run([*command, "-fsyntax-only", str(tmp_path / path)], check=True)


def test_no_path_of_this_machine_is_in_a_module(digits_tflite: Path) -> None:
    _, files = made(digits_tflite)
    for name in BUILDS:
        content = files[f"wasm/{name}.wasm"]
        assert not any(word in content for word in (b"/tmp", b"edgegen", b"clang", b".c\0"))


# Inputs


SIZES = ((8, 8), (64, 48), (7, 13), (640, 480))


def check_frames(path: Path, fit: str, folder: Path, *names: str) -> None:
    """Frames of all sizes, with alpha, by modules of these names."""
    description = ImageInput(mean=(0.0,), std=(255.0,), fit=fit, fill=(9,))  # type: ignore[arg-type]
    model, files = made(path, description, alone=names == ("preprocess",))
    steps, expected = [], []
    for width, height in SIZES:
        pixels = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
        camera = replace(description, width=width, height=height, format="rgba8")
        tensor = prepare(model, camera).run(pixels)
        expected.append((0, tensor.tobytes()))
        steps += [write(call("eg_frame", 0, 0, width, height), pixels), call("eg_see", 0)]
        steps.append(read(call("eg_input", 0), tensor.nbytes))
    for name in names:
        if name in BUILDS:
            assert module_bytes(files) <= code_bytes(model, description)
            alone = code_bytes(model, description, engine="litert")
            assert len(files["wasm/preprocess.wasm"]) <= alone
        _, results = run(module(files, name, folder), steps)
        assert list(zip(results[1::3], results[2::3], strict=True)) == expected, name


@pytest.mark.parametrize("fit", ["crop", "letterbox"])
def test_frames_of_a_browser_become_the_tensor_of_every_target(
    digits_tflite: Path, fit: str, tmp_path: Path
) -> None:
    check_frames(digits_tflite, fit, tmp_path, "preprocess")


def test_frames_do_so_in_the_module_of_the_model(digits_tflite: Path, tmp_path: Path) -> None:
    check_frames(digits_tflite, "stretch", tmp_path, *BUILDS, "preprocess")


@pytest.mark.parametrize("pixels", ["rgb8", "gray8", "yuyv", "nv12"])
def test_frames_of_the_description_do_too(digits_tflite: Path, pixels: str, tmp_path: Path) -> None:
    description = ImageInput(width=12, height=10, format=pixels, std=(255.0,))  # type: ignore[arg-type]
    model, files = made(digits_tflite, description, alone=True)
    preprocessor = prepare(model, description)
    raw = golden.make_raw(preprocessor, 1)
    expected = preprocessor.run(raw)
    steps = [
        write(call("eg_frame", 0, 1, 12, 10), raw),
        call("eg_see", 0),
        read(call("eg_input", 0), expected.nbytes),
    ]
    _, (_, status, tensor) = run(module(files, "preprocess", tmp_path), steps)
    assert (status, tensor) == (0, expected.tobytes())


def test_frames_that_cannot_be_are_refused(digits_tflite: Path, tmp_path: Path) -> None:
    _, files = made(digits_tflite, ImageInput(std=(255.0,)), alone=True)
    sizes = [(0, 8), (8, 0), (-1, 8), (32768, 1), (32767, 32767)]
    steps = [call("eg_frame", 0, 0, *size) for size in sizes]
    steps += [call("eg_frame", 1, 0, 8, 8), call("eg_see", 0), call("eg_see", 1)]
    facts, results = run(module(files, "preprocess", tmp_path), steps)
    assert results[:-2] == [0] * 6
    assert 0 not in results[-2:]
    assert facts["memory"] < 1 << 20


def test_memory_grows_for_the_largest_frame_and_no_further(
    digits_tflite: Path, tmp_path: Path
) -> None:
    _, files = made(digits_tflite, ImageInput(std=(255.0,)), alone=True)
    steps = [call("eg_frame", 0, 0, 4096, 4096), call("eg_frame", 0, 0, 4096, 5000)]
    facts, results = run(module(files, "preprocess", tmp_path), steps)
    assert results[0] > 0
    assert results[1] == 0
    assert wasm_library.FRAME_BYTES < facts["memory"] < wasm_library.FRAME_BYTES + (1 << 20)


@pytest.mark.parametrize("front_end", ["float", "micro"])
def test_sound_that_goes_on_becomes_the_tensor_of_every_target(
    models_dir: Path, front_end: str, tmp_path: Path
) -> None:
    features = {"mel_bands": 40, "coefficients": 10} if front_end == "float" else {"mel_bands": 10}
    description = AudioInput(
        sample_rate=16000,
        frame_length=480,
        hop=320,
        low_hz=125.0,
        high_hz=7500.0,
        front_end=front_end,  # type: ignore[arg-type]
        **features,
    )
    path = models_dir / "mlperf_tiny_kws_dscnn_int8.tflite"
    model, files = made(path, description, alone=True)
    preprocessor = prepare(model, description)
    samples = golden.make_raw(preprocessor, 1)
    expected = preprocessor.run(samples)
    whole = [
        write(call("eg_samples", 0), samples),
        call("eg_hear", 0),
        read(call("eg_input", 0), expected.nbytes),
        call("eg_forget", 0),
    ]
    parts = []
    for part in np.array_split(samples, 37):
        parts += [write(call("eg_samples", 0), part), call("eg_listen", 0, len(part))]
    path = module(files, "preprocess", tmp_path)
    steps = [*whole, *parts, read(call("eg_input", 0), expected.nbytes)]
    _, results = run(path, steps)
    assert (results[1], results[2]) == (0, expected.tobytes())
    heard = results[len(whole) + 1 : -1 : 2]
    assert heard == [0] * 36 + [1]
    assert results[-1] == expected.tobytes()
    _, refused = run(path, [call("eg_listen", 0, len(samples) + 1), call("eg_listen", 1, 1)])
    assert refused == [-1, -1]


# The C library

_MAP = """
#include <math.h>
#include <stdint.h>
#include <string.h>
static float values[1 << 16];
__attribute__((export_name("place"))) float *place(void);
float *place(void) { return values; }
__attribute__((export_name("map"))) void map(int32_t function, int32_t count);
void map(int32_t function, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        const float x = values[i];
        switch (function) {
        case 0: values[i] = expf(x); break;
        case 1: values[i] = expm1f(x); break;
        case 2: values[i] = logf(x); break;
        case 3: values[i] = tanhf(x); break;
        case 4: values[i] = sqrtf(x); break;
        case 5: values[i] = fabsf(x); break;
        default: values[i] = floorf(x); break;
        }
    }
}
static uint8_t bytes[64];
__attribute__((export_name("buffer"))) uint8_t *buffer(void);
uint8_t *buffer(void) { return bytes; }
__attribute__((export_name("copy"))) void copy(uint32_t to, uint32_t from, uint32_t count);
void copy(uint32_t to, uint32_t from, uint32_t count) { memcpy(bytes + to, bytes + from, count); }
__attribute__((export_name("move"))) void move(uint32_t to, uint32_t from, uint32_t count);
void move(uint32_t to, uint32_t from, uint32_t count) { memmove(bytes + to, bytes + from, count); }
__attribute__((export_name("set"))) void set(uint32_t to, int32_t value, uint32_t count);
void set(uint32_t to, int32_t value, uint32_t count) { memset(bytes + to, value, count); }
"""

FUNCTIONS = (np.exp, np.expm1, np.log, np.tanh, np.sqrt, np.abs, np.floor)


@pytest.fixture(scope="module")
def libc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libc")
    (folder / "map.c").write_text(_MAP)
    objects = []
    for source in (folder / "map.c", LIBC / "math.c", LIBC / "string.c"):
        objects.append(str(folder / f"{source.stem}.o"))
        flags = "-std=c99 -O2 -nostdlibinc -mcpu=mvp -fno-math-errno -Wall -Wextra -Wconversion"
        own = ["-fno-builtin", "-Werror"] if source.parent == LIBC else ["-fno-builtin"]
        subprocess.run(
            ["clang", "--target=wasm32-unknown-unknown", *flags.split(), *own, f"-I{LIBC}"]
            + ["-c", str(source), "-o", objects[-1]],
            check=True,
        )
    module = folder / "map.wasm"
    subprocess.run(["wasm-ld", "--no-entry", *objects, "-o", str(module)], check=True)
    return module


@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_functions_of_float_are_the_nearest_number(libc: Path, number: int) -> None:
    bits = np.random.default_rng(number).integers(0, 1 << 32, 40_000, np.uint64).astype(np.uint32)
    usual = np.random.default_rng(number).uniform(-20, 20, 20_000).astype(np.float32)
    near = np.float32(1) + np.random.default_rng(number).normal(0, 1e-3, 5_000).astype(np.float32)
    special = np.array(
        [0.0, -0.0, np.inf, -np.inf, np.nan, 88.72284, -103.97208, 1e-45], np.float32
    )
    values = np.concatenate([bits.view(np.float32), usual, near, special])
    steps = [
        write(call("place"), values),
        call("map", number, len(values)),
        read(call("place"), values.nbytes),
    ]
    _, (_, _, found) = run(libc, steps)
    got = np.frombuffer(found, np.float32)
    with np.errstate(all="ignore"):
        real = FUNCTIONS[number](values.astype(np.float64))
        nearest = real.astype(np.float32)
    assert (np.isnan(got) == np.isnan(nearest)).all()
    there = ~np.isnan(nearest)
    got, nearest, real = got[there], nearest[there], real[there]
    assert (np.signbit(got) == np.signbit(nearest)).all()
    finite = np.isfinite(nearest) & np.isfinite(got)
    assert (got[~finite] == nearest[~finite]).all()
    steps_of = np.spacing(np.abs(nearest[finite])).astype(np.float64)
    error = np.abs(got[finite].astype(np.float64) - real[finite]) / steps_of
    assert error.max() <= (0.501 if number < 4 else 0.5)


def test_memory_functions_move_what_they_say(libc: Path) -> None:
    start = np.arange(64, dtype=np.uint8)
    random = np.random.default_rng(7)
    for name in ("copy", "move", "set"):
        for count in (0, 1, 7, 8, 9, 17, 24):
            to, source = (int(each) for each in random.integers(0, 40, 2))
            if name == "copy" and abs(to - source) < count:
                to, source = 0, 32
            expected = start.copy()
            if name == "set":
                expected[to : to + count] = 0xA5
            else:
                expected[to : to + count] = start[source : source + count]
            steps = [
                write(call("buffer"), start),
                call(name, to, 0x1A5 if name == "set" else source, count),
                read(call("buffer"), 64),
            ]
            _, results = run(libc, steps)
            assert results[2] == expected.tobytes(), (name, to, source, count)
