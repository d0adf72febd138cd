"""The engine in a browser: C99 for this very model, compiled to WebAssembly."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.device import WebBrowser
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.constants import fold_constants
from edgegen.engines.aot.emit import Emitter
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


# Both modules, which every visitor gets, as either may be the one that runs offline one day. Of ten
# models (MLPerf Tiny in int8 and in float32, digits, hello_world) clang 14 made 10 to 31 kB.
_CODE = Quantity(32_000, "estimated (above the most of ten models, by clang 14)")


@dataclass(frozen=True, slots=True)
class Lowered(Lean):
    """For one build."""

    build: WasmBuild

    @property
    def weight_bytes(self) -> int:
        """Of all its constants, tables and packing included, as a page loads them."""
        return len(Emitter(self.model, self.program, "model", "browser").layout().data)


_latest: tuple[Model, OptimizeFor, tuple[Lowered, ...]] | None = None


def lowered(model: Model, optimize_for: OptimizeFor = "latency") -> tuple[Lowered, ...]:
    """The model for every build; the latest result is kept, as one is fitted and then emitted."""
    global _latest
    if _latest is None or _latest[0] is not model or _latest[1] != optimize_for:
        trimmed = lean(model).model
        made = tuple(
            Lowered(trimmed, lower(trimmed, each.features, optimize_for), each) for each in BUILDS
        )
        _latest = model, optimize_for, made
    return _latest[2]


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
        """Weights and arena as they will be, of the needier build; code by what others have. What
        makes the inputs is not in it."""
        del device
        made = lowered(model, options.optimize_for)
        download = max(each.weight_bytes for each in made)
        most = max(made, key=lambda each: each.weight_bytes + each.arena_bytes)
        return Needs(
            storage=(
                Part("weights", Quantity(download, "exact, of the larger build")),
                Part("code", _CODE),
            ),
            ram=(
                Part("arena", Quantity(most.arena_bytes, "exact, for one instance")),
                Part("weights", Quantity(most.weight_bytes, "exact")),
            ),
        )
