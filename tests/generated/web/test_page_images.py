"""The page of a model that takes images: where they come from, what it says to them."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from edgegen import frontends, preprocessing, reference
from edgegen.inputs import ImageInput
from support import web_page
from support.browser import Browser, Server, serving, shared_browser
from support.tflite_builder import ModelBuilder
from support.web_page import DIGITS, answer, choose, give, open_page, png, scores

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]

Frame = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(web_page.digits(tmp_path_factory.mktemp("digits"))) as server:
        yield server


@pytest.fixture
def page(shared_browser: Browser, digits: Server) -> Iterator[Page]:
    with shared_browser.page() as (page, said):
        yield open_page(page, digits.url)
        assert said.errors == []
        assert said.strangers(digits.url) == []


def frame(number: int) -> Frame:
    """A test digit in the middle of a camera's frame, [48, 64]."""
    image = np.load(DIGITS / "images.npy")[number, ..., 0]
    level = (image.astype(np.int16) + 128).astype(np.uint8)
    made = np.full((48, 64), 40, np.uint8)
    made[:, 8:56] = level.repeat(6, axis=0).repeat(6, axis=1)
    return made


def expected(shot: Frame) -> dict[str, str]:
    """What the reference interpreter makes of it, as the page writes it."""
    model = frontends.load(DIGITS / "digits.tflite")
    camera = ImageInput(width=64, height=48, format="gray8", fit="crop", mean=(0.0,), std=(255.0,))
    tensor = preprocessing.prepare(model, camera).run(shot)
    (codes,) = reference.run(model, [[tensor]]).outputs[0]
    output = model.tensors[model.outputs[0]]
    shares = (codes.astype(np.float64).ravel() - output.zero_point) * output.scale
    order = sorted(range(10), key=lambda index: (-shares[index], index))[:8]
    return {str(index): f"{shares[index] * 100:.1f} %" for index in order}


def test_a_chosen_picture_gets_the_scores_of_the_reference(page: Page) -> None:
    for number in (0, 3, 11):
        shot = frame(number)
        choose(page, png(shot))
        wanted = expected(shot)
        expect(page.locator("table.classes tbody th").first).to_have_text(next(iter(wanted)))
        assert scores(page) == wanted
        assert answer(page) == next(iter(wanted))
    # The canvas shows what the model looks at, and the announcement says it to who cannot see it.
    expect(page.locator("canvas")).to_have_attribute("aria-label", "The chosen picture")
    expect(page.locator("#announcement")).to_have_text(re.compile(r"^Result: \d, "))


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_picture_may_be_pasted_and_dropped(page: Page, how: str) -> None:
    make = """(data) => new File([Uint8Array.from(data)], "digit.png", { type: "image/png" })"""
    give(page, how, make, list(png(frame(5))))
    expect(page.locator("#answer-label")).to_have_text(next(iter(expected(frame(5)))))


def test_dropping_over_the_page_is_announced_to_the_eye(page: Page) -> None:
    hint = page.locator("#drop-hint")
    move = """(type) => { const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true })); }"""
    page.evaluate(move, "dragenter")
    expect(hint).to_be_visible()
    page.evaluate(move, "dragleave")
    expect(hint).to_be_hidden()


def test_a_camera_is_followed_until_it_is_stopped(page: Page) -> None:
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("canvas")).to_have_attribute("aria-label", "What the camera sees")
    expect(page.locator("#latency-chart rect").nth(5)).to_be_attached()
    page.get_by_role("button", name="Stop camera").click()
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()
    count = page.evaluate("document.querySelector('video').srcObject")
    assert count is None
    expect(page.locator("table.classes")).to_be_visible()


def test_a_digit_may_be_drawn(page: Page) -> None:
    page.get_by_role("button", name="Draw").click()
    stroke(page, (0.32, 0.22), (0.7, 0.22), (0.45, 0.82))
    expect(page.locator("#answer-label")).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#answer-label")).to_have_text("Nothing yet")
    three = [(0.33, 0.15), (0.62, 0.2), (0.62, 0.4), (0.45, 0.48), (0.66, 0.6), (0.62, 0.82)]
    stroke(page, *three, (0.33, 0.85))
    expect(page.locator("#answer-label")).to_have_text("3")


