"""The command line: parses, calls `edgegen.api`, prints. The only module that prints or exits.

Imports of edgegen's own modules wait until a command needs them: `edgegen --help` must
answer at once, and numpy alone would take most of that time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgegen import __version__
from edgegen.errors import EdgegenError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgegen.project import Plan

# For completion only; the engines' own tables decide.
ENGINES = ("aot", "tflm", "litert", "onnxruntime", "openvino")
ARCHITECTURES = ("x86_64", "aarch64", "armv7l")
FORMATS = ("tar.gz", "deb", "rpm", "wheel")  # likewise, the device's
OPTIMIZE_FOR = ("latency", "memory", "size")  # likewise, edgegen.options'
CHUNKS_BY = ("size", "layer")  # likewise, edgegen.chunks'
BUG_EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED_EXIT_CODE = 130
MISSING_TOOL_EXIT_CODE = 3

app = typer.Typer(
    help="One trained model in, a native project out for every device: built, booted and compared "
    "with the model before anyone touches the hardware.\n\n"
    "\b\nExample:\n  edgegen scaffold --target cortex_m4 model.tflite -o firmware\n"
    "  edgegen verify firmware",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _complete_device(incomplete: str) -> list[str]:
    from edgegen import registry

    return [device for device in registry.device_ids() if device.startswith(incomplete)]


def _complete_engine(incomplete: str) -> list[str]:
    return [engine for engine in ENGINES if engine.startswith(incomplete)]


def _complete_architecture(incomplete: str) -> list[str]:
    return [each for each in ARCHITECTURES if each.startswith(incomplete)]


def _complete_format(incomplete: str) -> list[str]:
    return [each for each in FORMATS if each.startswith(incomplete)]


def _complete_strategy(incomplete: str) -> list[str]:
    return [each for each in CHUNKS_BY if each.startswith(incomplete)]


def _complete_optimize_for(incomplete: str) -> list[str]:
    return [each for each in OPTIMIZE_FOR if each.startswith(incomplete)]


ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A .tflite or .onnx file.", show_default=False)
]
DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen to each file; write nothing.")
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Overwrite generated files edited by hand; take a model that doesn't fit."
    ),
]
EngineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="One of the device's engines; repeat for several, the preferred one first.",
        autocompletion=_complete_engine,
        show_default=False,
    ),
]
InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input",
        metavar="FILE",
        help="TOML with [input.image] or [input.audio]: how the model's inputs are made from "
        "camera frames and samples; [input] alone for none of it. As the model's metadata says, by "
        "default.",
        show_default=False,
    ),
]
OptimizeForOption = Annotated[
    str | None,
    typer.Option(
        "--optimize-for",
        metavar="latency|memory|size",
        help="How aot chooses kernels: the fastest plan that fits the device's RAM (latency, the "
        "default), an arena as small as can be (memory), or the least flash (size).",
        autocompletion=_complete_optimize_for,
        show_default=False,
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        _say([f"edgegen {__version__}"])
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    del version  # its callback has answered


@app.command()
def inspect(
    model: ModelArgument,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="Show layer by layer how the aot engine runs it on a device (--target)."
        ),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="ID",
            help="Device id, for --plan.",
            autocompletion=_complete_device,
            show_default=False,
        ),
    ] = None,
    optimize_for: OptimizeForOption = None,
    input_file: InputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is in a model and which engines take it.

    With --input: whether the descriptions of its inputs fit, and the bytes of a frame.

    With --plan: the kernel of every layer, why none that comes before it, and where everything
    lies.

    JSON: {"model": {name, file, format, sha256, file_bytes, macs, weight_bytes,
    activation_peak_bytes, operators, inputs, outputs, tensors, nodes}, "engines": [{engine,
    takes, refusals}], "preprocessing": [{kind, source, raw_bytes, and the keys of its table}],
    "notes": [...]}

    JSON with --plan: {model, device, features, optimize_for, layers: [{node, operator, function,
    needs, refusals: [{needs, reason}], outputs: [{tensor, shape, removed_channels, bytes,
    arena_offset, shares}], macs, weight_bytes, table_bytes, scratch_bytes, scratch_offset,
    instructions}], macs, arena_bytes, arena_bound, weight_bytes, table_bytes, code: {bytes,
    known}, instructions: {count, known}}

    \b
    Example:
      edgegen inspect model.tflite --plan --target cortex_m4
    """
    from edgegen import api, present

    if plan != (target is not None):
        raise UsageError(
            "--plan and --target ID belong together.", fix="`edgegen devices` lists the ids."
        )
    if optimize_for is not None and not plan:
        raise UsageError("--optimize-for is about --plan here.")
    if input_file is not None and plan:
        raise UsageError("--input is not about --plan.")
    if target is not None:
        lowered = api.lowering(model, target, optimize_for)
        _report(as_json, lambda: asdict(lowered), lambda: present.lowering(lowered))
        return
    found = api.inspect(model, input_file)
    _report(as_json, lambda: present.inspection_data(found), lambda: present.inspection(found))


