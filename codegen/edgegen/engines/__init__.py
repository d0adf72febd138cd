"""Engines: what turns a model into code that runs, behind one interface."""

from __future__ import annotations

from typing import Protocol

from edgegen.device import Device
from edgegen.errors import Diagnostic
from edgegen.model import Model
from edgegen.options import Options


class Engine(Protocol):
    """One way to run a model on a device."""

    id: str

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        """Every reason why this engine cannot take the model; empty when it can."""

    def emit(self, model: Model, device: Device, options: Options) -> dict[str, bytes]:
        """The engine's generated files, by POSIX path below the project's edgegen/."""
