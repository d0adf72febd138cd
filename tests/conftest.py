"""What every test may rely on: tool checks by marker, the reference models, --update-golden."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: what fails here fails everywhere, and again.
# `--hypothesis-profile explore` draws others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parent.parent

# What a test with that marker needs on PATH; `edgegen doctor` names the packages.
TOOLS = {
    "cross": ("arm-none-eabi-gcc", "arm-none-eabi-g++", "cmake", "ninja"),
    "qemu": ("qemu-system-arm",),
    "clang": ("clang", "ld.lld"),
    "arm_linux": (
        "aarch64-linux-gnu-gcc",
        "qemu-aarch64",
        "arm-linux-gnueabihf-gcc",
        "qemu-arm",
    ),
    "sysroot": ("apt-get", "dpkg-deb"),
    "packages": ("dpkg-deb", "rpmbuild", "rpm2cpio", "cpio", "lintian", "rpmlint", "shellcheck"),
    "wasm": ("clang", "wasm-ld", "node"),
    "npm": ("node", "npm"),
    "browser": ("chromium",),
    "nspawn": ("systemd-nspawn",),
    "sandbox": ("bwrap",),
    "systemd": ("systemd-analyze",),
}
TOOL_WORDS = {tool for tools in TOOLS.values() for tool in tools} | {"qemu", "gcc", "lld"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the expected files instead of comparing"
    )
    parser.addoption(
        "--no-skips-for-tools",
        action="store_true",
        help="a test skipped for want of a tool fails (also: EDGEGEN_REQUIRE_TOOLS=1)",
    )


def _tools_required(config: pytest.Config) -> bool:
    flag: bool = config.getoption("--no-skips-for-tools")
    return flag or os.environ.get("EDGEGEN_REQUIRE_TOOLS") == "1"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, tools in TOOLS.items():
        if item.get_closest_marker(marker) is None:
            continue
        absent = [tool for tool in tools if shutil.which(tool) is None]
        if absent:
            pytest.skip(f"needs {', '.join(absent)} (see `edgegen doctor`)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and _tools_required(item.config):
        reason = report.longrepr[2]
        if any(word in reason for word in TOOL_WORDS):
            report.outcome = "failed"
            report.longrepr = f"{reason}: with required tools this is a failure"
    return report


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when expected files are to be written."""
    flag: bool = request.config.getoption("--update-golden")
    return flag


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of reference models: $EDGEGEN_MODELS, or shared/models beside the clone."""
    folder = Path(os.environ.get("EDGEGEN_MODELS") or ROOT.parent / "shared" / "models")
    if not folder.is_dir():
        pytest.skip(f"the reference models are not at {folder}; EDGEGEN_MODELS names the folder")
    return folder


@pytest.fixture(scope="session")
def digits_tflite() -> Path:
    """The digits example: int8, 15 kB, one of each common layer."""
    return ROOT / "examples" / "digits" / "digits.tflite"
