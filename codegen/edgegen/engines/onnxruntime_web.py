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
    """The model file as it is: WebGL takes no array for a dimension that is open, and says so."""

    id = "onnxruntime"
    # WebGL last: it is for browsers without WebAssembly's vectors. onnxruntime-web 1.30.0 computes
    # some networks wrongly there, and says nothing.
    backends: tuple[str, ...] = ("onnxruntime-webgpu", "onnxruntime-wasm", "onnxruntime-webgl")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Those of Linux; float16, of which browsers have just begun to have arrays; and the one
        name under which the library's answer, an object, keeps nothing."""
        roles = (("input", model.inputs), ("output", model.outputs))
        tensors = tuple(
            diagnostic("EG223", f"{role} {place}", "Most browsers have no arrays of float16.")
            for role, indices in roles
            for place, index in enumerate(indices)
            if model.tensors[index].dtype is DType.FLOAT16
        )
        names = tuple(
            diagnostic("EG222", f"output {place}", "onnxruntime-web loses what is named __proto__.")
            for place, index in enumerate(model.outputs)
            if model.tensors[index].name == "__proto__"
        )
        return (*OnnxRuntimeEngine().refusals(model), *tensors, *names)

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """The model file in chunks."""
        del device, options
        return model_asset(model.source.data)

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The files exactly; what the library takes of memory is not known."""
        del options
        return library_needs(
            ONNXRUNTIME_WEB, len(model.source.data), device, tries_webgpu=not _quantises(model)
        )


def _quantises(model: Model) -> bool:
    """Whether engines/onnxruntime.js refuses graphics processors, which lack this operator."""
    operators = model.foreign.operators if model.foreign else ()
    return any(name == "QuantizeLinear" for name, _, _ in operators)
