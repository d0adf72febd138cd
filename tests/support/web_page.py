"""The page of generated web projects, as a visitor's hands and eyes have it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page, expect

from edgegen import api
from support import web_tools

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"

Array = npt.NDArray[np.generic]


def digits(place: Path) -> Path:
    """The digits example as a web project."""
    project = place / "digits"
    api.scaffold(
        DIGITS / "digits.tflite",
        "browser",
        project,
        engines=["aot"],
        inputs=DIGITS / "input.toml",
        labels=DIGITS / "labels.txt",
    )
    return project


def project(
    place: Path, model: Path | bytes, *, inputs: str = "", labels: Sequence[str] = ()
) -> Path:
    """A web project.

    Args:
        model: A file or its content.
        inputs: The description of the model's inputs, as TOML.
        labels: Of its classes.
    """
    if isinstance(model, bytes):
        (place / "model.tflite").write_bytes(model)
        model = place / "model.tflite"
    options: dict[str, Any] = {}
    if inputs:
        (place / "input.toml").write_text(inputs, encoding="utf-8")
        options["inputs"] = place / "input.toml"
    if labels:
        (place / "labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
        options["labels"] = place / "labels.txt"
    api.scaffold(model, "browser", place / "project", engines=["aot"], **options)
    return place / "project"


def open_page(page: Page, url: str) -> Page:
    """The page, with its model loaded."""
    page.goto(url)
    expect(page.locator("#state")).to_contain_text("Ready on", timeout=60_000)
    return page


def choose(page: Page, data: bytes, name: str = "picture.png", mime: str = "image/png") -> None:
    """Choose a file of the first input, as from the system's dialog."""
    files = [{"name": name, "mimeType": mime, "buffer": data}]
    page.locator("input[type=file]").first.set_input_files(files)  # type: ignore[arg-type]


def give(page: Page, how: str, make: str, argument: object = None) -> None:
    """Paste or drop a file.

    Args:
        how: "paste" or "drop".
        make: JavaScript, a function of the argument that returns a File.
    """
    page.evaluate(
        f"""async ([how, argument]) => {{
            const data = new DataTransfer();
            data.items.add(await ({make})(argument));
            const [Kind, key] = how === "paste"
              ? [ClipboardEvent, "clipboardData"]
              : [DragEvent, "dataTransfer"];
            const event = new Kind(how, {{ [key]: data, bubbles: true, cancelable: true }});
            document.body.dispatchEvent(event);
        }}""",
        [how, argument],
    )


def png(pixels: Array) -> bytes:
    """A PNG file of uint8 [height, width] or [height, width, 3]."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def answer(page: Page) -> str:
    """The best class, or what the model says in a few words."""
    return page.locator("#answer-label").inner_text()


def scores(page: Page) -> dict[str, str]:
    """The table of classes: label -> score, best first."""
    rows = page.locator("table.classes tbody tr").all()
    return {row.locator("th").inner_text(): row.locator(".score").inner_text() for row in rows}


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong for people who use a keyboard or a screen reader, or see little."""
    axe = web_tools.node_modules() / "axe-core" / "axe.min.js"
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def is_too_wide(page: Page) -> bool:
    """Whether one has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
