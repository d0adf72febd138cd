"""Engine onnxruntime in a browser: onnxruntime-web runs the model file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgegen.device import WebBrowser
from edgegen.diagnostics import diagnostic
from edgegen.engines import Needs
from edgegen.engines.onnxruntime import OnnxRuntimeEngine
from edgegen.engines.web_libraries import ONNXRUNTIME_WEB, library_needs, model_asset
from edgegen.errors import Diagnostic
from edgegen.model import DType, Model
from edgegen.options import Options

if TYPE_CHECKING:
    from onnx import ValueInfoProto


class OnnxRuntimeWebEngine:
    """The model file, with the shapes that edgegen has bound in place of open ones."""

    id = "onnxruntime"
    backends: tuple[str, ...] = ("onnxruntime-webgpu", "onnxruntime-webgl", "onnxruntime-wasm")

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
        return model_asset(_file(model))

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """The files exactly; what the library takes of memory is not known."""
        del options
        return library_needs(
            ONNXRUNTIME_WEB, len(_file(model)), device, tries_webgpu=not _quantises(model)
        )


def _quantises(model: Model) -> bool:
    """Whether engines/onnxruntime.js refuses graphics processors, which lack this operator."""
    operators = model.foreign.operators if model.foreign else ()
    return any(name == "QuantizeLinear" for name, _, _ in operators)


def _file(model: Model) -> bytes:
    """The file itself, where no dimension of an input or output is open. Otherwise the shapes of
    the IR are written into it: WebGL takes no array for a dimension that is open."""
    import onnx

    found = onnx.load_model_from_string(model.source.data)
    shapes = {t.name: t.shape for t in (model.tensors[i] for i in (*model.inputs, *model.outputs))}
    values = [each for each in (*found.graph.input, *found.graph.output) if each.name in shapes]
    were_open = [_bind(each, shapes[each.name]) for each in values]
    return found.SerializeToString(deterministic=True) if any(were_open) else model.source.data


def _bind(value: ValueInfoProto, shape: tuple[int, ...]) -> bool:
    """Give an input or output its shape if a dimension of it is open; whether one was."""
    dims = value.type.tensor_type.shape.dim
    if len(dims) == len(shape) and all(each.HasField("dim_value") for each in dims):
        return False
    del dims[:]
    for size in shape:
        dims.add(dim_value=size)
    return True
