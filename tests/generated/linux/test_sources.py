"""Sources of a generated project. Fakes stand for nothing but the hardware's libraries."""

from __future__ import annotations

import importlib
import io
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import types
import wave
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgegen import native

MODULES = "formats", "settings", "sources", "errors", "pixels", "tensors", "images", "windows"


@pytest.fixture(scope="module")
def runtime(digits_runtime: Path) -> Any:
    """The generated modules by name."""
    found = {name: importlib.import_module(f"digits_runtime.{name}") for name in MODULES}
    return types.SimpleNamespace(**found)


@pytest.fixture
def make(runtime: Any, tmp_path: Path) -> Any:
    """A source of a kind, with settings of its table, for one format."""

    def made(kind: str, wanted: Any, **values: Any) -> Any:
        tables: dict[str, Any] = {"source": {"kind": kind}}
        for key, value in values.items():
            if isinstance(value, dict):
                tables[key] = value
            else:
                tables.setdefault(kind, {})[key] = value
        settings = runtime.settings.parse(tables, tmp_path)
        formats = wanted if isinstance(wanted, tuple) else (wanted,)
        return runtime.sources.make_source(settings, formats)

    return made


@pytest.fixture
def frame(runtime: Any) -> Any:
    return runtime.formats.FrameFormat(8, 6, "rgb8", "stretch")


@pytest.fixture
def sound(runtime: Any) -> Any:
    return runtime.formats.SoundFormat(8000, 400)


@pytest.fixture
def tensor(runtime: Any) -> Any:
    """A window of 4 readings of 3 channels, quantised."""
    spec = runtime.tensors.TensorSpec("x", "int8", (1, 4, 3), scale=0.5, zero_point=10)
    return runtime.formats.TensorFormat(spec)


def read_all(source: Any) -> list[Any]:
    with source:
        return list(iter(lambda: source.read(5.0), None))


# Formats, pixels, windows


@pytest.mark.parametrize("format_", ["rgb8", "bgr8", "rgba8", "gray8", "yuyv", "nv12"])
def test_frames_are_what_preprocessing_takes(runtime: Any, format_: str) -> None:
    """A picture goes to the frame's format and, by the generator's own preprocessing, back."""
    wanted = runtime.formats.FrameFormat(16, 8, format_)
    smooth = np.add.outer(np.arange(8) * 9, np.arange(16) * 9)[:, :, None] + [0, 20, 40]
    picture = smooth.astype(np.uint8)
    made = runtime.pixels.frame(picture, wanted)
    assert made.shape == wanted.shape
    gray = format_ == "gray8"
    back = native.ImagePreprocessor(
        16,
        8,
        source_width=16,
        source_height=8,
        format=format_,
        color="gray" if gray else "rgb",
        dtype="float32",
        scale=1.0,
    )(made)[0]
    expected = picture @ np.array([0.299, 0.587, 0.114]) if gray else picture
    error = np.abs(back.reshape(expected.shape) - expected).max()
    # YUV shares chroma between pixels that differ by up to 18 levels here.
    assert error <= {"gray8": 0.5, "yuyv": 10, "nv12": 18}.get(format_, 0)


def test_flat_colours_survive_yuv(runtime: Any) -> None:
    for colour in ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (90, 90, 90)):
        for format_ in ("yuyv", "nv12"):
            picture = np.full((4, 4, 3), colour, np.uint8)
            made = runtime.pixels.frame(picture, runtime.formats.FrameFormat(4, 4, format_))
            back = native.ImagePreprocessor(
                4, 4, source_width=4, source_height=4, format=format_, dtype="float32", scale=1.0
            )(made)
            assert np.abs(back - picture).max() <= 2


@pytest.mark.parametrize(("length", "stride"), [(4, 0), (4, 1), (4, 4), (4, 3), (4, 7), (1, 3)])
def test_windows_do_not_depend_on_blocks(runtime: Any, length: int, stride: int) -> None:
    rows = np.arange(100)
    step = stride or length
    expected = [list(rows[s : s + length]) for s in range(0, 100 - length + 1, step)]
    random.seed(length * 10 + stride)
    for _ in range(5):
        windows = runtime.windows.Windows(length, stride)
        found, at = [], 0
        while at < 100:
            count = random.randint(1, 15)
            windows.push(rows[at : at + count])
            at += count
            while (window := windows.pop()) is not None:
                found.append(list(window))
        assert found == expected


# Which source


def test_the_kind_follows_from_the_model(runtime: Any, frame: Any, sound: Any, tensor: Any) -> None:
    settings = runtime.settings.Settings()
    for formats, kind in [
        ((frame,), "camera"),
        ((sound,), "microphone"),
        ((tensor,), "network"),
        ((frame, frame), "network"),
    ]:
        assert runtime.sources.kind_of(settings, formats) == kind


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("camera", "tensor"), ("microphone", "frame"), ("sensor", "frame"), ("camera", "two")],
)
def test_a_source_that_does_not_fit_the_model(
    runtime: Any, make: Any, request: pytest.FixtureRequest, kind: str, wanted: str
) -> None:
    frame = request.getfixturevalue("frame")
    found = (frame, frame) if wanted == "two" else request.getfixturevalue(wanted)
    with pytest.raises(runtime.errors.UsageProblem):
        make(kind, found)


# Synthetic


def test_the_pattern_moves_and_repeats(make: Any, frame: Any, sound: Any, tensor: Any) -> None:
    for wanted in (frame, sound, tensor):
        runs = [read_all(make("synthetic", wanted, count=3, per_second=0)) for _ in range(2)]
        assert [sample.sequence for sample in runs[0]] == [0, 1, 2]
        first, again = ([sample.data[0] for sample in run] for run in runs)
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert not np.array_equal(first[0], first[1])
        assert first[0].shape == wanted.shape
        assert first[0].dtype == wanted.dtype


