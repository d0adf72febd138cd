"""pyproject.py: what a file that edgegen leaves alone lacks for the project of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import api, present


@pytest.fixture
def directory(tmp_path: Path, digits_tflite: Path) -> Path:
    """A project without C and without a server."""
    place = tmp_path / "digits"
    api.scaffold(digits_tflite, "raspberry_pi_5", place, engines=["litert"])
    return place


def configure(directory: Path, *lines: str) -> None:
    file = directory / "edgegen.toml"
    text = "".join(
        line for line in file.read_text().splitlines(True) if not line.startswith("engines")
    )
    file.write_text(text.replace("[project]\n", "\n".join(("[project]", *lines, ""))))


def test_nothing_is_said_where_nothing_is_missing(directory: Path) -> None:
    assert api.update(directory).notes == ()


def test_a_server_and_an_engine_that_come_later(directory: Path) -> None:
    configure(directory, 'engines = ["aot", "litert"]', 'serve = ["grpc"]')
    before = (directory / "pyproject.toml").read_bytes()
    (note,) = api.update(directory).notes
    assert (directory / "pyproject.toml").read_bytes() == before
    assert 'build-backend = "scikit_build_core.build" with [tool.scikit-build]' in note
    assert "dependencies 'cffi>=1.15'" in note
    assert "numpy" not in note
    assert "extras litert, grpc." in note
    (again,) = api.update(directory).notes  # until the user has done it
    assert again == note
    shown = api.diff(directory)
    assert present.difference(shown)[-1] == f"note: {note}"
    assert present.difference_data(shown)["notes"] == [note]

    fresh = directory.parent / "fresh"
    api.scaffold(
        directory / "model" / "digits.tflite",
        "raspberry_pi_5",
        fresh,
        engines=["aot", "litert"],
        serve=["grpc"],
    )
    (directory / "pyproject.toml").write_bytes((fresh / "pyproject.toml").read_bytes())
    assert api.update(directory).notes == ()


@pytest.mark.parametrize(
    "text",
    [
        b'[build-system]\nbuild-backend = "setuptools.build_meta"\n[project]\n'
        b'dependencies = ["NumPy", "AI_Edge.litert", "tflite_runtime<3"]\n'
        b"[project.optional-dependencies]\ncamera = []\nimages = []\nmicrophone = []\nsensor = []\n"
        b"update = []\ndev = []\n",
        b"no = = TOML",
        b"\xff",
    ],
)
def test_a_file_of_the_users_own_making(directory: Path, text: bytes) -> None:
    (directory / "pyproject.toml").write_bytes(text)
    assert api.update(directory).notes == ()


def test_nonsense_of_any_type(directory: Path) -> None:
    (directory / "pyproject.toml").write_text(
        'build-system = 3\n[project]\ndependencies = {}\noptional-dependencies = [["x"]]\n'
    )
    (note,) = api.update(directory).notes
    assert "extras camera, " in note
    (directory / "pyproject.toml").unlink()
    assert api.update(directory).notes == ()
