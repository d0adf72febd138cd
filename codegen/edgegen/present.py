"""Results as lines of text for people, and as plain data for --json. Nothing here prints."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from edgegen import inputs

if TYPE_CHECKING:
    from edgegen.api import DescribedInput, EngineVerdict, Inspection, Outcome
    from edgegen.bundle import Bundle, KeyPair
    from edgegen.chunk_files import Checked, Chunked, Joined
    from edgegen.doctor import Diagnosis
    from edgegen.engines.aot.plan import Layer, Place
    from edgegen.engines.aot.plan import Plan as Lowering
    from edgegen.fit import EngineFit, FitReport
    from edgegen.packaging import Package
    from edgegen.project import Plan
    from edgegen.verify import Evidence
    from edgegen.verify.cortex_m.report import EngineFacts
    from edgegen.verify.cortex_m.report import Report as FirmwareReport
    from edgegen.verify.linux.report import EngineFacts as LinuxEngineFacts
    from edgegen.verify.linux.report import Report as LinuxReport
    from edgegen.verify.web.report import Report as WebReport


def printable(line: str) -> str:
    """A line that a terminal shows as it is: names in a model are anybody's bytes."""
    return "".join(
        char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in line
    )


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()
) -> list[str]:
    """Aligned columns; those listed in ``right`` hold numbers."""
    lines = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in lines
    ]


def indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


# inspect


def inspection(found: Inspection) -> list[str]:
    facts = found.facts
    operators = [
        [row["operator"], str(row["version"]), str(row["count"])] for row in facts["operators"]
    ]
    return [
        f"{facts['file']}: {facts['format']}, {facts['file_bytes']:,} bytes",
        f"sha256 {facts['sha256']}",
        "",
        f"multiply-accumulates  {_known(facts['macs'])}",
        f"weights               {_known(facts['weight_bytes'], ' bytes')}",
        f"activation peak       {_known(facts['activation_peak_bytes'], ' bytes')}",
        f"tensors               {len(facts['tensors'])}",
        "",
        *table(["operator", "version", "count"], operators, right=(1, 2)),
        "",
        *table(["", "tensor", "type", "shape", "scale", "zero point"], _interface_rows(facts)),
        "",
        *preprocessing(found.inputs),
        *engines(found.engines),
        *(f"note: {text}" for text in found.notes),
    ]


def _known(number: int | None, unit: str = "") -> str:
    return "not known" if number is None else f"{number:,}{unit}"


def preprocessing(described: Iterable[DescribedInput]) -> list[str]:
    """How the model's inputs are made; a line with the bytes, then the keys."""
    lines = []
    for each in described:
        lines += [_raw(each), *indented(inputs.lines(each.description)), ""]
    return lines


def _raw(each: DescribedInput) -> str:
    given = {
        "image": f"an image, {each.raw_bytes:,} bytes a frame",
        "audio": f"sound, {each.raw_bytes:,} bytes of samples",
    }[inputs.kind(each.description)]
    return f"input {each.description.tensor} from {given} ({each.source})"


def _interface_rows(facts: Any) -> list[list[str]]:
    rows = [("input", tensor) for tensor in facts["inputs"]]
    rows += [("output", tensor) for tensor in facts["outputs"]]
    return [[role, *_tensor_cells(tensor)] for role, tensor in rows]


def _tensor_cells(tensor: Any) -> list[str]:
    shape = " x ".join(str(size) for size in tensor["shape"]) or "scalar"
    name = tensor["name"] if len(tensor["name"]) <= 40 else f"{tensor['name'][:37]}..."
    quant = tensor["quantization"] or {"scale": [], "zero_point": []}
    scale, zero_point = (
        str(values[0]) if len(values) == 1 else f"{len(values)} values" if values else "-"
        for values in (quant["scale"], quant["zero_point"])
    )
    return [name, tensor["dtype"], shape, scale, zero_point]


def engines(verdicts: Iterable[EngineVerdict]) -> list[str]:
    lines = []
    for verdict in verdicts:
        if verdict.refusals:
            lines.append(f"engine {verdict.engine} refuses the model:")
            lines += indented(str(reason) for reason in verdict.refusals)
        else:
            lines.append(f"engine {verdict.engine} takes the model")
    return lines


def inspection_data(found: Inspection) -> dict[str, Any]:
    return {
        "model": dict(found.facts),
        "engines": _engines_data(found.engines),
        "preprocessing": _preprocessing_data(found.inputs),
        "notes": list(found.notes),
    }


