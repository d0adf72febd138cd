"""gRPC servers of generated projects: right answers, status codes, health, reflection, contract."""

from __future__ import annotations

import importlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from support.serving import TIMEOUT_S, WITH_A_DOOR, Door, Server, serving

TOKEN = "a-token-of-enough-letters"
Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def messages(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.serve.messages")


@pytest.fixture(scope="module")
def server(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(digits_project, tmp_path_factory.mktemp("serve") / "log") as running:
        yield running
        assert running.stop() == 0


@pytest.fixture(scope="module")
def channel(server: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as opened:
        yield opened


@pytest.fixture(scope="module")
def model(digits_runtime: Path) -> Iterator[Any]:
    with importlib.import_module("digits_runtime").Model() as opened:
        yield opened


def method(channel: grpc.Channel, messages: Any, name: str = "Predict") -> Any:
    return channel.unary_unary(
        f"/{messages.SERVICE}/{name}",
        request_serializer=getattr(messages, f"{name}Request").SerializeToString,
        response_deserializer=getattr(messages, f"{name}Response").FromString,
    )


def one(messages: Any, data: bytes = bytes(64), **more: Any) -> Any:
    return messages.PredictRequest(inputs=[messages.Tensor(data=data, **more)])


def test_answers_are_the_models(channel: grpc.Channel, messages: Any, model: Any) -> None:
    predict = method(channel, messages)
    images = np.load(Path(__file__).parents[3] / "examples" / "digits" / "images.npy")
    spec = model.inputs[0]
    for image in images[:20]:
        tensor = image.reshape(1, 8, 8, 1).astype(np.int8)
        wanted = model.predict(tensor)[0]
        named = {"name": spec.name, "dtype": "int8", "shape": [1, 8, 8, 1]}
        for more in ({}, named):
            answer = predict(one(messages, tensor.tobytes(), **more), timeout=20)
            found = answer.outputs[0]
            assert found.data == wanted.tobytes()
            assert (found.dtype, list(found.shape)) == ("int8", [1, 10])
            assert found.scale == model.outputs[0].scale
            assert list(answer.labels) == [str(wanted.argmax())]


def test_info(channel: grpc.Channel, messages: Any, model: Any) -> None:
    info = method(channel, messages, "Info")(messages.InfoRequest(), timeout=20)
    assert info.name == "digits"
    assert [list(tensor.shape) for tensor in info.inputs] == [[1, 8, 8, 1]]
    assert not info.inputs[0].data
    assert info.batch_rows == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": bytes(63)},
        {"data": b""},
        {"data": bytes(64), "name": "nothing"},
        {"data": bytes(64), "dtype": "float32"},
        {"data": bytes(64), "shape": [64]},
    ],
)
def test_what_the_model_does_not_take_is_refused(
    channel: grpc.Channel, messages: Any, wrong: dict[str, Any]
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        method(channel, messages)(one(messages, **wrong), timeout=20)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_requests_that_are_wrong(channel: grpc.Channel, messages: Any) -> None:
    raw = channel.unary_unary(f"/{messages.SERVICE}/Predict")  # bytes as they are
    for data, code in (
        (b"\xff" * 20, grpc.StatusCode.INVALID_ARGUMENT),
        (b"", grpc.StatusCode.INVALID_ARGUMENT),
        (bytes(1 << 20), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            raw(data, timeout=20)
        assert caught.value.code() == code
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/{messages.SERVICE}/Nothing")(b"", timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert method(channel, messages)(one(messages), timeout=20).outputs


def test_health(channel: grpc.Channel, messages: Any) -> None:
    check = health_pb2_grpc.HealthStub(channel).Check
    for name in ("", messages.SERVICE):
        answer = check(health_pb2.HealthCheckRequest(service=name), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection(channel: grpc.Channel, messages: Any) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    assert messages.SERVICE in database.get_services()
    pool = descriptor_pool.DescriptorPool(database)
    method_ = pool.FindServiceByName(messages.SERVICE).methods_by_name["Predict"]
    assert method_.input_type.fields_by_name["inputs"].message_type.name == "Tensor"


def test_the_proto_file_is_what_is_served(
    digits_project: Path, messages: Any, tmp_path: Path
) -> None:
    from grpc_tools import protoc

    folder = digits_project / "edgegen" / "python" / "digits_runtime" / "serve"
    compiled = tmp_path / "digits.binpb"
    arguments = ["protoc", f"-I{folder}", f"--descriptor_set_out={compiled}", "digits.proto"]
    assert protoc.main(arguments) == 0
    (wanted,) = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes()).file
    for message in wanted.message_type:
        for field in message.field:
            field.ClearField("json_name")
    assert messages.file_descriptor() == wanted
    assert "grpc_tools" in sys.modules


def test_a_token_is_asked_for(digits_project: Path, messages: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    settings = f'[serve]\ntoken_file = "{tmp_path}/token"\n'
    with (
        serving(digits_project, tmp_path / "log", settings) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel,
    ):
        predict = method(channel, messages)
        shown = [("authorization", f"Bearer {TOKEN}")]
        assert predict(one(messages), timeout=20, metadata=shown).outputs
        for metadata in (None, [("authorization", TOKEN)], [("authorization", "Bearer wrong")]):
            with pytest.raises(grpc.RpcError) as caught:
                predict(one(messages), timeout=20, metadata=metadata)
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.RpcError) as caught:
            ProtoReflectionDescriptorDatabase(channel).get_services()
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
        check = health_pb2_grpc.HealthStub(channel).Check
        check(health_pb2.HealthCheckRequest(), timeout=20)
        assert server.stop() == 0


def test_a_full_queue_a_deadline_and_the_end(
    digits_project: Path, messages: Any, tmp_path: Path
) -> None:
    settings = WITH_A_DOOR + "max_waiting = 2\n"
    door = Door(tmp_path / "door")
    with (
        serving(digits_project, tmp_path / "log", settings, door.code) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel,
    ):
        door.close()
        predict = method(channel, messages)
        with pytest.raises(grpc.RpcError) as caught:
            predict(one(messages), timeout=1)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        calls = [predict.future(one(messages), timeout=60) for _ in range(2)]
        server.wait_until("digits_serve_pending", 2)
        with pytest.raises(grpc.RpcError) as caught:
            predict(one(messages), timeout=60)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert dict(caught.value.trailing_metadata())["retry-after"] == "1"
        server.process.send_signal(signal.SIGTERM)
        while _is_serving(channel):
            time.sleep(0.01)
        door.open()
        assert [call.code() for call in calls] == [grpc.StatusCode.OK] * 2
        assert server.process.wait(TIMEOUT_S) == 0


def _is_serving(channel: grpc.Channel) -> bool:
    try:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = check(health_pb2.HealthCheckRequest(), timeout=20)
    except grpc.RpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def test_no_call_without_a_token_holds_a_place(
    digits_project: Path, messages: Any, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    settings = f'[serve]\ntoken_file = "{tmp_path}/token"\nmax_connections = 2\n'
    with (
        serving(digits_project, tmp_path / "log", settings) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel,
    ):
        # Calls that never end by themselves: one that waits for news, requests that never come.
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        never = threading.Event()
        stalled = channel.stream_unary(f"/{messages.SERVICE}/Predict")
        calls = [watch, *(stalled.future(_nothing(never)) for _ in range(2))]
        try:
            assert [call.code() for call in calls] == [grpc.StatusCode.UNAUTHENTICATED] * 3
            shown = [("authorization", f"Bearer {TOKEN}")]
            predict = method(channel, messages)
            assert predict(one(messages), timeout=20, metadata=shown).outputs
        finally:
            never.set()
            for call in calls:
                call.cancel()


def test_no_request_that_stalls_holds_a_place(
    digits_project: Path, messages: Any, tmp_path: Path
) -> None:
    settings = "[serve]\nmax_connections = 3\ntransfer_seconds = 0.5\n"
    with (
        serving(digits_project, tmp_path / "log", settings) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel,
    ):
        never = threading.Event()
        names = [f"{messages.SERVICE}/Predict", f"{messages.SERVICE}/Info"]
        names.append("grpc.health.v1.Health/Check")
        calls = [channel.stream_unary(f"/{name}").future(_nothing(never)) for name in names]
        try:
            late = [call.exception(timeout=20).code() for call in calls]
            assert late == [grpc.StatusCode.DEADLINE_EXCEEDED] * 3
            assert method(channel, messages)(one(messages), timeout=20).outputs
            empty = channel.stream_unary(f"/{messages.SERVICE}/Predict")
            with pytest.raises(grpc.RpcError) as caught:
                empty(iter(()), timeout=20)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        finally:
            never.set()


def test_connections_are_so_many(digits_project: Path, messages: Any, tmp_path: Path) -> None:
    """Those that say nothing, too: they would take the file descriptors of HTTP as well."""
    settings = "[serve]\nmax_connections = 8\ntransfer_seconds = 0.5\n"
    with serving(digits_project, tmp_path / "log", settings) as server, ExitStack() as stack:
        files = Path(f"/proc/{server.process.pid}/fd")
        before = len(list(files.iterdir()))
        for _ in range(64):
            address = ("127.0.0.1", server.ports["grpc"])
            connection = stack.enter_context(socket.create_connection(address, TIMEOUT_S))
        with suppress(ConnectionResetError):
            while connection.recv(64):  # the last one is turned away
                pass
        assert len(list(files.iterdir())) - before <= 8 + 4
        with grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel:
            predict = method(channel, messages)
            assert predict(one(messages), timeout=20, wait_for_ready=True).outputs


def _nothing(until: threading.Event) -> Iterator[bytes]:
    until.wait(30)
    yield from ()
