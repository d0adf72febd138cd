"""What each operator demands of its tensors, whatever file it came from.

An operator that passes can be executed as it stands: element types and quantisation
belong together, and its output has the shape that inputs and parameters imply. The
limits on scales are those within which TensorFlow Lite's integer arithmetic is
defined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from edgegen.model import (
    Activation,
    Attrs,
    AxisAttrs,
    BinaryAttrs,
    BlockAttrs,
    ConcatenationAttrs,
    Conv2DAttrs,
    DType,
    FullyConnectedAttrs,
    GatherAttrs,
    LstmAttrs,
    MatMulAttrs,
    MirrorPadAttrs,
    OpKind,
    PadAttrs,
    Padding,
    Pool2DAttrs,
    ReduceAttrs,
    SoftmaxAttrs,
    SvdfAttrs,
    Tensor,
    TransposeAttrs,
)

# Least and most inputs.
_ARITY: dict[OpKind, tuple[int, int]] = {
    OpKind.ABS: (1, 1),
    OpKind.ADD: (2, 2),
    OpKind.ARG_MAX: (2, 2),
    OpKind.ARG_MIN: (2, 2),
    OpKind.ASSIGN_VARIABLE: (1, 1),
    OpKind.AVERAGE_POOL_2D: (1, 1),
    OpKind.BATCH_MATMUL: (2, 2),
    OpKind.CAST: (1, 1),
    OpKind.CONCATENATION: (1, 65536),
    OpKind.CONV_2D: (2, 3),
    OpKind.DEPTHWISE_CONV_2D: (2, 3),
    OpKind.DEPTH_TO_SPACE: (1, 1),
    OpKind.DEQUANTIZE: (1, 1),
    OpKind.ELU: (1, 1),
    OpKind.EQUAL: (2, 2),
    OpKind.EXP: (1, 1),
    OpKind.EXPAND_DIMS: (2, 2),
    OpKind.FLOOR: (1, 1),
    OpKind.FULLY_CONNECTED: (2, 3),
    OpKind.GATHER: (2, 2),
    OpKind.GREATER: (2, 2),
    OpKind.GREATER_EQUAL: (2, 2),
    OpKind.HARD_SWISH: (1, 1),
    OpKind.L2_NORMALIZATION: (1, 1),
    OpKind.LEAKY_RELU: (1, 1),
    OpKind.LESS: (2, 2),
    OpKind.LESS_EQUAL: (2, 2),
    OpKind.LOG: (1, 1),
    OpKind.LOGICAL_AND: (2, 2),
    OpKind.LOGICAL_NOT: (1, 1),
    OpKind.LOGICAL_OR: (2, 2),
    OpKind.LOGISTIC: (1, 1),
    OpKind.LOG_SOFTMAX: (1, 1),
    OpKind.MAXIMUM: (2, 2),
    OpKind.MAX_POOL_2D: (1, 1),
    OpKind.MEAN: (2, 2),
    OpKind.MINIMUM: (2, 2),
    OpKind.MIRROR_PAD: (2, 2),
    OpKind.MUL: (2, 2),
    OpKind.NEG: (1, 1),
    OpKind.NOT_EQUAL: (2, 2),
    OpKind.PACK: (1, 65536),
    OpKind.PAD: (2, 2),
    OpKind.PADV2: (3, 3),
    OpKind.PRELU: (2, 2),
    OpKind.QUANTIZE: (1, 1),
    OpKind.READ_VARIABLE: (1, 1),
    OpKind.REDUCE_MAX: (2, 2),
    OpKind.REDUCE_MIN: (2, 2),
    OpKind.RELU6: (1, 1),
    OpKind.RELU: (1, 1),
    OpKind.RESHAPE: (1, 2),
    OpKind.RESIZE_BILINEAR: (2, 2),
    OpKind.RESIZE_NEAREST_NEIGHBOR: (2, 2),
    OpKind.RSQRT: (1, 1),
    OpKind.SELECT_V2: (3, 3),
    OpKind.SLICE: (3, 3),
    OpKind.SOFTMAX: (1, 1),
    OpKind.SPACE_TO_DEPTH: (1, 1),
    OpKind.SPLIT: (2, 2),
    OpKind.SQRT: (1, 1),
    OpKind.SQUARE: (1, 1),
    OpKind.SQUEEZE: (1, 1),
    OpKind.STRIDED_SLICE: (4, 4),
    OpKind.SUB: (2, 2),
    OpKind.SUM: (2, 2),
    OpKind.SVDF: (5, 5),
    OpKind.TANH: (1, 1),
    OpKind.TRANSPOSE: (2, 2),
    OpKind.TRANSPOSE_CONV: (3, 4),
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: (24, 24),
    OpKind.UNPACK: (1, 1),
}

# All others have one output.
_WITH_OUTPUTS = (OpKind.SPLIT, OpKind.UNPACK)

# Inputs that may be absent, beside a bias.
_OPTIONAL = {OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: (9, 10, 11, 16, 17, 20, 21, 22, 23)}

# The bias that may be absent: where it is.
_BIAS = {
    OpKind.CONV_2D: 2,
    OpKind.DEPTHWISE_CONV_2D: 2,
    OpKind.FULLY_CONNECTED: 2,
    OpKind.TRANSPOSE_CONV: 3,
}

STATE = {OpKind.SVDF: (4,), OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: (18, 19)}
"""Positions of the inputs that are variables, which the operator itself updates."""

_QUANTISED = (DType.INT8, DType.INT16)
_COMPUTED = (DType.FLOAT32, *_QUANTISED)
_MOVED = (*_COMPUTED, DType.INT32)
_ORDERED = (DType.FLOAT32, DType.INT8, DType.INT32)
_EQUATED = (*_ORDERED, DType.BOOL)

# What TensorFlow Lite Micro copies: element types, and dimensions at most.
_COPIED: dict[OpKind, tuple[tuple[DType, ...], int]] = {
    OpKind.DEPTH_TO_SPACE: ((DType.FLOAT32, DType.INT8), 4),
    OpKind.GATHER: ((DType.FLOAT32, DType.INT8), 6),
    OpKind.MIRROR_PAD: ((DType.FLOAT32, DType.INT8), 6),
    OpKind.PACK: (_MOVED, 6),
    OpKind.PADV2: (_MOVED, 5),
    OpKind.RESIZE_BILINEAR: ((DType.FLOAT32, DType.INT8), 4),
    OpKind.RESIZE_NEAREST_NEIGHBOR: (_COMPUTED, 4),
    OpKind.SLICE: (_MOVED, 5),
    OpKind.SPACE_TO_DEPTH: ((DType.FLOAT32, DType.INT8), 4),
    OpKind.SPLIT: (_MOVED, 6),
    OpKind.STRIDED_SLICE: (_MOVED, 4),
    OpKind.TRANSPOSE: (_COMPUTED, 5),
    OpKind.UNPACK: (_MOVED, 6),
}

# Output quantisation that the integer kernels of these operators are written for.
_FIXED_OUTPUT: dict[tuple[OpKind, DType], tuple[float, int]] = {
    (OpKind.SOFTMAX, DType.INT8): (1 / 256, -128),
    (OpKind.LOGISTIC, DType.INT8): (1 / 256, -128),
    (OpKind.TANH, DType.INT8): (1 / 128, 0),
    (OpKind.L2_NORMALIZATION, DType.INT8): (1 / 128, 0),
    (OpKind.LOG_SOFTMAX, DType.INT8): (16 / 256, 127),
    (OpKind.SOFTMAX, DType.INT16): (1 / 32768, 0),
    (OpKind.LOGISTIC, DType.INT16): (1 / 32768, 0),
    (OpKind.TANH, DType.INT16): (1 / 32768, 0),
}


# Functions of one value, or of one row: what TensorFlow Lite Micro computes them in.
_MAPPED: dict[OpKind, tuple[DType, ...]] = {
    OpKind.ABS: _COMPUTED,
    OpKind.ELU: (DType.FLOAT32, DType.INT8),
    OpKind.EXP: (DType.FLOAT32,),
    OpKind.FLOOR: (DType.FLOAT32,),
    OpKind.HARD_SWISH: (DType.FLOAT32, DType.INT8),
    OpKind.L2_NORMALIZATION: (DType.FLOAT32, DType.INT8),
    OpKind.LOG: (DType.FLOAT32,),
    OpKind.LOG_SOFTMAX: (DType.FLOAT32, DType.INT8),
    OpKind.NEG: (DType.FLOAT32,),
    OpKind.RSQRT: (DType.FLOAT32, DType.INT8),
    OpKind.SQRT: (DType.FLOAT32,),
    OpKind.SQUARE: (DType.FLOAT32,),
}


class Problems:
    """Collects (code, cause) of one operator."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, code: str, cause: str) -> None:
        self.found.append((code, cause))

    def expect_shape(self, given: tuple[int, ...], implied: tuple[int, ...]) -> None:
        if given != implied:
            self.add(
                "EG115",
                f"Its output is {shape_text(given)}, but its inputs imply {shape_text(implied)}.",
            )


