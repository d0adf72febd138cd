"""Builds .tflite files from a small literal description.

    b = ModelBuilder()
    x = b.tensor("x", [1, 4], "int8", scale=0.5, zero_point=3)
    y = b.tensor("y", [1, 4], "int8", scale=0.25)
    b.op("RELU", [x], [y])
    data = b.build([x], [y])

`model` gives the schema's own object tree instead of bytes, so that a test of broken
files can spoil any field before `dump` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

TENSOR_TYPES: Mapping[str, int] = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "float64": schema.TensorType.FLOAT64,
    "int4": schema.TensorType.INT4,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "uint16": schema.TensorType.UINT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
    "string": schema.TensorType.STRING,
    "resource": schema.TensorType.RESOURCE,
}

_ACTIVATIONS: Mapping[str, int] = {
    "none": schema.ActivationFunctionType.NONE,
    "relu": schema.ActivationFunctionType.RELU,
    "relu_n1_to_1": schema.ActivationFunctionType.RELU_N1_TO_1,
    "relu6": schema.ActivationFunctionType.RELU6,
    "tanh": schema.ActivationFunctionType.TANH,
    "sign_bit": schema.ActivationFunctionType.SIGN_BIT,
}

_PADDINGS: Mapping[str, int] = {"SAME": schema.Padding.SAME, "VALID": schema.Padding.VALID}

# Operator -> its table of options. Operators without a table of their own are absent.
_OPTION_TABLES: Mapping[str, str] = {
    "ADD": "AddOptions",
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "ASSIGN_VARIABLE": "AssignVariableOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CALL_ONCE": "CallOnceOptions",
    "CAST": "CastOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "EQUAL": "EqualOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "GREATER": "GreaterOptions",
    "GREATER_EQUAL": "GreaterEqualOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "LESS": "LessOptions",
    "LESS_EQUAL": "LessEqualOptions",
    "LOGICAL_AND": "LogicalAndOptions",
    "LOGICAL_NOT": "LogicalNotOptions",
    "LOGICAL_OR": "LogicalOrOptions",
    "LOG_SOFTMAX": "LogSoftmaxOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "NOT_EQUAL": "NotEqualOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "QUANTIZE": "QuantizeOptions",
    "READ_VARIABLE": "ReadVariableOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SELECT_V2": "SelectV2Options",
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "SVDF": "SVDFOptions",
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "UNPACK": "UnpackOptions",
    "VAR_HANDLE": "VarHandleOptions",
}


def _fields(name: str, *converted: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    """A keyword that sets one field, its value passed through ``converted``."""

    def convert(value: Any) -> dict[str, Any]:
        for function in converted:
            value = function(value)
        return {name: value}

    return convert


def _pair(height: str, width: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {height: value[0], width: value[1]}


# Keyword of `op` -> fields of the options table. Pairs are (height, width).
_KEYWORDS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "activation": _fields("fusedActivationFunction", lambda v: _ACTIVATIONS.get(v, v)),
    "padding": _fields("padding", lambda v: _PADDINGS.get(v, v)),
    "stride": _pair("strideH", "strideW"),
    "dilation": _pair("dilationHFactor", "dilationWFactor"),
    "filter": _pair("filterHeight", "filterWidth"),
    "depth_multiplier": _fields("depthMultiplier"),
    "weights_format": _fields("weightsFormat"),
    "asymmetric_quantize_inputs": _fields("asymmetricQuantizeInputs"),
    "keep_num_dims": _fields("keepNumDims"),
    "keep_dims": _fields("keepDims"),
    "axis": _fields("axis"),
    "alpha": _fields("alpha"),
    "beta": _fields("beta"),
    "new_shape": _fields("newShape", list),
    "squeeze_dims": _fields("squeezeDims", list),
    "adj_x": _fields("adjX"),
    "adj_y": _fields("adjY"),
    "output_type": _fields("outputType", lambda v: TENSOR_TYPES[v]),
    "pot_scale_int16": _fields("potScaleInt16"),
    "begin_mask": _fields("beginMask"),
    "end_mask": _fields("endMask"),
    "ellipsis_mask": _fields("ellipsisMask"),
    "new_axis_mask": _fields("newAxisMask"),
    "shrink_axis_mask": _fields("shrinkAxisMask"),
    "num_splits": _fields("numSplits"),
    "values_count": _fields("valuesCount"),
    "block_size": _fields("blockSize"),
    "batch_dims": _fields("batchDims"),
    "align_corners": _fields("alignCorners"),
    "half_pixel_centers": _fields("halfPixelCenters"),
}


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose bytes start at a multiple of 16, as the schema demands."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802
        if self.data is not None:
            content = bytes(self.data)
            builder.StartVector(1, len(content), 16)
            builder.head = builder.head - len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if self.data is not None:
            schema.BufferAddData(builder, data)
        schema.BufferAddOffset(builder, self.offset)
        schema.BufferAddSize(builder, self.size)
        return int(schema.BufferEnd(builder))


class ModelBuilder:
    """Collects tensors and operators of one subgraph, and the subgraphs beside it."""

    def __init__(self, description: str = "built by a test") -> None:
        self._description = description
        self._tensors: list[Any] = []
        self._ops: list[Any] = []
        self._codes: list[Any] = []
        self._code_index: dict[tuple[int, int, str | None, int | None], int] = {}
        self._buffers: list[Any] = [_AlignedBuffer()]  # buffer 0 stands for "no data"
        self._others: list[ModelBuilder] = []
        self._metadata: list[Any] = []

    def metadata(self, name: str, content: bytes) -> None:
        """Adds an entry to the file's metadata."""
        entry = schema.MetadataT()
        entry.name = name
        entry.buffer = self._add_buffer(content, "uint8")
        self._metadata.append(entry)

    def subgraph(self) -> tuple[int, ModelBuilder]:
        """Another subgraph of the same file, without inputs and outputs: its number, and what
        takes its tensors and operators."""
        other = ModelBuilder()
        other._codes, other._code_index = self._codes, self._code_index
        other._buffers = self._buffers
        self._others.append(other)
        return len(self._others), other

    def variable(self, name: str) -> int:
        """The handle of a variable: VAR_HANDLE and its output."""
        handle = self.tensor(f"handle of {name}", [], "resource")
        self.op("VAR_HANDLE", [], [handle], sharedName=name, container="")
        return handle

    def initialise(self, name: str, value: npt.NDArray[Any], dtype: str, **quant: Any) -> None:
        """CALL_ONCE of a subgraph that gives a variable its first value."""
        number, graph = self.subgraph()
        constant = graph.tensor(f"{name} at first", value.shape, dtype, data=value, **quant)
        graph.op("ASSIGN_VARIABLE", [graph.variable(name), constant], [])
        self.op("CALL_ONCE", [], [], initSubgraphIndex=number)

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] | None = None,
        axis: int = 0,
        data: npt.ArrayLike | bytes | None = None,
        shape_signature: Sequence[int] | None = None,
        is_variable: bool = False,
    ) -> int:
        """Adds a tensor and returns its index.

        Args:
            scale: One, or one per slice along ``axis``; None for no quantisation.
            zero_point: As many as ``scale``; zeros when None.
            data: Makes the tensor a constant: values of ``dtype``, or raw bytes.
        """
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = list(shape)
        tensor.type = TENSOR_TYPES[dtype]
        tensor.shapeSignature = None if shape_signature is None else list(shape_signature)
        tensor.hasRank = True
        tensor.isVariable = is_variable
        if scale is not None:
            tensor.quantization = _quantization(scale, zero_point, axis)
        if data is not None:
            tensor.buffer = self._add_buffer(data, dtype)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def type_number(self, tensor: int) -> int:
        """The schema's number for the element type of a tensor."""
        return int(self._tensors[tensor].type)

    def op(
        self,
        kind: str | int,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        version: int = 1,
        custom_code: str | None = None,
        deprecated_code: int | None = None,
        intermediates: Sequence[int] = (),
        **options: Any,
    ) -> int:
        """Adds an operator and returns its node number.

        Args:
            kind: Its TensorFlow Lite name, or its builtin number.
            inputs: Tensor indices; -1 for an optional input that is absent.
            deprecated_code: Overrides the one byte that files from before 2020 used.
            options: Keywords of `_KEYWORDS`, or fields of the schema's options table.
        """
        number = kind if isinstance(kind, int) else int(getattr(schema.BuiltinOperator, kind))
        node = schema.OperatorT()
        node.opcodeIndex = self._opcode(number, version, custom_code, deprecated_code)
        node.inputs = list(inputs)
        node.outputs = list(outputs)
        node.intermediates = list(intermediates)
        table = _OPTION_TABLES.get(kind) if isinstance(kind, str) else None
        if table is not None:
            node.builtinOptionsType = int(getattr(schema.BuiltinOptions, table))
            node.builtinOptions = _options(table, options)
        elif options:
            raise TypeError(f"{kind} has no options, but was given {sorted(options)}")
        self._ops.append(node)
        return len(self._ops) - 1

    def model(self, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        """The schema's ModelT, to be changed by a test before `dump` writes it."""
        model = schema.ModelT()
        model.version = 3
        model.description = self._description
        model.operatorCodes = self._codes
        model.subgraphs = [self._graph("main", inputs, outputs)]
        model.subgraphs += [other._graph("other", [], []) for other in self._others]
        model.buffers = self._buffers
        model.metadata = self._metadata
        return model

    def build(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The finished file, its operators in the order in which they were added."""
        return dump(self.model(inputs, outputs))

    def _graph(self, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        graph = schema.SubGraphT()
        graph.tensors = self._tensors
        graph.operators = self._ops
        graph.inputs = list(inputs)
        graph.outputs = list(outputs)
        graph.name = name
        return graph

    def _add_buffer(self, data: npt.ArrayLike | bytes, dtype: str) -> int:
        buffer = _AlignedBuffer()
        if isinstance(data, bytes):
            content = data
        else:
            content = np.asarray(data).astype(np.dtype(dtype).newbyteorder("<")).tobytes()
        buffer.data = content
        self._buffers.append(buffer)
        return len(self._buffers) - 1

    def _opcode(
        self, number: int, version: int, custom_code: str | None, deprecated: int | None
    ) -> int:
        key = (number, version, custom_code, deprecated)
        if key not in self._code_index:
            code = schema.OperatorCodeT()
            code.builtinCode = number
            code.deprecatedBuiltinCode = min(number, 127) if deprecated is None else deprecated
            code.version = version
            code.customCode = custom_code
            self._code_index[key] = len(self._codes)
            self._codes.append(code)
        return self._code_index[key]


def dump(model: Any) -> bytes:
    """Writes a schema ModelT as the bytes of a .tflite file."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _quantization(
    scale: float | Sequence[float], zero_point: int | Sequence[int] | None, axis: int
) -> Any:
    quantization = schema.QuantizationParametersT()
    scales = list(scale) if isinstance(scale, Sequence) else [scale]
    if zero_point is None:
        zero_point = [0] * len(scales)
    zero_points = list(zero_point) if isinstance(zero_point, Sequence) else [zero_point]
    quantization.scale = np.asarray(scales, dtype="<f4")
    quantization.zeroPoint = np.asarray(zero_points, dtype="<i8")
    quantization.quantizedDimension = axis
    return quantization


def _options(table: str, keywords: Mapping[str, Any]) -> Any:
    options = getattr(schema, table + "T")()
    if table == "SoftmaxOptions":
        options.beta = 1.0
    if table == "DepthwiseConv2DOptions":
        options.depthMultiplier = 1
    if hasattr(options, "strideH"):
        options.strideH = options.strideW = 1
    if hasattr(options, "potScaleInt16"):
        options.potScaleInt16 = False
    for keyword, value in keywords.items():
        fields = _KEYWORDS[keyword](value) if keyword in _KEYWORDS else {keyword: value}
        for field, content in fields.items():
            if not hasattr(options, field):
                raise TypeError(f"{table} has no field {field}")
            setattr(options, field, content)
    return options
