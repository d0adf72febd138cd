"""Measures the reference models on every emulated core and keeps the ledger of what they cost.

    python benchmarks/ledger.py [--model NAME]... [--device ID]... [-D NAME=VALUE]...

`make ledger` measures everything and writes benchmarks/ledger.json and docs/ledger.md; with
--model or --device the tables of those are printed, and nothing is written. A test measures some
of it again and fails where the ledger says otherwise.

Rows of edgegen come from `edgegen verify`. So do rows of TensorFlow Lite Micro when its sources
are given (-D FETCHCONTENT_SOURCE_DIR_TFLM=DIR and so on for all it needs); otherwise the page
carries them from benchmarks/tflm_cortex_m.json, which says how they were found.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgegen import analysis, api, frontends, registry, verify
from edgegen.verify.cortex_m.report import EngineFacts, LayerFacts, Report

ROOT = Path(__file__).resolve().parent.parent
CARRIED = ROOT / "benchmarks" / "tflm_cortex_m.json"
LEDGER = ROOT / "benchmarks" / "ledger.json"
PAGE = ROOT / "docs" / "ledger.md"

MODELS = (
    "mlperf_tiny_ad_autoencoder_int8",
    "mlperf_tiny_ic_resnet8_int8",
    "mlperf_tiny_kws_dscnn_int8",
    "mlperf_tiny_vww_mobilenet_int8",
    "tflm_hello_world_int8",
)
# The Pico stands for the Cortex-M0+: the generic device has too little memory for two models.
DEVICES = ("cortex_m4", "cortex_m7", "cortex_m33", "cortex_m55", "cortex_m3", "rp2040_pico")
LAYOUTS = ("latency", "memory")
"""What `aot` is asked to optimise for: the fast layout and the small one."""

CARRIED_KERNELS = ("cmsis_nn, int8 registrations only", "reference")
"""What an expert would ship, and what there is for cores that have nothing better."""

TOLERANCE = 0.01
"""Relative change of a figure that the ledger is compared with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one core with one engine; sizes in bytes.

    Attributes:
        layout: What `aot` was asked to optimise for; "" for another engine.
        kernels: Which kernels an engine with a choice was built with; "" for `aot`.
        bit_exact: None where a carried row does not say.
        macs: Multiply-accumulates of the model as it came.
        resolution: Step of the clock that the instructions were read from.
        code: Flash without weights (`aot`) or model file (`tflm`).
        measured: "verify", or the file that the row is carried from.
    """

    model: str
    cpu: str
    engine: str
    layout: str
    kernels: str
    macs: int
    bit_exact: bool | None
    activations_compared: int
    instructions: int
    resolution: int
    init_instructions: int
    code: int
    weights: int
    arena: int
    data_bss: int
    stack: int
    measured: str
    layers: tuple[LayerFacts, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.model, self.cpu, self.engine, self.layout

    @property
    def flash(self) -> int:
        return self.code + self.weights

    @property
    def ram(self) -> int:
        return self.arena + self.data_bss + self.stack


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    wanted = list(itertools.product(options.model or MODELS, options.device or DEVICES, LAYOUTS))
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        define = itertools.repeat(options.define)
        reports = list(workers.map(measure, *zip(*wanted, strict=True), define))
    rows = [
        row
        for (model, _, layout), report in zip(wanted, reports, strict=True)
        for row in rows_of(model, layout, report)
    ]
    if options.model or options.device:
        print(tables([*rows, *carried_rows(rows)]))
        return 0
    LEDGER.write_text(to_json(tools(reports), rows), encoding="utf-8", newline="\n")
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {LEDGER.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", action="append", help="measure and print only this one")
    parser.add_argument("--device", action="append", help="measure and print only this one")
    parser.add_argument("-D", dest="define", action="append", default=[], help="passed to CMake")
    return parser.parse_args(arguments)


# Measuring


def measure(model: str, device: str, layout: str, defines: Sequence[str]) -> Report:
    """Scaffold and verify; stops everything when the model is not verified."""
    print(f"{model} on {device}, {layout}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="edgegen-ledger-") as folder:
        project = Path(folder) / model
        engines = ["aot", "tflm"] if defines and layout == LAYOUTS[0] else ["aot"]
        api.scaffold(model_file(model), device, project, engines=engines, optimize_for=layout)
        report = verify.run(project, cmake_args=[f"-D{each}" for each in defines])
    if not report.ok:
        reasons = {name: engine.reason for name, engine in report.engines.items()}
        raise SystemExit(f"{model} on {device} is not verified: {reasons}")
    return report


def model_file(model: str) -> Path:
    folder = Path(os.environ.get("EDGEGEN_MODELS") or ROOT.parent / "shared" / "models")
    return folder / f"{model}.tflite"


def rows_of(model: str, layout: str, report: Report) -> list[Row]:
    source = frontends.load(model_file(model))
    macs = sum(analysis.macs(source, op) for op in source.ops)
    cpu = registry.load_device(report.device.id).cpu
    return [
        _row(model, cpu, engine, layout if engine == "aot" else "", macs, facts)
        for engine, facts in report.engines.items()
        if facts.verified
    ]


def _row(model: str, cpu: str, engine: str, layout: str, macs: int, facts: EngineFacts) -> Row:
    assert facts.flash is not None
    assert facts.ram is not None
    return Row(
        model=model,
        cpu=cpu,
        engine=engine,
        layout=layout,
        kernels=facts.kernels,
        macs=macs,
        bit_exact=facts.bit_exact,
        activations_compared=facts.activations_compared,
        instructions=facts.instructions_per_inference,
        resolution=facts.instructions_resolution,
        init_instructions=facts.init_instructions,
        code=facts.flash.code,
        weights=facts.flash.weights,
        arena=facts.arena.smallest_bytes if facts.arena else facts.ram.arena,
        data_bss=facts.ram.data + facts.ram.bss,
        stack=facts.ram.stack_peak,
        measured="verify",
        layers=facts.layers,
    )


def tools(reports: Iterable[Report]) -> dict[str, list[str]]:
    """What the numbers depend on besides edgegen itself."""
    chains = [
        engine.toolchain
        for report in reports
        for engine in report.engines.values()
        if engine.toolchain
    ]
    return {
        "compilers": sorted({chain.compiler for chain in chains}),
        "emulators": sorted({chain.emulator for chain in chains}),
    }


# The ledger's file: a line per row and per layer, so that a difference can be read.


def to_json(facts: Mapping[str, Any], rows: Iterable[Row]) -> str:
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    return "\n".join(["{", *lines, '  "rows": [', ",\n".join(map(_row_json, rows)), "  ]", "}\n"])


def _row_json(row: Row) -> str:
    facts = asdict(row)
    layers = ",\n".join(f"      {json.dumps(layer)}" for layer in facts.pop("layers"))
    return f'    {json.dumps(facts)[:-1]}, "layers": [\n{layers}\n    ]}}'


def recorded_tools() -> dict[str, list[str]]:
    facts = json.loads(LEDGER.read_text(encoding="utf-8"))
    return {key: value for key, value in facts.items() if key != "rows"}


def recorded() -> list[Row]:
    """The rows of benchmarks/ledger.json."""
    rows = json.loads(LEDGER.read_text(encoding="utf-8"))["rows"]
    return [
        Row(**(row | {"layers": tuple(LayerFacts(**layer) for layer in row["layers"])}))
        for row in rows
    ]


def changes(before: Row, now: Row) -> list[str]:
    """What a row says differently from the ledger's, beyond the tolerance; for people."""
    figures = [
        ("instructions", before.instructions, now.instructions, 2 * now.resolution),
        ("bytes of code", before.code, now.code, 16),
        ("bytes of arena", before.arena, now.arena, 0),
    ]
    return [
        f"{now.model} on {now.cpu} ({now.layout}): {new:,} {what}, {old:,} in the ledger: "
        + ("a regression" if new > old else "better, so run `make ledger`")
        for what, old, new, slack in figures
        if abs(new - old) > max(TOLERANCE * old, slack)
    ]


