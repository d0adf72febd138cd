"""The parameters of each operator, from a .tflite file into ``attrs``.

What the format spreads over options tables and parameter tensors becomes one plain
value: axes are never negative, paddings and axes are read from their constants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgegen import tflite_schema as schema
from edgegen.flatbuffer import DamagedError, Table
from edgegen.frontends.rules import Problems, shape_text
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
    LeakyReluAttrs,
    LstmAttrs,
    MatMulAttrs,
    MirrorPadAttrs,
    NoAttrs,
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

# Above any layer in use, and small enough that no product of two overflows int32.
MAX_EXTENT = 32767

# Inputs that UNIDIRECTIONAL_SEQUENCE_LSTM must not have.
_LSTM_VARIANTS = {
    **dict.fromkeys((9, 10, 11), "peepholes"),
    **dict.fromkeys((16, 17), "a projection"),
    **dict.fromkeys((20, 21, 22, 23), "layer normalisation"),
}

_INDICES = (DType.INT32, DType.INT64)

_Choice = TypeVar("_Choice", Activation, Padding, bool)


def attrs(
    kind: OpKind,
    node: Table,
    inputs: Sequence[Tensor | None],
    outputs: Sequence[Tensor],
    problems: Problems,
) -> Attrs | None:
    """The parameters of one operator, or None after adding to ``problems``."""
    before = len(problems.found)
    result = _Options(_options_table(kind, node), inputs, outputs, problems).read(kind)
    return result if len(problems.found) == before else None


def _options_table(kind: OpKind, node: Table) -> Table:
    expected = schema.OPTION_TYPES.get(kind)
    if expected is None:
        return _no_options(node)
    found = node.u8(schema.OperatorSlot.BUILTIN_OPTIONS_TYPE)
    if found == 0:
        return _no_options(node)
    if found != expected:
        raise DamagedError(f"{kind.value} has parameters of kind {found}", node.position)
    return node.table(schema.OperatorSlot.BUILTIN_OPTIONS) or _no_options(node)


def _no_options(node: Table) -> Table:
    """A table in which every field is absent, so that the defaults hold."""
    return Table(node.reader, node.position, 4, ())


class _Options:
    def __init__(
        self,
        table: Table,
        inputs: Sequence[Tensor | None],
        outputs: Sequence[Tensor],
        problems: Problems,
    ) -> None:
        self._table = table
        self._inputs = inputs
        self._outputs = outputs
        self._output = outputs[0]
        self._problems = problems

    def read(self, kind: OpKind) -> Attrs | None:
        reader = _READERS.get(kind)
        return NoAttrs() if reader is None else reader(self)

    def conv_2d(self) -> Attrs | None:
        slot = schema.Conv2DSlot
        has_int32_sums = self._bias_type(slot.QUANTIZED_BIAS_TYPE) is DType.INT32
        padding = self._padding(slot.PADDING)
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        stride = self._pair("stride", slot.STRIDE_H, slot.STRIDE_W, 0)
        dilation = self._pair("dilation", slot.DILATION_H_FACTOR, slot.DILATION_W_FACTOR, 1)
        if padding is None or activation is None:
            return None
        return Conv2DAttrs(padding, stride, dilation, activation, has_int32_sums=has_int32_sums)

    def depthwise_conv_2d(self) -> Attrs | None:
        slot = schema.DepthwiseConv2DSlot
        padding = self._padding(slot.PADDING)
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        stride = self._pair("stride", slot.STRIDE_H, slot.STRIDE_W, 0)
        dilation = self._pair("dilation", slot.DILATION_H_FACTOR, slot.DILATION_W_FACTOR, 1)
        multiplier = self._extent("depth multiplier", slot.DEPTH_MULTIPLIER, 0)
        if padding is None or activation is None:
            return None
        return Conv2DAttrs(padding, stride, dilation, activation, multiplier)

    def pool_2d(self) -> Attrs | None:
        slot = schema.Pool2DSlot
        padding = self._padding(slot.PADDING)
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        stride = self._pair("stride", slot.STRIDE_H, slot.STRIDE_W, 0)
        window = self._pair("filter", slot.FILTER_HEIGHT, slot.FILTER_WIDTH, 0)
        if padding is None or activation is None:
            return None
        return Pool2DAttrs(padding, stride, window, activation)

    def fully_connected(self) -> Attrs | None:
        slot = schema.FullyConnectedSlot
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        if self._table.i8(slot.WEIGHTS_FORMAT):
            self._problems.add("EG116", "Its weights are stored shuffled.")
        has_int32_sums = self._bias_type(slot.QUANTIZED_BIAS_TYPE) is DType.INT32
        if self._table.has(slot.QUANT_SPEC):
            self._problems.add("EG117", "Its weights follow a quantisation scheme of their own.")
        keep_num_dims = bool(self._table.u8(slot.KEEP_NUM_DIMS))
        if activation is None:
            return None
        return FullyConnectedAttrs(activation, keep_num_dims, has_int32_sums)

    def binary(self) -> Attrs | None:
        activation = self._activation(schema.BinarySlot.FUSED_ACTIVATION_FUNCTION)
        return None if activation is None else BinaryAttrs(activation)

    def softmax(self) -> Attrs | None:
        beta = self._finite("beta", schema.SoftmaxSlot.BETA)
        return None if beta is None else SoftmaxAttrs(beta)

    def l2_normalization(self) -> Attrs | None:
        activation = self._activation(schema.L2NormSlot.FUSED_ACTIVATION_FUNCTION)
        if activation is not Activation.NONE:
            self._problems.add("EG116", "It has a fused activation, which no runtime supports.")
        return NoAttrs()

    def leaky_relu(self) -> Attrs | None:
        alpha = self._finite("alpha", schema.LeakyReluSlot.ALPHA)
        return None if alpha is None else LeakyReluAttrs(alpha)

    def concatenation(self) -> Attrs | None:
        slot = schema.ConcatenationSlot
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        if activation not in (None, Activation.NONE):
            self._problems.add("EG116", "It has a fused activation, which no runtime supports.")
        axis = self._axis(self._table.i32(slot.AXIS), len(self._output.shape))
        return None if axis is None or activation is None else ConcatenationAttrs(axis, activation)

    def mean(self) -> Attrs | None:
        values = self._parameter(1, "axes")
        if values is None:
            return None
        rank = len(self._input_shape())
        # Bounded, because a hostile list of axes may be as long as the file.
        axes = [self._axis(value, rank) for value in sorted(set(values))[: 2 * rank + 1]]
        resolved = sorted({axis for axis in axes if axis is not None})
        return ReduceAttrs(tuple(resolved), bool(self._table.u8(schema.ReducerSlot.KEEP_DIMS)))

    def pad(self) -> Attrs | None:
        paddings = self._paddings()
        return None if paddings is None else PadAttrs(paddings)

    def mirror_pad(self) -> Attrs | None:
        paddings = self._paddings()
        repeats_edge = self._choice("mode", schema.MIRROR_MODES, schema.MirrorPadSlot.MODE)
        if paddings is None or repeats_edge is None:
            return None
        return MirrorPadAttrs(paddings, repeats_edge)

    def _paddings(self) -> tuple[tuple[int, int], ...] | None:
        values = self._parameter(1, "paddings", rank=2)
        if values is None:
            return None
        rank = len(self._input_shape())
        shape = self._inputs[1].shape if self._inputs[1] else ()
        if shape != (rank, 2):
            self._problems.add(
                "EG115", f"Its paddings have shape {shape_text(shape)}, not {rank}x2."
            )
            return None
        if min(values) < 0:
            self._problems.add("EG116", "A padding is negative.")
        return tuple(zip(values[::2], values[1::2], strict=True))

    def slice(self) -> Attrs | None:
        shape = self._input_shape()
        begin = self._per_dimension(1, "first positions", _INDICES)
        given = self._per_dimension(2, "sizes", _INDICES)
        if begin is None or given is None:
            return None
        size = tuple(
            extent - first if count == -1 else count
            for extent, first, count in zip(shape, begin, given, strict=True)
        )
        for extent, first, count in zip(shape, begin, size, strict=True):
            if first < 0 or count < 1 or first + count > extent:
                self._problems.add(
                    "EG116", f"It takes {count} elements from {first} on, of {extent}."
                )
        self._expect_output(size)
        return SliceAttrs(begin, size, (1,) * len(shape))

    def strided_slice(self) -> Attrs | None:
        shape = self._input_shape()
        slot = schema.StridedSliceSlot
        unsupported = {
            "ellipsis mask": self._table.i32(slot.ELLIPSIS_MASK),
            "new axis mask": self._table.i32(slot.NEW_AXIS_MASK),
            "offset": self._table.u8(slot.OFFSET),
        }
        for name, value in unsupported.items():
            if value:
                self._problems.add("EG116", f"Its {name} is set, which TFLM ignores.")
        begin = self._per_dimension(1, "first positions")
        end = self._per_dimension(2, "last positions")
        stride = self._per_dimension(3, "strides")
        if begin is None or end is None or stride is None:
            return None
        if 0 in stride:
            self._problems.add("EG116", "A stride is 0.")
            return None
        open_begin, open_end = self._table.i32(slot.BEGIN_MASK), self._table.i32(slot.END_MASK)
        shrunk = self._table.i32(slot.SHRINK_AXIS_MASK)
        starts, sizes, kept = [], [], []
        for axis, extent in enumerate(shape):
            first = None if open_begin >> axis & 1 else begin[axis]
            last = None if open_end >> axis & 1 else end[axis]
            found = range(extent)[first : last : stride[axis]]
            if shrunk >> axis & 1:
                found = self._shrunk(range(extent)[first :: stride[axis]], stride[axis])
            else:
                kept.append(len(found))
            starts.append(found.start)
            sizes.append(len(found))
        self._expect_output(tuple(kept))
        return SliceAttrs(tuple(starts), tuple(sizes), stride)

    def _shrunk(self, found: range, stride: int) -> range:
        """The one position of a dimension that is taken away."""
        if stride < 0 or not found:
            self._problems.add("EG116", "It removes a dimension without taking one position.")
        return found[:1]

    def transpose(self) -> Attrs | None:
        permutation = self._per_dimension(1, "permuted dimensions")
        if permutation is None:
            return None
        shape = self._input_shape()
        if sorted(permutation) != list(range(len(shape))):
            self._problems.add("EG116", f"{list(permutation)} is no order of its dimensions.")
            return None
        return TransposeAttrs(permutation)

    def split(self) -> Attrs | None:
        values = self._parameter(0, "axis", types=(DType.INT32,))
        count = self._table.i32(schema.SplitSlot.NUM_SPLITS)
        if count != len(self._outputs):
            self._problems.add("EG118", f"It has {len(self._outputs)} outputs, but says {count}.")
        if values is None:
            return None
        if len(values) != 1:
            self._problems.add("EG116", f"It has {len(values)} axes instead of one.")
            return None
        axis = self._axis(values[0], len(self._input_shape(1)))
        return None if axis is None else AxisAttrs(axis)

    def pack(self) -> Attrs | None:
        slot = schema.PackSlot
        count = self._table.i32(slot.VALUES_COUNT)
        if count != len(self._inputs):
            self._problems.add("EG118", f"It has {len(self._inputs)} inputs, but says {count}.")
        axis = self._axis(self._table.i32(slot.AXIS), len(self._input_shape()) + 1)
        return None if axis is None else AxisAttrs(axis)

    def unpack(self) -> Attrs | None:
        slot = schema.UnpackSlot
        count = self._table.i32(slot.NUM)
        if count != len(self._outputs):
            self._problems.add("EG118", f"It has {len(self._outputs)} outputs, but says {count}.")
        axis = self._axis(self._table.i32(slot.AXIS), len(self._input_shape()))
        return None if axis is None else AxisAttrs(axis)

    def arg_extremum(self) -> Attrs | None:
        values = self._parameter(1, "axis", types=(DType.INT32,))
        if values is None:
            return None
        if len(values) != 1:
            self._problems.add("EG116", f"It has {len(values)} axes instead of one.")
            return None
        axis = self._axis(values[0], len(self._input_shape()))
        return None if axis is None else AxisAttrs(axis)

    def transpose_conv(self) -> Attrs | None:
        slot = schema.TransposeConvSlot
        self._bias_type(slot.QUANTIZED_BIAS_TYPE)
        shape = self._parameter(0, "output shape", types=(DType.INT32,))
        padding = self._padding(slot.PADDING)
        activation = self._activation(slot.FUSED_ACTIVATION_FUNCTION)
        stride = self._pair("stride", slot.STRIDE_H, slot.STRIDE_W, 0)
        if shape is None or padding is None or activation is None:
            return None
        self._expect_output(shape)
        return Conv2DAttrs(padding, stride, (1, 1), activation)

    def batch_matmul(self) -> Attrs | None:
        slot = schema.BatchMatMulSlot
        return MatMulAttrs(bool(self._table.u8(slot.ADJ_X)), bool(self._table.u8(slot.ADJ_Y)))

    def svdf(self) -> Attrs | None:
        activation = self._activation(schema.SvdfSlot.FUSED_ACTIVATION_FUNCTION)
        rank = self._extent("rank", schema.SvdfSlot.RANK, 0)
        return None if activation is None else SvdfAttrs(rank, activation)

    def sequence_lstm(self) -> Attrs | None:
        slot = schema.SequenceLstmSlot
        activation = self._table.i8(slot.FUSED_ACTIVATION_FUNCTION)
        if activation != schema.TANH:
            self._problems.add("EG116", f"Its activation is number {activation}, not TANH.")
        if self._table.u8(slot.DIAGONAL_RECURRENT_TENSORS):
            self._problems.add("EG116", "Its recurrent weights are diagonal.")
        clip = self._finite("cell clip", slot.CELL_CLIP)
        if clip is not None and clip < 0:
            self._problems.add("EG116", f"Its cell clip is {clip}.")
        for position, what in _LSTM_VARIANTS.items():
            if self._inputs[position] is not None:
                self._problems.add("EG116", f"It has {what}, which TFLM does not compute.")
                return None
        return None if clip is None else LstmAttrs(bool(self._table.u8(slot.TIME_MAJOR)), clip)

    def block(self) -> Attrs | None:
        return BlockAttrs(self._extent("block size", schema.BlockSlot.BLOCK_SIZE, 0))

    def gather(self) -> Attrs | None:
        slot = schema.GatherSlot
        if self._table.i32(slot.BATCH_DIMS):
            self._problems.add("EG116", "Its indices differ from batch to batch.")
        indices = self._parameter(1, "indices", rank=6, types=(DType.INT32,))
        shape = self._input_shape()
        axis = self._axis(self._table.i32(slot.AXIS), len(shape))
        if indices is None or axis is None:
            return None
        if min(indices) < 0 or max(indices) >= shape[axis]:
            self._problems.add("EG116", f"An index is outside of 0...{shape[axis] - 1}.")
        return GatherAttrs(axis, indices)

    def resize_nearest_neighbor(self) -> Attrs | None:
        slot = schema.ResizeNearestNeighborSlot
        return self._resize(slot.ALIGN_CORNERS, slot.HALF_PIXEL_CENTERS)

    def resize_bilinear(self) -> Attrs | None:
        slot = schema.ResizeBilinearSlot
        return self._resize(slot.ALIGN_CORNERS, slot.HALF_PIXEL_CENTERS)

    def _resize(self, align_corners: int, half_pixel_centers: int) -> Attrs | None:
        size = self._parameter(1, "sizes", types=(DType.INT32,))
        if size is None:
            return None
        shape = self._input_shape()
        if len(size) != 2 or len(shape) != 4:
            self._problems.add("EG112", "It does not resize the two dimensions of an image.")
            return None
        self._expect_output((shape[0], *size, shape[3]))
        attrs = ResizeAttrs(
            bool(self._table.u8(align_corners)), bool(self._table.u8(half_pixel_centers))
        )
        if attrs.align_corners and attrs.half_pixel_centers:
            self._problems.add("EG116", "It aligns corners and pixel centres at once.")
        return attrs

    def reshape(self) -> Attrs | None:
        # Converters write the shape in both places; the tensor counts.
        shape: tuple[int, ...] | None = self._table.i32s(schema.ReshapeSlot.NEW_SHAPE)
        if len(self._inputs) == 2:
            shape = self._parameter(1, "shape")
        if shape is not None and not _fits(shape, self._output.shape):
            self._problems.add(
                "EG115",
                f"It asks for shape {list(shape[:8])}, but its output is "
                f"{shape_text(self._output.shape)}.",
            )
        return NoAttrs()

    def squeeze(self) -> Attrs | None:
        shape = self._input_shape()
        given = self._table.i32s(schema.SqueezeSlot.SQUEEZE_DIMS)
        if len(given) > len(shape):
            self._problems.add("EG116", f"It removes {len(given)} axes of {len(shape)}.")
            return None
        axes = {self._axis(value, len(shape)) for value in given}
        if not given:
            axes = {axis for axis, extent in enumerate(shape) if extent == 1}
        if any(axis is not None and shape[axis] != 1 for axis in axes):
            self._problems.add("EG115", "It removes an axis that is longer than 1.")
        self._expect_output(tuple(e for axis, e in enumerate(shape) if axis not in axes))
        return NoAttrs()

    def expand_dims(self) -> Attrs | None:
        values = self._parameter(1, "axis")
        if values is None:
            return None
        if len(values) != 1:
            self._problems.add("EG116", f"It has {len(values)} axes instead of one.")
            return None
        shape = self._input_shape()
        axis = self._axis(values[0], len(shape) + 1)
        if axis is not None:
            self._expect_output((*shape[:axis], 1, *shape[axis:]))
        return NoAttrs()

    # One field each; a problem is added and None (or a harmless value) comes back.

    def _input_shape(self, position: int = 0) -> tuple[int, ...]:
        tensor = self._inputs[position]
        assert tensor is not None, "the arity rule lets only a bias be absent"
        return tensor.shape

    def _expect_output(self, implied: tuple[int, ...]) -> None:
        self._problems.expect_shape(self._output.shape, implied)

    def _padding(self, slot: int) -> Padding | None:
        return self._choice("padding", schema.PADDINGS, slot)

    def _activation(self, slot: int) -> Activation | None:
        return self._choice("fused activation", schema.ACTIVATIONS, slot)

    def _bias_type(self, slot: int) -> DType | None:
        """Of the bias, and of the sums without one; None leaves it to the bias."""
        number = self._table.i8(slot)
        if number not in schema.BIAS_TYPES:
            self._problems.add("EG107", f"Its bias has element type number {number}.")
        return schema.BIAS_TYPES.get(number)

    def _choice(self, what: str, known: dict[int, _Choice], slot: int) -> _Choice | None:
        number = self._table.i8(slot)
        if number not in known:
            self._problems.add("EG116", f"Its {what} is number {number}, which is not supported.")
        return known.get(number)

    def _pair(self, what: str, height: int, width: int, default: int) -> tuple[int, int]:
        return self._extent(what, height, default), self._extent(what, width, default)

    def _extent(self, what: str, slot: int, default: int) -> int:
        value = self._table.i32(slot, default)
        if not 1 <= value <= MAX_EXTENT:
            self._problems.add("EG116", f"Its {what} is {value}, outside of 1...{MAX_EXTENT}.")
        return value

    def _finite(self, what: str, slot: int) -> float | None:
        value = self._table.f32(slot)
        if math.isfinite(value):
            return value
        self._problems.add("EG116", f"Its {what} is {value}.")
        return None

    def _axis(self, value: int, rank: int) -> int | None:
        if -rank <= value < rank:
            return value + rank if value < 0 else value
        self._problems.add("EG116", f"Axis {value} does not exist among {rank} dimensions.")
        return None

    def _per_dimension(
        self, position: int, what: str, types: tuple[DType, ...] = (DType.INT32,)
    ) -> tuple[int, ...] | None:
        """One integer per dimension of the first input."""
        values = self._parameter(position, what, types=types)
        rank = len(self._input_shape())
        if values is not None and len(values) != rank:
            self._problems.add("EG115", f"Its {what} are {len(values)} for {rank} dimensions.")
            return None
        return values

    def _parameter(
        self, position: int, what: str, rank: int = 1, types: tuple[DType, ...] = _INDICES
    ) -> tuple[int, ...] | None:
        """The integers of a constant input of at most ``rank`` dimensions, in C order."""
        tensor = self._inputs[position]
        if tensor is None or tensor.data is None:
            self._problems.add("EG113", f"Its {what} are computed by the graph.")
            return None
        if tensor.dtype not in types:
            self._problems.add("EG107", f"Its {what} are {tensor.dtype.value}, not int32.")
            return None
        if len(tensor.shape) > rank:
            self._problems.add("EG112", f"Its {what} have shape {shape_text(tensor.shape)}.")
            return None
        self._table.reader.spend(tensor.bytes, self._table.position)
        return tuple(int(value) for value in tensor.data.ravel().tolist())


def _fits(wanted: Sequence[int], shape: tuple[int, ...]) -> bool:
    """Whether a requested shape, at most one -1 in it, can be ``shape``."""
    return (
        len(wanted) == len(shape)
        and sum(extent == -1 for extent in wanted) <= 1
        and all(extent in (-1, real) for extent, real in zip(wanted, shape, strict=True))
    )


_READERS: dict[OpKind, Callable[[_Options], Attrs | None]] = {
    OpKind.ADD: _Options.binary,
    OpKind.ARG_MAX: _Options.arg_extremum,
    OpKind.ARG_MIN: _Options.arg_extremum,
    OpKind.AVERAGE_POOL_2D: _Options.pool_2d,
    OpKind.BATCH_MATMUL: _Options.batch_matmul,
    OpKind.CONCATENATION: _Options.concatenation,
    OpKind.CONV_2D: _Options.conv_2d,
    OpKind.DEPTHWISE_CONV_2D: _Options.depthwise_conv_2d,
    OpKind.DEPTH_TO_SPACE: _Options.block,
    OpKind.EXPAND_DIMS: _Options.expand_dims,
    OpKind.FULLY_CONNECTED: _Options.fully_connected,
    OpKind.GATHER: _Options.gather,
    OpKind.L2_NORMALIZATION: _Options.l2_normalization,
    OpKind.LEAKY_RELU: _Options.leaky_relu,
    OpKind.MAX_POOL_2D: _Options.pool_2d,
    OpKind.MEAN: _Options.mean,
    OpKind.MIRROR_PAD: _Options.mirror_pad,
    OpKind.MUL: _Options.binary,
    OpKind.PACK: _Options.pack,
    OpKind.PAD: _Options.pad,
    OpKind.PADV2: _Options.pad,
    OpKind.REDUCE_MAX: _Options.mean,
    OpKind.REDUCE_MIN: _Options.mean,
    OpKind.RESHAPE: _Options.reshape,
    OpKind.RESIZE_BILINEAR: _Options.resize_bilinear,
    OpKind.RESIZE_NEAREST_NEIGHBOR: _Options.resize_nearest_neighbor,
    OpKind.SLICE: _Options.slice,
    OpKind.SOFTMAX: _Options.softmax,
    OpKind.SPACE_TO_DEPTH: _Options.block,
    OpKind.SPLIT: _Options.split,
    OpKind.SQUEEZE: _Options.squeeze,
    OpKind.STRIDED_SLICE: _Options.strided_slice,
    OpKind.SUB: _Options.binary,
    OpKind.SUM: _Options.mean,
    OpKind.SVDF: _Options.svdf,
    OpKind.TRANSPOSE: _Options.transpose,
    OpKind.TRANSPOSE_CONV: _Options.transpose_conv,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM: _Options.sequence_lstm,
    OpKind.UNPACK: _Options.unpack,
}
