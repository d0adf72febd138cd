"""The .tflite frontend: what it accepts, what it makes of it, and every refusal."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as generated

from edgegen import frontends, tflite_schema
from edgegen.errors import RefusedModelError
from edgegen.frontends import tflite
from edgegen.model import (
    Activation,
    BinaryAttrs,
    ConcatenationAttrs,
    Conv2DAttrs,
    DType,
    FullyConnectedAttrs,
    LeakyReluAttrs,
    Model,
    NoAttrs,
    OpKind,
    PadAttrs,
    Padding,
    Pool2DAttrs,
    Quant,
    ReduceAttrs,
    SoftmaxAttrs,
)
from support import invariants, model_zoo
from support.tflite_builder import ModelBuilder, dump


def parse(data: bytes) -> Model:
    return tflite.parse(data, "m.tflite")


@pytest.mark.parametrize("name", sorted(model_zoo.models()))
def test_every_operator_is_accepted(name: str) -> None:
    invariants.validate(parse(model_zoo.models()[name]))


def test_the_zoo_holds_every_operator() -> None:
    kinds = {op.kind for data in model_zoo.models().values() for op in parse(data).ops}
    assert kinds == set(OpKind)


def test_the_whole_model() -> None:
    builder = ModelBuilder()
    x = builder.tensor("in", [1, 4], "int8", scale=0.1, zero_point=7, shape_signature=[-1, 4])
    w = builder.tensor("w", [2, 4], scale=[0.5, 0.25], axis=0, data=[[1, 2, 3, 4], [-5, 6, -7, 8]])
    b = builder.tensor("b", [2], "int32", data=[70000, -1])
    y = builder.tensor("out", [1, 2], "int8", scale=0.2, zero_point=-8)
    builder.op("FULLY_CONNECTED", [x, w, b], [y], version=9, activation="relu6")
    data = builder.build([x], [y])
    model = tflite.parse(data, "digits.v1.tflite")

    assert model.name == "digits.v1"
    assert model.source.format == "tflite"
    assert model.source.data is data
    assert (model.inputs, model.outputs) == ((x,), (y,))
    tenth = float(np.float32(0.1))
    assert model.tensors[x].quant == Quant((tenth,), (7,))
    assert model.tensors[w].quant == Quant((0.5, 0.25), (0, 0), 0)
    assert model.tensors[b].quant is None
    weights, bias = model.tensors[w].data, model.tensors[b].data
    assert weights is not None
    assert bias is not None
    assert weights.tolist() == [[1, 2, 3, 4], [-5, 6, -7, 8]]
    assert bias.tolist() == [70000, -1]
    assert not weights.flags.writeable
    assert weights.base is not None  # a view into the file
    (op,) = model.ops
    assert op.kind is OpKind.FULLY_CONNECTED
    assert (op.inputs, op.outputs, op.version, op.node) == ((x, w, b), (y,), 9, 0)
    assert op.attrs == FullyConnectedAttrs(Activation.RELU6)


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("conv_2d_int8", Conv2DAttrs(Padding.SAME, (2, 2), (1, 1), Activation.RELU)),
        ("depthwise_conv_2d_int8", Conv2DAttrs(Padding.VALID, (1, 1), depth_multiplier=2)),
        ("average_pool_2d_int8", Pool2DAttrs(Padding.SAME, (2, 2), (2, 3))),
        ("add_int8", BinaryAttrs(Activation.RELU6)),
        ("softmax_int8", SoftmaxAttrs(1.0)),
        ("leaky_relu_int8", LeakyReluAttrs(float(np.float32(0.1)))),
        ("concatenation_int8", ConcatenationAttrs(3)),
        ("mean_int8", ReduceAttrs((1, 2))),
        ("pad_int8", PadAttrs(((0, 0), (1, 0), (1, 2), (0, 0)))),
        ("reshape_int8", NoAttrs()),
        ("tanh_int8", NoAttrs()),
    ],
)
def test_attributes(name: str, attrs: object) -> None:
    (op,) = parse(model_zoo.models()[name]).ops
    assert op.attrs == attrs


def test_pairs_are_height_then_width() -> None:
    builder = ModelBuilder()
    x, y = (
        builder.tensor("x", [1, 9, 20, 1], "float32"),
        builder.tensor("y", [1, 3, 4, 1], "float32"),
    )
    w = builder.tensor("w", [1, 2, 3, 1], "float32", data=np.ones((1, 2, 3, 1)))
    options: dict[str, Any] = {"stride": (3, 5), "dilation": (1, 2), "padding": "VALID"}
    builder.op("CONV_2D", [x, w], [y], **options)
    (op,) = parse(builder.build([x], [y])).ops
    assert op.attrs == Conv2DAttrs(Padding.VALID, (3, 5), (1, 2))


def _reduced(axes: Any, shape: Sequence[int], keep_dims: bool = False) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor("x", [2, 3, 4], "float32")
    y = builder.tensor("y", shape, "float32")
    a = builder.tensor("axes", np.shape(axes), "int32", data=axes)
    builder.op("MEAN", [x, a], [y], keep_dims=keep_dims)
    return builder.build([x], [y])


@pytest.mark.parametrize(
    ("axes", "shape", "keep_dims", "resolved"),
    [
        ([1], [2, 4], False, (1,)),
        ([-1, 0, 2], [3], False, (0, 2)),
        ([0, -3, 0], [3, 4], False, (0,)),
        (-1, [2, 3], False, (2,)),
        ([0, 1, 2], [], False, (0, 1, 2)),
        ([2, 1], [2, 1, 1], True, (1, 2)),
    ],
)
def test_axes_are_resolved(
    axes: Any, shape: list[int], keep_dims: bool, resolved: tuple[int, ...]
) -> None:
    (op,) = parse(_reduced(axes, shape, keep_dims)).ops
    assert op.attrs == ReduceAttrs(resolved, keep_dims)


def test_operator_codes_of_old_files() -> None:
    """Before 2020 the number stood in one byte, now called deprecated."""
    builder = ModelBuilder()
    x, y = builder.tensor("x", [1, 4], "float32"), builder.tensor("y", [1, 4], "float32")
    builder.op("RELU", [x], [y])
    model = builder.model([x], [y])
    model.operatorCodes[0].builtinCode = 0
    assert parse(dump(model)).ops[0].kind is OpKind.RELU
    model.operatorCodes[0].builtinCode = generated.BuiltinOperator.LEAKY_RELU
    model.operatorCodes[0].deprecatedBuiltinCode = 0
    assert parse(dump(model)).ops[0].kind is OpKind.LEAKY_RELU


def test_an_absent_bias() -> None:
    (op,) = parse(model_zoo.models()["fully_connected_int8"]).ops
    assert op.inputs == (0, 2, None)


def test_several_inputs_and_outputs_keep_their_order() -> None:
    builder = ModelBuilder()
    a, b, y, z = (builder.tensor(name, [1, 4], "float32") for name in "abyz")
    builder.op("ADD", [a, b], [y])
    builder.op("MUL", [y, b], [z])
    model = parse(builder.build([b, a], [z, y]))
    assert (model.inputs, model.outputs) == ((b, a), (z, y))


def test_ranges_of_float_tensors_mean_nothing() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 4], "float32", scale=0.5)
    y = builder.tensor("y", [1, 4], "float32")
    builder.op("RELU", [x], [y])
    assert parse(builder.build([x], [y])).tensors[x].quant is None


def test_int16_with_int64_bias() -> None:
    model = parse(model_zoo.models()["conv_2d_int16"])
    assert [model.tensors[k].dtype for k in (0, 1, 2, 3)] == [
        DType.INT16, DType.INT16, DType.INT8, DType.INT64,
    ]  # fmt: skip


def test_pooling_tolerates_a_rounded_scale() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 2, 2, 1], scale=0.1)
    y = builder.tensor("y", [1, 2, 2, 1], scale=0.10000001)
    builder.op("MAX_POOL_2D", [x], [y], filter=(1, 1))
    invariants.validate(parse(builder.build([x], [y])))


@pytest.mark.parametrize("form", ["trailing bytes", "unaligned"])
def test_bytes_around_the_flatbuffer(form: str) -> None:
    data = model_zoo.models()["chain"]
    if form == "trailing bytes":  # metadata that some tools append as a ZIP archive
        invariants.validate(parse(data + b"PK\x03\x04" + bytes(50)))
    else:  # old converters aligned constants to 4 bytes or less
        old = int.from_bytes(data[:4], "little")
        shifted = (old + 1).to_bytes(4, "little") + data[4:8] + b"\0" + data[8:]
        invariants.validate(parse(shifted))


@pytest.mark.parametrize(
    ("shape", "signature", "accepted"),
    [
        ([1, 4], None, True),
        ([1, 4], [1, 4], True),
        ([1, 4], [-1, 4], True),
        ([3, 4], [-1, 4], True),
        ([1, 4], [1, -1], False),
        ([1, 4], [2, 4], False),
        ([1, 4], [-1, 4, 1], False),
        ([-1, 4], None, False),
        ([0, 4], None, False),
        ([1, 0], [-1, 4], False),
    ],
)
def test_shape_signatures(shape: list[int], signature: list[int] | None, accepted: bool) -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", shape, "float32", shape_signature=signature)
    y = builder.tensor("y", shape, "float32", shape_signature=signature)
    builder.op("RELU", [x], [y])
    data = builder.build([x], [y])
    if accepted:
        assert parse(data).tensors[x].shape == tuple(shape)
    else:
        with pytest.raises(RefusedModelError) as caught:
            parse(data)
        assert {d.code for d in caught.value.diagnostics} == {"EG103"}


# The reference models.

MODELS = [
    "mlperf_tiny_ad_autoencoder_float",
    "mlperf_tiny_ad_autoencoder_int8",
    "mlperf_tiny_ic_resnet8_float",
    "mlperf_tiny_ic_resnet8_int8",
    "mlperf_tiny_kws_dscnn_int8",
    "mlperf_tiny_vww_mobilenet_float",
    "mlperf_tiny_vww_mobilenet_int8",
    "tflm_hello_world_float",
    "tflm_hello_world_int8",
]


@pytest.mark.parametrize("name", MODELS)
def test_reference_models(models_dir: Path, name: str) -> None:
    path = models_dir / f"{name}.tflite"
    model = frontends.load(path)
    invariants.validate(model)
    began = time.process_time()
    frontends.load(path)
    assert time.process_time() - began < 0.05


def test_reference_model_with_hybrid_weights(models_dir: Path) -> None:
    with pytest.raises(RefusedModelError) as caught:
        frontends.load(models_dir / "mlperf_tiny_kws_dscnn_float.tflite")
    found = [(d.code, d.where) for d in caught.value.diagnostics]
    assert found == [("EG104", f"node {node} CONV_2D") for node in (0, 2, 4, 6, 8)]


def test_constants_equal_those_of_the_generated_reader(models_dir: Path) -> None:
    path = models_dir / "mlperf_tiny_kws_dscnn_int8.tflite"
    model = frontends.load(path)
    root = generated.Model.GetRootAsModel(path.read_bytes(), 0)
    graph = root.Subgraphs(0)
    for index, tensor in enumerate(model.tensors):
        theirs = graph.Tensors(index)
        assert tensor.name == theirs.Name().decode()
        assert tensor.shape == tuple(theirs.ShapeAsNumpy())
        data = root.Buffers(theirs.Buffer())
        assert tensor.is_constant is (data.DataLength() > 0)
        if tensor.data is not None:
            assert tensor.data.tobytes() == data.DataAsNumpy().tobytes()
        if tensor.quant is not None:
            quant = theirs.Quantization()
            assert tensor.quant.scale == tuple(quant.ScaleAsNumpy().tolist())
            assert tensor.quant.zero_point == tuple(quant.ZeroPointAsNumpy().tolist())


# The schema's numbers.


def _slots(table: str) -> list[str]:
    """Fields of a table in the schema's order, as the generated reader has them."""
    parameters = inspect.signature(getattr(generated, f"{table}T").__init__).parameters
    # Fields that the schema has given up keep their slots, but have no parameter.
    given_up = ["", ""] if table == "ResizeBilinearOptions" else []
    return [*given_up, *list(parameters)[1:]]


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize(
    ("slots", "tables"),
    [
        (tflite_schema.ModelSlot, "Model"),
        (tflite_schema.OperatorCodeSlot, "OperatorCode"),
        (tflite_schema.SubGraphSlot, "SubGraph"),
        (tflite_schema.BufferSlot, "Buffer"),
        (tflite_schema.TensorSlot, "Tensor"),
        (tflite_schema.QuantizationSlot, "QuantizationParameters"),
        (tflite_schema.OperatorSlot, "Operator"),
        (tflite_schema.MetadataSlot, "Metadata"),
        (tflite_schema.SignatureDefSlot, "SignatureDef"),
        (tflite_schema.TensorMapSlot, "TensorMap"),
        (tflite_schema.Conv2DSlot, "Conv2DOptions"),
        (tflite_schema.DepthwiseConv2DSlot, "DepthwiseConv2DOptions"),
        (tflite_schema.Pool2DSlot, "Pool2DOptions"),
        (tflite_schema.FullyConnectedSlot, "FullyConnectedOptions"),
        (tflite_schema.BinarySlot, "AddOptions SubOptions MulOptions"),
        (tflite_schema.ConcatenationSlot, "ConcatenationOptions"),
        (tflite_schema.SoftmaxSlot, "SoftmaxOptions"),
        (tflite_schema.LeakyReluSlot, "LeakyReluOptions"),
        (tflite_schema.ReducerSlot, "ReducerOptions"),
        (tflite_schema.SqueezeSlot, "SqueezeOptions"),
        (tflite_schema.ReshapeSlot, "ReshapeOptions"),
        (tflite_schema.L2NormSlot, "L2NormOptions"),
        (tflite_schema.BatchMatMulSlot, "BatchMatMulOptions"),
        (tflite_schema.ResizeBilinearSlot, "ResizeBilinearOptions"),
        (tflite_schema.TransposeConvSlot, "TransposeConvOptions"),
        (tflite_schema.StridedSliceSlot, "StridedSliceOptions"),
        (tflite_schema.SplitSlot, "SplitOptions"),
        (tflite_schema.PackSlot, "PackOptions"),
        (tflite_schema.UnpackSlot, "UnpackOptions"),
        (tflite_schema.BlockSlot, "SpaceToDepthOptions DepthToSpaceOptions"),
        (tflite_schema.MirrorPadSlot, "MirrorPadOptions"),
        (tflite_schema.GatherSlot, "GatherOptions"),
        (tflite_schema.SvdfSlot, "SVDFOptions"),
        (tflite_schema.SequenceLstmSlot, "UnidirectionalSequenceLSTMOptions"),
        (tflite_schema.VarHandleSlot, "VarHandleOptions"),
        (tflite_schema.CallOnceSlot, "CallOnceOptions"),
        (tflite_schema.ResizeNearestNeighborSlot, "ResizeNearestNeighborOptions"),
    ],
)
def test_slots(slots: type[IntEnum], tables: str) -> None:
    for table in tables.split():
        fields = _slots(table)
        assert {slot.name: fields[slot] for slot in slots} == {
            slot.name: _camel(slot.name) for slot in slots
        }


