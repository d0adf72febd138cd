"""Which of TFLM's and CMSIS-NN's source files run an operator, and how it is registered.

The lists are closed: whatever a listed file refers to is in `CORE`, in another file of the
same operator, or in the C library. They hold for the commits in `SOURCES`; a test links a
model of each operator with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.model import DType, OpKind


@dataclass(frozen=True, slots=True)
class GitSource:
    """One dependency of the generated project.

    Attributes:
        name: FetchContent's name; FETCHCONTENT_SOURCE_DIR_<NAME> replaces the download.
        url: The public repository.
        commit: The pinned commit.
        what: For the comment above it.
    """

    name: str
    url: str
    commit: str
    what: str


# All but the first are what TFLM pins at its commit: tools/make/third_party_downloads.inc
# and ext_libs/cmsis_nn_download.sh, below tensorflow/lite/micro.
SOURCES = (
    GitSource(
        "tflm",
        "https://github.com/tensorflow/tflite-micro.git",
        "90b983c2b3f1480642e040bbd2ddb37b998f3424",
        "TensorFlow Lite Micro",
    ),
    GitSource(
        "flatbuffers",
        "https://github.com/google/flatbuffers.git",
        "187240970746d00bbd26b0f5873ed54d2477f9f3",
        "headers only; 25.9.23, the version that TFLM's schema asserts",
    ),
    GitSource(
        "gemmlowp",
        "https://github.com/google/gemmlowp.git",
        "719139ce755a0f31cbf1c37f7f98adcc7fc9f425",
        "headers only: fixed-point arithmetic",
    ),
    GitSource(
        "ruy",
        "https://github.com/google/ruy.git",
        "d37128311b445e758136b8602d1bbd2a755e115d",
        "headers only: profiler macros that expand to nothing",
    ),
)

CMSIS_NN = GitSource(
    "cmsis_nn",
    "https://github.com/ARM-software/CMSIS-NN.git",
    "4ab83cc3cc98fb85ed6dafb55e8ca02f1628dcae",
    "Arm's optimised kernels; they include nothing of CMSIS core",
)

# TFLM without kernels, below tensorflow/.
CORE = (
    "compiler/mlir/lite/core/api/error_reporter.cc",
    "compiler/mlir/lite/schema/schema_utils.cc",
    "lite/core/api/flatbuffer_conversions.cc",
    "lite/core/api/tensor_utils.cc",
    "lite/core/c/common.cc",
    "lite/kernels/internal/common.cc",
    "lite/kernels/internal/portable_tensor_utils.cc",
    "lite/kernels/internal/quantization_util.cc",
    "lite/kernels/internal/reference/portable_tensor_utils.cc",
    "lite/kernels/internal/runtime_shape.cc",
    "lite/kernels/internal/tensor_ctypes.cc",
    "lite/kernels/internal/tensor_utils.cc",
    "lite/kernels/kernel_util.cc",
    "lite/micro/arena_allocator/non_persistent_arena_buffer_allocator.cc",
    "lite/micro/arena_allocator/persistent_arena_buffer_allocator.cc",
    "lite/micro/arena_allocator/single_arena_buffer_allocator.cc",
    "lite/micro/debug_log.cc",
    "lite/micro/flatbuffer_utils.cc",
    "lite/micro/kernels/kernel_util.cc",
    "lite/micro/memory_helpers.cc",
    "lite/micro/memory_planner/greedy_memory_planner.cc",
    "lite/micro/memory_planner/linear_memory_planner.cc",
    "lite/micro/micro_allocation_info.cc",
    "lite/micro/micro_allocator.cc",
    "lite/micro/micro_context.cc",
    "lite/micro/micro_interpreter.cc",
    "lite/micro/micro_interpreter_context.cc",
    "lite/micro/micro_interpreter_graph.cc",
    "lite/micro/micro_log.cc",
    "lite/micro/micro_op_resolver.cc",
    "lite/micro/micro_resource_variable.cc",
    "lite/micro/micro_utils.cc",
    "lite/micro/tflite_bridge/flatbuffer_conversions_bridge.cc",
    "lite/micro/tflite_bridge/micro_error_reporter.cc",
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """How TFLM runs one operator.

    Attributes:
        method: MicroMutableOpResolver's member function that adds it.
        code: Bytes of text that it adds to an image with many others: with the
            registration for one integer type where there is one, and with that for all.
        files: Stem of its main file below tensorflow/lite/micro/kernels, and of the files
            that it shares with optimised kernels.
        types: Activation types that both kernel sets compute.
        variants: Per type of all activations, the registration for that type alone.
        has_cmsis_nn: Whether cmsis_nn/<main file> takes the main file's place.
    """

    method: str
    code: tuple[int, int]
    files: tuple[str, ...]
    types: tuple[DType, ...]
    variants: tuple[tuple[DType, str], ...] = ()
    has_cmsis_nn: bool = False


ANY_TYPE = tuple(DType)

# Text of an image, in bytes, beside its kernels: the interpreter alone, and the arithmetic
# that nearly all kernels share. Like the kernels' code, linked for a Cortex-M4 by GCC 12 as
# the generated project is, with CMSIS-NN; the sum meets whole images within 12 %.
INTERPRETER_CODE = 10_960
SHARED_CODE = 10_000

_F32, _S8, _U8, _S16, _S32 = DType.FLOAT32, DType.INT8, DType.UINT8, DType.INT16, DType.INT32


def _variants(name: str, *types: DType) -> tuple[tuple[DType, str], ...]:
    return tuple((dtype, f"Register_{name}_{dtype.name}") for dtype in types)


_ALL = (_F32, _S8, _S16)
_FLOAT_OR_S8 = (_F32, _S8)
_COMPARED = (_F32, _S8, _S32)
_CARRIED = (*_ALL, _S32, DType.BOOL)
_EQUATED = (*_COMPARED, DType.BOOL)

KERNELS = {
    OpKind.ABS: Kernel("AddAbs", (800, 800), ("elementwise",), _ALL),
    OpKind.ADD: Kernel(
        "AddAdd",
        (4384, 10080),
        ("add", "add_common"),
        (*_ALL, _S32),
        _variants("ADD", _S8, _S16),
        True,
    ),
    OpKind.ARG_MAX: Kernel("AddArgMax", (1312, 1312), ("arg_min_max",), (_F32, _S8)),
    OpKind.ARG_MIN: Kernel("AddArgMin", (1312, 1312), ("arg_min_max",), (_F32, _S8)),
    OpKind.ASSIGN_VARIABLE: Kernel("AddAssignVariable", (320, 320), ("assign_variable",), _CARRIED),
    OpKind.AVERAGE_POOL_2D: Kernel(
        "AddAveragePool2D",
        (1696, 2272),
        ("pooling", "pooling_common"),
        _ALL,
        _variants("AVERAGE_POOL_2D", _S8, _S16),
        True,
    ),
    OpKind.BATCH_MATMUL: Kernel(
        "AddBatchMatMul",
        (4020, 6452),
        ("batch_matmul", "batch_matmul_common"),
        _ALL,
        _variants("BATCH_MATMUL", _S8, _S16),
        True,
    ),
    OpKind.CAST: Kernel("AddCast", (1600, 1600), ("cast",), (*_ALL, _S32, DType.BOOL)),
    OpKind.CONCATENATION: Kernel(
        "AddConcatenation", (3136, 3136), ("concatenation",), (*_ALL, _S32, DType.INT64, DType.BOOL)
    ),
    OpKind.CONV_2D: Kernel(
        "AddConv2D",
        (6692, 23492),
        ("conv", "conv_common"),
        _ALL,
        _variants("CONV_2D", _S8, _S16),
        True,
    ),
    OpKind.DEPTH_TO_SPACE: Kernel(
        "AddDepthToSpace", (1120, 1120), ("depth_to_space",), (_F32, _S8)
    ),
    OpKind.DEPTHWISE_CONV_2D: Kernel(
        "AddDepthwiseConv2D",
        (7348, 15828),
        ("depthwise_conv", "depthwise_conv_common", "conv_common"),
        _ALL,
        _variants("DEPTHWISE_CONV_2D", _S8, _S16),
        True,
    ),
    OpKind.DEQUANTIZE: Kernel("AddDequantize", (768, 768), ("dequantize", "dequantize_common"), ()),
    OpKind.ELU: Kernel("AddElu", (576, 576), ("elu",), (_F32, _S8)),
    OpKind.EQUAL: Kernel("AddEqual", (7400, 7400), ("comparisons",), _EQUATED),
    OpKind.EXP: Kernel("AddExp", (352, 352), ("exp",), (_F32,)),
    OpKind.EXPAND_DIMS: Kernel("AddExpandDims", (480, 480), ("expand_dims",), _ALL),
    OpKind.FLOOR: Kernel("AddFloor", (192, 192), ("floor",), (_F32,)),
    OpKind.FULLY_CONNECTED: Kernel(
        "AddFullyConnected",
        (9776, 13488),
        ("fully_connected", "fully_connected_common"),
        _ALL,
        _variants("FULLY_CONNECTED", _S8, _S16),
        True,
    ),
    OpKind.GATHER: Kernel("AddGather", (1440, 1440), ("gather",), (_F32, _S8)),
    OpKind.GREATER: Kernel("AddGreater", (9000, 9000), ("comparisons",), _COMPARED),
    OpKind.GREATER_EQUAL: Kernel("AddGreaterEqual", (6300, 6300), ("comparisons",), _COMPARED),
    OpKind.HARD_SWISH: Kernel(
        "AddHardSwish", (1224, 1224), ("hard_swish", "hard_swish_common"), (_F32, _S8)
    ),
    OpKind.L2_NORMALIZATION: Kernel("AddL2Normalization", (864, 864), ("l2norm",), (_F32, _S8)),
    OpKind.LEAKY_RELU: Kernel(
        "AddLeakyRelu", (1000, 1000), ("leaky_relu", "leaky_relu_common"), _ALL
    ),
    OpKind.LESS: Kernel("AddLess", (6300, 6300), ("comparisons",), _COMPARED),
    OpKind.LESS_EQUAL: Kernel("AddLessEqual", (6300, 6300), ("comparisons",), _COMPARED),
    OpKind.LOG: Kernel("AddLog", (128, 128), ("elementwise",), (_F32,)),
    OpKind.LOG_SOFTMAX: Kernel("AddLogSoftmax", (2240, 2240), ("log_softmax",), (_F32, _S8)),
    OpKind.LOGICAL_AND: Kernel(
        "AddLogicalAnd", (1300, 1300), ("logical", "logical_common"), (DType.BOOL,)
    ),
    OpKind.LOGICAL_NOT: Kernel("AddLogicalNot", (120, 120), ("elementwise",), (DType.BOOL,)),
    OpKind.LOGICAL_OR: Kernel(
        "AddLogicalOr", (1300, 1300), ("logical", "logical_common"), (DType.BOOL,)
    ),
    OpKind.LOGISTIC: Kernel("AddLogistic", (2568, 2568), ("logistic", "logistic_common"), _ALL),
    OpKind.MAXIMUM: Kernel(
        "AddMaximum",
        (1440, 1664),
        ("maximum_minimum",),
        (*_ALL, _S32, DType.INT64),
        _variants("MAXIMUM", _S8),
        True,
    ),
    OpKind.MAX_POOL_2D: Kernel(
        "AddMaxPool2D",
        (1920, 2496),
        ("pooling", "pooling_common"),
        _ALL,
        _variants("MAX_POOL_2D", _S8, _S16),
        True,
    ),
    OpKind.MEAN: Kernel("AddMean", (4064, 4064), ("reduce", "reduce_common"), _ALL),
    OpKind.MINIMUM: Kernel(
        "AddMinimum",
        (1440, 1664),
        ("maximum_minimum",),
        (*_ALL, _S32, DType.INT64),
        _variants("MINIMUM", _S8),
        True,
    ),
    OpKind.MIRROR_PAD: Kernel("AddMirrorPad", (896, 896), ("mirror_pad",), (_F32, _S8)),
    OpKind.MUL: Kernel(
        "AddMul", (4684, 8172), ("mul", "mul_common"), (*_ALL, _S32), _variants("MUL", _S8), True
    ),
    OpKind.NEG: Kernel("AddNeg", (192, 192), ("neg",), (_F32,)),
    OpKind.NOT_EQUAL: Kernel("AddNotEqual", (7400, 7400), ("comparisons",), _EQUATED),
    OpKind.PACK: Kernel("AddPack", (1280, 1280), ("pack",), (*_ALL, _S32, DType.INT64)),
    OpKind.PAD: Kernel(
        "AddPad", (1536, 3808), ("pad", "pad_common"), (*_ALL, _S32), _variants("PAD", _S8), True
    ),
    OpKind.PADV2: Kernel(
        "AddPadV2", (3808, 3808), ("pad", "pad_common"), (*_ALL, _S32), has_cmsis_nn=True
    ),
    OpKind.PRELU: Kernel("AddPrelu", (3744, 3744), ("prelu", "prelu_common"), _ALL),
    OpKind.QUANTIZE: Kernel("AddQuantize", (1792, 1792), ("quantize", "quantize_common"), ()),
    OpKind.READ_VARIABLE: Kernel("AddReadVariable", (180, 180), ("read_variable",), _CARRIED),
    OpKind.REDUCE_MAX: Kernel(
        "AddReduceMax", (1600, 1600), ("reduce", "reduce_common"), (_F32, _S8)
    ),
    OpKind.REDUCE_MIN: Kernel(
        "AddReduceMin", (1600, 1600), ("reduce", "reduce_common"), (_F32, _S8)
    ),
    OpKind.RELU: Kernel("AddRelu", (864, 864), ("activations", "activations_common"), _ALL),
    OpKind.RELU6: Kernel("AddRelu6", (768, 768), ("activations", "activations_common"), _ALL),
    OpKind.RESHAPE: Kernel("AddReshape", (864, 864), ("reshape", "reshape_common"), ANY_TYPE),
    OpKind.RESIZE_BILINEAR: Kernel(
        "AddResizeBilinear", (2368, 2368), ("resize_bilinear",), (_F32, _S8)
    ),
    OpKind.RESIZE_NEAREST_NEIGHBOR: Kernel(
        "AddResizeNearestNeighbor", (2496, 2496), ("resize_nearest_neighbor",), _ALL
    ),
    OpKind.RSQRT: Kernel("AddRsqrt", (864, 864), ("elementwise",), (_F32, _S8)),
    OpKind.SELECT_V2: Kernel("AddSelectV2", (6200, 6200), ("select",), _ALL),
    OpKind.SLICE: Kernel("AddSlice", (2336, 2336), ("slice",), (*_ALL, _S32, DType.BOOL)),
    OpKind.SOFTMAX: Kernel(
        "AddSoftmax",
        (5312, 6336),
        ("softmax", "softmax_common"),
        _ALL,
        _variants("SOFTMAX", _S8, _S16),
        True,
    ),
    OpKind.SPACE_TO_DEPTH: Kernel(
        "AddSpaceToDepth", (1120, 1120), ("space_to_depth",), (_F32, _S8)
    ),
    OpKind.SPLIT: Kernel("AddSplit", (1504, 1504), ("split",), (*_ALL, _S32)),
    OpKind.SQRT: Kernel("AddSqrt", (160, 160), ("elementwise",), (_F32,)),
    OpKind.SQUARE: Kernel("AddSquare", (128, 128), ("elementwise",), (_F32,)),
    OpKind.SQUEEZE: Kernel("AddSqueeze", (544, 544), ("squeeze",), ANY_TYPE),
    OpKind.STRIDED_SLICE: Kernel(
        "AddStridedSlice",
        (11328, 11328),
        ("strided_slice", "strided_slice_common"),
        (*_ALL, _S32, DType.BOOL),
    ),
    OpKind.SUB: Kernel("AddSub", (8236, 8236), ("sub", "sub_common"), (*_ALL, _S32)),
    OpKind.SUM: Kernel("AddSum", (768, 768), ("reduce", "reduce_common"), _ALL),
    OpKind.SVDF: Kernel("AddSvdf", (4200, 4200), ("svdf", "svdf_common"), _FLOAT_OR_S8, (), True),
    OpKind.TANH: Kernel("AddTanh", (3552, 3552), ("tanh",), _ALL),
    OpKind.TRANSPOSE: Kernel(
        "AddTranspose", (1920, 1920), ("transpose", "transpose_common"), _ALL, has_cmsis_nn=True
    ),
    OpKind.TRANSPOSE_CONV: Kernel(
        "AddTransposeConv",
        (5152, 7520),
        ("transpose_conv",),
        _ALL,
        _variants("TRANSPOSE_CONV", _S8),
        True,
    ),
    # CMSIS-NN's begins with a hidden state of nothing at every inference, TFLM's own does not.
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: Kernel(
        "AddUnidirectionalSequenceLSTM",
        (12000, 12000),
        ("unidirectional_sequence_lstm", "lstm_eval", "lstm_eval_common", "fully_connected_common"),
        _FLOAT_OR_S8,
    ),
    OpKind.UNPACK: Kernel("AddUnpack", (1088, 1088), ("unpack",), (*_ALL, _S32)),
}

# What models with READ_VARIABLE or ASSIGN_VARIABLE begin with; the IR has it as initial values.
VARIABLE_KERNELS = (
    Kernel("AddCallOnce", (180, 180), ("call_once",), ()),
    Kernel("AddVarHandle", (160, 160), ("var_handle",), ()),
    KERNELS[OpKind.ASSIGN_VARIABLE],
)

# (from, to) of QUANTIZE and DEQUANTIZE.
CONVERSIONS = {
    OpKind.QUANTIZE: (
        (_F32, _S8),
        (_F32, _S16),
        (_S32, _S8),
        (_S32, _S16),
        (_S16, _S8),
        (_S16, _S16),
        (_S16, _S32),
        (_S8, _S8),
        (_S8, _U8),
        (_S8, _S16),
        (_S8, _S32),
        (_U8, _S8),
    ),
    OpKind.DEQUANTIZE: ((_S8, _F32), (_S16, _F32), (_U8, _F32)),
}

# Below CMSIS-NN's Source/: everything that cmsis_nn/<stem>.cc can reach on any core.
CMSIS_NN_FILES = {
    "add": (
        "BasicMathFunctions/arm_elementwise_add_s16.c",
        "BasicMathFunctions/arm_elementwise_add_s8.c",
    ),
    "batch_matmul": (
        "FullyConnectedFunctions/arm_batch_matmul_s16.c",
        "FullyConnectedFunctions/arm_batch_matmul_s8.c",
        "FullyConnectedFunctions/arm_fully_connected_get_buffer_sizes_s8.c",
        "FullyConnectedFunctions/arm_vector_sum_s8.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s16_s16.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c",
    ),
    "conv": (
        "ConvolutionFunctions/arm_convolve_1_x_n_s4.c",
        "ConvolutionFunctions/arm_convolve_1_x_n_s8.c",
        "ConvolutionFunctions/arm_convolve_1x1_s4.c",
        "ConvolutionFunctions/arm_convolve_1x1_s4_fast.c",
        "ConvolutionFunctions/arm_convolve_1x1_s8.c",
        "ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
        "ConvolutionFunctions/arm_convolve_even_s4.c",
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s16.c",
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s4.c",
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
        "ConvolutionFunctions/arm_convolve_s16.c",
        "ConvolutionFunctions/arm_convolve_s4.c",
        "ConvolutionFunctions/arm_convolve_s8.c",
        "ConvolutionFunctions/arm_convolve_wrapper_s16.c",
        "ConvolutionFunctions/arm_convolve_wrapper_s4.c",
        "ConvolutionFunctions/arm_convolve_wrapper_s8.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_row_offset_s8_s16.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_s16.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_s4_s16.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_s8_s16.c",
        "NNSupportFunctions/arm_nn_mat_mul_core_1x_s4.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_interleaved_t_even_s4.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s16.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s4.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
        "NNSupportFunctions/arm_q7_to_q15_with_offset.c",
        "NNSupportFunctions/arm_s8_to_s16_unordered_with_offset.c",
    ),
    "depthwise_conv": (
        "ConvolutionFunctions/arm_convolve_1_x_n_s8.c",
        "ConvolutionFunctions/arm_convolve_1x1_s8.c",
        "ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
        "ConvolutionFunctions/arm_convolve_s8.c",
        "ConvolutionFunctions/arm_convolve_wrapper_s8.c",
        "ConvolutionFunctions/arm_depthwise_conv_3x3_s8.c",
        "ConvolutionFunctions/arm_depthwise_conv_get_buffer_sizes_s4.c",
        "ConvolutionFunctions/arm_depthwise_conv_get_buffer_sizes_s8.c",
        "ConvolutionFunctions/arm_depthwise_conv_s16.c",
        "ConvolutionFunctions/arm_depthwise_conv_s4.c",
        "ConvolutionFunctions/arm_depthwise_conv_s4_opt.c",
        "ConvolutionFunctions/arm_depthwise_conv_s8.c",
        "ConvolutionFunctions/arm_depthwise_conv_s8_opt.c",
        "ConvolutionFunctions/arm_depthwise_conv_wrapper_s4.c",
        "ConvolutionFunctions/arm_depthwise_conv_wrapper_s8.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_row_offset_s8_s16.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_s8_s16.c",
        "NNSupportFunctions/arm_nn_depthwise_conv_nt_t_s4.c",
        "NNSupportFunctions/arm_nn_depthwise_conv_nt_t_s8.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
        "NNSupportFunctions/arm_q7_to_q15_with_offset.c",
        "NNSupportFunctions/arm_s8_to_s16_unordered_with_offset.c",
        "TransposeFunctions/arm_transpose_s8.c",
    ),
    "fully_connected": (
        "ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
        "FullyConnectedFunctions/arm_fully_connected_get_buffer_sizes_s16.c",
        "FullyConnectedFunctions/arm_fully_connected_get_buffer_sizes_s8.c",
        "FullyConnectedFunctions/arm_fully_connected_per_channel_s8.c",
        "FullyConnectedFunctions/arm_fully_connected_s16.c",
        "FullyConnectedFunctions/arm_fully_connected_s4.c",
        "FullyConnectedFunctions/arm_fully_connected_s8.c",
        "FullyConnectedFunctions/arm_fully_connected_wrapper_s8.c",
        "FullyConnectedFunctions/arm_vector_sum_s8.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_per_ch_s8.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s16.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s4.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c",
    ),
    "maximum_minimum": (
        "BasicMathFunctions/arm_maximum_s8.c",
        "BasicMathFunctions/arm_minimum_s8.c",
    ),
    "mul": (
        "BasicMathFunctions/arm_elementwise_mul_s16.c",
        "BasicMathFunctions/arm_elementwise_mul_s8.c",
    ),
    "pad": ("PadFunctions/arm_pad_s8.c",),
    "pooling": (
        "PoolingFunctions/arm_avgpool_get_buffer_sizes_s16.c",
        "PoolingFunctions/arm_avgpool_get_buffer_sizes_s8.c",
        "PoolingFunctions/arm_avgpool_s16.c",
        "PoolingFunctions/arm_avgpool_s8.c",
        "PoolingFunctions/arm_max_pool_s16.c",
        "PoolingFunctions/arm_max_pool_s8.c",
    ),
    "softmax": (
        "SoftmaxFunctions/arm_nn_softmax_common_s8.c",
        "SoftmaxFunctions/arm_softmax_s16.c",
        "SoftmaxFunctions/arm_softmax_s8.c",
        "SoftmaxFunctions/arm_softmax_s8_s16.c",
    ),
    "svdf": (
        "FullyConnectedFunctions/arm_vector_sum_s8.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c",
        "NNSupportFunctions/arm_nn_vec_mat_mult_t_svdf_s8.c",
        "SVDFunctions/arm_svdf_get_buffer_sizes_s8.c",
        "SVDFunctions/arm_svdf_s8.c",
        "SVDFunctions/arm_svdf_state_s16_s8.c",
    ),
    "transpose": ("TransposeFunctions/arm_transpose_s8.c",),
    "transpose_conv": (
        "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
        "ConvolutionFunctions/arm_convolve_s8.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_row_offset_s8_s16.c",
        "ConvolutionFunctions/arm_nn_mat_mult_kernel_s8_s16.c",
        "ConvolutionFunctions/arm_transpose_conv_get_buffer_sizes_s8.c",
        "ConvolutionFunctions/arm_transpose_conv_s8.c",
        "ConvolutionFunctions/arm_transpose_conv_wrapper_s8.c",
        "NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
        "NNSupportFunctions/arm_nn_transpose_conv_row_s8_s32.c",
        "NNSupportFunctions/arm_q7_to_q15_with_offset.c",
        "NNSupportFunctions/arm_s8_to_s16_unordered_with_offset.c",
    ),
}
