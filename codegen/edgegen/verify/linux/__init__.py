"""Verifies a project of the family linux: here, and under emulation of Arm's processors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgegen import __version__, device
from edgegen.errors import DifferenceError
from edgegen.verify import evidence, outcome
from edgegen.verify.build import Build
from edgegen.verify.linux import computer as computers
from edgegen.verify.linux import engine as one_engine
from edgegen.verify.linux import hardening, native, package, report, server, subject
from edgegen.verify.linux.computer import Computer
from edgegen.verify.linux.report import (
    ComputerFacts,
    DeviceFacts,
    EngineFacts,
    NativeFacts,
    PackageFacts,
    Report,
    ServerFacts,
)
from edgegen.verify.linux.subject import Subject
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
    root = (build_directory or project.directory / "build").resolve() / "verify"
    with writing_into(project.directory):
        result = _report(
            project,
            {
                each.name: _verify(project, each, wanted, cmake_args, root / each.name, progress)
                for each in project.device.architectures
                if computers.runs_here(each)
            },
        )
        evidence.write(result, project.directory / "evidence")
    return result


def _verify(
    project: Subject,
    architecture: device.Architecture,
    engines: Sequence[str],
    cmake_args: Sequence[str],
    root: Path,
    progress: Progress,
) -> ComputerFacts:
    """Everything on one architecture."""
    name = architecture.name
    progress(f"{name}: prepare Python and its packages")
    extras = dict.fromkeys(one_engine.base(each) for each in engines)
    needed = one_engine.installable(project.requirements([*extras, "http"]), name)
    computer = computers.prepare(architecture, needed)
    root.mkdir(parents=True, exist_ok=True)
    environment = computer.environment(project.packages)
    library = None
    if project.native:
        progress(f"{name}: build the C library")
        target = name if computer.emulator else None
        try:
            library = native.build_library(
                project.name, project.native, root / "native", target, cmake_args
            )
        except DifferenceError as error:
            reason = error.what.replace(str(project.directory), ".")
            failed = {engine: outcome.engine_failed(reason) for engine in engines}
            return _facts(computer, None, failed)
        environment[f"{project.name.upper()}_NATIVE_LIBRARY"] = str(_image(library))
    facts = {}
    for engine in engines:
        progress(f"{name}: {engine}")
        facts[engine] = _engine(project, computer, environment, engine, root)
    return replace(
        _facts(computer, library, facts),
        package=_package(project, computer, facts, root, progress),
        server=_serve(project, computer, environment, facts, root, progress),
    )


def _facts(
    computer: Computer, library: Build | None, engines: dict[str, EngineFacts]
) -> ComputerFacts:
    return ComputerFacts(
        machine=computer.title,
        versions=computer.versions(),
        sha256=_digests(computer, library),
        native=_native_facts(library) if library else None,
        engines=engines,
    )


def _engine(
    project: Subject, computer: Computer, environment: dict[str, str], engine: str, cwd: Path
) -> EngineFacts:
    if reason := one_engine.obstacle(engine, computer):
        return outcome.engine_not_verified(reason)
    return one_engine.verify(
        computer, project.launch, environment, engine, project.golden, project.name, cwd
    )


def _package(
    project: Subject,
    computer: Computer,
    facts: dict[str, EngineFacts],
    root: Path,
    progress: Progress,
) -> PackageFacts | None:
    """With the engine that the project prefers, which the package brings; None where that is not
    asked for, or the device takes no Debian packages."""
    engine = project.engines[0]
    if engine not in facts or "deb" not in project.device.formats:
        return None
    if facts[engine].status != report.PASS:
        return PackageFacts(report.NOT_VERIFIED, f"the engine {engine} did not pass its self-test")
    progress(f"{computer.architecture}: Debian package")
    return package.verify(computer, project.directory, project.name, engine, project.golden, root)


def _serve(
    project: Subject,
    computer: Computer,
    environment: dict[str, str],
    facts: dict[str, EngineFacts],
    root: Path,
    progress: Progress,
) -> ServerFacts | None:
    """With the first engine that passed; None for a project that does not serve by HTTP."""
    if "http" not in project.project.settings.serve:
        return None
    engine = next((name for name, each in facts.items() if each.status == report.PASS), None)
    if engine is None:
        return ServerFacts(report.NOT_VERIFIED, "no engine passed its self-test")
    progress(f"{computer.architecture}: serve with {engine}")
    expected = project.golden_outputs()
    return server.verify(
        computer, project.launch, environment, engine, facts[engine], project.golden, expected, root
    )


def _native_facts(library: Build) -> NativeFacts:
    return NativeFacts(library.compiler, _image(library).stat().st_size)


def _image(library: Build) -> Path:
    (path,) = library.images.values()
    return path


def _digests(computer: Computer, library: Build | None) -> dict[str, str]:
    """SHA-256 of what ran, by what it is."""
    files = {"python": computer.python}
    if computer.emulator:
        files["emulator"] = computer.emulator.program
    if library:
        files["native library"] = _image(library)
    return {what: hashlib.sha256(path.read_bytes()).hexdigest() for what, path in files.items()}


def _report(project: Subject, found: dict[str, ComputerFacts]) -> Report:
    architectures = tuple(each.name for each in project.device.architectures)
    return Report(
        edgegen=__version__,
        model=project.project.model,
        device=DeviceFacts(project.device.id, project.device.name, architectures),
        sources=project.project.sources,
        reference=project.golden.reference,
        known_by=_KNOWN_BY,
        computers=found,
        not_run={
            each: "this machine is another one, and the device file names no processor to emulate"
            for each in architectures
            if each not in found
        },
        service=hardening.verify(
            project.directory / f"edgegen/system/{project.name}.service",
            f"/usr/bin/{project.name}",
        ),
    )


_KNOWN_BY = {
    "results": "the project's own self-test compares every output with the golden vectors of the "
    "reference; what it compared and what it allowed is held against golden.json",
    "machine": "Arm's processors are emulated by QEMU in user mode: its instructions, this "
    "machine's kernel. Nothing here ran on a device, and nothing here is a time",
    "versions": "Debian's packages for Python and the wheels from the package index for that very "
    "architecture, as a device installs them; read from their metadata",
    "package": "made as `edgegen package --format deb` does, with --vendor for Arm; unpacked, not "
    "configured, into an empty root, and its program run from there",
    "server": "started, asked over loopback and ended with SIGTERM; answers to golden vectors may "
    "be no further from the reference's than those of the self-test",
    "service": "rated by `systemd-analyze security`, from 0 (safe) to 10, after `systemd-analyze "
    "verify`; both offline, with the unit as it is installed",
    "sha256": "of the files that ran; the project's sources are under `sources`",
}