def shape_text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a scalar"


def arity_problem(kind: OpKind, inputs: Sequence[int | None], outputs: Sequence[int]) -> str:
    """What is wrong with the number of tensors; empty when it is right."""
    least, most = _ARITY[kind]
    if not least <= len(inputs) <= most:
        return f"It has {len(inputs)} inputs."
    if len(outputs) != 1 and (kind not in _WITH_OUTPUTS or not outputs):
        return f"It has {len(outputs)} outputs instead of one."
    for position, index in enumerate(inputs):
        optional = (_BIAS.get(kind), *_OPTIONAL.get(kind, ()))
        if index is None and position not in optional:
            return f"Its input {position} is absent."
    return ""


def check(
    kind: OpKind,
    attrs: Attrs,
    inputs: Sequence[Tensor | None],
    outputs: Sequence[Tensor],
    problems: Problems,
) -> None:
    """Adds everything that is wrong with one operator to ``problems``.

    Args:
        inputs: As many as the operator has; None only for one that may be absent.
        outputs: As many as the operator has, at least one.
    """
    present = [tensor for tensor in inputs if tensor is not None]
    position = _BIAS.get(kind, len(inputs))
    bias = inputs[position] if position < len(inputs) else None
    _RULES[kind](_Case(kind, attrs, present, bias, outputs, problems))


class _Case:
    """One operator with its tensors; the rules below are about this."""

    __slots__ = ("attrs", "bias", "inputs", "kind", "output", "outputs", "problems")

    def __init__(
        self,
        kind: OpKind,
        attrs: Attrs,
        inputs: list[Tensor],
        bias: Tensor | None,
        outputs: Sequence[Tensor],
        problems: Problems,
    ) -> None:
        self.kind = kind
        self.attrs = attrs
        self.inputs = inputs
        self.bias = bias
        self.output = outputs[0]
        self.outputs = outputs
        self.problems = problems

    def refuse(self, code: str, cause: str) -> None:
        self.problems.add(code, cause)

    def implies(self, shape: tuple[int, ...]) -> None:
        self.problems.expect_shape(self.output.shape, shape)

    def rank(self, tensor: Tensor, what: str, rank: int) -> bool:
        if len(tensor.shape) == rank:
            return True
        self.refuse("EG112", f"Its {what} has {len(tensor.shape)} dimensions instead of {rank}.")
        return False

    def one_type(self, tensors: Sequence[Tensor], allowed: tuple[DType, ...]) -> bool:
        """All tensors have the same type, and one that the operator works on."""
        types = {tensor.dtype for tensor in tensors}
        if DType.UINT8 in types:
            self.refuse("EG111", "It works on uint8.")
        elif not types <= set(allowed):
            self.refuse("EG107", f"It works on {_names(types - set(allowed))}.")
        elif len(types) > 1:
            self.refuse("EG107", f"It mixes {_names(types)}.")
        else:
            return True
        return False

    def affine(self, *tensors: Tensor) -> bool:
        """Integer activations have one scale each."""
        sound = True
        for tensor in tensors:
            if tensor.dtype is DType.FLOAT32:
                continue
            if tensor.quant is None:
                self.refuse("EG110", f"Its {tensor.dtype.value} tensor has no scale.")
                sound = False
            elif len(tensor.quant.scale) != 1:
                self.refuse("EG117", "It takes one scale per tensor, but has one per slice.")
                sound = False
        return sound

    def computed(self, *tensors: Tensor) -> bool:
        """float32, or int8 or int16 with a scale each."""
        return self.one_type(tensors, _COMPUTED) and self.affine(*tensors)

    def same_quant(self, *tensors: Tensor, tolerance: float = 0.0) -> None:
        """The kernels copy or compare stored values, so all must mean the same."""
        for tensor in tensors:
            if tensor.dtype in _QUANTISED and not _close(tensor, self.output, tolerance):
                self.refuse("EG117", "Its input and output differ in scale or zero point.")
                return

    def clamped(self, activation: Activation) -> None:
        """The upper bound of a fused activation is representable in int32."""
        bounded = activation in (Activation.RELU6, Activation.RELU_N1_TO_1)
        if bounded and self.output.dtype in _QUANTISED and 6.0 / self.output.scale >= 2.0**30:
            self.refuse("EG117", "Its output scale is too small for its fused activation.")


