"""The page of models whose inputs nothing describes: numbers, from wherever they come."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page, expect

from support import model_zoo, web_page
from support.browser import Browser, Server, serving, shared_browser
from support.web_page import choose, give, is_too_wide, open_page

__all__ = ["shared_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.wasm, pytest.mark.slow]

Array = npt.NDArray[np.generic]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """float32 [1, 3, 3, 2] in another shape: what goes in comes out."""
    model = model_zoo.models()["reshape_float32"]
    with serving(web_page.project(tmp_path_factory.mktemp("one"), model)) as server:
        yield server


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two inputs of int8, of which the larger one is taken, element by element."""
    model = model_zoo.models()["maximum_int8"]
    with serving(web_page.project(tmp_path_factory.mktemp("two"), model)) as server:
        yield server


@pytest.fixture
def page(shared_browser: Browser, one: Server) -> Iterator[Page]:
    with shared_browser.page() as (page, said):
        yield open_page(page, one.url)
        assert said.errors == []


def shape(page: Page, index: int = 0) -> list[int]:
    found = page.evaluate(
        f"import('/edgegen/spec.js').then(({{ INPUTS }}) => INPUTS[{index}].shape)"
    )
    return [int(size) for size in found]


def values(page: Page) -> list[float]:
    """The first output's, as the page shows them."""
    page.locator("details").first.evaluate("(details) => { details.open = true; }")
    return [float(text) for text in page.locator(".values").first.inner_text().split()]


