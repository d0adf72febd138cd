"""The loop of a generated project: what it drops, survives and tells systemd."""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgegen import api
from edgegen.frontends import tflite
from edgegen.inputs import ImageInput
from edgegen.preprocessing import prepare as prepare_input

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"
MODULES = "settings", "sources", "errors", "loop", "monitor", "sinks", "progress", "systemd", "spec"
WAIT = 60.0
"""Seconds after which something that has to happen did not."""


@pytest.fixture(scope="module")
def runtime(digits_runtime: Path) -> Any:
    """The generated modules by name."""
    found = {name: importlib.import_module(f"digits_runtime.{name}") for name in MODULES}
    return types.SimpleNamespace(**found)


@pytest.fixture
def steps(runtime: Any) -> Any:
    """A source that does what it is told, step by step: values become samples, exceptions are
    raised, numbers of seconds are slept. Its `opened` and `closed` count."""

    class Steps(runtime.sources.Source):  # type: ignore[misc]
        opened = closed = 0

        def __init__(self, *steps: Any, may_drop: bool = False) -> None:
            super().__init__()
            self.steps = list(steps)
            self.may_drop = may_drop
            self.count = 0

        def open(self) -> None:
            type(self).opened += 1

        def read(self, timeout: float) -> Any:
            step = self.steps.pop(0) if self.steps else None
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, float):
                time.sleep(step)
                raise TimeoutError
            if step is None:
                return None
            sample = runtime.sources.Sample((np.int8([step]),), 0.0, self.count)
            self.count += 1
            return sample

        def close(self) -> None:
            type(self).closed += 1

    return Steps


@pytest.fixture
def results() -> list[Any]:
    return []


@pytest.fixture
def make_loop(runtime: Any, results: list[Any]) -> Any:
    def made(make_source: Any, infer: Any = None, sink: Any = None, **settings: Any) -> Any:
        limit = settings.pop("limit", 0)
        quick = {"policy": "block", "backoff_seconds": 0.001, "backoff_limit_seconds": 0.004}
        return runtime.loop.Loop(
            make_source,
            infer or (lambda data: [data[0] * 2]),
            sink or runtime.sinks.CallbackSink(results.append),
            runtime.settings.LoopSettings(**{**quick, **settings}),
            runtime.monitor.Monitor(),
            limit=limit,
        )

    return made


def outputs(results: list[Any]) -> list[int]:
    return [int(result.outputs[0][0]) for result in results]


# The queue


def sample(runtime: Any, sequence: int) -> Any:
    return runtime.sources.Sample((), 0.0, sequence)


@pytest.mark.parametrize(
    ("policy", "kept"), [("drop_oldest", [3, 4, 5]), ("drop_newest", [0, 1, 2])]
)
def test_what_a_full_queue_drops(runtime: Any, policy: str, kept: list[int]) -> None:
    queue = runtime.loop.BoundedQueue(3, policy)
    lost = [queue.put(sample(runtime, n)) for n in range(6)]
    assert lost == [0, 0, 0, 1, 1, 1]
    assert queue.dropped == 3
    queue.close()
    assert [queue.get(0).sequence for _ in range(3)] == kept
    assert queue.get(0) is None
    assert queue.is_over


@pytest.mark.parametrize(("policy", "may_drop"), [("block", True), ("drop_oldest", False)])
def test_a_queue_that_makes_its_source_wait(runtime: Any, policy: str, may_drop: bool) -> None:
    queue = runtime.loop.BoundedQueue(2, policy)

    def fill() -> None:
        for number in range(50):
            queue.put(sample(runtime, number), may_drop=may_drop)
        queue.close()

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    found = []
    while not queue.is_over:
        if (each := queue.get(0.1)) is not None:
            found.append(each.sequence)
            assert len(queue._samples) <= 2
    assert found == list(range(50))
    assert queue.dropped == 0


def test_closing_a_queue_frees_who_waits(runtime: Any) -> None:
    queue = runtime.loop.BoundedQueue(1, "block")
    queue.put(sample(runtime, 0))
    thread = threading.Thread(target=queue.put, args=(sample(runtime, 1),), daemon=True)
    thread.start()
    queue.close()
    thread.join(WAIT)
    assert not thread.is_alive()


