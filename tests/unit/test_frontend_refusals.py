"""Every way in which the .tflite frontend refuses a model."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as generated

from edgegen.diagnostics import REASONS
from edgegen.errors import Diagnostic, RefusedModelError, UsageError
from edgegen.frontends import tflite
from support import model_zoo, recurrent
from support.tflite_builder import ModelBuilder, dump

Change = Callable[[Any], None]  # changes the schema's ModelT before it is written


def refusals(data: bytes) -> tuple[Diagnostic, ...]:
    with pytest.raises(RefusedModelError) as caught:
        tflite.parse(data, "m.tflite")
    return caught.value.diagnostics


def damage(data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        tflite.parse(data, "m.tflite")
    assert not isinstance(caught.value, RefusedModelError)
    return str(caught.value)


# Models that are sound but for what a case asks for.


def unary(kind: str | int = "RELU", dtype: str = "int8", change: Change | None = None) -> bytes:
    """x -> y of 1x4 in ``dtype``."""
    builder = ModelBuilder()
    scale = 0.5 if "int" in dtype else None
    x = builder.tensor("x", [1, 4], dtype, scale=scale)
    y = builder.tensor("y", [1, 4], dtype, scale=scale)
    builder.op(kind, [x], [y])
    model = builder.model([x], [y])
    if change is not None:
        change(model)
    return dump(model)


def conv(
    kind: str = "CONV_2D",
    kernel: Sequence[int] = (3, 1, 1, 2),
    *,
    dtype: str = "int8",
    source: Sequence[int] = (1, 4, 4, 2),
    output: Sequence[int] = (1, 4, 4, 3),
    weights: dict[str, Any] | None = None,
    bias: dict[str, Any] | None = None,
    **options: Any,
) -> bytes:
    builder = ModelBuilder()
    quant: dict[str, Any] = {} if dtype == "float32" else {"scale": 0.5}
    x = builder.tensor("x", source, dtype, **quant)
    y = builder.tensor("y", output, dtype, **quant)
    given: dict[str, Any] = {"dtype": dtype, "data": np.ones(kernel), **quant, **(weights or {})}
    w = builder.tensor("w", kernel, **given)
    given = {"shape": [3], "dtype": "int32", "data": [1, 2, 3], **(bias or {})}
    b = builder.tensor("b", **given) if bias is not None else -1
    builder.op(kind, [x, w, b], [y], **options)
    return builder.build([x], [y])


def dense(
    source: Sequence[int] = (1, 4),
    output: Sequence[int] = (1, 3),
    weights: Sequence[int] = (3, 4),
    **options: Any,
) -> bytes:
    builder = ModelBuilder()
    x, y = builder.tensor("x", source, "float32"), builder.tensor("y", output, "float32")
    w = builder.tensor("w", weights, "float32", data=np.ones(weights))
    builder.op("FULLY_CONNECTED", [x, w, -1], [y], **options)
    return builder.build([x], [y])


def dense_int8(bias_scale: float | None) -> bytes:
    builder = ModelBuilder()
    x, y = builder.tensor("x", [1, 4], scale=0.5), builder.tensor("y", [1, 3], scale=1.0)
    w = builder.tensor("w", [3, 4], scale=0.5, data=np.ones((3, 4)))
    b = builder.tensor("b", [3], "int32", scale=bias_scale, data=[1, 2, 3])
    builder.op("FULLY_CONNECTED", [x, w, b], [y], version=4)
    return builder.build([x], [y])


def quantised(
    kind: str, inputs: Sequence[tuple[Sequence[int], float, int]],
    output: tuple[Sequence[int], float, int], parameter: Any = None, **options: Any
) -> bytes:  # fmt: skip
    """int8 tensors as (shape, scale, zero point), and one int32 constant if given."""
    builder = ModelBuilder()
    sources = [
        builder.tensor(f"x{k}", shape, scale=scale, zero_point=zero_point)
        for k, (shape, scale, zero_point) in enumerate(inputs)
    ]
    extra = []
    if parameter is not None:
        extra = [builder.tensor("p", np.shape(parameter), "int32", data=parameter)]
    y = builder.tensor("y", output[0], scale=output[1], zero_point=output[2])
    builder.op(kind, [*sources, *extra], [y], **options)
    return builder.build(sources, [y])


def pool(
    source: Sequence[int] = (1, 2, 2, 1),
    output: Sequence[int] = (1, 2, 2, 1),
    scale: float = 0.5,
    zero_point: int = 0,
    filter: tuple[int, int] = (1, 1),
) -> bytes:
    x, y = (source, 0.5, 0), (output, scale, zero_point)
    return quantised("MAX_POOL_2D", [x], y, filter=filter)


def moved(
    kind: str,
    source: Sequence[int],
    output: Sequence[int],
    parameter: Any = None,
    *,
    constant: bool = True,
    parameter_type: str = "int32",
    **options: Any,
) -> bytes:
    """float32, with a parameter tensor that is a constant or the graph's second input."""
    builder = ModelBuilder()
    x, y = builder.tensor("x", source, "float32"), builder.tensor("y", output, "float32")
    inputs, graph_inputs = [x], [x]
    if parameter is not None:
        data = parameter if constant else None
        inputs.append(builder.tensor("p", np.shape(parameter), parameter_type, data=data))
        if not constant:
            graph_inputs.append(inputs[-1])
    builder.op(kind, inputs, [y], **options)
    return builder.build(graph_inputs, [y])