# Rows of TensorFlow Lite Micro that were measured elsewhere


def carried_rows(measured: Sequence[Row]) -> list[Row]:
    """TFLM's best for every model and core measured, as far as it was not measured too."""
    wanted = {(row.model, row.cpu) for row in measured}
    wanted -= {(row.model, row.cpu) for row in measured if row.engine == "tflm"}
    facts = json.loads(CARRIED.read_text(encoding="utf-8"))
    best: dict[tuple[str, str], Row] = {}
    for kernels in CARRIED_KERNELS:
        for row in facts["rows"]:
            key = row["model"], row["cpu"]
            if row["kernels"] == kernels and key in wanted:
                best.setdefault(key, _carried_row(row))
    return list(best.values())


def _carried_row(row: Mapping[str, Any]) -> Row:
    code = row["flash_without_model_bytes"]
    return Row(
        model=row["model"],
        cpu=row["cpu"],
        engine="tflm",
        layout="",
        kernels=row["kernels"].partition(",")[0],
        macs=row["macs"],
        bit_exact=None,
        activations_compared=0,
        instructions=row["instructions_per_inference"],
        resolution=1,
        init_instructions=row["init_instructions"],
        code=code,
        weights=row["flash_total_bytes"] - code,
        arena=row["smallest_arena_bytes"],
        data_bss=row["ram_data_bss_bytes"],
        stack=row["stack_bytes"],
        measured=CARRIED.name,
    )


