"""Takes the pictures of generated pages in docs/images: `python docs/screenshots.py [MODELS]`.

The pages run for real, in a headless Chromium, with the digits example and MLPerf Tiny's person
detection from the folder MODELS (default: $EDGEGEN_MODELS), which looks at a drawing of ours. Needs
the extra `web` and Pillow.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgegen import api
from edgegen.verify.web.browser import running
from edgegen.verify.web.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ROOT / "examples" / "digits"
IMAGES = ROOT / "docs" / "images"
WIDTH = 1280

SEVEN = ((0.3, 0.2), (0.68, 0.2), (0.42, 0.85))
"""Corners of a stroke, in shares of the canvas's sides."""

PHOTOGRAPH = """
[input.image]
width = 96
height = 96
"""


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EDGEGEN_MODELS", "")
    model = Path(folder) / "mlperf_tiny_vww_mobilenet_int8.tflite"
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        digits, vww = Path(scratch) / "digits", Path(scratch) / "person_detection"
        api.scaffold(
            DIGITS / "digits.tflite",
            "browser",
            digits,
            engines=["aot"],
            inputs=DIGITS / "input.toml",
            labels=DIGITS / "labels.txt",
        )
        description, labels = Path(scratch) / "input.toml", Path(scratch) / "labels.txt"
        description.write_text(PHOTOGRAPH, encoding="utf-8")
        labels.write_text("no person\nperson\n", encoding="utf-8")
        api.scaffold(
            model,
            "browser",
            vww,
            name="person_detection",
            engines=["aot"],
            inputs=description,
            labels=labels,
        )
        shoot(digits, "web-digits.png", "light")
        shoot(digits, "web-digits-dark.png", "dark")
        shoot(vww, "web-vww.png", "light")


def shoot(project: Path, name: str, scheme: str) -> None:
    """One picture of a project's page, with an answer and a benchmark on it."""
    with (
        serving(project) as server,
        running() as browser,
        browser.page(viewport={"width": WIDTH, "height": 800}, color_scheme=scheme) as (page, said),
    ):
        page.goto(server.url)
        page.locator("#state", has_text="Ready on").wait_for()
        if "digits" in name:
            draw(page, SEVEN)
        else:
            picture = {"name": "portrait.png", "mimeType": "image/png", "buffer": portrait()}
            page.locator("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
        page.locator("table.classes").wait_for()
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_role("link", name="Save as JSON").wait_for()
        page.locator("#offline-text:not(:empty)").wait_for()
        page.locator("main").focus()
        page.screenshot(path=IMAGES / name, full_page=True)
        if said.errors:
            raise SystemExit(f"{name}: the page complained: {said.errors}")


def draw(page: Page, corners: tuple[tuple[float, float], ...]) -> None:
    """A stroke with the mouse."""
    page.get_by_role("button", name="Draw").click()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=12)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def portrait(size: int = 768) -> bytes:
    """Somebody in a room, drawn, as a PNG; lengths below are shares of a 96th of its sides."""
    from PIL import Image, ImageDraw, ImageFilter

    image = Image.new("RGB", (size, size))
    draw = ImageDraw.Draw(image)

    def at(*places: float) -> list[float]:
        return [place * size / 96 for place in places]

    for y in range(size):
        down = y / size
        color = int(206 - 60 * down), int(214 - 70 * down), int(205 - 60 * down)
        draw.line([(0, y), (size, y)], fill=color)
    skin, shade, hair, white = (214, 166, 134), (196, 148, 118), (58, 40, 30), (236, 236, 232)
    draw.rectangle(at(0, 70, 96, 96), fill=(120, 104, 82))  # floor
    draw.rectangle(at(8, 10, 28, 40), fill=(226, 236, 240))  # window
    draw.rectangle(at(66, 8, 90, 44), fill=(150, 120, 92))  # painting
    draw.rounded_rectangle(at(26, 58, 70, 110), radius=size / 7, fill=(40, 58, 92))
    draw.rectangle(at(43, 48, 53, 62), fill=shade)
    draw.polygon(at(40, 58, 48, 68, 56, 58), fill=white)
    draw.ellipse(at(36, 20, 60, 54), fill=skin)
    draw.pieslice(at(34, 14, 62, 48), 180, 360, fill=hair)
    for left in (41, 51):
        draw.ellipse(at(left, 34, left + 4, 37), fill=hair)
        draw.line(at(left - 1, 31.5, left + 5, 31), fill=hair, width=size // 74)
    draw.polygon(at(48, 36, 46, 43, 50, 43), fill=shade)
    draw.arc(at(43, 42, 53, 49), 20, 160, fill=(150, 70, 64), width=size // 64)
    file = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(size / 400)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
