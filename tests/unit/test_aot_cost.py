"""What a layer will cost: the closed forms, their fit, and how near they come."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen import present, registry
from edgegen.engines.aot import cost, plan
from edgegen.engines.aot.lower import lower
from edgegen.engines.aot.program import Call
from edgegen.frontends import load, tflite
from edgegen.model import Model
from support import script
from support.tflite_builder import ModelBuilder

costs = script.load("benchmarks/costs.py")
ledger = script.load("benchmarks/ledger.py")


def conv(activation: str = "relu") -> Model:
    """2 x 3 filters over 5 x 7 positions, 4 channels to 8."""
    b = ModelBuilder()
    x = b.tensor("x", [1, 5, 7, 4], scale=0.1)
    w = b.tensor("w", [8, 2, 3, 4], data=np.full((8, 2, 3, 4), 3), scale=0.01)
    y = b.tensor("y", [1, 5, 7, 8], scale=0.2)
    b.op("CONV_2D", [x, w], [y], padding="SAME", activation=activation)
    return tflite.parse(b.build([x], [y]), "conv.tflite")


def pool() -> Model:
    b = ModelBuilder()
    x, y = (b.tensor(name, [1, size, size, 3], scale=0.1) for name, size in (("x", 8), ("y", 4)))
    b.op("MAX_POOL_2D", [x], [y], padding="VALID", filter=(2, 2), stride=(2, 2))
    return tflite.parse(b.build([x], [y]), "pool.tflite")


def test_the_terms_of_a_convolution() -> None:
    model = conv()
    outputs, weights = 5 * 7 * 8, 8 * 2 * 3 * 4
    assert cost.terms(model, model.ops[0]) == {
        "call": 1,
        "mac": outputs * 2 * 3 * 4,
        "tap": outputs * 2 * 3,
        "gather": 5 * 7 * 2 * 3 * 4,
        "output": outputs,
        "unclamped": 0,
        "input": 5 * 7 * 4,
        "position": 5 * 7,
        "channel": 8,
        "weight": weights,
    }
    unclamped = conv("none")
    assert cost.terms(unclamped, unclamped.ops[0])["unclamped"] == outputs


def test_the_work_of_a_pool_is_its_windows() -> None:
    model = pool()
    assert cost.terms(model, model.ops[0])["mac"] == 4 * 4 * 3 * 4


def test_every_term_is_documented() -> None:
    model = conv()
    assert tuple(cost.terms(model, model.ops[0])) == cost.TERMS


def pretend(monkeypatch: pytest.MonkeyPatch, *functions: str | None) -> None:
    """These, and no others, were measured on a Cortex-M4."""
    known = {each: {"call": 100.0, "output": 2.0} for each in functions if each}
    table = cost._Table({"cortex-m4": 0.07}, {"cortex-m4": known})
    monkeypatch.setattr(cost, "_table", lambda: table)


def test_a_function_or_a_core_that_was_not_measured_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = conv()
    program = lower(model, ("dsp",))
    (step,) = program.steps
    assert isinstance(step, Call)
    pretend(monkeypatch, step.function)
    outputs = 5 * 7 * 8
    assert cost.of_step(model, step, "cortex-m4") == 100 + 2 * outputs
    assert cost.of_step(model, replace(step, function="eg_run_new"), "cortex-m4") is None
    assert cost.of_step(model, step, "cortex-m7") is None
    changed = replace(program, steps=(replace(step, function="eg_run_new"),))
    assert cost.of_program(model, changed, "cortex-m4") == cost.Instructions(
        None, "not known (eg_run_new was not measured on cortex-m4)"
    )
    assert cost.of_program(model, program, "cortex-m7").count is None


def test_the_plan_shows_what_is_expected(
    digits_tflite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, device = load(digits_tflite), registry.load_device("cortex_m4")
    pretend(monkeypatch, *(layer.function for layer in plan.describe(model, device).layers))
    found = plan.describe(model, device)
    assert found.instructions.count == sum(layer.instructions or 0 for layer in found.layers) > 0
    text = "\n".join(present.lowering(found))
    assert f"instructions          {found.instructions.count:,} per inference, estimated (" in text
    assert "cortex-m4, +/- 7%)" in text
    assert f" {found.layers[0].instructions:,} " in text


def test_reference_models_cost_about_what_was_estimated(models_dir: Path) -> None:
    errors = json.loads(cost.TABLE.read_text(encoding="utf-8"))["errors"]
    devices = {
        registry.load_device(each).cpu: registry.load_device(each) for each in ledger.DEVICES
    }
    compared, far = 0, {}
    for row in ledger.recorded():
        model = load(models_dir / f"{row.model}.tflite")
        found = plan.describe(model, devices[row.cpu], row.layout)
        functions = [layer.function or "" for layer in found.layers]
        if found.instructions.count is None or functions != [each.function for each in row.layers]:
            continue  # other kernels than the ledger's, which `make ledger` brings up to date
        compared += 1
        error = found.instructions.count / row.instructions - 1
        assert f"+/- {errors[row.cpu]:.0%}" in found.instructions.known
        # Kernels may have changed a little since.
        if row.instructions >= cost.SMALL_MODEL and abs(error) > errors[row.cpu] + 0.05:
            far[row.key] = f"{error:+.1%}"
    assert compared
    assert far == {}, "run `make ledger`"


def samples(law: dict[str, float], function: str = "f") -> list[object]:
    random = np.random.default_rng(1)
    found = []
    for _ in range(12):
        terms = {term: float(random.integers(1, 500)) for term in cost.TERMS} | {"call": 1}
        count = cost.evaluate(law, terms)
        found.append(costs.Sample("cortex-m4", function, "m", "latency", terms, count))
    return found


def test_the_fit_finds_the_law() -> None:
    law = {"call": 1000.0, "mac": 100.0, "weight": 50.0}
    (found,) = costs.fit(samples(law))["cortex-m4"].values()
    assert found == {term: pytest.approx(factor, rel=0.01) for term, factor in law.items()}


def test_no_coefficient_is_negative() -> None:
    table = json.loads(cost.TABLE.read_text(encoding="utf-8"))["coefficients"]
    assert table.keys() == {registry.load_device(each).cpu for each in ledger.DEVICES}
    for functions in table.values():
        for coefficients in functions.values():
            assert coefficients.keys() <= set(cost.TERMS)
            assert all(factor >= 0 for factor in coefficients.values())
    found = costs.fit(samples({"call": 90_000.0, "mac": -100.0}))["cortex-m4"]["f"]
    assert all(factor >= 0 for factor in found.values())


def test_one_sample_is_enough_for_a_guess() -> None:
    found = costs.fit(samples({"output": 3.0})[:1])["cortex-m4"]["f"]
    assert len(found) == 1
