"""What joins operators: concatenation, shapes, shared memory, constants, several outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgegen.frontends import tflite
from support import host_engine
from support.tflite_builder import ModelBuilder


class Graph(ModelBuilder):
    """A builder whose activations share one quantisation."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype = dtype

    def value(self, *shape: int, data: object = None) -> int:
        if self.dtype == "float32":
            return self.tensor("value", shape, "float32", data=data)
        return self.tensor("value", shape, scale=0.05, zero_point=-7, data=data)

    def shape(self, *values: int) -> int:
        return self.tensor("shape", [len(values)], "int32", data=np.array(values, np.int32))


def _check(graph: Graph, inputs: list[int], outputs: list[int], folder: Path) -> None:
    host_engine.check(graph.build(inputs, outputs), folder, float_tolerance=1e-6)


pytestmark = pytest.mark.parametrize("dtype", ["int8", "float32"])


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_concatenation(dtype: str, axis: int, tmp_path: Path) -> None:
    g = Graph(dtype)
    shapes = [[2, 3, 4, 5] for _ in range(3)]
    for shape, size in zip(shapes, (1, 4, 2), strict=True):
        shape[axis] = size
    inputs = [g.value(*shape) for shape in shapes]
    total = list(shapes[0])
    total[axis] = 7
    y = g.value(*total)
    g.op("CONCATENATION", inputs, [y], axis=axis)
    _check(g, inputs, [y], tmp_path)


def test_concatenation_with_a_constant_and_itself(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, y = g.value(1, 4), g.value(1, 11)
    c = g.value(1, 3, data=np.array([[1, 2, 3]]))
    g.op("CONCATENATION", [x, c, x], [y], axis=1)
    _check(g, [x], [y], tmp_path)


def test_shapes_move_nothing(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, a, b, c = g.value(1, 12), g.value(1, 3, 4), g.value(3, 4), g.value(3, 1, 4)
    y = g.value(3, 1, 4)
    g.op("RESHAPE", [x, g.shape(1, 3, 4)], [a])
    g.op("SQUEEZE", [a], [b], squeeze_dims=[0])
    axis = g.tensor("axis", [], "int32", data=np.array(1, np.int32))
    g.op("EXPAND_DIMS", [b, axis], [c])
    g.op("RELU", [c], [y])
    _check(g, [x], [y], tmp_path)


def test_a_reshaped_input_may_be_an_output(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, y = g.value(1, 12), g.value(3, 4)
    g.op("RESHAPE", [x, g.shape(3, 4)], [y])
    _check(g, [x], [y], tmp_path)


def test_nothing_overwrites_what_is_read_later(dtype: str, tmp_path: Path) -> None:
    """The RELU may work in place only where its input dies, under any of its shapes."""
    g = Graph(dtype)
    x, a, r, s, t, y = (g.value(1, 12) for _ in range(6))
    v = g.value(3, 4)
    g.op("ADD", [x, x], [a])
    g.op("RESHAPE", [a, g.shape(3, 4)], [v])
    g.op("RELU", [a], [r])
    back = g.value(1, 12)
    g.op("RESHAPE", [v, g.shape(1, 12)], [back])
    g.op("ADD", [r, back], [s])
    g.op("RELU", [s], [t])
    g.op("MUL", [t, x], [y])
    _check(g, [x], [y, t], tmp_path)


def test_outputs_survive_to_the_end(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, a, b, c = (g.value(2, 6) for _ in range(4))
    g.op("RELU", [x], [a])
    g.op("ADD", [a, x], [b])
    g.op("RELU", [b], [c])
    _check(g, [x], [a, b, c], tmp_path)


def test_constant_operands(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, a, y = g.value(1, 2, 3), g.value(1, 2, 3), g.value(1, 2, 3)
    row = g.value(3, data=np.array([-5, 0, 9]))
    flat = g.value(6, data=np.arange(6))
    whole = g.value(1, 2, 3)
    g.op("MUL", [row, x], [a])
    g.op("RESHAPE", [flat, g.shape(1, 2, 3)], [whole])
    g.op("SUB", [a, whole], [y])
    _check(g, [x], [y], tmp_path)


@pytest.mark.parametrize("activation", ["none", "relu", "relu6", "relu_n1_to_1"])
@pytest.mark.parametrize("bias", [True, False])
def test_fully_connected(dtype: str, activation: str, bias: bool, tmp_path: Path) -> None:
    g = Graph(dtype)
    random = np.random.default_rng(3)
    inputs, outputs = [], []
    for batches, depth, units, channels in ((1, 640, 16, 1), (3, 5, 7, 7), (2, 1, 1, 1)):
        x, y = g.value(batches, depth), g.value(batches, units)
        scales = random.uniform(1e-4, 0.02, channels)
        if dtype == "float32":
            w = g.tensor("w", [units, depth], dtype, data=random.normal(size=(units, depth)))
            b = g.tensor("b", [units], dtype, data=random.normal(size=units))
        else:
            values = random.integers(-128, 128, (units, depth))
            w = g.tensor("w", [units, depth], data=values, scale=list(scales))
            # TFLM holds the bias to the product of the scales of input and weights.
            biases = random.integers(-999, 999, units)
            b = g.tensor("b", [units], "int32", data=biases, scale=list(scales * 0.05))
        g.op("FULLY_CONNECTED", [x, w, b if bias else -1], [y], activation=activation)
        inputs.append(x)
        outputs.append(y)
    _check(g, inputs, outputs, tmp_path)


def test_an_input_that_nobody_reads(dtype: str, tmp_path: Path) -> None:
    g = Graph(dtype)
    x, unused, y = g.value(1, 4), g.value(1, 9), g.value(1, 4)
    g.op("RELU", [x], [y])
    _check(g, [unused, x], [y], tmp_path)


def test_the_program_is_the_same_every_time(dtype: str) -> None:
    from edgegen import registry
    from edgegen.engines.aot import AotEngine
    from edgegen.options import Options

    g = Graph(dtype)
    x, y = g.value(1, 4), g.value(1, 4)
    g.op("RELU", [x], [y])
    model = tflite.parse(g.build([x], [y]), "m.tflite")
    device = registry.load_device("cortex_m4")
    first, second = (AotEngine().emit(model, device, Options("net")) for _ in range(2))
    assert first == second