def test_numbers_of_operators_and_types() -> None:
    for number, kind in tflite_schema.OP_KINDS.items():
        assert getattr(generated.BuiltinOperator, kind.value) == number
        assert tflite_schema.operator_name(number) == kind.value
    assert set(tflite_schema.OP_KINDS.values()) == set(OpKind)
    assert generated.BuiltinOperator.CUSTOM == tflite_schema.CUSTOM_OPERATOR
    for number, dtype in tflite_schema.DTYPES.items():
        assert getattr(generated.TensorType, dtype.name) == number
    others = tflite_schema.PACKED_TYPES | tflite_schema.OTHER_TYPES
    for number, name in others.items():
        assert getattr(generated.TensorType, name.upper()) == number
    known = {value for name, value in vars(generated.TensorType).items() if name.isupper()}
    assert known == set(tflite_schema.DTYPES) | set(others)


def _executes(data: bytes, kind: OpKind, version: int) -> bool:
    """Whether LiteRT knows that version of an operator of the model."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    model = generated.ModelT.InitFromObj(generated.Model.GetRootAsModel(data, 0))
    number = getattr(generated.BuiltinOperator, kind.value)
    (code,) = (code for code in model.operatorCodes if code.builtinCode == number)
    code.version = version
    # It has no reference kernel for ELU.
    kernels = OpResolverType.BUILTIN if kind is OpKind.ELU else OpResolverType.BUILTIN_REF
    try:
        Interpreter(model_content=dump(model), experimental_op_resolver_type=kernels)
    except ValueError as error:
        return "version" not in str(error)
    return True


_ELSEWHERE = {
    OpKind.DEQUANTIZE: "quantize_dequantize",
    OpKind.QUANTIZE: "quantize_dequantize",
    OpKind.READ_VARIABLE: "assign_variable",
}


@pytest.mark.parametrize("kind", OpKind)
def test_newest_versions(kind: OpKind) -> None:
    zoo, name = model_zoo.models(), _ELSEWHERE.get(kind, kind.value.lower())
    keys = (name, *(f"{name}_{dtype}" for dtype in ("int8", "float32", "bool")))
    data = next(zoo[key] for key in keys if key in zoo)
    newest = tflite_schema.NEWEST_VERSIONS[kind]
    assert _executes(data, kind, newest)
    assert not _executes(data, kind, newest + 1)


def test_numbers_of_options() -> None:
    tables = {number: name for name, number in vars(generated.BuiltinOptions).items()}
    names = {kind.value: tables[number] for kind, number in tflite_schema.OPTION_TYPES.items()}
    special = {
        "AVERAGE_POOL_2D": "Pool2D",
        "L2_NORMALIZATION": "L2Norm",
        "MAX_POOL_2D": "Pool2D",
        "MEAN": "Reducer",
        "REDUCE_MAX": "Reducer",
        "REDUCE_MIN": "Reducer",
        "SUM": "Reducer",
    }
    for kind, table in names.items():
        expected = special.get(kind, kind.replace("_", ""))
        assert table.lower() == f"{expected}Options".lower()
    for number, padding in tflite_schema.PADDINGS.items():
        assert getattr(generated.Padding, padding.name) == number
    for number, activation in tflite_schema.ACTIVATIONS.items():
        assert getattr(generated.ActivationFunctionType, activation.name) == number
