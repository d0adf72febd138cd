"""Builds a project, boots it in the emulator, compares, and writes the evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgegen import __version__, storage
from edgegen.errors import DifferenceError, UsageError
from edgegen.verify import engine as one_engine
from edgegen.verify import report, subject, toolchain
from edgegen.verify.build import UnreachableSourcesError
from edgegen.verify.emulator import EmulatorError
from edgegen.verify.engine import Progress, Work
from edgegen.verify.report import EngineFacts, Report
from edgegen.verify.subject import Subject

__all__ = ["Progress", "Report", "replay", "run"]


def run(
    directory: Path,
    engines: Sequence[str] | None = None,
    *,
    cmake_args: Sequence[str] = (),
    build_directory: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify a project and write ``evidence/report.json`` and ``report.md`` into it.

    Args:
        engines: Which to verify; None for all of the project's. Of those, one whose
            upstream sources are out of reach is reported as not verified, as long as
            another one is.
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
    chosen = _chosen(project, engines)
    qemu = toolchain.find(project.emulator, chosen, cmake_args)
    work = Work(project, qemu, tuple(cmake_args), build_directory, progress or (lambda _: None))
    with _writing_into(project.directory):
        facts, unreachable = _verify_all(work, chosen)
        result = _report(work, facts)
        report.write(result, project.directory / "evidence")
    verified = any(engine.verified for engine in facts.values())
    if unreachable is not None and (engines or not verified):
        raise unreachable
    return result


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
    """Run input vectors through the emulated device.

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
    project = subject.load(directory.resolve())
    (engine,) = _chosen(project, [engine])
    if raw and not project.golden.raw_inputs:
        raise UsageError(
            "The project makes no input from raw bytes.",
            where=str(project.directory),
            fix="Describe one in edgegen.toml, such as [input.image], and run `edgegen update`.",
        )
    qemu = toolchain.find(project.emulator, (engine,), cmake_args)
    work = Work(project, qemu, tuple(cmake_args), build_directory, progress or (lambda _: None))
    with _writing_into(project.directory):
        target = f"{work.project.name}_replay"
        return _replay(work, engine, f"{target}_raw" if raw else target, inputs)


def _replay(work: Work, engine: str, target: str, inputs: bytes) -> bytes:
    image = work.build(engine, [target]).images[target]
    with tempfile.TemporaryDirectory(prefix="edgegen-") as folder:
        # Fixed names in the working directory: no path of ours reaches the firmware.
        place = Path(folder)
        (place / "input.bin").write_bytes(inputs)
        work.progress(f"{engine}: replay {len(inputs)} bytes of inputs")
        done = work.qemu.run(image, cwd=place)
        output = place / "output.bin"
        if done.exit_code or not output.is_file():
            raise EmulatorError(
                f"The replay failed with exit code {done.exit_code}: {done.console.strip()}",
                where=str(image),
            )
        return output.read_bytes()


@contextmanager
def _writing_into(directory: Path) -> Iterator[None]:
    """What the system refuses to write is the user's to mend, not a bug."""
    try:
        yield
    except OSError as error:
        raise storage.failed(error, directory) from error


def _verify_all(
    work: Work, engines: Sequence[str]
) -> tuple[dict[str, EngineFacts], UnreachableSourcesError | None]:
    facts: dict[str, EngineFacts] = {}
    unreachable: UnreachableSourcesError | None = None
    for engine in engines:
        try:
            facts[engine] = one_engine.verify(work, engine)
        except UnreachableSourcesError as error:
            facts[engine] = report.not_verified("upstream sources unreachable")
            unreachable = error
        except DifferenceError as error:
            facts[engine] = report.failed(error.what, work.project.directory)
    return facts, unreachable


def _chosen(project: Subject, engines: Sequence[str] | None) -> tuple[str, ...]:
    unknown = [engine for engine in engines or () if engine not in project.engines]
    if unknown:
        raise UsageError(
            f"The project was not generated with the engine {unknown[0]!r}.",
            where=str(project.directory),
            fix=f"It has {' and '.join(project.engines)}.",
        )
    return tuple(dict.fromkeys(engines or project.engines))


def _report(work: Work, facts: dict[str, EngineFacts]) -> Report:
    return Report(
        edgegen=__version__,
        model=work.project.model,
        device=work.project.device_facts(),
        sources=work.project.sources,
        known_by=_known_by(work),
        engines=facts,
    )


def _known_by(work: Work) -> dict[str, str]:
    name = work.project.name
    preprocessing = {
        "preprocessing": "the self-test makes inputs from generated raw bytes on the emulated "
        "device; the CRC-32 of each tensor is compared with that of the host's",
    }
    return {
        "results": f"the self-test compares them on the emulated device with the golden vectors "
        f"of {work.project.golden.reference}",
        "instructions": f"emulated: executed instructions in {work.qemu.title}, icount shift=0, "
        "as SysTick shows them, to the step stated; neither cycles nor time; the largest of all "
        "vectors",
        **(preprocessing if work.project.golden.raw_inputs else {}),
        "layers": "the traced self-test runs the slowest vector once more and reads the clock "
        "after every layer; what reading it takes is measured and left out",
        "flash": f"sections of the ELF file {name}_footprint, start-up code included; weights are "
        f"its objects {name}_weight* or {name}_model_data",
        "ram": f"data and bss: sections of {name}_footprint; arena: what the self-test hands to "
        "the model, painted before init with the bytes beside it, read at the end; stack: "
        "painted before init and invoke, read after them",
    }