def _tensor(**fields: Any) -> Change:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[0], name, value)

    return change


def _quant(**fields: Any) -> Change:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[0].quantization, name, value)

    return change


def _graph(**fields: Any) -> Change:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0], name, value)

    return change


def _op(**fields: Any) -> Change:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].operators[0], name, value)

    return change


def _opcode(**fields: Any) -> Change:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.operatorCodes[0], name, value)

    return change


def _two_subgraphs(model: Any) -> None:
    model.subgraphs.append(model.subgraphs[0])


def _custom(model: Any) -> None:
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = generated.BuiltinOperator.CUSTOM
    code.customCode = "MyOp"


def _sparse(model: Any) -> None:
    model.subgraphs[0].tensors[0].sparsity = generated.SparsityParametersT()


def _offset_buffer(model: Any) -> None:
    model.subgraphs[0].tensors[0].buffer = 1
    model.buffers.append(generated.BufferT())
    model.buffers[1].offset, model.buffers[1].size = 4096, 4


def _blockwise(model: Any) -> None:
    quantization = model.subgraphs[0].tensors[0].quantization
    quantization.detailsType = generated.QuantizationDetails.BlockwiseQuantization
    quantization.details = generated.BlockwiseQuantizationT()


def _backwards(model: Any) -> None:
    """y = relu(z), z = relu(x)."""
    graph = model.subgraphs[0]
    third = generated.TensorT(shape=[1, 4], name="z", quantization=graph.tensors[0].quantization)
    third.type = graph.tensors[0].type
    graph.tensors.append(third)
    graph.operators[0].inputs = [2]
    graph.operators.append(generated.OperatorT(inputs=[0], outputs=[2]))


def _written_twice(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators.append(generated.OperatorT(inputs=[0], outputs=[1]))


ONE = ((1, 4), 0.5, 0)  # shape, scale, zero point
PER_SLICE = {"scale": [0.5] * 4, "zeroPoint": [0] * 4, "quantizedDimension": 1}
NANS = np.full((3, 1, 1, 2), np.nan)

DEPTHWISE = "DEPTHWISE_CONV_2D"


def stateful() -> bytes:
    """A variable that is added to the input."""
    builder = ModelBuilder()
    x, y = (builder.tensor(name, [1, 4], "float32") for name in "xy")
    state = builder.tensor("state", [1, 4], "float32", is_variable=True)
    builder.op("ADD", [x, state], [y])
    return builder.build([x], [y])


def variables(spoil: Change) -> bytes:
    """y = what x was the last time; 5 at first."""
    builder = ModelBuilder()
    builder.initialise("v", np.full((1, 4), 5), "float32")
    handle = builder.variable("v")
    x, y = (builder.tensor(name, [1, 4], "float32") for name in "xy")
    builder.op("READ_VARIABLE", [handle], [y])
    builder.op("ASSIGN_VARIABLE", [handle, x], [])
    model = builder.model([x], [y])
    spoil(model)
    return dump(model)


def _variable_options(model: Any, **fields: Any) -> None:
    """Of VAR_HANDLE, node 1 after CALL_ONCE."""
    for name, value in fields.items():
        setattr(model.subgraphs[0].operators[1].builtinOptions, name, value)


def _reordered(model: Any) -> None:
    call, handle, read, assign = model.subgraphs[0].operators
    model.subgraphs[0].operators = [handle, read, call, assign]


def _ends(node: int, **ends: list[int]) -> Change:
    def change(model: Any) -> None:
        for name, tensors in ends.items():
            setattr(model.subgraphs[0].operators[node], name, tensors)

    return change


def _initial(**fields: Any) -> Change:
    """Of the initial value's tensor."""

    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[1].tensors[0], name, value)

    return change


def _never_initialised(model: Any) -> None:
    model.subgraphs[1].operators = model.subgraphs[1].operators[:1]
    model.subgraphs[0].operators = model.subgraphs[0].operators[:3]


