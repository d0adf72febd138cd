"""Fits what a layer costs from layers measured on every core, and writes it down.

    python benchmarks/costs.py

`make ledger` runs it after the ledger. `edgegen inspect --plan` estimates instructions from what
it writes. Measured are the layers of one model made here, of many shapes, in the emulator; the
layers of the reference models come from benchmarks/ledger.json.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgegen import api, frontends, registry, verify
from edgegen.device import Device
from edgegen.engines.aot import cost
from edgegen.engines.aot.engine import lower_for
from edgegen.engines.aot.program import Call
from edgegen.model import Model
from edgegen.options import OptimizeFor
from edgegen.verify.cortex_m.report import LayerFacts

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import ledger  # noqa: E402

from support.tflite_builder import ModelBuilder  # noqa: E402

Table = dict[str, dict[str, dict[str, float]]]
"""Coefficients by core, by function and by term."""

Array = npt.NDArray[np.float64]

MOST_TERMS = 4
"""Of one function: more would fit the noise of the few shapes that there are."""

HARDLY_MEASURED = 400
"""Instructions: some steps of the clock."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured layer; ``model`` and ``layout`` tell where it is from."""

    cpu: str
    function: str
    model: str
    layout: str
    terms: Mapping[str, float]
    instructions: int


def main() -> None:
    found = samples()
    coefficients = fit(found)
    errors = unseen_errors(found, coefficients)
    cost.TABLE.write_text(to_json(coefficients, errors), encoding="utf-8", newline="\n")
    print(f"wrote {cost.TABLE.relative_to(HERE.parent)}; errors {errors}")


def to_json(coefficients: Table, errors: Mapping[str, float]) -> str:
    """A line per function, so that a difference can be read."""
    how = "layers measured with arm-none-eabi-gcc 12.2.1 -O2 in QEMU 7.2, -icount shift=0"
    head = {"how": how, "errors": errors}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    cores = []
    for cpu, functions in coefficients.items():
        rows = [f"   {json.dumps(name)}: {json.dumps(row)}" for name, row in functions.items()]
        cores.append(f"  {json.dumps(cpu)}: {{\n" + ",\n".join(rows) + "\n  }")
    return "\n".join(["{", *lines, ' "coefficients": {', ",\n".join(cores), " }", "}\n"])


# Samples


def samples() -> list[Sample]:
    devices = [registry.load_device(device) for device in ledger.DEVICES]
    with tempfile.TemporaryDirectory(prefix="edgegen-costs-") as folder:
        path = Path(folder) / "shapes.tflite"
        path.write_bytes(many_shapes())
        model = frontends.load(path)
        with ProcessPoolExecutor(os.cpu_count()) as workers:
            measured = workers.map(measure, itertools.repeat(path), devices)
        made = [
            sample
            for device, layers in zip(devices, measured, strict=True)
            for sample in explain(model, device, "latency", layers)
        ]
    return made + list(from_ledger({device.cpu: device for device in devices}))


def measure(path: Path, device: Device) -> tuple[LayerFacts, ...]:
    print(f"measuring on {device.id}", file=sys.stderr)
    project = path.parent / device.id
    api.scaffold(path, device.id, project, engines=["aot"], force=True)
    facts = verify.run(project).engines["aot"]
    if facts.status != "pass":
        raise SystemExit(f"{device.id}: {facts.reason}")
    return facts.layers


def from_ledger(devices: Mapping[str, Device]) -> Iterator[Sample]:
    for row in ledger.recorded():
        if row.engine == "aot":
            model = frontends.load(ledger.model_file(row.model))
            yield from explain(model, devices[row.cpu], row.layout, row.layers)


def explain(
    model: Model, device: Device, layout: OptimizeFor, layers: Iterable[LayerFacts]
) -> Iterator[Sample]:
    """Measured layers with their shapes; stops everything when they are not today's."""
    trimmed, program = lower_for(model, device, layout)
    steps = {step.op.node: step for step in program.steps}
    for layer in layers:
        step = steps[layer.node]
        if isinstance(step, Call):
            if step.function != layer.function:
                raise SystemExit(f"{model.name}: {layer.function} is gone; run `make ledger`")
            terms = cost.terms(trimmed.model, step.op)
            where = device.cpu, layer.function, model.name, layout
            yield Sample(*where, terms, layer.instructions)


# Fitting


def fit(found: Iterable[Sample]) -> Table:
    result: Table = defaultdict(dict)
    for (cpu, function), group in sorted(grouped(found).items()):
        result[cpu][function] = coefficients_of(chosen_terms(group), group)
    return dict(result)


def grouped(found: Iterable[Sample]) -> dict[tuple[str, str], list[Sample]]:
    groups: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in found:
        groups[sample.cpu, sample.function].append(sample)
    return groups


