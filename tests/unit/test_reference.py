"""The interpreters in their own process: what they compute, and every way they can fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgegen import reference
from edgegen.errors import EdgegenError, MissingToolError
from edgegen.frontends import tflite
from edgegen.model import Model, OpKind
from support.model_zoo import models
from support.tflite_builder import ModelBuilder

Fake = Callable[[str], None]


def _model(name: str) -> Model:
    return tflite.parse(models()[name], f"{name}.tflite")


def _weight_only() -> Model:
    """int8 in, int8 out, from a table that numpy computes too: y = max(x, zero point)."""
    b = ModelBuilder()
    x = b.tensor("x", [2, 3], "int8", scale=0.5, zero_point=-7)
    y = b.tensor("y", [2, 3], "int8", scale=0.5, zero_point=-7)
    b.op("RELU", [x], [y])
    return tflite.parse(b.build([x], [y]), "relu.tflite")


@pytest.fixture(autouse=True)
def _forget_arenas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "_host_arenas", {})


@pytest.fixture
def fake_tflm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a module of one line in the place of the tflite_micro package."""

    def make(code: str) -> None:
        (tmp_path / "tflite_micro.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return make


def test_integer_models_run_in_tflm_bit_exactly() -> None:
    x = np.array([[-128, -8, -7], [-6, 0, 127]], np.int8)
    result = reference.run(_weight_only(), [[x]], every_activation=True)
    assert result.name.startswith("tflite-micro 0.")
    (y,) = result.outputs[0]
    assert np.array_equal(y, np.maximum(x, -7))
    assert np.array_equal(result.activations[0][1], y)


def test_tensors_without_dimensions() -> None:
    b = ModelBuilder()
    x, y = (b.tensor(name, [], "float32") for name in "xy")
    b.op("ABS", [x], [y])
    model = tflite.parse(b.build([x], [y]), "scalar.tflite")
    ((value,),) = reference.run(model, [[np.array(-2.5, np.float32)]]).outputs
    assert (value.shape, value) == ((), 2.5)


def test_float_models_run_in_litert() -> None:
    model = _model("relu_float32")
    shape = model.tensors[model.inputs[0]].shape
    x = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    result = reference.run(model, [[x], [-x]], every_activation=True)
    assert result.name.startswith("ai-edge-litert ")
    assert np.array_equal(result.outputs[0][0], np.maximum(x, 0))
    assert np.array_equal(result.outputs[1][0], np.maximum(-x, 0))
    assert np.array_equal(result.activations[1][model.outputs[0]], np.maximum(-x, 0))


@pytest.mark.parametrize("name", sorted(models()))
def test_every_activation_has_the_shape_of_its_tensor(name: str) -> None:
    model = _model(name)
    inputs = [np.zeros(model.tensors[t].shape, model.tensors[t].dtype.numpy) for t in model.inputs]
    result = reference.run(model, [inputs], every_activation=True)
    assert set(result.activations[0]) == set(reference.activation_indices(model))
    for index, value in result.activations[0].items():
        assert value.shape == model.tensors[index].shape
    for index, value in zip(model.outputs, result.outputs[0], strict=True):
        assert np.array_equal(value, result.activations[0][index])


def test_an_operator_that_only_copies_has_its_own_activation() -> None:
    """An interpreter may run RESHAPE in place; its input and its output are both right."""
    model = _model("chain")
    image: reference.Array = np.full((1, 8, 8, 1), 200, np.uint8)
    activations = reference.run(model, [[image]], every_activation=True).activations[0]
    (op,) = (op for op in model.ops if op.kind is OpKind.RESHAPE)
    assert op.inputs[0] is not None
    before, after = activations[op.inputs[0]], activations[op.outputs[0]]
    assert before.tobytes() == after.tobytes()
    assert before.any()


def test_activations_are_left_out_unless_asked_for() -> None:
    result = reference.run(_weight_only(), [[np.zeros((2, 3), np.int8)]])
    assert result.activations == ({},)


def test_the_arena_comes_with_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _weight_only()
    reference.run(model, [[np.zeros((2, 3), np.int8)]])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    arena = reference.host_arena(model)
    assert arena.head == 2 * 16  # 6 bytes of input and of output, aligned
    assert arena.tail > 0


def test_the_arena_of_a_float_model_is_tflms_too() -> None:
    model = _model("relu_float32")
    sizes = {model.tensors[t].bytes for t in (*model.inputs, *model.outputs)}
    assert reference.host_arena(model).head >= sum(sizes)


def test_a_missing_package_is_named_with_its_installation(fake_tflm: Fake) -> None:
    fake_tflm("raise ImportError('no such thing here')")
    with pytest.raises(MissingToolError, match="no such thing here") as error:
        reference.run(_weight_only(), [[np.zeros((2, 3), np.int8)]])
    assert error.value.exit_code == 3
    assert "pip install tflite-micro==" in error.value.fix


def test_a_crash_is_an_error_with_the_last_words(fake_tflm: Fake) -> None:
    fake_tflm("import os, sys; print('last words', file=sys.stderr, flush=True); os.abort()")
    with pytest.raises(EdgegenError, match="crashed on this model: SIGABRT / last words"):
        reference.run(_weight_only(), [[np.zeros((2, 3), np.int8)]])


def test_a_hang_is_an_error() -> None:
    with pytest.raises(EdgegenError, match=r"did not finish this model within 0\.001 s"):
        reference.run(_weight_only(), [[np.zeros((2, 3), np.int8)]], timeout_s=0.001)


def test_what_native_code_prints_does_not_reach_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import atexit, os\nos.write(2, b'hello\\n')\n")
    (tmp_path / "tflite_micro").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "tflite_micro" / "__init__.py").write_text(
        "import os, sys\n"
        "os.write(1, b'not an answer')\n"
        f"sys.path.remove({str(tmp_path)!r})\n"
        "del sys.modules['tflite_micro']\n"
        "import tflite_micro\n"
    )
    x: reference.Array = np.arange(6, dtype=np.int8).reshape(2, 3)
    result = reference.run(_weight_only(), [[x]])
    assert np.array_equal(result.outputs[0][0], x)


def test_a_refusal_carries_the_interpreters_reason() -> None:
    model = _model("relu_int8")
    bad = [[np.zeros((1, 1), np.int8)]]
    with pytest.raises(EdgegenError, match="refused this model: ValueError: Cannot set tensor"):
        reference.run(model, bad)
