"""The engine behind a Python package: the native library has the model."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.lower import refusals
from edgegen.engines.aot.variants import lowered
from edgegen.engines.python_runtimes import PYTHON_AND_NUMPY
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options

# Of libraries built from six models (MLPerf Tiny, digits) by GCC 12: what is no weight takes 23 to
# 133 kB on x86_64, 76 to 131 kB on aarch64, and less on armv7l, which has no variants.
_CODE = Quantity(130_000, "estimated (the most of six models, for 64-bit processors)")

# Unpacked wheels of cffi 2.1.1 and pycparser 3.12 for aarch64, the larger ones.
_CFFI = Quantity(1_100_986, "measured (unpacked wheels of cffi and pycparser)")

# Beyond `PYTHON_AND_NUMPY`, less the arena: 10.0 MB with each of five of the models above.
_RUNTIME = Quantity(10_000_000, "measured (cffi, library and package on x86_64)")


class LinuxAotEngine:
    """C99 for this very model, in a shared library: see `native_library`."""

    id = "aot"

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """One diagnostic for every operator without a kernel."""
        return refusals(fold_constants(model))

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """Nothing: the target emits one library, which also makes the model's inputs."""
        del model, device, options
        return {}

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """Weights and arena as they will be, of every variant and of the neediest one."""
        architectures = (each.name for each in device.architectures)
        made = lowered(model, architectures, options.optimize_for)
        weights = Quantity(sum(each.weight_bytes for each in made), "exact")
        arena = Quantity(max(each.arena_bytes for each in made), "exact, for one instance")
        return Needs(
            storage=(Part("weights", weights), Part("code", _CODE), Part("runtime", _CFFI)),
            ram=(
                Part("Python and numpy", Quantity(PYTHON_AND_NUMPY, "measured (x86_64)")),
                Part("runtime", _RUNTIME),
                Part("arena", arena),
                Part("weights", weights),
            ),
        )
