"""OpenVINO, as a Python package."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.engines import Needs
from edgegen.engines.python_runtimes import OPENVINO, another_format, model_file
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class OpenVinoEngine:
    """The package openvino, on the processor."""

    id = "openvino"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Files of another format."""
        if model.source.format not in ("onnx", "tflite"):
            return (another_format(model, "OpenVINO"),)
        return ()

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return model_file(model, options)

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly, the package as measured."""
        del options
        return OPENVINO.needs(model, device)
