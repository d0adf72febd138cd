"""The engines that edgegen has."""

from __future__ import annotations

from edgegen.engines import Engine


def table() -> dict[str, Engine]:
    """Every engine by its id, in the order in which they are preferred by default."""
    from edgegen.engines.aot import AotEngine
    from edgegen.engines.tflm import TflmEngine

    engines: tuple[Engine, ...] = (AotEngine(), TflmEngine())
    return {engine.id: engine for engine in engines}