def test_pace_keeps_time(make: Any, tensor: Any) -> None:
    source = make("synthetic", tensor, per_second=5, count=2)
    assert source.read(0.0).sequence == 0
    with pytest.raises(TimeoutError):
        source.read(0.01)
    assert source.read(5.0).sequence == 1
    assert source.read(0.0) is None


# Cameras


class FakeJob:
    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer

    def get_result(self, timeout: float) -> Any:
        if self.buffer is None:
            raise TimeoutError
        if isinstance(self.buffer, Exception):
            raise self.buffer
        return self.buffer


class FakePicamera2(types.ModuleType):
    """libcamera's library: gives rows with a stride, as the hardware does."""

    def __init__(self) -> None:
        super().__init__("picamera2")
        self.calls: list[str] = []
        self.buffers: list[Any] = []
        self.size: tuple[int, int] | None = None
        self.stride = 32
        self.asked: dict[str, Any] = {}

    def Picamera2(self, number: int) -> FakePicamera2:  # noqa: N802
        if number:
            raise IndexError("list index out of range")
        return self

    def create_video_configuration(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return asked

    def configure(self, configuration: dict[str, Any]) -> None:
        self.calls.append("configure")

    def camera_configuration(self) -> dict[str, Any]:
        return {"main": {"size": self.size or self.asked["main"]["size"], "stride": self.stride}}

    def capture_buffer(self, name: str, *, wait: bool) -> FakeJob:
        assert (name, wait) == ("main", False)
        return FakeJob(self.buffers.pop(0))

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> FakePicamera2:
    module = FakePicamera2()
    libcamera = types.ModuleType("libcamera")
    libcamera.ColorSpace = types.SimpleNamespace(  # type: ignore[attr-defined]
        Smpte170m=lambda: "BT.601"
    )
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    return module


@pytest.mark.parametrize(
    ("format_", "name", "row", "rows"),
    [
        ("rgb8", "BGR888", 24, 6),
        ("bgr8", "RGB888", 24, 6),
        ("rgba8", "XBGR8888", 32, 6),
        ("yuyv", "YUYV", 16, 6),
        ("nv12", "NV12", 8, 9),
    ],
)
def test_picamera2_rows_lose_their_padding(
    runtime: Any,
    make: Any,
    picamera2: FakePicamera2,
    format_: str,
    name: str,
    row: int,
    rows: int,
) -> None:
    data = np.random.default_rng(1).integers(0, 256, (rows, row)).astype(np.uint8)
    padded = np.zeros((rows, 40), np.uint8)
    padded[:, :row] = data
    picamera2.stride = 40
    picamera2.buffers = [padded.reshape(-1)]
    wanted = runtime.formats.FrameFormat(8, 6, format_)
    with make("camera", wanted, backend="picamera2", fps=12) as camera:
        sample = camera.read(1.0)
    assert np.array_equal(sample.data[0], data.reshape(wanted.shape))
    assert picamera2.asked == {
        "main": {"size": (8, 6), "format": name},
        "colour_space": "BT.601",
        "controls": {"FrameRate": 12},
    }
    assert picamera2.calls == ["configure", "start", "stop", "close"]


def test_picamera2_gray_is_luma_in_full_range(
    runtime: Any, make: Any, picamera2: FakePicamera2
) -> None:
    luma = np.array([16, 126, 235, 0, 255], np.uint8)
    planes = np.resize(luma, (9, 32))  # Y of 6 rows, then U and V
    picamera2.buffers = [planes.reshape(-1)]
    wanted = runtime.formats.FrameFormat(8, 6, "gray8")
    with make("camera", wanted, backend="picamera2") as camera:
        levels = camera.read(1.0).data[0]
    assert picamera2.asked["main"]["format"] == "YUV420"
    assert list(levels[0, :5]) == [0, 128, 255, 0, 255]


def test_picamera2_a_late_frame_is_the_same_frame(
    make: Any, frame: Any, picamera2: FakePicamera2
) -> None:
    picamera2.buffers = [None]
    with make("camera", frame, backend="picamera2") as camera:
        with pytest.raises(TimeoutError):
            camera.read(0.01)
        camera._job.buffer = np.zeros(6 * 32, np.uint8)
        assert camera.read(0.01).sequence == 0


def test_picamera2_problems(runtime: Any, make: Any, frame: Any, picamera2: FakePicamera2) -> None:
    with (
        pytest.raises(runtime.sources.SourceFailure, match="Camera 1 can't be opened"),
        make("camera", frame, backend="picamera2", device="1"),
    ):
        pass
    picamera2.size = (640, 480)
    with (
        pytest.raises(runtime.errors.UsageProblem, match="gives 640 x 480 pixels, not 8 x 6"),
        make("camera", frame, backend="picamera2"),
    ):
        pass
    assert picamera2.calls[-1] == "close"
    picamera2.size = None
    picamera2.buffers = [RuntimeError("disconnected"), np.zeros(10, np.uint8)]
    with make("camera", frame, backend="picamera2") as camera:
        with pytest.raises(runtime.sources.SourceFailure, match="disconnected"):
            camera.read(1.0)
        camera._job = None
        with pytest.raises(runtime.sources.SourceFailure, match="10 bytes"):
            camera.read(1.0)


class FakeCv2(types.ModuleType):
    """OpenCV's capture of a device; frames as the test lays them down."""

    class error(Exception):  # noqa: N801, N818
        pass

    CAP_V4L2, CAP_PROP_FOURCC, CAP_PROP_CONVERT_RGB = 200, 6, 16
    CAP_PROP_FRAME_WIDTH, CAP_PROP_FRAME_HEIGHT, CAP_PROP_BUFFERSIZE, CAP_PROP_FPS = 3, 4, 38, 5

    def __init__(self) -> None:
        super().__init__("cv2")
        self.frames: list[Any] = []
        self.properties: dict[int, Any] = {}
        self.is_there = True
        self.released = 0
        self.VideoWriter = types.SimpleNamespace(fourcc=lambda *letters: "".join(letters))

    def VideoCapture(self, device: Any, backend: int) -> FakeCv2:  # noqa: N802
        assert backend == self.CAP_V4L2
        self.device = device
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.is_there

    def set(self, key: int, value: Any) -> None:
        self.properties[key] = value

    def read(self) -> tuple[bool, Any]:
        if not self.frames:
            return False, None
        found = self.frames.pop(0)
        if isinstance(found, Exception):
            raise found
        return True, found

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def cv2(monkeypatch: pytest.MonkeyPatch) -> FakeCv2:
    module = FakeCv2()
    monkeypatch.setitem(sys.modules, "cv2", module)
    return module


def test_v4l2_gives_what_the_model_takes(
    runtime: Any, make: Any, cv2: FakeCv2, tmp_path: Path
) -> None:
    device = tmp_path / "video0"
    device.touch()
    bgr = np.random.default_rng(2).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    yuyv = np.random.default_rng(3).integers(16, 235, (6, 8, 2)).astype(np.uint8)
    frames = {
        "rgb8": (bgr, bgr[:, :, ::-1]),
        "bgr8": (bgr, bgr),
        "yuyv": (yuyv, yuyv),
        "gray8": (yuyv.reshape(1, -1), None),
        "nv12": (bgr, None),
    }
    for format_, (given, expected) in frames.items():
        cv2.frames, cv2.properties = [given], {}
        wanted = runtime.formats.FrameFormat(8, 6, format_)
        with make("camera", wanted, backend="v4l2", device=str(device), fps=30) as camera:
            found = camera.read(1.0).data[0]
        assert found.shape == wanted.shape
        if expected is not None:
            assert np.array_equal(found, expected)
        elif format_ == "gray8":
            assert np.abs(found - (yuyv[:, :, 0] - 16.0) * 255 / 219).max() <= 0.51
        assert cv2.properties[cv2.CAP_PROP_FRAME_WIDTH] == 8
        assert cv2.properties[cv2.CAP_PROP_FPS] == 30
        raw = format_ in ("yuyv", "gray8")
        assert (cv2.properties.get(cv2.CAP_PROP_FOURCC) == "YUYV") == raw
    assert cv2.released == len(frames)


def test_v4l2_problems(runtime: Any, make: Any, frame: Any, cv2: FakeCv2, tmp_path: Path) -> None:
    failure = runtime.sources.SourceFailure
    with (
        pytest.raises(failure, match="There is no camera /dev/none") as caught,
        make("camera", frame, backend="v4l2", device="/dev/none"),
    ):
        pass
    assert caught.value.exit_code == 3
    device = tmp_path / "video0"
    device.touch()
    cv2.is_there = False
    with (
        pytest.raises(failure, match="can't be opened"),
        make("camera", frame, backend="v4l2", device=str(device)),
    ):
        pass
    cv2.is_there = True
    cv2.frames = [np.zeros((480, 640, 3), np.uint8), cv2.error("broken")]
    with make("camera", frame, backend="v4l2", device=str(device)) as camera:
        with pytest.raises(runtime.errors.UsageProblem, match="gives 640 x 480 pixels, not 8 x 6"):
            camera.read(1.0)
        with pytest.raises(failure, match="broken"):
            camera.read(1.0)
        with pytest.raises(failure, match="no more frames"):
            camera.read(1.0)


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        ("camera", "cv2"),
        ("microphone", "sounddevice"),
        ("sensor", "smbus2"),
    ],
)
def test_a_missing_library_says_what_to_install(
    runtime: Any,
    make: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
    module: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    device = tmp_path / "video0"
    device.touch()
    name = {"camera": "frame", "microphone": "sound", "sensor": "tensor"}[kind]
    values: dict[str, Any] = {"channels": 3} if kind == "sensor" else {}
    if kind == "camera":
        values = {"backend": "v4l2", "device": str(device)}
    with (
        pytest.raises(runtime.errors.MissingProblem, match="install") as caught,
        make(kind, request.getfixturevalue(name), **values),
    ):
        pass
    assert caught.value.exit_code == 3
    assert not isinstance(caught.value, runtime.sources.SourceFailure)


# Microphone


class FakeSoundDevice(types.ModuleType):
    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.calls: list[str] = []
        self.asked: dict[str, Any] = {}
        self.is_there = True

    def RawInputStream(self, **asked: Any) -> FakeSoundDevice:  # noqa: N802
        if not self.is_there:
            raise self.PortAudioError("Error querying device -1")
        self.asked = asked
        return self

    def give(self, samples: Any, status: str = "") -> None:
        self.asked["callback"](samples.astype(np.int16).tobytes(), len(samples), None, status)

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    module = FakeSoundDevice()
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def test_the_microphone_gives_windows(make: Any, sound: Any, sounddevice: FakeSoundDevice) -> None:
    samples = np.arange(1000)
    with make("microphone", sound, stride_samples=200, device="3") as microphone:
        with pytest.raises(TimeoutError):
            microphone.read(0.01)
        for start in range(0, 1000, 150):
            sounddevice.give(samples[start : start + 150])
        windows = [microphone.read(1.0) for _ in range(4)]
        with pytest.raises(TimeoutError):
            microphone.read(0.0)
    assert [list(w.data[0]) for w in windows] == [
        list(range(s, s + 400)) for s in (0, 200, 400, 600)
    ]
    assert sounddevice.asked["samplerate"] == 8000
    assert sounddevice.asked["device"] == 3
    assert sounddevice.asked["channels"] == 1
    assert sounddevice.calls == ["start", "stop", "close"]


def test_no_window_reaches_over_a_gap(make: Any, sound: Any, sounddevice: FakeSoundDevice) -> None:
    with make("microphone", sound) as microphone:
        sounddevice.give(np.zeros(300))
        with pytest.raises(TimeoutError):
            microphone.read(0.0)
        sounddevice.give(np.ones(300), status="input overflow")
        with pytest.raises(TimeoutError):
            microphone.read(0.0)
        sounddevice.give(np.full(300, 2))
        window = microphone.read(0.0).data[0]
        assert list(np.unique(window)) == [1, 2]
        assert microphone.overflows == 1
        for _ in range(1000):  # nobody takes it: memory stays bounded
            sounddevice.give(np.full(400, 3))
        assert len(microphone._blocks) <= 200


def test_a_missing_microphone(
    runtime: Any, make: Any, sound: Any, sounddevice: FakeSoundDevice
) -> None:
    sounddevice.is_there = False
    with (
        pytest.raises(runtime.sources.SourceFailure, match="can't record at 8000 Hz"),
        make("microphone", sound),
    ):
        pass


# Sensors


class FakeSmbus2(types.ModuleType):
    """A bus with a sensor at 0x68 whose registers count up."""

    def __init__(self) -> None:
        super().__init__("smbus2")
        self.written: list[tuple[int, int, int]] = []
        self.readings = 0
        self.fails_after = 10**9
        self.is_open = False

    def SMBus(self, number: int) -> FakeSmbus2:  # noqa: N802
        if number != 1:
            raise FileNotFoundError(2, "No such file or directory")
        self.is_open = True
        return self

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        if address != 0x68:
            raise OSError(121, "Remote I/O error")
        self.written.append((address, register, value))

    def read_i2c_block_data(self, address: int, register: int, count: int) -> list[int]:
        assert (address, register, count) == (0x68, 0x3B, 6)
        if self.readings >= self.fails_after:
            raise OSError(121, "Remote I/O error")
        values = [self.readings * 3 + channel - 5 for channel in range(3)]
        self.readings += 1
        return list(struct.pack(">3h", *values))

    def close(self) -> None:
        self.is_open = False


SENSOR = {
    "channels": 3,
    "command": [0x3B],
    "setup": [0x6B, 0, 0x1C, 8],
    "rate_hz": 2000,
    "scale": [0.5, 1, 2],
    "offset": [0, 0, 1],
}


@pytest.fixture
def smbus2(monkeypatch: pytest.MonkeyPatch) -> FakeSmbus2:
    module = FakeSmbus2()
    monkeypatch.setitem(sys.modules, "smbus2", module)
    return module


def expected_window(first: int) -> Any:
    raw = np.arange(first * 3, first * 3 + 12).reshape(4, 3) - 5.0
    real = raw * [0.5, 1, 2] + [0, 0, 1]
    scaled = np.copysign(np.floor(np.abs(real / 0.5) + 0.5), real) + 10
    return np.clip(scaled, -128, 127).astype(np.int8).reshape(1, 4, 3)


def test_i2c_readings_become_quantised_windows(make: Any, tensor: Any, smbus2: FakeSmbus2) -> None:
    with make("sensor", tensor, **SENSOR, stride_readings=2) as sensor:
        found = [sensor.read(5.0).data[0] for _ in range(3)]
        gaps = sensor.gaps
    assert smbus2.written == [(0x68, 0x6B, 0), (0x68, 0x1C, 8)]
    assert not smbus2.is_open
    if not gaps:  # a machine that is very busy reads late, and then windows begin again
        assert all(np.array_equal(found[i], expected_window(2 * i)) for i in range(3))
    assert found[0].dtype == np.int8


def test_spi_answers_come_after_the_command(
    make: Any, tensor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SpiDev:
        sent: list[list[int]] = []  # noqa: RUF012
        opened: tuple[int, int] | None = None
        closed = False

        def open(self, bus: int, device: int) -> None:
            SpiDev.opened = (bus, device)

        def xfer2(self, data: list[int]) -> list[int]:
            self.sent.append(data)
            return [255] * (len(data) - 6) + list(struct.pack("<3h", 2, -2, 4))

        def close(self) -> None:
            SpiDev.closed = True

    module = types.ModuleType("spidev")
    module.SpiDev = SpiDev  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spidev", module)
    values = {"bus": "spi", "number": 0, "chip_select": 1, "type": "int16_le", **SENSOR}
    values |= {"command": [0x80, 0x01], "setup": [1, 2, 3], "scale": 1, "offset": 0}
    with make("sensor", tensor, **values) as sensor:
        found = sensor.read(5.0).data[0]
    assert SpiDev.opened == (0, 1)
    assert SpiDev.sent[0] == [1, 2, 3]
    assert SpiDev.sent[1] == [0x80, 0x01, 0, 0, 0, 0, 0, 0]
    assert np.array_equal(found, np.tile(np.int8([14, 6, 18]), (1, 4, 1)))
    assert SpiDev.closed


def test_sensor_problems(runtime: Any, make: Any, tensor: Any, smbus2: FakeSmbus2) -> None:
    failure = runtime.sources.SourceFailure
    for wrong in ({"number": 7}, {"address": 0x20}):
        with (
            pytest.raises(failure, match="does not answer") as caught,
            make("sensor", tensor, **{**SENSOR, **wrong}),
        ):
            pass
        assert caught.value.exit_code == 3
    assert not smbus2.is_open
    smbus2.fails_after = 2
    with make("sensor", tensor, **SENSOR) as sensor, pytest.raises(failure, match="has failed"):
        sensor.read(5.0)
    with pytest.raises(runtime.errors.UsageProblem, match="don't fill"):
        make("sensor", tensor, channels=5)


# Files


def save(path: Path, size: tuple[int, int] = (8, 6), **options: Any) -> Any:
    pixels = np.random.default_rng(sum(path.name.encode())).integers(0, 256, (size[1], size[0], 3))
    Image.fromarray(pixels.astype(np.uint8)).save(path, **options)
    return pixels


def test_files_come_in_natural_order(make: Any, frame: Any, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    pixels = {name: save(folder / name) for name in ("b10.png", "b9.png", "a.bmp", "inner/b2.png")}
    (folder / "notes.txt").write_text("not an image")
    samples = read_all(make("files", frame, path=str(folder)))
    assert [sample.name for sample in samples] == ["a.bmp", "b9.png", "b10.png"]
    for sample in samples:
        assert np.array_equal(sample.data[0], pixels[sample.name])
    source = make("files", frame, path=str(folder), recursive=True)
    assert [sample.name for sample in read_all(source)] == [
        "a.bmp",
        "b9.png",
        "b10.png",
        "inner/b2.png",
    ]
    assert source.total == source.done == 4
    assert not source.may_drop


@pytest.mark.parametrize("fit", ["stretch", "crop", "letterbox"])
def test_images_of_other_sizes_are_fitted(
    runtime: Any, make: Any, tmp_path: Path, fit: str
) -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = 255  # the middle third
    Image.fromarray(picture).save(tmp_path / "wide.png")
    wanted = runtime.formats.FrameFormat(30, 30, "gray8", fit)
    (sample,) = read_all(make("files", wanted, path=str(tmp_path / "wide.png")))
    levels = sample.data[0]
    bright = {"stretch": (slice(0, 30), slice(12, 18)), "crop": (slice(0, 30), slice(1, 29))}
    area = bright.get(fit, (slice(11, 19), slice(11, 19)))
    assert levels[area].min() == 255
    if fit != "crop":
        assert levels[15, 0] == 0
    if fit == "letterbox":
        assert levels[:9].max() == 0


def test_damaged_files_are_skipped_and_named(
    runtime: Any, make: Any, frame: Any, tmp_path: Path
) -> None:
    save(tmp_path / "1.png")
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "3.jpg").write_bytes(b"")
    (tmp_path / "4.gif").write_bytes(random.Random(1).randbytes(5000))
    (tmp_path / "5.png").write_bytes(whole.replace(b"IDAT", b"IDAX"))
    save(tmp_path / "6.png", (200, 200))
    (tmp_path / "7.png").write_bytes(bomb(60_000, 60_000))
    np.save(tmp_path / "8.npy", np.zeros((5, 5, 3), np.uint8))
    np.save(tmp_path / "9.npy", np.array([{}], object), allow_pickle=True)
    (tmp_path / "10.png").symlink_to(tmp_path / "gone.png")
    np.save(tmp_path / "11.npy", np.full((6, 8, 3), 7, np.uint8))
    source = make("files", frame, path=str(tmp_path), max_pixels=10_000)
    samples = read_all(source)
    assert [sample.name for sample in samples] == ["1.png", "11.npy"]
    assert (samples[1].data[0] == 7).all()
    why = {each.name: each.why for each in source.skipped}
    assert list(why) == [
        f"{n}" for n in ("2.png", "3.jpg", "4.gif", "5.png", "6.png", "7.png", "8.npy", "9.npy")
    ]
    assert source.skipped_count == 8
    assert "200 x 200 pixels" in why["6.png"]
    assert "3600000000 pixels" in why["7.png"]
    assert "[5, 5, 3]" in why["8.npy"]
    assert "no image" in why["2.png"]


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that unpacks to many."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_large_file_is_not_read(make: Any, frame: Any, tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(1 << 40)
    source = make("files", frame, path=str(tmp_path))
    assert read_all(source) == []
    assert "larger than" in source.skipped[0].why


def test_turned_transparent_and_deep_images(runtime: Any, tmp_path: Path) -> None:
    decode, formats = runtime.images.decode, runtime.formats

    def encoded(image: Any, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    turned = Image.new("RGB", (6, 8))
    turned.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    found = decode(encoded(turned, "PNG", exif=exif), formats.FrameFormat(8, 6, "rgb8"), 1000)
    assert tuple(found[0, 7]) == (255, 0, 0)
    clear = Image.new("RGBA", (2, 2), (255, 255, 255, 0))
    assert decode(encoded(clear, "PNG"), formats.FrameFormat(2, 2, "rgb8"), 1000).max() == 0
    deep = Image.fromarray(np.array([[0, 0x8000], [0xFFFF, 0x1234]], np.uint16))
    found = decode(encoded(deep, "PNG"), formats.FrameFormat(2, 2, "gray8"), 1000)
    assert found.tolist() == [[0, 0x80], [0xFF, 0x12]]
    with pytest.raises(runtime.images.ImageProblem):  # an image, but not of a kind that is taken
        decode(encoded(turned, "PPM"), formats.FrameFormat(6, 8, "rgb8"), 1000)


def write_wav(path: Path, samples: Any, rate: int = 8000, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, "<i2").tobytes())


def test_sound_files(make: Any, sound: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.arange(1000))
    write_wav(tmp_path / "b.wav", np.repeat(np.arange(400), 2) + np.tile([-10, 10], 400), 8000, 2)
    write_wav(tmp_path / "c.wav", np.arange(400), 16000)
    (tmp_path / "d.wav").write_bytes(b"RIFF\x00\x00")
    source = make("files", sound, path=str(tmp_path))
    samples = read_all(source)
    assert [sample.name for sample in samples] == ["a.wav", "a.wav#1", "a.wav#2", "b.wav"]
    assert list(samples[2].data[0]) == [*range(800, 1000), *[0] * 200]
    assert list(samples[3].data[0]) == list(range(400))
    assert {each.name: each.why for each in source.skipped} == {
        "c.wav": "it has 16000 Hz; the model takes 8000",
        "d.wav": source.skipped[1].why,
    }


def mutated(data: bytes, rng: random.Random) -> bytes:
    """With some bytes changed, added or lost."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(found))
        match rng.randrange(4):
            case 0:
                found[at] = rng.randrange(256)
            case 1:
                found[at : at + 4] = rng.choice((bytes(4), b"\xff" * 4))
            case 2:
                found[at:at] = rng.randbytes(rng.randint(1, 8))
            case _:
                del found[max(1, at) :]
    return bytes(found)


def test_damaged_images_are_refused_or_read(runtime: Any) -> None:
    rng = random.Random(1)
    picture = Image.fromarray(np.arange(20 * 30 * 3).astype(np.uint8).reshape(20, 30, 3))
    whole = []
    for kind in runtime.images.FORMATS:
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        whole.append(buffer.getvalue())
    wanted = runtime.formats.FrameFormat(16, 8, "rgb8", "crop")
    refused = []
    for number in range(600):
        try:
            found = runtime.images.decode(mutated(whole[number % len(whole)], rng), wanted, 10_000)
            assert found.shape == wanted.shape
        except runtime.images.ImageProblem as problem:
            refused.append(problem.what)
    assert 100 < len(refused) < 600
    assert all(why.isprintable() for why in refused)


def test_damaged_recordings_are_refused_or_read(
    runtime: Any, sound: Any, frame: Any, tmp_path: Path
) -> None:
    recordings = importlib.import_module("digits_runtime.recordings")
    write_wav(tmp_path / "a.wav", np.arange(900))
    np.save(tmp_path / "a.npy", np.zeros((6, 8, 3), np.uint8))
    np.savez(tmp_path / "a.npz", np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "a.csv").write_text("x,y,z\n1,2,3\n4,5e3,6\n")
    whole = {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}
    rng, file, refused = random.Random(3), tmp_path / "damaged", []
    for number in range(1200):
        name = list(whole)[number % len(whole)]
        file.write_bytes(mutated(whole[name], rng))
        try:
            if name == "a.wav":
                list(recordings.wav_blocks(file, sound))
            elif name == "a.csv":
                list(recordings.csv_rows(file, 3))
            else:
                recordings.as_input(recordings.npy(file), frame)
        except recordings.RecordingProblem as problem:
            refused.append(problem.what)
    assert 300 < len(refused) < 1200
    assert all(why.isprintable() for why in refused)


def test_no_files(runtime: Any, make: Any, frame: Any, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with (
            pytest.raises(runtime.errors.UsageProblem, match="There is no"),
            make("files", frame, path=str(path)),
        ):
            pass


# Replay


def test_replayed_sensor(make: Any, tensor: Any, tmp_path: Path) -> None:
    rows = [",".join(str(v) for v in range(n * 3 - 5, n * 3 - 2)) for n in range(9)]
    (tmp_path / "a.csv").write_text("x,y,z\n" + "\n".join(rows) + "\n")
    samples = read_all(
        make("replay", tensor, path="a.csv", sensor={**SENSOR, "stride_readings": 2})
    )
    assert len(samples) == 3
    for number, sample in enumerate(samples):
        assert np.array_equal(sample.data[0], expected_window(2 * number))


def test_replayed_sound_and_frames(make: Any, sound: Any, frame: Any, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.arange(1000))
    samples = read_all(make("replay", sound, path="a.wav", microphone={"stride_samples": 300}))
    assert [int(sample.data[0][0]) for sample in samples] == [0, 300, 600]
    frames = np.random.default_rng(4).integers(0, 256, (3, 6, 8, 3)).astype(np.uint8)
    np.save(tmp_path / "a.npy", frames)
    (tmp_path / "a.rgb").write_bytes(frames.tobytes())
    for name in ("a.npy", "a.rgb"):
        found = np.stack([s.data[0] for s in read_all(make("replay", frame, path=name))])
        assert np.array_equal(found, frames)
    source = make("replay", frame, path="a.rgb", repeat=True)
    with source:
        again = [source.read(1.0).data[0] for _ in range(7)]
    assert np.array_equal(again[6], frames[0])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"1,2,3\n4,5\n", "row 2 does not hold 3 numbers"),
        ("a.csv", b"1,2,3\n4,5,x\n", "row 2"),
        ("a.csv", b"1,2,3\n4,5,nan\n", "row 2"),
        ("a.csv", b"1,2,3\n", "too short"),
        ("a.csv", b"\xff\n", "no CSV file"),
        ("a.npy", b"\x93NUMPY", "no .npy file"),
        ("a.npy", b"PK\x03\x04", "no .npy file"),
        ("a.wav", b"", "not for this model"),
        ("none.csv", None, "no recording"),
    ],
)
def test_recordings_that_are_wrong(
    runtime: Any, make: Any, tensor: Any, tmp_path: Path, name: str, content: Any, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with (
        pytest.raises(runtime.errors.RuntimeProblem, match=said),
        make("replay", tensor, path=name, sensor={"channels": 3}),
    ):
        pass


def test_raw_frames_that_are_no_whole_ones(
    runtime: Any, make: Any, frame: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.rgb").write_bytes(bytes(145))
    with (
        pytest.raises(runtime.errors.UsageProblem, match="not whole frames of 144"),
        make("replay", frame, path="a.rgb"),
    ):
        pass


# Network


@pytest.fixture
def network(make: Any, tensor: Any, frame: Any) -> Any:
    """A source for two inputs, 12 and 144 bytes; port chosen by the kernel."""
    return make("network", (tensor, frame), port=0, max_peers=3)


def connect(source: Any) -> socket.socket:
    return socket.create_connection(source.address, timeout=10)


def protocol() -> Any:
    return importlib.import_module("digits_runtime.sources.network")


def test_peers_send_in_turn(network: Any) -> None:
    data = [random.Random(n).randbytes(156) for n in range(20)]
    with network as source, connect(source) as one, connect(source) as other:
        for number, payload in enumerate(data):
            peer = (one, other)[number % 2]
            message = protocol().message(payload, number)
            for start in range(0, len(message), 50):  # in pieces
                peer.sendall(message[start : start + 50])
            sample = source.read(10.0)
            assert sample.sequence == number
            assert b"".join(array.tobytes() for array in sample.data) == payload
            assert [array.shape for array in sample.data] == [(1, 4, 3), (6, 8, 3)]
        with pytest.raises(TimeoutError):
            source.read(0.01)
        assert source.refused_count == 0


def malformed(number: int) -> bytes:
    """What a broken or hostile peer sends."""
    rng = random.Random(number)
    header = protocol().HEADER
    match number % 5:
        case 0:
            return rng.randbytes(rng.randint(16, 40))
        case 1:
            return bytes(header.pack(b"EGS1", rng.choice([0, 155, 157, 2**32 - 1]), 1))
        case 2:
            return bytes(header.pack(b"GET ", 156, 1))
        case 3:
            return bytes(protocol().message(rng.randbytes(156), 1)[: rng.randint(1, 171)])
        case _:
            return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_ten_thousand_malformed_messages(network: Any) -> None:
    """Each over a connection of its own; the peer that behaves gets through before, among and
    after them."""
    good = protocol().message(bytes(range(156)), 7)
    total = 10_000

    def attack(source: Any) -> None:
        for number in range(total):
            with connect(source) as peer, suppress(OSError):  # thrown out while it still talks
                peer.sendall(malformed(number))
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(1 << 12):
                    pass

    with network as source, connect(source) as friend:
        attacker = threading.Thread(target=attack, args=(source,), daemon=True)
        friend.sendall(good)
        assert source.read(10.0).sequence == 0
        attacker.start()
        received = 1
        deadline = time.monotonic() + 120
        while attacker.is_alive() and time.monotonic() < deadline:
            friend.sendall(good)
            sample = source.read(10.0)
            assert b"".join(array.tobytes() for array in sample.data) == bytes(range(156))
            received += 1
            try:
                source.read(0.02)
            except TimeoutError:
                continue
        assert not attacker.is_alive()
        friend.sendall(good)
        assert source.read(10.0).sequence == received
        assert source.refused_count == total
        assert len(source._peers) == 1


def test_slow_silent_and_too_many_peers(make: Any, frame: Any) -> None:
    source = make("network", frame, port=0, max_peers=2, frame_seconds=0.2, idle_seconds=0.5)
    with source:
        slow, silent = connect(source), connect(source)
        slow.sendall(protocol().message(bytes(144), 0)[:20])
        with pytest.raises(TimeoutError):
            source.read(0.05)
        with connect(source) as third:
            with pytest.raises(TimeoutError):
                source.read(0.05)
            assert third.recv(1) == b""  # one too many
        with pytest.raises(TimeoutError):
            source.read(1.0)
        assert slow.recv(1) == silent.recv(1) == b""
        assert source.refused_count == 3
        with connect(source) as fresh:  # there is room again
            fresh.sendall(protocol().message(bytes(144), 0))
            assert source.read(10.0) is not None
        slow.close()
        silent.close()


def test_a_port_in_use(runtime: Any, make: Any, frame: Any) -> None:
    with make("network", frame, port=0) as first:
        port = first.address[1]
        with (
            pytest.raises(runtime.sources.SourceFailure, match="in use") as caught,
            make("network", frame, port=port),
        ):
            pass
    assert caught.value.exit_code == 1
    with make("network", frame, port=port):  # and free again
        pass


# Memory

WRITER = r"""
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Writes payloads whose bytes are all alike, as fast as it can. */
typedef struct {
    char magic[4];
    uint32_t bytes;
    _Atomic uint64_t sequence;
    uint64_t when;
    uint32_t crc;
    uint8_t zero[36];
} header;

_Static_assert(sizeof(header) == 64, "as documented");

static uint32_t crc32(const uint8_t *data, size_t count)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

int main(int argc, char **argv)
{
    static uint32_t crcs[256];

    if (argc != 4) {
        return 1;
    }
    const size_t bytes = (size_t)atol(argv[2]);
    const uint64_t count = (uint64_t)atol(argv[3]);
    const int file = open(argv[1], O_RDWR | O_CREAT, 0600);
    uint8_t *buffer = malloc(bytes);

    if (file < 0 || !buffer || ftruncate(file, (off_t)(64 + bytes))) {
        return 1;
    }
    for (int value = 0; value < 256; value++) {
        memset(buffer, value, bytes);
        crcs[value] = crc32(buffer, bytes);
    }
    header *to = mmap(NULL, 64 + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (to == MAP_FAILED) {
        return 1;
    }
    to->bytes = (uint32_t)bytes;
    atomic_store(&to->sequence, 1);
    memcpy(to->magic, "EGM1", 4);
    for (uint64_t number = 1; number <= count; number++) {
        atomic_store_explicit(&to->sequence, 2 * number - 1, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        memset((uint8_t *)to + 64, (int)(number % 256), bytes);
        to->when = number * 1000000000U;
        to->crc = crcs[number % 256];
        atomic_store_explicit(&to->sequence, 2 * number, memory_order_release);
    }
    return 0;
}
"""


def test_a_writer_in_c(runtime: Any, make: Any, tmp_path: Path) -> None:
    """Payloads arrive whole, in order, and with their numbers, while it writes at full speed."""
    (tmp_path / "writer.c").write_text(WRITER)
    program = tmp_path / "writer"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *flags, "writer.c", "-o", program], cwd=tmp_path, check=True)
    wanted = runtime.formats.FrameFormat(320, 240, "rgb8")
    buffer = tmp_path / "buffer"
    count = 20_000
    subprocess.run([program, buffer, str(320 * 240 * 3), "1"], check=True)
    numbers = []
    with make("memory_mapped", wanted, path=str(buffer), poll_seconds=0.0001) as source:
        assert source.read(10.0).timestamp == 1.0
        writer = subprocess.Popen([program, buffer, str(320 * 240 * 3), str(count)])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                sample = source.read(0.2)
            except TimeoutError:
                if writer.poll() is not None:
                    break
                continue
            data = sample.data[0]
            number = round(sample.timestamp)
            assert data.min() == data.max() == number % 256
            assert sample.sequence == number - 1
            numbers.append(number)
        assert writer.wait(10) == 0
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == count


def written(payload: bytes, sequence: int = 2, **fields: Any) -> bytes:
    values = {
        "magic": b"EGM1",
        "bytes": len(payload),
        "sequence": sequence,
        "when": 0,
        "crc": zlib.crc32(payload),
        **fields,
    }
    return struct.pack("<4sIQQI36x", *values.values()) + payload


def test_torn_payloads_are_seen(make: Any, frame: Any, tmp_path: Path) -> None:
    """A payload that changed without its header, and one that is being written."""
    path = tmp_path / "buffer"
    path.write_bytes(written(bytes(144), crc=123))
    with make("memory_mapped", frame, path=str(path)) as source:
        with pytest.raises(TimeoutError):
            source.read(0.01)
        assert source.torn_count > 0
        path.write_bytes(written(bytes(144), sequence=3))
        with pytest.raises(TimeoutError):
            source.read(0.01)
        path.write_bytes(written(bytes(144), sequence=4))
        assert source.read(5.0).sequence == 0
        path.write_bytes(written(bytes(144), sequence=10))
        assert source.read(5.0).sequence == 3  # two were missed
        with pytest.raises(TimeoutError):
            source.read(0.01)


def test_a_payload_that_is_overwritten_while_it_is_read(
    make: Any, frame: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "buffer"
    old, new = bytes(144), bytes([1] * 144)
    path.write_bytes(written(old))
    module = importlib.import_module("digits_runtime.sources.memory_mapped")
    pread = module.os.pread

    def interrupted(file: int, count: int, offset: int) -> bytes:
        found: bytes = pread(file, count, offset)
        if offset == 64 and found == old:
            path.write_bytes(written(new, sequence=4))
            return old[:72] + new[72:]
        return found

    monkeypatch.setattr(module.os, "pread", interrupted)
    with make("memory_mapped", frame, path=str(path)) as source:
        assert source.read(5.0).data[0].tobytes() == new
        assert source.torn_count == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ends after 0 bytes"),
        (written(bytes(144))[:-1], "ends after"),
        (written(bytes(144), magic=b"ELF!"), "does not begin with EGM1"),
        (written(bytes(145)), "145 bytes; the model takes 144"),
    ],
)
def test_buffers_that_are_none(
    runtime: Any, make: Any, frame: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "buffer"
    path.write_bytes(content)
    with (
        pytest.raises(runtime.sources.SourceFailure, match=said),
        make("memory_mapped", frame, path=str(path)) as source,
    ):
        source.read(0.01)


def test_a_buffer_that_goes_away(runtime: Any, make: Any, frame: Any, tmp_path: Path) -> None:
    path = tmp_path / "buffer"
    with (
        pytest.raises(runtime.sources.SourceFailure, match="can't be opened"),
        make("memory_mapped", frame, path=str(path)),
    ):
        pass
    path.write_bytes(written(bytes(144)))
    with make("memory_mapped", frame, path=str(path)) as source:
        assert source.read(1.0) is not None
        with path.open("r+b") as file:  # under a mapping, this would be SIGBUS
            file.truncate(70)
            file.write(written(bytes(6), sequence=8, bytes=144))
        with pytest.raises(runtime.sources.SourceFailure, match="ends after"):
            source.read(0.01)
    path.write_bytes(written(bytes(144)))
    with make("memory_mapped", frame, path=str(path)) as source:
        assert source.read(1.0) is not None
        path.rename(tmp_path / "old")
        path.write_bytes(written(bytes(144)))
        with pytest.raises(runtime.sources.SourceFailure, match="another one"):
            source.read(0.01)
