"""The JavaScript tools that check generated web projects: TypeScript, ESLint, html-validate, Vite.

Their versions are those of tests/web_tools/package-lock.json. They are installed once, below the
cache folder of edgegen, and the next run takes them from there without the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from edgegen.verify.linux.cache import key, made

_HERE = Path(__file__).resolve().parent.parent / "web_tools"
_FILES = ("package.json", "package-lock.json")
_SECONDS = 300


@cache
def node_modules() -> Path:
    """The installed packages. Several processes may ask at once: one installs, the others wait.

    Needs npm (marker ``npm``) and, on its first run, the network. No package runs a script.
    """
    contents = [(_HERE / name).read_bytes() for name in _FILES]
    return made(f"web_tools/{key(*(data.hex() for data in contents))}", _install) / "node_modules"


def _install(folder: Path) -> None:
    for name in _FILES:
        shutil.copy(_HERE / name, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(["npm", "ci", *options], cwd=folder, check=True, timeout=_SECONDS)


def link(project: Path) -> None:
    """Give a project these packages, as if ``npm ci`` had been run there.

    Its node_modules is a folder of its own with links in it, so that what tools write there (Vite
    does) stays in the project.
    """
    target = project / "node_modules"
    target.mkdir()
    for package in sorted(node_modules().iterdir()):
        (target / package.name).symlink_to(package)


def run(
    tool: str, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``tsc``, ``eslint``, ``html-validate`` or ``vite`` and give back what it says.

    ``env`` adds to this process's variables. A failure of the tool is a return code.
    """
    return subprocess.run(
        [str(node_modules() / ".bin" / tool), *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
