"""The JavaScript tools of the tests: installed once, for every worker, in the pinned versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support import web_tools

TOOLS = Path(web_tools.__file__).resolve().parent.parent / "web_tools"


def test_the_lock_names_versions_and_no_places() -> None:
    lock = json.loads((TOOLS / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((TOOLS / "package.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    assert packages[""]["devDependencies"] == wanted["devDependencies"]
    del packages[""]
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert not any("resolved" in each for each in packages.values())


@pytest.mark.npm
def test_tools_run_and_a_failure_is_a_return_code(tmp_path: Path) -> None:
    (tmp_path / "tsconfig.json").write_text(
        '{"compilerOptions": {"allowJs": true, "checkJs": true, "strict": true, "noEmit": true}}',
        encoding="utf-8",
    )
    source = tmp_path / "one.js"
    source.write_text("/** @type {number} */\nexport const one = 1;\n", encoding="utf-8")
    good = web_tools.run("tsc", cwd=tmp_path)
    assert good.returncode == 0, good.stdout
    source.write_text("/** @type {number} */\nexport const one = 'one';\n", encoding="utf-8")
    bad = web_tools.run("tsc", cwd=tmp_path)
    assert bad.returncode != 0
    assert "one.js" in bad.stdout


@pytest.mark.npm
def test_linked_packages_are_found_and_nothing_is_written_to_the_cache(tmp_path: Path) -> None:
    web_tools.link(tmp_path)
    (tmp_path / "node_modules" / "of_the_project").mkdir()
    (tmp_path / "eslint.config.js").write_text(
        'import js from "@eslint/js";\nexport default [js.configs.recommended];\n', encoding="utf-8"
    )
    (tmp_path / "package.json").write_text('{"type": "module"}\n', encoding="utf-8")
    (tmp_path / "unused.js").write_text("const unused = 1;\n", encoding="utf-8")
    result = web_tools.run("eslint", ".", cwd=tmp_path)
    assert result.returncode == 1
    assert "no-unused-vars" in result.stdout
    assert not (web_tools.node_modules() / "of_the_project").exists()
