"""The engine in a browser: C99 for this very model, compiled to WebAssembly."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.engine import Lean, lean
from edgegen.engines.aot.lower import lower, refusals
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import OptimizeFor, Options


@dataclass(frozen=True, slots=True)
class WasmBuild:
    """What a WebAssembly module is compiled for.

    Attributes:
        name: Of the module's file.
        features: That its kernels may need, as `Kernel.needs`.
        flags: Of clang.
        title: For people.
    """

    name: str
    features: tuple[str, ...]
    flags: tuple[str, ...]
    title: str


BUILDS: tuple[WasmBuild, ...] = (
    WasmBuild(
        "simd",
        ("wasm",),
        (
            *("-mcpu=mvp", "-msimd128", "-mbulk-memory", "-mnontrapping-fptoint", "-msign-ext"),
            # What is slow is written with vectors: more code is a longer download, and no faster.
            *("-Os", "-fno-vectorize", "-fno-slp-vectorize"),
        ),
        "With vectors of 128 bits: Chrome 91, Firefox 89, Safari 16.4 and later.",
    ),
    WasmBuild("baseline", (), ("-mcpu=mvp",), "WebAssembly 1.0: every browser since 2017."),
)
"""The fastest one first."""


# Modules with vectors (the larger ones), of ten models: MLPerf Tiny in int8 and in float32, digits,
# and a part of a keyword spotter. Clang 14 made 4 to 21 kB of them.
_CODE_BYTES = 20_600

# What makes inputs of frames or samples is in the modules, too: 11 to 14 kB more.
_INPUTS_BYTES = 14_100

_CODE_KNOWN = "estimated (the most of ten models, by clang 14, without compression)"


@dataclass(frozen=True, slots=True)
class Lowered(Lean):
    """For one build."""

    build: WasmBuild


def lowered(model: Model, optimize_for: OptimizeFor = "latency") -> tuple[Lowered, ...]:
    """The model for every build."""
    trimmed = lean(model).model
    return tuple(
        Lowered(trimmed, lower(trimmed, each.features, optimize_for), each) for each in BUILDS
    )


class WebAotEngine:
    """Two builds: with WebAssembly's SIMD instructions, and without."""

    id = "aot"
    backends: tuple[str, ...] = tuple(f"aot-{each.name}" for each in BUILDS)

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """One diagnostic for every operator without a kernel."""
        return refusals(fold_constants(model))

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """Nothing: the target emits one library, which also makes the model's inputs."""
        del model, device, options
        return {}

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """Weights and arena as they will be, of the needier build; code by what others have."""
        del device
        made = lowered(model, options.optimize_for)
        weights = Quantity(max(each.weight_bytes for each in made), "exact, without compression")
        arena = Quantity(max(each.arena_bytes for each in made), "exact, for one instance")
        code = Quantity(_CODE_BYTES + bool(options.inputs) * _INPUTS_BYTES, _CODE_KNOWN)
        return Needs(
            storage=(Part("weights", weights), Part("code", code)),
            ram=(Part("arena", arena), Part("weights", weights)),
        )
