"""A generated project's HTTP server under load, beside bare ones: `make bench-serving`.

    python benchmarks/serving.py [--model NAME]... [--seconds S] [--rounds N] [--write]

Every server answers the same requests on loopback with the same bytes: the project's, with its
model; a bare ASGI handler in uvicorn; a bare handler in FastAPI. They take turns, round by round,
so that whatever else the machine does meets all of them. The load comes from wrk, one thread, on
connections that are kept; each connection sends its next request when the last one is answered, so
the latencies are those of clients that wait for each other's turn. Where there are two processors,
the server has one and wrk another.

Processor time is the server's, from the kernel: what else the machine does hardly changes it.
A figure is the median of the rounds. The table goes to standard output; with --write also to
benchmarks/serving.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgegen import api

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benchmarks" / "serving.json"
MODELS = {
    "digits": ROOT / "examples" / "digits" / "digits.tflite",
    "kws": ROOT.parent / "shared" / "models" / "mlperf_tiny_kws_dscnn_int8.tflite",
}
CONNECTIONS = (1, 8, 32)
PACKAGES = ("fastapi", "httptools", "numpy", "orjson", "uvicorn", "uvloop", "ai-edge-litert")

_BYTES, _JSON = "application/octet-stream", "application/json"

_MAIN = "import sys; from served_runtime.cli import main; sys.exit(main(sys.argv[1:]))"

_WRK_SCRIPT = """
wrk.method = "POST"
wrk.headers["content-type"] = "{content_type}"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests": %d, "us": %d, "p50": %d, "p99": %d, "errors": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Requests of one kind.

    Attributes:
        body: File of the request's body.
        reply: File of the answer, for servers without a model.
    """

    model: str
    content_type: str
    body: Path
    reply: Path


@dataclass(frozen=True, slots=True)
class Load:
    """What one server did in one round."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    pid: int


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", choices=tuple(MODELS), metavar="NAME")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 3
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for model in options.model or MODELS:
            if not MODELS[model].exists():
                print(f"{model}: {MODELS[model]} is not there, left out", file=sys.stderr)
                continue
            rows += _measure_model(model, Path(folder) / model, options.seconds, options.rounds)
    record = {"facts": _facts(options.seconds, options.rounds), "rows": rows}
    print(table(record))
    if options.write:
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    return 0


def _measure_model(model: str, folder: Path, seconds: int, rounds: int) -> list[dict[str, Any]]:
    folder.mkdir()
    project = folder / "project"
    api.scaffold(
        MODELS[model],
        "linux_x86_64",
        project,
        engines=("litert",),
        serve=("http",),
        name="served",
        force=True,
    )
    rows = []
    for content_type in (_BYTES, _JSON):
        with ExitStack() as stack:
            ours = [
                stack.enter_context(_ours(project, folder, name, settings))
                for name, settings in (
                    ("edgegen", ""),
                    ("edgegen, no access log", "access_log = false\n"),
                )
            ]
            work = _work(model, content_type, folder, ours[0].port)
            bare = [stack.enter_context(_bare(name, work)) for name in ("uvicorn", "fastapi")]
            servers = [*bare, *ours]
            for connections in CONNECTIONS:
                rows += _measure(work, servers, connections, seconds, rounds)
    return rows


