"""Which requirements hold where, and what Debian's packages stand in for."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from edgegen.verify.linux import wheels
from edgegen.verify.linux.sysroot import AARCH64, ARMV7L, Sysroot

REQUIREMENTS = (
    "numpy>=1.24",
    "ai-edge-litert==2.3.0 ; platform_machine != 'armv7l'",
    "tflite-runtime==2.14.0 ; platform_machine == 'armv7l' and python_version < '3.12'",
)


DEBIAN = {"python3-numpy": "1:1.24.2-1+deb12u1", "python3-cffi": "1.15.1-5"}


def test_markers_are_of_the_target() -> None:
    assert wheels.applicable(REQUIREMENTS, "armv7l") == ("numpy>=1.24", "tflite-runtime==2.14.0")
    aarch64 = ("ai-edge-litert==2.3.0", "numpy>=1.24")
    assert wheels.applicable(REQUIREMENTS, "aarch64") == aarch64


def test_here_the_python_is_this_one() -> None:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    given = [f"a ; python_version == '{here}'", f"b ; python_version != '{here}'"]
    assert wheels.applicable(given, platform.machine()) == ("a",)


@pytest.mark.parametrize(
    ("version", "upstream"),
    [("1:1.24.2-1+deb12u1", "1.24.2"), ("1.15.1-5", "1.15.1"), ("3.11", "3.11")],
)
def test_upstream_versions(version: str, upstream: str) -> None:
    assert wheels._upstream(version) == upstream


def test_pip_takes_debians_packages_for_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any index: what pip resolves are the stand-ins alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    sysroot = Sysroot(ARMV7L, tmp_path, DEBIAN)
    site = wheels.prepare(["numpy<2"], sysroot)
    assert wheels.installed(site) == {"numpy": "1.24.2"}
    assert not list(site.glob("numpy/*"))
    with pytest.raises(wheels.MissingToolError, match="armv7l could not be installed"):
        wheels.prepare(["numpy>=2"], sysroot)


def test_nothing_needed_is_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    assert not list(wheels.prepare([], Sysroot(AARCH64, tmp_path, {})).iterdir())
