"""Numbers of the TensorFlow Lite schema (version 3), as far as the frontend reads it.

Slot numbers count the fields of a table in the order of the schema, unions as two.
A test compares all of them with the schema that comes with ai-edge-litert.
"""

from __future__ import annotations

import functools
from enum import IntEnum

from edgegen.model import Activation, DType, OpKind, Padding

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


class ModelSlot(IntEnum):
    VERSION = 0
    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    DESCRIPTION = 3
    BUFFERS = 4
    METADATA_BUFFER = 5
    METADATA = 6
    SIGNATURE_DEFS = 7
    EXTERNAL_BUFFER_GROUPS = 8
    EXTERNAL_BUFFERS = 9


class OperatorCodeSlot(IntEnum):
    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    VERSION = 2
    BUILTIN_CODE = 3


class SubGraphSlot(IntEnum):
    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3
    NAME = 4


class BufferSlot(IntEnum):
    DATA = 0
    OFFSET = 1


class TensorSlot(IntEnum):
    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    IS_VARIABLE = 5
    SPARSITY = 6
    SHAPE_SIGNATURE = 7
    VARIANT_TENSORS = 9
    EXTERNAL_BUFFER = 10


class QuantizationSlot(IntEnum):
    MIN = 0
    MAX = 1
    SCALE = 2
    ZERO_POINT = 3
    DETAILS_TYPE = 4
    DETAILS = 5
    QUANTIZED_DIMENSION = 6


class OperatorSlot(IntEnum):
    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    BUILTIN_OPTIONS = 4
    CUSTOM_OPTIONS = 5
    MUTATING_VARIABLE_INPUTS = 7
    INTERMEDIATES = 8
    BUILTIN_OPTIONS2 = 12


class MetadataSlot(IntEnum):
    NAME = 0
    BUFFER = 1


class SignatureDefSlot(IntEnum):
    INPUTS = 0
    OUTPUTS = 1
    SIGNATURE_KEY = 2


class TensorMapSlot(IntEnum):
    NAME = 0


class Conv2DSlot(IntEnum):
    PADDING = 0
    STRIDE_W = 1
    STRIDE_H = 2
    FUSED_ACTIVATION_FUNCTION = 3
    DILATION_W_FACTOR = 4
    DILATION_H_FACTOR = 5
    QUANTIZED_BIAS_TYPE = 6


class DepthwiseConv2DSlot(IntEnum):
    PADDING = 0
    STRIDE_W = 1
    STRIDE_H = 2
    DEPTH_MULTIPLIER = 3
    FUSED_ACTIVATION_FUNCTION = 4
    DILATION_W_FACTOR = 5
    DILATION_H_FACTOR = 6


class Pool2DSlot(IntEnum):
    PADDING = 0
    STRIDE_W = 1
    STRIDE_H = 2
    FILTER_WIDTH = 3
    FILTER_HEIGHT = 4
    FUSED_ACTIVATION_FUNCTION = 5


class FullyConnectedSlot(IntEnum):
    FUSED_ACTIVATION_FUNCTION = 0
    WEIGHTS_FORMAT = 1
    KEEP_NUM_DIMS = 2
    QUANTIZED_BIAS_TYPE = 4
    QUANT_SPEC = 5


class BinarySlot(IntEnum):
    """AddOptions, SubOptions and MulOptions."""

    FUSED_ACTIVATION_FUNCTION = 0


class ConcatenationSlot(IntEnum):
    AXIS = 0
    FUSED_ACTIVATION_FUNCTION = 1


class SoftmaxSlot(IntEnum):
    BETA = 0


class LeakyReluSlot(IntEnum):
    ALPHA = 0


class ReducerSlot(IntEnum):
    KEEP_DIMS = 0


class SqueezeSlot(IntEnum):
    SQUEEZE_DIMS = 0


class ReshapeSlot(IntEnum):
    NEW_SHAPE = 0


class L2NormSlot(IntEnum):
    FUSED_ACTIVATION_FUNCTION = 0


class ResizeBilinearSlot(IntEnum):
    ALIGN_CORNERS = 2
    HALF_PIXEL_CENTERS = 3


