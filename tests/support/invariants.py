"""What every `Model` promises, checked without the frontend's own rules.

The formulas here are written down a second time on purpose: a mistake in the
frontend's must not hide itself.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence

import numpy as np

from edgegen import analysis
from edgegen.model import (
    Activation,
    AxisAttrs,
    BlockAttrs,
    ConcatenationAttrs,
    Conv2DAttrs,
    DType,
    FullyConnectedAttrs,
    GatherAttrs,
    LstmAttrs,
    MatMulAttrs,
    MirrorPadAttrs,
    Model,
    Op,
    OpKind,
    PadAttrs,
    Padding,
    Pool2DAttrs,
    ReduceAttrs,
    ResizeAttrs,
    SliceAttrs,
    SoftmaxAttrs,
    SvdfAttrs,
    Tensor,
    TransposeAttrs,
)

_INTEGER_ACTIVATIONS = (DType.INT8, DType.INT16)
_RANGES = {DType.INT8: (-128, 127), DType.UINT8: (0, 255)}


def validate(model: Model) -> None:
    """Raises an AssertionError that names the first broken promise."""
    assert model.source.sha256 == hashlib.sha256(model.source.data).hexdigest()
    for tensor in model.tensors:
        _tensor(tensor)
    _graph(model)
    for op in model.ops:
        _op(op, [None if k is None else model.tensors[k] for k in op.inputs], _outputs(model, op))
    _analysis(model)


def _outputs(model: Model, op: Op) -> list[Tensor]:
    assert len(op.outputs) == 1 or (op.outputs and op.kind in (OpKind.SPLIT, OpKind.UNPACK))
    return [model.tensors[index] for index in op.outputs]


def _tensor(tensor: Tensor) -> None:
    assert isinstance(tensor.name, str)
    tensor.name.encode("utf-8")
    assert tensor.dtype is not DType.FLOAT16
    assert len(tensor.shape) <= 6
    assert all(type(extent) is int and extent >= 1 for extent in tensor.shape)
    assert tensor.bytes < 2**31
    if tensor.data is not None:
        assert tensor.data.shape == tensor.shape
        assert tensor.data.dtype == tensor.dtype.numpy
        assert not tensor.data.flags.writeable
        assert tensor.dtype is not DType.FLOAT32 or bool(np.all(np.isfinite(tensor.data)))
    if tensor.initial is not None:
        assert tensor.initial.shape == tensor.shape
        assert tensor.initial.dtype == tensor.dtype.numpy
        assert not tensor.initial.flags.writeable
    if tensor.quant is not None:
        _quant(tensor)


def _quant(tensor: Tensor) -> None:
    quant = tensor.quant
    assert quant is not None
    assert tensor.dtype not in (DType.FLOAT32, DType.BOOL)
    assert len(quant.scale) == len(quant.zero_point) >= 1
    for scale in quant.scale:
        assert type(scale) is float
        assert 0.0 < scale < math.inf
        assert float(np.float32(scale)) == scale
    low, high = _RANGES.get(tensor.dtype, (0, 0))
    assert all(low <= zero_point <= high for zero_point in quant.zero_point)
    if quant.axis is None:
        assert len(quant.scale) == 1
    else:
        assert 0 <= quant.axis < len(tensor.shape)
        assert tensor.shape[quant.axis] == len(quant.scale)


def _graph(model: Model) -> None:
    for index in (*model.inputs, *model.outputs):
        assert 0 <= index < len(model.tensors)
    known = {k for k, tensor in enumerate(model.tensors) if tensor.is_constant}
    assert model.inputs
    assert model.outputs
    assert len(set(model.inputs)) == len(model.inputs)
    assert len(set(model.outputs)) == len(model.outputs)
    assert known.isdisjoint(model.inputs)
    variables = {k for k, tensor in enumerate(model.tensors) if tensor.is_variable}
    assert variables.isdisjoint(model.inputs)
    assert variables.isdisjoint(known)
    known |= set(model.inputs) | variables
    computed: set[int] = set()
    nodes = [op.node for op in model.ops]
    assert nodes == sorted(set(nodes))
    for op in model.ops:
        assert {index for index in op.inputs if index is not None} <= known
        assert known.isdisjoint(set(op.outputs) - variables)
        assert op.version >= 1
        known |= set(op.outputs)
        computed |= set(op.outputs) - variables
    assert set(model.outputs) <= computed


def _op(op: Op, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> None:
    first, output = inputs[0], outputs[0]
    assert first is not None
    if op.kind is OpKind.TRANSPOSE_CONV:
        _transpose_conv(op, inputs, output)
        return
    if op.kind in (OpKind.SVDF, OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM):
        _recurrent(op, [t for t in inputs if t is not None], output)
        return
    if op.kind in (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE):
        assert (first if op.kind is OpKind.READ_VARIABLE else output).is_variable
        assert (first.dtype, first.shape) == (output.dtype, output.shape)
        return
    if op.kind in _TRUTHS or op.kind in (OpKind.CAST, OpKind.SELECT_V2):
        _truths_and_casts(op, [t for t in inputs if t is not None], output)
        return
    if op.kind in (OpKind.ARG_MAX, OpKind.ARG_MIN):
        assert output.dtype is DType.INT32
        assert first.dtype in (DType.FLOAT32, DType.INT8)
        assert isinstance(op.attrs, AxisAttrs)
        assert np.delete(first.shape, op.attrs.axis).tolist() == list(output.shape)
        return
    if op.kind in _COPIES:
        _copy(op, [t for t in inputs if t is not None], outputs)
        return
    if op.kind in (OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D, OpKind.FULLY_CONNECTED):
        _weights(op, inputs, output)
    elif op.kind in (OpKind.QUANTIZE, OpKind.DEQUANTIZE):
        _conversion(op, first, output)
    else:
        _same_type(op, [t for t in inputs if t is not None], output)
    assert _shape(op, inputs) in (None, output.shape), op
    _fixed_quantisation(op, first, output)
    activation = getattr(op.attrs, "activation", Activation.NONE)
    assert activation is not Activation.TANH
    if activation is not Activation.NONE and output.dtype in _INTEGER_ACTIVATIONS:
        assert 6.0 / output.scale < 2**31 or activation is Activation.RELU


def _recurrent(op: Op, inputs: list[Tensor], output: Tensor) -> None:
    source = inputs[0]
    assert source.dtype is output.dtype
    assert source.dtype in (DType.FLOAT32, DType.INT8)
    states = inputs[-1:] if op.kind is OpKind.SVDF else inputs[-2:]
    constants = inputs[1 : -len(states)]
    assert all(tensor.is_variable for tensor in states)
    assert all(tensor.is_constant for tensor in constants)
    if isinstance(op.attrs, SvdfAttrs):
        features, time, bias = constants
        assert features.shape[0] == time.shape[0] == bias.shape[0] * op.attrs.rank
        assert features.shape[1] == source.shape[1]
        assert states[0].shape == (source.shape[0], time.shape[0] * time.shape[1])
        assert output.shape == (source.shape[0], bias.shape[0])
        assert time.dtype is states[0].dtype
        return
    assert isinstance(op.attrs, LstmAttrs)
    assert op.attrs.cell_clip >= 0
    units = output.shape[2]
    assert output.shape[:2] == source.shape[:2]
    assert [t.shape for t in constants[:4]] == [(units, source.shape[2])] * 4
    assert [t.shape for t in constants[4:8]] == [(units, units)] * 4
    assert [t.shape for t in constants[8:]] == [(units,)] * 4
    assert [t.elements for t in states] == [source.shape[int(op.attrs.time_major)] * units] * 2


_TRUTHS = {
    OpKind.EQUAL: (DType.BOOL, DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.NOT_EQUAL: (DType.BOOL, DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.GREATER: (DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.GREATER_EQUAL: (DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.LESS: (DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.LESS_EQUAL: (DType.FLOAT32, DType.INT8, DType.INT32),
    OpKind.LOGICAL_AND: (DType.BOOL,),
    OpKind.LOGICAL_NOT: (DType.BOOL,),
    OpKind.LOGICAL_OR: (DType.BOOL,),
}


def _truths_and_casts(op: Op, inputs: list[Tensor], output: Tensor) -> None:
    assert np.broadcast_shapes(*(tensor.shape for tensor in inputs)) == output.shape
    if op.kind is OpKind.CAST:
        assert inputs[0].dtype is not DType.INT64
        assert output.dtype not in (DType.INT64, DType.UINT8, DType.BOOL)
        return
    compared = inputs
    if op.kind is OpKind.SELECT_V2:
        assert inputs[0].dtype is DType.BOOL
        compared = [*inputs[1:], output]
        assert output.dtype in (DType.FLOAT32, *_INTEGER_ACTIVATIONS)
    else:
        assert output.dtype is DType.BOOL
        assert inputs[0].dtype in _TRUTHS[op.kind]
    assert len({tensor.dtype for tensor in compared}) == 1
    if compared[0].dtype in _INTEGER_ACTIVATIONS:
        scales = [tensor.scale for tensor in compared]
        assert op.kind is OpKind.SELECT_V2 or max(scales) < 1.0
        assert op.kind is not OpKind.SELECT_V2 or len(set(scales)) == 1


def _weights(op: Op, inputs: Sequence[Tensor | None], output: Tensor) -> None:
    source, weights = inputs[0], inputs[1]
    bias = inputs[2] if len(inputs) > 2 else None
    assert source is not None
    assert weights is not None
    assert weights.is_constant
    assert source.dtype is output.dtype
    axis = 3 if op.kind is OpKind.DEPTHWISE_CONV_2D else 0
    if bias is not None:
        assert bias.is_constant
        assert bias.shape == (weights.shape[axis],)
    if source.dtype is DType.FLOAT32:
        assert weights.dtype is DType.FLOAT32
        assert bias is None or bias.dtype is DType.FLOAT32
        return
    assert source.dtype in _INTEGER_ACTIVATIONS
    assert weights.dtype is DType.INT8
    assert weights.quant is not None
    assert set(weights.quant.zero_point) == {0}
    assert weights.quant.axis in (None, axis)
    assert math.isfinite(source.scale * max(weights.quant.scale) / output.scale)
    assert bias is None or bias.dtype in (DType.INT32, DType.INT64)
    assert bias is None or source.dtype is DType.INT16 or bias.dtype is DType.INT32
    if op.kind in (OpKind.DEPTHWISE_CONV_2D, OpKind.TRANSPOSE_CONV):
        assert bias is None or source.dtype is DType.INT8 or bias.dtype is DType.INT64


def _transpose_conv(op: Op, inputs: Sequence[Tensor | None], output: Tensor) -> None:
    _, weights, source = inputs[:3]
    assert source is not None
    assert weights is not None
    assert isinstance(op.attrs, Conv2DAttrs)
    _weights(op, [source, weights, *inputs[3:]], output)
    spans = weights.shape[1:3]
    forth = _positions(output.shape, spans, op.attrs.stride, op.attrs.padding)
    assert source.shape == (output.shape[0], *forth, weights.shape[3])
    assert output.shape[3] == weights.shape[0]


def _conversion(op: Op, source: Tensor, output: Tensor) -> None:
    for tensor in (source, output):
        types = (DType.FLOAT32, DType.UINT8, DType.INT32, *_INTEGER_ACTIVATIONS)
        assert tensor.dtype in types
        assert tensor.dtype is DType.FLOAT32 or tensor.scale > 0
    float_end = output if op.kind is OpKind.DEQUANTIZE else source
    other = source if op.kind is OpKind.DEQUANTIZE else output
    assert other.dtype is not DType.FLOAT32
    assert op.kind is OpKind.QUANTIZE or float_end.dtype is DType.FLOAT32


_COPIES = (
    OpKind.DEPTH_TO_SPACE,
    OpKind.GATHER,
    OpKind.MIRROR_PAD,
    OpKind.PACK,
    OpKind.PADV2,
    OpKind.RESIZE_BILINEAR,
    OpKind.RESIZE_NEAREST_NEIGHBOR,
    OpKind.SLICE,
    OpKind.SPACE_TO_DEPTH,
    OpKind.SPLIT,
    OpKind.STRIDED_SLICE,
    OpKind.TRANSPOSE,
    OpKind.UNPACK,
)


def _copy(op: Op, inputs: list[Tensor], outputs: Sequence[Tensor]) -> None:
    """The same done by numpy to an array of positions gives the output's shape."""
    data = inputs[1 if op.kind is OpKind.SPLIT else 0]
    moved = (*inputs, *outputs) if op.kind is OpKind.PACK else (data, *outputs)
    assert {tensor.dtype for tensor in moved} == {data.dtype}
    assert data.dtype in (DType.FLOAT32, DType.INT32, *_INTEGER_ACTIVATIONS)
    if data.dtype in _INTEGER_ACTIVATIONS:
        assert {(t.scale, t.zero_point) for t in moved} == {(data.scale, data.zero_point)}
    if op.kind is not OpKind.PACK:
        assert all(tensor.is_constant for tensor in inputs if tensor is not data)
    for output, shape in zip(outputs, _copied_shapes(op, inputs, data, outputs), strict=True):
        assert shape == output.shape, op


