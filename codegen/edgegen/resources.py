"""Where edgegen's own data files lie: device files, templates, the C runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from edgegen.errors import EdgegenError

Kind = Literal["devices", "templates", "runtime_c"]

_PACKAGE = Path(__file__).resolve().parent


def root(kind: Kind) -> Path:
    """The folder of one kind of data file.

    An installed wheel carries it beside this module. In a source checkout, and so in an
    editable install too, it is the repository's own folder, two levels above the package:
    an editable install may hold copies as well, and they go stale.

    Raises:
        EdgegenError: The installation is incomplete.
    """
    for folder in (_PACKAGE / kind, _PACKAGE.parents[1] / kind):
        if folder.is_dir():
            return folder
    raise EdgegenError(
        f"edgegen's own folder {kind!r} is missing.",
        where=str(_PACKAGE),
        fix="Install edgegen again.",
    )
