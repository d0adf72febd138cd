"""10,000 malformed requests: each gets a 4xx, and the server goes on in constant memory."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from support.serving import Answer, Server, ask, request, serving

REQUESTS = 10_000
AT_A_TIME = 16
SLOW = 20
GROWTH_BYTES = 8 << 20

IMAGE = [[[[(7 * row + column) % 17] for column in range(8)] for row in range(8)]]
JSON = json.dumps({"inputs": [IMAGE]}).encode()
BYTES = bytes(64)

Malformed = Callable[[random.Random], bytes]


def as_json(body: bytes, **headers: str) -> bytes:
    return request(body, "application/json", headers=headers)


def changed_json(rng: random.Random) -> bytes:
    """A few octets of a valid body replaced, taken out or put in."""
    body = bytearray(JSON)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(body))
        match rng.randrange(3):
            case 0:
                body[at] = rng.randrange(256)
            case 1:
                del body[at]
            case _:
                body.insert(at, rng.choice(b'{}[]",:\x00\xff9e-'))
    return as_json(bytes(body))


def cut_json(rng: random.Random) -> bytes:
    return as_json(JSON[: rng.randrange(len(JSON))])


def deep_json(rng: random.Random) -> bytes:
    depth = rng.randint(4, 2500)
    kind = rng.choice((("[", "]"), ('{"inputs":', "}")))
    closed = rng.random() < 0.5
    text = kind[0] * depth + "1" + (kind[1] * depth if closed else "")
    return as_json(text.encode())


def wrong_values(rng: random.Random) -> bytes:
    image = json.loads(json.dumps(IMAGE))
    row, column = rng.randrange(8), rng.randrange(8)
    values = ["NaN", "Infinity", "1e999", "-129", "128", "1.5", "null", "true", '"1"', "[]", "{}"]
    values += ["9" * rng.randint(4, 3000), "-" + "9" * 25, "1e-400", '"' + "x" * 2000 + '"']
    image[0][row][column][0] = "HERE"
    return as_json(json.dumps({"inputs": [image]}).replace('"HERE"', rng.choice(values)).encode())


def wrong_shape(rng: random.Random) -> bytes:
    image = json.loads(json.dumps(IMAGE))
    part = image
    for _ in range(rng.randrange(4)):
        part = part[rng.randrange(len(part))]
    if rng.random() < 0.5:
        part.append(rng.choice([0, [0], [[0]], [], None]))
    else:
        del part[rng.randrange(len(part))]
    return as_json(json.dumps({"inputs": [image]}).encode())


def wrong_keys(rng: random.Random) -> bytes:
    document = rng.choice(
        (
            {"input": [IMAGE]},
            {"inputs": {"\u0000": IMAGE}},
            {"inputs": {}},
            {"inputs": [IMAGE], "real": rng.choice((0, "true", None, []))},
            {"inputs": [IMAGE], "__class__": 1},
            [IMAGE],
            "inputs",
            rng.randrange(1 << 40),
            None,
        )
    )
    return as_json(json.dumps(document).encode())


def not_utf8(rng: random.Random) -> bytes:
    body = bytearray(JSON)
    at = rng.randrange(len(body))
    body[at:at] = rng.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"))
    return as_json(bytes(body))


def wrong_bytes(rng: random.Random) -> bytes:
    length = rng.choice([*range(64), *range(65, 200), 1000, 5000])
    return request(rng.randbytes(length))


def wrong_type(rng: random.Random) -> bytes:
    kinds = ("text/plain", "application/xml", "application/jsonx", "", "*/*", "multipart/form-data")
    kind = rng.choice((*kinds, "x" * 3000, "application/octet-stream\x0b", "image/gif"))
    return request(BYTES, kind)


def compressed(rng: random.Random) -> bytes:
    kind = rng.choice(("gzip", "br", "deflate", "gzip, identity", "zstd"))
    return as_json(rng.randbytes(200), **{"content-encoding": kind})


def wrong_length(rng: random.Random) -> bytes:
    lengths = (
        "1" * 15,
        "1" * 30,
        "-1",
        "+64",
        "64, 65",
        "0x40",
        "64abc",
        " ",
        "9223372036854775807",
    )
    return request(BYTES, headers={"content-length": rng.choice(lengths)})


def two_lengths(rng: random.Random) -> bytes:
    more = rng.choice(
        (b"content-length: 63\r\n", b"transfer-encoding: chunked\r\n", b"transfer-encoding: x\r\n")
    )
    return request(BYTES).replace(b"host: x\r\n", b"host: x\r\n" + more)


def wrong_chunks(rng: random.Random) -> bytes:
    head = request(headers={"transfer-encoding": "chunked"}).replace(b"content-length: 0\r\n", b"")
    return head + rng.choice(
        (
            b"zz\r\n",
            b"40\r\n" + BYTES + b"x\r\n0\r\n\r\n",
            b"-1\r\n\r\n",
            b"ffffffffffffffffff\r\n",
            b"3f\r\n" + BYTES[:-1] + b"\r\n0\r\n\r\n",
            b"41\r\n" + BYTES + b"\x00\r\n0\r\n\r\n",
            b"1770\r\n" + bytes(6000) + b"\r\n0\r\n\r\n",
        )
    )


def wrong_method(rng: random.Random) -> bytes:
    method = rng.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post", ""))
    return request(BYTES, method=method)


def wrong_path(rng: random.Random) -> bytes:
    paths = (
        "/predict/",
        "//predict",
        "/../predict",
        "/%2e%2e/%00",
        "/pr\x01dict",
        "/predict%",
        "*",
    )
    paths += ("/" + "a" * 5000, "http://x:99999/predict", "/\xff\xfe", "/healthz/../info", "")
    return request(BYTES, path=rng.choice(paths))


def wrong_head(rng: random.Random) -> bytes:
    line = rng.choice(
        (
            b"no colon",
            b": no name",
            b"a\x00b: c",
            b"a: b\x00c",
            b"a b: c",
            b" folded: x",
            b"x: " + b"y" * 40_000,
            b"x: \x1b[31m\r",
        )
    )
    return request(BYTES).replace(b"host: x\r\n", line + b"\r\n").replace(b"octet", b"octopus")


def noise(rng: random.Random) -> bytes:
    # Its first octet is no letter, so that no request begins with it.
    return b"\x16" + rng.randbytes(rng.randint(1, 400)) + b"\r\n\r\n"


KINDS: tuple[Malformed, ...] = (
    changed_json,
    cut_json,
    deep_json,
    wrong_values,
    wrong_shape,
    wrong_keys,
    not_utf8,
    wrong_bytes,
    wrong_type,
    compressed,
    wrong_length,
    two_lengths,
    wrong_chunks,
    wrong_method,
    wrong_path,
    wrong_head,
    noise,
)


def is_valid(data: bytes) -> bool:
    """Whether a mutation left a request that the model takes, after all."""
    head, _, body = data.partition(b"\r\n\r\n")
    if b"application/json" not in head:
        return False
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or document.keys() != {"inputs"}:
        return False
    level: list[object] = [document["inputs"]]
    for size in (1, 1, 8, 8, 1):
        if not all(isinstance(part, list) and len(part) == size for part in level):
            return False
        level = [each for part in level if isinstance(part, list) for each in part]
    return all(type(value) is int and -128 <= value <= 127 for value in level)


def test_ten_thousand_malformed_requests(digits_project: Path, tmp_path: Path) -> None:
    settings = "[serve]\ntransfer_seconds = 1.0\nmax_connections = 200\naccess_log = false\n"
    log = tmp_path / "log"
    with serving(digits_project, log, settings) as server:
        rng = random.Random(2026)
        asyncio.run(_send_all(server, rng, REQUESTS // 5))
        before = server.memory_bytes()
        asyncio.run(_send_all(server, rng, REQUESTS - REQUESTS // 5))
        assert server.memory_bytes() - before < GROWTH_BYTES
        good = server.ask(request(BYTES))
        assert (good.status, len(good.body)) == (200, 10)
        assert server.ask(request(path="/healthz", method="GET")).status == 200
        assert server.stop() == 0
    said = log.read_text()
    assert "Traceback" not in said
    assert "error" not in said.lower().replace("invalid http request", "")


async def _send_all(server: Server, rng: random.Random, count: int) -> None:
    port = server.ports["http"]
    found: Counter[str] = Counter()
    waiting = iter([(kind := rng.choice(KINDS), kind(rng)) for _ in range(count)])

    async def client() -> None:
        for kind, data in waiting:
            answer = await _refused(port, kind, data)
            found[f"{answer.status // 100}xx"] += 1

    async def slow_client() -> None:
        """A request that stops in the middle; the server hangs up on it."""
        data = request(BYTES)
        answer = await ask(port, data[: rng.randrange(1, len(data))])
        assert answer.status == 408, answer

    async def cut_client() -> None:
        """A client that goes away in the middle gets no answer, and does no harm."""
        data = request(BYTES)
        await ask(port, data[: rng.randrange(1, len(data))], close=True)

    clients = [client() for _ in range(AT_A_TIME)]
    slow = [each() for _ in range(SLOW) for each in (slow_client, cut_client)]
    await asyncio.gather(*clients, *slow)
    assert found["4xx"] > 0.97 * count, found
    assert found["4xx"] + found["2xx"] == count, found


async def _refused(port: int, kind: Malformed, data: bytes) -> Answer:
    answer = await ask(port, data)
    wanted = answer.status == 200 if is_valid(data) else 400 <= answer.status < 500
    assert wanted, (kind.__name__, answer, data[:600])
    return answer
