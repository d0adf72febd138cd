"""Small random int8 graphs, each drawn from one integer.

They are made to be awkward: images one pixel wide, filters larger than the image, channels in
no group of four, weights of -128, filters of zeros, zero points at the ends, scales far from
what training gives. What they compute means nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from support.tflite_builder import ModelBuilder

T = TypeVar("T")
Shape = tuple[int, ...]
Quant = tuple[float, int]  # scale and zero point

EXTENTS = (1, 1, 2, 3, 4, 5, 6, 8, 9, 11)
CHANNELS = (1, 2, 3, 4, 4, 5, 7, 8, 8, 12, 16, 20)
_SIZES = (1, 1, 2, 3, 3, 5)
_STRIDES = (1, 1, 1, 2, 2, 3)
_ACTIVATIONS = ("none", "none", "relu", "relu6", "relu_n1_to_1")
MOST_ELEMENTS = 1500
MOST_WEIGHTS = 4000
MOST_MACS = 300_000

DELAY = "READ_VARIABLE and ASSIGN_VARIABLE"
"""A node of both, with a variable of its own: its output is its input of the time before."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor: what `ModelBuilder.tensor` takes."""

    shape: Shape
    dtype: str = "int8"
    scale: float | list[float] | None = None
    zero_point: int = 0
    axis: int = 0
    data: npt.NDArray[Any] | None = field(default=None, repr=False)
    is_variable: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """An operator on values, by their numbers."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """What reads nothing but inputs and constants; what nobody reads is an output."""

    values: tuple[Value, ...]
    nodes: tuple[Node, ...]

    @property
    def inputs(self) -> list[int]:
        written = {value for node in self.nodes for value in node.outputs}
        read = {value for node in self.nodes for value in node.inputs}
        return [
            v
            for v in sorted(read - written)
            if self.values[v].data is None and not self.values[v].is_variable
        ]

    @property
    def outputs(self) -> list[int]:
        read = {value for node in self.nodes for value in node.inputs}
        return [v for node in self.nodes for v in node.outputs if v not in read]

    def without(self, node: int) -> Graph:
        """One node less; what it computed becomes an input where it is read."""
        return Graph(self.values, self.nodes[:node] + self.nodes[node + 1 :])

    def __str__(self) -> str:
        return "\n".join(
            f"{node.kind} {[self.values[v] for v in node.inputs]} -> "
            f"{[self.values[v] for v in node.outputs]} {node.options}"
            for node in self.nodes
        )


def write(graphs: Sequence[Graph]) -> bytes:
    """One .tflite file of several graphs side by side, its inputs and outputs theirs in order.

    Tensors are named after their graph: ``g<number> v<value>``.
    """
    builder = ModelBuilder()
    inputs: list[int] = []
    outputs: list[int] = []
    for number, graph in enumerate(graphs):
        _initialise(builder, number, graph)
    for number, graph in enumerate(graphs):
        used = {v for node in graph.nodes for v in (*node.inputs, *node.outputs)}
        index = {v: _add(builder, f"g{number} v{v}", graph.values[v]) for v in sorted(used)}
        for node in graph.nodes:
            read = [index[v] for v in node.inputs]
            written = [index[v] for v in node.outputs]
            if node.kind == DELAY:
                handle = builder.variable(_variable(number, node))
                builder.op("READ_VARIABLE", [handle], written)
                builder.op("ASSIGN_VARIABLE", [handle, *read], [])
            else:
                builder.op(node.kind, read, written, **node.options)
        inputs += [index[v] for v in graph.inputs]
        outputs += [index[v] for v in graph.outputs]
    return builder.build(inputs, outputs)


def _initialise(builder: ModelBuilder, number: int, graph: Graph) -> None:
    """First values of variables come before everything else."""
    for node in graph.nodes:
        initial = node.options["initial"] if node.kind == DELAY else None
        if initial is not None:
            value = graph.values[node.inputs[0]]
            quant = {"scale": value.scale, "zero_point": value.zero_point}
            builder.initialise(_variable(number, node), initial, value.dtype, **quant)


def _variable(number: int, node: Node) -> str:
    return f"g{number} {node.outputs[0]}"


def graph_of(tensor_name: str) -> int:
    """The number, in `write`'s order, of the graph that a tensor belongs to."""
    return int(tensor_name.split()[0][1:])