def _copied_shapes(
    op: Op, inputs: list[Tensor], data: Tensor, outputs: Sequence[Tensor]
) -> list[tuple[int, ...]]:
    attrs, source = op.attrs, np.broadcast_to(np.int8(0), data.shape)
    count = len(outputs)
    if isinstance(attrs, SliceAttrs):
        for begin, size, stride, extent in zip(
            attrs.begin, attrs.size, attrs.stride, data.shape, strict=True
        ):
            assert size >= 1
            assert 0 <= begin < extent
            assert 0 <= begin + (size - 1) * stride < extent
        kept = [size for size in attrs.size if size > 1]
        assert [extent for extent in outputs[0].shape if extent > 1] == kept
        return [outputs[0].shape]
    if isinstance(attrs, AxisAttrs):
        if op.kind is OpKind.SPLIT:
            return [part.shape for part in np.split(source, count, attrs.axis)]
        if op.kind is OpKind.UNPACK:
            assert count == data.shape[attrs.axis]
            return [tuple(np.delete(data.shape, attrs.axis).tolist())] * count
        assert len({tensor.shape for tensor in inputs}) == 1
        return [tuple(np.insert(data.shape, attrs.axis, len(inputs)).tolist())]
    if isinstance(attrs, TransposeAttrs):
        return [source.transpose(attrs.permutation).shape]
    if isinstance(attrs, GatherAttrs):
        assert all(0 <= index < data.shape[attrs.axis] for index in attrs.indices)
        shape = (*data.shape[: attrs.axis], *inputs[1].shape, *data.shape[attrs.axis + 1 :])
        return [shape]
    if isinstance(attrs, MirrorPadAttrs | PadAttrs):
        for extent, pads in zip(data.shape, attrs.paddings, strict=True):
            assert min(pads) >= 0
            if isinstance(attrs, MirrorPadAttrs):
                assert max(pads) <= extent - (0 if attrs.repeats_edge else 1)
        return [
            tuple(b + n + a for n, (b, a) in zip(data.shape, attrs.paddings, strict=True)),
        ]
    if isinstance(attrs, BlockAttrs):
        apart = data.shape if op.kind is OpKind.SPACE_TO_DEPTH else outputs[0].shape
        deep = outputs[0].shape if op.kind is OpKind.SPACE_TO_DEPTH else data.shape
        assert deep[3] == apart[3] * attrs.size**2
        assert (deep[1] * attrs.size, deep[2] * attrs.size) == apart[1:3]
        assert deep[0] == apart[0]
        return [outputs[0].shape]
    assert isinstance(attrs, ResizeAttrs)
    assert len(data.shape) == 4
    return [(data.shape[0], *np.ravel(inputs[1].data).tolist(), data.shape[3])]  # type: ignore[arg-type]


