"""The engine behind a Python package: the native library has the model."""

from __future__ import annotations

from edgegen.device import LinuxComputer
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.lower import refusals
from edgegen.engines.aot.variants import lowered
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options

_CODE = Quantity(None, "not known (a compiler's and a processor's matter)")


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
            storage=(Part("weights", weights), Part("code", _CODE)),
            ram=(Part("arena", arena), Part("weights", weights), Part("code", _CODE)),
        )
