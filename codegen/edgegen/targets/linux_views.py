"""Facts of a model and its engines in the words of the linux templates: ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgegen.device import LinuxComputer
from edgegen.model import Model, OpKind, Tensor


@dataclass(frozen=True, slots=True)
class TensorView:
    """An input or output of the model.

    Attributes:
        name: As it is in the model: any text.
        dtype: numpy's name.
        shape: A Python tuple.
        scale, zero_point: Python literals; "" where the tensor is not quantised.
    """

    name: str
    dtype: str
    shape: str
    scale: str
    zero_point: str


def tensor_view(tensor: Tensor) -> TensorView:
    """How the templates see an input or output."""
    return TensorView(
        name=tensor.name,
        dtype=tensor.dtype.value,
        shape=repr(tuple(tensor.shape)),
        scale=repr(float(tensor.scale)) if tensor.has_scale else "",
        zero_point=repr(int(tensor.zero_point)) if tensor.has_scale else "",
    )


# Engines of the generated package beside those that a user chooses between: the same library.
_VARIANTS = {"litert": ("litert-reference", "litert-edgetpu"), "aot": ("aot-portable",)}


def engine_modules(engines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(engine, module of the generated package), with variants."""
    return tuple((name, engine) for engine in engines for name in variants(engine))


def variants(engine: str) -> tuple[str, ...]:
    """The engine and what else its library can do."""
    return (engine, *_VARIANTS.get(engine, ()))


def preferred(engines: Sequence[str], device: LinuxComputer) -> tuple[str, ...]:
    """The generated package's own order: where there is an Edge TPU, it comes first."""
    if "edgetpu" in device.accelerators and "litert" in engines:
        return ("litert-edgetpu", *engines)
    return tuple(engines)


# 32-bit Python on a 64-bit kernel says aarch64, unless `setarch linux32` makes it armv8l.
_IS_32_BIT = 'platform_machine == "armv7l" or platform_machine == "armv8l"'
_IS_64_BIT = 'platform_machine != "armv7l" and platform_machine != "armv8l"'

NUMPY = (f"numpy>=1.24; {_IS_64_BIT}", f"numpy>=1.24,<2; {_IS_32_BIT}")
NATIVE = ("cffi>=1.15",)

REQUIREMENTS = {
    "litert": (f"ai-edge-litert>=2.3; {_IS_64_BIT}", f"tflite-runtime>=2.14; {_IS_32_BIT}"),
    "onnxruntime": (f"onnxruntime>=1.20; {_IS_64_BIT}",),
    "openvino": (f"openvino>=2025.0; {_IS_64_BIT}",),
    "aot": (),
}
"""What each engine needs from the package index. tflite-runtime 2.14 is the last one: it has wheels
for 32-bit Arm up to Python 3.11, and fails with numpy 2; of the others there are none, so that a
project installs without them there and says what is missing."""


@dataclass(frozen=True, slots=True)
class EngineView:
    """An engine for people."""

    id: str
    title: str
    requirements: tuple[str, ...]


_TITLES = {
    "aot": "C written for this very model, built when the project is installed",
    "litert": "TensorFlow Lite's runtime with XNNPACK's kernels",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
}


def engine_views(engines: Iterable[str]) -> tuple[EngineView, ...]:
    """How the templates see the engines that a user chooses between."""
    return tuple(EngineView(each, _TITLES[each], REQUIREMENTS[each]) for each in engines)


def requirements(engines: Sequence[str], *, native: bool) -> tuple[str, ...]:
    """What a project with these engines cannot do without, the first one preferred."""
    return (*NUMPY, *(NATIVE if native else ()), *REQUIREMENTS[engines[0]])


_STATEFUL = (OpKind.SVDF, OpKind.READ_VARIABLE, OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM)


def keeps_state(model: Model) -> bool:
    """Whether an inference depends on those before it."""
    return any(op.kind in _STATEFUL for op in model.ops)
