"""The page of a model that listens: the microphone, recordings, and what becomes of their rate."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page, expect

from edgegen import frontends, preprocessing, reference
from edgegen.inputs import AudioInput
from support import web_page
from support.browser import Browser, Server, serving, shared_browser
from support.web_page import choose, give, open_page, scores

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]

RATE = 16_000
FRONT_END = AudioInput(
    sample_rate=RATE,
    frame_length=480,
    hop=320,
    mel_bands=40,
    low_hz=20.0,
    high_hz=4000.0,
    coefficients=10,
    mel_slopes="mel",
)
TOML = """
[input.audio]
sample_rate = 16000
frame_length = 480
hop = 320
mel_bands = 40
low_hz = 20
high_hz = 4000
coefficients = 10
mel_slopes = "mel"
"""
LABELS = ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes"]
LABELS += ["silence", "unknown"]

Sound = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def keywords(models_dir: Path) -> Path:
    return models_dir / "mlperf_tiny_kws_dscnn_int8.tflite"


@pytest.fixture(scope="module")
def server(keywords: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("keywords")
    with serving(web_page.project(place, keywords, inputs=TOML, labels=LABELS)) as server:
        yield server


@pytest.fixture
def page(shared_browser: Browser, server: Server) -> Iterator[Page]:
    with shared_browser.page() as (page, said):
        yield open_page(page, server.url)
        assert said.errors == []
        assert said.strangers(server.url) == []


def wav(samples: Sound, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def sweep(seconds: float, rate: int) -> Sound:
    """From 200 Hz up to 3 kHz."""
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * (200 * time + 1400 * time**2 / seconds)
    return np.asarray(np.round(12_000 * np.sin(phase)), np.int16)


def test_the_microphone_is_heard_until_it_is_stopped(page: Page) -> None:
    page.get_by_role("button", name="Start microphone").click()
    expect(page.locator("#latency-chart rect").nth(6)).to_be_attached()
    # The browser's microphone beeps: the level rises and falls.
    expect(page.locator("[data-part=level-text]")).to_have_text(re.compile(r"-\d\d? dB"))
    expect(page.locator("table.classes")).to_be_visible()
    page.get_by_role("button", name="Stop microphone").click()
    expect(page.locator("[data-part=level-text]")).to_have_text("silent")
    assert page.locator("#notices .notice").count() == 0


def test_a_recording_gets_the_scores_of_the_reference(page: Page, keywords: Path) -> None:
    """At 48 kHz and in 16 bits, decoding and the change of rate are all that lies between."""
    model = frontends.load(keywords)
    prepared = preprocessing.prepare(model, FRONT_END)
    length = int(np.prod(prepared.raw_shape))
    choose(page, wav(sweep(length / RATE, 48_000), 48_000), "sweep.wav", "audio/wav")
    rows = page.locator("[data-part=windows] tr")
    expect(rows).to_have_count(1)
    expect(rows.locator("td").first).to_have_text("0.00 s")
    samples = page.evaluate(
        """async (data) => {
          const { decodeSound } = await import("/app/sound.js");
          const blob = new Blob([Uint8Array.from(data)]);
          return [...await decodeSound(blob, 16000)].map((x) => Math.round(x * 32768));
        }""",
        list(wav(sweep(length / RATE, 48_000), 48_000)),
    )
    heard = np.asarray(samples[:length], np.int16)
    # The change of rate keeps what lies within the band: a share of full scale.
    direct = sweep(length / RATE, RATE)[: len(heard)]
    inner = slice(200, -200)
    assert np.abs(heard[inner].astype(int) - direct[inner].astype(int)).max() < 40
    tensor = prepared.run(np.pad(heard, (0, length - len(heard))))
    (codes,) = reference.run(model, [[tensor]]).outputs[0]
    output = model.tensors[model.outputs[0]]
    shares = (codes.astype(np.float64).ravel() - output.zero_point) * output.scale
    order = sorted(range(12), key=lambda index: (-shares[index], index))[:8]
    assert scores(page) == {LABELS[index]: f"{shares[index] * 100:.1f} %" for index in order}


def test_a_longer_recording_is_heard_in_windows_that_overlap(page: Page) -> None:
    data = wav(sweep(3.0, 44_100), 44_100)
    make = "(data) => new File([Uint8Array.from(data)], 'a.wav', { type: 'audio/wav' })"
    give(page, "drop", make, list(data))
    rows = page.locator("[data-part=windows] tr")
    expect(rows).to_have_count(6)
    expect(rows.last.locator("td").nth(1)).to_have_text("3.00 s")
    for row in rows.all():
        assert any(label in row.inner_text() for label in LABELS)


def test_a_rate_is_changed_without_aliases_and_in_blocks_as_in_one(page: Page) -> None:
    found = page.evaluate(
        """async () => {
          const { Resampler } = await import("/app/resample.js");
          const tone = (hertz, rate) => Float32Array.from(
            { length: rate }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));
          const worst = (a, b, from, to) => {
            let most = 0;
            for (let i = from; i < to; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
            return most;
          };
          const result = {};
          for (const rate of [8000, 22050, 44100, 48000]) {
            const made = new Resampler(rate, 16000).push(tone(1000, rate));
            result[`kept ${rate}`] = worst(made, tone(1000, 16000), 100, 15000);
          }
          const high = new Resampler(48000, 16000).push(tone(9500, 48000));
          result.alias = worst(high, new Float32Array(16000), 100, 15000);
          const sound = tone(440, 44100);
          const whole = new Resampler(44100, 16000).push(sound);
          const parts = new Resampler(44100, 16000);
          const blocks = [];
          for (let at = 0; at < sound.length; at += 128) {
            blocks.push(...parts.push(sound.subarray(at, at + 128)));
          }
          result.blocks = worst(whole, blocks, 0, Math.max(whole.length, blocks.length));
          const same = new Resampler(16000, 16000);
          const [first, rest] = [same.push(tone(440, 16000)), same.flush()];
          const all = [...first, ...rest];
          result.same = worst(all, tone(440, 16000), 0, 16000);
          return result;
        }"""
    )
    assert found.pop("blocks") == 0
    assert found.pop("same") < 1e-15
    assert found.pop("alias") < 1e-3
    assert max(found.values()) < 1e-3, found


def test_what_is_no_sound_is_refused(page: Page) -> None:
    notice = page.locator("#notices [data-kind=error]")
    for data, words in [
        (b"", "The file is empty."),
        (b"RIFF, but no more", "no sound that this browser can read"),
        (wav(np.zeros(130 * 8000, np.int16), 8000), "130 seconds long"),
    ]:
        choose(page, data, "a.wav", "audio/wav")
        expect(notice.last).to_contain_text(words)
        expect(notice.last.locator("p")).to_have_count(2)


def test_without_a_microphone_the_page_says_what_else_works(
    shared_browser: Browser, server: Server
) -> None:
    with shared_browser.page() as (page, said):
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = "
            "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
        )
        open_page(page, server.url)
        page.get_by_role("button", name="Start microphone").click()
        notice = page.locator("#notices [data-kind=error]")
        expect(notice).to_contain_text("The microphone stays off")
        expect(notice).to_contain_text("A recording does as well: choose or drop one.")
        assert said.errors == []