# The loop


def test_all_samples_become_results(make_loop: Any, steps: Any, results: list[Any]) -> None:
    loop = make_loop(lambda: steps(1, 2, 3, 0.01, 4))
    assert loop.run() == 0
    assert outputs(results) == [2, 4, 6, 8]
    assert [result.sequence for result in results] == [0, 1, 2, 3]
    assert all(result.seconds > 0 for result in results)
    snapshot = loop._monitor.snapshot()
    assert snapshot.latency.count == 4
    assert snapshot.counters["samples", ()] == 4
    assert (steps.opened, steps.closed) == (1, 1)


def test_the_limit(make_loop: Any, steps: Any, results: list[Any]) -> None:
    assert make_loop(lambda: steps(*range(50)), limit=3).run() == 0
    assert outputs(results) == [0, 2, 4]
    assert steps.closed == 1


def test_drops_are_counted(make_loop: Any, steps: Any, results: list[Any]) -> None:
    taken = threading.Event()

    def infer(data: Any) -> Any:
        taken.wait(WAIT)  # until all have come
        return data

    class Fast(steps):  # type: ignore[misc]
        def close(self) -> None:
            taken.set()

    loop = make_loop(
        lambda: Fast(*range(20), may_drop=True), infer, policy="drop_oldest", queue_length=2
    )
    loop.run()
    dropped = loop._queue.dropped
    assert dropped >= 17  # 20 less two that wait and one that is computed
    assert len(results) + dropped == 20
    assert outputs(results)[-2:] == [18, 19]
    counters = loop._monitor.snapshot().counters
    assert counters["dropped", (("policy", "drop_oldest"),)] == dropped


def test_one_bad_sample_is_one(
    runtime: Any, make_loop: Any, steps: Any, results: list[Any]
) -> None:
    def infer(data: Any) -> Any:
        if data[0][0] == 2:
            raise runtime.errors.UsageProblem("wrong shape")
        return data

    loop = make_loop(lambda: steps(1, 2, 3), infer)
    assert loop.run() == 1  # of a source that ends, such as a folder
    assert outputs(results) == [1, 3]
    assert loop.failed == 1
    assert loop._monitor.snapshot().counters["errors", (("kind", "inference"),)] == 1
    assert make_loop(lambda: steps(1, 2, 3, may_drop=True), infer).run() == 0


def test_a_service_is_ready_when_its_source_is(
    runtime: Any, make_loop: Any, steps: Any, results: list[Any]
) -> None:
    said: list[str] = []
    failure = runtime.sources.SourceFailure
    sources = [steps(0.0, 1, 0.3, 2)]

    class Notifier:
        watchdog_seconds = 0.0

        def __getattr__(self, name: str) -> Any:
            return lambda: said.append(name)

    loop = make_loop(lambda: sources.pop(0))
    loop._notifier = Notifier()
    loop.run()
    assert said[0] == "ready"
    assert said[-1] == "stopping"
    assert set(said[1:-1]) == {"alive"}
    said.clear()

    class Absent(steps):  # type: ignore[misc]
        def open(self) -> None:
            raise failure("There is no camera.")

    loop = make_loop(Absent, retries=2)
    loop._notifier = Notifier()
    with pytest.raises(failure):
        loop.run()
    assert said == ["stopping"]


def test_what_a_source_skipped_shows_in_the_exit_code(make_loop: Any, steps: Any) -> None:
    class Skipping(steps):  # type: ignore[misc]
        def read(self, timeout: float) -> Any:
            if self.count == 1 and not self.skipped:
                self.skip("b.png", "it is no image")
            return super().read(timeout)

    assert make_loop(lambda: Skipping(1, 2)).run() == 1


def test_a_model_that_fails_ends_the_run(runtime: Any, make_loop: Any, steps: Any) -> None:
    """So that systemd starts it again, and an update that does not work is rolled back."""

    def infer(data: Any) -> Any:
        raise runtime.errors.ModelProblem("The engine failed.")

    with pytest.raises(runtime.errors.ModelProblem) as caught:
        make_loop(lambda: steps(1, 2), infer).run()
    assert caught.value.exit_code == 1
    assert steps.closed == 1