_REDUCTIONS = (OpKind.MEAN, OpKind.SUM, OpKind.REDUCE_MAX, OpKind.REDUCE_MIN)
_PARAMETER_SECOND = (*_REDUCTIONS, OpKind.PAD, OpKind.RESHAPE, OpKind.EXPAND_DIMS)
_EXTREMA = (OpKind.MAXIMUM, OpKind.MINIMUM)
_BROADCAST = (*_EXTREMA, OpKind.ADD, OpKind.MUL, OpKind.PRELU, OpKind.SUB)
_MOVES = (*_PARAMETER_SECOND, OpKind.SQUEEZE, OpKind.CONCATENATION)


def _same_type(op: Op, inputs: list[Tensor], output: Tensor) -> None:
    if op.kind in _PARAMETER_SECOND:
        assert all(tensor.is_constant for tensor in inputs[1:])
        inputs = inputs[:1]
    assert {tensor.dtype for tensor in inputs} == {output.dtype}
    if op.kind in (*_MOVES, *_EXTREMA) and op.kind not in _REDUCTIONS:
        assert output.dtype in (DType.FLOAT32, DType.INT32, *_INTEGER_ACTIVATIONS)
    else:
        assert output.dtype in (DType.FLOAT32, *_INTEGER_ACTIVATIONS)
        for tensor in (*inputs, output):
            assert tensor.dtype is DType.FLOAT32 or tensor.scale > 0
    copies = (
        *_EXTREMA,
        OpKind.PAD,
        OpKind.CONCATENATION,
        OpKind.MAX_POOL_2D,
        OpKind.AVERAGE_POOL_2D,
    )
    if op.kind in copies and output.dtype in _INTEGER_ACTIVATIONS:
        assert {tensor.zero_point for tensor in inputs} == {output.zero_point}


