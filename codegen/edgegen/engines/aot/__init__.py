"""The `aot` engine: C99 that edgegen writes for one very model."""

from __future__ import annotations

from edgegen.engines.aot.engine import AotEngine

__all__ = ["AotEngine"]
