"""Engines: what turns a model into code that runs, behind one interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgegen.device import Device
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
class Footprint:
    """What one engine needs to run one model on one device.

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


class Engine(Protocol):
    """One way to run a model on a device."""

    id: str

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Every reason why this engine cannot take the model; empty when it can."""

    def emit(self, model: Model, device: Device, options: Options) -> dict[str, bytes]:
        """The engine's generated files, by POSIX path below the project's edgegen/."""

    def footprint(self, model: Model, device: Device, options: Options) -> Footprint:
        """Flash and RAM needed; only for a model without `refusals`."""
