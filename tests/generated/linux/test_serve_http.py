"""HTTP servers of generated projects: right answers, and requests that are refused."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from generated.linux.conftest import EXAMPLE
from support.serving import Answer, Server, ask, read_answer, request, serving, start

Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def server(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("serve") / "log"
    with serving(digits_project, log) as running:
        # One at least, whichever of the tests run here.
        assert running.ask(request(path="/healthz", method="GET")).status == 200
        yield running
        assert running.stop() == 0
        _check_log(log)


def _check_log(log: Path) -> None:
    """A line for every request, and nothing that a client sent."""
    text = log.read_text()
    assert '"request"' in text
    assert "hello there" not in text
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))


@pytest.fixture(scope="module")
def model(digits_runtime: Path) -> Iterator[Any]:
    with importlib.import_module("digits_runtime").Model() as opened:
        yield opened


@pytest.fixture
def images() -> Array:
    found = np.load(EXAMPLE / "images.npy")
    return found[:20].reshape(-1, 1, 8, 8, 1).astype(np.int8)


def ask_json(server: Server, document: object, **headers: str) -> Answer:
    return server.ask(request(json.dumps(document).encode(), "application/json", headers=headers))


def test_json_in_json_out(server: Server, model: Any, images: Array) -> None:
    name, output = model.inputs[0].name, model.outputs[0].name
    for image in images:
        wanted = model.predict(image)[0]
        for inputs in ({name: image.tolist()}, [image.tolist()]):
            answer = ask_json(server, {"inputs": inputs})
            assert answer.status == 200
            document = json.loads(answer.body)
            assert document["outputs"][output] == wanted.tolist()
            assert document["labels"] == [str(wanted.argmax())]


def test_real_numbers_are_quantised_and_turned_back(
    server: Server, model: Any, images: Array
) -> None:
    name, output = model.inputs[0].name, model.outputs[0].name
    real = model.inputs[0].dequantize(images[3]).tolist()
    answer = ask_json(server, {"inputs": {name: real}, "real": True})
    wanted = model.outputs[0].dequantize(model.predict(images[3])[0])
    found = json.loads(answer.body)["outputs"][output]
    assert np.array_equal(np.asarray(found, np.float32), wanted)


def test_bytes_in_bytes_out(server: Server, model: Any, images: Array) -> None:
    with server.connect() as connection:  # one connection for all of them
        for image in images:
            connection.sendall(request(image.tobytes()))
            answer = read_answer(connection)
            assert answer.status == 200
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.body == model.predict(image)[0].tobytes()


def test_the_header_accept_chooses_the_answers_type(server: Server, images: Array) -> None:
    answer = server.ask(request(images[0].tobytes(), headers={"accept": "application/json"}))
    assert json.loads(answer.body)["outputs"]
    document = {"inputs": [images[0].tolist()]}
    answer = ask_json(server, document, accept="application/octet-stream")
    assert len(answer.body) == 10


def test_a_body_in_chunks(server: Server, model: Any, images: Array) -> None:
    body = images[1].tobytes()
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:11], body[11:])
    )
    head = request(headers={"transfer-encoding": "chunked"}).replace(b"content-length: 0\r\n", b"")
    answer = server.ask(head + chunks + b"0\r\n\r\n")
    assert answer.body == model.predict(images[1])[0].tobytes()


def test_pipelined_requests_are_answered_in_order(
    server: Server, model: Any, images: Array
) -> None:
    with server.connect() as connection:
        connection.sendall(b"".join(request(image.tobytes()) for image in images))
        data = b""
        wanted = [model.predict(image)[0].tobytes() for image in images]
        while data.count(b"HTTP/1.1 200") < len(images) or not data.endswith(wanted[-1]):
            piece = connection.recv(65536)
            assert piece
            data += piece
    position = 0
    for body in wanted:
        position = data.index(b"\r\n\r\n" + body, position) + len(body)


def test_healthz_info_and_metrics(server: Server, model: Any) -> None:
    healthz = server.ask(request(path="/healthz", method="GET"))
    assert (healthz.status, json.loads(healthz.body)) == (200, {"live": True, "ready": True})
    info = json.loads(server.ask(request(path="/info", method="GET")).body)
    assert info["inputs"][0]["shape"] == list(model.inputs[0].shape)
    assert info["engine"]
    metrics = server.ask(request(path="/metrics", method="GET"))
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    check_prometheus(metrics.body.decode())


def check_prometheus(text: str) -> None:
    """Every line is a comment or a sample of a family that has been introduced, once."""
    assert text.endswith("\n")
    sample = re.compile(
        r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{\w+="[^"\\\n]*"(,\w+="[^"\\\n]*")*\})? '
        r"([0-9.eE+-]+|NaN|[+-]Inf)"
    )
    types: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = sample.fullmatch(line)
            assert match, line
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in types or types[family] in ("histogram", "summary"), line


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"nothing": [1]}, "keys"),
        ([], "1 inputs"),
        ([[1, 2, 3]], "shape [1, 8, 8, 1]"),
        ([[[[[0]] * 8] * 7]], "dimension 1"),
        ([[[[[0.5]] * 8] * 8]], "no integer"),
        ([[[[[True]] * 8] * 8]], "no integer"),
        ([[[[["1"]] * 8] * 8]], "no integer"),
        ([[[[[None]] * 8] * 8]], "no integer"),
        ([[[[[128]] * 8] * 8]], "outside of int8"),
        ([[[[[10**30]] * 8] * 8]], "Input"),
        ("hello there", "neither an object nor a list"),
    ],
)
def test_what_the_model_does_not_take_is_refused(
    server: Server, inputs: object, words: str
) -> None:
    answer = ask_json(server, {"inputs": inputs})
    assert answer.status == 422
    detail = json.loads(answer.body)["detail"]
    assert words in detail
    assert "hello" not in detail


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request(b"{", "application/json"), 400),
        (request(b"\xff\xfe", "application/json"), 400),
        (request(b"[" * 3000, "application/json"), 400),
        (request(b"[]", "application/json"), 422),
        (request(b'{"inputs": [], "more": 1}', "application/json"), 422),
        (request(b'{"inputs": [], "real": 1}', "application/json"), 422),
        (request(b"x" * 63), 422),
        (request(b"x" * 65), 422),
        (request(b"x" * 64, "text/plain"), 415),
        (request(b"x" * 64, headers={"content-encoding": "gzip"}), 415),
        (request(b"x" * 100_000), 413),
        (request(headers={"content-length": "9999999999999999"}), 413),
        (request(headers={"content-length": "-1"}), 400),
        (request(method="PUT"), 405),
        (request(path="/predict/"), 404),
        (request(path="/../../etc/passwd", method="GET"), 404),
        (request(path="/healthz", method="DELETE"), 405),
        (request().replace(b"content-length: 0\r\n", b""), 411),
        (b"hello there\r\n\r\n", 400),
    ],
)
def test_requests_that_are_wrong(server: Server, data: bytes, status: int) -> None:
    assert server.ask(data).status == status


def test_the_openapi_document_says_what_the_server_takes(
    server: Server, model: Any, images: Array
) -> None:
    import jsonschema
    from openapi_spec_validator import validate

    document = json.loads(server.ask(request(path="/openapi.json", method="GET")).body)
    validate(document)
    operation = document["paths"]["/predict"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(schema)
    name = model.inputs[0].name
    image = images[0].tolist()
    wrong = json.loads(json.dumps(image))
    wrong[0][3][3][0] = 128
    bodies: list[Any] = [
        {"inputs": {name: image}},
        {"inputs": [image]},
        {"inputs": {name: wrong}},
        {"inputs": {name: image[0]}},
        {"inputs": {name: [image[0], image[0]]}},
        {"inputs": {name: image, "b": 1}},
        {"inputs": {}},
        {"inputs": [image, image]},
        {"inputs": None},
        {"inputs": [image], "real": False},
        {"inputs": [image], "real": "no"},
        {"inputs": [image], "other": 1},
        {},
        [],
    ]
    answered = operation["responses"]["200"]["content"]["application/json"]["schema"]
    taken = 0
    for body in bodies:
        answer = ask_json(server, body)
        assert (answer.status == 200) == validator.is_valid(body), body
        assert str(answer.status) in operation["responses"]
        if answer.status == 200:
            jsonschema.Draft202012Validator(answered).validate(json.loads(answer.body))
            taken += 1
    assert taken == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_many_clients_at_once_get_their_own_answers(
    digits_project: Path, tmp_path: Path, model: Any, workers: int
) -> None:
    found = np.load(EXAMPLE / "images.npy").reshape(-1, 1, 8, 8, 1).astype(np.int8)
    wanted = [model.predict(image)[0].tobytes() for image in found]
    # As many more as it serves are told so; beyond that some just see their connection end.
    settings = f"[serve]\ninline_seconds = 0\nworkers = {workers}\nmax_waiting = 1000\n"
    settings += "max_connections = 100\n"

    async def ask_all(port: int) -> list[Answer]:
        return await asyncio.gather(*(ask(port, request(image.tobytes())) for image in found))

    with serving(digits_project, tmp_path / "log", settings) as running:
        answers = asyncio.run(ask_all(running.ports["http"]))
        assert running.stop() == 0
    assert len(answers) == 200
    assert [answer.body for answer in answers if answer.status == 200] == [
        body for body, answer in zip(wanted, answers, strict=True) if answer.status == 200
    ]
    # At most `max_connections` at a time: the others are told so.
    assert {answer.status for answer in answers} <= {200, 503}
    assert sum(answer.status == 200 for answer in answers) >= 64


def test_systemd_is_told(
    digits_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        with serving(digits_project, tmp_path / "log") as running:
            assert listener.recv(100) == b"READY=1"
            assert [listener.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            assert running.stop() == 0
            said = b""
            while said != b"STOPPING=1":
                said = listener.recv(100)


def test_a_port_in_use(server: Server, digits_project: Path, tmp_path: Path) -> None:
    settings = f"[serve]\nhttp_port = {server.ports['http']}\n"
    process = start(digits_project, tmp_path / "log", settings)
    assert process.wait(60) == 1
    said = (tmp_path / "log").read_text()
    assert f"port {server.ports['http']}: the port is in use" in said
    assert "Traceback" not in said
    process = start(
        digits_project, tmp_path / "log", "", "", "--grpc-port", str(server.ports["grpc"])
    )
    assert process.wait(60) == 1
    assert "the port is in use" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("host", ["x" * 300, "a..b", "no.such.host.invalid"])
def test_a_host_that_is_none(host: str, digits_runtime: Path) -> None:
    ports = importlib.import_module("digits_runtime.serve.ports")
    errors = importlib.import_module("digits_runtime.errors")
    with pytest.raises(errors.RuntimeProblem, match="Cannot listen on"):
        ports.listening(host, 0, "serve.http_port")


def test_sockets_are_not_left_behind(server: Server) -> None:
    """Connections that end in the middle are forgotten."""
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(30):
        with server.connect() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\ncontent-length: 64\r\n\r\nabc")
            connection.shutdown(socket.SHUT_RDWR)
    assert server.ask(request(path="/healthz", method="GET")).status == 200
    assert len(list(descriptors.iterdir())) <= before + 2


@pytest.mark.parametrize(
    ("protocol", "library"),
    [("http", "uvicorn"), ("http", "fastapi"), ("http", "orjson"), ("grpc", "grpc")],
)
def test_a_library_that_is_missing(digits_runtime: Path, protocol: str, library: str) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None; from digits_runtime import cli;"
        f"sys.exit(cli.main(['serve', '--only', {protocol!r}, '--{protocol}-port', '0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(digits_runtime / "edgegen" / "python")},
        cwd=digits_runtime,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    assert f"is not here ({library})" in done.stderr
    assert f"pip install 'digits[{protocol}]'" in done.stderr
    assert "Traceback" not in done.stderr
