"""The runtime's headers, together."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import host_engine

INCLUDE = Path(__file__).resolve().parents[2] / "runtime_c" / "include"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_all_of_them_go_into_one_file(compiler: str, tmp_path: Path) -> None:
    """A model may need any of them beside any other: no name means two things."""
    headers = sorted(h.relative_to(INCLUDE).as_posix() for h in INCLUDE.rglob("*.h"))
    source = tmp_path / "all.c"
    source.write_text("".join(f'#include "{header}"\n' for header in headers))
    # A function of a header that nothing here calls is no mistake.
    flags = [*host_engine.FLAGS, "-Wno-unused-function", "-fsyntax-only", f"-I{INCLUDE}"]
    done = subprocess.run([compiler, *flags, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
