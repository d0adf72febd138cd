"""Generated `Model`, `TensorSpec` and engines: what they give, and what they say no to."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from support.linux_project import module, runtime, scaffold
from support.onnx_builder import convolution
from support.recurrent import svdf
from support.tflite_builder import ModelBuilder

RUNTIMES = ("litert", "litert-reference", "litert-edgetpu", "openvino")
ENGINES = ("aot", "aot-portable", *RUNTIMES)


@pytest.fixture(scope="module")
def digits(digits_runtime: Path) -> ModuleType:
    return runtime(digits_runtime)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An ONNX model of floats, [batch, 3, 8, 8] to [batch, 5]."""
    folder = tmp_path_factory.mktemp("onnx") / "squeeze"
    model = convolution(batch="batch").SerializeToString(deterministic=True)
    return runtime(scaffold(model, folder, ".onnx"))


@pytest.fixture
def model(digits: ModuleType) -> Iterator[Any]:
    with digits.Model("litert") as found:
        yield found


def problem(package: ModuleType, name: str = "UsageProblem") -> type[Exception]:
    found: type[Exception] = getattr(package, name)
    return found


def frame(seed: int) -> Any:
    return np.random.default_rng(seed).integers(-128, 128, (1, 8, 8, 1), np.int8)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_outputs_that_are_promised(digits: ModuleType, engine: str) -> None:
    with digits.Model(engine, threads=2) as model:
        assert model.engine == engine
        assert model.description
        (output,) = model.predict(frame(1))
    assert output.dtype == np.int8
    assert output.shape == (1, 10)


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("litert", "XNNPACK, threads: 2"),
        ("litert-reference", "reference kernels"),
        ("openvino", "CPU, threads: 2"),
    ],
)
def test_an_engine_says_what_computes(digits: ModuleType, engine: str, words: str) -> None:
    with digits.Model(engine, threads=2) as model:
        assert model.description.endswith(words)


def test_an_array_may_leave_out_the_leading_1(model: Any) -> None:
    (whole,), (short,) = model.predict(frame(1)), model.predict([frame(1)[0]])
    assert np.array_equal(whole, short)


def test_an_array_need_not_be_contiguous(model: Any) -> None:
    (straight,) = model.predict(np.ascontiguousarray(frame(1)[:, ::-1]))
    (strided,) = model.predict(frame(1)[:, ::-1])
    assert np.array_equal(straight, strided)


def test_a_batch_is_as_many_predictions(model: Any) -> None:
    frames = np.concatenate([frame(seed) for seed in range(3)])
    batch = model.predict_batch(frames)
    assert [each.tolist() for (each,) in batch] == [
        model.predict(each)[0].tolist() for each in frames
    ]
    assert model.predict_batch([]) == []


def test_outputs_are_not_overwritten_by_the_next_prediction(digits: ModuleType) -> None:
    for engine in ENGINES:
        with digits.Model(engine) as model:
            (first,) = model.predict(frame(1))
            kept = first.copy()
            model.predict(frame(2))
            assert np.array_equal(first, kept), engine


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((1, 8, 8, 2), np.int8), "shape"),
        (np.zeros((8, 8), np.int8), "shape"),
        (np.zeros((2, 8, 8, 1), np.int8), "shape"),
        (np.zeros((1, 8, 8, 1), np.float32), "float32"),
        (np.zeros((1, 8, 8, 1), np.uint8), "uint8"),
        ([[0, 1], [2, 3]], "2 were given"),
        ([], "0 were given"),
        (None, "no numpy array"),
        ("text", "no numpy array"),
        (np.array([object()]), "object"),
    ],
)
def test_what_is_no_input_is_refused(
    digits: ModuleType, model: Any, value: Any, words: str
) -> None:
    with pytest.raises(problem(digits), match=words) as caught:
        model.predict(value)
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) <= 3