def _preprocessing_data(described: Iterable[DescribedInput]) -> list[dict[str, Any]]:
    return [
        {
            "kind": inputs.kind(each.description),
            "source": each.source,
            "raw_bytes": each.raw_bytes,
            **inputs.values(each.description),
        }
        for each in described
    ]


def _engines_data(verdicts: Iterable[EngineVerdict]) -> list[dict[str, Any]]:
    return [
        {
            "engine": verdict.engine,
            "takes": not verdict.refusals,
            "refusals": [
                {"code": r.code, "where": r.where, "cause": r.cause, "fix": r.fix}
                for r in verdict.refusals
            ],
        }
        for verdict in verdicts
    ]


# inspect --plan


def lowering(found: Lowering) -> list[str]:
    features = ", ".join(found.features) or "no special instructions"
    head = ["node", "operator", "kernel", "output", "channels", "MACs", "instructions"]
    head += ["weights", "tables", "scratch", "arena", "bytes"]
    refusals = _kernel_refusals(found)
    why = ["kernels that come before the chosen one", *indented(refusals), ""] if refusals else []
    code = "" if found.code.bytes is None else f"{found.code.bytes:,} bytes, "
    count = found.instructions.count
    instructions = "" if count is None else f"{count:,} per inference, "
    return [
        f"{found.model} by aot on {found.device} ({features}), for {found.optimize_for}",
        "",
        *table(head, map(_layer_cells, found.layers), right=(0, *range(4, 12))),
        "",
        *why,
        f"multiply-accumulates  {found.macs:,}",
        f"instructions          {instructions}{found.instructions.known}",
        f"arena                 {found.arena_bytes:,} bytes (a layer by itself needs up "
        f"to {found.arena_bound:,})",
        f"weights               {found.weight_bytes:,} bytes",
        f"code                  {code}{found.code.known}; {found.table_bytes:,} of it tables",
    ]


def _layer_cells(layer: Layer) -> list[str]:
    first, *more = layer.outputs
    shape = " x ".join(map(str, first.shape)) or "scalar"
    return [
        str(layer.node),
        layer.operator,
        layer.function or "none: the same bytes",
        f"{shape} and {len(more)} more" if more else shape,
        _channels(first),
        f"{layer.macs:,}" if layer.macs else "-",
        "not known" if layer.instructions is None else f"{layer.instructions:,}",
        *(f"{n:,}" if n else "-" for n in (layer.weight_bytes, layer.table_bytes)),
        f"{layer.scratch_bytes:,}" if layer.scratch_bytes else "-",
        "flash" if first.arena_offset is None else f"at {first.arena_offset:,}",
        f"{sum(output.bytes for output in layer.outputs):,}",
    ]


def _channels(place: Place) -> str:
    if not place.removed_channels:
        return "all"
    return f"{place.shape[-1]} of {place.shape[-1] + place.removed_channels}"


def _kernel_refusals(found: Lowering) -> list[str]:
    """Each reason once, with the layers that it holds for."""
    nodes: dict[tuple[str, str, str], list[str]] = {}
    for layer in found.layers:
        for refusal in layer.refusals:
            kernel = "+".join(refusal.needs) or "portable"
            nodes.setdefault((layer.operator, kernel, refusal.reason), []).append(str(layer.node))
    return [
        f"{kernel} {operator}: {reason} (node {', '.join(where)})"
        for (operator, kernel, reason), where in nodes.items()
    ]


# devices


def devices(rows: Iterable[Any]) -> list[str]:
    """One table per family, in the order of the rows."""
    families: dict[str, list[Any]] = {}
    for row in rows:
        families.setdefault(row["family"], []).append(row)
    tables = [_FAMILY_TABLES[family](members) for family, members in families.items()]
    return [line for each in tables for line in [*each, ""]][:-1]


def _microcontrollers(rows: Iterable[Any]) -> list[str]:
    from edgegen.registry import format_bytes

    return table(
        ["cortex_m", "name", "core", "flash", "RAM", "emulator"],
        [
            [
                row["id"],
                row["name"],
                row["cpu"],
                format_bytes(row["flash_bytes"]),
                format_bytes(row["ram_bytes"]),
                _emulator(row),
            ]
            for row in rows
        ],
        right=(3, 4),
    )


def _linux_computers(rows: Iterable[Any]) -> list[str]:
    from edgegen.registry import format_bytes

    return table(
        ["linux", "name", "architectures", "storage", "RAM", "engines"],
        [
            [
                row["id"],
                row["name"],
                " ".join(row["architectures"]),
                format_bytes(row["storage_bytes"]),
                format_bytes(row["ram_bytes"]),
                " ".join(row["engines"]),
            ]
            for row in rows
        ],
        right=(3, 4),
    )


