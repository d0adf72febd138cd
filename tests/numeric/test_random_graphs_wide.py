"""Random graphs of all operators compute what TensorFlow Lite Micro computes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from edgegen.model import DType
from numeric import random_graphs
from support import random_graph, random_graph_wide

SLOW_GRAPHS = 400

NOT_DRAWN = {
    "DEQUANTIZE",
    "EXPAND_DIMS",
    "RSQRT",  # of inputs that cannot be negative
    "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
}


def _assert_same(outcome: random_graphs.Outcome, seeds: int) -> None:
    assert not outcome.failures, "\n\n".join(map(str, outcome.failures))
    assert len(outcome.refused) <= seeds // 10


def test_every_activation_is_tflms() -> None:
    seeds = range(random_graphs.GRAPHS_PER_BUILD)
    _assert_same(random_graphs.check(seeds, random_graph_wide.draw), len(seeds))


@pytest.mark.slow
@pytest.mark.parametrize("batch", [*random_graphs.batches(SLOW_GRAPHS, seed=1000)], ids=str)
def test_four_hundred_graphs(batch: Sequence[int]) -> None:
    _assert_same(random_graphs.check(batch, random_graph_wide.draw), len(batch))


def test_graphs_hold_every_int8_operator() -> None:
    graphs = [random_graph_wide.draw(seed) for seed in range(400)]
    taken = [graph for graph in graphs if random_graphs.is_taken(graph)]
    model = tflite.parse(random_graph.write(taken), "all.tflite")
    drawn = {op.kind.value for op in model.ops}
    wanted = {k.kind.value for k in KERNELS if k.dtype in (DType.INT8, DType.BOOL)}
    assert drawn == wanted - NOT_DRAWN
    assert sum(tensor.is_variable for tensor in model.tensors) > 10
