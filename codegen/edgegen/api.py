"""What the command line and notebooks call: one function per command.

Nothing here prints; every function returns plain data or raises an `EdgegenError`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from edgegen import config as configuration
from edgegen import evidence, project, pyproject, registry, storage
from edgegen import labels as class_names
from edgegen.config import Config
from edgegen.device import Device, Microcontroller
from edgegen.doctor import Diagnosis, examine
from edgegen.errors import Diagnostic, DifferenceError, RefusedModelError, UsageError
from edgegen.fit import EngineFit, FitReport, Verdict
from edgegen.inputs import Input
from edgegen.lockfile import LOCK
from edgegen.model import Model
from edgegen.options import DEFAULT_OPTIMIZE_FOR, Options
from edgegen.project import CONFIG, File, GeneratedProject, Owner, Plan
from edgegen.wasm_library import build as wasm_build

if TYPE_CHECKING:
    from edgegen.bundle import Bundle, KeyPair
    from edgegen.chunk_files import Checked, Chunked, Joined
    from edgegen.engines import Engine
    from edgegen.engines.aot.plan import Plan as Lowering
    from edgegen.frontends.tflite_metadata import Metadata
    from edgegen.packaging import Package
    from edgegen.verify import Evidence


_METADATA = "the model's metadata"


@dataclass(frozen=True, slots=True)
class EngineVerdict:
    """Whether an engine takes a model: it does when there are no refusals."""

    engine: str
    refusals: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class DescribedInput:
    """An input of the model that is made from frames or samples.

    Attributes:
        description: Complete.
        raw_bytes: Of a frame, or of the samples of all rows.
        source: What holds the description.
    """

    description: Input
    raw_bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is in a model file.

    Attributes:
        facts: `analysis.summary`: operators, tensors, MACs, sizes; JSON-able.
        engines: Every engine's verdict.
        inputs: The described ones.
        notes: What the model's metadata says and cannot be used.
    """

    facts: Mapping[str, Any]
    engines: tuple[EngineVerdict, ...]
    inputs: tuple[DescribedInput, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `scaffold` or `update` did, or would do in a dry run.

    Attributes:
        emitted: Engines in the project, in order of preference.
        engines: Every engine's verdict, those left out included.
        fit: How the emitted engines fit the device.
        written: False for a dry run.
        inputs: The described ones.
        notes: What the model's metadata says and could not be used, and what only the user can
            change.
    """

    config: Config
    device: Device
    emitted: tuple[str, ...]
    engines: tuple[EngineVerdict, ...]
    fit: FitReport
    plan: Plan
    written: bool
    inputs: tuple[DescribedInput, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sources:
    """All that a project is generated from.

    Attributes:
        described_in: What holds the inputs' descriptions.
        notes: What the model's metadata says and could not be used.
    """

    config: Config
    device: Device
    model: Model
    labels: bytes | None
    described_in: str
    notes: tuple[str, ...] = ()


def inspect(model_path: Path, inputs: Path | None = None) -> Inspection:
    """What is in a model file, and which engines take it.

    Args:
        inputs: TOML file with descriptions of the model's inputs; its metadata's by default.
    """
    from edgegen import analysis, frontends, targets

    model = _load_model(model_path)
    found = frontends.metadata(model)
    described = _given(model, inputs, found)
    notes = (() if inputs else found.input_findings) + found.label_findings
    return Inspection(
        analysis.summary(model), _verdicts(model, targets.all_engines()), described, notes
    )


def lowering(model_path: Path, target: str, optimize_for: str | None = None) -> Lowering:
    """How the aot engine runs a model on a device, layer by layer.

    Args:
        optimize_for: One of `edgegen.options.OPTIMIZE_FOR`; latency by default.

    Raises:
        UsageError: ``optimize_for`` is none of them.
        RefusedModelError: The engine does not take the model.
    """
    from edgegen.engines.aot import AotEngine, plan

    device_ = registry.load_device(target)
    if not isinstance(device_, Microcontroller):
        raise UsageError(f"--plan is about microcontrollers, not {device_.name}.")
    chosen = configuration.check_optimize_for(optimize_for or DEFAULT_OPTIMIZE_FOR)
    model = _load_model(model_path)
    if refusals := AotEngine().refusals(model):
        raise RefusedModelError(model.source.file_name, refusals)
    return plan.describe(model, device_, chosen)


def devices() -> list[dict[str, Any]]:
    """One row of facts per known device; sizes in bytes."""
    return registry.device_rows()


def device(device_id: str) -> dict[str, Any]:
    """Everything known about one device, with the source of each number."""
    return registry.device_details(device_id)


def fit(
    model_path: Path, targets: Sequence[str] = (), inputs: Path | None = None
) -> tuple[FitReport, ...]:
    """How every engine that takes the model fits each device; all devices by default.

    Args:
        inputs: As of `inspect`: what makes the model's inputs takes memory, too.
    """
    from edgegen import frontends
    from edgegen.targets import fit as fit_of

    chosen = [registry.load_device(target) for target in targets or registry.device_ids()]
    model = _load_model(model_path)
    described = _given(model, inputs, frontends.metadata(model))
    options = Options("model", inputs=tuple(each.description for each in described))
    return tuple(fit_of(model, each, options) for each in chosen)


def scaffold(
    model_path: Path,
    target: str,
    output: Path | None = None,
    *,
    engines: Sequence[str] = (),
    optimize_for: str | None = None,
    inputs: Path | None = None,
    labels: Path | None = None,
    serve: Sequence[str] = (),
    name: str | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Outcome:
    """Make a project for a model on a device.

    Args:
        output: Folder to make; the project's name by default.
        engines: Engines to emit, in order of preference; by default all that take it.
        optimize_for: One of `edgegen.options.OPTIMIZE_FOR`; latency by default.
        inputs: TOML file with descriptions of the model's inputs; its metadata's by default.
        labels: Text file with one class name per line; its metadata's by default.
        serve: Protocols that the project speaks, of `edgegen.options.PROTOCOLS`.
        name: Of the project and its symbols; made from the model's file name by default.
        force: Write a project that does not fit, or over files edited by hand.

    Raises:
        UsageError: An argument is wrong, or the folder belongs to someone else.
        RefusedModelError: No engine, or not every named one, takes the model.
        DifferenceError: The model does not fit the device.
    """
    from edgegen.targets import taken_names

    device_ = registry.load_device(target)
    name = configuration.check_name(name) if name else None
    chosen = configuration.check_optimize_for(optimize_for or DEFAULT_OPTIMIZE_FOR)
    model = _load_model(model_path)
    settings = Config(
        name or configuration.default_name(model_path.stem, taken_names(device_)),
        target,
        _place_in_project(model_path),
        class_names.PLACE if labels else "",
        tuple(dict.fromkeys(engines)),
        chosen,
        configuration.read_inputs(inputs) if inputs else (),
        configuration.check_serve(serve),
    )
    directory = output if output is not None else Path(settings.name)
    if _is_project(directory):
        named = frozenset(
            key for key, value in (("name", name), ("optimize_for", optimize_for)) if value
        )
        _require_same(directory, settings, model, named)
        return update(directory, dry_run=dry_run, force=force)
    project.check_directory(directory)
    label_bytes = class_names.read(labels) if labels else None
    sources = _Sources(settings, device_, model, label_bytes, f"--input {inputs}")
    sources = _with_metadata(sources, described=inputs is not None)
    return _generate(sources, directory, dry_run=dry_run, force=force)


def update(
    directory: Path,
    *,
    model_path: Path | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Outcome:
    """Bring the generated part of a project up to date with its model and edgegen.toml.

    An arena that `verify` measured for this model and device is taken over.

    Args:
        model_path: A model file that replaces the project's own.

    Raises:
        DifferenceError: Generated files were edited by hand, or the model does not fit.
    """
    if not dry_run and directory.is_dir():
        storage.recover(directory.resolve(), force=force)
    settings = configuration.read(directory)
    project.check_directory(directory)
    labels = class_names.read(directory / settings.labels) if settings.labels else None
    sources = _Sources(
        settings,
        registry.load_device(settings.device),
        _load_model(model_path or directory / settings.model),
        labels,
        str(directory / CONFIG),
    )
    replaced = [settings.model] if model_path else []
    return _generate(sources, directory, replaced, dry_run=dry_run, force=force)


def diff(directory: Path) -> Outcome:
    """What `update` would do; ``plan.is_stale`` tells whether anything."""
    return update(directory, dry_run=True, force=True)


def verify(
    directory: Path,
    engines: Sequence[str] = (),
    *,
    cmake_args: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Evidence:
    """Build the project, run it in the emulator, compare, and write evidence/."""
    from edgegen import verify as verification

    return verification.run(directory, engines or None, cmake_args=cmake_args, progress=progress)


def package(
    directory: Path,
    format: str,
    output: Path | None = None,
    *,
    architecture: str | None = None,
    vendor: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Package:
    """Make an archive or a package of a project; see `edgegen.packaging.run`."""
    from edgegen import packaging

    return packaging.run(
        directory, format, output, architecture=architecture, vendor=vendor, progress=progress
    )


def make_key(path: Path) -> KeyPair:
    """Write a new key for model updates, and its public half beside it."""
    from edgegen import bundle as bundles

    return bundles.make_key(path)


def bundle(
    directory: Path, keys: Sequence[Path], version: int, output: Path | None = None
) -> Bundle:
    """Sign a Linux project's model as an update; see `bundle.write_bundle`."""
    from edgegen import bundle as bundles

    return bundles.write_bundle(directory, keys, version, output)


def chunk(
    model_path: Path,
    size: str,
    by: str = "size",
    output: Path | None = None,
    *,
    dry_run: bool = False,
) -> Chunked:
    """Cut a model's file into content-addressed chunks; see `edgegen.chunks`.

    Args:
        size: The most bytes of a chunk, such as 4MB or 512KiB.
        by: One of `edgegen.chunks.STRATEGIES`.
        output: Folder for the manifest and the chunks; the file's name with .chunks by default.

    Raises:
        UsageError: An argument is wrong, or the file cannot be cut so.
    """
    from edgegen import chunk_files, chunks

    most = chunks.parse_size(size)
    if by not in chunks.STRATEGIES:
        raise UsageError(f"{by!r} is no way to cut a file.", where="--by", fix="size or layer.")
    data = chunk_files.read_file(model_path)
    spans = chunks.layer_spans(_load_model(model_path)) if by == "layer" else None
    files = chunks.split(data, model_path.name, most, spans)
    manifest = chunks.make_manifest(data, model_path.name, most, spans)
    folder = output if output is not None else Path(f"{model_path.name}.chunks")
    return chunk_files.write(files, manifest, most, folder, dry_run=dry_run)


def check_chunks(place: Path) -> Checked:
    """Look at every chunk of a folder or of a manifest; see `chunk_files.check`."""
    from edgegen import chunk_files

    return chunk_files.check(place)


def join_chunks(place: Path, output: Path) -> Joined:
    """Put a file together from its chunks, verified; see `chunk_files.join`."""
    from edgegen import chunk_files

    return chunk_files.join(place, output)


def doctor() -> Diagnosis:
    """Which tools are there, and what to install for the rest."""
    return examine()


def _generate(
    sources: _Sources,
    directory: Path,
    replaced: Collection[str] = (),
    *,
    dry_run: bool,
    force: bool,
) -> Outcome:
    from edgegen import targets

    sources = replace(sources, model=_renamed(sources.model, sources.config.model))
    model, device_ = sources.model, sources.device
    table = targets.engines(device_)
    verdicts = _verdicts(model, table)
    emitted = targets.choose(model, device_, sources.config.engines)
    arena = evidence.tflm_arena(directory, model.source.sha256, device_.id)
    settings = sources.config
    described = _described(model, settings.inputs, sources.described_in)
    options = Options(
        settings.name,
        emitted,
        _labels(sources),
        arena,
        optimize_for=settings.optimize_for,
        inputs=tuple(each.description for each in described),
        serve=settings.serve,
    )
    report = targets.fit(model, device_, options, emitted)
    if not report.ok and not force:
        raise _does_not_fit(report, device_)
    built = wasm_build.completed(targets.build(model, device_, options), directory)
    built = targets.finish(built, model, device_, options)
    complete = _with_own_files(built, sources)
    measured = evidence.to_lock(arena, model.source.sha256, device_.id)
    plan = project.plan(
        complete,
        directory,
        measured=measured,
        replace=replaced,
        products=wasm_build.PRODUCTS,
    )
    notes = sources.notes + pyproject.notes(complete, directory) + wasm_build.notes(complete)
    if not dry_run:
        project.write(plan, force=force)
    return Outcome(
        settings,
        device_,
        emitted,
        verdicts,
        report,
        plan,
        not dry_run,
        described,
        notes,
    )


def _with_metadata(sources: _Sources, *, described: bool) -> _Sources:
    """What the user did not say, from the model's metadata as far as that does.

    Args:
        described: The user said what the inputs are, or that nothing is known of them.
    """
    from edgegen import frontends

    found = frontends.metadata(sources.model)
    if not described:
        settings = replace(sources.config, inputs=found.inputs)
        notes = sources.notes + found.input_findings
        sources = replace(sources, config=settings, described_in=_METADATA, notes=notes)
    if sources.labels is None:
        settings = replace(sources.config, labels=class_names.PLACE if found.labels else "")
        notes = sources.notes + found.label_findings
        sources = replace(sources, config=settings, labels=found.labels, notes=notes)
    return sources


def _given(model: Model, file: Path | None, metadata: Metadata) -> tuple[DescribedInput, ...]:
    """The descriptions in a file; without one, the metadata's."""
    if file:
        return _described(model, configuration.read_inputs(file), str(file))
    return _described(model, metadata.inputs, _METADATA)


def _described(model: Model, inputs: Sequence[Input], where: str) -> tuple[DescribedInput, ...]:
    """The descriptions, held against the model; ``where`` holds them."""
    if not inputs:
        return ()
    from edgegen import preprocessing

    return tuple(
        DescribedInput(each, preprocessing.prepare(model, each).raw_bytes, where)
        for each in preprocessing.resolve(model, inputs, where)
    )


def _with_own_files(built: GeneratedProject, sources: _Sources) -> GeneratedProject:
    """Add the user files that are the same for every family."""
    settings = sources.config
    origin = f"From {_METADATA}." if sources.described_in == _METADATA else ""
    files = {
        CONFIG: File(configuration.render(settings, origin), Owner.USER),
        settings.model: File(sources.model.source.data, Owner.USER),
    }
    if sources.labels is not None:
        files[settings.labels] = File(sources.labels, Owner.USER)
    try:
        if taken := files.keys() & built.files.keys():
            raise ValueError(f"{sorted(taken)[0]!r} is another file of the project")
        return GeneratedProject({**built.files, **files})
    except ValueError as error:
        # The target's own paths are sound, so it is one that edgegen.toml names.
        raise UsageError(f"{CONFIG} names an impossible file: {error}.") from None


def _load_model(path: Path) -> Model:
    from edgegen import frontends

    return frontends.load(path)


def _verdicts(model: Model, table: Mapping[str, Engine]) -> tuple[EngineVerdict, ...]:
    return tuple(EngineVerdict(name, engine.refusals(model)) for name, engine in table.items())


def _does_not_fit(report: FitReport, device_: Device) -> DifferenceError:
    too_big = (reason for engine in report.engines for reason in shortages(engine))
    return DifferenceError(
        f"The model does not fit {device_.name}.",
        where="; ".join(too_big),
        fix="Choose a larger device (`edgegen fit MODEL` compares them), or --force.",
    )


def shortages(engine: EngineFit) -> tuple[str, ...]:
    """What an engine needs more of than the device has, one sentence each."""
    return tuple(
        f"{engine.engine} needs {line.needed:,} bytes of {line.resource}, {line.largest}, and "
        f"there are {line.available:,} ({line.limit}; {line.known})"
        for line in engine.lines
        if line.verdict is Verdict.TOO_BIG
    )


def _place_in_project(model_path: Path) -> str:
    """Where a model is copied to: its own name, as far as every file system likes it."""
    stem = re.sub(r"[^A-Za-z0-9._ -]", "_", model_path.stem)[:100].strip(" .")
    return f"model/{stem or 'model'}{_suffix(model_path)}"


def _suffix(model_path: Path) -> str:
    return model_path.suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", model_path.suffix) else ""


def _renamed(model: Model, place: str) -> Model:
    """The model under its name in the project, so that `update` generates the same text."""
    path = PurePosixPath(place)
    return replace(model, name=path.stem, source=replace(model.source, file_name=path.name))


def _is_project(directory: Path) -> bool:
    try:
        return (directory / CONFIG).exists() or (directory / LOCK).exists()
    except OSError as error:
        raise UsageError(
            "The output folder cannot be read.", where=f"{directory}: {error.strerror}"
        ) from error


def _require_same(directory: Path, wanted: Config, model: Model, named: Collection[str]) -> None:
    """Scaffolding again is an update, unless it asks for another project.

    Args:
        named: Settings that were asked for by name.
    """
    found = configuration.read(directory)
    differing = []
    if wanted.device != found.device:
        differing.append(f"device {found.device}")
    if "name" in named and wanted.name != found.name:
        differing.append(f"name {found.name}")
    if "optimize_for" in named and wanted.optimize_for != found.optimize_for:
        differing.append(f"kernels chosen for {found.optimize_for}")
    if wanted.engines and wanted.engines != found.engines:
        differing.append(f"engines {', '.join(found.engines) or 'all that take the model'}")
    if wanted.inputs and wanted.inputs != found.inputs:
        differing.append(
            "another description of the inputs" if found.inputs else "no description of its inputs"
        )
    if wanted.serve and wanted.serve != found.serve:
        differing.append(f"to serve {', '.join(found.serve) or 'nothing'}")
    if wanted.labels and not found.labels:
        differing.append("no labels")
    if _digest(directory / found.model) != model.source.sha256:
        differing.append("another model")
    if differing:
        raise UsageError(
            f"There is a project already, with {', '.join(differing)}.",
            where=str(directory),
            fix=f"`edgegen update {directory} --model FILE` takes a new model; the rest is set in "
            f"its {CONFIG}. Or choose another folder with -o.",
        )


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _labels(sources: _Sources) -> tuple[str, ...]:
    if sources.labels is None:
        return ()
    elements = sources.model.tensors[sources.model.outputs[0]].elements
    return class_names.parse(sources.labels, elements, sources.config.labels)
