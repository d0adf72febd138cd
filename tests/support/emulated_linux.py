"""Arm Linux for tests: Python of another architecture, out of the cache or fetched once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgegen.device import Architecture
from edgegen.errors import MissingToolError
from edgegen.verify.linux import computer
from edgegen.verify.linux.computer import Computer


def prepared(architecture: str, cpu: str, requirements: Sequence[str] = ()) -> Computer:
    """Skips the test when neither the cache nor the network has it; in CI that is a failure."""
    try:
        return computer.prepare(Architecture(architecture, cpu), requirements)
    except MissingToolError as error:
        pytest.skip(f"needs a sysroot and qemu: {error.what}")
