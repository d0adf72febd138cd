"""What serving costs without a model: reads a body, answers the same bytes every time.

    python benchmarks/serving_bare.py uvicorn|fastapi REPLY_FILE CONTENT_TYPE

Prints its port. The server of benchmarks/serving.py's comparison: uvicorn with the parser and the
event loop that generated projects use, without an access log.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

Message = MutableMapping[str, Any]


def main(kind: str, reply_file: str, content_type: str) -> None:
    reply = Path(reply_file).read_bytes()
    app = {"uvicorn": _asgi, "fastapi": _fastapi}[kind](reply, content_type)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(json.dumps({"http": listener.getsockname()[1]}), flush=True)
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="uvloop",
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="error",
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _asgi(reply: bytes, content_type: str) -> Any:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(reply)).encode()),
    ]

    async def app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        while (await receive()).get("more_body", False):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    return app


def _fastapi(reply: bytes, content_type: str) -> Any:
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        await request.body()
        return Response(reply, media_type=content_type)

    return app


if __name__ == "__main__":
    main(*sys.argv[1:])