class TransposeConvSlot(IntEnum):
    PADDING = 0
    STRIDE_W = 1
    STRIDE_H = 2
    FUSED_ACTIVATION_FUNCTION = 3
    QUANTIZED_BIAS_TYPE = 4


class BatchMatMulSlot(IntEnum):
    ADJ_X = 0
    ADJ_Y = 1


class StridedSliceSlot(IntEnum):
    BEGIN_MASK = 0
    END_MASK = 1
    ELLIPSIS_MASK = 2
    NEW_AXIS_MASK = 3
    SHRINK_AXIS_MASK = 4
    OFFSET = 5


class SplitSlot(IntEnum):
    NUM_SPLITS = 0


class PackSlot(IntEnum):
    VALUES_COUNT = 0
    AXIS = 1


class UnpackSlot(IntEnum):
    NUM = 0
    AXIS = 1


class BlockSlot(IntEnum):
    """SpaceToDepthOptions and DepthToSpaceOptions."""

    BLOCK_SIZE = 0


class MirrorPadSlot(IntEnum):
    MODE = 0


class GatherSlot(IntEnum):
    AXIS = 0
    BATCH_DIMS = 1


class VarHandleSlot(IntEnum):
    SHARED_NAME = 1


class CallOnceSlot(IntEnum):
    INIT_SUBGRAPH_INDEX = 0


class SvdfSlot(IntEnum):
    RANK = 0
    FUSED_ACTIVATION_FUNCTION = 1


class SequenceLstmSlot(IntEnum):
    FUSED_ACTIVATION_FUNCTION = 0
    CELL_CLIP = 1
    TIME_MAJOR = 3
    DIAGONAL_RECURRENT_TENSORS = 5


class ResizeNearestNeighborSlot(IntEnum):
    ALIGN_CORNERS = 0
    HALF_PIXEL_CENTERS = 1


# BuiltinOperator.
OP_KINDS: dict[int, OpKind] = {
    0: OpKind.ADD,
    1: OpKind.AVERAGE_POOL_2D,
    2: OpKind.CONCATENATION,
    3: OpKind.CONV_2D,
    4: OpKind.DEPTHWISE_CONV_2D,
    5: OpKind.DEPTH_TO_SPACE,
    6: OpKind.DEQUANTIZE,
    8: OpKind.FLOOR,
    9: OpKind.FULLY_CONNECTED,
    11: OpKind.L2_NORMALIZATION,
    14: OpKind.LOGISTIC,
    17: OpKind.MAX_POOL_2D,
    18: OpKind.MUL,
    19: OpKind.RELU,
    21: OpKind.RELU6,
    22: OpKind.RESHAPE,
    23: OpKind.RESIZE_BILINEAR,
    25: OpKind.SOFTMAX,
    26: OpKind.SPACE_TO_DEPTH,
    27: OpKind.SVDF,
    28: OpKind.TANH,
    34: OpKind.PAD,
    36: OpKind.GATHER,
    39: OpKind.TRANSPOSE,
    40: OpKind.MEAN,
    41: OpKind.SUB,
    43: OpKind.SQUEEZE,
    44: OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM,
    45: OpKind.STRIDED_SLICE,
    47: OpKind.EXP,
    49: OpKind.SPLIT,
    50: OpKind.LOG_SOFTMAX,
    53: OpKind.CAST,
    54: OpKind.PRELU,
    55: OpKind.MAXIMUM,
    56: OpKind.ARG_MAX,
    57: OpKind.MINIMUM,
    58: OpKind.LESS,
    59: OpKind.NEG,
    60: OpKind.PADV2,
    61: OpKind.GREATER,
    62: OpKind.GREATER_EQUAL,
    63: OpKind.LESS_EQUAL,
    65: OpKind.SLICE,
    67: OpKind.TRANSPOSE_CONV,
    70: OpKind.EXPAND_DIMS,
    71: OpKind.EQUAL,
    72: OpKind.NOT_EQUAL,
    73: OpKind.LOG,
    74: OpKind.SUM,
    75: OpKind.SQRT,
    76: OpKind.RSQRT,
    79: OpKind.ARG_MIN,
    82: OpKind.REDUCE_MAX,
    83: OpKind.PACK,
    84: OpKind.LOGICAL_OR,
    86: OpKind.LOGICAL_AND,
    87: OpKind.LOGICAL_NOT,
    88: OpKind.UNPACK,
    89: OpKind.REDUCE_MIN,
    92: OpKind.SQUARE,
    97: OpKind.RESIZE_NEAREST_NEIGHBOR,
    98: OpKind.LEAKY_RELU,
    100: OpKind.MIRROR_PAD,
    101: OpKind.ABS,
    111: OpKind.ELU,
    114: OpKind.QUANTIZE,
    117: OpKind.HARD_SWISH,
    123: OpKind.SELECT_V2,
    126: OpKind.BATCH_MATMUL,
    143: OpKind.READ_VARIABLE,
    144: OpKind.ASSIGN_VARIABLE,
}
CUSTOM_OPERATOR = 32
CALL_ONCE = 129
VAR_HANDLE = 142
READ_VARIABLE = 143
ASSIGN_VARIABLE = 144
VARIABLE_OPERATORS = (READ_VARIABLE, ASSIGN_VARIABLE)
"""Those of the four that compute something; the IR has no others."""

