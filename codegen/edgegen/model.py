"""The intermediate representation: a trained model as plain, immutable data.

Frontends make a `Model`, passes turn one `Model` into another, engines and targets
read it. Whatever reaches this module has been validated: indices are in range,
shapes are static, constants match their shape and dtype.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


class DType(enum.Enum):
    """Element type of a tensor; the value is numpy's name for it."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[np.generic]:
        return np.dtype(self.value)

    @property
    def bytes(self) -> int:
        """Size of one element, in bytes."""
        return self.numpy.itemsize


class OpKind(enum.Enum):
    """Operators that the IR knows; the value is the TensorFlow Lite name."""

    ABS = "ABS"
    ADD = "ADD"
    ARG_MAX = "ARG_MAX"
    ARG_MIN = "ARG_MIN"
    ASSIGN_VARIABLE = "ASSIGN_VARIABLE"
    AVERAGE_POOL_2D = "AVERAGE_POOL_2D"
    BATCH_MATMUL = "BATCH_MATMUL"
    CAST = "CAST"
    CONCATENATION = "CONCATENATION"
    CONV_2D = "CONV_2D"
    DEPTHWISE_CONV_2D = "DEPTHWISE_CONV_2D"
    DEPTH_TO_SPACE = "DEPTH_TO_SPACE"
    DEQUANTIZE = "DEQUANTIZE"
    ELU = "ELU"
    EQUAL = "EQUAL"
    EXP = "EXP"
    EXPAND_DIMS = "EXPAND_DIMS"
    FLOOR = "FLOOR"
    FULLY_CONNECTED = "FULLY_CONNECTED"
    GATHER = "GATHER"
    GREATER = "GREATER"
    GREATER_EQUAL = "GREATER_EQUAL"
    HARD_SWISH = "HARD_SWISH"
    L2_NORMALIZATION = "L2_NORMALIZATION"
    LEAKY_RELU = "LEAKY_RELU"
    LESS = "LESS"
    LESS_EQUAL = "LESS_EQUAL"
    LOG = "LOG"
    LOGICAL_AND = "LOGICAL_AND"
    LOGICAL_NOT = "LOGICAL_NOT"
    LOGICAL_OR = "LOGICAL_OR"
    LOGISTIC = "LOGISTIC"
    LOG_SOFTMAX = "LOG_SOFTMAX"
    MAXIMUM = "MAXIMUM"
    MAX_POOL_2D = "MAX_POOL_2D"
    MEAN = "MEAN"
    MINIMUM = "MINIMUM"
    MIRROR_PAD = "MIRROR_PAD"
    MUL = "MUL"
    NEG = "NEG"
    NOT_EQUAL = "NOT_EQUAL"
    PACK = "PACK"
    PAD = "PAD"
    PADV2 = "PADV2"
    PRELU = "PRELU"
    QUANTIZE = "QUANTIZE"
    READ_VARIABLE = "READ_VARIABLE"
    REDUCE_MAX = "REDUCE_MAX"
    REDUCE_MIN = "REDUCE_MIN"
    RELU = "RELU"
    RELU6 = "RELU6"
    RESHAPE = "RESHAPE"
    RESIZE_BILINEAR = "RESIZE_BILINEAR"
    RESIZE_NEAREST_NEIGHBOR = "RESIZE_NEAREST_NEIGHBOR"
    RSQRT = "RSQRT"
    SELECT_V2 = "SELECT_V2"
    SLICE = "SLICE"
    SOFTMAX = "SOFTMAX"
    SPACE_TO_DEPTH = "SPACE_TO_DEPTH"
    SPLIT = "SPLIT"
    SQRT = "SQRT"
    SQUARE = "SQUARE"
    SQUEEZE = "SQUEEZE"
    STRIDED_SLICE = "STRIDED_SLICE"
    SUB = "SUB"
    SUM = "SUM"
    SVDF = "SVDF"
    TANH = "TANH"
    TRANSPOSE = "TRANSPOSE"
    TRANSPOSE_CONV = "TRANSPOSE_CONV"
    UNIDIRECTIONAL_SEQUENCE_LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    UNPACK = "UNPACK"


class Activation(enum.Enum):
    """Activation fused into an operator."""

    NONE = "none"
    RELU = "relu"
    RELU_N1_TO_1 = "relu_n1_to_1"
    RELU6 = "relu6"
    TANH = "tanh"


