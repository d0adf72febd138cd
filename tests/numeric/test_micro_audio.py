"""The fixed-point front end, bit for bit: pymicro-features wraps the microfrontend's own sources.

It has one configuration: 16 kHz, frames of 30 ms every 10 ms, 40 channels from 125 to 7500 Hz.
"""

from __future__ import annotations

import dataclasses
import platform
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import micro_audio, native
from edgegen.micro_audio import MicroAudioConfig

pymicro_features = pytest.importorskip("pymicro_features", reason="it has no wheel for this system")

RATE = 16000
STEP = 160
Samples = npt.NDArray[np.int16]
Rows = npt.NDArray[np.uint16]


@pytest.fixture(autouse=True)
def _filter_bank_of_this_libm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference's weights come from this system's log1pf, which glibc 2.41 changed."""
    library, version = platform.libc_ver()
    if library == "glibc" and tuple(map(int, version.split("."))) >= (2, 41):
        monkeypatch.setattr(
            micro_audio, "log1p", lambda x: np.log1p(x.astype(np.float64)).astype(np.float32)
        )


def reference(*sounds: Samples) -> list[Rows]:
    """Every sound's rows, by one front end that is reset in between."""
    frontend = pymicro_features.MicroFrontend()
    found = []
    for samples in sounds:
        frontend.reset()
        rows = []
        for start in range(0, len(samples) - STEP + 1, STEP):
            features = frontend.process_samples(samples[start : start + STEP].tobytes()).features
            if features:
                rows.append(np.array(features) / micro_audio.FLOAT_SCALE)
        found.append(np.array(rows).reshape(-1, 40))
    assert all((rows == np.floor(rows)).all() for rows in found)
    return [rows.astype(np.uint16) for rows in found]