# The newest version of each operator whose meaning is known here: those that LiteRT 2.3
# executes. A version stands for the element types and options that were added with it.
NEWEST_VERSIONS: dict[OpKind, int] = {
    OpKind.ABS: 3,
    OpKind.ADD: 5,
    OpKind.ARG_MAX: 2,
    OpKind.ARG_MIN: 2,
    OpKind.ASSIGN_VARIABLE: 1,
    OpKind.AVERAGE_POOL_2D: 3,
    OpKind.BATCH_MATMUL: 4,
    OpKind.CAST: 9,
    OpKind.CONCATENATION: 7,
    OpKind.CONV_2D: 8,
    OpKind.DEPTHWISE_CONV_2D: 6,
    OpKind.DEPTH_TO_SPACE: 1,
    OpKind.DEQUANTIZE: 9,
    OpKind.ELU: 1,
    OpKind.EQUAL: 5,
    OpKind.EXP: 2,
    OpKind.EXPAND_DIMS: 1,
    OpKind.FLOOR: 1,
    OpKind.FULLY_CONNECTED: 14,
    OpKind.GATHER: 8,
    OpKind.GREATER: 2,
    OpKind.GREATER_EQUAL: 3,
    OpKind.HARD_SWISH: 1,
    OpKind.L2_NORMALIZATION: 2,
    OpKind.LEAKY_RELU: 2,
    OpKind.LESS: 3,
    OpKind.LESS_EQUAL: 2,
    OpKind.LOG: 2,
    OpKind.LOGICAL_AND: 1,
    OpKind.LOGICAL_NOT: 1,
    OpKind.LOGICAL_OR: 1,
    OpKind.LOGISTIC: 3,
    OpKind.LOG_SOFTMAX: 2,
    OpKind.MAXIMUM: 4,
    OpKind.MAX_POOL_2D: 3,
    OpKind.MEAN: 3,
    OpKind.MINIMUM: 4,
    OpKind.MIRROR_PAD: 3,
    OpKind.MUL: 7,
    OpKind.NEG: 1,
    OpKind.NOT_EQUAL: 4,
    OpKind.PACK: 5,
    OpKind.PAD: 6,
    OpKind.PADV2: 6,
    OpKind.PRELU: 1,
    OpKind.QUANTIZE: 6,
    OpKind.READ_VARIABLE: 1,
    OpKind.REDUCE_MAX: 3,
    OpKind.REDUCE_MIN: 3,
    OpKind.RELU6: 3,
    OpKind.RELU: 3,
    OpKind.RESHAPE: 1,
    OpKind.RESIZE_BILINEAR: 4,
    OpKind.RESIZE_NEAREST_NEIGHBOR: 4,
    OpKind.RSQRT: 3,
    OpKind.SELECT_V2: 2,
    OpKind.SLICE: 8,
    OpKind.SOFTMAX: 3,
    OpKind.SPACE_TO_DEPTH: 2,
    OpKind.SPLIT: 5,
    OpKind.SQRT: 2,
    OpKind.SQUARE: 1,
    OpKind.SQUEEZE: 1,
    OpKind.STRIDED_SLICE: 4,
    OpKind.SUB: 5,
    OpKind.SUM: 2,
    OpKind.SVDF: 4,
    OpKind.TANH: 3,
    OpKind.TRANSPOSE: 8,
    OpKind.TRANSPOSE_CONV: 5,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: 3,
    OpKind.UNPACK: 6,
}