def _computes_its_start(model: Any) -> None:
    model.subgraphs[1].operators.append(model.subgraphs[0].operators[2])


def _calls(number: int) -> Change:
    def change(model: Any) -> None:
        model.subgraphs[0].operators[0].builtinOptions.initSubgraphIndex = number

    return change


VARIABLES = [
    ("EG121", "not one named variable", variables(lambda m: _variable_options(m, sharedName=""))),
    ("EG121", "no variable 'v'", variables(lambda m: _variable_options(m, sharedName="w"))),
    ("EG121", "used before CALL_ONCE", variables(_reordered)),
    ("EG121", "CALL_ONCE of subgraph 0 is broken", variables(_calls(0))),
    ("EG121", "CALL_ONCE of subgraph 7 is broken", variables(_calls(7))),
    ("EG109", "2 subgraphs", variables(_calls(0))),
    ("EG121", "is no constant", variables(_initial(buffer=0))),
    ("EG121", "differ in element type or shape", variables(_initial(shape=[4]))),
    ("EG121", "Nothing assigns a value", variables(_never_initialised)),
    ("EG121", "more than to assign a constant", variables(_computes_its_start)),
    ("EG121", "1 inputs and 0 outputs", variables(_ends(3, inputs=[0]))),
    ("EG121", "tensor 1, is no variable", variables(_ends(3, inputs=[1, 2]))),
    ("EG121", "0 inputs and 1 outputs", variables(_ends(2, inputs=[]))),
    ("EG118", "input 0 is absent", variables(_ends(3, inputs=[0, -1]))),
    ("EG119", "computes output tensor 0", variables(_graph(outputs=[0]))),
    ("EG119", "variable or listed twice", variables(_graph(inputs=[0, 1]))),
]


def changed(data: bytes, tensor: str, nth: int = 0, **fields: Any) -> bytes:
    """A model with other fields in the nth of its tensors of that name."""
    model = generated.ModelT.InitFromObj(generated.Model.GetRootAsModel(data, 0))
    found = [t for t in model.subgraphs[0].tensors if t.name == tensor.encode()]
    for name, value in fields.items():
        setattr(found[nth], name, value)
    return dump(model)


def _with_options(data: bytes, **fields: Any) -> bytes:
    model = generated.ModelT.InitFromObj(generated.Model.GetRootAsModel(data, 0))
    for name, value in fields.items():
        setattr(model.subgraphs[0].operators[0].builtinOptions, name, value)
    return dump(model)


def _with_input(data: bytes, position: int, tensor: int) -> bytes:
    model = generated.ModelT.InitFromObj(generated.Model.GetRootAsModel(data, 0))
    op = model.subgraphs[0].operators[0]
    op.inputs = [tensor if k == position else index for k, index in enumerate(op.inputs)]
    return dump(model)


SVDF, LSTM = recurrent.svdf("int8"), recurrent.lstm("int8")

RECURRENT = [
    ("EG115", "for 6 inputs and rank 4", _with_options(SVDF, rank=4)),
    ("EG116", "Its rank is 0", _with_options(SVDF, rank=0)),
    ("EG115", "Its state is 1x12", changed(SVDF, "state", shape=[1, 12])),
    ("EG121", "Its state is no variable", _with_input(SVDF, 4, 0)),
    ("EG107", "mixes", changed(recurrent.svdf("int8", "int8"), "state", type=7)),
    ("EG117", "product of state and weight scale", changed(SVDF, "bias", quantization=None)),
    ("EG118", "Its input 3 is absent", _with_input(SVDF, 3, -1)),
    ("EG116", "It has peepholes", _with_input(LSTM, 9, 9)),
    ("EG116", "It has a projection", _with_input(LSTM, 17, 9)),
    ("EG118", "Its input 1 is absent", _with_input(LSTM, 1, -1)),
    ("EG116", "activation is number 1, not TANH", _with_options(LSTM, fusedActivationFunction=1)),
    ("EG116", "Its cell clip is -1.0", _with_options(LSTM, cellClip=-1.0)),
    ("EG116", "weights are diagonal", _with_options(LSTM, diagonalRecurrentTensors=True)),
    ("EG115", "one value per batch and unit", changed(LSTM, "cell", shape=[1, 8])),
    ("EG115", "not all for 4 units", changed(LSTM, "w", 5, shape=[2, 8])),
    ("EG121", "Its state is no variable", _with_input(LSTM, 18, 0)),
    ("EG117", "no power of two", recurrent.lstm("int8", cell_scale=0.0007)),
]