def ramp(page: Page) -> npt.NDArray[np.float32]:
    count = int(np.prod(shape(page)))
    return (np.arange(count, dtype=np.float32) - count // 2) / 4


def npy(array: Array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_numbers_come_from_text_in_every_form(page: Page) -> None:
    wanted = ramp(page)
    forms = [
        json.dumps(wanted.tolist()),
        json.dumps(wanted.reshape(shape(page)).tolist()),
        json.dumps(wanted.reshape(shape(page)[1:]).tolist()),
        ", ".join(map(str, wanted.tolist())),
        "\n".join(map(str, wanted.tolist())),
    ]
    text = page.get_by_label("Numbers, as JSON or CSV")
    for form in forms:
        page.get_by_role("button", name="Zeros").click()
        expect(page.locator(".values").first).to_have_text("0  " * (len(wanted) - 1) + "0")
        text.fill(form)
        page.get_by_role("button", name="Use these numbers").click()
        expect(page.locator(".values").first).not_to_have_text("0  " * (len(wanted) - 1) + "0")
        assert values(page) == wanted.tolist()


def test_numbers_come_from_files(page: Page) -> None:
    wanted = ramp(page)
    whole = wanted.reshape(shape(page))
    files = {
        "a.json": json.dumps(wanted.tolist()).encode(),
        "a.csv": ";".join(map(str, wanted.tolist())).encode(),
        "a.npy": npy(whole),
        "b.npy": npy(whole[0].astype(np.float64)),
    }
    for name, data in files.items():
        page.get_by_role("button", name="Zeros").click()
        choose(page, data, name, "application/octet-stream")
        expect(page.locator("[data-part=summary]")).to_contain_text(name)
        expect(page.locator(".values").first).to_contain_text("0.25")
        assert values(page) == wanted.tolist()


def test_random_and_golden_examples(page: Page) -> None:
    for name in ("Random", "Golden example"):
        page.get_by_role("button", name=name).click()
        expect(page.locator("[data-part=summary]")).to_contain_text(f"{name}: ")
        expect(page.locator(".values").first).not_to_have_text("")
        assert max(values(page)) > 0
    assert page.locator("#notices .notice").count() == 0


NO_INPUT = {
    "": "There are no numbers.",
    "1, 2, 3": "There are 3 numbers",
    "[[1, 2], [3]]": "rows differ in length",
    "[[1, 2], [3, 4]]": "has the shape [2, 2]",
    "1, nan, 3": 'Number 2 is "nan"',
    "[1, NaN]": "cannot be read as JSON",
    '[1, "2"]': 'Number 2 is "2"',
    "1 two": 'Number 2 is "two"',
    "1 " * 17 + "1e999": "Number 18 is Infinity",
}


def test_what_is_no_input_is_refused_with_a_reason(page: Page) -> None:
    notice = page.locator("#notices [data-kind=error]")
    for text, words in NO_INPUT.items():
        page.get_by_label("Numbers, as JSON or CSV").fill(text)
        page.get_by_role("button", name="Use these numbers").click()
        expect(notice.first).to_contain_text(words)
        expect(notice.first.locator("p")).to_have_count(2)  # what is wrong, and what to do
        expect(page.locator("#answer-label")).to_have_text("Nothing yet")
        notice.first.get_by_role("button", name="Dismiss").click()
        expect(notice).to_have_count(0)


def test_files_that_are_no_input_are_refused(page: Page) -> None:
    good = ramp(page).reshape(shape(page))
    files = {
        "The file is empty.": b"",
        "The array has the shape": npy(good.reshape(-1)),
        "The array holds int32": npy(good.astype(np.int32)),
        "its elements are <c8": npy(good.astype(np.complex64)),
        "bytes of numbers": npy(good)[:-5],
        "it starts differently": b"\x93NUMPY",
        "is NaN, which is not finite": npy(np.where(good > 0, np.float32("nan"), good)),
        "its columns come first": npy(np.asfortranarray(good)),
    }
    notice = page.locator("#notices [data-kind=error]")
    for words, data in files.items():
        choose(page, data, "input.npy", "application/octet-stream")
        expect(notice.last).to_contain_text(words)


def test_huge_texts_are_refused_before_anyone_reads_them(page: Page) -> None:
    notice = page.locator("#notices [data-kind=error]")
    make = "(size) => new File(['1,'.repeat(size)], 'huge.csv', { type: 'text/csv' })"
    give(page, "drop", make, 100_000_000)
    expect(notice).to_contain_text("200,000,000 bytes, too many")
    page.get_by_role("button", name="Zeros").click()
    expect(notice).to_have_count(0)
    page.get_by_label("Numbers, as JSON or CSV").evaluate(
        """(field) => {
          const data = new DataTransfer();
          data.setData("text/plain", "1 ".repeat(5_000_000));
          field.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(notice).to_contain_text("10,000,000 characters")


def test_a_file_that_no_input_takes_is_named(page: Page) -> None:
    give(page, "drop", "() => new File(['x'], 'a.png', { type: 'image/png' })")
    expect(page.locator("#notices")).to_contain_text("Nothing here takes a file of type image/png.")


def test_what_went_wrong_is_in_view_and_is_said_once(shared_browser: Browser, one: Server) -> None:
    with shared_browser.page(viewport={"width": 390, "height": 700}) as (page, _):
        open_page(page, one.url)
        page.evaluate(
            """import("/app/notices.js").then(
              ({ notify }) => notify("update", "There is a new version of this page."))"""
        )
        notices = page.locator("#notices .notice")
        expect(notices).to_have_count(1)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        for text in ("1", "1, 2", "1, 2, 3"):
            page.get_by_label("Numbers, as JSON or CSV").fill(text)
            page.get_by_role("button", name="Use these numbers").click()
        give(page, "drop", "() => new File(['x'], 'a.png', { type: 'image/png' })")
        expect(notices).to_have_text([re.compile("a new version"), re.compile("a file of type")])
        for each in notices.all():
            expect(each).to_be_in_viewport(ratio=1)
        page.get_by_role("button", name="Random").click()
        expect(notices).to_have_count(1)
        assert not is_too_wide(page)


def test_two_inputs_wait_for_each_other(shared_browser: Browser, two: Server) -> None:
    with shared_browser.page() as (page, said):
        open_page(page, two.url)
        groups = page.locator("fieldset")
        expect(groups).to_have_count(2)
        groups.nth(0).get_by_role("button", name="Random").click()
        expect(page.locator("#state")).to_have_text("Waiting for input 2")
        groups.nth(1).get_by_role("button", name="Zeros").click()
        expect(page.locator(".values").first).not_to_have_text("")
        assert min(values(page)) >= 0
        # What a numpy file of the tensor's own type holds is taken as it is, quantised.
        for index, group in enumerate(groups.all()):
            lowest = np.full(shape(page, index), -128, np.int8)
            files = [
                {"name": "a.npy", "mimeType": "application/octet-stream", "buffer": npy(lowest)}
            ]
            group.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
        expect(page.locator("#answer-label")).to_contain_text("from -12.5 to -12.5")
        assert said.errors == []
