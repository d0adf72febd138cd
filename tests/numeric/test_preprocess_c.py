"""The C that makes a model's inputs gives Python's tensors, to the bit: every format, front end and
element type, compiled for this machine as strictly as can be."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen import preprocess_c, registry
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import DType, Model, Quant, Source, Tensor
from edgegen.options import Options
from edgegen.preprocessing import AudioPreprocessor, prepare, resolve
from support.host_engine import FLAGS, SANITIZERS

SPEECH = AudioInput(
    sample_rate=16000, frame_length=400, hop=160, mel_bands=32, low_hz=60, high_hz=7000
)
MICRO = replace(SPEECH, frame_length=480, front_end="micro")
CAMERA = ImageInput(width=50, height=30, mean=120.5, std=(60, 70.5, 80))  # type: ignore[arg-type]

IMAGE_SHAPE = (1, 20, 24, 3)
CASES: dict[str, tuple[tuple[int, ...], Input]] = {
    "rgb8": (IMAGE_SHAPE, CAMERA),
    "bgr8, crop": (IMAGE_SHAPE, replace(CAMERA, format="bgr8", fit="crop")),
    "rgba8, channels first": ((1, 3, 20, 24), replace(CAMERA, format="rgba8")),
    "yuyv, letterbox": (
        IMAGE_SHAPE,
        replace(CAMERA, format="yuyv", fit="letterbox", fill=(9, 99, 199), color="bgr"),
    ),
    "nv12, nearest": (IMAGE_SHAPE, replace(CAMERA, format="nv12", resize="nearest")),
    "gray8": ((1, 20, 24), replace(CAMERA, format="gray8", std=(50.0,))),
    "log mel": ((1, 7, 32), SPEECH),
    "odd MFCCs": ((1, 7 * 13), replace(SPEECH, frame_length=301, hop=99, coefficients=13)),
    "librosa's bands": (
        (1, 3, 32, 1),
        replace(SPEECH, mel_scale="slaney", mel_norm="slaney", mel_slopes="mel", window="hamming"),
    ),
    "the smallest transform": (
        (1, 5, 1),
        replace(SPEECH, frame_length=8, hop=3, mel_bands=1, high_hz=8000, window="rectangular"),
    ),
    "a large transform": ((1, 2, 128), replace(SPEECH, fft_size=4096, mel_bands=128)),
    "micro": ((1, 9, 32), MICRO),
    "micro, one row": ((1, 10), replace(MICRO, mel_bands=10)),
}

MAIN = """\
#include <stdio.h>

#include "net/model.h"
#include "net/preprocess.h"

static {element} tensor[{elements}];

{element} *net_input_0(void)
{{
    return tensor;
}}

int main(void)
{{
    static {raw_element} raw[{raw_elements}];

    while (fread(raw, sizeof raw, 1, stdin) == 1) {{
        {call}
        if (fwrite(tensor, sizeof tensor, 1, stdout) != 1) {{
            return 2;
        }}
    }}
    return net_preprocess_0(NULL) == EG_INVALID_ARGUMENT ? 0 : 3;
}}
"""
IMAGE_CALL = """\
const eg_image frame = net_frame_0(raw);
        if (net_preprocess_0(&frame) != EG_OK) {
            return 1;
        }"""
SOUND_CALL = """\
if (net_preprocess_0(raw) != EG_OK) {
            return 1;
        }"""


def model_of(shape: tuple[int, ...], dtype: DType, quant: Quant | None) -> Model:
    tensor = Tensor("a */ name", dtype, shape, quant)
    return Model("net", Source("net.tflite", "tflite", "0" * 64, b""), (tensor,), (), (0,), ())


def program(
    model: Model, description: Input, folder: Path, compiler: str = "gcc", main: str = MAIN
) -> Path:
    """Reads raw inputs and writes tensors."""
    made = prepare(model, description)
    device = registry.load_device("cortex_m4")
    options = Options("net", inputs=resolve(model, [description]))
    files = preprocess_c.emit(model, device, options)
    is_image = isinstance(description, ImageInput)
    element = {"float32": "float"}.get(model.tensors[0].dtype.value)
    element = element or f"{model.tensors[0].dtype.value}_t"
    text = main.format(
        element=element,
        elements=model.tensors[0].elements,
        raw_element=f"{made.raw_dtype}_t",
        raw_elements=int(np.prod(made.raw_shape)),
        call=IMAGE_CALL if is_image else SOUND_CALL,
    )
    api = f"#include <stdint.h>\n{element} *net_input_0(void);\n"
    more = {"main.c": text.encode(), "include/net/model.h": api.encode()}
    for path, content in (files | more).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    sources = [path for path in files | more if path.endswith(".c")]
    sanitizers = SANITIZERS if compiler == "gcc" else ()
    command = [compiler, *FLAGS, "-O2", "-ffp-contract=off", *sanitizers]
    command += ["-Iinclude", "-Iruntime/include", *sources, "-o", "program"]
    subprocess.run(command, check=True, cwd=folder)
    return folder / "program"


QUANTISED = [
    (name, dtype)
    for name in ("rgb8", "log mel", "odd MFCCs", "micro")
    for dtype in (DType.INT8, DType.UINT8)
]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, DType.FLOAT32) for name in CASES), *QUANTISED],
    ids=lambda value: value.value if isinstance(value, DType) else value,
)
def test_tensors_are_pythons(name: str, dtype: DType, tmp_path: Path) -> None:
    shape, description = CASES[name]
    scale = 0.011 if isinstance(description, ImageInput) else 0.13
    zero_point = {DType.INT8: -7, DType.UINT8: 140}.get(dtype, 0)
    quant = None if dtype is DType.FLOAT32 else Quant((scale,), (zero_point,))
    check(model_of(shape, dtype, quant), description, tmp_path)


def test_micro_speechs_own_elements(tmp_path: Path) -> None:
    quant = Quant((0.10196078568696976,), (-128,))
    check(model_of((1, 9, 32), DType.INT8, quant), MICRO, tmp_path)


@pytest.mark.parametrize("name", ["rgb8", "odd MFCCs", "micro"])
def test_by_clang(name: str, tmp_path: Path) -> None:
    shape, description = CASES[name]
    check(model_of(shape, DType.FLOAT32, None), description, tmp_path, "clang")


LISTENER = """\
#include <stdio.h>

