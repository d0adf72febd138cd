"""Random graphs through the generated C and through TensorFlow Lite Micro.

    python tests/numeric/random_graphs.py --count 2000 --seed 0 --of layers

draws one graph from each of the seeds 0 ... 1999 and compares every activation. A graph that
differs is cut down to as few operators as still differ, and shown with its seed; `--count 1
--seed N` runs it alone.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgegen.errors import RefusedModelError
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.options import OptimizeFor
from support import host_engine, random_graph, random_graph_s16, random_graph_wide
from support.host_engine import Build
from support.random_graph import Graph


@dataclass(frozen=True, slots=True)
class Variant:
    """Which kernels are run: those for a device's features, chosen in one of the ways.

    Attributes:
        machine, wasm: As in `Build`.
    """

    features: tuple[str, ...] = ()
    optimize_for: OptimizeFor = "latency"
    machine: tuple[str, ...] = ()
    wasm: bool = False

    def __str__(self) -> str:
        return f"{'+'.join(self.features) or 'portable'} kernels for {self.optimize_for}"


VARIANTS = (
    Variant(),
    Variant(("dsp",)),
    Variant(("dsp", "mve")),
    Variant(("dsp",), "memory"),
    Variant(("dsp", "mve"), "memory"),
)
"""The portable kernels, those with DSP instructions, those with Helium on top; and where some of
them give way to smaller ones. In-place plans are made in every variant."""

DRAWINGS: dict[str, Callable[[int], Graph]] = {
    "layers": random_graph.draw,
    "all": random_graph_wide.draw,
    "int16": random_graph_s16.draw,
}
"""Mostly layers with weights; all operators; int16 activations."""

GRAPHS_PER_BUILD = 40
"""In one model: a compiler takes longer to start than to compile a graph."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A graph whose activations differ, reduced to the operators that matter."""

    seed: int
    variant: Variant
    graph: Graph
    text: str

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.variant}: {self.text}\n{self.graph}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some seeds: refused ones were not run."""

    refused: tuple[int, ...]
    failures: tuple[Failure, ...]


def check(seeds: Sequence[int], draw: Callable[[int], Graph] = random_graph.draw) -> Outcome:
    """Draws, builds and runs the graphs of some seeds as one model."""
    drawn = {seed: draw(seed) for seed in seeds}
    taken = {seed: graph for seed, graph in drawn.items() if is_taken(graph)}
    refused = tuple(seed for seed in seeds if seed not in taken)
    graphs = list(taken.values())
    failures = [
        Failure(list(taken)[number], variant, *_reduced(graphs[number], text, variant))
        for variant in VARIANTS
        for number, text in _failing(graphs, variant).items()
    ]
    return Outcome(refused, tuple(failures))


def batches(count: int, seed: int) -> Iterator[range]:
    """The seeds from ``seed`` on, as many as one build takes at a time."""
    for start in range(seed, seed + count, GRAPHS_PER_BUILD):
        yield range(start, min(start + GRAPHS_PER_BUILD, seed + count))


def is_taken(graph: Graph) -> bool:
    """Whether edgegen and TFLM both run the graph."""
    try:
        model = _model([graph])
    except RefusedModelError:
        return False
    if host_engine.refusals(model):
        return False
    try:
        host_engine.tflm(model, [])
    except RuntimeError:
        return False
    return True


def _model(graphs: Sequence[Graph]) -> Model:
    return tflite.parse(random_graph.write(graphs), "random.tflite")


def _failing(graphs: Sequence[Graph], variant: Variant, vectors: int = 2) -> dict[int, str]:
    """What is wrong, by the graph's number; on so many sets of random inputs and the ends."""
    if not graphs:
        return {}
    try:
        return _differing(graphs, variant, vectors)
    except Exception as error:  # the generator's, the compiler's or a sanitizer's: whose?
        if len(graphs) == 1:
            return {0: f"{type(error).__name__}: {error}"}
    half = len(graphs) // 2
    first, second = (_failing(part, variant, vectors) for part in (graphs[:half], graphs[half:]))
    return first | {half + number: text for number, text in second.items()}


def _differing(graphs: Sequence[Graph], variant: Variant, vectors: int) -> dict[int, str]:
    model = _model(graphs)
    inputs = host_engine.random_vectors(model, vectors, seed=1)
    expected = host_engine.tflm(model, inputs)
    build = replace(
        host_engine.WASM if variant.wasm else Build(),
        optimise="-O1",
        features=variant.features,
        optimize_for=variant.optimize_for,
        machine=variant.machine,
    )
    with tempfile.TemporaryDirectory() as folder:
        found = host_engine.differences(model, inputs, expected, Path(folder), build=build)
    by_graph: dict[int, str] = {}
    for tensor, text in found.items():
        by_graph.setdefault(random_graph.graph_of(model.tensors[tensor].name), text)
    return by_graph


def _reduced(graph: Graph, text: str, variant: Variant) -> tuple[Graph, str]:
    """The graph without the operators that it fails without, and how it fails then."""
    for node in reversed(range(len(graph.nodes))):
        smaller = graph.without(node)
        if not smaller.nodes or not is_taken(smaller):
            continue
        # What was an operator's output is random now: what fails may have become rare.
        if failing := _failing([smaller], variant, vectors=200):
            graph, text = smaller, failing[0]
    return graph, text


def main() -> int:
    """Exit code 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=2000, help="how many graphs")
    parser.add_argument("--seed", type=int, default=0, help="of the first; the next count up")
    parser.add_argument("--of", choices=DRAWINGS, default="layers", help="what is drawn")
    arguments = parser.parse_args()
    draw = DRAWINGS[arguments.of]
    began = time.perf_counter()
    outcomes = []
    for seeds in batches(arguments.count, arguments.seed):
        outcomes.append(check(seeds, draw))
        for failure in outcomes[-1].failures:
            print(f"{failure}\n", flush=True)  # noqa: T201
    refused, failures = (
        list(itertools.chain.from_iterable(parts))
        for parts in zip(*((o.refused, o.failures) for o in outcomes), strict=True)
    )
    print(  # noqa: T201
        f"{arguments.count} graphs in {time.perf_counter() - began:.0f} s: "
        f"{len(refused)} refused, {len(failures)} differ"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
