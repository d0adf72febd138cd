"""Reads what the self-test prints: one ``key value...`` line per fact, nothing else.

The firmware's words are evidence, so a line that is unknown, garbled, doubled or
missing is an error and never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from edgegen.errors import DifferenceError

PROTOCOL = 1

_NUMBER = r"(\d{1,20})"
_REAL = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)"
_CRC = r"0x([0-9a-f]{8})"


class ConsoleError(DifferenceError):
    """The image did not print what a self-test prints. Exit code 1."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output tensor of one vector, compared with its golden value.

    Attributes:
        mismatches: Elements beyond the tolerance (integers: elements that differ).
        max_abs_diff: Largest absolute difference, in the tensor's own unit (steps for
            integers).
    """

    vector: int
    output: int
    elements: int
    mismatches: int
    max_abs_diff: float


@dataclass(frozen=True, slots=True)
class RawInput:
    """An input of the model, made on the target from a golden vector's raw bytes.

    Attributes:
        input: Its number among the model's inputs.
        ns: Of the preprocessing.
        got_crc, want_crc: CRC-32 of the tensor.
    """

    vector: int
    input: int
    ns: int
    got_crc: int
    want_crc: int

    @property
    def is_identical(self) -> bool:
        return self.got_crc == self.want_crc


@dataclass(frozen=True, slots=True)
class ActivationMismatch:
    vector: int
    tensor: int
    got_crc: int
    want_crc: int


@dataclass(frozen=True, slots=True)
class Activations:
    """How many intermediate tensors the traced image compared, over all vectors."""

    checked: int
    mismatched: int


@dataclass(frozen=True, slots=True)
class LayerTime:
    """From when the tensor before it was there (the first: the inputs) to this one.

    Attributes:
        tensor: None for what comes after the last one.
    """

    vector: int
    tensor: int | None
    ns: int


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Everything one run of the self-test said.

    Attributes:
        resolution_ns: Step of the clock that the other ``_ns`` values were read from.
        raw_inputs: Ordered by vector, then input; of models with a described input.
        invoke_ns: One per vector, in order.
        outputs: Ordered by vector, then output.
        activations: None for the image without trace.
        layer_times: Of the traced image: per vector every tensor in order of execution.
        stack_bytes: Peak below the caller during init and invoke.
        arena_touched_bytes: Up to the last byte of the painted arena that has changed.
        error: Why init or invoke refused, in the firmware's words; "" when they did not.
    """

    model: str
    engine: str
    arena_bytes: int
    resolution_ns: int
    init_ns: int
    raw_inputs: tuple[RawInput, ...]
    invoke_ns: tuple[int, ...]
    outputs: tuple[Output, ...]
    activations: Activations | None
    activation_mismatches: tuple[ActivationMismatch, ...]
    layer_times: tuple[LayerTime, ...]
    stack_bytes: int
    arena_touched_bytes: int
    error: str
    passed: bool


@dataclass(slots=True)
class _Lines:
    """The lines so far; single facts by key."""

    facts: dict[str, str] = field(default_factory=dict)
    raw_inputs: list[RawInput] = field(default_factory=list)
    invoke_ns: list[int] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    mismatches: list[ActivationMismatch] = field(default_factory=list)
    layer_times: list[LayerTime] = field(default_factory=list)

    def fact(self, key: str, value: str) -> None:
        if key in self.facts:
            raise ValueError(f"a second {key!r} line")
        self.facts[key] = value

    def raw_input(self, vector: str, number: str, ns: str, got: str, want: str) -> None:
        row = RawInput(int(vector), int(number), int(ns), int(got, 16), int(want, 16))
        if any((row.vector, row.input) <= (each.vector, each.input) for each in self.raw_inputs):
            raise ValueError("a raw input out of order")
        self.raw_inputs.append(row)

    def vector(self, index: str, ns: str) -> None:
        if int(index) != len(self.invoke_ns):
            raise ValueError(f"vector {len(self.invoke_ns)} expected")
        self.invoke_ns.append(int(ns))

    def output(self, vector: str, output: str, elements: str, bad: str, diff: str) -> None:
        row = Output(int(vector), int(output), int(elements), int(bad), _real(diff))
        position = sum(1 for other in self.outputs if other.vector == row.vector)
        if row.vector != len(self.invoke_ns) - 1 or row.output != position:
            raise ValueError("an output out of order")
        self.outputs.append(row)

    def activation(self, vector: str, tensor: str, got: str, want: str) -> None:
        row = ActivationMismatch(int(vector), int(tensor), int(got, 16), int(want, 16))
        self.mismatches.append(row)

    def layer(self, vector: str, tensor: str, ns: str) -> None:
        index = None if tensor == "rest" else int(tensor.removeprefix("tensor "))
        row = LayerTime(int(vector), index, int(ns))
        if row.vector not in self._vectors_that_may_follow():
            raise ValueError("a layer out of order")
        self.layer_times.append(row)

    def _vectors_that_may_follow(self) -> range:
        last = self.layer_times[-1].vector if self.layer_times else -1
        return range(max(last, 0), min(last + 2, len(self.invoke_ns)))


_Handler = Callable[..., None]


