"""Servers of a model of images: raw frames and pictures become what the camera would have given."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgegen import api
from generated.linux.conftest import EXAMPLE
from support.serving import Server, request, serving


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits example without the engine aot: its native library is built in seconds."""
    directory = tmp_path_factory.mktemp("frames") / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        directory,
        engines=("litert",),
        inputs=EXAMPLE / "input.toml",
        serve=("http",),
    )
    build = directory / "build"
    source = directory / "edgegen" / "native"
    subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", build], check=True)
    subprocess.run(["cmake", "--build", build], check=True)
    return directory


@pytest.fixture(scope="module")
def server(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    library = project / "build" / "libdigits_native.so"
    with ExitStack() as stack:
        # For the server alone: this process keeps the first library that it opens.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DIGITS_NATIVE_LIBRARY", str(library))
            log = tmp_path_factory.mktemp("serve") / "log"
            running = stack.enter_context(serving(project, log))
        yield running
        assert running.stop() == 0


@pytest.fixture(scope="module")
def prepare(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.preprocess").Preprocessor(0)


@pytest.fixture(scope="module")
def model(digits_runtime: Path) -> Iterator[Any]:
    with importlib.import_module("digits_runtime").Model("litert") as opened:
        yield opened


def encoded(levels: np.ndarray[Any, np.dtype[np.uint8]], kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, kind)
    return file.getvalue()


def test_a_frame_raw_or_as_png_gives_the_models_answer(
    server: Server, prepare: Any, model: Any
) -> None:
    info = json.loads(server.ask(request(path="/info", method="GET")).body)
    assert {"image/x-raw", "image/png", "image/jpeg"} <= set(info["content_types"])
    for seed in range(3):
        frame = np.random.default_rng(seed).integers(0, 256, (48, 64), np.uint8)
        wanted = model.predict(prepare(frame))[0].tolist()
        for kind, body in (("image/x-raw", frame.tobytes()), ("image/png", encoded(frame, "PNG"))):
            answer = server.ask(request(body, kind))
            assert answer.status == 200, answer.body
            assert next(iter(json.loads(answer.body)["outputs"].values())) == wanted


def test_a_jpeg_of_another_size_is_scaled_as_a_file_would_be(
    server: Server, prepare: Any, model: Any
) -> None:
    images = importlib.import_module("digits_runtime.images")
    formats = importlib.import_module("digits_runtime.formats")
    body = encoded(np.linspace(0, 255, 640 * 480).astype(np.uint8).reshape(480, 640), "JPEG")
    frame = images.decode(body, formats.of_inputs()[0], 1 << 20)
    answer = server.ask(request(body, "image/jpeg", headers={"accept": "application/octet-stream"}))
    assert answer.body == model.predict(prepare(frame))[0].tobytes()


def test_what_is_no_frame_is_refused(server: Server) -> None:
    frame = np.zeros((48, 64), np.uint8)
    png = encoded(frame, "PNG")
    bomb = encoded(np.zeros((5000, 5000), np.uint8), "PNG")
    for kind, body in (
        ("image/x-raw", frame.tobytes()[1:]),
        ("image/x-raw", b""),
        ("image/png", png[: len(png) // 2]),
        ("image/png", b""),
        ("image/png", b"hello there"),
        ("image/png", encoded(frame, "JPEG")),
        ("image/png", encoded(frame, "GIF")),
        ("image/png", bomb),
        ("image/png", png[:20] + b"\xff" * 8 + png[28:]),
        ("image/jpeg", encoded(frame, "JPEG")[:60]),
    ):
        answer = server.ask(request(body, kind))
        assert answer.status == 422, (kind, body[:20], answer)
        assert b"hello" not in answer.body
    assert server.ask(request(bytes(1 << 21), "image/png")).status == 413
    assert server.ask(request(bytes(64))).status == 200
