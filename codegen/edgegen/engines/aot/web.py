"""The engine in a browser: C99 for this very model, compiled to WebAssembly."""

from __future__ import annotations

from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.lower import refusals
from edgegen.engines.aot.variants import lowered
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class WebAotEngine:
    """Two builds: with WebAssembly's SIMD instructions, and without."""

    id = "aot"
    backends: tuple[str, ...] = ("aot-simd", "aot-baseline")

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """One diagnostic for every operator without a kernel."""
        return refusals(fold_constants(model))

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """Nothing yet."""
        del model, device, options
        return {}

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """Weights and arena as they will be."""
        del device
        made = lowered(model, (), options.optimize_for)
        weights = Quantity(max(each.weight_bytes for each in made), "exact, without compression")
        arena = Quantity(max(each.arena_bytes for each in made), "exact, for one instance")
        code = Quantity(None, "not known (depends on the compiler)")
        return Needs(
            storage=(Part("weights", weights), Part("code", code)),
            ram=(Part("arena", arena), Part("weights", weights)),
        )