# The page


def page() -> str:
    """docs/ledger.md from the two JSON files alone, so that a test can compare."""
    facts, own = recorded_tools(), recorded()
    rows = [*own, *carried_rows(own)]
    note = "" if all(row.measured == "verify" for row in rows) else f"\n{carried_note()}"
    return f"""# Ledger

<!-- Generated by benchmarks/ledger.py: do not edit. `make ledger` writes it again. -->

What the MLPerf Tiny reference models (int8) and TensorFlow Lite Micro's "hello world" cost on
emulated Cortex-M cores: engine `aot` beside TensorFlow Lite Micro (`tflm`), built with CMSIS-NN or
its reference kernels and only the operators that the model needs.

- Bit-exact: every output, and for `aot` every activation, of four input vectors equals TensorFlow
  Lite Micro's reference on the host.
- Instructions are executed instructions, the most of the four vectors: neither cycles nor time.
- `latency` and `memory` are what `--optimize-for` chooses: the fast layout and the small one.
- Sizes are bytes. Code is flash without the weights (without the model file for `tflm`), start-up
  code included. Arena is the smallest that works. RAM is arena + data + bss + the stack's peak.
- Built with {" and ".join(facts["compilers"])}, -O2; run under -icount shift=0 in
{_emulators(facts["emulators"])}

A test measures some of these rows again and fails when instructions, code or arena are more than
{TOLERANCE:.0%} away. All numbers, layer by layer, are in `benchmarks/{LEDGER.name}`.

## Instructions of TensorFlow Lite Micro for each one of `aot`

{ratios(rows)}
{tables(rows)}
{layer_tables(own)}{note}"""


def _emulators(titles: Sequence[str]) -> str:
    lines = [f"  {title}," for title in titles]
    return "\n".join(lines).removesuffix(",") + "."


def carried_note() -> str:
    facts = json.loads(CARRIED.read_text(encoding="utf-8"))
    return (
        f"Rows marked * are carried from `benchmarks/{CARRIED.name}`, measured on "
        f"{facts['measured']}\nby firmware written by hand around TFLM {facts['tflm_commit']} and "
        f"CMSIS-NN {facts['cmsis_nn_commit']}:\n{facts['compiler']};\ncounted: "
        f"{facts['counting']}. Flash\n{facts['flash_note']}. Cortex-M3 and M0+:\n"
        f"{facts['cortex_m3_and_m0plus']}.\n"
    )


