"""golden.json and golden.bin: the golden vectors of a project that replays them by itself, and how
near to the reference each of its engines has to come."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from edgegen import preprocessing
from edgegen.golden import FLOAT_TOLERANCE, Golden
from edgegen.inputs import Input
from edgegen.model import DType, Model, Tensor
from edgegen.reference import is_quantised

Array = npt.NDArray[np.generic]

RUNTIME_FLOAT_TOLERANCE = 1e-4
"""Of the largest expected value: runtimes sum floats in their own order, some with other
approximations of exp and tanh. Measured for MLPerf Tiny's float models: up to 1.3e-6."""

DISAGREEMENT_LIMIT = 0.25
"""Share of integers without a scale, such as the position of a largest element, that may differ."""

WHY_EXACT = "the integers must be the same; float sums may differ by their order"
WHY_RUNTIME = (
    "the runtime rounds within its fused kernels, so integers near a tie go the other way, and "
    "random inputs have more of them than data"
)
WHY_FLOAT = "float sums in another order"


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one output may be from the expected one.

    Attributes:
        measure: One of those of the generated self-test.
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
    model: Model,
    golden: Golden,
    tolerances: Mapping[str, Tolerance],
    inputs: Sequence[Input],
) -> bytes:
    """The file's text.

    Args:
        tolerances: By what the project calls an engine, variants included.
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
            name: asdict(_said(tolerances[name], golden)) for name in sorted(tolerances)
        },
    }
    return f"{json.dumps(document, indent=2)}\n".encode()


def _said(tolerance: Tolerance, golden: Golden) -> Tolerance:
    """Says so where vectors prove little: what comes of NaN is NaN with many a mistake, too."""
    values = [output for vector in golden.vectors for output in vector.outputs]
    missing = sum(int(np.count_nonzero(~np.isfinite(each))) for each in values)
    if not missing:
        return tolerance
    total = sum(each.size for each in values)
    why = f"{missing} of {total} expected values are no finite numbers, and must be the same"
    return replace(tolerance, why=f"{tolerance.why}; {why}")


def golden_bin(golden: Golden) -> bytes:
    """The expected outputs: per vector, every output's little-endian elements in C order."""
    return b"".join(_bytes(output) for vector in golden.vectors for output in vector.outputs)


def outputs(model: Model) -> list[Tensor]:
    """In the model's order."""
    return [model.tensors[index] for index in model.outputs]


def same_integers(model: Model) -> Tolerance:
    """Of kernels that compute what the reference computes."""
    limits = tuple(exact(tensor, FLOAT_TOLERANCE) for tensor in outputs(model))
    return Tolerance(WHY_EXACT, limits)


def of_runtime(model: Model, rms: float) -> Tolerance:
    """Of somebody else's kernels.

    Args:
        rms: Of quantised models: root mean square of the differences over that of the expected
            values, over all vectors.
    """
    tensors = outputs(model)
    if is_quantised(model) or _has_quantised_operators(model):
        return Tolerance(WHY_RUNTIME, tuple(_near(tensor, rms) for tensor in tensors))
    limits = (exact(tensor, RUNTIME_FLOAT_TOLERANCE) for tensor in tensors)
    return Tolerance(WHY_FLOAT, tuple(limits))


def exact(tensor: Tensor, relative: float) -> Limit:
    """The same integers; floats that differ by a share of the largest."""
    if tensor.dtype is DType.FLOAT32:
        return Limit("relative", relative)
    return Limit("disagreement", 0.0) if tensor.quant is None else Limit("steps", 0.0)


def _near(tensor: Tensor, rms: float) -> Limit:
    if tensor.quant is None and tensor.dtype is not DType.FLOAT32:
        return Limit("disagreement", DISAGREEMENT_LIMIT)
    return Limit("rms", rms)


def _has_quantised_operators(model: Model) -> bool:
    """Of an ONNX file: QuantizeLinear, QLinearConv, ConvInteger and the like."""
    names = [name for name, _, _ in model.foreign.operators] if model.foreign else []
    return any("Quantize" in n or n.startswith("QLinear") or n.endswith("Integer") for n in names)


def _bytes(value: Array) -> bytes:
    return (value.byteswap() if sys.byteorder == "big" else value).tobytes()
