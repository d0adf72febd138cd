"""Engine onnxruntime in a browser: onnxruntime-web runs the model file."""

from __future__ import annotations

from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.onnxruntime import OnnxRuntimeEngine
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class OnnxRuntimeWebEngine:
    """The model file as it is."""

    id = "onnxruntime"
    backends: tuple[str, ...] = ("onnxruntime-webgpu", "onnxruntime-webgl", "onnxruntime-wasm")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """As on Linux."""
        return OnnxRuntimeEngine().refusals(model)

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """Nothing yet."""
        del model, device, options
        return {}

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The model file's bytes."""
        del device, options
        size = Quantity(len(model.source.data), "exact, without compression")
        return Needs(storage=(Part("model", size),), ram=(Part("model", size),))
