"""Programs that packaging runs: in surroundings that are given, and never for ever."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgegen.errors import EdgegenError


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    seconds: int,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end.

    Args:
        folder: That it works in.

    Raises:
        EdgegenError: It takes longer than ``seconds``.
    """
    try:
        return subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            umask=0o022,
        )
    except subprocess.TimeoutExpired:
        raise EdgegenError(
            f"{Path(command[0]).name} did not come to an end in {seconds} s.",
            where=" ".join(command)[:200],
        ) from None


def fixed(when: int) -> dict[str, str]:
    """Surroundings for a program whose output is to follow from its input alone.

    Args:
        when: SOURCE_DATE_EPOCH.
    """
    kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(when)}
