"""No test is left out because of where it lies."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def test_every_folder_of_tests_is_looked_into(pytestconfig: pytest.Config) -> None:
    """pytest passes over some names of folders by itself, "build" among them."""
    patterns = pytestconfig.getini("norecursedirs")
    names = {
        part for file in TESTS.rglob("test_*.py") for part in file.relative_to(TESTS).parent.parts
    }
    assert {"build", "unit"} <= names
    assert [n for n in sorted(names) if any(fnmatch.fnmatch(n, p) for p in patterns)] == []
