"""Starts a project's HTTP server on a computer, sends it real requests, and ends it as systemd
would."""

from __future__ import annotations

import http.client
import json
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from edgegen import golden
from edgegen.model import DType
from edgegen.verify.linux import report
from edgegen.verify.linux.computer import Computer
from edgegen.verify.linux.report import EngineFacts, RequestFacts, ServerFacts
from edgegen.verify.selftest import Golden

START_SECONDS = 300.0
ANSWER_SECONDS = 120.0
STOP_SECONDS = 120.0

_JSON = "application/json"
_BYTES = "application/octet-stream"
_ARGUMENTS = ("--only", "http", "--host", "127.0.0.1", "--http-port", "0", "--print-ports")

Array = npt.NDArray[Any]


@dataclass(slots=True)
class _Client:
    """Sends requests to one port and keeps what came of them."""

    port: int
    requests: list[RequestFacts] = field(default_factory=list)

    def ask(
        self,
        what: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "",
        *,
        status: int = 200,
        wrong: Callable[[bytes], str] = lambda _: "",
    ) -> bytes:
        """Send one request on a connection of its own.

        Args:
            what: For the evidence.
            kind: The body's content type.
            status: That is to come back.
            wrong: What is wrong with the answer's body; "" for nothing.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            headers = {"Content-Type": kind} if kind else {}
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            problem = wrong(content) if answer.status == status else ""
            said = f"{answer.status}{f', {problem}' if problem else ''}"
            passed = answer.status == status and not problem
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            content, said, passed = b"", f"{type(error).__name__}: {error}", False
        finally:
            connection.close()
        self.requests.append(RequestFacts(what, said, passed))
        return content


def verify(
    computer: Computer,
    launch: Sequence[str | Path],
    environment: Mapping[str, str],
    engine: str,
    facts: EngineFacts,
    vectors: Golden,
    expected: bytes,
    cwd: Path,
) -> ServerFacts:
    """Serve with one engine.

    Args:
        launch: Python's arguments that start the project's program.
        facts: Of the engine's self-test on this computer: answers may be no further from the
            golden outputs.
        expected: The outputs of all golden vectors, as in golden.bin.
        cwd: A folder for the server's settings and log.
    """
    settings = cwd / "server.toml"
    settings.write_bytes(b"")  # the defaults
    arguments = ["serve", *_ARGUMENTS, "--engine", engine, "--threads", "1"]
    command = computer.command([*launch, *arguments, "--settings", settings])
    with _running(command, environment, cwd) as (process, port, why):
        if port is None:
            return ServerFacts(report.FAIL, why, engine)
        client = _Client(port)
        try:
            _ask_everything(client, facts, vectors, expected)
        except (ValueError, KeyError, TypeError) as error:
            reason = f"/info is not as it should be: {error!r}"
            return ServerFacts(report.FAIL, reason, engine, tuple(client.requests))
        process.send_signal(signal.SIGTERM)
        code = _ended(process)
    return _facts(engine, client.requests, code)


def _facts(engine: str, requests: Sequence[RequestFacts], code: int | None) -> ServerFacts:
    first = next((each for each in requests if not each.passed), None)
    reason = f"{first.request}: {first.answer}" if first else ""
    if not reason and code is None:
        reason = f"it did not end within {STOP_SECONDS:g} s of SIGTERM"
    elif not reason and code:
        reason = f"its exit code after SIGTERM is {code}"
    status = report.FAIL if reason else report.PASS
    return ServerFacts(status, reason, engine, tuple(requests), code)


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path
) -> Iterator[tuple[subprocess.Popen[str], int | None, str]]:
    """The process, its port once it takes requests, or why it doesn't; never outlives this."""
    log = cwd / "server.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd=cwd,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = _first_line(process.stdout, START_SECONDS)
            try:
                yield process, int(json.loads(line)["http"]), ""
            except (ValueError, KeyError, TypeError):
                if process.poll() is None:
                    process.kill()
                process.wait()
                said = log.read_text("utf-8", "replace").strip().splitlines()
                yield process, None, f"it did not start: {said[-1] if said else line or 'no word'}"
        finally:
            if process.poll() is None:
                process.kill()


def _first_line(stream: IO[str], seconds: float) -> str:
    """ "" when none came in time."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline() if selector.select(seconds) else ""


def _ended(process: subprocess.Popen[str]) -> int | None:
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return None


# The requests


def _ask_everything(client: _Client, facts: EngineFacts, vectors: Golden, expected: bytes) -> None:
    client.ask("GET /healthz", "GET", "/healthz")
    info = json.loads(client.ask("GET /info", "GET", "/info"))
    given = [_tensor(each) for each in info["inputs"]]
    wanted = [_tensor(each) for each in info["outputs"]]
    limits = [each.max_abs_diff for each in facts.outputs]
    size = len(expected) // vectors.vectors
    for number, seed in enumerate(vectors.seeds):
        inputs = golden.make_arrays(given, seed)
        part = expected[number * size : (number + 1) * size]
        client.ask(
            f"POST /predict, golden vector {seed} as bytes",
            "POST",
            "/predict",
            b"".join(_little_endian(each) for each in inputs),
            _BYTES,
            wrong=partial(_difference, expected=part, outputs=wanted, limits=limits),
        )
    inputs = golden.make_arrays(given, vectors.seeds[0])
    document = json.dumps({"inputs": [each.tolist() for each in inputs]}).encode()
    client.ask("POST /predict, golden vector as JSON", "POST", "/predict", document, _JSON)
    client.ask(
        "POST /predict, half of the JSON", "POST", "/predict", document[:-9], _JSON, status=400
    )
    short = b"".join(_little_endian(each) for each in inputs)[:-1]
    client.ask("POST /predict, a byte too few", "POST", "/predict", short, _BYTES, status=422)
    client.ask("POST /predict, another type", "POST", "/predict", b"<x/>", "text/xml", status=415)
    client.ask("GET of no path", "GET", "/no/such/path", status=404)
    client.ask("POST /predict once more", "POST", "/predict", document, _JSON)
    client.ask("GET /metrics", "GET", "/metrics", wrong=_no_counters)


def _tensor(facts: Any) -> tuple[DType, tuple[int, ...]]:
    return DType(facts["dtype"]), tuple(int(each) for each in facts["shape"])


def _little_endian(value: npt.NDArray[np.generic]) -> bytes:
    return value.astype(value.dtype.newbyteorder("<")).tobytes()


def _difference(
    body: bytes,
    expected: bytes,
    outputs: Sequence[tuple[DType, tuple[int, ...]]],
    limits: Sequence[float | None],
) -> str:
    """What is wrong with an answer; "" when every output is within its limit."""
    if len(body) != len(expected):
        return f"{len(body)} bytes instead of {len(expected)}"
    start = 0
    for number, ((dtype, shape), limit) in enumerate(zip(outputs, limits, strict=True)):
        kind = np.dtype(dtype.value).newbyteorder("<")
        count = int(np.prod(shape, dtype=np.int64))
        got, want = (
            np.frombuffer(data, kind, count, start).astype(np.float64) for data in (body, expected)
        )
        start += count * kind.itemsize
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        largest = float(np.abs(got[~same] - want[~same]).max(initial=0.0))
        if limit is not None and not largest <= limit:
            return f"output {number} is {largest:.3g} off, in the self-test at most {limit:.3g}"
    return ""


def _no_counters(body: bytes) -> str:
    return "" if b"_total" in body else "no counters"
