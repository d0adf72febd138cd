"""What costs nothing: operators that change nothing or compute constants, arrays that are equal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgegen import registry
from edgegen.engines.aot import AotEngine
from edgegen.engines.aot.constants import LARGEST_BYTES, fold_constants
from edgegen.engines.aot.engine import lower_for
from edgegen.engines.aot.program import Alias, Call
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.options import Options
from support import host_engine
from support.tflite_builder import ModelBuilder

SCALE, ZERO_POINT = 0.05, -128


class Graph(ModelBuilder):
    """A builder whose activations share one quantisation."""

    def value(self, *shape: int, data: object = None) -> int:
        return self.tensor("value", shape, scale=SCALE, zero_point=ZERO_POINT, data=data)

    def integers(self, values: object) -> int:
        array = np.asarray(values, np.int32)
        return self.tensor("integers", array.shape, "int32", data=array)

    def parsed(self, inputs: list[int], outputs: list[int]) -> Model:
        return tflite.parse(self.build(inputs, outputs), "test.tflite")


def _steps(model: Model) -> tuple[Call | Alias, ...]:
    return lower_for(model, registry.load_device("cortex_m3"), "latency")[1].steps


def test_what_changes_nothing_is_not_run(tmp_path: Path) -> None:
    g = Graph()
    shape = (1, 4, 6, 3)
    x, *values = (g.value(*shape) for _ in range(8))
    chain = iter(zip([x, *values], values, strict=False))
    for kind, constants, options in (
        ("QUANTIZE", [], {}),
        ("PAD", [g.integers([[0, 0]] * 4)], {}),
        ("CONCATENATION", [], {"axis": 3}),
        ("RELU", [], {}),  # whose zero point is the least int8
        ("AVERAGE_POOL_2D", [], {"filter": (1, 1), "stride": (1, 1), "padding": "SAME"}),
        ("MAX_POOL_2D", [], {"filter": (1, 1), "stride": (1, 1), "padding": "VALID"}),
        ("TRANSPOSE", [g.integers([0, 1, 2, 3])], {}),
    ):
        data, output = next(chain)
        g.op(kind, [data, *constants], [output], **options)
    model = g.parsed([x], [values[6]])
    assert len(model.ops) == 7
    assert all(isinstance(step, Alias) for step in _steps(model))
    host_engine.check_vectors(model, host_engine.random_vectors(model, 3, 1), tmp_path)


def test_what_changes_a_little_is_run(tmp_path: Path) -> None:
    g = Graph()
    shape = (1, 4, 6, 3)
    x = g.value(*shape)
    rescaled = g.tensor("rescaled", shape, scale=SCALE * 1.01, zero_point=ZERO_POINT)
    shifted = g.tensor("shifted", shape, scale=SCALE, zero_point=ZERO_POINT + 1)
    padded, pooled = g.value(1, 4, 7, 3), g.value(1, 2, 3, 3)
    clamped = g.value(*shape)
    g.op("QUANTIZE", [x], [rescaled])
    g.op("QUANTIZE", [x], [shifted])
    g.op("PAD", [x, g.integers([[0, 0], [0, 0], [0, 1], [0, 0]])], [padded])
    pool = {"filter": (1, 1), "padding": "SAME"}
    g.op("MAX_POOL_2D", [x], [pooled], stride=(2, 2), **pool)
    g.op("MAX_POOL_2D", [x], [clamped], stride=(1, 1), activation="relu6", **pool)
    model = g.parsed([x], [rescaled, shifted, padded, pooled, clamped])
    assert not any(isinstance(step, Alias) for step in _steps(model))
    host_engine.check_vectors(model, host_engine.random_vectors(model, 3, 1), tmp_path)


def _folding(size: int) -> tuple[Model, list[int]]:
    g = Graph()
    x, total, output = g.value(1, size), g.value(1, size), g.value(1, size)
    parts = [g.value(1, size // 2, data=np.arange(size // 2) % 91 - 60 + k) for k in range(2)]
    joined, doubled = g.value(1, size), g.value(1, size)
    g.op("CONCATENATION", parts, [joined], axis=1)
    g.op("ADD", [joined, joined], [doubled])
    g.op("MUL", [x, doubled], [total])
    g.op("ADD", [total, joined], [output])
    return g.parsed([x], [output, doubled]), [joined, doubled]


def test_constants_are_computed_beforehand(tmp_path: Path) -> None:
    model, folded = _folding(40)
    steps = _steps(model)
    assert [type(step) for step in steps] == [Alias, Alias, Call, Call]
    assert [step.output for step in steps[:2]] == folded
    host_engine.check_vectors(model, host_engine.random_vectors(model, 3, 1), tmp_path)
    assert AotEngine().refusals(model) == ()


def test_what_is_big_is_computed_on_the_device(tmp_path: Path) -> None:
    g = Graph()
    side = 65
    column, row = g.value(side, 1, data=np.arange(side)[:, None]), g.value(side, data=range(side))
    x, table, output = g.value(side, side), g.value(side, side), g.value(side, side)
    g.op("ADD", [column, row], [table])
    g.op("ADD", [x, table], [output])
    model = g.parsed([x], [output])
    assert model.tensors[table].bytes > LARGEST_BYTES
    assert fold_constants(model) is model
    host_engine.check_vectors(model, host_engine.random_vectors(model, 1, 1), tmp_path)


def test_without_constant_activations_the_model_stays() -> None:
    g = Graph()
    x, y = g.value(1, 4), g.value(1, 4)
    g.op("ADD", [x, g.value(1, 4, data=range(4))], [y])
    model = g.parsed([x], [y])
    assert fold_constants(model) is model


@pytest.mark.parametrize("equal", [True, False])
def test_equal_arrays_lie_in_flash_once(equal: bool, tmp_path: Path) -> None:
    g = Graph()
    x, y = g.value(1, 8), g.value(1, 8)
    output = g.value(1, 8)
    weights = np.random.default_rng(1).integers(-127, 128, (8, 8))
    for number, (data, result) in enumerate(((x, y), (y, output))):
        values = weights if equal else weights + (weights < 100) * number
        g.op("FULLY_CONNECTED", [data, g.tensor("w", (8, 8), data=values, scale=0.01)], [result])
    addend, sums = g.value(1, 8, data=range(8)), g.value(1, 8)
    same, last = g.value(1, 8, data=range(8)), g.value(1, 8)
    g.op("ADD", [output, addend], [sums])
    g.op("ADD", [sums, same], [last])
    model = g.parsed([x], [last])
    device = registry.load_device("cortex_m3")
    files = AotEngine().emit(model, device, Options("net"))
    source = files["aot/weights.c"].decode()
    assert source.count("_filter[64]") == (1 if equal else 2)
    assert source.count("const int8_t net_weight_t") == 1
    footprint = AotEngine().footprint(model, device, Options("net"))
    biases = 4 * 8 * (1 if equal else 2)
    assert footprint.weights.bytes == 64 * (1 if equal else 2) + biases + 8
    host_engine.check_vectors(model, host_engine.random_vectors(model, 3, 1), tmp_path)