def _work(model: str, content_type: str, folder: Path, port: int) -> Work:
    """A request of random values, and the project's answer to it."""
    info = json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/info").read())
    rng = np.random.default_rng(1)
    tensors = [
        rng.integers(-128, 128, each["shape"]).astype(each["dtype"]) for each in info["inputs"]
    ]
    if content_type == _BYTES:
        body = b"".join(tensor.tobytes() for tensor in tensors)
    else:
        body = json.dumps({"inputs": [tensor.tolist() for tensor in tensors]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", body, {"content-type": content_type}
    )
    stem = content_type.partition("/")[2]
    work = Work(model, content_type, folder / f"{stem}.body", folder / f"{stem}.reply")
    work.body.write_bytes(body)
    work.reply.write_bytes(urllib.request.urlopen(request).read())
    return work


def _measure(
    work: Work, servers: Sequence[Server], connections: int, seconds: int, rounds: int
) -> Iterator[dict[str, Any]]:
    loads: dict[str, list[Load]] = {server.name: [] for server in servers}
    for server in servers:
        _load(work, server, connections, 1)  # warm
    for _ in range(rounds):
        for server in servers:
            loads[server.name].append(_load(work, server, connections, seconds))
    for name, each in loads.items():
        columns = {key: [asdict(load)[key] for load in each] for key in asdict(each[0])}
        print(f"{work.model} {work.content_type} {connections} {name} {columns}", file=sys.stderr)
        yield {
            "model": work.model,
            "type": work.content_type,
            "request_bytes": work.body.stat().st_size,
            "reply_bytes": work.reply.stat().st_size,
            "connections": connections,
            "server": name,
            **{key: round(statistics.median(column), 3) for key, column in columns.items()},
        }


def _load(work: Work, server: Server, connections: int, seconds: int) -> Load:
    script = work.body.with_suffix(".lua")
    script.write_text(_WRK_SCRIPT.format(content_type=work.content_type, body=work.body))
    before = _cpu_seconds(server.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-s", str(script), f"http://127.0.0.1:{server.port}/predict"]
    said = subprocess.run(
        [*_pinned(1), *command], check=True, capture_output=True, text=True
    ).stdout
    used = _cpu_seconds(server.pid) - before
    found = json.loads(said.partition("RESULT ")[2])
    if found["errors"]:
        raise RuntimeError(f"{server.name}: {said}")
    return Load(
        found["requests"] / (found["us"] / 1e6),
        found["p50"] / 1000,
        found["p99"] / 1000,
        used / found["requests"] * 1e6,
    )


@contextmanager
def _ours(project: Path, folder: Path, name: str, settings: str) -> Iterator[Server]:
    file = folder / f"{name.replace(' ', '_')}.toml"
    file.write_text(f"[serve]\n{settings}")
    command = [sys.executable, "-c", _MAIN, "serve", "--settings", str(file)]
    command += ["--http-port", "0", "--threads", "1", "--print-ports"]
    environment = {"PYTHONPATH": str(project / "edgegen" / "python")}
    with _running(name, command, environment, file.with_suffix(".log")) as server:
        yield server


@contextmanager
def _bare(kind: str, work: Work) -> Iterator[Server]:
    script = Path(__file__).with_name("serving_bare.py")
    command = [sys.executable, str(script), kind, str(work.reply), work.content_type]
    with _running(f"bare {kind}", command, {}, work.reply.with_suffix(".log")) as server:
        yield server


@contextmanager
def _running(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*_pinned(0), *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | dict(environment),
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(log.read_text())
        yield Server(name, json.loads(line)["http"], process.pid)
    finally:
        process.kill()
        process.wait()


def _pinned(number: int) -> list[str]:
    processors = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(processors[number])] if len(processors) > 1 else []


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _facts(seconds: int, rounds: int) -> dict[str, Any]:
    return {
        "machine": f"{_processor()}, {os.cpu_count()} processors, {platform.system()}",
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "wrk": subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout.split(" [")[0],
        "seconds": seconds,
        "rounds": rounds,
        "load_average": os.getloadavg()[0],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def table(record: Mapping[str, Any]) -> str:
    """The rows as Markdown."""
    lines = [
        "| model | body | connections | server | requests/s | p50 ms | p99 ms | CPU us/request |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in record["rows"]:
        kind = "JSON" if row["type"] == _JSON else "bytes"
        lines.append(
            f"| {row['model']} | {kind}, {row['request_bytes']} | {row['connections']} | "
            f"{row['server']} | {row['requests_per_second']:,.0f} | {row['p50_ms']:.2f} | "
            f"{row['p99_ms']:.2f} | {row['cpu_us']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
