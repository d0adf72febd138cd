"""The headers of the runtime that generated code may include, together."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import host_engine

INCLUDE = Path(__file__).resolve().parents[2] / "runtime_c" / "include"

INSIDE = ("scalar/requantize.h", "dsp/requantize.h", "nn/simd/isa/", "nn/simd/kernels/")
"""Kernels include these, generated code never."""


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_all_of_them_go_into_one_file(compiler: str, tmp_path: Path) -> None:
    """A model may need any of them beside any other: no name means two things."""
    headers = [h.relative_to(INCLUDE).as_posix() for h in sorted(INCLUDE.rglob("*.h"))]
    headers = [header for header in headers if not any(each in header for each in INSIDE)]
    source = tmp_path / "all.c"
    source.write_text("".join(f'#include "{header}"\n' for header in headers))
    # A function of a header that nothing here calls is no mistake.
    flags = [*host_engine.FLAGS, "-Wno-unused-function", "-fsyntax-only", f"-I{INCLUDE}"]
    done = subprocess.run([compiler, *flags, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
