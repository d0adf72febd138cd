"""Engine litert in a browser: LiteRT.js runs the model file."""

from __future__ import annotations

from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.litert import LitertEngine
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class LitertWebEngine:
    """The model file as it is."""

    id = "litert"
    backends: tuple[str, ...] = ("litert-webgpu", "litert-wasm")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """As on Linux."""
        return LitertEngine().refusals(model)

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """Nothing yet."""
        del model, device, options
        return {}

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The model file's bytes."""
        del device, options
        size = Quantity(len(model.source.data), "exact, without compression")
        return Needs(storage=(Part("model", size),), ram=(Part("model", size),))