FILE_AND_TENSORS = [
    ("EG101", "Operator 108 version 1 is unknown", unary("COS")),
    ("EG101", "Version 4 is unknown, only 1 to 3 are", unary(change=_opcode(version=4))),
    ("EG102", "Its definition is not in the file", unary(change=_custom)),
    ("EG103", "shape is [-1, 4], which is not", unary(change=_tensor(shape=[-1, 4]))),
    ("EG105", "elements are float16", unary(dtype="float16")),
    ("EG106", "sparse encoding", unary(change=_sparse)),
    ("EG107", "elements are float64", unary(dtype="float64")),
    ("EG107", "elements are string", unary(dtype="string")),
    ("EG108", "elements are int4", unary(dtype="int4")),
    ("EG109", "2 subgraphs", unary(change=_two_subgraphs)),
    ("EG112", "7 dimensions", unary(change=_tensor(shape=[1] * 7))),
    ("EG114", "outside of the flatbuffer", unary(change=_offset_buffer)),
    ("EG114", "outside of the flatbuffer", unary(change=_tensor(externalBuffer=1))),
    ("EG121", "no operator's own state", stateful()),
    ("EG122", "more than 2 GiB", unary(change=_tensor(shape=[65536, 65536]))),
    ("EG123", "NaN or infinity", conv(dtype="float32", weights={"data": NANS})),
    ("EG123", "NaN or infinity", conv(dtype="float32", weights={"data": NANS - np.inf})),
]

GRAPH = [
    ("EG119", "has no input", unary(change=_graph(inputs=[]))),
    ("EG119", "has no output", unary(change=_graph(outputs=[]))),
    ("EG119", "variable or listed twice", unary(change=_graph(inputs=[0, 0]))),
    ("EG119", "output is listed twice", unary(change=_graph(outputs=[1, 1]))),
    ("EG119", "computes output tensor 0", unary(change=_graph(outputs=[0]))),
    ("EG119", "reads tensor 2 before", unary(change=_backwards)),
    ("EG119", "writes tensor 1, which", unary(change=_written_twice)),
    ("EG119", "writes tensor 0, which", unary(change=_op(inputs=[0], outputs=[0]))),
    ("EG118", "2 inputs", unary(change=_op(inputs=[0, 0]))),
    ("EG118", "0 inputs", unary(change=_op(inputs=[]))),
    ("EG118", "2 outputs", unary(change=_op(outputs=[1, 1]))),
    ("EG118", "input 0 is absent", unary(change=_op(inputs=[-1]))),
]

QUANTISATION = [
    ("EG110", "no scale", unary(change=_tensor(quantization=None))),
    ("EG110", "no scale", unary(change=_quant(scale=[], zeroPoint=[]))),
    ("EG117", "1 scales but 2 zero points", unary(change=_quant(zeroPoint=[0, 0]))),
    ("EG117", "1 scales but 0 zero points", unary(change=_quant(zeroPoint=None))),
    ("EG117", "in blocks", unary(change=_blockwise)),
    ("EG117", "not between 0 and 2**64", unary(change=_quant(scale=[0.0]))),
    ("EG117", "not between 0 and 2**64", unary(change=_quant(scale=[-0.5]))),
    ("EG117", "not between 0 and 2**64", unary(change=_quant(scale=[float("nan")]))),
    ("EG117", "not between 0 and 2**64", unary(change=_quant(scale=[float("inf")]))),
    ("EG117", "not between 0 and 2**64", unary(change=_quant(scale=[2.0**64]))),
    ("EG117", "-128...127", unary(change=_quant(zeroPoint=[128]))),
    ("EG117", "-128...127", unary(change=_quant(zeroPoint=[-(2**62)]))),
    ("EG117", "0...255", unary("QUANTIZE", "uint8", change=_quant(zeroPoint=[-1]))),
    ("EG117", "0...0", unary(dtype="int16", change=_quant(zeroPoint=[1]))),
    ("EG117", "one per slice", unary(change=_quant(**PER_SLICE))),
    ("EG117", "dimension of 1", unary(change=_quant(**PER_SLICE | {"quantizedDimension": 0}))),
    ("EG117", "dimension 2, which", unary(change=_quant(**PER_SLICE | {"quantizedDimension": 2}))),
    ("EG117", "dimension -1,", unary(change=_quant(**PER_SLICE | {"quantizedDimension": -1}))),
    ("EG117", "scale or zero point", pool(zero_point=1)),
    ("EG117", "scale or zero point", pool(scale=0.51)),
    ("EG117", "scale or zero", quantised("CONCATENATION", [ONE, ONE], ((1, 8), 0.6, 0), axis=1)),
    ("EG117", "scale or zero", quantised("PAD", [ONE], ((1, 4), 0.6, 0), [[0, 0], [0, 0]])),
    ("EG117", "scale or zero", quantised("PAD", [ONE], ((1, 4), 0.5000001, 0), [[0, 0], [0, 0]])),
    ("EG117", "scale or zero", quantised("EXPAND_DIMS", [ONE], ((1, 1, 4), 0.5, 1), [0])),
    ("EG117", "needs scale 0.00390625 and", quantised("SOFTMAX", [ONE], ONE)),
    ("EG117", "needs scale 0.00390625 and", quantised("LOGISTIC", [ONE], ((1, 4), 0.003907, -128))),
    ("EG117", "needs scale 0.00390625 and", quantised("LOGISTIC", [ONE], ((1, 4), 1 / 256, 0))),
    ("EG117", "needs scale 0.0078125 and", quantised("TANH", [ONE], ((1, 4), 1 / 256, 0))),
    ("EG117", "out of range", quantised("TANH", [((1, 4), 8.0, 0)], ((1, 4), 1 / 128, 0))),
    ("EG117", "out of range", quantised("TANH", [((1, 4), 1e-9, 0)], ((1, 4), 1 / 128, 0))),
    ("EG117", "far smaller", quantised("ADD", [ONE, ONE], ((1, 4), 9e-7, 0))),
    ("EG117", "far smaller", quantised("SUB", [ONE, ONE], ((1, 4), 9e-7, 0))),
    ("EG117", "too small for", quantised("MUL", [ONE, ONE], ((1, 4), 1e-9, 0), activation="relu6")),
]

