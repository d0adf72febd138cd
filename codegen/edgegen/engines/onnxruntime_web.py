"""Engine onnxruntime in a browser: onnxruntime-web runs the model file."""

from __future__ import annotations

from edgegen.device import WebBrowser
from edgegen.diagnostics import diagnostic
from edgegen.engines import Needs
from edgegen.engines.onnxruntime import OnnxRuntimeEngine
from edgegen.engines.web_libraries import ONNXRUNTIME_WEB, library_needs, model_asset
from edgegen.errors import Diagnostic
from edgegen.model import DType, Model
from edgegen.options import Options


class OnnxRuntimeWebEngine:
    """The model file as it is."""

    id = "onnxruntime"
    backends: tuple[str, ...] = ("onnxruntime-webgpu", "onnxruntime-webgl", "onnxruntime-wasm")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Those of Linux, and float16: browsers have just begun to have arrays of it."""
        roles = (("input", model.inputs), ("output", model.outputs))
        tensors = tuple(
            diagnostic("EG223", f"{role} {place}", "Most browsers have no arrays of float16.")
            for role, indices in roles
            for place, index in enumerate(indices)
            if model.tensors[index].dtype is DType.FLOAT16
        )
        return (*OnnxRuntimeEngine().refusals(model), *tensors)

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """The model file in chunks."""
        del device, options
        return model_asset(model.source.data)

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The files exactly; what the library takes of memory is not known."""
        del device, options
        return library_needs(ONNXRUNTIME_WEB, len(model.source.data))
