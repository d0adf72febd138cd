"""ONNX Runtime, as a Python package."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.diagnostics import wrong_format
from edgegen.engines import Needs
from edgegen.engines.python_runtimes import ONNXRUNTIME, model_file
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class OnnxRuntimeEngine:
    """The package onnxruntime, on the processor."""

    id = "onnxruntime"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Files of another format."""
        return wrong_format(model.source.format, "onnx")

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return model_file(model, options)

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly, the package as measured."""
        del options
        return ONNXRUNTIME.needs(model, device)
