"""LiteRT: TensorFlow Lite's runtime for Linux, as a Python package."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.diagnostics import diagnostic
from edgegen.engines import Needs
from edgegen.engines.python_runtimes import AI_EDGE_LITERT, another_format, model_file
from edgegen.errors import Diagnostic
from edgegen.model import Model, OpKind
from edgegen.options import Options


class LitertEngine:
    """ai-edge-litert on 64-bit computers, tflite-runtime on 32-bit ones."""

    id = "litert"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Files of another format, and variables that it cannot read before they are assigned."""
        if model.source.format != "tflite":
            return (another_format(model, "LiteRT"),)
        return tuple(
            diagnostic(
                "EG221",
                f"node {op.node} ({op.kind.value})",
                "LiteRT reads no variable that nothing has assigned yet.",
            )
            for op in model.ops
            if op.kind is OpKind.READ_VARIABLE
        )

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The model file, as data of the generated package."""
        del device
        return model_file(model, options)

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """The model file exactly, the package as measured."""
        del options
        return AI_EDGE_LITERT.needs(model, device)
