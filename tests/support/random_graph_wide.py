"""Small random int8 graphs of all the operators that there are, each drawn from one integer.

Half of a graph is what `random_graph` draws; the rest moves values, compares and chooses, computes
functions and keeps a state from one inference to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from support import random_graph
from support.random_graph import (
    CHANNELS,
    DELAY,
    EXTENTS,
    MOST_ELEMENTS,
    MOST_MACS,
    MOST_WEIGHTS,
    Graph,
    Node,
    Quant,
    Shape,
    Value,
)

_COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")


def draw(seed: int) -> Graph:
    """The graph of a seed: one to three inputs, two to eight operators, branches and all."""
    return _Drawing(seed).graph()


class _Drawing(random_graph.Drawing):
    def operators(self) -> Sequence[Callable[[Any, int], None]]:
        return _OPERATORS

    # Values that move.

    def transpose(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        order = [int(k) for k in self._random.permutation(len(shape))]
        output = tuple(shape[k] for k in order)
        self._emit("TRANSPOSE", [source, self._integers(order)], output, quant)

    def slice(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        begin = [self._between(0, extent - 1) for extent in shape]
        size = [self._between(1, n - b) for n, b in zip(shape, begin, strict=True)]
        inputs = [source, self._integers(begin), self._integers(size)]
        self._emit("SLICE", inputs, tuple(size), quant)

    def strided_slice(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        begin, end, stride, output = [], [], [], []
        masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
        for axis, extent in enumerate(shape):
            step, first = self._pick((1, 1, 2, 3)), self._between(0, extent - 1)
            if self._often(0.2):
                step, last = -step, None
                masks["end_mask"] |= 1 << axis
            else:
                last = self._between(first + 1, extent)
                if self._often(0.2):
                    masks["shrink_axis_mask"] |= 1 << axis
            if self._often(0.2) and not masks["shrink_axis_mask"] >> axis & 1:
                masks["begin_mask"] |= 1 << axis
            opened = masks["begin_mask"] >> axis & 1
            taken = range(extent)[None if opened else first : last : step]
            begin.append(first)
            end.append(0 if last is None else last)
            stride.append(step)
            if not masks["shrink_axis_mask"] >> axis & 1:
                output.append(len(taken))
        inputs = [source, *map(self._integers, (begin, end, stride))]
        self._emit("STRIDED_SLICE", inputs, tuple(output), quant, **masks)

    def split(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        axis = self._between(0, len(shape) - 1)
        counts = [k for k in range(2, 6) if shape[axis] % k == 0]
        if not counts:
            return
        count = self._pick(counts)
        part = (*shape[:axis], shape[axis] // count, *shape[axis + 1 :])
        inputs = [self._integers(axis - self._pick((0, len(shape)))), source]
        self._emit_all("SPLIT", inputs, [part] * count, quant, num_splits=count)

    def pack(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) > 3:
            return
        parts = [source]
        for _ in range(self._between(0, 2)):
            parts.append(self._pick(parts) if self._often(0.3) else self._input(shape, source))
        axis = self._between(0, len(shape))
        output = (*shape[:axis], len(parts), *shape[axis:])
        self._emit("PACK", parts, output, quant, axis=axis, values_count=len(parts))

    def unpack(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        axis = self._between(0, len(shape) - 1)
        if len(shape) < 2 or shape[axis] > 4:
            return
        parts = [(*shape[:axis], *shape[axis + 1 :])] * shape[axis]
        self._emit_all("UNPACK", [source], parts, quant, axis=axis, num=shape[axis])

    def gather(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        axis = self._between(0, len(shape) - 1)
        taken = [self._between(0, shape[axis] - 1) for _ in range(self._between(1, 5))]
        output = (*shape[:axis], len(taken), *shape[axis + 1 :])
        self._emit("GATHER", [source, self._integers(taken)], output, quant, axis=axis)

    def space_to_depth(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) == 4 and not shape[1] % 2 and not shape[2] % 2:
            output = (shape[0], shape[1] // 2, shape[2] // 2, shape[3] * 4)
            self._emit("SPACE_TO_DEPTH", [source], output, quant, block_size=2)

    def depth_to_space(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) == 4 and not shape[3] % 4:
            output = (shape[0], shape[1] * 2, shape[2] * 2, shape[3] // 4)
            self._emit("DEPTH_TO_SPACE", [source], output, quant, block_size=2)

    def mirror_pad(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        repeats_edge = self._often(0.5)
        most = [min(2, extent - (0 if repeats_edge else 1)) for extent in shape]
        pads = [[self._between(0, m), self._between(0, m)] for m in most]
        output = tuple(extent + sum(pair) for extent, pair in zip(shape, pads, strict=True))
        inputs = [source, self._integers(pads)]
        self._emit("MIRROR_PAD", inputs, output, quant, mode=int(repeats_edge))

    def pad_v2(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) > 4:
            return
        pads = [[self._pick((0, 0, 1, 2)), self._pick((0, 0, 1, 3))] for _ in shape]
        output = tuple(extent + sum(pair) for extent, pair in zip(shape, pads, strict=True))
        filling = np.array(self._between(-128, 127))
        value = self._value(Value((), scale=quant[0], zero_point=quant[1], data=filling))
        self._emit("PADV2", [source, self._integers(pads), value], output, quant)

    def _resize(self, kind: str, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) != 4:
            return
        size = [self._pick((*EXTENTS, 13)) for _ in range(2)]
        corners, centres = self._pick(((False, False), (True, False), (False, True)))
        self._emit(
            kind,
            [source, self._integers(size)],
            (shape[0], *size, shape[3]),
            quant,
            align_corners=corners,
            half_pixel_centers=centres,
        )

    def resize_bilinear(self, source: int) -> None:
        self._resize("RESIZE_BILINEAR", source)

    def resize_nearest_neighbor(self, source: int) -> None:
        self._resize("RESIZE_NEAREST_NEIGHBOR", source)

    # Two inputs of the same quantisation, and what is compared.

    def _like(self, source: int) -> int:
        """Another operand that broadcasts and means the same."""
        value, quant = self._values[source], self._quant(source)
        same = [
            v
            for v in self._activations
            if self._values[v].shape == value.shape and self._quant(v) == quant
        ]
        if self._often(0.4):
            return self._pick(same)
        shape = tuple(1 if self._often(0.4) else extent for extent in value.shape)
        if self._often(0.2):
            shape = shape[self._between(0, len(shape) - 1) :]
        if self._often(0.6):
            return self._input(shape, source)
        data = self._random.integers(-128, 128, shape)
        return self._value(Value(shape, scale=quant[0], zero_point=quant[1], data=data))

    def _extremum(self, kind: str, source: int) -> None:
        pair = [source, self._like(source)]
        if self._often(0.5):
            pair.reverse()
        self._emit(kind, pair, self._joint_shape(pair), self._quant(source))

    def maximum(self, source: int) -> None:
        self._extremum("MAXIMUM", source)

    def minimum(self, source: int) -> None:
        self._extremum("MINIMUM", source)

    def _joint_shape(self, values: Sequence[int]) -> Shape:
        return tuple(np.broadcast_shapes(*(self._values[v].shape for v in values)))

    def select(self, source: int) -> None:
        """One of two values, by what comparisons say of others."""
        compared = [source, self._partner(source)]
        if any(self._quant(v)[0] >= 1.0 for v in compared):
            return
        pair = [source, self._like(source)]
        shape = self._joint_shape([*compared, *pair])
        if math.prod(shape) > MOST_ELEMENTS:
            return
        condition = self._truth(self._pick(_COMPARISONS), compared)
        if self._often(0.3):
            condition = self._truth("LOGICAL_NOT", [condition])
        if self._often(0.3) and len(self._values[condition].shape) <= 4:
            other = self._truth(self._pick(_COMPARISONS), compared[::-1])
            both = [condition, other]
            condition = self._truth(self._pick(("LOGICAL_AND", "LOGICAL_OR")), both)
        if self._often(0.5):
            pair.reverse()
        self._emit("SELECT_V2", [condition, *pair], shape, self._quant(source))

    def _truth(self, kind: str, inputs: Sequence[int]) -> int:
        output = self._value(Value(self._joint_shape(inputs), "bool"))
        self._nodes.append(Node(kind, tuple(inputs), (output,), {}))
        return output

    def prelu(self, source: int) -> None:
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        if len(shape) > 4:
            return
        slopes = tuple(1 if self._often(0.6) else extent for extent in shape)
        quant = self._spread(1e-3, 0.1), self._zero_point()
        data = self._random.integers(-128, 128, slopes)
        slope = self._value(Value(slopes, scale=quant[0], zero_point=quant[1], data=data))
        new = float(np.float32(scale * self._spread(0.2, 5.0)))
        self._emit("PRELU", [source, slope], shape, (new, self._zero_point()))

    def batch_matmul(self, source: int) -> None:
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        if not 2 <= len(shape) <= 4:
            return
        swaps = [self._often(0.4), self._often(0.4)]
        rows, depth = reversed(shape[-2:]) if swaps[0] else shape[-2:]
        columns = self._pick(CHANNELS)
        batches = tuple(1 if self._often(0.3) else extent for extent in shape[:-2])
        ends = (columns, depth) if swaps[1] else (depth, columns)
        output = (*shape[:-2], rows, columns)
        if math.prod((*batches, *ends)) > MOST_ELEMENTS or math.prod(output) * depth > MOST_MACS:
            return
        other = self._input((*batches, *ends))
        new = scale * self._quant(other)[0] * 74.0 * math.sqrt(depth) / self._spread(0.5, 8.0)
        quant = float(np.float32(new)), self._zero_point()
        self._emit("BATCH_MATMUL", [source, other], output, quant, adj_x=swaps[0], adj_y=swaps[1])

    def transpose_conv(self, source: int) -> None:
        shape = self._values[source].shape
        if len(shape) != 4:
            return
        size = [self._pick((1, 2, 3, 4)) for _ in range(2)]
        stride = [self._pick((1, 2, 2)) for _ in range(2)]
        padding, channels = self._pick(("SAME", "VALID")), self._pick(CHANNELS)
        extents = [
            n * s if padding == "SAME" else (n - 1) * s + k
            for n, s, k in zip(shape[1:3], stride, size, strict=True)
        ]
        output, weights = (shape[0], *extents, channels), (channels, *size, shape[3])
        macs = math.prod(weights) * math.prod(shape[:3])
        if math.prod(weights) > MOST_WEIGHTS or macs > MOST_MACS:
            return
        (filters, *bias), quant = self._layer(source, weights, axis=0)
        inputs = [self._integers(output), filters, source, *bias]
        self._emit("TRANSPOSE_CONV", inputs, output, quant, padding=padding, stride=tuple(stride))

    # More functions of one input.

    def abs(self, source: int) -> None:
        self._rescale("ABS", source)

    def elu(self, source: int) -> None:
        self._rescale("ELU", source)

    def hard_swish(self, source: int) -> None:
        if 1e-5 < self._quant(source)[0] < 1e3:
            self._rescale("HARD_SWISH", source)

    def l2_normalization(self, source: int) -> None:
        shape = self._values[source].shape
        if 1 <= len(shape) <= 4:
            self._emit("L2_NORMALIZATION", [source], shape, (1 / 128, 0))

    def log_softmax(self, source: int) -> None:
        shape = self._values[source].shape
        if shape and self._quant(source)[0] > 1e-6:
            self._emit("LOG_SOFTMAX", [source], shape, (16 / 256, 127))

    def _reduced(self, kind: str, source: int, quant: Quant) -> None:
        shape = self._values[source].shape
        if not shape:
            return
        axes = sorted({self._between(0, len(shape) - 1) for _ in range(self._between(1, 2))})
        keeps = self._often(0.5) or len(axes) == len(shape)
        output = tuple(
            1 if k in axes else extent for k, extent in enumerate(shape) if keeps or k not in axes
        )
        self._emit(kind, [source, self._integers(axes)], output, quant, keep_dims=keeps)

    def sum(self, source: int) -> None:
        scale = float(np.float32(self._quant(source)[0] * self._spread(0.5, 20.0)))
        self._reduced("SUM", source, (scale, self._zero_point()))

    def reduce_max(self, source: int) -> None:
        self._reduced("REDUCE_MAX", source, self._quant(source))

    def reduce_min(self, source: int) -> None:
        self._reduced("REDUCE_MIN", source, self._quant(source))

    def arg_extremum(self, source: int) -> None:
        shape = self._values[source].shape
        if len(shape) < 2:
            return
        axis = self._between(0, len(shape) - 1)
        output = self._value(Value((*shape[:axis], *shape[axis + 1 :]), "int32"))
        kind, inputs = self._pick(("ARG_MAX", "ARG_MIN")), (source, self._integers(axis))
        self._nodes.append(Node(kind, inputs, (output,), {"output_type": "int32"}))

    def cast(self, source: int) -> None:
        """To another type and back."""
        shape = self._values[source].shape
        between = self._value(Value(shape, self._pick(("int16", "int32", "float32"))))
        self._nodes.append(Node("CAST", (source,), (between,), {}))
        self._emit("CAST", [between], shape, self._any_quant())

    # What keeps a state.

    def delay(self, source: int) -> None:
        """What the value was the time before."""
        shape, quant = self._values[source].shape, self._quant(source)
        initial = self._random.integers(-128, 128, shape) if self._often(0.5) else None
        self._emit(DELAY, [source], shape, quant, initial=initial)

    def svdf(self, source: int) -> None:
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        if len(shape) != 2:
            return
        (batches, inputs), rank = shape, self._pick((1, 2, 3))
        units, memory = self._pick(CHANNELS), self._pick((1, 2, 3, 5))
        filters = units * rank
        state_type = self._pick(("int8", "int16"))
        state_scale = scale * 74.0 * math.sqrt(inputs) / self._spread(5.0, 50.0)
        most = 128
        if state_type == "int16":
            state_scale, most = state_scale / 256.0, 32768
        if not 1e-6 < state_scale < 1e3 or filters * inputs > MOST_WEIGHTS:
            return
        state_scale = float(np.float32(state_scale))
        features = Value((filters, inputs), scale=0.01, data=self._weights((filters, inputs), 0))
        over_time = self._random.integers(-most, most, (filters, memory))
        product = float(np.float32(state_scale * 0.01))
        bias = self._random.integers(-(1 << 12), 1 << 12, units)
        point = self._zero_point() if state_type == "int8" and self._often(0.3) else 0
        constants = [
            features,
            Value((filters, memory), state_type, 0.01, data=over_time),
            Value((units,), "int32", product, data=bias),
            Value((batches, filters * memory), state_type, state_scale, point, is_variable=True),
        ]
        new = state_scale * 0.01 * most / 2 * most / 2 * math.sqrt(rank * memory) / 50.0
        quant = float(np.float32(new)), self._zero_point()
        inputs_of_node = [source, *map(self._value, constants)]
        self._emit("SVDF", inputs_of_node, (batches, units), quant, rank=rank)


_OPERATORS: tuple[Callable[[_Drawing, int], None], ...] = (
    *random_graph.OPERATORS,
    _Drawing.abs,
    _Drawing.arg_extremum,
    _Drawing.batch_matmul,
    _Drawing.cast,
    _Drawing.delay,
    _Drawing.depth_to_space,
    _Drawing.elu,
    _Drawing.gather,
    _Drawing.hard_swish,
    _Drawing.l2_normalization,
    _Drawing.log_softmax,
    _Drawing.maximum,
    _Drawing.minimum,
    _Drawing.mirror_pad,
    _Drawing.pack,
    _Drawing.pad_v2,
    _Drawing.prelu,
    _Drawing.reduce_max,
    _Drawing.reduce_min,
    _Drawing.resize_bilinear,
    _Drawing.resize_nearest_neighbor,
    _Drawing.select,
    _Drawing.slice,
    _Drawing.space_to_depth,
    _Drawing.split,
    _Drawing.strided_slice,
    _Drawing.sum,
    _Drawing.svdf,
    _Drawing.transpose,
    _Drawing.transpose_conv,
    _Drawing.unpack,
)