def _names(types: set[DType]) -> str:
    return " and ".join(sorted(dtype.value for dtype in types))


def _close(a: Tensor, b: Tensor, tolerance: float) -> bool:
    return a.zero_point == b.zero_point and abs(a.scale - b.scale) <= tolerance


# Weights.


def _weights(case: _Case, axis: int) -> bool:
    """Types and quantisation of input, weights, bias and output."""
    source, weights, output = case.inputs[0], case.inputs[1], case.output
    if not case.one_type([source, output], _COMPUTED):
        return False
    constants = [weights] if case.bias is None else [weights, case.bias]
    if not all(tensor.is_constant for tensor in constants):
        case.refuse("EG113", "Its weights or bias are computed by the graph.")
        return False
    if source.dtype is DType.FLOAT32:
        return _float_weights(case, weights)
    if not case.affine(source, output):
        return False
    return _integer_weights(case, weights, axis) and _integer_bias(case, source.dtype)


def _float_weights(case: _Case, weights: Tensor) -> bool:
    if weights.dtype is DType.INT8:
        case.refuse("EG104", "Its weights are int8 but its activations are float32.")
        return False
    constants = [weights] if case.bias is None else [weights, case.bias]
    return case.one_type(constants, (DType.FLOAT32,))


def _integer_weights(case: _Case, weights: Tensor, axis: int) -> bool:
    if not case.one_type([weights], (DType.INT8,)):
        return False
    quant = weights.quant
    if quant is None:
        case.refuse("EG110", "Its weights have no scale.")
    elif quant.axis not in (None, axis):
        case.refuse("EG117", f"Its weights are quantised along axis {quant.axis}, not {axis}.")
    elif any(quant.zero_point):
        case.refuse("EG117", "Its weights have a zero point other than 0.")
    else:
        return True
    return False


def _integer_bias(case: _Case, source: DType) -> bool:
    bias = case.bias
    if bias is None:
        return True
    if source is DType.INT8:
        allowed: tuple[DType, ...] = (DType.INT32,)
    elif case.kind in (OpKind.CONV_2D, OpKind.FULLY_CONNECTED):
        allowed = (DType.INT32, DType.INT64)
    else:
        # TensorFlow Lite Micro reads whatever is there as int64.
        allowed = (DType.INT64,)
    return case.one_type([bias], allowed)


def _bias_length(case: _Case, channels: int) -> None:
    if case.bias is not None and case.bias.shape != (channels,):
        case.refuse(
            "EG115", f"Its bias is {shape_text(case.bias.shape)} for {channels} output channels."
        )


def _bias_scale(case: _Case) -> None:
    """TensorFlow Lite's own check of fully connected layers with one scale."""
    source, weights = case.inputs[0], case.inputs[1]
    if source.dtype not in _QUANTISED or case.bias is None or case.bias.quant is None:
        return
    assert weights.quant is not None
    if len(weights.quant.scale) != 1 or len(case.bias.quant.scale) != 1:
        return
    difference = abs(source.scale * weights.scale - case.bias.scale)
    if difference > 0.02 * case.output.scale:
        case.refuse("EG117", "Its bias does not have the product of input and weight scale.")


# Windows.