TYPES = [
    ("EG111", "works on uint8", unary(dtype="uint8")),
    ("EG107", "works on int32", unary(dtype="int32")),
    ("EG107", "mixes float32 and int8", unary(change=_tensor(type=0))),
    ("EG107", "works on bool", unary("RELU", "bool")),
    ("EG107", "quantises to float32", unary("QUANTIZE", "float32")),
    ("EG107", "quantises bool", unary("QUANTIZE", change=_tensor(type=6))),
    ("EG107", "dequantises to int8", unary("DEQUANTIZE")),
    ("EG107", "dequantises float32", unary("DEQUANTIZE", "float32")),
    ("EG107", "axes are float32", moved("MEAN", (1, 4), (1,), [1], parameter_type="float32")),
]

WEIGHTS = [
    ("EG104", "are int8 but", conv(dtype="float32", weights={"dtype": "int8", "scale": 0.1})),
    ("EG105", "are float16", conv(dtype="float32", weights={"dtype": "float16"})),
    ("EG113", "weights or bias are computed", conv(weights={"data": None})),
    ("EG113", "weights or bias are computed", conv(bias={"data": None})),
    ("EG110", "weights have no scale", conv(weights={"scale": None})),
    ("EG117", "zero point other than 0", conv(weights={"zero_point": 1})),
    ("EG117", "along axis 3, not 0", conv(weights={"scale": [0.1, 0.2], "axis": 3})),
    ("EG117", "axis 2, not 3", conv(DEPTHWISE, (1, 1, 2, 3), weights={"scale": [1, 1], "axis": 2})),
    ("EG107", "works on int16", conv(weights={"dtype": "int16"})),
    ("EG107", "works on int64", conv(bias={"dtype": "int64"})),
    ("EG107", "works on int32", conv(dtype="float32", bias={})),
    ("EG115", "bias is 2 for 3", conv(bias={"shape": [2], "data": [1, 2]})),
    ("EG115", "bias is 3x1 for 3", conv(bias={"shape": [3, 1]})),
    ("EG120", "4 input channels, its input 8", conv(kernel=(3, 1, 1, 4), source=(1, 4, 4, 8))),
    ("EG115", "3 input channels, its input 2", conv(kernel=(3, 1, 1, 3))),
    ("EG112", "kernel has 3 dimensions", conv(kernel=(3, 1, 2))),
    ("EG112", "input has 3 dimensions", conv(source=(4, 4, 2))),
    ("EG115", "depth multiplier 2", conv(DEPTHWISE, (1, 1, 1, 3), depth_multiplier=2)),
    ("EG115", "kernel is 2x1x1x2", conv(DEPTHWISE, (2, 1, 1, 2))),
    ("EG117", "product of input and weight", dense_int8(bias_scale=0.3)),
    ("EG107", "bias has element type number 1", conv(quantizedBiasType=1)),
    ("EG107", "bias has element type number 9", dense(quantizedBiasType=9)),
    ("EG116", "shuffled", dense(weights_format=1)),
    ("EG117", "scheme of their own", dense(quantSpec=[1, 2])),
    ("EG112", "weights has 1", dense(weights=(4,))),
]

