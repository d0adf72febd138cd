"""How near to the reference the backends of a web project have to come."""

from __future__ import annotations

from edgegen.model import Model
from edgegen.targets.golden_files import Tolerance, of_runtime, same_integers

RMS_LIMIT = 0.25
"""Of quantised models on LiteRT.js and onnxruntime-web; see `linux_golden.RMS_LIMITS`, whose
kernels these are, too."""


def tolerance(model: Model, backend: str) -> Tolerance:
    """How near a backend has to come, and why no nearer."""
    if backend.startswith("aot-"):
        return same_integers(model)
    return of_runtime(model, RMS_LIMIT)
