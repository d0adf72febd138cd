"""Generated `native`, `engines.aot` and `preprocess`: the C library as the package calls it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgegen.frontends import tflite
from edgegen.inputs import ImageInput
from edgegen.preprocessing import prepare, resolve
from support.host_engine import tflm
from support.linux_project import module, runtime

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"
# As in input.toml.
CAMERA = ImageInput(width=64, height=48, format="gray8", fit="crop", mean=(0,), std=(255,))
MODEL = tflite.parse((EXAMPLE / "digits.tflite").read_bytes(), "digits.tflite")


@pytest.fixture(scope="module")
def digits(digits_runtime: Path) -> ModuleType:
    return runtime(digits_runtime)


@pytest.fixture
def native(digits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, which has not opened the library yet."""
    found = module(digits, "native")
    monkeypatch.setenv(found.ENVIRONMENT, os.environ[found.ENVIRONMENT])
    for cached in (found._opened, found._variants):
        cached.cache_clear()
    yield found
    for cached in (found._opened, found._variants):
        cached.cache_clear()


def images(count: int) -> list[Any]:
    random = np.random.default_rng(3)
    return list(random.integers(-128, 128, (count, 1, 8, 8, 1), np.int8))


def references(given: list[Any]) -> list[Any]:
    (output,) = MODEL.outputs
    return [found[output] for found in tflm(MODEL, [[each] for each in given])]


@pytest.mark.parametrize("engine", ["aot", "aot-portable"])
def test_outputs_are_the_references(digits: ModuleType, engine: str) -> None:
    given = images(30)
    with digits.Model(engine) as model:
        assert ("portable" in model.description) >= (engine == "aot-portable")
        for image, want in zip(given, references(given), strict=True):
            (got,) = model.predict(image)
            assert np.array_equal(got, want)


def test_models_in_threads_do_not_meet(digits: ModuleType) -> None:
    given = images(200)
    wanted = references(given)
    wrong: list[int] = []

    def work(first: int) -> None:
        with digits.Model("aot") as model:
            for number in range(first, len(given), 4):
                (got,) = model.predict(given[number])
                if not np.array_equal(got, wanted[number]):
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_output_stays_what_it_is(digits: ModuleType) -> None:
    one, other = images(2)
    with digits.Model("aot") as model:
        (first,) = model.predict(one)
        kept = first.copy()
        model.predict(other)
    assert np.array_equal(first, kept)


def test_another_model_file_is_refused(digits: ModuleType, tmp_path: Path) -> None:
    same, other = tmp_path / "same.tflite", tmp_path / "other.tflite"
    same.write_bytes(MODEL.source.data)
    other.write_bytes(MODEL.source.data + b"\0")
    with digits.Model("aot", model_file=same) as model:
        assert model.engine == "aot"
    with pytest.raises(digits.UsageProblem, match="has its model built in"):
        digits.Model("aot", model_file=other)


def test_no_such_variant(native: Any, digits: ModuleType) -> None:
    with pytest.raises(digits.MissingProblem, match="no variant 'mmx'"):
        native.NativeModel("mmx")


def test_a_library_that_is_not_there(
    native: Any, digits: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(native.ENVIRONMENT)
    with pytest.raises(digits.MissingProblem, match="is not built") as caught:
        native.NativeModel()
    assert "pip install" in caught.value.fix
    assert caught.value.exit_code == 3
    nonsense = tmp_path / "libdigits_native.so"
    for content in (b"", b"no library at all", b"\x7fELF" + bytes(100)):
        nonsense.write_bytes(content)
        monkeypatch.setenv(native.ENVIRONMENT, str(nonsense))
        with pytest.raises(digits.MissingProblem, match="cannot be loaded"):
            native.NativeModel()


def test_a_library_of_another_model(
    native: Any, digits: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native.spec, "MODEL_SHA256", "0" * 64)
    with pytest.raises(digits.MissingProblem, match="other sources than this package"):
        native.NativeModel()


@pytest.fixture(scope="module")
def preprocess(digits: ModuleType) -> Any:
    return module(digits, "preprocess")


def test_inputs_are_those_of_the_generator(preprocess: Any) -> None:
    (description,) = resolve(MODEL, [CAMERA])
    made = prepare(MODEL, description)
    preprocessor = preprocess.Preprocessor(0)
    assert preprocessor.raw.shape == made.raw_shape
    assert preprocessor.raw.bytes == made.raw_bytes
    random = np.random.default_rng(5)
    for _ in range(5):
        frame = random.integers(0, 256, made.raw_shape, np.uint8)
        wanted = made.run(frame)
        given = (frame, frame.tobytes(), bytearray(frame.tobytes()), memoryview(frame.tobytes()))
        for each in (*given, np.asfortranarray(frame)):
            tensor = preprocessor(each)
            assert tensor.dtype == wanted.dtype
            assert np.array_equal(tensor, wanted)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (np.zeros((48, 64), np.int8), r"uint8 \[48, 64\], not from int8 \[48, 64\]"),
        (np.zeros((64, 48), np.uint8), r"not from uint8 \[64, 48\]"),
        (b"short", "3072 bytes .*, not from 5"),
        (bytes(3073), "3072 bytes .*, not from 3073"),
        ("text", "bytes or a numpy array, not from str"),
        (None, "not from NoneType"),
    ],
)
def test_raw_bytes_that_are_not_those(
    digits: ModuleType, preprocess: Any, raw: object, why: str
) -> None:
    with pytest.raises(digits.UsageProblem, match=why):
        preprocess.Preprocessor()(raw)


@pytest.mark.parametrize("index", [1, -1, 1000])
def test_an_input_without_a_description(digits: ModuleType, preprocess: Any, index: int) -> None:
    with pytest.raises(digits.UsageProblem, match="not made from raw bytes; inputs that are: 0"):
        preprocess.Preprocessor(index)
