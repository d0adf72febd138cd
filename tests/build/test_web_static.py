"""Web projects pass their own checks: TypeScript, ESLint, html-validate; Vite builds them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgegen import api
from support import web_tools
from support.browser import browsing, serving

pytestmark = [pytest.mark.npm, pytest.mark.slow]

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits, with all that it may have, and the tools' packages."""
    directory = tmp_path_factory.mktemp("static") / "digits"
    api.scaffold(
        DIGITS / "digits.tflite",
        "browser",
        directory,
        engines=("aot", "litert"),
        labels=DIGITS / "labels.txt",
        inputs=DIGITS / "input.toml",
    )
    web_tools.link(directory)
    return directory


@pytest.mark.parametrize(
    "command",
    [
        ("tsc", "-p", "tsconfig.json"),
        ("tsc", "-p", "tsconfig.worker.json"),
        ("eslint", "."),
        ("html-validate", "index.html", "edgegen/*.html"),
    ],
    ids=" ".join,
)
def test_a_new_project_is_clean(project: Path, command: tuple[str, ...]) -> None:
    result = web_tools.run(*command, cwd=project)
    assert result.returncode == 0, result.stdout


def test_a_project_names_the_versions_that_it_was_tested_with(project: Path) -> None:
    tools = json.loads((DIGITS.parents[1] / "tests/web_tools/package.json").read_bytes())
    wanted = json.loads((project / "package.json").read_bytes())
    assert wanted["devDependencies"] == tools["devDependencies"]


def test_types_of_every_script_are_checked(project: Path) -> None:
    """By one of the two settings: what is missing is for Node.js, or another project's."""
    listed = set()
    for settings in ("tsconfig.json", "tsconfig.worker.json"):
        result = web_tools.run("tsc", "-p", settings, "--listFilesOnly", cwd=project)
        listed |= {Path(line).resolve() for line in result.stdout.splitlines()}
    folders = [project / "app", project / "edgegen"]
    scripts = {path for folder in folders for path in folder.rglob("*.*js")}
    scripts |= {project / "service-worker.js"}
    assert scripts - listed == {project / "edgegen" / name for name in ("vite.js", "vendor.mjs")}


@pytest.mark.browser
def test_vite_builds_a_site_that_works_offline_below_a_path(project: Path, tmp_path: Path) -> None:
    result = web_tools.run("vite", "build", cwd=project)
    assert result.returncode == 0, result.stdout
    assert "warning" not in result.stdout.lower()
    built = shutil.copytree(project / "dist", tmp_path / "host" / "deep" / "site")
    shutil.rmtree(project / "dist")
    assert not (built / "app").exists()
    assert not (built / "edgegen" / "native").exists()
    for path in ("manifest.webmanifest", "service-worker.js", "edgegen/model.js"):
        assert (built / path).read_bytes() == (project / path).read_bytes()
    with (
        serving(tmp_path / "host") as server,
        browsing() as browser,
        browser.page() as (page, said),
    ):
        url = f"{server.url}deep/site/"
        page.goto(url)
        works(page)
        assert {each.status for each in server.answers if "/deep/site/app/" not in each.path} == {
            200
        }
        session = page.context.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert (manifest["url"], manifest["errors"]) == (f"{url}manifest.webmanifest", [])
        assert manifest["manifest"]["scope"] == url
        server.kill()
        page.reload()
        works(page)
        assert page.evaluate("crossOriginIsolated")
        assert said.errors == []


def works(page: Any) -> None:
    """The model is loaded, and the page says that it needs no network."""
    page.wait_for_selector("#offline-text:has-text('Works offline')")
    page.wait_for_selector("#backend:enabled")
