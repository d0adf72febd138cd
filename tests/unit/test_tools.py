"""Finding tools: on a made-up PATH, so that the answers are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import tools
from edgegen.errors import MissingToolError


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def make_tool(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "prints", "version"),
    [
        ("cmake", "cmake version 3.25.1", "3.25.1"),
        ("ninja", "1.11.1", "1.11.1"),
        ("make", "GNU Make 4.3", "4.3"),
        (
            "arm-none-eabi-gcc",
            "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205",
            "12.2.1",
        ),
        ("clang", "Debian clang version 14.0.6", "14.0.6"),
        ("ld.lld", "Debian LLD 14.0.6 (compatible with GNU linkers)", "14.0.6"),
        (
            "qemu-system-arm",
            "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)",
            "7.2.22",
        ),
        ("apt-get", "apt 2.6.1 (amd64)", "2.6.1"),
        (
            "dpkg-deb",
            "Debian 'dpkg-deb' package archive backend version 1.21.22 (amd64).",
            "1.21.22",
        ),
        ("lintian", "Lintian v2.116.3", "2.116.3"),
        ("rpmbuild", "RPM version 4.18.0", "4.18.0"),
        ("git", "git version 2.39.5", "2.39.5"),
        ("chromium", "Chromium 156.0.8078.79 built on Debian GNU/Linux 12", "156.0.8078.79"),
        ("node", "v20.19.2", "20.19.2"),
        ("npm", "10.8.2", "10.8.2"),
        ("cmake", "a build of today", "unknown"),
    ],
)
def test_versions_are_read_from_what_tools_print(
    bin_dir: Path, name: str, prints: str, version: str
) -> None:
    make_tool(bin_dir / name, f"echo '{prints}'")
    tool = tools.require(name)
    assert (tool.path, tool.version) == (bin_dir / name, version)
    assert tool.title == f"{name} {version}"


def test_another_command_does_as_well(bin_dir: Path) -> None:
    make_tool(bin_dir / "google-chrome", "echo 'Google Chrome 156.0.8078.79'")
    tool = tools.require("chromium")
    assert (tool.name, tool.path) == ("chromium", bin_dir / "google-chrome")


def test_an_absent_tool_is_named_with_its_package(bin_dir: Path) -> None:
    assert tools.probe("cmake") is None
    with pytest.raises(MissingToolError, match="cmake") as caught:
        tools.require("cmake")
    assert "apt-get install cmake" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$"])
def test_a_tool_that_does_not_run_is_absent(bin_dir: Path, script: str) -> None:
    make_tool(bin_dir / "cmake", script)
    assert tools.probe("cmake") is None


def test_several_absent_tools_make_one_command(bin_dir: Path) -> None:
    text = str(tools.missing("ninja", "arm-none-eabi-gcc", "newlib"))
    assert "apt-get install ninja-build gcc-arm-none-eabi libnewlib-arm-none-eabi" in text


def test_a_library_is_what_the_compiler_finds(bin_dir: Path) -> None:
    library = bin_dir / "nano.specs"
    make_tool(
        bin_dir / "arm-none-eabi-gcc",
        f'case "$1" in --version) echo "gcc 12.2.1";; -print-file-name=*) echo "{library}";; esac',
    )
    assert tools.probe("newlib") is None
    library.touch()
    found = tools.probe("newlib")
    assert found is not None
    assert found.path == library


def test_a_library_that_the_compiler_does_not_know_is_absent(bin_dir: Path) -> None:
    make_tool(
        bin_dir / "arm-none-eabi-gcc",
        'case "$1" in --version) echo "gcc 12.2.1";; *) echo "nano.specs";; esac',
    )
    assert tools.probe("newlib") is None


def test_every_row_is_complete_and_named_once() -> None:
    assert len({row.name for row in tools.TOOLS}) == len(tools.TOOLS)
    assert all(row.purpose and row.package for row in tools.TOOLS)
    with pytest.raises(KeyError):
        tools.spec("no-such-tool")
