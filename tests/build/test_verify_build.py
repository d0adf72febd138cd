"""The CMake step: images, logs, failures in plain words, and no memory of earlier options."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgegen.errors import MissingToolError
from edgegen.verify.build import BuildError, UnreachableSourcesError, build

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("cmake", "ninja", "cc"))), reason="needs cmake, ninja and cc"
)

LISTS = """
cmake_minimum_required(VERSION 3.20)
project(tiny C)
option(LOUD "" OFF)
if(LOUD)
  message(FATAL_ERROR "too loud")
endif()
add_executable(tiny main.c)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(LISTS)
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    return folder


def test_images_are_found_and_the_compiler_is_named(source: Path, tmp_path: Path) -> None:
    built = build(source, tmp_path / "out dir", ["tiny"])
    assert built.images["tiny"].is_file()
    program, version = built.compiler.rsplit(" ", 1)
    assert program
    assert version[0].isdigit()
    assert "Build files have been written" in (tmp_path / "out dir" / "verify.log").read_text()


def test_a_compile_error_is_shown_with_its_line(source: Path, tmp_path: Path) -> None:
    (source / "main.c").write_text("int main(void) { return nonsense; }\n")
    with pytest.raises(BuildError, match=r"main\.c:1:.*nonsense") as caught:
        build(source, tmp_path / "out", ["tiny"])
    assert caught.value.exit_code == 1
    assert caught.value.where.endswith("verify.log")
    assert len(str(caught.value).splitlines()) < 20


def test_an_unknown_target_fails(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nothing"):
        build(source, tmp_path / "out", ["nothing"])


def test_options_of_an_earlier_call_are_forgotten(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="too loud"):
        build(source, tmp_path / "out", ["tiny"], ["-DLOUD=ON"])
    assert build(source, tmp_path / "out", ["tiny"]).images["tiny"].is_file()


def test_a_second_build_keeps_what_is_up_to_date(source: Path, tmp_path: Path) -> None:
    first = build(source, tmp_path / "out", ["tiny"]).images["tiny"].stat().st_mtime_ns
    assert build(source, tmp_path / "out", ["tiny"]).images["tiny"].stat().st_mtime_ns == first


@pytest.mark.parametrize(
    "message",
    [
        "fatal: unable to access 'https://a.invalid/': Could not resolve host: a.invalid",
        "error: downloading 'https://example.invalid/x.tar.gz' failed",
        "Failed to clone repository: 'https://example.invalid/x'",
    ],
)
def test_a_failed_download_is_told_from_a_broken_project(
    source: Path, tmp_path: Path, message: str
) -> None:
    (source / "CMakeLists.txt").write_text(f'message(FATAL_ERROR "{message}")\n')
    with pytest.raises(UnreachableSourcesError, match="unreachable") as caught:
        build(source, tmp_path / "out", ["tiny"])
    assert caught.value.exit_code == 3
    assert "FETCHCONTENT_SOURCE_DIR" in caught.value.fix


def test_no_cmake_names_the_package(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="cmake"):
        build(source, tmp_path / "out", ["tiny"])
