"""The server that web projects are verified against: what it serves, and how it breaks."""

from __future__ import annotations

import gzip
import http.client
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from edgegen.verify.web import server as servers
from edgegen.verify.web.server import Answer, Rule, Server, serving


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    (root / "sub").mkdir(parents=True)
    (root / "index.html").write_text("<p>home</p>")
    (root / "sub" / "index.html").write_text("<p>sub</p>")
    (root / "a b.js").write_text("export {};\n" * 100)
    (root / "weights.bin").write_bytes(bytes(range(256)) * 400)
    (root / "x.wasm").write_bytes(b"\0asm")
    (root / "app.webmanifest").write_text("{}")
    (tmp_path / "secret").write_text("secret")
    (root / "way-out").symlink_to(tmp_path / "secret")
    return root


@pytest.fixture
def server(site: Path) -> Iterator[Server]:
    with serving(site) as server:
        yield server


def ask(
    server: Server, path: str, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sub/", "text/html; charset=utf-8"),
        ("/a%20b.js?x=1", "text/javascript; charset=utf-8"),
        ("/weights.bin", "application/octet-stream"),
        ("/x.wasm", "application/wasm"),
        ("/app.webmanifest", "application/manifest+json"),
    ],
)
def test_files_have_their_type(server: Server, path: str, kind: str) -> None:
    status, headers, body = ask(server, path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert int(headers["Content-Length"]) == len(body) > 0
    assert headers["Cache-Control"] == "no-store"
    assert "Cross-Origin-Opener-Policy" not in headers


@pytest.mark.parametrize(
    "path",
    [
        *("/none", "/../secret", "/%2e%2e/secret", "/sub/../../secret", "//../secret"),
        *("/..%2fsecret", "/..\\secret", "/way-out", "/%00", "/%ff", "/" + "a" * 5000),
    ],
)
def test_nothing_outside_the_folder(server: Server, path: str) -> None:
    status, _, body = ask(server, path)
    assert status == 404
    assert b"secret" not in body


def test_head_sends_no_body(server: Server) -> None:
    status, headers, body = ask(server, "/weights.bin", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "102400", b"")
    assert server.answers[-1] == Answer("/weights.bin", 200, 0)


def test_isolation(site: Path) -> None:
    with serving(site, isolated=True) as server:
        _, headers, _ = ask(server, "/")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_compression(site: Path, coding: str) -> None:
    text = (site / "a b.js").read_bytes()
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress}[coding]
    with serving(site, compression=coding) as server:
        _, headers, body = ask(server, "/a%20b.js", **{"Accept-Encoding": f"x, {coding};q=1"})
        assert headers["Content-Encoding"] == coding
        assert unpack(body) == text
        assert server.answers[-1].bytes == len(body) < len(text)
        _, headers, body = ask(server, "/a%20b.js")
        assert (headers["Content-Encoding"], body) == (None, text)


def test_going_on_where_it_was_cut_off(server: Server) -> None:
    status, headers, body = ask(server, "/weights.bin", Range="bytes=102000-")
    assert (status, headers["Content-Range"]) == (206, "bytes 102000-102399/102400")
    assert body == (bytes(range(256)) * 400)[102000:]
    assert ask(server, "/weights.bin", Range="bytes=102400-")[0] == 416
    for other in ("bytes=1-5", "bytes=-5", "lines=1-"):
        assert ask(server, "/weights.bin", Range=other)[0] == 200


def test_pages_that_are_in_no_folder(server: Server) -> None:
    server.pages["/probe.html"] = b"<p>probe</p>"
    status, headers, body = ask(server, "/probe.html")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == b"<p>probe</p>"


def test_rules(server: Server) -> None:
    server.rules = [
        Rule("/weights.bin", change=lambda data: data[:-1] + b"!", times=1),
        Rule("/weights.bin", status=503, times=1),
        Rule("/sub/*", status=404),
    ]
    first, second, third = (ask(server, "/weights.bin") for _ in range(3))
    assert first[2][-1:] == b"!"
    assert (second[0], second[2]) == (503, b"")
    assert third[2][-1:] == b"\xff"
    assert ask(server, "/sub/")[0] == 404
    assert ask(server, "/")[0] == 200


def test_a_connection_that_drops_in_the_middle(server: Server) -> None:
    server.rules = [Rule("/weights.bin", cut=1000, times=1)]
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        ask(server, "/weights.bin")
    status, _, body = ask(server, "/weights.bin")
    assert (status, len(body)) == (200, 102400)
    cut, whole = server.answers
    assert cut == Answer("/weights.bin", 200, 1000, complete=False)
    assert whole.complete


def test_killed_it_refuses_and_comes_back(server: Server) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    kept.request("GET", "/")
    kept.getresponse().read()
    url = server.url
    server.kill()
    server.kill()
    with pytest.raises(OSError, match="refused"):
        ask(server, "/")
    assert kept.sock.recv(1) == b"", "the open connection has ended, too"
    server.start()
    assert server.url == url
    assert urllib.request.urlopen(url).read() == b"<p>home</p>"


def test_killed_it_ends_answers_that_are_late(server: Server) -> None:
    server.rules = [Rule("/", delay=600.0, times=1)]
    failed: list[Exception] = []

    def wait() -> None:
        try:
            ask(server, "/")
        except (OSError, http.client.HTTPException) as error:
            failed.append(error)

    client = threading.Thread(target=wait)
    client.start()
    while server.rules[0].times:
        threading.Event().wait(0.01)
    assert server.is_busy
    assert server.answers == []
    server.kill()
    client.join(10)
    assert not client.is_alive()
    assert len(failed) == 1


def test_it_is_busy_only_while_it_answers(server: Server) -> None:
    with server.answering():
        assert server.is_busy
    assert not server.is_busy


def test_a_small_file_does_not_wait_for_a_large_one(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = (site / "weights.bin").read_bytes()
    begun, may_end = threading.Event(), threading.Event()
    packed: list[int] = []

    def compress(data: bytes, coding: str, effort: int) -> bytes:
        packed.append(len(data))
        if data == large:
            begun.set()
            assert may_end.wait(60)
        return b"packed"

    monkeypatch.setattr(servers, "compress", compress)
    accepted = {"Accept-Encoding": "br"}
    with serving(site, compression="br") as server:
        clients = [
            threading.Thread(target=ask, args=(server, "/weights.bin"), kwargs=accepted)
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        try:
            assert begun.wait(10)
            assert ask(server, "/", **accepted)[2] == b"packed"
        finally:
            may_end.set()
            for client in clients:
                client.join()
    assert sorted(packed) == [len("<p>home</p>"), len(large)], "each of them once"