def test_what_was_seen_goes_with_what_was_there(page: Page) -> None:
    choose(page, png(frame(0)))
    expect(page.locator("table.classes")).to_be_visible()
    assert page.locator("#percentiles dd").all_inner_texts()[1:] == ["\N{EN DASH}"] * 2  # of one
    page.get_by_role("button", name="Draw").click()
    expect(page.locator("canvas")).to_have_attribute("aria-label", "An empty page to draw on")
    expect(page.locator("#answer-label")).to_have_text("Nothing yet")
    expect(page.locator("#outputs > *")).to_have_count(0)
    # Nor does another backend have anything to compute.
    page.get_by_label("Runs on").select_option("aot-baseline")
    expect(page.locator("#state")).to_have_text("Ready on aot-baseline")
    stroke(page, (0.32, 0.22), (0.7, 0.22), (0.45, 0.82))
    expect(page.locator("#answer-label")).to_have_text("7")
    choose(page, png(frame(0)))
    expect(page.locator("#answer-label")).to_have_text(next(iter(expected(frame(0)))))


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """Draw with the mouse, in shares of the canvas's sides."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "this page may not use it"),
        ("NotFoundError", "There is no camera here"),
        ("NotReadableError", "another program may be using it"),
    ],
)
def test_without_a_camera_the_page_says_what_else_works(
    shared_browser: Browser, digits: Server, name: str, words: str
) -> None:
    with shared_browser.page() as (page, said):
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = "
            f"() => Promise.reject(new DOMException('', '{name}'))"
        )
        open_page(page, digits.url)
        page.get_by_role("button", name="Start camera").click()
        notice = page.locator("#notices [data-kind=error]")
        expect(notice).to_contain_text(words)
        expect(notice).to_contain_text("A picture does as well: choose, paste or drop one.")
        choose(page, png(frame(1)))
        expect(page.locator("#answer-label")).to_have_text(next(iter(expected(frame(1)))))
        expect(notice).to_have_count(0)
        assert said.errors == []


# What is no picture, or too much of one


def giant(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel, all black: many pixels in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_of_a_hundred_megapixels_is_made_smaller(page: Page) -> None:
    choose(page, giant(10_000, 10_000))
    expect(page.locator("canvas")).to_have_attribute(
        "aria-label", "The chosen picture", timeout=60_000
    )
    expect(page.locator("table.classes")).to_be_visible(timeout=60_000)
    expect(page.locator("#notices .notice")).to_have_count(0)
    note = page.locator("[data-part=note]")
    expect(note).to_have_text("The picture of 10000 x 10000 pixels was made smaller first.")
    choose(page, png(frame(1)))
    expect(note).to_be_hidden()


# What the model gets, and what the stage shows of it

FITS = ("crop", "letterbox", "stretch")


def three_images() -> bytes:
    """Three images of 6 x 6 pixels in colours, beside each other."""
    net = ModelBuilder()
    inputs = [net.tensor(each, [1, 6, 6, 3], "float32") for each in FITS]
    output = net.tensor("all", [1, 6, 18, 3], "float32")
    net.op("CONCATENATION", inputs, [output], axis=2)
    return net.build(inputs, [output])


def test_the_page_fits_pictures_as_everything_else_does(
    shared_browser: Browser, tmp_path: Path
) -> None:
    described = "".join(
        f'[[input.image]]\ntensor = {index}\nfit = "{fit}"\nfill = [114, 20, 30]\n'
        for index, fit in enumerate(FITS)
    )
    levels = np.random.default_rng(1).integers(0, 60, (60, 180, 3)).repeat(5, 0).repeat(5, 1)
    levels[:, :300, 0] += 180  # red, green and blue from left to right
    levels[:, 300:600, 1] += 180
    levels[:, 600:, 2] += 180
    picture = levels.astype(np.uint8)
    project = web_page.project(tmp_path, three_images(), inputs=described)
    model = frontends.load(tmp_path / "model.tflite")
    with serving(project) as server, shared_browser.page() as (page, said):
        open_page(page, server.url)
        for group in page.locator("fieldset").all():
            file = {"name": "a.png", "mimeType": "image/png", "buffer": png(picture)}
            group.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        expect(page.locator(".values")).not_to_have_text("")
        shown = page.locator(".values").text_content()
        tensors, texts = page.evaluate(
            """async (data) => {
              const { load } = await import("/edgegen/model.js");
              const { formatNumber } = await import("/app/statistics.js");
              const model = await load();
              const file = new Blob([Uint8Array.from(data)]);
              const decode = () => createImageBitmap(file);
              const pictures = await Promise.all([decode(), decode(), decode()]);
              const { outputs: [output] } = await model.predict(pictures);
              const texts = Array.from(output.subarray(0, 100), formatNumber);
              return [[...output], texts];
            }""",
            list(png(picture)),
        )
        assert shown is not None
        assert shown.split() == texts
        # What the API makes of it is what the reference makes of it.
        made = np.asarray(tensors, np.float32).reshape(6, 3, 6, 3)
        for index, fit in enumerate(FITS):
            wanted = preprocessing.prepare(
                model,
                ImageInput(tensor=index, width=900, height=300, fit=fit, fill=(114, 20, 30)),  # type: ignore[arg-type]
            ).run(picture)
            assert np.array_equal(made[:, index], wanted[0])
        assert [coloured(page, each) for each in range(3)] == [
            ["green", "green", "green"],
            ["fill", "red", "fill"],
            ["red", "red", "red"],
        ]
        assert said.errors == []


def coloured(page: Page, index: int) -> list[str]:
    """What the stage shows at its left side: above, in the middle, below."""
    found = (
        page.locator("canvas")
        .nth(index)
        .evaluate(
            """(canvas) => [0.05, 0.5, 0.95].map((down) => [...canvas.getContext("2d")
            .getImageData(3, Math.floor(down * canvas.height), 1, 1).data.slice(0, 3)])"""
        )
    )
    names = ("red", "green", "blue")
    return ["fill" if each == [114, 20, 30] else names[int(np.argmax(each))] for each in found]


def corrupt() -> bytes:
    data = bytearray(png(frame(2)))
    data[60:90] = bytes(30)
    return bytes(data)


def jpeg(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("L", size).save(file, "JPEG")
    return file.getvalue()


def test_what_is_no_picture_is_refused_and_the_page_goes_on(page: Page) -> None:
    cases = [
        (b"", "The file is empty."),
        (corrupt(), "no picture that this browser can read"),
        (b"GIF89a", "no picture that this browser can read"),
        (jpeg((640, 480))[:200], "no picture that this browser can read"),
        (giant(40_000, 40_000)[:4096], "40000 x 40000 pixels"),
    ]
    notice = page.locator("#notices [data-kind=error]")
    for data, words in cases:
        choose(page, data)
        expect(notice).to_contain_text(words)
        expect(notice.locator("p")).to_have_count(2)  # what happened, and what to do
        choose(page, png(frame(2)))
        expect(notice).to_have_count(0)
        expect(page.locator("#answer-label")).to_have_text(next(iter(expected(frame(2)))))


def test_the_size_is_known_before_decoding(page: Page) -> None:
    for kind, options in [
        ("PNG", {}),
        ("JPEG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ]:
        file = io.BytesIO()
        Image.new("RGB", (321, 123), (9, 8, 7)).save(file, kind, **options)
        assert size_of(page, file.getvalue()) == {"width": 321, "height": 123}
        assert size_of(page, file.getvalue()[:9]) is None


def size_of(page: Page, data: bytes) -> object:
    """What the page reads out of a file's head."""
    return page.evaluate(
        """async (data) => (await import("/app/picture.js"))
          .sizeOf(new DataView(Uint8Array.from(data).buffer))""",
        list(data),
    )


def test_hostile_labels_are_text(
    shared_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    label = "<img src=x onerror=alert(1)>"
    place = tmp_path_factory.mktemp("labels")
    labels = [label, *(f"{{{{n}}}}</script>{n}" for n in range(9))]
    model = DIGITS / "digits.tflite"
    text = (DIGITS / "input.toml").read_text(encoding="utf-8")
    project = web_page.project(place, model, inputs=text, labels=labels)
    with serving(project) as server, shared_browser.page() as (page, said):
        open_page(page, server.url)
        choose(page, png(frame(2)))
        expect(page.locator("table.classes")).to_be_visible()
        assert page.locator("main img").count() == 0
        assert set(scores(page)) <= set(labels)
        assert said.errors == []