def _window(extent: int, size: int, stride: int, dilation: int, padding: Padding) -> int:
    """Output positions along one dimension; below 1 when the window doesn't fit."""
    if padding is Padding.SAME:
        return -(-extent // stride)
    return (extent - ((size - 1) * dilation + 1)) // stride + 1


def _windowed_shape(
    case: _Case,
    size: tuple[int, int],
    attrs: Conv2DAttrs | Pool2DAttrs,
    dilation: tuple[int, int],
    channels: int,
) -> None:
    batch, *extents, _ = case.inputs[0].shape
    spans = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
    if max(spans) >= 2**30:
        case.refuse("EG116", "Its dilated window is too large.")
        return
    counts = [
        _window(extents[k], size[k], attrs.stride[k], dilation[k], attrs.padding) for k in (0, 1)
    ]
    if min(counts) < 1:
        case.refuse("EG115", "Its window is larger than its input.")
        return
    case.implies((batch, *counts, channels))


def _conv_2d(case: _Case) -> None:
    source, weights = case.inputs[0], case.inputs[1]
    if not _weights(case, axis=0):
        return
    if not (case.rank(source, "input", 4) and case.rank(weights, "kernel", 4)):
        return
    channels, height, width, depth = weights.shape
    if depth != source.shape[3]:
        grouped = source.shape[3] % depth == 0
        case.refuse(
            "EG120" if grouped else "EG115",
            f"Its kernel has {depth} input channels, its input {source.shape[3]}.",
        )
        return
    _convolved(case, (height, width), channels)


def _depthwise_conv_2d(case: _Case) -> None:
    source, weights = case.inputs[0], case.inputs[1]
    if not _weights(case, axis=3):
        return
    if not (case.rank(source, "input", 4) and case.rank(weights, "kernel", 4)):
        return
    assert isinstance(case.attrs, Conv2DAttrs)
    one, height, width, channels = weights.shape
    if one != 1 or channels != source.shape[3] * case.attrs.depth_multiplier:
        case.refuse(
            "EG115",
            f"Its kernel is {shape_text(weights.shape)} for {source.shape[3]} input channels "
            f"and depth multiplier {case.attrs.depth_multiplier}.",
        )
        return
    _convolved(case, (height, width), channels)


def _convolved(case: _Case, size: tuple[int, int], channels: int) -> None:
    assert isinstance(case.attrs, Conv2DAttrs)
    _bias_length(case, channels)
    _windowed_shape(case, size, case.attrs, case.attrs.dilation, channels)
    case.clamped(case.attrs.activation)


def _pool_2d(case: _Case) -> None:
    source = case.inputs[0]
    if not case.computed(source, case.output) or not case.rank(source, "input", 4):
        return
    assert isinstance(case.attrs, Pool2DAttrs)
    _windowed_shape(case, case.attrs.filter, case.attrs, (1, 1), source.shape[3])
    # TensorFlow Lite's own tolerance: converters round the same scale differently.
    case.same_quant(source, tolerance=1e-6)
    case.clamped(case.attrs.activation)


def _fully_connected(case: _Case) -> None:
    source, weights = case.inputs[0], case.inputs[1]
    if not _weights(case, axis=0) or not case.rank(weights, "weights", 2):
        return
    assert isinstance(case.attrs, FullyConnectedAttrs)
    units, depth = weights.shape
    _bias_length(case, units)
    _bias_scale(case)
    case.clamped(case.attrs.activation)
    if case.attrs.keep_num_dims and source.shape and source.shape[-1] == depth:
        case.implies((*source.shape[:-1], units))
    elif not case.attrs.keep_num_dims and source.elements % depth == 0:
        case.implies((source.elements // depth, units))
    else:
        case.refuse(
            "EG115",
            f"Its weights take {depth} values, its input is {shape_text(source.shape)}.",
        )


def _transpose_conv(case: _Case) -> None:
    weights, source = case.inputs[1], case.inputs[2]
    layer = _Case(case.kind, case.attrs, [source, weights], case.bias, case.outputs, case.problems)
    if not _weights(layer, axis=0):
        return
    ranks = ((source, "input"), (weights, "kernel"), (case.output, "output"))
    found = [case.rank(tensor, what, 4) for tensor, what in ranks]
    if not all(found):
        return
    assert isinstance(case.attrs, Conv2DAttrs)
    channels, *size, depth = weights.shape
    _bias_length(layer, channels)
    case.clamped(case.attrs.activation)
    # It is the way back of a convolution from its output's shape to its input's.
    batch, *extents, _ = case.output.shape
    forth = [
        _window(extents[k], size[k], case.attrs.stride[k], 1, case.attrs.padding) for k in (0, 1)
    ]
    if source.shape != (batch, *forth, depth) or case.output.shape[3] != channels:
        case.refuse(
            "EG115",
            f"Its kernel is {shape_text(weights.shape)}, its input {shape_text(source.shape)}, "
            f"its output {shape_text(case.output.shape)}.",
        )


def _batch_matmul(case: _Case) -> None:
    a, b = case.inputs
    if not case.one_type([a, b, case.output], _COMPUTED):
        return
    ranks = (len(a.shape), len(b.shape))
    if min(ranks) < 2 or max(ranks) > 5:
        case.refuse("EG112", "It takes inputs of 2 to 5 dimensions.")
        return
    assert isinstance(case.attrs, MatMulAttrs)
    rows, depth = reversed(a.shape[-2:]) if case.attrs.transposes_first else a.shape[-2:]
    same, columns = reversed(b.shape[-2:]) if case.attrs.transposes_second else b.shape[-2:]
    batches = _broadcast(a.shape[:-2], b.shape[:-2])
    if batches is None or depth != same:
        shapes = f"{shape_text(a.shape)} and {shape_text(b.shape)}"
        case.refuse("EG115", f"{shapes} can't be multiplied.")
        return
    case.implies((*batches, rows, columns))
    if a.dtype in _QUANTISED:
        case.affine(a, b, case.output)


def _svdf(case: _Case) -> None:
    assert isinstance(case.attrs, SvdfAttrs)
    source, features, time, bias, state = case.inputs
    if not _stateful(case, [source], [features, time], bias, [state]):
        return
    pairs = ((source, "input"), (features, "feature weights"), (time, "time weights"))
    if not all(case.rank(tensor, what, 2) for tensor, what in pairs):
        return
    filters, memory = time.shape
    batches, inputs = source.shape
    rank = case.attrs.rank
    if features.shape != (filters, inputs) or filters % rank or bias.shape != (filters // rank,):
        case.refuse(
            "EG115",
            f"Its weights are {shape_text(features.shape)} and {shape_text(time.shape)}, its bias "
            f"{shape_text(bias.shape)}, for {inputs} inputs and rank {rank}.",
        )
        return
    if state.shape != (batches, memory * filters):
        case.refuse("EG115", f"Its state is {shape_text(state.shape)}.")
    case.implies((batches, filters // rank))
    if source.dtype is DType.INT8 and not _is_product(bias, state, time):
        case.refuse("EG117", "Its bias does not have the product of state and weight scale.")


def _is_product(bias: Tensor, state: Tensor, time: Tensor) -> bool:
    """TensorFlow Lite Micro's own check of the bias's scale."""
    if bias.quant is None or len(bias.quant.scale) != 1:
        return False
    return abs(bias.scale - state.scale * time.scale) < 1e-5


def _sequence_lstm(case: _Case) -> None:
    assert isinstance(case.attrs, LstmAttrs)
    source, *weights, cell = (*case.inputs[:9], case.inputs[14])
    biases, hidden = case.inputs[9:13], case.inputs[13]
    if not _stateful(case, [source, hidden], weights, biases[0], [cell]):
        return
    if not (case.one_type(biases, (biases[0].dtype,)) and case.rank(source, "input", 3)):
        return
    first, second, inputs = source.shape
    (units,) = biases[0].shape if len(biases[0].shape) == 1 else (0,)
    shapes = [(units, inputs)] * 4 + [(units, units)] * 4 + [(units,)] * 4
    if [tensor.shape for tensor in (*weights, *biases)] != shapes:
        case.refuse("EG115", f"Its weights and biases are not all for {units} units.")
        return
    batches = second if case.attrs.time_major else first
    if hidden.elements != batches * units or cell.elements != batches * units:
        case.refuse("EG115", "Its states do not have one value per batch and unit.")
    case.implies((first, second, units))
    if source.dtype is DType.INT8:
        if (hidden.scale, hidden.zero_point) != (case.output.scale, case.output.zero_point):
            case.refuse("EG117", "Its hidden state and output differ in scale or zero point.")
        if abs(math.log2(cell.scale) - round(math.log2(cell.scale))) >= 1e-3:
            case.refuse("EG117", "Its cell state's scale is no power of two.")


def _stateful(
    case: _Case, sources: list[Tensor], weights: list[Tensor], bias: Tensor, states: list[Tensor]
) -> bool:
    """Types of SVDF and LSTM: float32, or int8 with a state that may be finer."""
    variables = [case.inputs[k] for k in _STATES_AMONG_PRESENT[case.kind]]
    if not all(tensor.is_variable for tensor in variables):
        case.refuse("EG121", "Its state is no variable.")
    elif not case.one_type([*sources, case.output], (DType.FLOAT32, DType.INT8)):
        pass
    elif not all(tensor.is_constant for tensor in (*weights, bias)):
        case.refuse("EG113", "Its weights or bias are computed by the graph.")
    elif sources[0].dtype is DType.FLOAT32:
        return case.one_type([*weights, bias, *states], (DType.FLOAT32,))
    else:
        return _integer_state(case, weights, bias, states) and case.affine(*sources, case.output)
    return False


def _integer_state(case: _Case, weights: list[Tensor], bias: Tensor, states: list[Tensor]) -> bool:
    plain = weights
    fine: tuple[DType, ...] = (DType.INT16,)
    if case.kind is OpKind.SVDF:  # the weights over time are of the state's type
        plain, fine = weights[:1], (DType.INT8, DType.INT16)
        states = [*states, *weights[1:]]
    types = case.one_type(plain, (DType.INT8,)) and case.one_type([bias], (DType.INT32,))
    if not types or not case.one_type(states, fine) or not case.affine(*weights, *states):
        return False
    if any(tensor.zero_point for tensor in weights):
        case.refuse("EG117", "Its weights have a zero point other than 0.")
        return False
    return True


# Where they are when absent inputs are left out.
_STATES_AMONG_PRESENT = {OpKind.SVDF: (4,), OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: (13, 14)}


# Element by element.


def _same_shape(case: _Case) -> None:
    if case.computed(case.inputs[0], case.output):
        case.implies(case.inputs[0].shape)


def _mapped(case: _Case) -> None:
    source = case.inputs[0]
    if not case.one_type([source, case.output], _MAPPED[case.kind]):
        return
    case.implies(source.shape)
    if case.kind in (OpKind.L2_NORMALIZATION, OpKind.LOG_SOFTMAX) and not source.shape:
        case.refuse("EG112", "It needs at least one dimension.")
    if len(source.shape) > 4 and case.kind is OpKind.L2_NORMALIZATION:
        case.refuse("EG112", "TFLM runs it with 4 dimensions at most.")
    if source.dtype in _QUANTISED and case.affine(source, case.output):
        _fixed_output(case)
        _mapped_scales(case, source)


def _mapped_scales(case: _Case, source: Tensor) -> None:
    """Within these TensorFlow Lite Micro's shifts are between 0 and 31, its products int32."""
    ratio = source.scale / case.output.scale
    if case.kind is OpKind.LOG_SOFTMAX and source.scale * 2.0**26 < 4.0:
        case.refuse("EG117", "Its input scale is too small.")
    elif case.kind in (OpKind.ABS, OpKind.ELU) and not 2.0**-30 < ratio < 2.0**22:
        case.refuse("EG117", "Its input and output scale are too far apart.")
    elif case.kind is OpKind.HARD_SWISH and not (
        2.0**-8 < ratio < 127.9 and 2.0**-20 < source.scale < 2.0**10
    ):
        case.refuse("EG117", "Its input scale is out of range for its output scale.")
    elif case.kind is OpKind.RSQRT:
        if source.zero_point != -128:
            case.refuse("EG117", "Its input may be negative: its zero point is not -128.")
        if not 2.0**-29 < math.sqrt(source.scale) * case.output.scale < 2.0**10:
            case.refuse("EG117", "Its scales are out of range.")


def _extremum(case: _Case) -> None:
    """MAXIMUM and MINIMUM compare stored values."""
    a, b = case.inputs
    if not case.one_type([a, b, case.output], _MOVED):
        return
    _broadcast_shape(case, a, b)
    if case.output.dtype in _QUANTISED and case.affine(a, b, case.output):
        case.same_quant(a, b)


def _comparison(case: _Case) -> None:
    a, b = case.inputs
    equality = case.kind in (OpKind.EQUAL, OpKind.NOT_EQUAL)
    if not case.one_type([a, b], _EQUATED if equality else _ORDERED) or not _truths(case):
        return
    _broadcast_shape(case, a, b)
    # The integer kernel multiplies each input by its own scale, as a fraction of 2**31.
    if a.dtype is DType.INT8 and case.affine(a, b) and max(a.scale, b.scale) >= 1.0:
        case.refuse("EG117", "TFLM compares int8 only with scales below 1.")


def _logic(case: _Case) -> None:
    """LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT."""
    if not case.one_type(case.inputs, (DType.BOOL,)) or not _truths(case):
        return
    _broadcast_shape(case, case.inputs[0], case.inputs[-1])
    if len(case.output.shape) > 4 and case.kind is not OpKind.LOGICAL_NOT:
        case.refuse("EG112", "TFLM runs it with 4 dimensions at most.")


def _truths(case: _Case) -> bool:
    if case.output.dtype is DType.BOOL:
        return True
    case.refuse("EG107", f"Its output is {case.output.dtype.value}, not bool.")
    return False


def _select(case: _Case) -> None:
    condition, a, b = case.inputs
    if condition.dtype is not DType.BOOL:
        case.refuse("EG107", f"Its condition is {condition.dtype.value}, not bool.")
        return
    if not case.one_type([a, b, case.output], _COMPUTED):
        return
    shape = _broadcast(a.shape, b.shape)
    shape = None if shape is None else _broadcast(shape, condition.shape)
    if shape is None:
        shapes = " and ".join(shape_text(tensor.shape) for tensor in case.inputs)
        case.refuse("EG115", f"{shapes} do not broadcast.")
        return
    case.implies(shape)
    if len(shape) > 5:
        case.refuse("EG112", "TFLM runs it with 5 dimensions at most.")
    if a.dtype in _QUANTISED and case.affine(a, b, case.output):
        case.same_quant(a, b)


def _cast(case: _Case) -> None:
    source, output = case.inputs[0], case.output
    case.implies(source.shape)
    if source.dtype not in (*_MOVED, DType.BOOL):
        case.refuse("EG107", f"It casts {source.dtype.value}.")
    elif output.dtype not in _MOVED:
        case.refuse("EG107", f"It casts to {output.dtype.value}.")


def _prelu(case: _Case) -> None:
    source, alpha = case.inputs
    if not case.one_type([source, alpha, case.output], (DType.FLOAT32, DType.INT8)):
        return
    _broadcast_shape(case, source, alpha)
    if max(len(source.shape), len(alpha.shape)) > 4:
        case.refuse("EG112", "TFLM runs it with 4 dimensions at most.")
    if source.dtype is DType.INT8 and case.affine(source, alpha, case.output):
        ratio = source.scale / case.output.scale
        if max(ratio / 2.0**22, ratio * alpha.scale / 2.0**14) >= 1.0:
            case.refuse("EG117", "Its output scale is far smaller than those of its inputs.")


def _broadcast_shape(case: _Case, a: Tensor, b: Tensor) -> None:
    shape = _broadcast(a.shape, b.shape)
    if shape is None:
        case.refuse("EG115", f"{shape_text(a.shape)} and {shape_text(b.shape)} do not broadcast.")
    else:
        case.implies(shape)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    result = []
    for x, y in pairs:
        if x != y and 1 not in (x, y):
            return None
        result.append(max(x, y))
    return tuple(result)


def _binary(case: _Case) -> None:
    a, b = case.inputs
    if not case.computed(a, b, case.output):
        return
    assert isinstance(case.attrs, BinaryAttrs)
    case.clamped(case.attrs.activation)
    _broadcast_shape(case, a, b)
    if case.kind is not OpKind.MUL and case.output.dtype in _QUANTISED:
        _sum_scales(case, a.scale, b.scale)


def _sum_scales(case: _Case, a: float, b: float) -> None:
    # The integer kernels bring both inputs to twice the larger scale, shifted left by
    # 20 (int8) or 15 (int16) bits, and need a factor below 1 from there to the output.
    shift = 20 if case.output.dtype is DType.INT8 else 15
    if 2.0 * max(a, b) / 2.0**shift >= case.output.scale:
        case.refuse("EG117", "Its output scale is far smaller than those of its inputs.")


def _fixed_output(case: _Case) -> bool:
    """The output has the quantisation that the operator prescribes."""
    expected = _FIXED_OUTPUT.get((case.kind, case.output.dtype))
    if expected is None:
        return True
    scale, zero_point = expected
    tolerance = 1e-3 if case.output.dtype is DType.INT16 else 0.0
    close = math.isclose(case.output.scale, scale, rel_tol=tolerance)
    if close and case.output.zero_point == zero_point:
        return True
    case.refuse("EG117", f"Its output needs scale {scale} and zero point {zero_point}.")
    return False


def _curve(case: _Case) -> None:
    """LOGISTIC and TANH."""
    source = case.inputs[0]
    if not case.computed(source, case.output):
        return
    case.implies(source.shape)
    _fixed_output(case)
    # The input is brought to 4 integer bits by a shift of 0 to 30 bits.
    if source.dtype is DType.INT8 and not 2.0**-28 <= source.scale < 8.0:
        case.refuse("EG117", f"Its input scale {source.scale} is out of range.")


def _softmax(case: _Case) -> None:
    source = case.inputs[0]
    if not case.computed(source, case.output):
        return
    case.implies(source.shape)
    if not source.shape:
        case.refuse("EG112", "It needs at least one dimension.")
    _fixed_output(case)
    assert isinstance(case.attrs, SoftmaxAttrs)
    # The integer kernel scales by beta * scale * 2**26 and needs more than 1.
    if source.dtype in _QUANTISED and case.attrs.beta * source.scale * 2.0**26 <= 1.0:
        case.refuse("EG116", f"Its beta {case.attrs.beta} is too small for its input scale.")


def _quantize(case: _Case) -> None:
    source, output = case.inputs[0], case.output
    case.implies(source.shape)
    if output.dtype not in (*_QUANTISED, DType.INT32, DType.UINT8):
        case.refuse("EG107", f"It quantises to {output.dtype.value}.")
    elif source.dtype not in (*_COMPUTED, DType.INT32, DType.UINT8):
        case.refuse("EG107", f"It quantises {source.dtype.value}.")
    else:
        case.affine(source, output)


def _dequantize(case: _Case) -> None:
    source, output = case.inputs[0], case.output
    case.implies(source.shape)
    if output.dtype is not DType.FLOAT32:
        case.refuse("EG107", f"It dequantises to {output.dtype.value}.")
    elif source.dtype not in (*_QUANTISED, DType.UINT8):
        case.refuse("EG107", f"It dequantises {source.dtype.value}.")
    else:
        case.affine(source)


# Shape and layout.


def _expand_dims(case: _Case) -> None:
    _moved(case)
    source, output = case.inputs[0], case.output
    # Of the three that move values, LiteRT checks this for EXPAND_DIMS alone.
    if source.dtype in _QUANTISED and source.quant != output.quant:
        case.refuse("EG117", "Its input and output differ in scale or zero point.")


def _moved(case: _Case) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the same values in another shape."""
    source = case.inputs[0]
    if case.one_type([source, case.output], _MOVED) and source.elements != case.output.elements:
        case.refuse(
            "EG115",
            f"It turns {shape_text(source.shape)} into {shape_text(case.output.shape)}.",
        )


def _carried(case: _Case) -> None:
    """READ_VARIABLE and ASSIGN_VARIABLE; the frontend makes both ends alike."""
    case.one_type([case.inputs[0], case.output], (*_MOVED, DType.BOOL))
    case.implies(case.inputs[0].shape)


def _concatenation(case: _Case) -> None:
    if not case.one_type([*case.inputs, case.output], _MOVED):
        return
    if case.output.dtype in _QUANTISED:
        if not case.affine(*case.inputs, case.output):
            return
        case.same_quant(*case.inputs)
    assert isinstance(case.attrs, ConcatenationAttrs)
    axis = case.attrs.axis
    first = case.inputs[0].shape
    rest = {(t.shape[:axis], t.shape[axis + 1 :]) for t in case.inputs}
    if len(rest) > 1 or any(len(tensor.shape) != len(first) for tensor in case.inputs):
        case.refuse("EG115", "Its inputs differ in more than the joined dimension.")
    elif axis >= len(first):
        case.refuse("EG115", f"Its inputs have no dimension {axis}.")
    else:
        joined = sum(tensor.shape[axis] for tensor in case.inputs)
        case.implies((*first[:axis], joined, *first[axis + 1 :]))


def _pad(case: _Case) -> None:
    source = case.inputs[0]
    if not case.one_type([source, case.output], _MOVED):
        return
    if source.dtype in _QUANTISED and case.affine(source, case.output):
        case.same_quant(source)
    assert isinstance(case.attrs, PadAttrs)
    _padded_shape(case, case.attrs.paddings)


def _copied(case: _Case) -> bool:
    """Values move, so element type and quantisation stay; SPLIT's data come second."""
    types, rank = _COPIED[case.kind]
    sources = case.inputs if case.kind is OpKind.PACK else [_moved_input(case)]
    if not case.one_type([*sources, *case.outputs], types):
        return False
    if max(len(tensor.shape) for tensor in (*sources, *case.outputs)) > rank:
        case.refuse("EG112", f"TFLM runs it with {rank} dimensions at most.")
        return False
    tensors = (*sources, *case.outputs)
    if case.output.dtype in _QUANTISED:
        if not case.affine(*tensors):
            return False
        case.same_quant(*tensors)
    return True


def _moved_input(case: _Case) -> Tensor:
    return case.inputs[1 if case.kind is OpKind.SPLIT else 0]


def _resized(case: _Case) -> None:
    if _copied(case):
        case.rank(case.inputs[0], "input", 4)


def _slice(case: _Case) -> None:
    """The frontend compares shapes, because what is shrunk away is in no attribute."""
    _copied(case)


def _transpose(case: _Case) -> None:
    assert isinstance(case.attrs, TransposeAttrs)
    if _copied(case):
        case.implies(tuple(case.inputs[0].shape[axis] for axis in case.attrs.permutation))


def _split(case: _Case) -> None:
    assert isinstance(case.attrs, AxisAttrs)
    if not _copied(case):
        return
    axis, shape, count = case.attrs.axis, case.inputs[1].shape, len(case.outputs)
    if shape[axis] % count:
        case.refuse("EG115", f"It splits {shape[axis]} into {count} parts.")
    for output in case.outputs:
        part = (*shape[:axis], shape[axis] // count, *shape[axis + 1 :])
        case.problems.expect_shape(output.shape, part)


def _pack(case: _Case) -> None:
    assert isinstance(case.attrs, AxisAttrs)
    if not _copied(case):
        return
    axis, shape = case.attrs.axis, case.inputs[0].shape
    if any(tensor.shape != shape for tensor in case.inputs):
        case.refuse("EG115", "Its inputs have different shapes.")
    case.implies((*shape[:axis], len(case.inputs), *shape[axis:]))


def _unpack(case: _Case) -> None:
    assert isinstance(case.attrs, AxisAttrs)
    if not _copied(case):
        return
    axis, shape = case.attrs.axis, case.inputs[0].shape
    if shape[axis] != len(case.outputs):
        case.refuse("EG115", f"It takes {shape[axis]} apart into {len(case.outputs)} outputs.")
    for output in case.outputs:
        case.problems.expect_shape(output.shape, (*shape[:axis], *shape[axis + 1 :]))


def _space_to_depth(case: _Case) -> None:
    assert isinstance(case.attrs, BlockAttrs)
    if _copied(case) and case.rank(case.inputs[0], "input", 4):
        _blocks(case, case.inputs[0].shape, case.output.shape, case.attrs.size)


def _depth_to_space(case: _Case) -> None:
    assert isinstance(case.attrs, BlockAttrs)
    if _copied(case) and case.rank(case.output, "output", 4):
        _blocks(case, case.output.shape, case.inputs[0].shape, case.attrs.size)


def _blocks(case: _Case, space: tuple[int, ...], depth: tuple[int, ...], size: int) -> None:
    batch, height, width, channels = space
    if depth != (batch, height // size, width // size, channels * size * size) or (
        height % size or width % size
    ):
        case.refuse(
            "EG115",
            f"Blocks of {size}x{size} do not take {shape_text(space)} to {shape_text(depth)}.",
        )


def _gather(case: _Case) -> None:
    assert isinstance(case.attrs, GatherAttrs)
    if _copied(case):
        shape, axis = case.inputs[0].shape, case.attrs.axis
        case.implies((*shape[:axis], *case.inputs[1].shape, *shape[axis + 1 :]))


def _mirror_pad(case: _Case) -> None:
    assert isinstance(case.attrs, MirrorPadAttrs)
    if not _copied(case):
        return
    shape, paddings = case.inputs[0].shape, case.attrs.paddings
    _padded_shape(case, paddings)
    for extent, pads in zip(shape, paddings, strict=True):
        most = extent if case.attrs.repeats_edge else extent - 1
        if max(pads) > most:
            case.refuse("EG116", f"It mirrors {max(pads)} elements of {extent}.")


def _pad_v2(case: _Case) -> None:
    assert isinstance(case.attrs, PadAttrs)
    if not _copied(case):
        return
    _padded_shape(case, case.attrs.paddings)
    value = case.inputs[2]
    if value.data is None:
        case.refuse("EG113", "Its value is computed by the graph.")
    elif value.dtype is not case.output.dtype:
        case.refuse("EG107", f"Its value is {value.dtype.value}.")
    elif value.elements != 1:
        case.refuse("EG115", f"Its value is {shape_text(value.shape)} instead of one number.")
    elif value.dtype in _QUANTISED and case.affine(value):
        case.same_quant(value)


def _padded_shape(case: _Case, paddings: tuple[tuple[int, int], ...]) -> None:
    pairs = zip(case.inputs[0].shape, paddings, strict=True)
    case.implies(tuple(before + extent + after for extent, (before, after) in pairs))


def _arg_extremum(case: _Case) -> None:
    assert isinstance(case.attrs, AxisAttrs)
    source, axis = case.inputs[0], case.attrs.axis
    if case.output.dtype is not DType.INT32:
        case.refuse("EG107", f"Its output is {case.output.dtype.value}, not int32.")
    elif case.one_type([source], (DType.FLOAT32, DType.INT8)):
        case.implies((*source.shape[:axis], *source.shape[axis + 1 :]))


def _reduced_extremum(case: _Case) -> None:
    source = case.inputs[0]
    if not case.one_type([source, case.output], (DType.FLOAT32, DType.INT8)):
        return
    _reduced_shape(case)
    if source.dtype is DType.INT8 and case.affine(source, case.output):
        case.same_quant(source)


def _mean(case: _Case) -> None:
    """MEAN and SUM."""
    if case.computed(case.inputs[0], case.output):
        _reduced_shape(case)


def _reduced_shape(case: _Case) -> None:
    source = case.inputs[0]
    assert isinstance(case.attrs, ReduceAttrs)
    axes = case.attrs.axes
    if case.attrs.keep_dims:
        case.implies(tuple(1 if k in axes else extent for k, extent in enumerate(source.shape)))
    else:
        case.implies(tuple(extent for k, extent in enumerate(source.shape) if k not in axes))


_RULES: dict[OpKind, Callable[[_Case], None]] = {
    OpKind.ABS: _mapped,
    OpKind.ADD: _binary,
    OpKind.ARG_MAX: _arg_extremum,
    OpKind.ARG_MIN: _arg_extremum,
    OpKind.ASSIGN_VARIABLE: _carried,
    OpKind.AVERAGE_POOL_2D: _pool_2d,
    OpKind.BATCH_MATMUL: _batch_matmul,
    OpKind.CAST: _cast,
    OpKind.CONCATENATION: _concatenation,
    OpKind.CONV_2D: _conv_2d,
    OpKind.DEPTHWISE_CONV_2D: _depthwise_conv_2d,
    OpKind.DEPTH_TO_SPACE: _depth_to_space,
    OpKind.DEQUANTIZE: _dequantize,
    OpKind.ELU: _mapped,
    OpKind.EQUAL: _comparison,
    OpKind.EXP: _mapped,
    OpKind.EXPAND_DIMS: _expand_dims,
    OpKind.FLOOR: _mapped,
    OpKind.FULLY_CONNECTED: _fully_connected,
    OpKind.GATHER: _gather,
    OpKind.GREATER: _comparison,
    OpKind.GREATER_EQUAL: _comparison,
    OpKind.HARD_SWISH: _mapped,
    OpKind.L2_NORMALIZATION: _mapped,
    OpKind.LEAKY_RELU: _same_shape,
    OpKind.LESS: _comparison,
    OpKind.LESS_EQUAL: _comparison,
    OpKind.LOG: _mapped,
    OpKind.LOGICAL_AND: _logic,
    OpKind.LOGICAL_NOT: _logic,
    OpKind.LOGICAL_OR: _logic,
    OpKind.LOGISTIC: _curve,
    OpKind.LOG_SOFTMAX: _mapped,
    OpKind.MAXIMUM: _extremum,
    OpKind.MAX_POOL_2D: _pool_2d,
    OpKind.MEAN: _mean,
    OpKind.MINIMUM: _extremum,
    OpKind.MIRROR_PAD: _mirror_pad,
    OpKind.MUL: _binary,
    OpKind.NEG: _mapped,
    OpKind.NOT_EQUAL: _comparison,
    OpKind.PACK: _pack,
    OpKind.PAD: _pad,
    OpKind.PADV2: _pad_v2,
    OpKind.PRELU: _prelu,
    OpKind.QUANTIZE: _quantize,
    OpKind.READ_VARIABLE: _carried,
    OpKind.REDUCE_MAX: _reduced_extremum,
    OpKind.REDUCE_MIN: _reduced_extremum,
    OpKind.RELU6: _same_shape,
    OpKind.RELU: _same_shape,
    OpKind.RESHAPE: _moved,
    OpKind.RESIZE_BILINEAR: _resized,
    OpKind.RESIZE_NEAREST_NEIGHBOR: _resized,
    OpKind.RSQRT: _mapped,
    OpKind.SELECT_V2: _select,
    OpKind.SLICE: _slice,
    OpKind.SOFTMAX: _softmax,
    OpKind.SPACE_TO_DEPTH: _space_to_depth,
    OpKind.SPLIT: _split,
    OpKind.SQRT: _mapped,
    OpKind.SQUARE: _mapped,
    OpKind.SQUEEZE: _moved,
    OpKind.STRIDED_SLICE: _slice,
    OpKind.SUB: _binary,
    OpKind.SUM: _mean,
    OpKind.SVDF: _svdf,
    OpKind.TANH: _curve,
    OpKind.TRANSPOSE: _transpose,
    OpKind.TRANSPOSE_CONV: _transpose_conv,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: _sequence_lstm,
    OpKind.UNPACK: _unpack,
}
