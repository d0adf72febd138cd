"""Builds a project, runs it where its device is emulated, compares, and writes the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgegen.errors import UsageError
from edgegen.verify import subject
from edgegen.verify.evidence import Evidence
from edgegen.verify.subject import Progress

__all__ = ["Evidence", "Progress", "replay", "run"]


def run(
    directory: Path,
    engines: Sequence[str] | None = None,
    *,
    cmake_args: Sequence[str] = (),
    build_directory: Path | None = None,
    progress: Progress | None = None,
) -> Evidence:
    """Verify a project and write ``evidence/report.json`` and ``report.md`` into it.

    Args:
        engines: Which to verify; None for all of the project's. Of those, one that is out of reach
            is reported as not verified, as long as another one is.
        cmake_args: More arguments for CMake, such as -DFETCHCONTENT_SOURCE_DIR_TFLM=DIR.
        build_directory: Where to build instead of the project's own ``build``.
        progress: Called with one line before each step.

    Raises:
        MissingToolError: A tool is absent; or an engine that was named, or the only one,
            needs upstream sources out of reach (after the report has been written).
        UsageError, DifferenceError: The project cannot be verified as it is.
        EdgegenError: The project cannot be written to.
    """
    project = subject.load(directory.resolve())
    told = progress or (lambda _: None)
    match project.device.family:
        case "cortex_m":
            from edgegen.verify import cortex_m

            return cortex_m.run(
                project,
                engines,
                cmake_args=cmake_args,
                build_directory=build_directory,
                progress=told,
            )
        case "linux":
            from edgegen.verify import linux

            return linux.run(
                project,
                engines,
                cmake_args=cmake_args,
                build_directory=build_directory,
                progress=told,
            )
        case "web":
            from edgegen.verify import web

            web.refuse_cmake_arguments(cmake_args)
            return web.run(project, engines, progress=told)
        case family:
            raise UsageError(f"Nothing verifies projects of the family {family}.")


def replay(
    directory: Path,
    engine: str,
    inputs: bytes,
    *,
    raw: bool = False,
    cmake_args: Sequence[str] = (),
    build_directory: Path | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Run input vectors through the emulated microcontroller.

    Args:
        inputs: The inputs of all vectors, one vector after the other; within a vector
            the model's inputs in order, each in C order and little-endian.
        raw: A described input is what it is made from instead, such as a camera's frame.

    Returns:
        The outputs in the same manner. With ``raw``, each vector's after the input tensors that
        the device has made.

    Raises:
        UsageError: ``raw``, and the project describes no input.
    """
    from edgegen.verify import cortex_m

    return cortex_m.replay(
        subject.load(directory.resolve()),
        engine,
        inputs,
        raw=raw,
        cmake_args=cmake_args,
        build_directory=build_directory,
        progress=progress or (lambda _: None),
    )
