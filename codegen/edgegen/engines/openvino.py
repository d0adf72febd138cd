"""OpenVINO, as a Python package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgegen.device import LinuxComputer
from edgegen.diagnostics import diagnostic, wrong_format
from edgegen.engines import Needs
from edgegen.engines.python_runtimes import OPENVINO, model_file
from edgegen.errors import Diagnostic
from edgegen.model import DType, Model, Op, OpKind
from edgegen.options import Options
from edgegen.render import c_comment


class OpenVinoEngine:
    """The package openvino, on the processor."""

    id = "openvino"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Files of another format; of a .tflite what it cannot run, or runs wrongly."""
        if refused := wrong_format(model.source.format, "tflite", "onnx"):
            return refused
        if model.source.format == "onnx":
            return ()
        found = [
            diagnostic("EG221", f"node {op.node} ({op.kind.value})", cause)
            for op in model.ops
            if (cause := _cannot(model, op))
        ]
        return (*found, *_same_names(model))

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return model_file(model, options)

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly, the package as measured."""
        del options
        return OPENVINO.needs(model, device)


_LACKS = (
    OpKind.ASSIGN_VARIABLE,
    OpKind.READ_VARIABLE,
    OpKind.SVDF,
    OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM,
)


def _cannot(model: Model, op: Op) -> str:
    """What is wrong with an operator, or ""; see tests/build/test_linux_runtimes.py."""
    if any(model.tensors[t].dtype is DType.INT16 for t in (op.data, *op.outputs)):
        return "OpenVINO computes something else in int16, or nothing."
    if op.kind in _LACKS:
        return "OpenVINO's reader of .tflite files lacks it."
    if op.kind in (OpKind.CAST, OpKind.REDUCE_MAX) and model.tensors[op.data].quant is not None:
        return "OpenVINO computes something else from quantised integers."
    return ""


def _same_names(model: Model) -> Iterator[Diagnostic]:
    """OpenVINO tells tensors apart by their names, and takes one for another without a word."""
    used = {t for op in model.ops for t in (*op.inputs, *op.outputs) if t is not None}
    counts = Counter(model.tensors[index].name for index in used)
    for name, count in counts.items():
        if count > 1:
            cause = f"{count} tensors have this name, and OpenVINO knows them by it."
            yield diagnostic("EG222", c_comment(name) or "(no name)", cause)
