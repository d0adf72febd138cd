"""Reads what a project's self-test prints, and holds it against what it should have compared.

A self-test that compares less than the golden vectors, or allows more than they do, has failed:
its words are evidence, so nothing in them is taken on trust.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgegen.errors import DifferenceError


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one output may be from the reference's.

    Attributes:
        measure: "steps", "relative", "rms" or "disagreement"; the generated selftest.py says what
            each is.
    """

    measure: str
    limit: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Of one engine: a limit per output, and why it is what it is."""

    why: str
    outputs: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """What the project's golden.json says.

    Attributes:
        seeds: Of the golden vectors, in order.
        raw_inputs: (input, seed) of every input that is made from raw bytes.
        tolerances: By engine, variants of one included.
    """

    reference: str
    seeds: tuple[int, ...]
    raw_inputs: tuple[tuple[int, int], ...]
    tolerances: Mapping[str, Tolerance]

    @property
    def vectors(self) -> int:
        return len(self.seeds)


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """One output, over all vectors.

    Attributes:
        difference: In terms of ``measure``; None when it is no finite number.
        max_abs_diff: The largest of an element, in the output's own unit (steps for integers);
            None when it is no finite number.
        other_best: Vectors whose largest element is another one than the reference's.
    """

    output: str
    measure: str
    difference: float | None
    limit: float
    max_abs_diff: float | None
    other_best: int
    passed: bool


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What one run of a self-test said.

    Attributes:
        description: Library, version and what it computes on.
        raw_inputs_differ: Of the golden ones that are made from raw bytes.
    """

    engine: str
    description: str
    why: str
    outputs: tuple[OutputFacts, ...]
    raw_inputs_differ: int
    passed: bool


class SelfTestError(DifferenceError):
    """The self-test did not say what a self-test says. Exit code 1."""


def read_golden(path: Path) -> Golden:
    """Read golden.json; a DifferenceError when it isn't as edgegen writes it."""
    try:
        facts = json.loads(path.read_bytes())
        seeds = tuple(int(seed) for seed in facts["seeds"])
        if not seeds:
            raise ValueError("there are none")
        return Golden(
            reference=str(facts["reference"]),
            seeds=seeds,
            raw_inputs=tuple((each["input"], each["seed"]) for each in facts["raw_inputs"]),
            tolerances={name: _tolerance(each) for name, each in facts["tolerances"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DifferenceError(
            f"The golden vectors are not as edgegen writes them: {error}.",
            where=str(path),
            fix="Run `edgegen update --force`.",
        ) from None


def _tolerance(facts: Any) -> Tolerance:
    limits = tuple(Limit(str(each["measure"]), float(each["limit"])) for each in facts["outputs"])
    if not all(math.isfinite(each.limit) for each in limits):
        raise ValueError("a limit is no finite number")
    return Tolerance(str(facts["why"]), limits)


def parse(text: str, engine: str, golden: Golden, name: str) -> SelfTest:
    """The JSON of ``NAME selftest --json --engine ENGINE``.

    Raises:
        SelfTestError: It is something else, or of less than it should be.
    """
    try:
        facts = json.loads(text)
        said = SelfTest(
            engine=str(facts["engine"]),
            description=str(facts["description"]),
            why=str(facts["why"]),
            outputs=tuple(_output(each) for each in facts["outputs"]),
            raw_inputs_differ=sum(not each["passed"] for each in facts["raw_inputs"]),
            passed=facts["passed"] is True,
        )
        raw_inputs = tuple((each["input"], each["seed"]) for each in facts["raw_inputs"])
        compared = (facts["name"], said.engine, facts["vectors"], facts["reference"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SelfTestError(f"The self-test printed no report: {error!r}.") from None
    if compared != (name, engine, golden.vectors, golden.reference):
        raise SelfTestError(f"The self-test compared something else: {compared}.")
    if raw_inputs != golden.raw_inputs:
        raise SelfTestError("The self-test left out inputs that are made from raw bytes.")
    tolerance = golden.tolerances[engine]
    if tuple(Limit(each.measure, each.limit) for each in said.outputs) != tolerance.outputs:
        raise SelfTestError("The self-test allowed other differences than golden.json does.")
    if any(each.passed != _is_within(each) for each in said.outputs) or said.passed != (
        all(each.passed for each in said.outputs) and not said.raw_inputs_differ
    ):
        raise SelfTestError("The self-test's verdict does not follow from its figures.")
    return said


def _output(facts: Any) -> OutputFacts:
    return OutputFacts(
        output=str(facts["output"]),
        measure=str(facts["measure"]),
        difference=_number(facts["difference"]),
        limit=float(facts["limit"]),
        max_abs_diff=_number(facts["max_abs_diff"]),
        other_best=int(facts["other_best"]),
        passed=facts["passed"] is True,
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _is_within(output: OutputFacts) -> bool:
    return output.difference is not None and output.difference <= output.limit