def _browsers(rows: Iterable[Any]) -> list[str]:
    from edgegen.registry import format_bytes

    return table(
        ["web", "name", "first visit", "model", "features", "engines"],
        [
            [
                row["id"],
                row["name"],
                format_bytes(row["storage_bytes"]),
                format_bytes(row["model_bytes"]),
                " ".join(row["features"]),
                " ".join(row["engines"]),
            ]
            for row in rows
        ],
        right=(2, 3),
    )


_FAMILY_TABLES = {"cortex_m": _microcontrollers, "linux": _linux_computers, "web": _browsers}


def _emulator(row: Any) -> str:
    if row["emulator"] is None:
        return "-"
    return f"{row['emulator']}{'' if row['emulator_exact'] else ' (same core)'}"


def device(details: Any) -> list[str]:
    from edgegen.registry import format_bytes

    facts, more = _ABOUT[details["family"]](details)
    rows = [
        ("family", details["family"]),
        *facts,
        ("RAM", format_bytes(details["ram_bytes"])),
        ("storage", format_bytes(details["storage_bytes"])),
        ("interfaces", ", ".join(details["interfaces"])),
        ("measurement", ", ".join(details["measurement"])),
        ("formats", ", ".join(details["formats"])),
    ]
    lines = [f"{details['id']}: {details['name']}", ""]
    lines += [f"{key:<14}{value}" for key, value in rows] + more
    sources = [[key, text] for key, text in details["sources"].items()]
    return [*lines, "", "where the numbers come from", *indented(table(["", ""], sources)[1:])]


_Facts = tuple[list[tuple[str, str]], list[str]]


def _microcontroller(details: Any) -> _Facts:
    from edgegen.registry import format_bytes

    facts = [
        ("core", f"{details['cpu']} ({details['arch']})"),
        ("features", ", ".join(details["features"]) or "none"),
        ("flash", format_bytes(details["flash_bytes"])),
    ]
    lines = ["", "memory", *_regions(details["memory"])]
    if details["emulator"] is not None:
        kind = "this device's own map" if details["emulator"]["exact"] else "same core, other map"
        lines += ["", f"emulator {details['emulator']['machine']} ({kind})"]
        lines += _regions(details["emulator"]["memory"])
    return facts, lines


def _linux_computer(details: Any) -> _Facts:
    facts = [("core", details["cpu"]), ("engines", ", ".join(details["engines"]))]
    rows = [
        [each["name"], each["emulated_cpu"] or "none needed"] for each in details["architectures"]
    ]
    return facts, ["", "architectures", *indented(table(["", "QEMU's -cpu"], rows))]


def _browser(details: Any) -> _Facts:
    from edgegen.registry import format_bytes

    facts = [
        ("core", details["cpu"]),
        ("engines", ", ".join(details["engines"])),
        ("model", format_bytes(details["model_bytes"])),
    ]
    rows = [[each["name"], each["since"]] for each in details["features"]]
    return facts, ["", "features", *indented(table(["", "since version"], rows))]


_ABOUT: dict[str, Callable[[Any], _Facts]] = {
    "cortex_m": _microcontroller,
    "linux": _linux_computer,
    "web": _browser,
}


def _regions(regions: Iterable[Any]) -> list[str]:
    from edgegen.registry import format_bytes

    rows = [
        [r["name"], r["kind"], f"{r['origin']:#010x}", format_bytes(r["length"])] for r in regions
    ]
    return indented(table(["region", "kind", "from", "size"], rows, right=(3,)))


# fit


def fit(report: FitReport) -> list[str]:
    lines = [f"{report.model} on {report.device}: {'fits' if report.ok else 'does not fit'}"]
    rows = []
    for engine in report.engines:
        rows += [
            [
                engine.engine,
                line.resource,
                f"{'' if line.complete else '>= '}{line.needed:,}",
                f"{line.available:,}",
                f"{line.share:.0%}",
                line.verdict.value,
                line.known,
            ]
            for line in engine.lines
        ]
    head = ["engine", "resource", "needed", "available", "share", "verdict", "how it is known"]
    lines += indented(table(head, rows, right=(2, 3, 4))) if rows else []
    for engine in report.engines:
        lines += indented(f"{engine.engine} refuses: {reason}" for reason in engine.refusals)
        lines += indented(f"{engine.engine}: {note}" for note in engine.notes)
    return lines


