"""The golden vectors of a Linux project: golden.json, golden.bin, and how near to the reference an
engine has to come."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from edgegen import preprocessing, reference
from edgegen.errors import EdgegenError
from edgegen.golden import FLOAT_TOLERANCE, Golden, make_inputs
from edgegen.inputs import Input
from edgegen.model import DType, Model, Tensor
from edgegen.reference import is_quantised

Array = npt.NDArray[np.generic]

RUNTIME_FLOAT_TOLERANCE = 1e-4
"""Of the largest expected value: runtimes sum floats in their own order, some with other
approximations of exp and tanh. Measured for MLPerf Tiny's float models: up to 1.3e-6."""

RMS_LIMITS = {"litert": 0.25, "litert-edgetpu": 0.25, "onnxruntime": 0.25, "openvino": 0.5}
"""Of quantised models: root mean square of the differences over that of the expected values, over
all vectors. Measured with XNNPACK and OpenVINO over any four of 16 vectors: at most 0.21 and 0.42,
both for ResNet-8, whose classes lie close together on random inputs; outputs of other vectors
instead of the right ones are 1.0 to 1.3 away there."""

DISAGREEMENT_LIMIT = 0.25
"""Share of integers without a scale, such as the position of a largest element, that may differ."""

_WHY_EXACT = "the integers must be the same; float sums may differ by their order"
_WHY_LITERT_REFERENCE = (
    "LiteRT's reference kernels give the same integers on every machine, and here they are this "
    "far from TensorFlow Lite Micro's, which round twice in some layers"
)
_WHY_RUNTIME = (
    "the runtime rounds within its fused kernels, so integers near a tie go the other way, and "
    "random inputs have more of them than data"
)
_WHY_FLOAT = "float sums in another order"


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one output may be from the expected one.

    Attributes:
        measure: One of those in the generated selftest.py.
        limit: The most that passes.
    """

    measure: str
    limit: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Limits of one engine, one per output, and their reason."""

    why: str
    outputs: tuple[Limit, ...]


def golden_json(
    model: Model, golden: Golden, engines: Iterable[str], inputs: Sequence[Input]
) -> bytes:
    """The file's text.

    Args:
        engines: With variants, such as litert-reference.
        inputs: Complete descriptions of the inputs that are made from raw bytes.
    """
    raw = {each.tensor: preprocessing.prepare(model, each) for each in inputs}
    document = {
        "reference": golden.reference,
        "seeds": [vector.seed for vector in golden.vectors],
        "raw_inputs": [
            {
                "input": source.tensor,
                "seed": source.seed,
                "dtype": raw[source.tensor].raw_dtype.name,
                "shape": list(raw[source.tensor].raw_shape),
                "crc32": source.crc32,
            }
            for source in golden.sources
        ],
        "tolerances": {
            engine: asdict(tolerance(model, golden, engine)) for engine in sorted(engines)
        },
    }
    return f"{json.dumps(document, indent=2)}\n".encode()


def golden_bin(golden: Golden) -> bytes:
    """The expected outputs: per vector, every output's little-endian elements in C order."""
    return b"".join(_bytes(output) for vector in golden.vectors for output in vector.outputs)


def tolerance(model: Model, golden: Golden, engine: str) -> Tolerance:
    """How near an engine has to come, and why no nearer."""
    tensors = [model.tensors[index] for index in model.outputs]
    if engine in ("aot", "aot-portable"):
        return Tolerance(_WHY_EXACT, tuple(_exact(tensor, FLOAT_TOLERANCE) for tensor in tensors))
    if engine == "litert-reference":
        return _litert_reference(model, golden, tensors)
    if is_quantised(model) or _has_quantised_operators(model):
        rms = RMS_LIMITS[engine]
        return Tolerance(_WHY_RUNTIME, tuple(_near(tensor, rms) for tensor in tensors))
    limits = (_exact(tensor, RUNTIME_FLOAT_TOLERANCE) for tensor in tensors)
    return Tolerance(_WHY_FLOAT, tuple(limits))


def _has_quantised_operators(model: Model) -> bool:
    """Of an ONNX file: QuantizeLinear, QLinearConv, ConvInteger and the like."""
    names = [name for name, _, _ in model.foreign.operators] if model.foreign else []
    return any("Quantize" in n or n.startswith("QLinear") or n.endswith("Integer") for n in names)


def _exact(tensor: Tensor, relative: float) -> Limit:
    if tensor.dtype is DType.FLOAT32:
        return Limit("relative", relative)
    return Limit("disagreement", 0.0) if tensor.quant is None else Limit("steps", 0.0)


def _near(tensor: Tensor, rms: float) -> Limit:
    if tensor.quant is None and tensor.dtype is not DType.FLOAT32:
        return Limit("disagreement", DISAGREEMENT_LIMIT)
    return Limit("rms", rms)


# Measured for MLPerf Tiny: 3 steps, for the autoencoder's fully connected layers.
_FARTHEST = {"steps": 16.0, "relative": 0.1, "disagreement": DISAGREEMENT_LIMIT}


def _litert_reference(model: Model, golden: Golden, tensors: Sequence[Tensor]) -> Tolerance:
    """As far as those kernels are from the golden vectors on this machine: their integers do not
    depend on the machine. But no farther than can be explained by rounding."""
    exact = tuple(_exact(tensor, FLOAT_TOLERANCE) for tensor in tensors)
    if not is_quantised(model):
        return Tolerance(_WHY_EXACT, exact)
    try:
        vectors = [make_inputs(model, vector.seed) for vector in golden.vectors]
        found = reference.run(model, vectors, interpreter="litert").outputs
    except EdgegenError:  # it lacks an operator: then it will say so itself
        return Tolerance(_WHY_EXACT, exact)
    limits = tuple(
        _as_far(
            limit,
            [
                (got[k], vector.outputs[k])
                for got, vector in zip(found, golden.vectors, strict=True)
            ],
        )
        for k, limit in enumerate(exact)
    )
    return Tolerance(_WHY_EXACT if limits == exact else _WHY_LITERT_REFERENCE, limits)


def _as_far(limit: Limit, pairs: Sequence[tuple[Array, Array]]) -> Limit:
    """The limit, or what was found where that is more."""
    worst = max(_distance(limit.measure, got, want) for got, want in pairs)
    return Limit(limit.measure, max(limit.limit, min(worst, _FARTHEST[limit.measure])))


def _distance(measure: str, got: Array, want: Array) -> float:
    if measure == "disagreement":
        return float(np.mean(got != want))
    apart = float(np.abs(got.astype(np.float64) - want.astype(np.float64)).max(initial=0.0))
    if measure == "steps" or not apart:
        return apart
    largest = float(np.abs(want.astype(np.float64)).max(initial=0.0))
    # Rounded up in the third digit: float arithmetic is not the same on every machine.
    share = apart / largest
    return float(f"{share * 1.005:.3g}") if math.isfinite(share) else RUNTIME_FLOAT_TOLERANCE


def _bytes(value: Array) -> bytes:
    return (value.byteswap() if sys.byteorder == "big" else value).tobytes()
