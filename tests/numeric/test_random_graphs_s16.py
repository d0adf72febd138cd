"""Random graphs of int16 activations compute what TensorFlow Lite Micro computes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgegen.frontends import tflite
from numeric import random_graphs
from support import random_graph, random_graph_s16

SLOW_GRAPHS = 400


def _assert_same(outcome: random_graphs.Outcome, seeds: int) -> None:
    assert not outcome.failures, "\n\n".join(map(str, outcome.failures))
    assert len(outcome.refused) <= seeds // 10


def test_every_activation_is_tflms() -> None:
    seeds = range(random_graphs.GRAPHS_PER_BUILD)
    _assert_same(random_graphs.check(seeds, random_graph_s16.draw), len(seeds))


@pytest.mark.slow
@pytest.mark.parametrize("batch", [*random_graphs.batches(SLOW_GRAPHS, seed=1000)], ids=str)
def test_four_hundred_graphs(batch: Sequence[int]) -> None:
    _assert_same(random_graphs.check(batch, random_graph_s16.draw), len(batch))


def test_graphs_hold_every_operator_and_kind_of_bias() -> None:
    graphs = [random_graph_s16.draw(seed) for seed in range(300)]
    taken = [graph for graph in graphs if random_graphs.is_taken(graph)]
    model = tflite.parse(random_graph.write(taken), "all.tflite")
    assert len({op.kind for op in model.ops}) == 22
    types = {t.dtype.value for t in model.tensors}
    assert types == {"int8", "int16", "int32", "int64"}