PARAMETERS = [
    ("EG116", "stride is 0", conv(stride=(0, 1))),
    ("EG116", "stride is -1", conv(stride=(1, -1))),
    ("EG116", "stride is 32768", conv(stride=(32768, 1))),
    ("EG116", "dilation is 0", conv(dilation=(1, 0))),
    ("EG116", "padding is number 2", conv(padding=2)),
    ("EG116", "activation is number 4", conv(activation="tanh")),
    ("EG116", "activation is number 5", conv(activation="sign_bit")),
    ("EG116", "multiplier is 0", conv(DEPTHWISE, depth_multiplier=0)),
    ("EG116", "window is too large", conv(kernel=(3, 40_000, 1, 2), dilation=(32767, 1))),
    ("EG116", "filter is 0", pool(filter=(0, 1))),
    ("EG116", "beta is nan", moved("SOFTMAX", (1, 4), (1, 4), beta=float("nan"))),
    ("EG116", "too small", quantised("SOFTMAX", [ONE], ((1, 4), 1 / 256, -128), beta=-1.0)),
    ("EG116", "alpha is inf", moved("LEAKY_RELU", (1, 4), (1, 4), alpha=float("inf"))),
    ("EG116", "Axis 2 does not exist", moved("CONCATENATION", (1, 4), (1, 4), axis=2)),
    ("EG116", "no runtime", moved("CONCATENATION", (1, 4), (1, 4), activation="relu")),
    ("EG116", "Axis 2 does not exist", moved("MEAN", (1, 4), (1,), [2])),
    ("EG116", "Axis -3 does not exist", moved("MEAN", (1, 4), (1,), [-3])),
    ("EG116", "Axis 3 does not exist", moved("EXPAND_DIMS", (1, 4), (1, 4, 1), [3])),
    ("EG116", "2 axes instead of one", moved("EXPAND_DIMS", (1, 4), (1, 4, 1), [2, 2])),
    ("EG116", "Axis 2 does not exist", moved("SQUEEZE", (1, 4), (4,), squeeze_dims=[2])),
    ("EG116", "3 axes of 2", moved("SQUEEZE", (1, 4), (4,), squeeze_dims=[0, 0, 0])),
    ("EG116", "padding is negative", moved("PAD", (1, 4), (1, 3), [[0, 0], [-1, 0]])),
    ("EG113", "axes are computed", moved("MEAN", (1, 4), (1,), [1], constant=False)),
    ("EG113", "shape are computed", moved("RESHAPE", (1, 4), (4,), [4], constant=False)),
    ("EG113", "paddings are computed", moved("PAD", (4,), (4,), [[0, 0]], constant=False)),
    ("EG113", "axis are computed", moved("EXPAND_DIMS", (4,), (4, 1), [1], constant=False)),
]

SHAPES = [
    ("EG112", "axis have shape 1x1", moved("EXPAND_DIMS", (1, 4), (1, 1, 4), [[0]])),
    ("EG112", "paddings have shape 1x2x2", moved("PAD", (1, 4), (1, 4), [[[0, 0], [0, 0]]])),
    ("EG115", "is 1x4x4x3, but its inputs imply 1x2x2x3", conv(stride=(2, 2))),
    ("EG115", "imply 1x3x3x3", conv(kernel=(3, 2, 2, 2), padding="VALID")),
    ("EG115", "imply 1x4x2x3", conv(kernel=(3, 1, 2, 2), padding="VALID", dilation=(1, 2))),
    ("EG115", "window is larger", conv(kernel=(3, 5, 5, 2), padding="VALID")),
    ("EG115", "window is larger", conv(kernel=(3, 3, 3, 2), padding="VALID", dilation=(2, 2))),
    ("EG115", "take 4 values", dense(source=(1, 5))),
    ("EG115", "imply 2x3", dense(source=(2, 4))),
    ("EG115", "take 4 values", dense(source=(2, 2), output=(2, 3), keep_num_dims=True)),
    ("EG115", "imply 1x2x3", dense(source=(1, 2, 4), output=(2, 3), keep_num_dims=True)),
    ("EG115", "imply 1x4", moved("RELU", (1, 4), (4, 1))),
    ("EG115", "imply 1x4", moved("TANH", (1, 4), (4, 1))),
    ("EG115", "imply 1x4", quantised("QUANTIZE", [ONE], ((2, 2), 0.5, 0))),
    ("EG112", "at least one dimension", moved("SOFTMAX", (), ())),
    ("EG112", "input has 2 dimensions", pool(source=(1, 4))),
    ("EG115", "imply 1x2x2x1", pool(output=(1, 4))),
    ("EG115", "1x4 and 3 do not broadcast", quantised("ADD", [ONE, ((3,), 0.5, 0)], ONE)),
    ("EG115", "imply 3x4", quantised("MUL", [ONE, ((3, 1), 0.5, 0)], ONE)),
    ("EG115", "imply 1x8", quantised("CONCATENATION", [ONE, ONE], ONE, axis=1)),
    ("EG115", "differ in more", quantised("CONCATENATION", [ONE, ((2, 4), 0.5, 0)], ONE, axis=1)),
    ("EG115", "differ in more", quantised("CONCATENATION", [ONE, ((4,), 0.5, 0)], ONE, axis=0)),
    ("EG115", "no dimension 1", quantised("CONCATENATION", [((4,), 0.5, 0)], ONE, axis=1)),
    ("EG115", "imply 1", moved("MEAN", (1, 4), (1, 1), [1])),
    ("EG115", "imply 1x1", moved("MEAN", (1, 4), (1,), [1], keep_dims=True)),
    ("EG115", "paddings have shape 1x2, not 2x2", moved("PAD", (1, 4), (1, 4), [[0, 0]])),
    ("EG115", "imply 1x7", moved("PAD", (1, 4), (1, 4), [[0, 0], [1, 2]])),
    ("EG115", "1x4 into 1x5", moved("RESHAPE", (1, 4), (1, 5), [1, 5])),
    ("EG115", "shape [4], but its output is 2x2", moved("RESHAPE", (1, 4), (2, 2), [4])),
    ("EG115", "shape [-1, -1]", moved("RESHAPE", (1, 4), (2, 2), [-1, -1])),
    ("EG115", "shape [], but", moved("RESHAPE", (1, 4), (2, 2))),
    ("EG115", "longer than 1", moved("SQUEEZE", (1, 4), (1,), squeeze_dims=[1])),
    ("EG115", "imply 4", moved("SQUEEZE", (1, 4), (1, 4))),
    ("EG115", "imply 4x1", moved("EXPAND_DIMS", (4,), (1, 4), [-1])),
]

