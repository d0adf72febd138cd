"""One module per operator: what its runtime kernels take and how it is lowered to them."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import fully_connected

KERNELS: tuple[Kernel, ...] = (*fully_connected.KERNELS,)
"""Every kernel; among those for one operator and element type, the first that takes it wins."""