# scaffold, update, diff


def outcome(done: Outcome) -> list[str]:
    """What a run did, or would do: every file before, what changed after."""
    is_new = all(entry.change.value == "create" for entry in done.plan.entries)
    lines = _created(done.plan) if done.written and is_new else plan(done.plan, done.written)
    lines += [f"engines: {', '.join(done.emitted)}"]
    if not done.config.engines:  # nobody has asked for less
        others = [v for v in done.engines if v.engine not in done.emitted]
        if possible := [v.engine for v in others if not v.refusals]:
            lines += [f"also possible (--engine): {', '.join(possible)}"]
        # That an engine reads other formats is no news to somebody who did not ask for it.
        refusing = [v.engine for v in others if any(r.code != "EG220" for r in v.refusals)]
        if refusing:
            lines += [f"not possible (`edgegen inspect` says why): {', '.join(refusing)}"]
    lines += [_raw(each) for each in done.inputs]
    lines += warnings(done.fit)
    lines += _notes(done)
    if not done.written:
        return [*lines, "dry run: nothing was written"]
    return lines + (_next_commands(done) if done.plan.is_stale else [])


def _next_commands(done: Outcome) -> list[str]:
    place = shlex.quote(str(done.plan.directory))
    by_hand = {
        "cortex_m": "cmake --preset qemu && cmake --build --preset qemu && ctest --preset qemu",
        "linux": f"pip install . && {done.config.name} selftest",
        "web": f"{_vendoring(done)}python3 -m http.server  # then open the address that it prints",
    }
    lines = ["", "next:", f"  edgegen verify {place}"]
    if done.device.family in by_hand:
        there = "" if place == "." else f"cd {place} && "
        lines.append(f"  {there}{by_hand[done.device.family]}")
    return lines


def _vendoring(done: Outcome) -> str:
    """Commands that bring the libraries of others, which some engines need in a site."""
    from edgegen.engines.web_libraries import LIBRARIES

    commands = "npm install --ignore-scripts && npm run vendor && "
    return commands if LIBRARIES.keys() & set(done.emitted) else ""


def _created(made: Plan) -> list[str]:
    """New files by folder, two levels deep."""
    counts = Counter(
        "/".join(PurePosixPath(entry.path).parts[:-1][:2]) or "." for entry in made.entries
    )
    rows = [[f"{folder}/", f"{count} file{'s' * (count > 1)}"] for folder, count in counts.items()]
    return [f"created {made.directory}", *indented(table(["", ""], sorted(rows))[1:])]


def plan(made: Plan, only_changed: bool = False) -> list[str]:
    """One line per file, then the sum."""
    counts = Counter(entry.change.value for entry in made.entries)
    rows = [
        [entry.change.value, entry.path, entry.note]
        for entry in made.entries
        if not only_changed or entry.change.value not in ("identical", "kept")
    ]
    total = ", ".join(f"{count} {change}" for change, count in sorted(counts.items()))
    return [*table(["", "", ""], rows)[1:], f"{made.directory}: {total}"]


def difference(found: Outcome) -> list[str]:
    """What an update would change, and what it would say."""
    return [*plan(found.plan, only_changed=True), *_notes(found)]


def difference_data(found: Outcome) -> dict[str, Any]:
    return {**plan_data(found.plan), "notes": list(found.notes)}


def _notes(done: Outcome) -> list[str]:
    return [f"note: {text}" for text in done.notes]


def warnings(report: FitReport) -> list[str]:
    return [f"warning: {text}" for engine in report.engines for text in _concerns(engine)]


def _concerns(engine: EngineFit) -> list[str]:
    from edgegen.api import shortages
    from edgegen.fit import Verdict

    tight = [
        f"{engine.engine} takes {line.share:.0%} of the {line.resource} ({line.needed:,} of "
        f"{line.available:,} bytes)"
        for line in engine.lines
        if line.verdict is Verdict.TIGHT
    ]
    beyond = [
        f"{engine.engine} needs {line.needed:,} bytes of {line.resource}, more than the "
        f"{line.limit} ({line.available:,})"
        for line in engine.lines
        if line.verdict is Verdict.BEYOND
    ]
    return [*shortages(engine), *tight, *beyond]


