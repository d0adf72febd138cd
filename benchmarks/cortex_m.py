"""Measures the reference models on the emulated Cortex-M cores and writes docs/benchmarks.md.

    python benchmarks/cortex_m.py [--model NAME]... [--device ID]... [-D NAME=VALUE]...

`make bench-cortex-m` runs it over everything. Rows of edgegen come from `edgegen verify` here and
now. Rows of TensorFlow Lite Micro are measured the same way when its sources are given
(-D FETCHCONTENT_SOURCE_DIR_TFLM=DIR and so on for all it needs); otherwise they
are carried from benchmarks/tflm_cortex_m.json, which says how they were found.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgegen import analysis, api, frontends, registry, verify
from edgegen.verify.report import EngineFacts, Report

ROOT = Path(__file__).resolve().parent.parent
CARRIED = ROOT / "benchmarks" / "tflm_cortex_m.json"
RESULTS = ROOT / "benchmarks" / "cortex_m.json"
PAGE = ROOT / "docs" / "benchmarks.md"

MODELS = (
    "mlperf_tiny_ad_autoencoder_int8",
    "mlperf_tiny_ic_resnet8_int8",
    "mlperf_tiny_kws_dscnn_int8",
    "mlperf_tiny_vww_mobilenet_int8",
    "tflm_hello_world_int8",
)
DEVICES = ("cortex_m4", "cortex_m7", "cortex_m55")
CARRIED_KERNELS = "cmsis_nn, int8 registrations only"  # what an expert would ship


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one core with one engine; sizes in bytes.

    Attributes:
        bit_exact: None where a carried row does not say.
        flash_code: Without weights (`aot`) or model file (`tflm`).
        measured: "verify", or the file that the row is carried from.
    """

    model: str
    cpu: str
    engine: str
    macs: int
    bit_exact: bool | None
    activations_compared: int
    instructions: int
    init_instructions: int
    flash_code: int
    flash_total: int
    arena: int
    data_bss: int
    stack: int
    measured: str

    @property
    def ram(self) -> int:
        return self.arena + self.data_bss + self.stack


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    models, devices = options.model or MODELS, options.device or DEVICES
    reports = [
        (model, device, measure(model, device, options.define))
        for model in models
        for device in devices
    ]
    rows = [row for model, device, report in reports for row in own_rows(model, device, report)]
    rows += carried_rows(rows)
    if options.model or options.device:
        print(tables(rows))
        return 0
    facts = {**tools(report for _, _, report in reports), "rows": [asdict(row) for row in rows]}
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8", newline="\n")
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {RESULTS.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", action="append", help="measure and print only this one")
    parser.add_argument("--device", action="append", help="measure and print only this one")
    parser.add_argument("-D", dest="define", action="append", default=[], help="passed to CMake")
    return parser.parse_args(arguments)


def measure(model: str, device: str, defines: Sequence[str]) -> Report:
    """Scaffold and verify; stops everything when the model is not verified."""
    print(f"{model} on {device}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="edgegen-bench-") as folder:
        project = Path(folder) / model
        engines = ["aot", "tflm"] if defines else ["aot"]
        api.scaffold(model_file(model), device, project, engines=engines)
        report = verify.run(project, cmake_args=[f"-D{each}" for each in defines], progress=log)
    if not report.ok:
        reasons = {name: engine.reason for name, engine in report.engines.items()}
        raise SystemExit(f"{model} on {device} is not verified: {reasons}")
    return report


def model_file(model: str) -> Path:
    folder = Path(os.environ.get("EDGEGEN_MODELS") or ROOT.parent / "shared" / "models")
    return folder / f"{model}.tflite"


def log(line: str) -> None:
    print(f"  {line}", file=sys.stderr)


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


def own_rows(model: str, device: str, report: Report) -> list[Row]:
    source = frontends.load(model_file(model))
    macs = sum(analysis.macs(source, op) for op in source.ops)
    cpu = registry.load_device(device).cpu
    return [
        own_row(model, cpu, engine, macs, facts)
        for engine, facts in report.engines.items()
        if facts.verified
    ]


def own_row(model: str, cpu: str, engine: str, macs: int, facts: EngineFacts) -> Row:
    assert facts.flash is not None
    assert facts.ram is not None
    arena = facts.arena.smallest_bytes if facts.arena else facts.ram.arena
    return Row(
        model=model,
        cpu=cpu,
        engine=engine,
        macs=macs,
        bit_exact=facts.bit_exact,
        activations_compared=facts.activations_compared,
        instructions=facts.instructions_per_inference,
        init_instructions=facts.init_instructions,
        flash_code=facts.flash.code,
        flash_total=facts.flash.total,
        arena=arena,
        data_bss=facts.ram.data + facts.ram.bss,
        stack=facts.ram.stack_peak,
        measured="verify",
    )


def carried_rows(measured: Iterable[Row]) -> list[Row]:
    """TFLM's rows for what was measured, as far as they were not measured too."""
    own = {(row.model, row.cpu) for row in measured}
    tflm = {(row.model, row.cpu) for row in measured if row.engine == "tflm"}
    facts = json.loads(CARRIED.read_text(encoding="utf-8"))
    return [
        carried_row(row)
        for row in facts["rows"]
        if row["kernels"] == CARRIED_KERNELS and (row["model"], row["cpu"]) in own - tflm
    ]


def carried_row(row: dict[str, Any]) -> Row:
    return Row(
        model=row["model"],
        cpu=row["cpu"],
        engine="tflm",
        macs=row["macs"],
        bit_exact=None,
        activations_compared=0,
        instructions=row["instructions_per_inference"],
        init_instructions=row["init_instructions"],
        flash_code=row["flash_without_model_bytes"],
        flash_total=row["flash_total_bytes"],
        arena=row["smallest_arena_bytes"],
        data_bss=row["ram_data_bss_bytes"],
        stack=row["stack_bytes"],
        measured=CARRIED.name,
    )


def page() -> str:
    """docs/benchmarks.md from benchmarks/cortex_m.json alone, so that a test can compare."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = [Row(**row) for row in results["rows"]]
    note = "" if all(row.measured == "verify" for row in rows) else f"\n{carried_note()}"
    return f"""# Benchmarks

<!-- Generated by benchmarks/cortex_m.py: do not edit. `make bench-cortex-m` writes it again. -->

The MLPerf Tiny reference models (int8) on emulated Cortex-M cores: engine `aot` beside TensorFlow
Lite Micro with CMSIS-NN kernels and only the operators, in their int8 form, that the model needs.

- Bit-exact: every output, and for `aot` every activation, of four input vectors equals TensorFlow
  Lite Micro's reference on the host.
- Instructions are executed instructions, the most of the four vectors: neither cycles nor time.
- Sizes are bytes. Code is flash without the weights (without the model file for `tflm`), start-up
  code included. Arena is the smallest that works. RAM is arena + data + bss + the stack's peak.
- Built with {" and ".join(results["compilers"])}, -O2; run in {", ".join(results["emulators"])}
  with -icount shift=0.

{tables(rows)}{note}"""


def carried_note() -> str:
    facts = json.loads(CARRIED.read_text(encoding="utf-8"))
    return (
        f"Rows marked * are carried from `benchmarks/{CARRIED.name}`, measured on "
        f"{facts['measured']}\nby firmware written by hand around TFLM {facts['tflm_commit']} and "
        f"CMSIS-NN {facts['cmsis_nn_commit']}:\n{facts['compiler']};\ncounted: "
        f"{facts['counting']}. Flash\n{facts['flash_note']}.\n"
    )


def tables(rows: Sequence[Row]) -> str:
    return "\n".join(
        f"## {cpu}\n\n{table([row for row in rows if row.cpu == cpu])}"
        for cpu in dict.fromkeys(row.cpu for row in rows)
    )


HEAD = (
    *("model", "engine", "bit-exact", "instructions", "per MAC", "init"),
    *("code", "flash", "arena", "data + bss", "stack", "RAM"),
)


def table(rows: Sequence[Row]) -> str:
    ordered = sorted(rows, key=lambda row: (row.model, row.engine))
    lines = [HEAD, ["---"] * 3 + ["---:"] * (len(HEAD) - 3), *map(cells, ordered)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def cells(row: Row) -> list[str]:
    mark = "" if row.measured == "verify" else "*"
    exact = {True: "yes", False: "no", None: ""}[row.bit_exact]
    if row.activations_compared:
        exact += f", {row.activations_compared} activations"
    sizes = (row.flash_code, row.flash_total, row.arena, row.data_bss, row.stack, row.ram)
    per_mac = f"{row.instructions / row.macs:.2f}" if row.macs else ""
    return [
        row.model,
        row.engine + mark,
        exact,
        f"{row.instructions:,}",
        per_mac,
        f"{row.init_instructions:,}",
        *(f"{size:,}" for size in sizes),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
