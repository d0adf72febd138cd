"""Preprocessing beside what a user would write otherwise: `make bench-preprocess`.

    python benchmarks/preprocess.py [--only PART]... [--write]

Prints the table and writes its rows into build/bench/preprocess.json. A whole run also writes
benchmarks/preprocess.json and, from it, docs/benchmarks.md; with --only the rows of the other
parts are kept there, and nothing is written without --write.

A part is a module beside this one with a docstring (a title, and what the page says of it),
PACKAGES (the peers' distributions, whose versions are recorded; or its own `facts()`) and `rows()`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compare import Row

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "bench" / "preprocess.json"
RECORD = ROOT / "benchmarks" / "preprocess.json"

PARTS = ("images", "audio", "calls", "cortex_m")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)

    # Before any library starts its threads.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"

    parts, rows = {}, []
    for name in options.only or PARTS:
        part = importlib.import_module(f"preprocess_{name}")
        parts[name] = part.facts() if hasattr(part, "facts") else facts(part.PACKAGES)
        rows += measured(name, part.rows())

    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(to_json(parts, rows), encoding="utf-8")
    if options.write or not options.only:
        RECORD.write_text(to_json(*merged(parts, rows)), encoding="utf-8")
        command = [sys.executable, ROOT / "docs" / "generate.py", "docs/benchmarks.md"]
        subprocess.run(command, check=True)


def measured(part: str, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The part's rows, printed as they come."""
    print(f"\n{part}\n{'work':46} {'output':14} {'peer':16} {'best way':28} "
          f"{'peer':>9} {'(min)':>9} {'ours':>9} {'(min)':>9}  ratio")  # fmt: skip
    made = []
    for row in rows:
        print(
            f"{row.work:46} {row.output:14} {row.peer:16} {row.way:28} "
            f"{row.theirs.median:9.1f} {row.theirs.least:9.1f} "
            f"{row.ours.median:9.1f} {row.ours.least:9.1f} {row.ratio:6.2f}  {row.unit}",
            flush=True,
        )
        made.append({"part": part, **row.to_json()})
    return made


def facts(packages: Sequence[str]) -> dict[str, Any]:
    """Where and with what a part was measured, and how much else the machine had to do."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    return {
        "machine": f"{processor()}, {platform.machine()}, {platform.system()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start",
        "versions": {"python": platform.python_version(), **versions},
    }


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def merged(
    parts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """With what was recorded of the parts that were not measured now."""
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    every = {**record.get("parts", {}), **parts}
    old = [row for row in record.get("rows", []) if row["part"] not in parts]
    in_order = {name: every[name] for name in PARTS if name in every}
    return in_order, [row for name in in_order for row in [*rows, *old] if row["part"] == name]


def to_json(parts: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    """One line for each part and row, so that a difference can be read."""
    facts = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in parts.items())
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    return f'{{\n "parts": {{\n{facts}\n }},\n "rows": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    main(sys.argv[1:])
