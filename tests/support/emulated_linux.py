"""Arm Linux for tests: the sysroot and an emulator, out of the cache or fetched once."""

from __future__ import annotations

import pytest

from edgegen.errors import MissingToolError
from edgegen.verify.linux import qemu, sysroot
from edgegen.verify.linux.qemu import Emulator
from edgegen.verify.linux.sysroot import Architecture, Sysroot


def prepared(architecture: Architecture, core: str) -> tuple[Sysroot, Emulator]:
    """Skips the test when neither the cache nor the network has it; in CI that is a failure."""
    try:
        root = sysroot.prepare(architecture)
        return root, qemu.prepare(root, core)
    except MissingToolError as error:
        pytest.skip(f"needs a sysroot and qemu: {error.what}")