def sounds() -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    rng = np.random.default_rng(20)
    count = 4 * RATE
    time = np.arange(count) / RATE
    yield "silence", np.zeros(count)
    yield "white", rng.integers(-32768, 32768, count)
    yield "quiet", rng.integers(-3, 4, count)
    yield "loud, then quiet", rng.normal(0, 9000 * np.exp(-3 * time))
    yield "sine", 20000 * np.sin(2 * np.pi * 440 * time)
    yield "chirp", 32767 * np.sin(2 * np.pi * (20 + 900 * time) * time)
    yield "clipping", 90000 * np.sin(2 * np.pi * 300 * time)
    yield "full scale of random sign", rng.choice([-32768, 32767], count)
    yield "constant -32768", np.full(count, -32768)
    yield "impulses", np.where(rng.random(count) < 0.001, 32767, 0)
    # A windowed sample of -32768 is not counted by the scaling.
    yield "impulses of -32768", np.where(np.arange(count) % 241 == 0, -32768, 0)
    # The window undone: long frames of full scale, whose sums wrap in the transform.
    window = np.maximum(micro_audio.plan(MicroAudioConfig()).window, 1)
    flat = np.concatenate([4096 * 8000 / window, np.zeros(480)])
    yield "flat", np.resize(flat, count)
    yield "flat with signs", np.resize(flat, count) * np.repeat(rng.choice([-1, 1], count // 2), 2)


SOUNDS = {
    name: np.clip(np.round(np.asarray(sound, np.float64)), -32768, 32767).astype(np.int16)
    for name, sound in sounds()
}


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("name", SOUNDS)
def test_every_feature_is_the_microfrontends(name: str, portable: bool) -> None:
    (expected,) = reference(SOUNDS[name])
    rows = native.MicroAudioFeatures(portable=portable)(SOUNDS[name])

    assert rows.shape == expected.shape == (398, 40)
    np.testing.assert_array_equal(rows, expected)
    assert name in ("silence", "quiet") or rows.max() > 200


def test_streams_in_chunks_of_any_length() -> None:
    rng = np.random.default_rng(3)
    sound = np.concatenate([SOUNDS["white"][:RATE], SOUNDS["chirp"], SOUNDS["impulses"][:RATE]])
    (expected,) = reference(sound)
    audio = native.MicroAudioFeatures()

    for longest in (1, 7, 159, 161, 1000, 5000):
        audio.reset()
        rows = []
        used = 0
        while used < len(sound):
            length = int(rng.integers(0, longest + 1))
            rows.append(audio.feed(sound[used : used + length]))
            used += length
        np.testing.assert_array_equal(np.concatenate(rows), expected)


def test_a_reset_forgets_samples_and_noise() -> None:
    first, second = SOUNDS["white"][: RATE + 77], SOUNDS["sine"]
    expected = reference(first, second)
    audio = native.MicroAudioFeatures()

    np.testing.assert_array_equal(audio.feed(first), expected[0])
    audio.reset()
    np.testing.assert_array_equal(audio.feed(second), expected[1])


def test_a_call_leaves_the_stream_alone() -> None:
    sound = SOUNDS["chirp"]
    (expected,) = reference(sound)
    audio = native.MicroAudioFeatures()

    head = audio.feed(sound[:3333])
    np.testing.assert_array_equal(audio(sound), expected)
    np.testing.assert_array_equal(audio(sound), expected)
    np.testing.assert_array_equal(np.concatenate([head, audio.feed(sound[3333:])]), expected)


def test_frames_further_apart_are_every_other_row_without_memory() -> None:
    """Without smoothing a row depends on its frame alone."""
    config = MicroAudioConfig(even_smoothing=1.0, odd_smoothing=1.0, hop=160)
    rows = native.MicroAudioFeatures(config)(SOUNDS["chirp"])
    apart = native.MicroAudioFeatures(dataclasses.replace(config, hop=320))(SOUNDS["chirp"])

    np.testing.assert_array_equal(apart, rows[::2])


@pytest.mark.parametrize(
    ("frame_length", "channels", "rate"), [(9, 1, 8000), (33, 4, 16000), (2049, 80, 48000)]
)
def test_other_sizes_follow_the_spectrum(frame_length: int, channels: int, rate: int) -> None:
    """Without noise reduction, gain and logarithm: the root of the filter bank's sums."""
    config = MicroAudioConfig(
        rate, frame_length, frame_length, channels, 0.0, 0.4 * rate, even_smoothing=0.0,
        odd_smoothing=0.0, pcan=False, log=False,
    )  # fmt: skip
    plan = micro_audio.plan(config)
    sound = np.random.default_rng(4).integers(-2000, 2001, 20 * frame_length, np.int16)
    rows = native.MicroAudioFeatures(config)(sound)
    frames = sound.reshape(20, frame_length) * (plan.window / 4096)
    bins = slice(plan.first_bin, plan.first_bin + int(plan.widths.sum()))
    energies = np.abs(np.fft.rfft(frames, plan.fft_size)[:, bins] / plan.fft_size) ** 2
    spread = np.zeros((len(plan.weights), channels + 2))
    band = np.repeat(np.arange(channels + 1), plan.widths)
    spread[np.arange(len(band)), band] = plan.weights[:, 0]
    spread[np.arange(len(band)), band + 1] = plan.weights[:, 1]
    expected = np.sqrt(energies @ spread[:, 1:-1])

    assert np.abs(rows - expected).max() < 64 + 0.003 * expected.max()
    assert rows.max() > 500


@pytest.mark.parametrize("fft_size", [16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
def test_every_path_gives_the_same_rows(fft_size: int) -> None:
    config = MicroAudioConfig(
        frame_length=fft_size, hop=fft_size, channels=9, low_hz=0.0, high_hz=6400.0, log=False,
        pcan=False, even_smoothing=0.0, odd_smoothing=0.0,
    )  # fmt: skip
    audio, portable = (native.MicroAudioFeatures(config, portable=path) for path in (False, True))
    rng = np.random.default_rng(fft_size)
    shape = (60, fft_size)
    level = 2.0 ** rng.integers(0, 16, (60, 1))
    # Full scale of random signs, undone windows: the transform's sums wrap.
    undone = 4096 * rng.choice([-8, 8], shape) / np.maximum(audio.plan.window, 1)
    for frames in (rng.uniform(-1, 1, shape) * level, rng.choice([-1, 1], shape) * level, undone):
        sound = np.clip(frames, -32768, 32767).astype(np.int16).reshape(-1)
        np.testing.assert_array_equal(audio(sound), portable(sound))


def test_int8_as_micro_speech_has_it() -> None:
    features = np.arange(0, 65536, dtype=np.uint16).reshape(256, 256)
    expected = np.clip((features.astype(np.int64) * 256 + 333) // 666 - 128, -128, 127)

    values = native.MicroAudioFeatures.to_int8(features)
    assert values.dtype == np.int8
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(native.MicroAudioFeatures.to_int8(features.T), expected.T)


def test_tables_of_the_signal_library_give_micro_speechs_int8() -> None:
    """The checksum is of what TensorFlow Lite Micro's audio_preprocessor_int8.tflite gives for this
    sound, frame by frame, in the tflite-micro package that edgegen depends on."""
    state, sound = 1, np.zeros(RATE, np.int64)
    for i in range(RATE):
        state = (state * 1664525 + 1013904223) % 2**32
        sound[i] = ((state >> 16 ^ 0x8000) - 0x8000) // (1 << (i // 1000 % 16))
    rows = [
        native.MicroAudioFeatures(MicroAudioConfig(hop=320, tables=tables))(sound.astype(np.int16))
        for tables in ("signal", "microfrontend")
    ]

    assert zlib.crc32(native.MicroAudioFeatures.to_int8(rows[0]).tobytes()) == 3915371458
    assert rows[0].shape == (49, 40)
    assert np.count_nonzero(rows[0] != rows[1]) > 0


def test_tables_are_read_only_and_their_sizes_known() -> None:
    plan = micro_audio.plan(MicroAudioConfig())

    assert (plan.fft_size, plan.first_bin, plan.gain_shift) == (512, 5, 6)
    assert plan.smoothing == (409, 983)
    assert plan.workspace_bytes == 3168
    with pytest.raises(ValueError, match="read-only"):
        plan.window[0] = 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sample_rate", 0),
        ("frame_length", 8),
        ("frame_length", 4097),
        ("hop", 0),
        ("hop", 481),
        ("channels", 0),
        ("channels", 257),
        ("low_hz", -1.0),
        ("low_hz", float("nan")),
        ("high_hz", 125.0),
        ("high_hz", 8001.0),
        ("even_smoothing", 1.1),
        ("odd_smoothing", -0.1),
        ("min_signal_remaining", 2.0),
        ("smoothing_bits", 2),
        ("pcan_strength", -1.0),
        ("pcan_offset", 0.0),
        ("gain_bits", 14),
        ("log_shift", 12),
        ("tables", "signals"),
    ],
)
def test_a_config_out_of_range_is_refused(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{setting}: need "):
        dataclasses.replace(MicroAudioConfig(), **{setting: value})


def test_a_filter_bank_up_to_half_the_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^high_hz: need less"):
        micro_audio.plan(MicroAudioConfig(high_hz=8000.0))


def test_samples_of_another_type_or_shape_are_refused() -> None:
    audio = native.MicroAudioFeatures()

    for wrong in (np.zeros(480, np.int32), np.zeros(480, np.uint16), np.zeros(480, ">i2")):
        with pytest.raises(TypeError, match=r"expected an array of int16, got "):
            audio(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^samples: need shape \[n\]"):
        audio.feed(np.zeros((480, 1), np.int16))
    with pytest.raises(TypeError, match=r"expected an array of uint16"):
        audio.to_int8(np.zeros(3, np.int16))
    with pytest.raises(ValueError, match=r"^divisor"):
        audio.to_int8(np.zeros(3, np.uint16), divisor=0)
    with pytest.raises(ValueError, match=r"^zero_point"):
        audio.to_int8(np.zeros(3, np.uint16), zero_point=128)
    with pytest.raises(ValueError, match=r"^divisor"):
        audio.to_int8(np.zeros(3, np.uint16), divisor=2**40)
    assert audio(np.zeros(479, np.int16)).shape == (0, 40)
    np.testing.assert_array_equal(
        audio(SOUNDS["white"][::2]), audio(np.ascontiguousarray(SOUNDS["white"][::2]))
    )
