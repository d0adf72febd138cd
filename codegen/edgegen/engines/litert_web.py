"""Engine litert in a browser: LiteRT.js runs the model file."""

from __future__ import annotations

from edgegen.device import WebBrowser
from edgegen.diagnostics import diagnostic
from edgegen.engines import Needs, litert_float_io
from edgegen.engines.litert import LitertEngine
from edgegen.engines.web_libraries import LITERT, library_needs, model_asset
from edgegen.errors import Diagnostic
from edgegen.model import DType, Model, Tensor
from edgegen.options import Options

_TAKEN = (DType.FLOAT32, DType.INT32, DType.UINT8)


class LitertWebEngine:
    """The model file, with inputs and outputs of float32 where it has int8 or int16."""

    id = "litert"
    backends: tuple[str, ...] = ("litert-webgpu", "litert-wasm")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Those of Linux, and inputs and outputs of types that the library has not."""
        if model.source.format != "tflite":
            return LitertEngine().refusals(model)
        roles = (("input", model.inputs), ("output", model.outputs))
        tensors = tuple(
            diagnostic("EG223", f"{role} {place}", cause)
            for role, indices in roles
            for place, index in enumerate(indices)
            if (cause := _cannot(model.tensors[index]))
        )
        return (*LitertEngine().refusals(model), *tensors)

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """The model file in chunks."""
        del device, options
        return model_asset(_file(model))

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The files exactly; what the library takes of memory is not known."""
        del options
        return library_needs(LITERT, len(_file(model)), device)


def _file(model: Model) -> bytes:
    data = model.source.data
    return litert_float_io.with_float_io(data) if litert_float_io.needed(model) else data


def _cannot(tensor: Tensor) -> str:
    """What is wrong with an input or output, or ""."""
    if tensor.dtype in _TAKEN:
        return ""
    if tensor.dtype not in litert_float_io.QUANTISED:
        return f"LiteRT.js takes float32, int32 and uint8, not {tensor.dtype.value}."
    if tensor.quant is None or len(tensor.quant.scale) != 1:
        return f"LiteRT.js takes no {tensor.dtype.value}, and it has no scale to make floats with."
    return ""