def outcome_data(done: Outcome) -> dict[str, Any]:
    return {
        **plan_data(done.plan),
        "written": done.written,
        "name": done.config.name,
        "device": done.device.id,
        "emitted": list(done.emitted),
        "engines": _engines_data(done.engines),
        "fit": done.fit.as_dict(),
        "preprocessing": _preprocessing_data(done.inputs),
        "notes": list(done.notes),
    }


def plan_data(made: Plan) -> dict[str, Any]:
    return {
        "directory": str(made.directory),
        "stale": made.is_stale,
        "files": [
            {"path": entry.path, "change": entry.change.value, "note": entry.note}
            for entry in made.entries
        ],
    }


# verify


def report(made: Evidence) -> list[str]:
    from edgegen.verify.cortex_m.report import Report as FirmwareReport
    from edgegen.verify.linux.report import Report as LinuxReport
    from edgegen.verify.web.report import Report as WebReport

    if isinstance(made, FirmwareReport):
        return _firmware_report(made)
    if isinstance(made, LinuxReport):
        return _linux_report(made)
    if isinstance(made, WebReport):
        return _web_report(made)
    raise TypeError(type(made))


def _firmware_report(made: FirmwareReport) -> list[str]:
    rows = [[name, *_engine_cells(facts)] for name, facts in made.engines.items()]
    head = ["engine", "status", "vectors", "bit-exact", "max diff", "instructions", "flash", "RAM"]
    lines = table(head, rows, right=(2, 4, 5, 6, 7))
    lines += [text for name, facts in made.engines.items() for text in _preprocessing(name, facts)]
    lines += [f"{name}: {f.reason}" for name, f in made.engines.items() if f.reason]
    lines += [f"note: {made.device.notice}"] if made.device.notice else []
    lines += [f"edited by hand: {path}" for path in made.sources.edited]
    return lines


def _preprocessing(engine: str, facts: EngineFacts) -> list[str]:
    return [
        f"{engine}: raw bytes to input {each.input}: {each.identical} of {each.vectors} vectors "
        f"identical, {each.instructions:,} instructions each"
        for each in facts.preprocessing
    ]


def _engine_cells(facts: EngineFacts) -> list[str]:
    if not facts.verified:
        return [facts.status, *["-"] * 6]
    return [
        facts.status,
        str(facts.vectors),
        "yes" if facts.bit_exact else "no",
        f"{facts.max_abs_diff:g}",
        f"{facts.instructions_per_inference:,}",
        f"{facts.flash.total:,}" if facts.flash else "-",
        f"{facts.ram.total:,}" if facts.ram else "-",
    ]


# package


def package(made: Package) -> list[str]:
    from edgegen.fit import Verdict

    lines = [
        str(made.path),
        f"sha256     {made.sha256}",
        f"package    {made.package_bytes:,} bytes",
        f"installed  {made.installed_bytes:,} bytes on disk, {made.files} files",
        f"storage    {made.share:.0%} of {made.storage_bytes:,} bytes",
    ]
    if made.verdict is Verdict.TIGHT:
        lines.append("warning: it leaves less than a fifth of the device's storage")
    return lines + [f"note: {text}" for text in made.notes]


def _linux_report(made: LinuxReport) -> list[str]:
    rows = [
        [architecture, engine, *_linux_cells(facts)]
        for architecture, computer in made.computers.items()
        for engine, facts in computer.engines.items()
    ]
    head = ["machine", "engine", "status", "vectors", "bit-exact", "max diff", "measure"]
    lines = table(head, rows, right=(3, 5))
    for architecture, computer in made.computers.items():
        lines.append(f"{architecture}: {computer.machine}")
        verdicts = [
            each for each in computer.verdicts() if each[2] or not each[0].startswith("eng")
        ]
        lines += indented(f"{w}: {s}{f': {r}' if r else ''}" for w, s, r in verdicts)
    lines += [f"{each}: not run: {reason}" for each, reason in made.not_run.items()]
    if made.service is not None:
        why = made.service.reason or f"exposure {made.service.exposure} of 10"
        lines.append(f"service: {made.service.status}: {why}")
    lines += [f"edited by hand: {path}" for path in made.sources.edited]
    return lines