def ratios(rows: Sequence[Row]) -> str:
    """Models by cores; the fast layout."""
    tflm = {(row.model, row.cpu): row for row in rows if row.engine == "tflm"}
    aot = {(row.model, row.cpu): row for row in rows if row.layout == "latency"}
    cpus = list(dict.fromkeys(row.cpu for row in aot.values()))
    kernels = {row.cpu: row.kernels.replace("_", "-").upper() for row in tflm.values()}
    head = ["model", *(f"{cpu}, {kernels[cpu].lower()}" if cpu in kernels else cpu for cpu in cpus)]

    def ratio(model: str, cpu: str) -> str:
        theirs, ours = tflm.get((model, cpu)), aot.get((model, cpu))
        return f"{theirs.instructions / ours.instructions:.2f}" if theirs and ours else "-"

    models = sorted({row.model for row in aot.values()})
    return markdown(head, [[model, *(ratio(model, cpu) for cpu in cpus)] for model in models], 1)


def tables(rows: Sequence[Row]) -> str:
    return "\n".join(
        f"## {cpu}\n\n{table([row for row in rows if row.cpu == cpu])}"
        for cpu in dict.fromkeys(row.cpu for row in rows)
    )


HEAD = (
    *("model", "engine", "bit-exact", "instructions", "per MAC", "init"),
    *("code", "weights", "flash", "arena", "data + bss", "stack", "RAM"),
)


def table(rows: Sequence[Row]) -> str:
    return markdown(HEAD, map(_cells, sorted(rows, key=lambda row: row.key)), 3)


def _cells(row: Row) -> list[str]:
    exact = {True: "yes", False: "no", None: ""}[row.bit_exact]
    if row.activations_compared:
        exact += f", {row.activations_compared} activations"
    detail = row.layout or row.kernels
    mark = "" if row.measured == "verify" else "*"
    sizes = (row.code, row.weights, row.flash, row.arena, row.data_bss, row.stack, row.ram)
    return [
        row.model,
        f"{row.engine}, {detail}{mark}",
        exact,
        f"{row.instructions:,}",
        f"{row.instructions / row.macs:.2f}" if row.macs else "",
        f"{row.init_instructions:,}",
        *(f"{size:,}" for size in sizes),
    ]


def layer_tables(rows: Sequence[Row]) -> str:
    """One table per model: its layers by cores, the fast layout."""
    parts = []
    for model in sorted({row.model for row in rows}):
        fast = [row for row in rows if row.model == model and row.layout == "latency"]
        by_node = [{layer.node: layer for layer in row.layers} for row in fast]
        cells = [
            [
                str(layer.node),
                layer.operator,
                f"{layer.macs:,}" if layer.macs else "",
                *(f"{layers[node].instructions:,}" if node in layers else "" for layers in by_node),
            ]
            for node, layer in sorted(
                {
                    node: layer for layers in reversed(by_node) for node, layer in layers.items()
                }.items()
            )
        ]
        head = ["node", "operator", "MACs", *(row.cpu for row in fast)]
        parts.append(f"### {model}\n\n{markdown(head, cells, 2)}")
    resolution = max(row.resolution for row in rows)
    return (
        f"## Instructions by layer\n\n`aot`, fast layout; to {resolution} instructions or less. "
        "MACs are those computed, without dead\nchannels.\n\n" + "\n".join(parts)
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int) -> str:
    """A table whose first ``texts`` columns are text and the others numbers."""
    rule = ["---"] * texts + ["---:"] * (len(head) - texts)
    return "".join("| " + " | ".join(line) + " |\n" for line in (head, rule, *rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
