"""One engine of a project on one computer: run its self-test, read what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edgegen.errors import DifferenceError
from edgegen.verify import outcome, selftest
from edgegen.verify.linux import wheels
from edgegen.verify.linux.computer import Computer
from edgegen.verify.outcome import EngineFacts
from edgegen.verify.selftest import Golden

TIMEOUT_SECONDS = 600.0

# Of which an engine needs one. PyPI has no wheels of some for 32-bit Arm; without Pillow the server
# takes tensors, but no image files.
_DISTRIBUTIONS = {
    "litert": ("ai-edge-litert", "tflite-runtime"),
    "onnxruntime": ("onnxruntime",),
    "openvino": ("openvino",),
}
_WITHOUT_WHEELS = {"armv7l": ("onnxruntime", "openvino", "pillow")}

# What runs on hardware that is not here: the engine would fall back to the processor.
_HARDWARE = {"litert-edgetpu": "needs a Coral Edge TPU, which nothing emulates"}


def base(engine: str) -> str:
    """The engine that a variant, such as litert-reference, belongs to."""
    return engine.partition("-")[0]


def installable(requirements: Iterable[str], architecture: str) -> tuple[str, ...]:
    """Requirements without those that no wheels exist for."""
    absent = _WITHOUT_WHEELS.get(architecture, ())
    return tuple(each for each in requirements if wheels.distribution(each) not in absent)


def obstacle(engine: str, computer: Computer) -> str:
    """Why an engine cannot be verified on a computer; "" when it can."""
    if engine in _HARDWARE:
        return _HARDWARE[engine]
    if base(engine) in _WITHOUT_WHEELS.get(computer.architecture, ()):
        return f"PyPI has no wheel of {base(engine)} for {computer.architecture}"
    needed = _DISTRIBUTIONS.get(base(engine), ())
    if needed and not any(each in computer.versions() for each in needed):
        return f"the project's requirements bring no {' or '.join(needed)}"
    return ""


def verify(
    computer: Computer,
    launch: Sequence[str | Path],
    environment: Mapping[str, str],
    engine: str,
    golden: Golden,
    name: str,
    cwd: Path,
) -> EngineFacts:
    """Run the self-test of one engine.

    Args:
        launch: Python's arguments that start the project's program.
        name: The project's.
    """
    # One thread: what it computes must not depend on how many processors this machine has.
    arguments = [*launch, "selftest", "--json", "--engine", engine, "--threads", "1"]
    try:
        done = computer.run(arguments, environment, cwd=cwd, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return outcome.engine_failed(f"the self-test took longer than {TIMEOUT_SECONDS:g} s")
    if done.exit_code not in (0, 1) or not done.stdout.strip():
        return outcome.engine_failed(f"exit code {done.exit_code}: {done.last_words}")
    try:
        said = selftest.parse(done.stdout, engine, golden, name)
    except DifferenceError as error:
        return outcome.engine_failed(error.what)
    if said.passed != (done.exit_code == 0):
        return outcome.engine_failed(f"its exit code, {done.exit_code}, is not its verdict")
    return outcome.engine_facts(said, golden)