def _add(builder: ModelBuilder, name: str, value: Value) -> int:
    zero_point = [0] * len(value.scale) if isinstance(value.scale, list) else value.zero_point
    return builder.tensor(
        name,
        value.shape,
        value.dtype,
        scale=value.scale,
        zero_point=zero_point if value.scale is not None else None,
        axis=value.axis,
        data=value.data,
        is_variable=value.is_variable,
    )


def draw(seed: int) -> Graph:
    """The graph of a seed: one to three inputs, two to eight operators, branches and all."""
    return Drawing(seed).graph()


class Drawing:
    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._values: list[Value] = []
        self._nodes: list[Node] = []
        self._activations: list[int] = []

    def graph(self) -> Graph:
        self._input(self._shape())
        wanted = self._between(2, 8)
        while len(self._nodes) < wanted:
            source = self._source()
            self._pick(self.operators())(self, source)
        return Graph(tuple(self._values), tuple(self._nodes))

    def operators(self) -> Sequence[Callable[[Any, int], None]]:
        """What a graph is made of, each as often as it is likely."""
        return OPERATORS

    # Chance.

    def _between(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high, endpoint=True))

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random.integers(len(choices)))]

    def _often(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _spread(self, low: float, high: float) -> float:
        """Between both, every power of ten as likely as the next; a float32."""
        return float(np.float32(math.exp(self._random.uniform(math.log(low), math.log(high)))))

    # Values.

    def _shape(self) -> Shape:
        if self._often(0.2):
            return tuple(self._pick(EXTENTS) for _ in range(self._between(1, 3)))
        batches = 2 if self._often(0.1) else 1
        return batches, self._pick(EXTENTS), self._pick(EXTENTS), self._pick(CHANNELS)

    def _zero_point(self) -> int:
        return self._pick((-128, 127, 0)) if self._often(0.4) else self._between(-128, 127)

    def _scale(self) -> float:
        return self._spread(1e-7, 1e4) if self._often(0.05) else self._spread(2e-3, 1.0)

    def _any_quant(self) -> Quant:
        return self._scale(), self._zero_point()

    def _value(self, value: Value) -> int:
        self._values.append(value)
        return len(self._values) - 1

    def _input(self, shape: Shape, like: int | None = None) -> int:
        """A new input of the graph, quantised as another value or in a way of its own."""
        scale, zero_point = self._quant(like) if like is not None else self._any_quant()
        index = self._value(Value(shape, scale=scale, zero_point=zero_point))
        self._activations.append(index)
        return index

    def _integers(self, values: Sequence[Any] | int) -> int:
        data = np.array(values, np.int32)
        return self._value(Value(data.shape, "int32", data=data))

    def _source(self) -> int:
        """What an operator computes from: mostly the newest value, else a branch begins."""
        return self._activations[-1] if self._often(0.7) else self._pick(self._activations)

    def _quant(self, index: int) -> Quant:
        value = self._values[index]
        assert isinstance(value.scale, float)
        return value.scale, value.zero_point

    def _emit(
        self,
        kind: str,
        inputs: Sequence[int],
        shape: Shape,
        quant: Quant,
        **options: Any,
    ) -> None:
        self._emit_all(kind, inputs, [shape], quant, **options)

    def _emit_all(
        self,
        kind: str,
        inputs: Sequence[int],
        shapes: Sequence[Shape],
        quant: Quant,
        **options: Any,
    ) -> None:
        """An operator with several outputs, all quantised alike."""
        for shape in shapes:
            if not 0 < math.prod(shape) <= MOST_ELEMENTS or min(shape, default=1) < 1:
                return
        outputs = [self._value(Value(s, scale=quant[0], zero_point=quant[1])) for s in shapes]
        self._nodes.append(Node(kind, tuple(inputs), tuple(outputs), options))
        self._activations += outputs

    # Layers with weights.

    def _weights(self, shape: Shape, axis: int) -> npt.NDArray[Any]:
        """Random ones of one of several characters; some filters are all zeros."""
        style = self._between(0, 9)
        if style == 0:
            values = np.full(shape, -128)
        elif style == 1:
            values = self._random.choice([-128, -127, 127], shape)
        elif style == 2:
            values = self._random.integers(-128, 128, shape) * (self._random.random(shape) < 0.2)
        else:
            values = self._random.integers(-127 - (style < 5), 128, shape)
        if self._often(0.3):
            dead = self._random.random(shape[axis]) < 0.4
            values = np.moveaxis(values.copy(), axis, 0)
            values[dead] = 0
            values = np.moveaxis(values, 0, axis)
        return values

    def _layer(self, source: int, weights_shape: Shape, axis: int) -> tuple[list[int], Quant]:
        """Constants of a layer with weights, and its output's quantisation."""
        scale, _ = self._quant(source)
        channels, taps = weights_shape[axis], math.prod(weights_shape) // weights_shape[axis]
        output_scale, zero_point = self._any_quant()
        spread = 74.0 * 74.0 * math.sqrt(taps)  # of a sum of products of random codes
        if self._often(0.1):
            weight_scale = self._spread(1e-9, 1e3)
        else:
            weight_scale = output_scale * self._spread(4, 120) / (scale * spread)
        weight_scale = float(np.float32(weight_scale))
        scales: list[float] | float = weight_scale
        if self._often(0.6) and channels > 1:
            wild = 1e3 if self._often(0.15) else 3.0
            scales = [
                float(np.float32(weight_scale * self._spread(1 / wild, wild)))
                for _ in range(channels)
            ]
        data = self._weights(weights_shape, axis)
        constants = [self._value(Value(weights_shape, scale=scales, axis=axis, data=data))]
        if self._often(0.8):
            constants.append(self._bias(channels, scale, scales, spread))
        return constants, (output_scale, zero_point)

    def _bias(self, channels: int, scale: float, scales: list[float] | float, spread: float) -> int:
        limit = (1 << 30) if self._often(0.03) else int(2 * spread)
        data = self._random.integers(-limit, limit, channels)
        each = scales if isinstance(scales, list) else [scales]
        products = [float(np.float32(scale * s)) for s in each]
        own = products if len(products) > 1 else products[0]
        return self._value(Value((channels,), "int32", scale=own, data=data))

    def _windows(self, source: int, dilates: bool) -> tuple[dict[str, Any], list[int], list[int]]:
        """Options of a window that moves over an image, its size, its positions."""
        extents = self._values[source].shape[1:3]
        if self._often(0.25):
            size = [1, 1]
        elif self._often(0.6):
            size = [self._pick(_SIZES)] * 2
        else:
            size = [self._pick((*_SIZES, 4, 7, 10)) for _ in extents]
        stride = [self._pick(_STRIDES)] * 2 if self._often(0.7) else self._random_pair()
        dilation = self._random_pair() if dilates and self._often(0.15) else [1, 1]
        padding = self._pick(("SAME", "VALID"))
        spans = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
        if any(span > extent for span, extent in zip(spans, extents, strict=True)):
            padding = "SAME"
        positions = [
            -(-extent // step) if padding == "SAME" else (extent - span) // step + 1
            for extent, span, step in zip(extents, spans, stride, strict=True)
        ]
        options: dict[str, Any] = {"padding": padding, "stride": tuple(stride)}
        options["activation"] = self._pick(_ACTIVATIONS)
        if dilates:
            options["dilation"] = tuple(dilation)
        return options, size, positions

    def _random_pair(self) -> list[int]:
        return [self._pick(_STRIDES), self._pick(_STRIDES)]

    def conv_2d(self, source: int) -> None:
        shape = self._values[source].shape
        if len(shape) != 4:
            return
        options, size, positions = self._windows(source, dilates=True)
        channels = self._pick(CHANNELS)
        weights = (channels, *size, shape[3])
        macs = math.prod(weights) * math.prod(positions) * shape[0]
        if math.prod(weights) > MOST_WEIGHTS or macs > MOST_MACS:
            return
        constants, quant = self._layer(source, weights, axis=0)
        self._emit(
            "CONV_2D",
            [source, *constants],
            (shape[0], *positions, channels),
            quant,
            **options,
        )

    def depthwise_conv_2d(self, source: int) -> None:
        shape = self._values[source].shape
        if len(shape) != 4:
            return
        options, size, positions = self._windows(source, dilates=True)
        multiplier = self._pick((1, 1, 1, 1, 2, 3, 8))
        channels = shape[3] * multiplier
        constants, quant = self._layer(source, (1, *size, channels), axis=3)
        self._emit(
            "DEPTHWISE_CONV_2D",
            [source, *constants],
            (shape[0], *positions, channels),
            quant,
            depth_multiplier=multiplier,
            **options,
        )

    def fully_connected(self, source: int) -> None:
        shape = self._values[source].shape
        keeps = self._often(0.3)
        depth = shape[-1] if keeps or self._often(0.5) else math.prod(shape)
        units = self._pick((*CHANNELS, 33))
        if units * depth > MOST_WEIGHTS:
            return
        constants, quant = self._layer(source, (units, depth), axis=0)
        rows = shape[:-1] if keeps else (math.prod(shape) // depth,)
        self._emit(
            "FULLY_CONNECTED",
            [source, *constants],
            (*rows, units),
            quant,
            keep_num_dims=keeps,
            activation=self._pick(_ACTIVATIONS),
        )

    # Two inputs.

    def _partner(self, source: int) -> int:
        """Another operand that broadcasts: a residual, a constant, an input."""
        shape = self._values[source].shape
        same = [v for v in self._activations if self._values[v].shape == shape]
        if self._often(0.5):
            return self._pick(same)
        broadcast = tuple(1 if self._often(0.4) else extent for extent in shape)
        if self._often(0.2):
            broadcast = broadcast[self._between(0, len(broadcast) - 1) :]
        if self._often(0.7):
            return self._input(broadcast)
        data = self._random.integers(-128, 128, broadcast)
        return self._value(
            Value(broadcast, scale=self._scale(), zero_point=self._zero_point(), data=data)
        )

    def _sum(self, kind: str, source: int) -> None:
        pair = [source, self._partner(source)]
        scales = [self._quant(v)[0] for v in pair]
        scale = float(np.float32(max(scales) * self._spread(0.2, 3.0)))
        self._binary(kind, pair, scale)

    def add(self, source: int) -> None:
        self._sum("ADD", source)

    def sub(self, source: int) -> None:
        self._sum("SUB", source)

    def mul(self, source: int) -> None:
        pair = [source, self._partner(source)]
        product = self._quant(pair[0])[0] * self._quant(pair[1])[0]
        scale = product * 74.0 * 74.0 / self._spread(5, 400)
        self._binary("MUL", pair, float(np.float32(scale)))

    def _binary(self, kind: str, pair: list[int], scale: float) -> None:
        if self._often(0.5):
            pair.reverse()
        shape = np.broadcast_shapes(*(self._values[v].shape for v in pair))
        quant = scale, self._zero_point()
        self._emit(kind, pair, shape, quant, activation=self._pick(_ACTIVATIONS))

    # One input.

    def _pool(self, kind: str, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) != 4:
            return
        options, size, positions = self._windows(source, dilates=False)
        output = (shape[0], *positions, shape[3])
        self._emit(kind, [source], output, quant, filter=tuple(size), **options)

    def average_pool_2d(self, source: int) -> None:
        self._pool("AVERAGE_POOL_2D", source)

    def max_pool_2d(self, source: int) -> None:
        self._pool("MAX_POOL_2D", source)

    def softmax(self, source: int) -> None:
        shape = self._values[source].shape
        self._emit("SOFTMAX", [source], shape, (1 / 256, -128), beta=self._pick((1.0, 1.0, 0.3)))

    def logistic(self, source: int) -> None:
        self._emit("LOGISTIC", [source], self._values[source].shape, (1 / 256, -128))

    def tanh(self, source: int) -> None:
        self._emit("TANH", [source], self._values[source].shape, (1 / 128, 0))

    def _rescale(self, kind: str, source: int, **options: Any) -> None:
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        new = float(np.float32(scale * self._spread(0.1, 10.0)))
        self._emit(kind, [source], shape, (new, self._zero_point()), **options)

    def relu(self, source: int) -> None:
        self._rescale("RELU", source)

    def leaky_relu(self, source: int) -> None:
        alpha = float(np.float32(self._pick((0.1, 0.3, 0.01, 0.0, -0.2, 1.5))))
        self._rescale("LEAKY_RELU", source, alpha=alpha)

    def quantize(self, source: int) -> None:
        self._rescale("QUANTIZE", source)

    def relu6(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        self._emit("RELU6", [source], shape, quant)

    def mean(self, source: int) -> None:
        shape, (scale, _) = self._values[source].shape, self._quant(source)
        axes = sorted({self._between(0, len(shape) - 1) for _ in range(self._between(1, 2))})
        if len(shape) == 4 and self._often(0.5):
            axes = [1, 2]
        keeps = self._often(0.5) or len(axes) == len(shape)
        output = tuple(
            1 if k in axes else extent for k, extent in enumerate(shape) if keeps or k not in axes
        )
        new = scale if self._often(0.4) else float(np.float32(scale * self._spread(0.2, 2.0)))
        inputs = [source, self._integers(axes)]
        self._emit("MEAN", inputs, output, (new, self._zero_point()), keep_dims=keeps)

    def pad(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        if len(shape) > 4:
            return
        pads = [[self._pick((0, 0, 1, 2)), self._pick((0, 0, 1, 3))] for _ in shape]
        output = tuple(extent + sum(pair) for extent, pair in zip(shape, pads, strict=True))
        self._emit("PAD", [source, self._integers(pads)], output, quant)

    def reshape(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        count = math.prod(shape)
        factor = self._pick([k for k in range(1, count + 1) if count % k == 0])
        output = self._pick(
            ((1, count), (count // factor, factor), (1, 1, count // factor, factor))
        )
        self._emit("RESHAPE", [source, self._integers(output)], output, quant)

    def concatenation(self, source: int) -> None:
        shape, quant = self._values[source].shape, self._quant(source)
        axis = self._between(0, len(shape) - 1)
        parts = [source]
        for _ in range(self._between(1, 3)):
            if self._often(0.3):
                parts.append(self._pick(parts))
            else:
                extent = self._pick(EXTENTS)
                parts.append(self._input((*shape[:axis], extent, *shape[axis + 1 :]), like=source))
        self._random.shuffle(parts)
        joined = sum(self._values[v].shape[axis] for v in parts)
        output = (*shape[:axis], joined, *shape[axis + 1 :])
        self._emit("CONCATENATION", parts, output, quant, axis=axis)


OPERATORS: tuple[Callable[[Drawing, int], None], ...] = (
    *[Drawing.conv_2d] * 10,
    *[Drawing.depthwise_conv_2d] * 7,
    *[Drawing.fully_connected] * 3,
    *[Drawing.add] * 2,
    Drawing.sub,
    Drawing.mul,
    Drawing.average_pool_2d,
    Drawing.max_pool_2d,
    Drawing.softmax,
    Drawing.logistic,
    Drawing.tanh,
    Drawing.relu,
    Drawing.relu6,
    Drawing.leaky_relu,
    Drawing.quantize,
    Drawing.mean,
    Drawing.pad,
    Drawing.reshape,
    Drawing.concatenation,
)