REFUSED = [
    *FILE_AND_TENSORS,
    *VARIABLES,
    *RECURRENT,
    *GRAPH,
    *QUANTISATION,
    *TYPES,
    *WEIGHTS,
    *PARAMETERS,
    *SHAPES,
]


@pytest.mark.parametrize(
    ("code", "words", "data"), REFUSED, ids=lambda v: v if type(v) is str else ""
)
def test_refused(code: str, words: str, data: bytes) -> None:
    found = refusals(data)
    causes = [diagnostic.cause for diagnostic in found if diagnostic.code == code]
    assert any(words in cause for cause in causes), found


@pytest.mark.parametrize("bias_scale", [None, 0.25, 0.26])
def test_a_bias_scale_that_is_close_enough(bias_scale: float | None) -> None:
    assert tflite.parse(dense_int8(bias_scale), "m.tflite").ops


def test_every_reason_has_a_case() -> None:
    assert {code for code, _, _ in REFUSED} == {code for code in REASONS if code < "EG200"}


@pytest.mark.parametrize("field", ["tensors", "operators"])
def test_more_parts_than_anybody_needs(field: str) -> None:
    def repeat(model: Any) -> None:
        parts = getattr(model.subgraphs[0], field)
        parts.extend([parts[0]] * 65536)

    (diagnostic,) = refusals(unary("TANH", "float32", change=repeat))
    assert diagnostic.code == "EG122"
    assert f"{field}." in diagnostic.cause


def test_every_reason_at_once_and_none_twice() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 4], "float32")
    h = builder.tensor("h", [1, 4], "float16")
    y = builder.tensor("y", [1, 4], "float32")
    z = builder.tensor("z", [1, 5], "float32")
    builder.op("COS", [x], [y], version=2)
    builder.op("RELU", [h], [y])
    builder.op("TANH", [y], [z])
    found = refusals(builder.build([x, h], [z]))
    assert [(d.code, d.where) for d in found] == [
        ("EG105", "tensor 1 'h'"),
        ("EG101", "node 0 COS"),
        ("EG119", "node 1 RELU"),
        ("EG115", "node 2 TANH"),
    ]
    assert "version 2" in found[1].cause
    assert "float16" in found[0].fix


def test_the_message_names_node_cause_and_converter_setting() -> None:
    weights = {"dtype": "int8", "scale": 0.1}
    with pytest.raises(RefusedModelError) as caught:
        tflite.parse(conv(dtype="float32", weights=weights), "hybrid.tflite")
    assert caught.value.exit_code == 2
    for words in ("hybrid.tflite", "EG104", "node 0 CONV_2D", "converter.representative_dataset"):
        assert words in str(caught.value)


def test_an_operator_number_that_nobody_knows() -> None:
    (found,) = refusals(unary(5000))
    assert (found.code, found.where) == ("EG101", "node 0 operator 5000")


