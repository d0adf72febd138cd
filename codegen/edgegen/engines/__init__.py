"""Engines: what turns a model into something that runs, behind one interface per family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgegen.device import LinuxComputer, Microcontroller, WebBrowser
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of bytes, and how it is known.

    Attributes:
        bytes: The number, or None where nobody knows it.
        known: "exact", "measured (where)", "estimated (from what, +/- how much)" or
            "not known (why)".
    """

    bytes: int | None
    known: str


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of what a resource is needed for, such as the arena."""

    name: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one engine needs to run one model on one microcontroller.

    Attributes:
        weights: The model's constants as this engine stores them in flash: arrays of
            weights and biases, or the whole model file.
        code: Program text in flash: engine, kernels, tables. No weights, no startup code.
        arena: The buffer that the caller hands to init.
        stack: Peak below the caller of init and invoke.
        static: .data and .bss of the engine, without the arena.
        source: Characters of C that a project carries for this engine and model.
    """

    weights: Quantity
    code: Quantity
    arena: Quantity
    stack: Quantity
    static: Quantity
    source: Quantity


@dataclass(frozen=True, slots=True)
class Needs:
    """What one engine needs to run one model on a Linux computer or in a browser.

    Attributes:
        storage: Parts of the installed project, or of the first visit's download: runtime
            libraries, model, generated code.
        ram: Parts of the resident memory of a process that serves the model, or of what a page
            takes beyond the browser's own.
    """

    storage: tuple[Part, ...]
    ram: tuple[Part, ...]


class Engine(Protocol):
    """One way to run a model."""

    id: str

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Every reason why this engine cannot take the model; empty when it can."""


class MicrocontrollerEngine(Engine, Protocol):
    """An engine whose code becomes part of a firmware."""

    def emit(self, model: Model, device: Microcontroller, options: Options) -> dict[str, bytes]:
        """The engine's generated files, by POSIX path below the project's edgegen/."""

    def footprint(self, model: Model, device: Microcontroller, options: Options) -> Footprint:
        """Flash and RAM needed; only for a model without `refusals`."""


class LinuxEngine(Engine, Protocol):
    """An engine behind the generated Python package."""

    def emit(self, model: Model, device: LinuxComputer, options: Options) -> dict[str, bytes]:
        """The engine's generated files, by POSIX path below the project's edgegen/.

        The Python module of the engine is no part of it: templates/linux has it.
        """

    def needs(self, model: Model, device: LinuxComputer, options: Options) -> Needs:
        """Storage and RAM needed; only for a model without `refusals`."""


class WebEngine(Engine, Protocol):
    """An engine behind the generated ES modules."""

    backends: tuple[str, ...]
    """What it can run on in a browser, such as aot-simd, in order of preference; the page finds
    out which of them are there."""

    def emit(self, model: Model, device: WebBrowser, options: Options) -> dict[str, bytes]:
        """The engine's generated files, by POSIX path below the project's edgegen/.

        The engine's own module is no part of it: templates/web has it. What a page loads in chunks
        lies in assets/: see `chunks`.
        """

    def needs(self, model: Model, device: WebBrowser, options: Options) -> Needs:
        """Download and memory needed; only for a model without `refusals`."""
