"""Limits of generated servers: token, sizes, slow and many clients, and an end without losses."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from support.serving import (
    WITH_A_DOOR,
    Answer,
    Door,
    Server,
    read_answer,
    request,
    serving,
    start,
)

BODY = bytes(64)
# As on processors for which nobody offers them.
WITHOUT_COMPILED_PARTS = "sys.modules |= dict.fromkeys(('httptools', 'uvloop'))"

TOKEN = "a-token-of-enough-letters"


def test_a_token_is_asked_for(digits_project: Path, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    settings = f'[serve]\ntoken_file = "{token_file}"\n'
    with serving(digits_project, tmp_path / "log", settings) as server:

        def status(authorization: str | None, path: str = "/predict", method: str = "POST") -> int:
            headers = {} if authorization is None else {"authorization": authorization}
            return server.ask(request(BODY, path=path, method=method, headers=headers)).status

        assert status(f"Bearer {TOKEN}") == 200
        assert status(f"bearer {TOKEN}") == 200
        for wrong in (None, "", TOKEN, "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
            assert status(wrong) == 401
        for path in ("/info", "/metrics", "/openapi.json", "/nothing"):
            assert status(None, path, "GET") == 401
        assert status(f"Bearer {TOKEN}", "/info", "GET") == 200
        assert status(None, "/healthz", "GET") == 200
        refused = server.ask(request(BODY))
        assert refused.headers["www-authenticate"] == "Bearer"
        document = server.ask(
            request(
                path="/openapi.json", method="GET", headers={"authorization": f"Bearer {TOKEN}"}
            )
        )
        assert json.loads(document.body)["paths"]["/predict"]["post"]["security"]
    assert TOKEN not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("content", ["", "short", "no spaces in a token please", None])
def test_a_token_file_without_a_token(
    digits_project: Path, tmp_path: Path, content: str | None
) -> None:
    token_file = tmp_path / "token"
    if content is not None:
        token_file.write_text(content)
    settings = f'[serve]\ntoken_file = "{token_file}"\n'
    process = start(digits_project, tmp_path / "log", settings)
    assert process.wait(60) == 2
    said = (tmp_path / "log").read_text()
    assert str(token_file) in said
    assert "Traceback" not in said


@pytest.mark.parametrize("before", ["", WITHOUT_COMPILED_PARTS])
def test_slow_and_many_clients(digits_project: Path, tmp_path: Path, before: str) -> None:
    settings = "[serve]\ntransfer_seconds = 0.5\nmax_connections = 8\nmax_request_bytes = 4096\n"
    with serving(digits_project, tmp_path / "log", settings, before) as server:
        _slow_heads_and_bodies(server)
        _large_heads_and_bodies(server)
        _too_many(server)
        assert server.ask(request(BODY)).status == 200
        assert server.stop() == 0


def _slow_heads_and_bodies(server: Server) -> None:
    beginnings = (
        b"",
        b"POST /pre",
        b"POST /predict HTTP/1.1\r\nhost: x\r\nx-a: b\r\n",
        request(BODY)[:-10],
        b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
        b"content-type: application/octet-stream\r\n\r\n5\r\nabc",
    )
    connections = []
    for beginning in beginnings:
        connection = server.connect()
        connection.sendall(beginning)
        connections.append(connection)
    # The server answers others meanwhile.
    assert server.ask(request(BODY)).status == 200
    for beginning, connection in zip(beginnings, connections, strict=True):
        assert read_answer(connection).status == 408, beginning
        assert connection.recv(1) == b""
        connection.close()
    # Also a second request on a connection that has had its first.
    with server.connect() as connection:
        connection.sendall(request(BODY))
        assert read_answer(connection).status == 200
        connection.sendall(b"POST /predict HT")
        assert read_answer(connection).status == 408


def _large_heads_and_bodies(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        answer = Answer(0, {}, b"")
        try:
            for _ in range(1000):
                connection.sendall(b"x-a: " + b"b" * 1000 + b"\r\n")
            answer = read_answer(connection)
        except ConnectionError:
            pass
        assert answer.status in (0, 400, 431)  # h11 has a limit of its own
    chunk = b"400\r\n" + b"x" * 0x400 + b"\r\n"
    head = request(headers={"transfer-encoding": "chunked"}).replace(b"content-length: 0\r\n", b"")
    with server.connect() as connection:
        connection.sendall(head + 8 * chunk)  # and no end
        answer = read_answer(connection)
        assert answer.status == 413
        assert answer.headers["connection"] == "close"
    assert server.ask(request(bytes(5000))).status == 413
    # A client that asks before it sends is told at once.
    announced = {"content-length": "5000", "expect": "100-continue"}
    assert server.ask(request(headers=announced)).status == 413


def _too_many(server: Server) -> None:
    held = [server.connect() for _ in range(8)]
    for connection in held:
        connection.sendall(request(BODY))
        assert read_answer(connection).status == 200
    with server.connect() as connection:
        answer = read_answer(connection)
        assert answer.status == 503
        assert answer.headers["retry-after"]
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 10
    while server.ask(request(BODY)).status != 200:
        assert time.monotonic() < deadline


def test_a_full_queue_and_deadlines(digits_project: Path, tmp_path: Path) -> None:
    settings = WITH_A_DOOR + "max_waiting = 2\nrequest_seconds = 2.0\n"
    door = Door(tmp_path / "door")
    with serving(digits_project, tmp_path / "log", settings, door.code) as server:
        door.close()
        first = server.connect()
        first.sendall(request(BODY))
        server.wait_until("digits_serve_pending", 1)
        connections = [server.connect() for _ in range(7)]
        for connection in connections:
            connection.sendall(request(BODY))
        answers = [read_answer(connection) for connection in (first, *connections)]
        statuses = sorted(answer.status for answer in answers)
        # One computes and two wait, none of them in time; the others find no room.
        assert statuses == [503] * 5 + [504] * 3
        refused = next(answer for answer in answers if answer.status == 503)
        assert refused.headers["retry-after"] == "1"
        for connection in (first, *connections):
            connection.close()
        door.open()
        assert server.ask(request(BODY)).status == 200
        assert server.metric("digits_serve_refused_total") == 5
        # The two that waited too long were not computed.
        assert server.metric("digits_inference_seconds_count") == 2


def test_a_client_that_goes_away_is_not_computed_for(digits_project: Path, tmp_path: Path) -> None:
    door = Door(tmp_path / "door")
    with serving(digits_project, tmp_path / "log", WITH_A_DOOR, door.code) as server:
        door.close()
        first = server.connect()
        first.sendall(request(BODY))
        server.wait_until("digits_serve_pending", 1)
        connections = [server.connect() for _ in range(10)]
        for connection in connections:
            connection.sendall(request(BODY))
        server.wait_until("digits_serve_pending", 11)
        for connection in connections:
            connection.close()
        server.wait_until("digits_serve_pending", 1)
        door.open()
        assert read_answer(first).status == 200
        first.close()
        assert server.ask(request(BODY)).status == 200
        assert server.metric("digits_inference_seconds_count") == 2


def test_an_end_answers_what_was_accepted(digits_project: Path, tmp_path: Path) -> None:
    door = Door(tmp_path / "door")
    with serving(digits_project, tmp_path / "log", WITH_A_DOOR, door.code) as server:
        door.close()
        late = server.connect()
        late.sendall(request(BODY)[:-1])  # its last byte comes after the signal
        connections = [server.connect() for _ in range(10)]
        for connection in connections:
            connection.sendall(request(BODY))
        server.wait_until("digits_serve_pending", 10)
        stopped: list[int] = []
        stopping = threading.Thread(target=lambda: stopped.append(server.stop()))
        stopping.start()
        while _accepts(server):
            time.sleep(0.01)
        late.sendall(BODY[-1:])
        door.open()
        for connection in (*connections, late):
            answer = read_answer(connection)
            assert answer.status == 200
            assert len(answer.body) == 10
            connection.close()
        stopping.join(60)
        assert stopped == [0]


def _accepts(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.ports["http"]), 5).close()
    except ConnectionError:
        return False
    return True


def test_an_engine_that_hangs_does_not_hold_the_process(
    digits_project: Path, tmp_path: Path
) -> None:
    settings = WITH_A_DOOR + "drain_seconds = 0.5\n"
    door = Door(tmp_path / "door")
    with (
        serving(digits_project, tmp_path / "log", settings, door.code) as server,
        server.connect() as connection,
    ):
        door.close()
        connection.sendall(request(BODY))
        server.wait_until("digits_serve_pending", 1)
        assert server.stop() == 1


def test_no_head_grows_behind_an_answer_or_a_body(digits_project: Path, tmp_path: Path) -> None:
    """A second request's head while the first one computes, and fields behind a chunked body."""
    door = Door(tmp_path / "door")
    chunked = request(headers={"transfer-encoding": "chunked"}).replace(
        b"content-length: 0\r\n", b""
    )
    beginnings = (
        request(BODY) + b"GET / HTTP/1.1\r\n",
        chunked + b"40\r\n" + BODY + b"\r\n0\r\n",
    )
    with serving(digits_project, tmp_path / "log", WITH_A_DOOR, door.code) as server:
        door.close()
        for beginning in beginnings:
            with server.connect() as connection:
                connection.sendall(beginning)
                before = server.memory_bytes()
                with pytest.raises(ConnectionError):
                    connection.sendall((b"x-a: " + b"b" * 1017 + b"\r\n") * (64 << 10))
                assert server.memory_bytes() - before < 16 << 20
        door.open()
        assert server.ask(request(BODY)).status == 200
        # In small chunks, and two requests at once: as ever.
        pieces = b"".join(b"1\r\n" + BODY[:1] + b"\r\n" for _ in BODY)
        assert server.ask(chunked + pieces + b"0\r\nx-a: b\r\n\r\n").status == 200
        with server.connect() as connection:
            connection.sendall(2 * request(BODY))
            assert read_answer(connection).status == 200
