"""Serves a folder on 127.0.0.1 as a static host does, and as badly as it is told to.

What goes wrong is decided by rules: a file that is changed on its way, cut off in the middle, late,
or answered with an error. `Server.kill` is the network going away.
"""

from __future__ import annotations

import fnmatch
import gzip
import posixpath
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"

TYPES = {
    ".bin": "application/octet-stream",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
}
_UNKNOWN = "application/octet-stream"

# Brotli's effort: a runtime of 27 MB takes a minute with the most of it, which saves 8 % more.
MOST_EFFORT, LESS_EFFORT = 11, 9
LARGE_BYTES = 4 << 20
BROTLI = f"brotli (effort {MOST_EFFORT}; {LESS_EFFORT} for files beyond {LARGE_BYTES >> 20} MiB)"

ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""With these a page is cross-origin isolated, so that it may share memory between threads."""

_COMPRESSED = (".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm", ".webmanifest", ".bin")


@dataclass(slots=True)
class Rule:
    """What happens to answers for some paths.

    Attributes:
        path: Pattern of `fnmatch` for the URL's path, such as "/edgegen/assets/chunks/*".
        status: Answered instead of 200, with an empty body.
        change: Makes another body of the file's; what is sent says nothing of it.
        cut: Bytes of the body after which the connection is dropped; the headers announce all.
        delay: Seconds before the answer.
        times: How many requests it is for; None for all.
    """

    path: str
    status: int | None = None
    change: Callable[[bytes], bytes] | None = None
    cut: int | None = None
    delay: float = 0.0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent to one request.

    Attributes:
        path: Of the URL, without the query.
        bytes: Of the body, as it was sent: compressed, if it was.
        complete: False for one that was cut off.
    """

    path: str
    status: int
    bytes: int
    complete: bool = True


