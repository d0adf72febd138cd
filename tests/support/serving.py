"""The servers of a generated project, as processes of their own, and a client that sends bytes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 60.0

_MAIN = """
import sys
from digits_runtime.cli import main
{before}
sys.exit(main(sys.argv[1:]))
"""


# On a worker thread, and as long as the door is closed no inference comes to its end.
WITH_A_DOOR = "[serve]\ninline_seconds = 0\n"
_DOOR = """
import os, time
from digits_runtime.model import Model
predict = Model.predict
def behind_the_door(self, inputs):
    while os.path.exists({path!r}):
        time.sleep(0.005)
    return predict(self, inputs)
Model.predict = behind_the_door
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Holds up a server's model; open at first."""

    path: Path

    @property
    def code(self) -> str:
        """For the argument `before` of `serving`, beside the settings `WITH_A_DOOR`."""
        return _DOOR.format(path=str(self.path))

    def close(self) -> None:
        """Hold up inferences from now on."""
        self.path.touch()

    def open(self) -> None:
        """Let them pass."""
        self.path.unlink()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: 0 where the connection ended without an answer.
        headers: By name, in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A running process."""

    process: subprocess.Popen[str]
    ports: Mapping[str, int]

    def memory_bytes(self) -> int:
        """Its resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def stop(self) -> int:
        """Ask it to end, as a supervisor does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_S)

    def metric(self, name: str) -> float:
        """A figure without labels."""
        text = self.ask(request(path="/metrics", method="GET")).body.decode()
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(line.split()[1])

    def wait_until(self, name: str, value: float) -> None:
        """Until a figure is so."""
        end = time.monotonic() + TIMEOUT_S
        while self.metric(name) != value:
            assert time.monotonic() < end, (name, self.metric(name), value)
            time.sleep(0.01)

    def connect(self) -> socket.socket:
        """A connection to its HTTP port."""
        return socket.create_connection(("127.0.0.1", self.ports["http"]), timeout=TIMEOUT_S)

    def ask(self, data: bytes) -> Answer:
        """Send bytes on a connection of their own and read the answer."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_answer(connection)


def start(
    project: Path, log: Path, settings: str = "", before: str = "", *arguments: str
) -> subprocess.Popen[str]:
    """Start `serve` on free ports of 127.0.0.1.

    Args:
        log: Takes what it says on standard error.
        settings: The text of digits.toml.
        before: Python that runs first, with the package importable.
    """
    toml = log.with_suffix(".toml")
    toml.write_text(settings)
    command = [sys.executable, "-c", _MAIN.format(before=before), "serve", "--settings", str(toml)]
    if "http_port" not in settings:
        command += ["--http-port", "0"]
    has_grpc = (project / "edgegen/python/digits_runtime/serve/grpc.py").exists()
    command += ["--grpc-port", "0"] if has_grpc else []
    return subprocess.Popen(
        [*command, "--print-ports", *arguments],
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        env=os.environ | {"PYTHONPATH": str(project / "edgegen" / "python")},
        text=True,
    )


@contextmanager
def serving(
    project: Path, log: Path, settings: str = "", before: str = "", *arguments: str
) -> Iterator[Server]:
    """A server that takes requests; ends with the block."""
    process = start(project, log, settings, before, *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield Server(process, json.loads(line))
    finally:
        process.kill()
        process.wait()


def request(
    body: bytes = b"",
    content_type: str = "application/octet-stream",
    path: str = "/predict",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """An HTTP request, with the length of its body unless ``headers`` say otherwise."""
    given = {"host": "x", "content-type": content_type, "content-length": str(len(body))}
    given |= dict(headers or {})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_answer(connection: socket.socket) -> Answer:
    """The next answer on a connection."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return Answer(0, {}, data)
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        answer = _parsed(head)
        while len(body) < int(answer.headers.get("content-length", "0")):
            piece = connection.recv(65536)
            if not piece:
                break
            body += piece
    except ConnectionError:
        return Answer(0, {}, data)
    return Answer(answer.status, answer.headers, body)


async def ask(port: int, data: bytes, *, close: bool = False) -> Answer:
    """Send bytes and read the answer, on a connection of their own.

    Args:
        close: Say that nothing more comes.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        if close:
            writer.write_eof()
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S))[:-4]
        answer = _parsed(head)
        length = int(answer.headers.get("content-length", "0"))
        return Answer(answer.status, answer.headers, await reader.readexactly(length))
    except (ConnectionError, asyncio.IncompleteReadError):
        return Answer(0, {}, b"")
    finally:
        writer.close()


def _parsed(head: bytes) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Answer(int(first.split()[1]), headers, b"")
