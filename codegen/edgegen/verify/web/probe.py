"""Asks a page of the project to load the model and compute, in JavaScript, and says what came."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgegen.verify.web.browser import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS = 120.0
WORKS = "works"

BLANK = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>verify</title>
<link rel="icon" href="data:,">
</html>
"""
"""A page of the project's origin that does nothing by itself."""
BLANK_PATH = "/edgegen-verify.html"

# What is no error of the project is reported as one without a code, which nothing accepts.
_PLAIN = """(error) => ({
  name: String(error?.name ?? typeof error),
  code: typeof error?.code === "string" && typeof error?.fix === "string" ? error.code : "",
  message: String(error?.message ?? error),
})"""

_SELFTEST = f"""async (options) => {{
  const {{ run }} = await import(new URL("/edgegen/selftest.js", document.baseURI));
  try {{
    return {{ report: await run(options) }};
  }} catch (error) {{
    return {{ error: ({_PLAIN})(error) }};
  }}
}}"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of loading the model and replaying the golden vectors.

    Attributes:
        kind: `WORKS`, "differs", or the code of the typed error; "" for one that is none.
        backend: That computed; "" where none did.
        text: For people.
    """

    kind: str
    backend: str
    text: str

    @property
    def works(self) -> bool:
        return self.kind == WORKS


def replay(browser: Browser, page: Page, what: str, **options: Any) -> Outcome:
    """Run the project's self-test in a page that has no user interface of its own.

    Args:
        what: For the error when it takes too long.
        options: Of selftest.js's ``run``.
    """
    with browser.limit(SECONDS, what):
        found = page.evaluate(_SELFTEST, options)
    if report := found.get("report"):
        passed = report["passed"] is True
        kind, text = (WORKS, "it works") if passed else ("differs", "the results are wrong")
        return Outcome(kind, str(report["engine"]), text)
    error = found["error"]
    return Outcome(str(error["code"]), "", f"{error['name']}: {error['message']}")


def selftest_page(browser: Browser, page: Page, url: str, backend: str, threads: int) -> Any:
    """What selftest.html says, from its JSON.

    Args:
        url: Of the project.
    """
    with browser.limit(SECONDS, f"the self-test on {backend}"):
        page.goto(f"{url}edgegen/selftest.html?backend={backend}&threads={threads}")
        done = page.wait_for_selector("#json[data-done]", state="attached", timeout=SECONDS * 1e3)
        return json.loads((done.text_content() if done else "") or "null")
