"""How near to the reference the engines of a Linux project have to come."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgegen import reference
from edgegen.errors import EdgegenError
from edgegen.golden import Golden, make_inputs
from edgegen.model import Model
from edgegen.reference import is_quantised
from edgegen.targets.golden_files import (
    DISAGREEMENT_LIMIT,
    RUNTIME_FLOAT_TOLERANCE,
    WHY_EXACT,
    Limit,
    Tolerance,
    of_runtime,
    same_integers,
)

Array = npt.NDArray[np.generic]

RMS_LIMITS = {"litert": 0.25, "litert-edgetpu": 0.25, "onnxruntime": 0.25, "openvino": 0.5}
"""Of quantised models: root mean square of the differences over that of the expected values, over
all vectors. Measured with XNNPACK and OpenVINO over any four of 16 vectors: at most 0.21 and 0.42,
both for ResNet-8, whose classes lie close together on random inputs; outputs of other vectors
instead of the right ones are 1.0 to 1.3 away there."""

_WHY_LITERT_REFERENCE = (
    "LiteRT's reference kernels give the same integers on every machine, and here they are this "
    "far from TensorFlow Lite Micro's, which round twice in some layers"
)


def tolerance(model: Model, golden: Golden, engine: str) -> Tolerance:
    """How near an engine has to come, and why no nearer.

    Args:
        engine: Or a variant, such as litert-reference.
    """
    if engine in ("aot", "aot-portable"):
        return same_integers(model)
    if engine == "litert-reference":
        return _litert_reference(model, golden)
    return of_runtime(model, RMS_LIMITS[engine])


# Measured for MLPerf Tiny: 3 steps, for the autoencoder's fully connected layers.
_FARTHEST = {"steps": 16.0, "relative": 0.1, "disagreement": DISAGREEMENT_LIMIT}


def _litert_reference(model: Model, golden: Golden) -> Tolerance:
    """As far as those kernels are from the golden vectors on this machine: their integers do not
    depend on the machine. But no farther than can be explained by rounding."""
    exact = same_integers(model)
    if not is_quantised(model):
        return exact
    try:
        vectors = [make_inputs(model, vector.seed) for vector in golden.vectors]
        found = reference.run(model, vectors, interpreter="litert").outputs
    except EdgegenError:  # it lacks an operator: then it will say so itself
        return exact
    limits = tuple(
        _as_far(
            limit,
            [
                (got[k], vector.outputs[k])
                for got, vector in zip(found, golden.vectors, strict=True)
            ],
        )
        for k, limit in enumerate(exact.outputs)
    )
    return Tolerance(WHY_EXACT if limits == exact.outputs else _WHY_LITERT_REFERENCE, limits)


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
