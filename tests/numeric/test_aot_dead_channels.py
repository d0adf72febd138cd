"""Models with dead channels: fewer channels, the same activations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import analysis
from edgegen.engines.aot.dead_channels import remove_dead_channels
from edgegen.frontends import load, tflite
from edgegen.model import Model
from support import host_engine
from support.tflite_builder import ModelBuilder

Ints = npt.NDArray[np.int64]

ZERO_POINT = -128  # of activations: what RELU makes of a bias of 0 is real 0


class Chain(ModelBuilder):
    """Convolutions one behind another, with random weights and chosen dead channels."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = np.random.default_rng(seed)
        self.first = self.last = self.value(1, 6, 5, 8)
        self.depth = 8

    def value(self, *shape: int) -> int:
        return self.tensor("value", shape, scale=0.05, zero_point=ZERO_POINT)

    def conv(
        self, depth: int, dead: tuple[int, ...] = (), *, size: int = 1, bias: int = 0, **how: object
    ) -> Chain:
        weights = self.random.integers(-99, 99, (depth, size, size, self.depth))
        weights[list(dead)] = 0
        self._layer("CONV_2D", depth, weights, list(dead), bias, axis=0, **how)
        return self

    def depthwise(self, dead: tuple[int, ...] = (), *, bias: int = 0, **how: object) -> Chain:
        weights = self.random.integers(-99, 99, (1, 3, 3, self.depth))
        weights[..., list(dead)] = 0
        self._layer("DEPTHWISE_CONV_2D", self.depth, weights, list(dead), bias, axis=3, **how)
        return self

    def pool(self) -> Chain:
        output = self.value(1, 1, 1, self.depth)
        self.op(
            "AVERAGE_POOL_2D", [self.last], [output], padding="VALID", stride=(1, 1), filter=(6, 5)
        )
        flat = self.value(1, self.depth)
        shape = self.tensor("shape", [2], "int32", data=np.array([1, self.depth], np.int32))
        self.op("RESHAPE", [output, shape], [flat])
        self.last = flat
        return self

    def flat(self) -> Chain:
        """A dense layer behind it reads every pixel as an input of its own."""
        self.depth *= 6 * 5
        return self

    def dense(self, units: int) -> Chain:
        weights = self.random.integers(-99, 99, (units, self.depth))
        w = self.tensor("w", weights.shape, data=weights, scale=0.01)
        b = self.tensor("b", [units], "int32", data=np.arange(units), scale=0.01 * 0.05)
        output = self.value(1, units)
        self.op("FULLY_CONNECTED", [self.last, w, b], [output])
        self.last, self.depth = output, units
        return self

    def parsed(self) -> Model:
        return tflite.parse(self.bytes(), "chain.tflite")

    def bytes(self) -> bytes:
        return self.build([self.first], [self.last])

    def _layer(
        self,
        kind: str,
        depth: int,
        weights: Ints,
        dead: list[int],
        bias: int,
        axis: int,
        **how: object,
    ) -> None:
        scales = list(self.random.uniform(0.001, 0.02, depth))
        biases = self.random.integers(-900, 900, depth)
        biases[dead] = bias
        w = self.tensor("w", weights.shape, data=weights, scale=scales, axis=axis)
        b = self.tensor(
            "b", [depth], "int32", data=biases, scale=[0.05 * scale for scale in scales]
        )
        output = self.value(1, 6, 5, depth)
        options = {"padding": "SAME", "stride": (1, 1), "activation": "relu"} | how
        if kind == "DEPTHWISE_CONV_2D":
            options["depth_multiplier"] = 1
        self.op(kind, [self.last, w, b], [output], **options)
        self.last, self.depth = output, depth


def channels_left(model: Model) -> list[int]:
    """Of every operator's output, in order."""
    trimmed = remove_dead_channels(model).model
    return [trimmed.tensors[op.outputs[0]].shape[-1] for op in trimmed.ops]


# What is built, and how many channels each layer's output still has.
CASES: dict[str, tuple[Callable[[], Chain], list[int]]] = {
    "folded into a pointwise layer": (
        lambda: Chain().conv(12, (1, 5, 6, 11), bias=700).conv(3),
        [8, 3],
    ),
    "rounded up to a group of four": (lambda: Chain().conv(12, (1, 5), bias=700).conv(3), [12, 3]),
    "real 0 under a padded filter": (lambda: Chain().conv(8, (0, 1, 2, 3)).conv(3, size=3), [4, 3]),
    "not real 0 under a padded filter": (
        lambda: Chain().conv(8, (0, 1, 2, 3), bias=700).conv(3, size=3),
        [8, 3],
    ),
    "through a depthwise layer": (
        lambda: Chain().conv(8, (0, 3, 4, 7)).depthwise().conv(3),
        [4, 4, 3],
    ),
    "not through a padded depthwise layer": (
        lambda: Chain().conv(8, (0, 3, 4, 7), bias=700).depthwise().conv(3),
        [8, 8, 3],
    ),
    "nobody reads what a dead filter reads": (
        lambda: Chain().conv(8).depthwise((0, 1, 2, 3), bias=500).conv(3),
        [4, 4, 3],
    ),
    "through a pool into a dense layer": (
        lambda: Chain().conv(8, (4, 5, 6, 7), bias=800).pool().dense(5),
        [4, 4, 4, 5],
    ),
    "before an image that a dense layer flattens": (
        lambda: Chain().conv(8, (4, 5, 6, 7), bias=800).conv(8, (1,)).flat().dense(5),
        [4, 8, 5],
    ),
    "what fills a group has its inputs": (
        lambda: Chain().conv(8).conv(8).conv(8, tuple(range(8)), bias=9).conv(3),
        [8, 4, 4, 3],
    ),
    "everything is dead": (lambda: Chain().conv(8, tuple(range(8)), bias=9).conv(3), [4, 3]),
    "a dead output stays": (lambda: Chain().conv(8, (0, 1, 2, 3)), [8]),
    "a constant from constants": (
        lambda: Chain().conv(8, tuple(range(8)), bias=700).conv(8).conv(3),
        [4, 4, 3],
    ),
    "nothing is dead": (lambda: Chain().conv(8).depthwise().conv(3), [8, 8, 3]),
}


@pytest.mark.parametrize("case", CASES)
def test_channels_go_and_activations_stay(case: str, tmp_path: Path) -> None:
    build, expected = CASES[case]
    assert channels_left(build().parsed()) == expected
    host_engine.check(build().bytes(), tmp_path)


def test_a_model_without_dead_channels_is_itself() -> None:
    model = Chain().conv(8).conv(3).parsed()
    assert remove_dead_channels(model).model is model


def test_a_residual_keeps_its_channels(tmp_path: Path) -> None:
    chain = Chain().conv(8, (0, 1, 2, 3), bias=300)
    branch = chain.last
    chain.conv(8, (4, 5, 6, 7))
    total = chain.value(1, 6, 5, 8)
    chain.op("ADD", [branch, chain.last], [total])
    chain.last = total
    chain.conv(3)
    assert channels_left(chain.parsed()) == [8, 8, 8, 3]
    host_engine.check(chain.bytes(), tmp_path)


def test_visual_wake_words_loses_half_of_its_work(models_dir: Path) -> None:
    model = load(models_dir / "mlperf_tiny_vww_mobilenet_int8.tflite")
    trimmed = remove_dead_channels(model).model
    work = [sum(analysis.macs(m, op) for op in m.ops) for m in (model, trimmed)]
    assert work == [7_489_664, 3_774_684]