def _grammar(lines: _Lines) -> tuple[tuple[re.Pattern[str], _Handler], ...]:
    def fact(key: str, value: str) -> tuple[re.Pattern[str], _Handler]:
        return re.compile(f"{key} {value}"), lambda *v: lines.fact(key, " ".join(v))

    return (
        fact("edgegen-selftest", _NUMBER),
        fact("model", r"([a-z_][a-z0-9_]*)"),
        fact("engine", r"([a-z][a-z0-9_]*)"),
        fact("arena_bytes", _NUMBER),
        fact("resolution_ns", _NUMBER),
        fact("init_ns", _NUMBER),
        (
            re.compile(f"raw {_NUMBER} input {_NUMBER} ns {_NUMBER} crc {_CRC} {_CRC}"),
            lines.raw_input,
        ),
        (re.compile(f"vector {_NUMBER} invoke_ns {_NUMBER}"), lines.vector),
        (
            re.compile(
                f"vector {_NUMBER} output {_NUMBER} elements {_NUMBER} "
                f"mismatches {_NUMBER} max_abs_diff {_REAL}"
            ),
            lines.output,
        ),
        (
            re.compile(f"activation {_NUMBER} tensor {_NUMBER} crc {_CRC} {_CRC}"),
            lines.activation,
        ),
        (re.compile(f"layer {_NUMBER} (tensor \\d{{1,10}}|rest) ns {_NUMBER}"), lines.layer),
        fact("activations", f"checked {_NUMBER} mismatched {_NUMBER}"),
        fact("stack_bytes", _NUMBER),
        fact("arena_touched_bytes", _NUMBER),
        fact("error", r"([ -~]+)"),
        fact("result", "(pass|fail)"),
    )


def parse(text: str) -> SelfTest:
    """Parse one run of the self-test; a ConsoleError names the first line that is wrong."""
    if not text.strip():
        raise ConsoleError("The self-test printed nothing.")
    lines = _Lines()
    grammar = _grammar(lines)
    for number, line in enumerate(text.splitlines(), 1):
        if "result" in lines.facts:
            raise _wrong("a line after the result", number, line)
        try:
            _take(line, grammar)
        except ValueError as error:
            raise _wrong(str(error), number, line) from None
        if number == 1 and lines.facts.get("edgegen-selftest") != str(PROTOCOL):
            raise _wrong(f"'edgegen-selftest {PROTOCOL}' expected", number, line)
    return _complete(lines)


def _take(line: str, grammar: tuple[tuple[re.Pattern[str], _Handler], ...]) -> None:
    for pattern, handler in grammar:
        match = pattern.fullmatch(line)
        if match:
            return handler(*match.groups())
    raise ValueError("an unknown line")


def _wrong(what: str, number: int, line: str) -> ConsoleError:
    shown = line if len(line) <= 120 else line[:120] + "..."
    return ConsoleError(
        f"The self-test's output is not understood: {what}.",
        where=f"console line {number}: {shown!r}",
    )


def _complete(lines: _Lines) -> SelfTest:
    facts = lines.facts
    error = facts.get("error", "")
    needed = ["model", "engine", "arena_bytes", "resolution_ns", "result"]
    if not error:
        needed += ["init_ns", "stack_bytes", "arena_touched_bytes"]
    absent = [key for key in needed if key not in facts]
    if not error and not lines.invoke_ns:
        absent.append("vector")
    if not error and {row.vector for row in lines.outputs} != set(range(len(lines.invoke_ns))):
        absent.append("vector ... output")
    if absent:
        raise ConsoleError(
            f"The self-test's output is incomplete: no {' or '.join(map(repr, absent))} line.",
            fix="The image stopped early; look at the console log beside the build.",
        )
    return _consistent(
        SelfTest(
            model=facts["model"],
            engine=facts["engine"],
            arena_bytes=int(facts["arena_bytes"]),
            resolution_ns=int(facts["resolution_ns"]),
            init_ns=int(facts.get("init_ns", 0)),
            raw_inputs=tuple(lines.raw_inputs),
            invoke_ns=tuple(lines.invoke_ns),
            outputs=tuple(lines.outputs),
            activations=_activations(facts.get("activations")),
            activation_mismatches=tuple(lines.mismatches),
            layer_times=tuple(lines.layer_times),
            stack_bytes=int(facts.get("stack_bytes", 0)),
            arena_touched_bytes=int(facts.get("arena_touched_bytes", 0)),
            error=error,
            passed=facts["result"] == "pass",
        )
    )


def _real(text: str) -> float:
    """An int for whole numbers, so that a difference of integers is shown as one."""
    return int(text) if text.isdecimal() else float(text)


def _activations(text: str | None) -> Activations | None:
    if text is None:
        return None
    checked, mismatched = text.split()
    return Activations(int(checked), int(mismatched))


def _consistent(test: SelfTest) -> SelfTest:
    """The verdict must follow from the lines above it; a firmware that miscounts is wrong."""
    wrong = sum(row.mismatches for row in test.outputs)
    wrong += sum(not row.is_identical for row in test.raw_inputs)
    if test.activations is not None:
        wrong += test.activations.mismatched
    if test.passed == (wrong > 0 or bool(test.error)):
        raise ConsoleError(
            f"The self-test contradicts itself: result {'pass' if test.passed else 'fail'} "
            f"with {wrong} mismatches."
        )
    return test
