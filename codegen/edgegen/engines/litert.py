"""LiteRT: TensorFlow Lite's runtime for Linux, as a Python package."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.engines import Needs, Part, Quantity
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class LitertEngine:
    """ai-edge-litert on 64-bit computers, tflite-runtime on 32-bit ones."""

    id = "litert"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """None: it runs whatever the front end takes."""
        del model
        return ()

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return {f"python/{options.name}_runtime/data/{model.source.file_name}": model.source.data}

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly; nobody has measured the runtime yet."""
        del device, options
        file = Part("model", Quantity(len(model.source.data), "exact"))
        runtime = Part("runtime", Quantity(None, "not known (nobody has measured it)"))
        return Needs((file, runtime), (file, runtime))