def test_a_bug_in_inference_is_no_bad_sample(make_loop: Any, steps: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        make_loop(lambda: steps(1, 2), lambda data: 1 // 0).run()
    assert steps.closed == 1


def test_a_source_that_comes_back(
    runtime: Any, make_loop: Any, steps: Any, results: list[Any]
) -> None:
    failure = runtime.sources.SourceFailure
    sources = [
        steps(failure("once")),
        steps(failure("twice")),
        steps(1, failure("again")),
        steps(failure("and again")),
        steps(2),
    ]
    loop = make_loop(lambda: sources.pop(0), retries=2)
    assert loop.run() == 0
    assert outputs(results) == [2, 4]
    assert steps.opened == steps.closed == 5
    assert loop._monitor.snapshot().counters["errors", (("kind", "source"),)] == 4


def test_a_source_that_stays_away(runtime: Any, make_loop: Any, steps: Any) -> None:
    failure = runtime.sources.SourceFailure
    waits: list[float] = []
    loop = make_loop(lambda: steps(failure("There is no camera.")), retries=5)
    loop._stop = types.SimpleNamespace(is_set=lambda: False, wait=waits.append, set=lambda: None)
    with pytest.raises(failure, match="no camera") as caught:
        loop.run()
    assert caught.value.exit_code == 3
    assert waits == [0.001, 0.002, 0.004, 0.004, 0.004]
    assert steps.opened == steps.closed == 6


@pytest.mark.parametrize("kind", ["MissingProblem", "UsageProblem"])
def test_what_no_second_try_mends(runtime: Any, make_loop: Any, steps: Any, kind: str) -> None:
    problem = getattr(runtime.errors, kind)
    with pytest.raises(problem):
        make_loop(lambda: steps(problem("no library"))).run()
    assert steps.opened == 1


def test_a_source_that_is_silent(runtime: Any, make_loop: Any, steps: Any) -> None:
    def silent() -> Any:
        source = steps(*[0.02] * 500)
        source.silence_seconds = 0.05
        return source

    with pytest.raises(runtime.sources.SourceFailure, match=r"silent for 0\.05 seconds"):
        make_loop(silent, retries=1).run()
    assert steps.opened == steps.closed == 2


def test_a_source_that_hangs(runtime: Any, make_loop: Any, steps: Any) -> None:
    release = threading.Event()

    class Hanging(steps):  # type: ignore[misc]
        def read(self, timeout: float) -> Any:
            release.wait(WAIT)

    loop = make_loop(Hanging, hang_seconds=0.1, close_seconds=0.05)
    with pytest.raises(runtime.sources.SourceFailure, match="hangs") as caught:
        loop.run()
    release.set()
    assert caught.value.exit_code == 1


def test_waiting_for_a_slow_model_is_no_hanging(
    make_loop: Any, steps: Any, results: list[Any]
) -> None:
    def infer(data: Any) -> Any:
        time.sleep(0.3)
        return data

    loop = make_loop(lambda: steps(1, 2, 3), infer, hang_seconds=0.1, queue_length=1)
    assert loop.run() == 0
    assert len(results) == 3


# Sinks


def lines_of(runtime: Any, **values: Any) -> Any:
    return runtime.sinks.Lines(**{"top": 5, "values": False, **values})


def result(runtime: Any, scores: Any = range(10), name: str = "") -> Any:
    output = (np.array([scores]) - 128).astype(np.int8)
    return runtime.sinks.Result(7, 1.5, name, 0.00125, (output,))


def test_a_line_names_the_best_classes(runtime: Any) -> None:
    line = json.loads(lines_of(runtime, top=2).line(result(runtime, name="a\nb.png")))
    assert line == {
        "sequence": 7,
        "time": 1.5,
        "ms": 1.25,
        "name": "a\nb.png",
        "top": [
            {"class": 9, "label": runtime.spec.LABELS[9], "score": 9 / 256},
            {"class": 8, "label": runtime.spec.LABELS[8], "score": 8 / 256},
        ],
    }
    raw = lines_of(runtime).line(result(runtime, name="a\nb.png"))
    assert raw.count(b"\n") == 1
    assert raw.isascii()


def test_a_line_with_all_values(runtime: Any) -> None:
    line = json.loads(lines_of(runtime, top=0).line(result(runtime)))
    name = runtime.spec.OUTPUTS[0].name
    assert line["outputs"] == {name: [[n / 256 for n in range(10)]]}


def test_json_has_no_nan(runtime: Any) -> None:
    tensor = importlib.import_module("digits_runtime.tensors").TensorSpec("y", "float32", (1, 3))
    found = runtime.sinks.Result(0, 0.0, "", 0.0, (np.float32([[np.nan, np.inf, 0.1]]),))
    lines = lines_of(runtime, values=True, outputs=(tensor,), labels=())
    line = json.loads(lines.line(found))
    assert line["outputs"] == {"y": [[None, None, 0.1]]}
    assert [each["score"] for each in line["top"]] == [None, 0.1, None]


def test_a_file_with_rotation(runtime: Any, tmp_path: Path) -> None:
    settings = runtime.settings.SinkSettings(
        kind="file", path=str(tmp_path / "r.jsonl"), max_bytes=2000, backups=2
    )
    sink = runtime.sinks.make_sink(settings)
    for _ in range(100):
        sink.write(result(runtime))
    sink.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["r.jsonl", "r.jsonl.1", "r.jsonl.2"]
    for name in names:
        content = (tmp_path / name).read_text()
        assert len(content) <= 2000
        assert all(json.loads(line)["sequence"] == 7 for line in content.splitlines())
    assert (tmp_path / "r.jsonl").stat().st_mode & 0o007 == 0


def test_a_sink_that_cannot_be_opened(runtime: Any, tmp_path: Path) -> None:
    settings = runtime.settings.SinkSettings(kind="file", path=str(tmp_path / "none/r.jsonl"))
    with pytest.raises(runtime.errors.UsageProblem, match="can't be written"):
        runtime.sinks.make_sink(settings)


def test_a_full_disk_loses_results_and_nothing_else(
    runtime: Any, make_loop: Any, steps: Any
) -> None:
    sink = runtime.sinks.make_sink(runtime.settings.SinkSettings(kind="file", path="/dev/full"))
    spec = runtime.spec.OUTPUTS[0]
    loop = make_loop(lambda: steps(1, 2, 3), lambda data: [spec.zeros()], sink)
    assert loop.run() == 0
    assert (loop.done, loop.lost) == (3, 3)
    assert loop._monitor.snapshot().counters["errors", (("kind", "sink"),)] == 3


def test_after_a_torn_line_the_next_one_is_whole(runtime: Any, tmp_path: Path) -> None:
    """A disk that fills up in the middle of a line, and has room again later."""
    full = tmp_path / "limited"
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from digits_runtime.sinks import _Out\n"
        f"out = _Out(__import__('os').open({str(full)!r}, 65, 0o600))\n"
        "out.write(b'one\\n')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8, 100))\n"
        "for _ in range(2):\n"
        "    try: out.write(b'lost line\\n')\n"
        "    except OSError: print('lost')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "out.write(b'two\\n')\n"
    )
    folder = Path(runtime.spec.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT,
    )
    assert done.stdout == "lost\nlost\n"
    assert full.read_text() == "one\nlost\ntwo\n"


def test_nobody_reads_any_more(runtime: Any, make_loop: Any, steps: Any) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    sink = runtime.sinks.StdoutSink(lines_of(runtime), writer)
    loop = make_loop(
        lambda: steps(*range(50)), lambda data: [runtime.spec.OUTPUTS[0].zeros()], sink
    )
    assert loop.run() == 0
    assert loop.done == 1
    os.close(writer)


# Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_only(runtime: Any) -> None:
    for stream in (Terminal(), io.StringIO()):
        progress = runtime.progress.Progress(stream, "files")
        progress.show(3, 10, 0)
        progress.show(4, 10, 0)  # too soon
        progress.finish(10, 10, 2)
        text = stream.getvalue()
        assert bool(text) == stream.isatty()
        if text:
            assert [part.split("]")[1].split(",")[0] for part in text.split("\r")[1:]] == [
                " 3/10 files",
                " 10/10 files",
            ]
            assert "2 skipped" in text
            assert text.endswith("\n")


# The whole program, with systemd's protocol


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example without a described input: its sources give tensors."""
    directory = tmp_path_factory.mktemp("linux") / "plain"
    api.scaffold(
        EXAMPLE / "digits.tflite", "linux_x86_64", directory, name="plain", engines=["litert"]
    )
    return directory / "edgegen/python"


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """What systemd listens on, and the environment that it gives to a service."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        if request.param == "path":
            name = str(tmp_path / "notify")
            listener.bind(name)
        else:
            name = f"@edgegen-test-{os.getpid()}"
            listener.bind(f"\0{name[1:]}")
        listener.settimeout(WAIT)
        yield types.SimpleNamespace(
            receive=lambda: listener.recv(4096).decode(),
            listener=listener,
            environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "300000"},
        )