@app.command()
def devices(
    device: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="A device's id, to show all about it.",
            autocompletion=_complete_device,
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the devices, or show one in full.

    Every number comes with its source.

    JSON: a list of {id, name, cpu, features, flash_bytes, ram_bytes, storage_bytes, emulator,
    emulator_exact}, or one of them with {family, arch, interfaces, measurement, formats, memory,
    emulator, sources}

    \b
    Example:
      edgegen devices cortex_m4
    """
    from edgegen import api, present

    if device is None:
        rows = api.devices()
        _report(as_json, lambda: rows, lambda: present.devices(rows))
    else:
        details = api.device(device)
        _report(as_json, lambda: details, lambda: present.device(details))


@app.command()
def fit(
    model: ModelArgument,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="ID",
            help="Device id; repeat for several. All devices by default.",
            autocompletion=_complete_device,
            show_default=False,
        ),
    ] = None,
    inputs: InputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what a model needs with what devices have.

    Each number says how it is known. Exit 1 when a device is too small.

    JSON: a list of {model, device, ok, engines: [{engine, ok, refusals, notes, lines: [{resource,
    needed, complete, available, limit, is_guideline, share, known, verdict, parts}]}]}

    \b
    Example:
      edgegen fit model.tflite --target cortex_m4 --target nucleo_l4r5zi
    """
    from edgegen import api, present

    reports = api.fit(model, target or (), inputs)
    _report(
        as_json,
        lambda: [report.as_dict() for report in reports],
        lambda: [line for report in reports for line in [*present.fit(report), ""]][:-1],
    )
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


@app.command()
def scaffold(
    model: ModelArgument,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="ID",
            help="Device id; `edgegen devices` lists them.",
            autocompletion=_complete_device,
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Folder to make; the project's name by default.",
            show_default=False,
        ),
    ] = None,
    engine: EngineOption = None,
    optimize_for: OptimizeForOption = None,
    input_file: InputOption = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="Class names, one per line. Those of the model's metadata, by default.",
            show_default=False,
        ),
    ] = None,
    serve: Annotated[
        list[str] | None,
        typer.Option(
            "--serve",
            metavar="http|grpc",
            help="Protocol by which a Linux project answers requests; repeat for both.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Of the project and its symbols; made from the model's file name by default.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a project for a model on a device.

    Files below edgegen/ are generated and rewritten by `edgegen update`; all others are yours.

    JSON: {directory, written, stale, name, device, emitted, files: [{path, change, note}], engines,
    fit, preprocessing, notes}

    \b
    Example:
      edgegen scaffold --target cortex_m4 model.tflite -o firmware --labels labels.txt
    """
    from edgegen import api, present

    done = api.scaffold(
        model, target, output,
        engines=engine or (), optimize_for=optimize_for, inputs=input_file, labels=labels,
        serve=serve or (), name=name, dry_run=dry_run, force=force,
    )  # fmt: skip
    _report(as_json, lambda: present.outcome_data(done), lambda: present.outcome(done))
    _exit_if_blocked(done.plan, dry_run, force)


@app.command()
def update(
    directory: DirectoryArgument = Path(),
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", metavar="FILE", help="Replace the project's model file.", show_default=False
        ),
    ] = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a project's generated part up to date.

    Your own files keep every byte. Run it after a new model, a new edgegen, a change of
    edgegen.toml, or after `edgegen verify` has measured what the project needs. JSON: as for
    scaffold.

    \b
    Example:
      edgegen update firmware --model retrained.tflite
    """
    from edgegen import api, present

    done = api.update(directory, model_path=model, dry_run=dry_run, force=force)
    _report(as_json, lambda: present.outcome_data(done), lambda: present.outcome(done))
    _exit_if_blocked(done.plan, dry_run, force)


@app.command()
def diff(
    directory: DirectoryArgument = Path(),
    patch: Annotated[
        bool, typer.Option("-p", "--patch", help="Print the difference as a unified diff.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say whether a project is up to date.

    Exit 1 when `edgegen update` would change it, or is refused. Says, too, what only you can
    change, as `edgegen update` does.

    JSON: {directory, stale, files: [{path, change, note}], notes}

    \b
    Example:
      edgegen diff firmware
    """
    from edgegen import api, present, project

    found = api.diff(directory)

    def text() -> Iterable[str]:
        return project.diff(found.plan) if patch else present.difference(found)

    _report(as_json, lambda: present.difference_data(found), text)
    if found.plan.is_stale:
        raise typer.Exit(1)


@app.command()
def verify(
    directory: DirectoryArgument = Path(),
    engine: EngineOption = None,
    define: Annotated[
        list[str] | None,
        typer.Option(
            "-D",
            metavar="NAME=VALUE",
            help="Passed to CMake, such as FETCHCONTENT_SOURCE_DIR_TFLM=DIR; repeat for several.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build, run in the emulator, compare with the model.

    Firmware boots in a machine of QEMU. A Linux project runs its self-test here and in QEMU's user
    mode, engine by engine, on every architecture of its device, with the wheels that the device
    would install; then from its Debian package, and as a server that is sent requests. What that
    takes is downloaded once, without root, to $XDG_CACHE_HOME/edgegen.

    A web project is served on 127.0.0.1 and opened in headless Chromium, driven by Playwright
    (pip install 'edgegen[web]'): the self-test on every backend, then damaged, missing and cut off
    files, full storage, a browser without SIMD, and the page with the server killed. Runtimes of
    other projects are fetched from npm's registry where edgegen/vendor is empty.

    Writes evidence/report.json and evidence/report.md; exit 1 when anything differs. JSON: the
    contents of report.json.

    \b
    Example:
      edgegen verify firmware --engine aot
    """
    from edgegen import api, present

    with _progress() as step:
        report = api.verify(
            directory,
            engine or (),
            cmake_args=[f"-D{each}" for each in define or ()],
            progress=step,
        )
    _report(as_json, report.to_dict, lambda: present.report(report))
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def package(
    directory: DirectoryArgument = Path(),
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="tar.gz|deb|rpm|wheel",
            help="One of the device's formats; `edgegen devices ID` lists them.",
            autocompletion=_complete_format,
        ),
    ] = "tar.gz",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="File to write, or a folder for it; DIR/dist by default.",
            show_default=False,
        ),
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--arch",
            metavar="x86_64|aarch64|armv7l",
            help="One of a Linux device's; its first by default.",
            autocompletion=_complete_architecture,
            show_default=False,
        ),
    ] = None,
    vendor: Annotated[
        bool,
        typer.Option(
            "--vendor",
            help="Carry along what distributions lack: wheels of the engine, fetched by pip.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make an archive or a package to hand on.

    Firmware as sources; a Linux project as a program that installs. With manifest and bill of
    materials; the same files give the same bytes. Exit 1 when it is larger than the device's
    storage.

    JSON: {path, format, name, version, architecture, sha256, files, package_bytes,
    installed_bytes, storage_bytes, share, verdict, notes}

    \b
    Example:
      edgegen package firmware --format deb --arch aarch64 -o out
    """
    from edgegen import api, present

    with _progress() as step:
        made = api.package(
            directory, format, output, architecture=architecture, vendor=vendor, progress=step
        )
    _report(as_json, made.as_dict, lambda: present.package(made))


@app.command()
def keygen(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The private key's file; FILE.pub is the other."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Make a key that signs model updates.

    FILE is readable by you alone: whoever has it can change the model on every device that trusts
    it. FILE.pub goes to the devices, see [update] of the project's settings.

    JSON: {private_file, public_file, public, id}

    \b
    Example:
      edgegen keygen ~/keys/fleet
    """
    from edgegen import api, present

    made = api.make_key(path)
    _report(as_json, made.as_dict, lambda: present.key(made))


@app.command()
def bundle(
    directory: DirectoryArgument,
    key: Annotated[
        list[Path],
        typer.Option(
            "--key", metavar="FILE", help="A private key of `keygen`; repeat for several."
        ),
    ],
    number: Annotated[
        int,
        typer.Option(
            "--number",
            metavar="N",
            help="Version of the update: 1, 2, 3, ... Devices take nothing but a higher one.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="The bundle; NAME-N.update by default.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a Linux project's model as an update.

    For the devices that run the project: after `edgegen update` has taken a new model. Signed by
    several keys, it is taken by devices that trust any of them: so keys are changed. The
    same project, number and keys give the same bytes.

    JSON: {path, name, version, signers, bytes, sha256}

    \b
    Example:
      edgegen bundle app --key ~/keys/fleet --number 2
      scp app-2.update device: && ssh device sudo app update-model apply app-2.update
    """
    from edgegen import api, present

    made = api.bundle(directory, key, number, output)
    _report(as_json, made.as_dict, lambda: present.bundle(made))


@app.command()
def chunk(
    model: Annotated[
        Path | None, typer.Argument(metavar="MODEL", help="The file to cut.", show_default=False)
    ] = None,
    size: Annotated[
        str, typer.Option("--size", metavar="SIZE", help="Most of a chunk: 4MB, 512KiB, 65536.")
    ] = "4MB",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="size|layer",
            help="Where to cut: every SIZE bytes, or where a layer's constants end.",
            autocompletion=_complete_strategy,
        ),
    ] = "size",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Folder of the chunks, MODEL.chunks by default; with --join, the file.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify",
            metavar="DIR",
            help="Check the chunks of a folder (or of a manifest in it) instead.",
            show_default=False,
        ),
    ] = None,
    join: Annotated[
        Path | None,
        typer.Option(
            "--join",
            metavar="DIR",
            help="Put the file of a folder's chunks together instead, verified.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how it would be cut; write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Cut a model into content-addressed chunks.

    For loading piece by piece: a manifest and chunks/SHA256.bin beside it. A changed model shares
    the chunks that are the same.
    By layer, a chunk ends where the constants of a layer end in the file, and the manifest says
    which layers have something in it, in execution order.

    Exit 1 when --verify or --join meets a chunk that is missing or damaged.

    JSON: {manifest, name, bytes, sha256, strategy, size, chunks: [{sha256, bytes, offset, layers,
    new}], new_bytes, stale, written}

    JSON with --verify: {manifest, name, bytes, sha256, chunks, ok, problems}

    JSON with --join: {path, name, bytes, sha256}

    \b
    Example:
      edgegen chunk model.tflite --size 1MB --by layer -o public/model
      edgegen chunk --verify public/model
      edgegen chunk --join public/model -o copy.tflite
    """
    from edgegen import api, present

    if sum(each is not None for each in (model, verify, join)) != 1:
        raise UsageError("Give one of MODEL, --verify DIR and --join DIR.")
    if dry_run and model is None:
        raise UsageError("--dry-run is about cutting a MODEL.")
    if verify is not None:
        if output is not None:
            raise UsageError("--verify writes nothing: leave -o out.")
        found = api.check_chunks(verify)
        _report(as_json, found.as_dict, lambda: present.checked_chunks(found))
        if not found.ok:
            raise typer.Exit(1)
    elif join is not None:
        if output is None:
            raise UsageError("--join needs the file to write.", fix="Name it with -o FILE.")
        joined = api.join_chunks(join, output)
        _report(as_json, joined.as_dict, lambda: present.joined(joined))
    elif model is not None:
        made = api.chunk(model, size, by, output, dry_run=dry_run)
        _report(as_json, made.as_dict, lambda: present.chunked(made))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Say which toolchains and emulators are there.

    Exit 3 when one that a family of devices needs is missing.

    JSON: {ok, tools: [{name, version, purpose, install, needed_by: [family]}]}

    \b
    Example:
      edgegen doctor
    """
    from edgegen import api, present

    found = api.doctor()
    _report(as_json, lambda: present.diagnosis_data(found), lambda: present.diagnosis(found))
    if not found.ok:
        raise typer.Exit(MISSING_TOOL_EXIT_CODE)


def main() -> None:
    """Run the command line and exit: every error ends here."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown escaped, not a crash.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    code = _run()
    sys.exit(_flush() or code)


def _flush() -> int:
    """Hand everything to the reader; the exit code when it does not take it."""
    try:
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except OSError as error:
        # Python would try again at exit, and complain in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0 if isinstance(error, BrokenPipeError) else _refused(error)
    return 0


def _refused(error: OSError) -> int:
    """For what no code of ours foresaw: no memory, no process, no room behind the output."""
    refusal = EdgegenError(
        f"The system refused: {error.strerror or error}.", where=str(error.filename or "")
    )
    _complain(str(refusal))
    return refusal.exit_code


def _run() -> int | str | None:
    """The exit code."""
    try:
        app(prog_name="edgegen")
    except SystemExit as done:
        return done.code
    except EdgegenError as error:
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT_CODE
    except Exception as error:
        if isinstance(error, OSError) and os.environ.get("EDGEGEN_DEBUG") != "1":
            return _refused(error)
        return _confess(error)
    return 0


def _confess(error: Exception) -> int:
    if os.environ.get("EDGEGEN_DEBUG") == "1":
        import traceback

        _complain("".join(traceback.format_exception(error)))
    else:
        _complain(
            f"This is a bug in edgegen {__version__}, please report it: {type(error).__name__}: "
            f"{error}\n  fix:   run again with EDGEGEN_DEBUG=1 and add what it prints."
        )
    return BUG_EXIT_CODE


def _report(as_json: bool, data: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> None:
    if as_json:
        # ASCII only, so that no control character of a name reaches a terminal.
        print(json.dumps(data(), indent=2))
    else:
        _say(lines())


def _say(lines: Iterable[str]) -> None:
    from edgegen.present import printable

    for line in lines:
        print(printable(line))


def _complain(text: str) -> None:
    from edgegen.present import printable

    for number, line in enumerate(text.split("\n")):
        print(f"{'' if number else 'edgegen: '}{printable(line)}", file=sys.stderr)


def _exit_if_blocked(plan: Plan, dry_run: bool, force: bool) -> None:
    """A dry run exits as the run itself would."""
    from edgegen.project import Change

    conflicts = plan.having(Change.CONFLICT)
    if dry_run and conflicts and not (force and all(entry.forcible for entry in conflicts)):
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Says what is going on: in one line on a terminal, one after the other elsewhere."""
    from shutil import get_terminal_size

    from edgegen.present import printable

    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda text: print(printable(text), file=sys.stderr, flush=True)
        return

    def step(text: str) -> None:
        width = get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{printable(text)[:width]}")
        sys.stderr.flush()

    try:
        yield step
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