# BuiltinOptions: the table of parameters of each operator that has any.
OPTION_TYPES: dict[OpKind, int] = {
    OpKind.CONV_2D: 1,
    OpKind.DEPTHWISE_CONV_2D: 2,
    OpKind.AVERAGE_POOL_2D: 5,
    OpKind.MAX_POOL_2D: 5,
    OpKind.SVDF: 6,
    OpKind.FULLY_CONNECTED: 8,
    OpKind.SOFTMAX: 9,
    OpKind.CONCATENATION: 10,
    OpKind.ADD: 11,
    OpKind.L2_NORMALIZATION: 12,
    OpKind.RESIZE_BILINEAR: 15,
    OpKind.RESHAPE: 17,
    OpKind.SPACE_TO_DEPTH: 19,
    OpKind.MUL: 21,
    OpKind.GATHER: 23,
    OpKind.MEAN: 27,
    OpKind.REDUCE_MAX: 27,
    OpKind.REDUCE_MIN: 27,
    OpKind.SUM: 27,
    OpKind.SUB: 28,
    OpKind.SQUEEZE: 30,
    OpKind.STRIDED_SLICE: 32,
    OpKind.SPLIT: 35,
    OpKind.TRANSPOSE_CONV: 49,
    OpKind.PACK: 59,
    OpKind.UNPACK: 64,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: 71,
    OpKind.RESIZE_NEAREST_NEIGHBOR: 74,
    OpKind.LEAKY_RELU: 75,
    OpKind.MIRROR_PAD: 77,
    OpKind.DEPTH_TO_SPACE: 94,
    OpKind.BATCH_MATMUL: 101,
}

VAR_HANDLE_OPTIONS = 111
CALL_ONCE_OPTIONS = 103

# TensorType.
DTYPES: dict[int, DType] = {
    0: DType.FLOAT32,
    1: DType.FLOAT16,
    2: DType.INT32,
    3: DType.UINT8,
    4: DType.INT64,
    6: DType.BOOL,
    7: DType.INT16,
    9: DType.INT8,
}
RESOURCE = 13
PACKED_TYPES: dict[int, str] = {17: "int4", 19: "int2", 20: "uint4"}
OTHER_TYPES: dict[int, str] = {
    5: "string",
    8: "complex64",
    10: "float64",
    11: "complex128",
    12: "uint64",
    13: "resource",
    14: "variant",
    15: "uint32",
    16: "uint16",
    18: "bfloat16",
    21: "float8_e4m3fn",
    22: "float8_e5m2",
}

# What quantized_bias_type may say: 0 leaves it to the bias, else its TensorType.
BIAS_TYPES: dict[int, DType | None] = {0: None, 2: DType.INT32, 4: DType.INT64}

# MirrorPadMode, as whether the edge itself is repeated: REFLECT, SYMMETRIC.
MIRROR_MODES: dict[int, bool] = {0: False, 1: True}
TANH = 4
"""ActivationFunctionType of an LSTM's cell gate; no other operator may have it."""

PADDINGS: dict[int, Padding] = {0: Padding.SAME, 1: Padding.VALID}
ACTIVATIONS: dict[int, Activation] = {
    0: Activation.NONE,
    1: Activation.RELU,
    2: Activation.RELU_N1_TO_1,
    3: Activation.RELU6,
}


@functools.cache
def operator_name(number: int) -> str:
    """Name of a builtin operator, for diagnostics; empty when it is not known."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    names = {value: name for name, value in vars(BuiltinOperator).items()}
    return str(names.get(number, ""))
