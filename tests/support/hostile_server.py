"""A server on 127.0.0.1 that answers for files in memory, and does to them what a test says.

with serving(files) as server:
    server.tricks["chunks/*"] = [cut(100), None]    # the first answer is cut off
    ...
    assert server.log == [...]
"""

from __future__ import annotations

import fnmatch
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Trick = Callable[["Handler", bytes], None]
"""Answers a request for a file with these bytes, instead of the server."""


@dataclass
class Server:
    """A running server.

    Attributes:
        tricks: Pattern of paths -> what happens to their requests, one after the other; the last
            of a list goes on for ever. None is an honest answer.
        has_ranges: Whether it answers requests for a part with that part.
        log: (path, the header Range, what was answered) of every request.
    """

    files: Mapping[str, bytes]
    tricks: dict[str, list[Trick | None]] = field(default_factory=dict)
    has_ranges: bool = True
    log: list[tuple[str, str, int]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def trick(self, path: str) -> Trick | None:
        with self.lock:
            for pattern, list_ in self.tricks.items():
                if fnmatch.fnmatchcase(path, pattern):
                    return list_.pop(0) if len(list_) > 1 else list_[0]
        return None

    def fetched(self, suffix: str = ".bin") -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _, _ in self.log if path.endswith(suffix)]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    hostile: Server

    def log_message(self, format: str, *args: object) -> None:
        """The server's log is enough."""

    def do_GET(self) -> None:
        server = self.hostile
        path = self.path.lstrip("/").partition("?")[0]
        with server.lock:
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            data = server.files.get(path)
            trick = server.trick(path)
            if trick is not None:
                trick(self, data or b"")
            elif data is None:
                self.answer(404, b"not found")
            else:
                self.honest(data)
        finally:
            with server.lock:
                server.in_flight -= 1

    def honest(self, data: bytes) -> None:
        """All of the file, or the part that was asked for."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match is None or not self.hostile.has_ranges:
            self.answer(200, data)
        elif (begin := int(match[1])) >= len(data):
            self.answer(416, b"")
        else:
            part = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            self.answer(206, data[begin:], {"Content-Range": part})

    def answer(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        announced: int | None = None,
    ) -> None:
        """A response; ``announced`` is what Content-Length says, if that is a lie."""
        path = self.path.lstrip("/").partition("?")[0]
        with self.hostile.lock:
            self.hostile.log.append((path, self.headers.get("Range", ""), status))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def drop(self) -> None:
        """Reset the connection."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        with suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


def cut(bytes_: int) -> Trick:
    """The connection ends after so many bytes of an answer that promised all."""

    def trick(handler: Handler, data: bytes) -> None:
        begin = int((re.search(r"\d+", handler.headers.get("Range", "0")) or [0])[0])
        if not handler.hostile.has_ranges:
            begin = 0
        rest = data[begin:]
        part = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"} if begin else {}
        handler.answer(206 if begin else 200, rest[:bytes_], part, announced=len(rest))
        handler.close_connection = True

    return trick


def flip(handler: Handler, data: bytes) -> None:
    """One bit of the file is another."""
    middle = len(data) // 2
    handler.honest(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])


def status(code: int, **headers: str) -> Trick:
    """Answers with a status and a few bytes."""
    return lambda handler, _: handler.answer(
        code, b"no", {name.replace("_", "-"): value for name, value in headers.items()}
    )


def body(content: bytes, headers: Mapping[str, str] | None = None) -> Trick:
    """Answers with other bytes."""
    return lambda handler, _: handler.answer(200, content, headers)


def announced(bytes_: int) -> Trick:
    """All of the file under another Content-Length."""

    def trick(handler: Handler, data: bytes) -> None:
        handler.answer(200, data, announced=bytes_)
        handler.close_connection = True

    return trick


def refuse(handler: Handler, data: bytes) -> None:
    """No answer at all."""
    with handler.hostile.lock:
        handler.hostile.log.append((handler.path.lstrip("/"), "", 0))
    handler.drop()


def hang(handler: Handler, data: bytes) -> None:
    """Headers and a byte, and then nothing until the test is over."""
    handler.answer(200, data[:1], announced=len(data))
    handler.wfile.flush()
    handler.hostile.ended.wait(30)
    handler.close_connection = True


def slow(seconds: float) -> Trick:
    """An honest answer, late."""

    def trick(handler: Handler, data: bytes) -> None:
        handler.hostile.ended.wait(seconds)
        handler.honest(data)

    return trick


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """Serves until the end of the block."""
    server = Server(files)
    handler = type("Bound", (Handler,), {"hostile": server})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listening.daemon_threads = True
    listening.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.url = f"http://127.0.0.1:{listening.server_address[1]}/"
    thread = threading.Thread(
        target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        listening.shutdown()
        listening.server_close()