def test_a_batch_says_which_item_is_wrong(digits: ModuleType, model: Any) -> None:
    with pytest.raises(problem(digits), match=r"Item 1: .*shape"):
        model.predict_batch([frame(1), frame(1)[:, :4]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_floats_have_to_be_finite(package: ModuleType, value: float) -> None:
    image = np.zeros((1, 3, 8, 8), np.float32)
    image[0, 1, 2, 3] = value
    with package.Model() as model, pytest.raises(problem(package), match="finite"):
        model.predict(image)


def test_a_quantised_input_is_made_from_real_numbers(digits: ModuleType, model: Any) -> None:
    tensor = model.inputs[0]
    scale, zero_point = tensor.scale, tensor.zero_point
    real = np.array([-1.0, 0.0, 0.5 * scale, 1.5 * scale, -0.5 * scale, 0.3, 1.0, 7.0])
    # Ties go away from zero: 0.5 to 1, 1.5 to 2, and -0.5 to -1, which is below the limit.
    wanted = [-128, 0, 1, 2, -1, round(0.3 / scale), round(1 / scale), 999]
    clipped = np.clip(np.array(wanted) + zero_point, -128, 127)
    assert tensor.quantize(real).dtype == np.int8
    assert tensor.quantize(real).tolist() == clipped.tolist()
    levels = np.arange(-128, 128).astype(np.int8)
    assert np.array_equal(tensor.quantize(tensor.dequantize(levels)), levels)
    with pytest.raises(problem(digits), match="finite"):
        tensor.quantize([0.0, np.nan])


def test_a_closed_model_says_so(digits: ModuleType) -> None:
    model = digits.Model("litert")
    model.close()
    model.close()
    for use in (lambda: model.predict(frame(1)), lambda: model.engine, lambda: model.warm_up()):
        with pytest.raises(digits.RuntimeProblem, match="closed"):
            use()


def test_threads_may_share_a_model(digits: ModuleType, model: Any) -> None:
    model.warm_up(2)
    frames = [frame(seed) for seed in range(40)]
    wanted = [model.predict(each)[0].tolist() for each in frames]
    found: dict[int, Any] = {}

    def work(start: int) -> None:
        for index in range(start, len(frames), 4):
            found[index] = model.predict(frames[index])[0].tolist()

    workers = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [found[index] for index in range(len(frames))] == wanted


def test_wrong_choices_are_refused(digits: ModuleType, tmp_path: Path) -> None:
    for arguments, words in (
        ({"engine": "tflm"}, "There is no engine 'tflm'"),
        ({"engine": "onnxruntime"}, "There is no engine"),  # not of this package
        ({"threads": 0}, "threads"),
        ({"threads": 5000}, "threads"),
        ({"model_file": tmp_path / "absent.tflite"}, "no model file"),
    ):
        with pytest.raises(problem(digits), match=words):
            digits.Model(**arguments)


@pytest.mark.parametrize("engine", RUNTIMES)
def test_a_file_that_is_no_model_is_refused(
    digits: ModuleType, engine: str, tmp_path: Path, digits_project: Path
) -> None:
    original = (digits_project / "model" / "digits.tflite").read_bytes()
    for number, data in enumerate((b"", b"TFL3" * 100, original[:500], b"\0" * 4096)):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(data)
        with pytest.raises(problem(digits, "ModelProblem"), match="cannot load"):
            digits.Model(engine, model_file=path)


@pytest.mark.parametrize("engine", RUNTIMES)
def test_another_model_is_refused(digits: ModuleType, engine: str, tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.tensor("x", [1, 4], "float32")
    result = builder.tensor("y", [1, 4], "float32")
    builder.op("TANH", [source], [result])
    path = tmp_path / "other.tflite"
    path.write_bytes(builder.build([source], [result]))
    with pytest.raises(problem(digits, "ModelProblem"), match="another model"):
        digits.Model(engine, model_file=path)


@pytest.mark.parametrize("engine", ["aot", "aot-portable"])
def test_a_compiled_model_takes_no_other_file(
    digits: ModuleType, engine: str, digits_project: Path, tmp_path: Path
) -> None:
    original = digits_project / "model" / "digits.tflite"
    with digits.Model(engine, model_file=original) as model:
        model.predict(frame(1))
    other = tmp_path / "other.tflite"
    other.write_bytes(original.read_bytes() + b"\0")
    with pytest.raises(problem(digits), match="built in"):
        digits.Model(engine, model_file=other)


def test_a_damaged_model_file_is_found(digits_project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(digits_project / "edgegen/python/digits_runtime", copy / "damaged_runtime")
    data = copy / "damaged_runtime" / "data" / "model.tflite"
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    sys.path.insert(0, str(copy))
    import damaged_runtime  # type: ignore[import-not-found]

    data.write_bytes(content)
    with pytest.raises(damaged_runtime.ModelProblem, match="damaged: its sha256") as caught:
        damaged_runtime.Model()
    assert caught.value.exit_code == 1
    data.unlink()
    with pytest.raises(damaged_runtime.ModelProblem, match="cannot be read"):
        damaged_runtime.Model()


def test_a_missing_library_is_named(digits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "openvino"):
        monkeypatch.setitem(sys.modules, name, None)
    for engine, words in (
        ("litert", "pip install ai-edge-litert"),
        ("openvino", "pip install openvino"),
    ):
        with pytest.raises(problem(digits, "MissingProblem")) as caught:
            digits.Model(engine)
        assert words in caught.value.fix
        assert caught.value.exit_code == 3


def test_the_next_engine_is_taken_where_one_is_missing(
    package: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package.Model() as model:
        assert model.engine == "onnxruntime"
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with package.Model() as model:
        assert model.engine == "openvino"
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(problem(package, "MissingProblem"), match="No engine can run here"):
        package.Model()


def test_numpy_2_is_too_new_for_tflite_runtime(
    digits: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An empty module in place of the real one, which has no wheels for this machine's Python."""
    old = tmp_path / "tflite_runtime"
    old.mkdir()
    (old / "__init__.py").touch()
    (old / "interpreter.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(problem(digits, "MissingProblem"), match="numpy 2"):
        digits.Model("litert")


def test_the_edge_tpu_falls_back_on_the_processor_and_says_so(
    digits: ModuleType, caplog: pytest.LogCaptureFixture, digits_project: Path, tmp_path: Path
) -> None:
    with caplog.at_level(logging.WARNING), digits.Model("litert-edgetpu") as model:
        (fallen_back,) = model.predict(frame(1))
        assert "not compiled for it" in model.description
    assert "runs on the CPU" in caplog.text
    with digits.Model("litert") as model:
        assert np.array_equal(model.predict(frame(1))[0], fallen_back)
    # The name of the operator alone makes the engine look for the delegate, which is not there.
    named = tmp_path / "named.tflite"
    original = (digits_project / "model" / "digits.tflite").read_bytes()
    named.write_bytes(original + b"edgetpu-custom-op")
    with digits.Model("litert-edgetpu", model_file=named) as model:
        assert "libedgetpu.so.1 gives none" in model.description
        assert np.array_equal(model.predict(frame(1))[0], fallen_back)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_onnx_models_run(package: ModuleType, engine: str) -> None:
    image = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    with package.Model(engine) as model:
        (classes,) = model.predict(image)
        report = module(package, "selftest").run(model)
    assert classes.shape == (1, 5)
    assert classes.sum() == pytest.approx(1)
    assert report.passed, report.text()
    assert report.reference.startswith("onnxruntime")


def test_a_model_that_keeps_a_state_starts_again(tmp_path: Path) -> None:
    package = runtime(scaffold(svdf("float32"), tmp_path / "stateful", engines=["litert"]))
    assert module(package, "spec").KEEPS_STATE
    with package.Model() as model:
        value = model.inputs[0].zeros() + np.float32(1)
        fresh = model.predict(value)
        later = model.predict(value)
        assert any(not np.array_equal(a, b) for a, b in zip(fresh, later, strict=True))
        model.reset()
        assert all(np.array_equal(a, b) for a, b in zip(fresh, model.predict(value), strict=True))
        model.reset()
        model.warm_up()
        assert all(np.array_equal(a, b) for a, b in zip(fresh, model.predict(value), strict=True))
