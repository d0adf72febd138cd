"""One module per operator: what its runtime kernels take and how it is lowered to them."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import (
    binary,
    concatenation,
    fully_connected,
    quantize,
    reshape,
    unary,
)

KERNELS: tuple[Kernel, ...] = (
    *binary.KERNELS,
    *concatenation.KERNELS,
    *fully_connected.KERNELS,
    *quantize.KERNELS,
    *reshape.KERNELS,
    *unary.KERNELS,
)
"""Every kernel; among those for one operator and element type, the first that takes it wins."""
