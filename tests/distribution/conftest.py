from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def project_files() -> list[str]:
    """Paths of everything that belongs to the repository: tracked, and new but not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(path for path in set(listed.stdout.split("\0")) if (ROOT / path).is_file())


@dataclass(frozen=True, slots=True)
class CleanTree:
    """A copy of the repository's files and nothing else, taken once."""

    path: Path
    files: tuple[str, ...]


@pytest.fixture(scope="session")
def clean_tree(tmp_path_factory: pytest.TempPathFactory) -> CleanTree:
    tree = CleanTree(tmp_path_factory.mktemp("clean") / "edgegen", tuple(project_files()))
    for path in tree.files:
        (tree.path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, tree.path / path)
    return tree


def build_wheel(tree: CleanTree, folder: Path) -> Path:
    """The wheel of ``tree`` for the running Python, which has the build requirements."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "--wheel-dir", folder, tree.path], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(clean_tree: CleanTree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(clean_tree, tmp_path_factory.mktemp("wheel"))