def start(project: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    script = "import sys; from plain_runtime.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=project,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(project: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    with start(project, *arguments, **environment) as process:
        stdout, stderr = process.communicate(timeout=WAIT)
        return process.returncode, stdout, stderr


def log_of(stderr: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_in_order(
    project: Path, systemd: Any, number: signal.Signals
) -> None:
    with start(project, "run", "--source", "synthetic", **systemd.environment) as process:
        assert systemd.receive() == "READY=1"
        assert {systemd.receive() for _ in range(2)} == {"WATCHDOG=1"}
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["sequence"] == 0
        process.send_signal(number)
        stdout, stderr = process.stdout.read(), process.stderr.read()
    assert process.returncode == 0
    results = [json.loads(line) for line in stdout.splitlines()]
    while (said := systemd.receive()) == "WATCHDOG=1":
        pass
    assert said == "STOPPING=1"
    (stopped,) = [line for line in log_of(stderr) if line["message"] == "stopped"]
    assert stopped["done"] == len(results) + 1  # every result was written
    assert "Traceback" not in stderr


HANG = """
import sys, threading, time
import numpy as np
from plain_runtime import settings, sources
from plain_runtime.loop import Loop
from plain_runtime.monitor import Monitor
from plain_runtime.sinks import NoSink

class Endless(sources.Source):
    def open(self): pass
    def close(self): pass
    def read(self, timeout):
        time.sleep(0.01)
        return sources.Sample((np.zeros(1),), 0.0, 0)

count = 0
def infer(data):
    global count
    count += 1
    if count == 60:
        print("hanging", flush=True)
        threading.Event().wait()
    return data

Loop(Endless, infer, NoSink(), settings.LoopSettings(), Monitor()).run()
"""


def test_the_watchdog_hears_nothing_of_a_hanging_inference(project: Path, systemd: Any) -> None:
    environment = {**os.environ, **systemd.environment}
    with subprocess.Popen(
        [sys.executable, "-c", HANG],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert systemd.receive() == "READY=1"
        assert process.stdout is not None
        assert process.stdout.readline() == "hanging\n"
        said = set()
        systemd.listener.settimeout(0)
        while True:
            try:
                said.add(systemd.receive())
            except BlockingIOError:
                break
        assert said == {"WATCHDOG=1"}
        systemd.listener.settimeout(1.5)  # five times what systemd would wait
        with pytest.raises(TimeoutError):
            systemd.receive()
        process.kill()


def test_an_idle_service_is_alive(project: Path, systemd: Any, tmp_path: Path) -> None:
    settings = tmp_path / "plain.toml"
    settings.write_text("[network]\nport = 0\n")
    arguments = ("run", "--source", "network", "--settings", str(settings))
    with start(project, *arguments, **systemd.environment) as process:
        assert systemd.receive() == "READY=1"
        assert {systemd.receive() for _ in range(4)} == {"WATCHDOG=1"}
        process.terminate()
        assert process.wait(WAIT) == 0
        process.communicate()


def test_a_watchdog_of_another_process(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert runtime.systemd.Notifier().watchdog_seconds == 0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert runtime.systemd.Notifier().watchdog_seconds == 1
    monkeypatch.setenv("NOTIFY_SOCKET", "/none/here")
    runtime.systemd.Notifier().ready()  # nobody listens: no reason to fail


def test_images_through_preprocessing(tmp_path: Path) -> None:
    """A project with a described input, its native library built: the model gets what the
    generator's own preprocessing makes of the same pictures."""
    project = tmp_path / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        project,
        name="plain",
        engines=["litert"],
        inputs=EXAMPLE / "input.toml",
    )
    build = tmp_path / "build"
    configure = ["cmake", "-S", project / "edgegen/native", "-B", build, "-G", "Ninja"]
    for command in (configure, ["cmake", "--build", build]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (library,) = build.glob("libplain_native.so")
    model = tflite.parse((EXAMPLE / "digits.tflite").read_bytes(), "digits.tflite")
    camera = ImageInput(width=64, height=48, format="gray8", fit="crop", mean=(0,), std=(255,))
    prepare = prepare_input(model, camera)
    pictures, tensors = tmp_path / "pictures", tmp_path / "tensors"
    pictures.mkdir()
    tensors.mkdir()
    rng = np.random.default_rng(6)
    for number in range(4):
        # Few large squares of gray: sharp pictures, so that classes differ.
        levels = np.kron(rng.integers(0, 256, (6, 8)), np.ones((8, 8))).astype(np.uint8)
        Image.fromarray(levels).save(pictures / f"{number}.png")
        np.save(tensors / f"{number}.npy", prepare.run(levels))
    (pictures / "9.png").write_bytes((pictures / "0.png").read_bytes()[:60])
    settings = tmp_path / "plain.toml"
    settings.write_text("[sink]\nvalues = true\n")
    arguments = ("run", "--settings", str(settings), "--input")
    found = run(
        project / "edgegen/python",
        *arguments,
        str(pictures),
        PLAIN_NATIVE_LIBRARY=str(library),
    )
    assert found[0] == 1
    assert "9.png: it is no image" in found[2]
    outputs = [json.loads(line)["outputs"] for line in found[1].splitlines()]
    assert len(outputs) == 4
    script = PREDICT.format(files=[str(tensors / f"{n}.npy") for n in range(4)])
    expected = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project / "edgegen/python",
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT,
    ).stdout
    assert outputs == json.loads(expected)

    settings.write_text("[camera]\nbackend = 'v4l2'\ndevice = '/dev/none'\n[loop]\nretries = 1\n")
    code, stdout, stderr = run(
        project / "edgegen/python",
        *arguments[:-1],
        PLAIN_NATIVE_LIBRARY=str(library),
    )
    assert (code, stdout) == (3, "")
    assert "plain: There is no camera /dev/none.\n  fix: " in stderr
    (again,) = [line for line in log_of(stderr) if line["level"] == "warning"]
    assert again["why"] == "There is no camera /dev/none."
    assert again["failures"] == 1


PREDICT = """
import json
import numpy as np
from plain_runtime import Model
with Model() as model:
    found = []
    for file in {files}:
        (output,) = model.predict(np.load(file))
        real = model.outputs[0].dequantize(output)
        found.append({{model.outputs[0].name: real.tolist()}})
print(json.dumps(found))
"""


def test_files_from_the_command_line(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(3):
        array = rng.integers(-128, 128, (1, 8, 8, 1)).astype(np.int8)
        np.save(folder / f"{number}.npy", array)
    np.save(folder / "3.npy", np.zeros((9, 9), np.int8))  # of a wrong shape
    (folder / "4.npy").write_bytes(b"damaged")
    output = tmp_path / "results.jsonl"
    code, stdout, stderr = run(project, "run", "--input", str(folder), "--output", str(output))
    assert code == 1
    assert stdout == ""
    names = [json.loads(line)["name"] for line in output.read_text().splitlines()]
    assert names == ["0.npy", "1.npy", "2.npy"]
    told = [line for line in stderr.splitlines() if not line.startswith(("{", "INFO"))]
    assert told[0] == "plain: 2 inputs could not be used:"
    assert told[1].startswith("  3.npy: it has the shape [9, 9]")
    assert told[2].startswith("  4.npy: it is no .npy file")
    logged = [line for line in log_of(stderr) if line["message"] == "a file was skipped"]
    assert len(logged) == 2
    assert not any("npy" in json.dumps(line) for line in logged)  # names are the user's
    for name in ("3.npy", "4.npy"):
        (folder / name).unlink()
    assert run(project, "run", "--input", str(folder), "--count", "2")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--source", "camera"], 2, "takes no camera frames"),
        (["--source", "camra"], 2, "did you mean camera?"),
        (["--source", "camera", "--input", "x"], 2, "takes no --input"),
        (["--input", "/none"], 2, "There is no file or folder"),
        (["--source", "memory_mapped", "--input", "/none"], 3, "can't be opened"),
        (["--settings", "/none.toml"], 2, "can't be read"),
        (["--count", "-1"], 2, "give 1 or more"),
        (["--threads", "0"], 2, "0 threads: give 1 to 1024"),
    ],
)
def test_mistakes(
    project: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    settings = tmp_path / "plain.toml"
    settings.write_text("[loop]\nretries = 0\n")
    found, stdout, stderr = run(project, "run", *arguments, PLAIN_SETTINGS=str(settings))
    assert (found, stdout) == (code, "")
    assert said in stderr
    assert "Traceback" not in stderr


def test_a_full_disk_and_the_service_goes_on(project: Path) -> None:
    arguments = ("run", "--source", "synthetic", "--count", "3", "--output", "/dev/full")
    code, _, stderr = run(project, *arguments)
    assert code == 0
    lines = log_of(stderr)
    (lost,) = [line for line in lines if line["message"] == "a result is lost"]
    assert "No space left" in lost["why"]
    assert next(line for line in lines if line["message"] == "stopped")["lost"] == 3


def test_the_journal_gets_no_results(project: Path, tmp_path: Path) -> None:
    script = "import sys; from plain_runtime.cli import main; sys.exit(main())"
    journal = tmp_path / "journal"
    with journal.open("w") as stdout:
        found = os.fstat(stdout.fileno())
        subprocess.run(
            [sys.executable, "-c", script, "run", "--source", "synthetic", "--count", "2"],
            cwd=project,
            env={**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"},
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=WAIT,
        )
    assert journal.read_text() == ""


def test_figures_in_the_log(project: Path, tmp_path: Path) -> None:
    settings = tmp_path / "plain.toml"
    settings.write_text("[monitor]\nreport_seconds = 0.01\n[synthetic]\nper_second = 50\n")
    arguments = ("run", "--source", "synthetic", "--count", "20", "--settings", str(settings))
    code, _, stderr = run(project, *arguments)
    assert code == 0
    figures = [line for line in log_of(stderr) if line["message"] == "figures"]
    last = figures[-1]
    assert 0 < last["latency"]["count"] <= 20
    assert last["latency"]["p99"] > 0
    assert last["counters"]["samples"] > 0
    assert last["resident_bytes"] > 1 << 20


def test_print_settings(project: Path) -> None:
    code, stdout, _ = run(project, "run", "--print-settings")
    assert code == 0
    assert stdout.startswith("# Settings that plain reads")
    assert "# queue_length = 2" in stdout


@pytest.mark.parametrize(("settled_after", "reports"), [(0.0, True), (600.0, False)])
def test_a_service_that_waits_for_inputs_for_long_is_healthy(
    settled_after: float, reports: bool, runtime: Any, steps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = importlib.import_module("digits_runtime.run")
    monkeypatch.setattr(run, "SETTLED_SECONDS", settled_after)
    told: list[bool] = []
    start = types.SimpleNamespace(healthy=lambda: told.append(True))
    chosen = runtime.settings.Settings()
    sink = runtime.sinks.make_sink(
        runtime.settings.SinkSettings(kind="none"), runtime.spec.OUTPUTS, ()
    )

    def make() -> Any:
        return steps(0.4, may_drop=True)

    assert run._run(make, lambda data: data, sink, chosen, 0, start) == 0
    assert bool(told) == reports
