"""What a Linux project's service may do, as far as that follows from what it is for."""

from __future__ import annotations

from edgegen.inputs import AudioInput, ImageInput
from edgegen.options import Options

_SOURCES = {ImageInput: "camera", AudioInput: "microphone"}


def context(options: Options) -> dict[str, object]:
    """Values for the templates below system/.

    source: What inputs come from unless the settings say otherwise, as `settings.py` has it.
    needs_network: Whether the service listens on a port.
    compiles: Whether installing it compiles C.
    extras: Of the project's optional dependencies, those that a container takes.
    """
    kinds = [_SOURCES.get(type(each), "network") for each in options.inputs]
    source = kinds[0] if kinds else "network"
    return {
        "source": source,
        "needs_network": bool(options.serve) or source == "network",
        "compiles": bool(options.inputs) or "aot" in options.engines,
        "extras": ",".join(("update", *options.serve)),
    }