def test_a_custom_operator_is_named() -> None:
    (found,) = refusals(unary(change=_custom))
    assert found.where == "node 0 custom operator 'MyOp'"


# What is damaged: sound tables with numbers in them that lead nowhere.


def _metadata_without_buffer(model: Any) -> None:
    model.metadata = [generated.MetadataT(name="min_runtime_version", buffer=5)]


def _no_graph(model: Any) -> None:
    model.subgraphs = []


def _wrong_options(model: Any) -> None:
    node = model.subgraphs[0].operators[0]
    node.builtinOptionsType = generated.BuiltinOptions.FullyConnectedOptions
    node.builtinOptions = generated.FullyConnectedOptionsT()


def _short_data(model: Any) -> None:
    model.buffers.append(generated.BufferT(data=[1, 2, 3]))
    model.subgraphs[0].tensors[0].buffer = len(model.buffers) - 1


@pytest.mark.parametrize(
    ("words", "data"),
    [
        ("holds no graph", unary(change=_no_graph)),
        ("tensor 7 of 2 does not exist", unary(change=_graph(inputs=[7]))),
        ("tensor -1 of 2 does not exist", unary(change=_graph(outputs=[-1]))),
        ("tensor 2 of 2 does not exist", unary(change=_op(inputs=[2]))),
        ("tensor -2 of 2 does not exist", unary(change=_op(inputs=[-2]))),
        ("tensor -1 of 2 does not exist", unary(change=_op(outputs=[-1]))),
        ("operator code 9 does not exist", unary(change=_op(opcodeIndex=9))),
        ("buffer 9 of 1 does not exist", unary(change=_tensor(buffer=9))),
        ("buffer 5 of 1 does not exist", unary(change=_metadata_without_buffer)),
        ("element type 99 does not exist", unary(change=_tensor(type=99))),
        ("4 bytes has 3 bytes of data", unary(change=_short_data)),
        ("3 bytes of data", conv(kernel=(3, 1, 1, 2), weights={"data": b"abc"})),
        ("number -3 is negative", unary(change=_opcode(builtinCode=-3, deprecatedBuiltinCode=-4))),
        ("version 0 is below 1", unary(change=_opcode(version=0))),
        ("SOFTMAX has parameters of kind 8", unary("SOFTMAX", change=_wrong_options)),
    ],
)
def test_damaged(words: str, data: bytes) -> None:
    told = damage(data)
    assert "is damaged at byte" in told
    assert words in told


def test_an_identifier_that_is_missing() -> None:
    assert "not a TensorFlow Lite model" in damage(unary().replace(b"TFL3", b"TFL2"))
    assert "not a TensorFlow Lite model" in damage(b"")


def test_another_schema_version() -> None:
    def change(model: Any) -> None:
        model.version = 2

    assert "schema version 2" in damage(unary(change=change))


def test_truncated_files_are_damaged_everywhere() -> None:
    data = model_zoo.models()["chain"]
    for length in range(8, len(data) - 16):
        assert re.search(r"damaged at byte \d+", damage(data[:length]))


def _described(model: Any) -> None:
    model.metadata = [generated.MetadataT(name="metadata name", buffer=0)]
    model.signatureDefs = [
        generated.SignatureDefT(
            inputs=[generated.TensorMapT(name="input end", tensorIndex=0)],
            outputs=[generated.TensorMapT(name="output end", tensorIndex=1)],
            signatureKey="signature key",
        )
    ]
    quantization = model.subgraphs[0].tensors[0].quantization
    quantization.min, quantization.max = [-64.0], [63.5]
    model.buffers.append(generated.BufferT(data=list(b"no tensor's")))


REST = ["built by a test", "main", "metadata name", "signature key", "input end", "output end"]


@pytest.mark.parametrize("part", [*(word.encode() for word in REST), b"no tensor's"])
def test_parts_that_nothing_is_taken_from_are_sound(part: bytes) -> None:
    """A runtime follows them in the copy that goes into the firmware."""
    data = bytearray(unary(change=_described))
    tflite.parse(bytes(data), "m.tflite")
    length = data.index(part) - 4
    assert int.from_bytes(data[length : length + 4], "little") == len(part)
    data[length : length + 4] = b"\xff\xff\xff\x7f"
    assert "a list runs over the end of the file" in damage(bytes(data))


@pytest.mark.parametrize("value", [-64.0, 63.5])
def test_calibration_ranges_are_sound(value: float) -> None:
    data = unary(change=_described)
    one = struct.pack("<If", 1, value)
    assert one in data
    assert "list runs over" in damage(data.replace(one, struct.pack("<If", 2**31 - 1, value)))
