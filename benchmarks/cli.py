"""How long commands take, start of Python included: `python benchmarks/cli.py`.

The goals: `edgegen --help` under 0.3 s, scaffolding the 333 kB visual wake words model
under 1 s. Medians of several runs, on whatever machine this is; no test depends on them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN_EDGEGEN = "from edgegen.cli import main; main()"
RUNS = 9


def seconds(*arguments: str | Path) -> float:
    """Median wall-clock time of one command, after a run that warms the file cache."""
    times = []
    for _ in range(RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", RUN_EDGEGEN, *arguments],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    shared = Path(os.environ.get("EDGEGEN_MODELS") or ROOT.parent / "shared" / "models")
    digits = ROOT / "examples" / "digits" / "digits.tflite"
    vww = shared / "mlperf_tiny_vww_mobilenet_int8.tflite"
    rows: list[tuple[str, tuple[str | Path, ...]]] = [
        ("edgegen --help", ("--help",)),
        ("edgegen devices", ("devices",)),
        ("edgegen inspect (digits)", ("inspect", digits)),
        ("edgegen scaffold (digits)", ("scaffold", "--target", "cortex_m4", digits)),
    ]
    if vww.exists():
        rows.append(("edgegen scaffold (VWW)", ("scaffold", "--target", "cortex_m4", vww)))
    for name, arguments in rows:
        print(f"{name:30} {seconds(*arguments):6.3f} s")


if __name__ == "__main__":
    main()