def _fixed_quantisation(op: Op, source: Tensor, output: Tensor) -> None:
    if output.dtype is not DType.INT8:
        return
    if op.kind in (OpKind.SOFTMAX, OpKind.LOGISTIC):
        assert output.zero_point == -128
        assert abs(output.scale * 256 - 1) < 0.01
    if op.kind is OpKind.TANH:
        assert output.zero_point == 0
        assert abs(output.scale * 128 - 1) < 0.01
    if isinstance(op.attrs, SoftmaxAttrs):
        assert op.attrs.beta * source.scale * (1 << 26) > 1
    if op.kind in (OpKind.LOGISTIC, OpKind.TANH):
        assert 0 <= math.frexp(source.scale * 2**27)[1] <= 30


def _shape(op: Op, inputs: Sequence[Tensor | None]) -> tuple[int, ...] | None:
    """The output's shape as numpy would make it; None where only the count is fixed."""
    shapes = [tensor.shape for tensor in inputs if tensor is not None]
    attrs = op.attrs
    source = shapes[0]
    if isinstance(attrs, Conv2DAttrs):
        return _convolution(op, attrs, source, shapes[1])
    if isinstance(attrs, Pool2DAttrs):
        spans = attrs.filter
        return (source[0], *_positions(source, spans, attrs.stride, attrs.padding), source[3])
    if isinstance(attrs, FullyConnectedAttrs):
        units, depth = shapes[1]
        if attrs.keep_num_dims:
            assert source[-1] == depth
            return (*source[:-1], units)
        assert math.prod(source) % depth == 0
        return (math.prod(source) // depth, units)
    if isinstance(attrs, ConcatenationAttrs):
        joined = sum(shape[attrs.axis] for shape in shapes)
        for shape in shapes:
            assert shape[: attrs.axis] == source[: attrs.axis]
            assert shape[attrs.axis + 1 :] == source[attrs.axis + 1 :]
        return (*source[: attrs.axis], joined, *source[attrs.axis + 1 :])
    if isinstance(attrs, ReduceAttrs):
        assert attrs.axes
        assert sorted(set(attrs.axes)) == list(attrs.axes)
        assert all(0 <= axis < len(source) for axis in attrs.axes)
        reduced = tuple(1 if k in attrs.axes else n for k, n in enumerate(source))
        kept = tuple(n for k, n in enumerate(source) if k not in attrs.axes)
        return reduced if attrs.keep_dims else kept
    if isinstance(attrs, PadAttrs):
        assert all(before >= 0 and after >= 0 for before, after in attrs.paddings)
        return tuple(b + n + a for n, (b, a) in zip(source, attrs.paddings, strict=True))
    if op.kind in (OpKind.RESHAPE, OpKind.SQUEEZE, OpKind.EXPAND_DIMS):
        return None
    if isinstance(attrs, MatMulAttrs):
        a, b = (np.broadcast_to(np.int8(0), shape) for shape in shapes)
        a = a.swapaxes(-1, -2) if attrs.transposes_first else a
        b = b.swapaxes(-1, -2) if attrs.transposes_second else b
        assert a.shape[-1] == b.shape[-2]
        return (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    if op.kind in _BROADCAST:
        return tuple(np.broadcast_shapes(*shapes))
    return source


def _convolution(
    op: Op, attrs: Conv2DAttrs, source: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[int, ...]:
    assert len(source) == len(kernel) == 4
    if op.kind is OpKind.CONV_2D:
        channels = kernel[0]
        assert kernel[3] == source[3]
    else:
        channels = kernel[3]
        assert kernel[0] == 1
        assert channels == source[3] * attrs.depth_multiplier
    spans = tuple((kernel[k + 1] - 1) * attrs.dilation[k] + 1 for k in (0, 1))
    return (source[0], *_positions(source, spans, attrs.stride, attrs.padding), channels)


def _positions(
    source: tuple[int, ...], spans: Sequence[int], stride: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    assert len(source) == 4
    assert min(stride) >= 1
    assert min(spans) >= 1
    assert max(*stride, *spans) < 2**31
    if padding is Padding.SAME:
        return math.ceil(source[1] / stride[0]), math.ceil(source[2] / stride[1])
    counts = [len(range(0, source[k + 1] - spans[k] + 1, stride[k])) for k in (0, 1)]
    return counts[0], counts[1]


def _analysis(model: Model) -> None:
    summary = analysis.summary(model)
    json.dumps(summary, allow_nan=False)
    assert summary["macs"] >= 0
    peak = summary["activation_peak_bytes"]
    assert peak >= max(model.tensors[index].bytes for index in (*model.inputs, *model.outputs))
    assert peak <= sum(tensor.bytes for tensor in model.tensors if not tensor.is_constant)