def chosen_terms(group: Sequence[Sample]) -> tuple[str, ...]:
    """Of all sets of terms without a negative coefficient the one that generalises best.

    How a set generalises is judged by leaving out one sample after the other.
    """
    best: tuple[float, tuple[str, ...]] = (np.inf, ("call",))
    for count in range(1, max(1, min(MOST_TERMS, len(group) // 3)) + 1):
        for terms in itertools.combinations(cost.TERMS, count):
            error = left_out_error(*system_of(terms, group))
            if error is not None and error < 0.97 * best[0] - 1e-6:
                best = error, terms
    return best[1]


def coefficients_of(terms: Sequence[str], group: Sequence[Sample]) -> dict[str, float]:
    factors = solve(*system_of(terms, group))
    return {term: float(f"{factor:.4g}") for term, factor in zip(terms, factors, strict=True)}


def system_of(terms: Sequence[str], group: Sequence[Sample]) -> tuple[Array, Array]:
    """What to solve for the coefficients: terms, instructions; a row per sample.

    Errors are to be relative, but for layers that the clock can hardly measure.
    """
    rows = np.array([[sample.terms[term] for term in terms] for sample in group])
    counts = np.array([float(sample.instructions) for sample in group])
    weights = 1 / (counts + HARDLY_MEASURED)
    return rows * weights[:, np.newaxis], counts * weights


def solve(matrix: Array, target: Array) -> Array:
    solution: Array = np.linalg.lstsq(matrix, target, rcond=None)[0]
    return solution


def left_out_error(matrix: Array, target: Array) -> float | None:
    """Root mean square of relative errors, each of a sample that the fit did not see.

    None where the terms say the same of these samples, or one of them would be negative.
    """
    solution = solve(matrix, target)
    scaled = matrix / np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    gram = scaled.T @ scaled
    if np.linalg.cond(gram) > 1e10 or (solution < 0).any():
        return None
    hat = np.einsum("ij,jk,ik->i", scaled, np.linalg.inv(gram), scaled)
    residuals = matrix @ solution - target
    return float(np.sqrt(np.mean((residuals / np.maximum(1 - hat, 0.05)) ** 2)))


def unseen_errors(found: Sequence[Sample], table: Table) -> dict[str, float]:
    """By core the largest error for a whole reference model, when the coefficients of the same
    terms are fitted without its layers (but for functions that hardly another model has)."""
    groups = grouped(found)
    errors: defaultdict[str, float] = defaultdict(float)
    for model, cpu in itertools.product(ledger.MODELS, table):
        for layout in ledger.LAYOUTS:
            own = [s for s in found if (s.model, s.cpu, s.layout) == (model, cpu, layout)]
            measured = sum(sample.instructions for sample in own)
            estimated = 0
            for sample in own:
                terms = tuple(table[cpu][sample.function])
                group = groups[cpu, sample.function]
                others = [other for other in group if other.model != model]
                enough = len(others) >= 2 * MOST_TERMS
                coefficients = coefficients_of(terms, others if enough else group)
                estimated += cost.evaluate(coefficients, sample.terms)
            error = estimated / measured - 1
            print(f"{model} on {cpu}, {layout}: {estimated:,} for {measured:,}, {error:+.1%}")
            if measured >= cost.SMALL_MODEL:
                errors[cpu] = max(errors[cpu], math.ceil(100 * abs(error)) / 100)
    return dict(errors)


# The model of many shapes


class Shapes(ModelBuilder):
    """One graph in which every layer reads an input of the model."""

    def __init__(self) -> None:
        super().__init__("layers of many shapes")
        self.random = np.random.default_rng(3)
        self.sources: dict[tuple[int, ...], int] = {}
        self.last = 0

    def source(self, *shape: int) -> int:
        if shape not in self.sources:
            name = "x".join(map(str, shape))
            self.sources[shape] = self.tensor(name, shape, scale=0.05, zero_point=-4)
        return self.sources[shape]

    def layer(self, kind: str, inputs: Sequence[int], shape: Sequence[int], **options: Any) -> None:
        """One whose output has the range of a ReLU if it has one."""
        relu = options.get("activation", "none") != "none"
        scale, zero_point = {
            "SOFTMAX": (1 / 256, -128),
            "LOGISTIC": (1 / 256, -128),
            "TANH": (1 / 128, 0),
        }.get(kind, (0.05, -128 if relu else -4))
        self.last = self.tensor(f"{kind} {shape}", shape, scale=scale, zero_point=zero_point)
        self.op(kind, inputs, [self.last], **options)
        self.read(shape, scale, zero_point)

    def read(self, shape: Sequence[int], scale: float, zero_point: int) -> None:
        """Half of what was computed: nothing is computed that nobody reads."""
        longest = shape.index(max(shape))
        size = [-(-n // 2) if k == longest else n for k, n in enumerate(shape)]
        begin = self.tensor("begin", [len(shape)], "int32", data=[0] * len(shape))
        extent = self.tensor("size", [len(shape)], "int32", data=size)
        half = self.tensor("half", size, scale=scale, zero_point=zero_point)
        self.op("SLICE", [self.last, begin, extent], [half])
        self.last = half

    def constant(self, shape: Sequence[int], axis: int) -> tuple[int, int]:
        """Weights, a scale per channel, and their biases."""
        channels = shape[axis]
        scales = [0.002 + 0.001 * (k % 5) for k in range(channels)]
        values = self.random.integers(-127, 128, shape)
        weights = self.tensor("w", shape, scale=scales, axis=axis, data=values)
        biases = self.random.integers(-500, 500, channels)
        scales = [0.05 * scale for scale in scales]
        return weights, self.tensor("b", [channels], "int32", scale=scales, data=biases)

    def conv(
        self, height: int, width: int, depth: int, channels: int, size: int, stride: int, act: str
    ) -> None:
        weights, bias = self.constant([channels, size, size, depth], 0)
        x = self.source(1, height, width, depth)
        shape = [1, -(-height // stride), -(-width // stride), channels]
        options: dict[str, Any] = {"padding": "SAME", "stride": (stride, stride), "activation": act}
        self.layer("CONV_2D", [x, weights, bias], shape, **options)

    def depthwise(
        self, height: int, width: int, depth: int, size: int, stride: int, act: str
    ) -> None:
        weights, bias = self.constant([1, size, size, depth], 3)
        x = self.source(1, height, width, depth)
        shape = [1, -(-height // stride), -(-width // stride), depth]
        options: dict[str, Any] = {"padding": "SAME", "stride": (stride, stride), "activation": act}
        self.layer("DEPTHWISE_CONV_2D", [x, weights, bias], shape, **options)

    def fully_connected(self, depth: int, channels: int, act: str) -> None:
        values = self.random.integers(-127, 128, [channels, depth])
        weights = self.tensor("w", [channels, depth], scale=0.004, data=values)
        biases = self.random.integers(-500, 500, channels)
        bias = self.tensor("b", [channels], "int32", scale=0.05 * 0.004, data=biases)
        x = self.source(1, depth)
        self.layer("FULLY_CONNECTED", [x, weights, bias], [1, channels], activation=act)

    def finished(self) -> bytes:
        return self.build(list(self.sources.values()), [self.last])


IMAGES = ((16, 16, 8), (12, 12, 16), (8, 8, 32), (6, 6, 64), (9, 7, 20), (5, 5, 12), (4, 4, 128))


def many_shapes() -> bytes:
    b = Shapes()
    relu = itertools.cycle(("relu", "none", "relu"))
    for height, width, depth in IMAGES:
        for channels in (16, 20, 64):
            b.conv(height, width, depth, channels, 1, 1, next(relu))
        b.conv(height, width, depth, 32, 1, 2, next(relu))
        for stride in (1, 2):
            b.conv(height, width, depth, 16 if depth > 32 else 32, 3, stride, next(relu))
            b.depthwise(height, width, depth, 3, stride, next(relu))
        b.depthwise(height, width, depth, 5, 1, next(relu))
        if depth <= 32:  # for the sake of the flash of mps3-an547
            b.conv(height, width, depth, 64, 3, 1, next(relu))
    for height, width, depth in ((16, 16, 1), (16, 16, 3), (24, 24, 3), (12, 12, 1), (10, 8, 2)):
        for stride in (1, 2):
            b.conv(height, width, depth, 8, 3, stride, next(relu))
        b.conv(height, width, depth, 16, 5, 2, next(relu))
    sizes = [*itertools.product((8, 16, 30, 64, 128, 256), (1, 8, 10, 64)), (400, 80), (80, 400)]
    for depth, channels in sizes:
        b.fully_connected(depth, channels, next(relu))
    images(b)
    rows(b)
    return b.finished()


def images(b: Shapes) -> None:
    """Layers without weights."""
    axes = b.tensor("axes", [2], "int32", data=[1, 2])
    border = b.tensor("border", [4, 2], "int32", data=[[0, 0], [1, 1], [1, 1], [0, 0]])
    for height, width, depth in IMAGES:
        shape = [1, height, width, depth]
        x = b.source(*shape)
        for kind in ("ADD", "SUB", "MUL", "MAXIMUM"):
            options = {} if kind == "MAXIMUM" else {"activation": "none"}
            b.layer(kind, [x, x], shape, **options)
        for kind in ("RELU", "LEAKY_RELU", "LOGISTIC", "TANH", "HARD_SWISH", "QUANTIZE"):
            b.layer(kind, [x], shape, **({"alpha": 0.1} if kind == "LEAKY_RELU" else {}))
        for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            half = [1, height // 2, width // 2, depth]
            options = {"padding": "VALID", "filter": (2, 2), "stride": (2, 2)}
            b.layer(kind, [x], half, **options)
            options = {"padding": "VALID", "filter": (height, width), "stride": (1, 1)}
            b.layer(kind, [x], [1, 1, 1, depth], **options)
        b.layer("MEAN", [x, axes], [1, 1, 1, depth], keep_dims=True)
        b.layer("PAD", [x, border], [1, height + 2, width + 2, depth])
        b.layer("CONCATENATION", [x, x], [1, height, width, 2 * depth], axis=3)


def rows(b: Shapes) -> None:
    for columns in (2, 10, 12, 64, 128):
        b.layer("SOFTMAX", [b.source(1, columns)], [1, columns])


if __name__ == "__main__":
    main()