def _web_report(made: WebReport) -> list[str]:
    rows = [[backend, *_linux_cells(facts)] for backend, facts in made.backends.items()]
    head = ["backend", "status", "vectors", "bit-exact", "max diff", "measure"]
    lines = table(head, rows, right=(2, 4))
    lines.append(made.browser)
    lines += indented(f"{name}: {f.reason}" for name, f in made.backends.items() if f.reason)
    for title, checks in (("faults", made.model_checks), ("page", made.page_checks)):
        passed = sum(each.status == "pass" for each in checks)
        lines.append(
            f"{title}: {passed} of {len(checks)} passed" if checks else f"{title}: not tried"
        )
        lines += indented(f"{each.status}: {each.reason}" for each in checks if each.reason)
    if made.download is not None:
        lines.append(
            f"first visit: {made.download.sent:,} bytes sent with {made.download.compression}, "
            f"guideline {made.download.guideline:,}"
        )
    lines += [f"edited by hand: {path}" for path in made.sources.edited]
    return lines


def _linux_cells(facts: LinuxEngineFacts) -> list[str]:
    if not facts.outputs:
        return [facts.status, *["-"] * 4]
    largest = [each.max_abs_diff for each in facts.outputs]
    measured = [f"{each.measure} {_number(each.difference)}" for each in facts.outputs]
    return [
        facts.status,
        str(facts.vectors),
        "yes" if facts.bit_exact else "no",
        _number(None if None in largest else max(each or 0.0 for each in largest)),
        ", ".join(dict.fromkeys(measured)),
    ]


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.3g}"


# keygen, bundle


def key(made: KeyPair) -> list[str]:
    return [
        f"private  {made.private_file} (keep it to yourself, and a copy in a safe place)",
        f"public   {made.public_file}",
        f"         {made.public}",
        f"id       {made.id}",
    ]


def bundle(made: Bundle) -> list[str]:
    return [
        str(made.path),
        f"sha256   {made.sha256}",
        f"version  {made.version} of {made.name}, {made.bytes:,} bytes",
        f"signed   by key {', '.join(made.signers)}",
    ]


# chunk


def chunked(made: Chunked) -> list[str]:
    manifest = made.manifest
    rows = [
        [
            f"{each.offset:,}",
            f"{each.bytes:,}",
            "-" if each.layers is None else "{}-{}".format(*each.layers),
            each.sha256[:16],
            "new" if each.sha256 in made.new else "there",
        ]
        for each in manifest.chunks[:_CHUNKS_SHOWN]
    ]
    hidden = len(manifest.chunks) - len(rows)
    lines = table(["offset", "bytes", "layers", "sha256", ""], rows, right=(0, 1))
    lines += [f"... and {hidden:,} more"] if hidden else []
    lines += [
        f"{made.manifest_file}: {manifest.bytes:,} bytes in {len(manifest.chunks):,} chunks by "
        f"{manifest.strategy}, {made.new_bytes:,} of them new",
    ]
    if made.stale:
        lines.append(
            f"note: {len(made.stale):,} chunks there belong to no manifest any more, such as "
            f"{made.stale[0]}"
        )
    return lines if made.written else [*lines, "dry run: nothing was written"]


_CHUNKS_SHOWN = 40


def checked_chunks(found: Checked) -> list[str]:
    manifest = found.manifest
    if found.ok:
        return [
            f"{found.manifest_file}: all {len(manifest.chunks):,} chunks are right",
            f"{manifest.name}  {manifest.bytes:,} bytes, sha256 {manifest.sha256}",
        ]
    shown = list(found.problems[:_CHUNKS_SHOWN])
    hidden = len(found.problems) - len(shown)
    lines = [f"{found.manifest_file}: {manifest.name} cannot be put together", *indented(shown)]
    return [*lines, f"  ... and {hidden:,} more"] if hidden else lines


def joined(made: Joined) -> list[str]:
    return [f"{made.path}", f"sha256  {made.manifest.sha256}, {made.manifest.bytes:,} bytes"]


# doctor


def diagnosis(found: Diagnosis) -> list[str]:
    rows = [
        [
            each.name,
            each.version or ("MISSING" if each.needed_by else "not there"),
            each.purpose,
            "" if each.version else each.install,
        ]
        for each in found.findings
    ]
    head = ["tool", "version", "what it is for", "to install"]
    return [*table(head, rows), "", *_verdicts(found)]


def _verdicts(found: Diagnosis) -> Iterable[str]:
    from edgegen.doctor import FAMILIES

    for family in FAMILIES:
        absent = [each.name for each in found.missing if family in each.needed_by]
        if absent:
            yield f"Missing for {family}: {', '.join(absent)}."
        else:
            yield f"Everything that {family} needs is there."


def diagnosis_data(found: Diagnosis) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "tools": [
            {
                "name": each.name,
                "version": each.version,
                "purpose": each.purpose,
                "install": each.install,
                "needed_by": list(each.needed_by),
            }
            for each in found.findings
        ],
    }