class Padding(enum.Enum):
    SAME = "same"
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Quant:
    """Affine quantisation: real = scale * (q - zero_point).

    Attributes:
        scale: One scale per tensor, or one per slice along ``axis``. float32 values
            held exactly in Python floats.
        zero_point: As many as ``scale``.
        axis: The quantised dimension, or None when there is one scale.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the graph.

    Attributes:
        name: The model's own text: data, never trusted as an identifier or a path.
        shape: Static dimensions; () is a scalar.
        data: Read-only array of ``shape`` for a constant, else None.
        initial: What a variable holds before the first inference, read-only and of ``shape``;
            it keeps its value from one inference to the next. None for anything else.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    quant: Quant | None = None
    data: npt.NDArray[np.generic] | None = field(default=None, compare=False, repr=False)
    initial: npt.NDArray[np.generic] | None = field(default=None, compare=False, repr=False)

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        return self.elements * self.dtype.bytes

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def is_variable(self) -> bool:
        return self.initial is not None

    @property
    def has_scale(self) -> bool:
        """Whether one scale, not 0, turns its integers into real numbers."""
        return self.quant is not None and len(self.quant.scale) == 1 and self.quant.scale[0] != 0

    @property
    def scale(self) -> float:
        """The per-tensor scale; a ValueError where there is none."""
        if self.quant is None or len(self.quant.scale) != 1:
            raise ValueError(f"tensor {self.name!r} has no single scale")
        return self.quant.scale[0]

    @property
    def zero_point(self) -> int:
        """The per-tensor zero point; a ValueError where there is none."""
        if self.quant is None or len(self.quant.zero_point) != 1:
            raise ValueError(f"tensor {self.name!r} has no single zero point")
        return self.quant.zero_point[0]


@dataclass(frozen=True, slots=True)
class NoAttrs:
    """For operators whose inputs and output shape say everything."""


@dataclass(frozen=True, slots=True)
class Conv2DAttrs:
    """CONV_2D, DEPTHWISE_CONV_2D and TRANSPOSE_CONV; pairs are (height, width).

    Attributes:
        has_int32_sums: Whether CONV_2D of int16 without a bias adds up in 32 bits, not 64.
    """

    padding: Padding
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    activation: Activation = Activation.NONE
    depth_multiplier: int = 1
    has_int32_sums: bool = False


@dataclass(frozen=True, slots=True)
class FullyConnectedAttrs:
    """FULLY_CONNECTED; ``has_int32_sums`` as of `Conv2DAttrs`."""

    activation: Activation = Activation.NONE
    keep_num_dims: bool = False
    has_int32_sums: bool = False


@dataclass(frozen=True, slots=True)
class Pool2DAttrs:
    """AVERAGE_POOL_2D and MAX_POOL_2D; pairs are (height, width)."""

    padding: Padding
    stride: tuple[int, int]
    filter: tuple[int, int]
    activation: Activation = Activation.NONE


@dataclass(frozen=True, slots=True)
class BinaryAttrs:
    """ADD, SUB and MUL."""

    activation: Activation = Activation.NONE


@dataclass(frozen=True, slots=True)
class SoftmaxAttrs:
    beta: float = 1.0


@dataclass(frozen=True, slots=True)
class LeakyReluAttrs:
    alpha: float = 0.0


@dataclass(frozen=True, slots=True)
class ConcatenationAttrs:
    """``axis`` is never negative."""

    axis: int
    activation: Activation = Activation.NONE


@dataclass(frozen=True, slots=True)
class ReduceAttrs:
    """MEAN, SUM, REDUCE_MAX and REDUCE_MIN; ``axes`` are sorted, distinct and never negative."""

    axes: tuple[int, ...]
    keep_dims: bool = False


@dataclass(frozen=True, slots=True)
class PadAttrs:
    """PAD and PADV2; (before, after) per dimension."""

    paddings: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class MirrorPadAttrs:
    """(before, after) per dimension; ``repeats_edge`` is SYMMETRIC, else REFLECT."""

    paddings: tuple[tuple[int, int], ...]
    repeats_edge: bool


@dataclass(frozen=True, slots=True)
class SliceAttrs:
    """SLICE and STRIDED_SLICE: elements begin, begin + stride, ... ``size`` of them.

    One number per dimension of the input, with masks and negative indices resolved. What
    STRIDED_SLICE shrinks away has size 1 here and is missing from the output's shape.
    """

    begin: tuple[int, ...]
    size: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TransposeAttrs:
    """Dimension k of the output is dimension ``permutation[k]`` of the input."""

    permutation: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AxisAttrs:
    """SPLIT, PACK, UNPACK, ARG_MAX and ARG_MIN; ``axis`` is never negative.

    PACK's counts dimensions of the output.
    """

    axis: int


@dataclass(frozen=True, slots=True)
class BlockAttrs:
    """SPACE_TO_DEPTH and DEPTH_TO_SPACE: blocks of ``size`` x ``size`` positions."""

    size: int


@dataclass(frozen=True, slots=True)
class GatherAttrs:
    """``axis`` is never negative; ``indices`` are within it, flattened in C order."""

    axis: int
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MatMulAttrs:
    """BATCH_MATMUL; whether the last two dimensions of an input are to be swapped."""

    transposes_first: bool = False
    transposes_second: bool = False


@dataclass(frozen=True, slots=True)
class ResizeAttrs:
    """How a position of the output maps to the input; at most one of both is true."""

    align_corners: bool = False
    half_pixel_centers: bool = False


@dataclass(frozen=True, slots=True)
class SvdfAttrs:
    """``rank`` filters make up one unit; integer kernels leave the activation to the scale."""

    rank: int
    activation: Activation = Activation.NONE


@dataclass(frozen=True, slots=True)
class LstmAttrs:
    """``cell_clip`` is the largest absolute value of the cell state, 0 for none."""

    time_major: bool = False
    cell_clip: float = 0.0


Attrs = (
    NoAttrs
    | Conv2DAttrs
    | FullyConnectedAttrs
    | Pool2DAttrs
    | BinaryAttrs
    | SoftmaxAttrs
    | LeakyReluAttrs
    | ConcatenationAttrs
    | ReduceAttrs
    | PadAttrs
    | MirrorPadAttrs
    | SliceAttrs
    | TransposeAttrs
    | AxisAttrs
    | BlockAttrs
    | GatherAttrs
    | ResizeAttrs
    | MatMulAttrs
    | SvdfAttrs
    | LstmAttrs
)

# The first inputs of these say how to compute, not what from.
_DATA_POSITION = {OpKind.SELECT_V2: 1, OpKind.SPLIT: 1, OpKind.TRANSPOSE_CONV: 2}


@dataclass(frozen=True, slots=True)
class Op:
    """One node of the graph.

    Attributes:
        inputs: Tensor indices; None stands for an optional input that is absent.
            Parameters that became ``attrs`` (axes, paddings, shapes) stay listed.
        version: The operator's version in the model file.
        node: Position in the model file, kept through passes.
    """

    kind: OpKind
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    attrs: Attrs
    version: int
    node: int

    @property
    def data(self) -> int:
        """The tensor that the operator computes from, whose type decides how."""
        index = self.inputs[_DATA_POSITION.get(self.kind, 0)]
        if index is None:
            raise ValueError(f"{self.kind.value} (node {self.node}) has no input")
        return index


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a model came from.

    Attributes:
        file_name: Without folders.
        format: "tflite" or "onnx".
        sha256: Hex digest of ``data``.
        data: The file's bytes.
    """

    file_name: str
    format: str
    sha256: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForeignGraph:
    """What is known of a graph in a format whose operators the IR does not hold.

    Attributes:
        operators: (name, version of its operator set, count), sorted.
        weight_bytes: Of all constants.
        has_free_batch: Whether the first dimension of every input and output is left open; their
            tensors have 1 there.
    """

    operators: tuple[tuple[str, int, int], ...]
    weight_bytes: int
    has_free_batch: bool


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: tensors, operators in execution order, inputs and outputs.

    ``inputs`` and ``outputs`` are indices into ``tensors``. Tensor indices are those
    of the model file, so a diagnostic or a golden value can be traced back to it.

    Attributes:
        foreign: Of a model that only runtimes for its own format can run: then ``ops`` is empty,
            and ``tensors`` are its inputs and outputs alone.
    """

    name: str
    source: Source
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    foreign: ForeignGraph | None = None
