"""The engines that edgegen has, by family and id, in the order in which they are preferred."""

from __future__ import annotations

from edgegen.engines import LinuxEngine, MicrocontrollerEngine, WebEngine


def cortex_m() -> dict[str, MicrocontrollerEngine]:
    """Engines for microcontrollers."""
    from edgegen.engines.aot import AotEngine
    from edgegen.engines.tflm import TflmEngine

    engines: tuple[MicrocontrollerEngine, ...] = (AotEngine(), TflmEngine())
    return {engine.id: engine for engine in engines}


def linux() -> dict[str, LinuxEngine]:
    """Engines for Linux computers; a device file orders them for its device."""
    from edgegen.engines.aot.linux import LinuxAotEngine
    from edgegen.engines.litert import LitertEngine
    from edgegen.engines.onnxruntime import OnnxRuntimeEngine
    from edgegen.engines.openvino import OpenVinoEngine

    engines: tuple[LinuxEngine, ...] = (
        LitertEngine(),
        OnnxRuntimeEngine(),
        OpenVinoEngine(),
        LinuxAotEngine(),
    )
    return {engine.id: engine for engine in engines}


def web() -> dict[str, WebEngine]:
    """Engines for browsers; a device file orders them for its device."""
    from edgegen.engines.aot.web import WebAotEngine
    from edgegen.engines.litert_web import LitertWebEngine
    from edgegen.engines.onnxruntime_web import OnnxRuntimeWebEngine

    engines: tuple[WebEngine, ...] = (WebAotEngine(), OnnxRuntimeWebEngine(), LitertWebEngine())
    return {engine.id: engine for engine in engines}
