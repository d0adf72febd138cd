"""Golden vectors, computed once per model: the reference runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edgegen import golden
from edgegen.model import Model


@contextmanager
def golden_once() -> Iterator[None]:
    """Within it, `golden.make` remembers what it made."""
    known: dict[tuple[str, str], golden.Golden] = {}
    make = golden.make

    def remembered(model: Model, *arguments: Any, **options: Any) -> golden.Golden:
        key = (model.source.sha256, repr((arguments, options)))
        if key not in known:
            known[key] = make(model, *arguments, **options)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(golden, "make", remembered)
        yield
