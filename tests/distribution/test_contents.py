"""The wheel and the sdist hold what the repository holds: nothing lost, nothing added.

An ignore rule that is too broad drops templates from a wheel without a word; this test
is where that shows.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .conftest import CleanTree

pytestmark = pytest.mark.slow

# As in pyproject.toml, [tool.scikit-build.wheel.packages].
PLACES = {
    "codegen/edgegen/": "edgegen/",
    "templates/": "edgegen/templates/",
    "devices/": "edgegen/devices/",
    "runtime_c/": "edgegen/runtime_c/",
}


def packaged(tree: CleanTree) -> dict[str, str]:
    """Path in the repository -> path in the wheel, for everything that is shipped."""
    return {
        path: target + path.removeprefix(source)
        for path in tree.files
        for source, target in PLACES.items()
        if path.startswith(source)
    }


def test_the_wheel_holds_every_file_and_no_other(wheel: Path, clean_tree: CleanTree) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    shipped = {name for name in names if ".dist-info/" not in name}
    native = {name for name in shipped if name.startswith("edgegen/_native.") and "pyi" not in name}
    assert len(native) == 1
    assert shipped - native == set(packaged(clean_tree).values())


def test_the_wheel_holds_the_same_bytes(wheel: Path, clean_tree: CleanTree) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for source, target in packaged(clean_tree).items():
            assert archive.read(target) == (clean_tree.path / source).read_bytes(), source


def test_the_wheel_carries_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {name.split("/", 1)[1]: name for name in archive.namelist() if ".dist-info/" in name}
        assert "Apache License" in archive.read(info["licenses/LICENSE"]).decode()
        assert "edgegen = edgegen.__main__:main" in archive.read(info["entry_points.txt"]).decode()


def test_the_sdist_can_build_the_wheel(clean_tree: CleanTree, tmp_path: Path) -> None:
    program = (
        "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=clean_tree.path, check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    needed = {"pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"}
    needed |= {path for path in clean_tree.files if path.startswith("codegen/bindings/")}
    assert needed | set(packaged(clean_tree)) <= names
