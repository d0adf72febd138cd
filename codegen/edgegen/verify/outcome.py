"""What came of verifying one engine, or one other thing: the same in the evidence of families whose
projects test themselves."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.verify.selftest import Golden, OutputFacts, SelfTest

PASS, FAIL, NOT_VERIFIED = "pass", "fail", "not verified"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one thing that was tried.

    Attributes:
        status: "pass", "fail" or "not verified".
        reason: Why it is not "pass"; "" when it is.
    """

    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """One engine on one computer.

    Attributes:
        status, reason: As in `Verdict`.
        description: Library, version and what it computes on, as the engine says.
        vectors: Golden vectors run.
        raw_inputs: Golden inputs made from raw bytes; each must have the host's bits.
        tolerance: Why the limits of the outputs are what they are.
        bit_exact: No element of any output differs, and no input that was made from raw bytes.
    """

    status: str
    reason: str = ""
    description: str = ""
    vectors: int = 0
    raw_inputs: int = 0
    raw_inputs_differ: int = 0
    tolerance: str = ""
    outputs: tuple[OutputFacts, ...] = ()
    bit_exact: bool = False


def engine_not_verified(reason: str) -> EngineFacts:
    return EngineFacts(NOT_VERIFIED, reason)


def engine_failed(reason: str) -> EngineFacts:
    return EngineFacts(FAIL, reason)


def engine_facts(said: SelfTest, golden: Golden) -> EngineFacts:
    """What a self-test said, as evidence."""
    exact = all(each.difference == 0 for each in said.outputs) and not said.raw_inputs_differ
    return EngineFacts(
        status=PASS if said.passed else FAIL,
        reason=_reason(said),
        description=said.description,
        vectors=golden.vectors,
        raw_inputs=len(golden.raw_inputs),
        raw_inputs_differ=said.raw_inputs_differ,
        tolerance=said.why,
        outputs=said.outputs,
        bit_exact=exact,
    )


def _reason(said: SelfTest) -> str:
    """The first thing that is wrong, in one line; "" when nothing is."""
    for each in said.outputs:
        if not each.passed:
            found = "no number" if each.difference is None else f"{each.difference:.3g}"
            return f"output {each.output}: {each.measure} {found}, limit {each.limit:.3g}"
    if said.raw_inputs_differ:
        return f"{said.raw_inputs_differ} inputs made from raw bytes are not the host's"
    return ""
