"""The generated package of a Linux project, importable as `digits_runtime`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgegen import api
from support.linux_project import build_native

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"


@pytest.fixture(scope="session")
def digits_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits example as a project for x86_64 that serves by HTTP and gRPC."""
    directory = tmp_path_factory.mktemp("linux") / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        directory,
        inputs=EXAMPLE / "input.toml",
        labels=EXAMPLE / "labels.txt",
        serve=("http", "grpc"),
    )
    return directory


@pytest.fixture(scope="session")
def digits_runtime(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project again; its packages can be imported from now on, and have a native library."""
    build_native(digits_project, tmp_path_factory.mktemp("native"))
    for folder in ("edgegen/python", "src"):
        sys.path.insert(0, str(digits_project / folder))
    return digits_project
