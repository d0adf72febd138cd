"""The requests that a project's server is sent: a small server with one fault at a time is found
out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgegen import golden
from edgegen.model import DType
from edgegen.verify.linux import server
from edgegen.verify.linux.computer import Computer
from edgegen.verify.linux.report import EngineFacts, ServerFacts
from edgegen.verify.selftest import Golden, OutputFacts, Tolerance

# Doubles every element of its input. FAULT is what it does wrong.
SERVER = """
import argparse, json, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

FAULT = sys.argv.pop(1)
parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["serve"])
parser.add_argument("--print-ports", action="store_true", required=True)
for name in ("only", "host", "http-port", "engine", "threads", "settings"):
    parser.add_argument(f"--{name}", required=True)
arguments = parser.parse_args()
if FAULT == "dies":
    sys.exit("no such engine")


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        shape = {"dtype": "uint8", "shape": [1, 3]}
        pages = {
            "/healthz": b"ok",
            "/info": json.dumps({"inputs": [shape], "outputs": [shape]}).encode(),
            "/metrics": b"requests_total 3" if FAULT != "metrics" else b"",
        }
        if FAULT == "info":
            pages["/info"] = b"[]"
        self.answer(200 if self.path in pages else 404, pages.get(self.path, b""))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        if kind == "application/octet-stream":
            if len(body) != 3 and FAULT != "short":
                return self.answer(422)
            doubled = [(2 * each + (FAULT == "wrong")) % 256 for each in body]
            return self.answer(200, bytes(doubled))
        if kind == "application/json":
            try:
                json.loads(body)
            except ValueError:
                return self.answer(500 if FAULT == "malformed" else 400)
            return self.answer(200, b"{}")
        return self.answer(415)

    def log_message(self, *arguments):
        pass


listening = HTTPServer(("127.0.0.1", 0), Handler)


def end(*_):
    if FAULT != "stays":
        sys.exit(5 if FAULT == "code" else 0)


signal.signal(signal.SIGTERM, end)
print(json.dumps({"http": listening.server_port}), flush=True)
listening.serve_forever()
"""

VECTORS = Golden("reference", (1, 2), (), {"aot": Tolerance("exact", ())})


def verify(folder: Path, fault: str, limit: float = 0.0) -> ServerFacts:
    (folder / "server.py").write_text(SERVER)
    computer = Computer("x86_64", Path(sys.executable), folder)
    output = OutputFacts("y", "steps", limit, limit, limit, 0, True)
    inputs = [golden.make_arrays([(DType.UINT8, (1, 3))], seed)[0] for seed in VECTORS.seeds]
    expected = b"".join((2 * each.astype(np.int64) % 256).astype("u1").tobytes() for each in inputs)
    return server.verify(
        computer,
        ["server.py", fault],
        computer.environment(()),
        "aot",
        EngineFacts("pass", outputs=(output,)),
        VECTORS,
        expected,
        folder,
    )


def test_a_good_one(tmp_path: Path) -> None:
    facts = verify(tmp_path, "none")
    assert (facts.status, facts.reason, facts.engine, facts.exit_code) == ("pass", "", "aot", 0)
    said = {each.request: each.answer for each in facts.requests}
    assert said["POST /predict, golden vector 2 as bytes"] == "200"
    assert said["POST /predict, half of the JSON"] == "400"
    assert said["POST /predict, a byte too few"] == "422"
    assert all(each.passed for each in facts.requests)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("dies", "it did not start: no such engine"),
        ("wrong", "POST /predict, golden vector 1 as bytes: 200, output 0 is 1 off, in the "),
        ("short", "POST /predict, a byte too few: 200"),
        ("malformed", "POST /predict, half of the JSON: 500"),
        ("metrics", "GET /metrics: 200, no counters"),
        ("info", "/info is not as it should be"),
        ("code", "its exit code after SIGTERM is 5"),
        ("stays", "it did not end within 0.5 s of SIGTERM"),
    ],
)
def test_a_faulty_one(
    tmp_path: Path, fault: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "stays":
        monkeypatch.setattr(server, "STOP_SECONDS", 0.5)
    facts = verify(tmp_path, fault)
    assert facts.status == "fail"
    assert facts.reason.startswith(reason)


def test_answers_may_be_as_far_off_as_the_self_test_was(tmp_path: Path) -> None:
    assert verify(tmp_path, "wrong", limit=1.0).status == "pass"


def test_one_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.3)
    monkeypatch.setattr(sys.modules[__name__], "SERVER", "import time\ntime.sleep(60)\n")
    facts = verify(tmp_path, "none")
    assert (facts.status, facts.reason) == ("fail", "it did not start: no word")