#include "net/model.h"
#include "net/preprocess.h"

static {element} tensor[{elements}];

{element} *net_input_0(void)
{{
    return tensor;
}}

int main(void)
{{
    static int16_t samples[4096];
    uint32_t count = 0;

    while (fread(&count, sizeof count, 1, stdin) == 1) {{
        bool is_filled = false;

        if (count > 4096) {{
            net_forget_0();
            continue;
        }}
        if (fread(samples, sizeof samples[0], count, stdin) != count ||
            net_listen_0(count > 0 ? samples : NULL, count, &is_filled) != EG_OK) {{
            return 1;
        }}
        if (is_filled && fwrite(tensor, sizeof tensor, 1, stdout) != 1) {{
            return 2;
        }}
    }}
    return net_listen_0(NULL, 1, NULL) == EG_INVALID_ARGUMENT ? 0 : 3;
}}
"""


@pytest.mark.parametrize("blocks", [(1000,), (1, 159, 0, 4096, 37), (160,)], ids=str)
@pytest.mark.parametrize("name", ["odd MFCCs", "micro", "micro, one row"])
def test_sound_that_goes_on(name: str, blocks: tuple[int, ...], tmp_path: Path) -> None:
    """Every block that completes a row fills the input with the latest rows."""
    shape, description = CASES[name]
    assert isinstance(description, AudioInput)
    model = model_of(shape, DType.INT8, Quant((0.13,), (-7,)))
    listener = program(model, description, tmp_path, main=LISTENER)
    made = prepare(model, description)
    assert isinstance(made, AudioPreprocessor)
    sound = np.random.default_rng(3).integers(-9000, 9000, 16000).astype(np.int16)
    message, expected = b"", []
    for _ in range(2):  # the second time as if nothing had been heard
        message += np.uint32(5000).tobytes()
        rows = made.rows_of(sound)
        features = rows.shape[1]
        heard = frames = 0
        for size in itertools.cycle(blocks):
            block = sound[heard : heard + size]
            message += np.uint32(len(block)).tobytes() + block.tobytes()
            heard += len(block)
            now = max(0, (heard - description.frame_length) // description.hop + 1)
            if now > frames and now >= made.rows:
                expected.append(rows[now - made.rows : now].tobytes())
            frames = now
            if heard == len(sound):
                break
        assert features * made.rows == model.tensors[0].elements
    run = subprocess.run([str(listener)], input=message, capture_output=True, check=True)
    assert len(expected) > 2
    assert run.stdout == b"".join(expected)


def check(model: Model, description: Input, folder: Path, compiler: str = "gcc") -> None:
    made = prepare(model, description)
    rng = np.random.default_rng(7)
    limits: Any = np.iinfo(made.raw_dtype)
    raws = [
        rng.integers(limits.min, limits.max + 1, made.raw_shape).astype(made.raw_dtype),
        np.zeros(made.raw_shape, made.raw_dtype),
        (rng.integers(-9, 10, made.raw_shape) + limits.max // 4).astype(made.raw_dtype),
        np.full(made.raw_shape, limits.max, made.raw_dtype),
    ]
    run = subprocess.run(
        [str(program(model, description, folder, compiler))],
        input=b"".join(raw.tobytes() for raw in raws),
        capture_output=True,
        check=True,
    )
    tensors = [made.run(raw) for raw in raws]
    assert run.stdout == b"".join(tensor.tobytes() for tensor in tensors)
    assert len({tensor.tobytes() for tensor in tensors}) > 1
