"""Builds a firmware project, boots it in the emulator, compares, and writes the evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgegen import __version__
from edgegen.errors import DifferenceError, UsageError
from edgegen.verify import evidence
from edgegen.verify.build import UnreachableSourcesError
from edgegen.verify.cortex_m import engine as one_engine
from edgegen.verify.cortex_m import report, subject, toolchain
from edgegen.verify.cortex_m.emulator import EmulatorError
from edgegen.verify.cortex_m.engine import Work
from edgegen.verify.cortex_m.report import EngineFacts, Report
from edgegen.verify.subject import Progress, Project, chosen, writing_into


def run(
    given: Project,
    engines: Sequence[str] | None,
    *,
    cmake_args: Sequence[str],
    build_directory: Path | None,
    progress: Progress,
) -> Report:
    """See `edgegen.verify.run`."""
    project = subject.load(given)
    wanted = chosen(project.directory, project.engines, engines)
    qemu = toolchain.find(project.emulator, wanted, cmake_args)
    work = Work(project, qemu, tuple(cmake_args), build_directory, progress)
    with writing_into(project.directory):
        facts, unreachable = _verify_all(work, wanted)
        result = _report(work, facts)
        evidence.write(result, project.directory / "evidence")
    verified = any(engine.verified for engine in facts.values())
    if unreachable is not None and (engines or not verified):
        raise unreachable
    return result


def replay(
    given: Project,
    engine: str,
    inputs: bytes,
    *,
    raw: bool,
    cmake_args: Sequence[str],
    build_directory: Path | None,
    progress: Progress,
) -> bytes:
    """See `edgegen.verify.replay`."""
    project = subject.load(given)
    (engine,) = chosen(project.directory, project.engines, [engine])
    if raw and not project.golden.raw_inputs:
        raise UsageError(
            "The project makes no input from raw bytes.",
            where=str(project.directory),
            fix="Describe one in edgegen.toml, such as [input.image], and run `edgegen update`.",
        )
    qemu = toolchain.find(project.emulator, (engine,), cmake_args)
    work = Work(project, qemu, tuple(cmake_args), build_directory, progress)
    with writing_into(project.directory):
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
