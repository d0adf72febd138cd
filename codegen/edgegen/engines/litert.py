"""LiteRT: TensorFlow Lite's runtime for Linux, as a Python package."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.diagnostics import diagnostic, wrong_format
from edgegen.engines import Needs
from edgegen.engines.python_runtimes import AI_EDGE_LITERT, model_file
from edgegen.errors import Diagnostic
from edgegen.model import Activation, DType, Model, Op, OpKind, SvdfAttrs
from edgegen.options import Options


class LitertEngine:
    """ai-edge-litert on 64-bit computers, tflite-runtime on 32-bit ones."""

    id = "litert"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Files of another format, and operators that it cannot run or computes otherwise."""
        if refused := wrong_format(model.source.format, "tflite"):
            return refused
        return tuple(
            diagnostic("EG221", f"node {op.node} ({op.kind.value})", cause)
            for op in model.ops
            if (cause := _cannot(model, op))
        )

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return model_file(model, options)

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly, the package as measured."""
        del options
        return AI_EDGE_LITERT.needs(model, device)


def _cannot(model: Model, op: Op) -> str:
    """What is wrong with an operator, or ""; see tests/build/test_linux_runtimes.py."""
    is_int8 = model.tensors[op.data].dtype is DType.INT8
    if op.kind is OpKind.READ_VARIABLE:
        return "LiteRT reads no variable that nothing has assigned yet."
    if isinstance(op.attrs, SvdfAttrs) and is_int8 and op.attrs.activation is not Activation.RELU:
        return "LiteRT computes it in int8 only with the activation ReLU."
    if op.kind is OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM and is_int8:
        return "LiteRT's integers are not TensorFlow Lite Micro's, not even nearly."
    return _wants_another_bias(model, op)


def _wants_another_bias(model: Model, op: Op) -> str:
    if op.kind not in (OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D):
        return ""
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    if bias is None:
        return "LiteRT does not run it without a bias."
    is_int16 = model.tensors[op.data].dtype is DType.INT16
    if is_int16 and op.kind is OpKind.CONV_2D and model.tensors[bias].dtype is DType.INT32:
        return "LiteRT's fast kernel in int16 takes a bias of int64 alone."
    return ""
