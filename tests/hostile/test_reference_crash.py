"""Models that the frontend accepted and that kill native code all the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema

from edgegen import golden, reference
from edgegen.errors import EdgegenError
from edgegen.frontends import tflite
from edgegen.model import Model
from support.model_zoo import models
from support.tflite_builder import dump


def _spoiled(name: str, change: Any) -> Model:
    """A model whose file was changed after the frontend had checked it."""
    model = tflite.parse(models()[name], "spoiled.tflite")
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(models()[name], 0))
    change(tree.subgraphs[0])
    data = dump(tree)
    sha256 = hashlib.sha256(data).hexdigest()
    return replace(model, source=replace(model.source, data=data, sha256=sha256))


def _far_input(graph: Any) -> None:
    graph.operators[0].inputs = [1 << 24]


def _far_buffer(graph: Any) -> None:
    graph.tensors[1].buffer = 1 << 20


def _huge_output(graph: Any) -> None:
    graph.tensors[graph.outputs[0]].shape = [1, 1 << 30]


@pytest.mark.parametrize(
    ("name", "change"),
    [("relu_int8", _far_input), ("conv_2d_int8", _far_input)],
)
def test_a_crash_of_the_interpreter_is_an_error(name: str, change: Any) -> None:
    model = _spoiled(name, change)
    with pytest.raises(EdgegenError, match="crashed on this model: SIG") as error:
        golden.make(model, 1)
    assert error.value.where == "spoiled.tflite"
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "change"),
    [("relu_int8", _huge_output), ("relu_float32", _far_input), ("relu_float32", _far_buffer)],
)
def test_a_refusal_of_the_interpreter_is_an_error(name: str, change: Any) -> None:
    model = _spoiled(name, change)
    with pytest.raises(EdgegenError, match="refused this model: ") as error:
        reference.run(model, [golden.make_inputs(model, 1)])
    assert error.value.where == "spoiled.tflite"