@dataclass(slots=True)
class Server:
    """A static host for one folder; use `serving`.

    Attributes:
        max_age: Seconds for which browsers may keep what they got; 0 for not at all, so that what
            works offline comes out of the project's own cache.
        rules: The first that matches a request decides; may change while it runs.
        pages: HTML that is not in the folder, by path.
        answers: All that were sent, in the order in which they were begun.
    """

    root: Path
    isolated: bool = False
    compression: str = ""
    max_age: int = 0
    rules: list[Rule] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    port: int = 0
    _listening: _Listener | None = None
    _packed: dict[tuple[Path, int], bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _packing: dict[tuple[Path, int], threading.Lock] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _under_way: int = 0

    @property
    def url(self) -> str:
        """Of the folder, with a slash at its end."""
        return f"http://{HOST}:{self.port}/"

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered: compressing takes seconds."""
        with self._lock:
            return self._under_way > 0

    def start(self) -> None:
        """Listen, after `kill` on the same port again."""
        if self._listening:
            return
        self._stopped.clear()
        self._listening = _Listener((HOST, self.port), self)
        self.port = self._listening.server_address[1]
        threading.Thread(
            target=self._listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def kill(self) -> None:
        """Take no more connections and end those that are open, in the middle of an answer, too;
        connecting is refused from now on."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        self._stopped.set()
        listening.shutdown()
        listening.server_close()
        listening.drop_all()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    # For the handlers

    def file(self, path: str) -> Path | None:
        """The file for a URL's path; None where there is none below the folder."""
        decoded = unquote(path, errors="surrogateescape")
        if "\0" in decoded or "\\" in decoded:
            return None
        relative = posixpath.normpath("/" + decoded.lstrip("/")).lstrip("/")
        try:
            found = (self.root / relative).resolve(strict=True)
            if found.is_dir():
                found = (found / "index.html").resolve(strict=True)
        except (OSError, RuntimeError):  # not there, too long, a loop of links
            return None
        return found if found.is_file() and found.is_relative_to(self.root.resolve()) else None

    def rule(self, path: str) -> Rule | None:
        """The rule for a request, which it uses up once."""
        with self._lock:
            for each in self.rules:
                if each.times != 0 and fnmatch.fnmatchcase(path, each.path):
                    if each.times is not None:
                        each.times -= 1
                    return each
        return None

    def packed(self, path: Path, accepted: str) -> tuple[bytes, str]:
        """The body and its Content-Encoding; "" for none."""
        data = path.read_bytes()
        wanted = self.compression
        names = {each.partition(";")[0].strip() for each in accepted.split(",")}
        if not wanted or wanted not in names or path.suffix not in _COMPRESSED:
            return data, ""
        key = path, hash(data)
        with self._lock:
            packing = self._packing.setdefault(key, threading.Lock())
        with packing:  # once, and nobody waits for a large file but those who want it
            if key not in self._packed:
                effort = MOST_EFFORT if len(data) <= LARGE_BYTES else LESS_EFFORT
                self._packed[key] = compress(data, wanted, effort)
            return self._packed[key], wanted

    def sent(self, answer: Answer) -> None:
        with self._lock:
            self.answers.append(answer)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """As long as the block, one request more makes it `is_busy`."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def wait(self, seconds: float) -> None:
        """Or until the server is killed, which is a ConnectionAbortedError."""
        if self._stopped.wait(seconds):
            raise ConnectionAbortedError


@contextmanager
def serving(
    root: Path,
    *,
    isolated: bool = False,
    compression: str = "",
    max_age: int = 0,
    rules: tuple[Rule, ...] = (),
) -> Iterator[Server]:
    """Serve a folder until the end of the block.

    Args:
        isolated: Send the headers of `ISOLATION`.
        compression: "gzip" or "br" for files that hosts compress; "" for none.
        max_age: Seconds for which the browser may keep what it got.
    """
    with Server(root, isolated, compression, max_age, list(rules)) as server:
        yield server


def compress(data: bytes, coding: str, effort: int = MOST_EFFORT) -> bytes:
    """As hosts do ahead of time, if nothing else is said: with the most effort.

    Args:
        coding: Of HTTP: "gzip" or "br".
        effort: Of brotli, 0 to 11.
    """
    if coding == "gzip":
        return gzip.compress(data, 9, mtime=0)
    if coding == "br":
        import brotli  # type: ignore[import-untyped]

        packed: bytes = brotli.compress(data, quality=effort)
        return packed
    raise ValueError(f"not a coding of HTTP: {coding}")


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self.files = server
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def opened(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def drop_all(self) -> None:
        """Their threads find them shut, and close them."""
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that has gone is nothing to tell."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a request is to be answered with; ``kind`` is the content type."""

    status: int
    body: bytes
    kind: str
    headers: dict[str, str] = field(default_factory=dict)


_RANGE = re.compile(r"bytes=([0-9]+)-")


def _rest(data: bytes, start: int, kind: str) -> _Reply:
    """A file from a byte on, as a client asks for that goes on where it was cut off."""
    if start >= len(data):
        nothing = {"Content-Range": f"bytes */{len(data)}"}
        return _Reply(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", kind, nothing)
    where = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
    return _Reply(HTTPStatus.PARTIAL_CONTENT, data[start:], kind, where)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or the body waits for the browser's acknowledgement of the headers: 40 ms.
    disable_nagle_algorithm = True
    server_version = "static"
    sys_version = ""
    timeout = 60.0
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """`Server.answers` is the log."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        with self.server.files.answering():
            rule = self.server.files.rule(path)
            if rule and rule.delay:
                self.server.files.wait(rule.delay)
            self._send(path, self._reply(path, rule), rule.cut if rule else None, with_body)

    def _reply(self, path: str, rule: Rule | None) -> _Reply:
        files = self.server.files
        if rule and rule.status is not None:
            return _Reply(rule.status, b"", _UNKNOWN)
        if path in files.pages:
            return _Reply(HTTPStatus.OK, files.pages[path], TYPES[".html"])
        found = files.file(path)
        if found is None:
            return _Reply(HTTPStatus.NOT_FOUND, b"not found\n", TYPES[".txt"])
        kind = TYPES.get(found.suffix, _UNKNOWN)
        if rule and rule.change:
            return _Reply(HTTPStatus.OK, rule.change(found.read_bytes()), kind)
        if start := _RANGE.fullmatch(self.headers.get("Range", "")):
            return _rest(found.read_bytes(), int(start.group(1)), kind)
        body, coding = files.packed(found, self.headers.get("Accept-Encoding", ""))
        packed = {"Content-Encoding": coding, "Vary": "Accept-Encoding"} if coding else {}
        return _Reply(HTTPStatus.OK, body, kind, packed)

    def _send(self, path: str, reply: _Reply, cut: int | None, with_body: bool) -> None:
        files = self.server.files
        part = reply.body if cut is None else reply.body[:cut]
        complete = len(part) == len(reply.body)
        files.sent(Answer(path, reply.status, len(part) if with_body else 0, complete))
        self.send_response(reply.status)
        headers = {
            "Content-Type": reply.kind,
            "Content-Length": str(len(reply.body)),
            "Accept-Ranges": "bytes",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": f"max-age={files.max_age}" if files.max_age else "no-store",
            **reply.headers,
            **(ISOLATION if files.isolated else {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(part)
            if not complete:
                self._reset()

    def _reset(self) -> None:
        """End the connection as a broken network does: nobody takes a reset for an end."""
        self.server.files.wait(0.05)  # the client may read what was sent: a reset discards the rest
        self.close_connection = True
        no_lingering = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
        self.rfile.close()
        self.connection.close()
