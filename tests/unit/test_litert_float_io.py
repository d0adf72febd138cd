"""Float inputs and outputs for a quantised .tflite file: the same model, the same integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgegen import golden, reference
from edgegen.engines.litert_float_io import needed, with_float_io
from edgegen.frontends import tflite
from edgegen.model import DType, Model, OpKind
from support.tflite_builder import ModelBuilder, dump

Array = npt.NDArray[np.generic]

REFERENCE_MODELS = ("ad_autoencoder", "ic_resnet8", "kws_dscnn", "vww_mobilenet")


def dequantised(values: Array, model: Model, index: int) -> Array:
    tensor = model.tensors[index]
    if tensor.dtype not in (DType.INT8, DType.INT16):
        return values
    return (values.astype(np.int32) - tensor.zero_point).astype(np.float32) * np.float32(
        tensor.scale
    )


def assert_same(data: bytes) -> Model:
    """Both interpreters compute the same from the file with float inputs and outputs."""
    model, changed = tflite.parse(data, "a.tflite"), tflite.parse(with_float_io(data), "b.tflite")
    vectors = [golden.make_inputs(model, seed) for seed in (1, 2, 3)]
    floats = [
        [dequantised(v, model, index) for v, index in zip(vector, model.inputs, strict=True)]
        for vector in vectors
    ]
    interpreters: tuple[reference.Interpreter, ...] = ("tflm", "litert")
    for interpreter in interpreters:
        before = reference.run(model, vectors, interpreter=interpreter).outputs
        after = reference.run(changed, floats, interpreter=interpreter).outputs
        for wanted, got in zip(before, after, strict=True):
            for want, have, index in zip(wanted, got, model.outputs, strict=True):
                np.testing.assert_array_equal(dequantised(want, model, index), have)
    return changed


def small(dtype: str = "int8") -> ModelBuilder:
    """Nothing but its tensors: x of the type, and y."""
    builder = ModelBuilder()
    zero = 3 if dtype == "int8" else 0
    builder.tensor("x", [1, 7], dtype, scale=0.5, zero_point=zero)
    builder.tensor("y", [1, 7], dtype, scale=0.25)
    return builder


@pytest.mark.parametrize("name", REFERENCE_MODELS)
def test_reference_models(name: str, models_dir: Path) -> None:
    data = (models_dir / f"mlperf_tiny_{name}_int8.tflite").read_bytes()
    changed = assert_same(data)
    assert {changed.tensors[t].dtype for t in (*changed.inputs, *changed.outputs)} == {
        DType.FLOAT32
    }
    assert [op.kind for op in (changed.ops[0], changed.ops[-1])] == [
        OpKind.QUANTIZE,
        OpKind.DEQUANTIZE,
    ]
    assert with_float_io(data).endswith(data)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_each_quantised_type(dtype: str) -> None:
    builder = small(dtype)
    builder.op("LEAKY_RELU", [0], [1], alpha=0.25)
    data = builder.build([0], [1])
    assert needed(tflite.parse(data, "a.tflite"))
    assert_same(data)


def test_an_input_that_is_read_twice_and_one_that_is_float() -> None:
    builder = ModelBuilder()
    first = builder.tensor("first", [1, 4], "float32")
    second = builder.tensor("second", [1, 4], "int8", scale=0.5, zero_point=-3)
    third = builder.tensor("third", [1, 4], "int8", scale=0.5, zero_point=-3)
    total = builder.tensor("total", [1, 4], "int8", scale=1.0)
    positive = builder.tensor("positive", [1, 4], "float32")
    builder.op("ADD", [second, third], [total])
    builder.op("RELU", [first], [positive])
    changed = assert_same(builder.build([second, first, third], [positive, total]))
    assert [changed.tensors[t].name for t in changed.inputs] == ["second", "first", "third"]
    assert [changed.tensors[t].name for t in changed.outputs] == ["positive", "total"]


def test_the_whole_tree_is_what_it_was() -> None:
    """Compared as the schema's own objects: nothing else has changed, and signatures are gone."""
    builder = small()
    builder.op("LEAKY_RELU", [0], [1], alpha=0.25)
    builder.metadata("note", b"kept")
    model = builder.model([0], [1])
    signature = schema.SignatureDefT()
    signature.signatureKey = b"serving_default"
    model.signatureDefs = [signature]
    old = dump(model)
    tree = read(with_float_io(old))
    before = read(old)
    assert not tree.signatureDefs
    assert (tree.version, tree.description) == (before.version, before.description)
    assert [m.name for m in tree.metadata] == [m.name for m in before.metadata]
    assert len(tree.buffers) == len(before.buffers)
    graph, graph_before = tree.subgraphs[0], before.subgraphs[0]
    assert graph.name == graph_before.name
    assert [list(t.shape) for t in graph.tensors] == [[1, 7]] * 4
    assert [t.name for t in graph.tensors] == [b"x", b"y", b"x", b"y"]
    assert [vars(op.builtinOptions) for op in graph.operators[1:2]] == [
        vars(op.builtinOptions) for op in graph_before.operators
    ]


def test_what_is_float_already_is_not_in_need() -> None:
    builder = ModelBuilder()
    builder.tensor("x", [1, 4], "float32")
    builder.tensor("y", [1, 4], "float32")
    builder.op("RELU", [0], [1])
    assert not needed(tflite.parse(builder.build([0], [1]), "a.tflite"))


def test_large_constants_keep_their_alignment() -> None:
    """By 16 bytes, as the schema asks for: XNNPACK and TFLM read them in place."""
    builder = small()
    builder.op("LEAKY_RELU", [0], [1], alpha=0.25)
    old = builder.build([0], [1])
    assert (len(with_float_io(old)) - len(old)) % 16 == 0


def read(data: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
