"""What makes a model's inputs from raw bytes, as C for a generated project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgegen import runtime_sources
from edgegen.device import Device, Microcontroller
from edgegen.engines import Quantity
from edgegen.engines.aot import code_size
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocess_c.image import Image, image
from edgegen.preprocess_c.sound import Sound, sound
from edgegen.preprocessing import AudioPreprocessor, ImagePreprocessor, Preprocessor, prepare
from edgegen.render import file_header, render

__all__ = ["Footprint", "Image", "Sound", "described", "emit", "footprint", "sensors"]

_SENSORS = {"image": "camera", "sound": "microphone"}

_MANUALS = {
    frozenset({"image"}): "edgegen/image.h has",
    frozenset({"sound"}): "edgegen/audio.h has",
    frozenset({"image", "sound"}): "edgegen/image.h and edgegen/audio.h have",
}

_CALL_BYTES = 60
"""Of the function that runs a plan."""

_SOFT_FLOAT_BYTES = 1200
"""Of the compiler's conversion, multiplication and addition, where no FPU does them."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What preprocessing needs on a device.

    Attributes:
        code: Program text, plans and tables in flash.
        frames: The raw inputs in RAM, frames and samples, one of each; an application with two
            buffers that take turns needs twice as much.
        scratch: More RAM that it works in.
        source: Characters of C that a project carries for it.
    """

    code: Quantity
    frames: Quantity
    scratch: Quantity
    source: Quantity


def described(model: Model, device: Device, options: Options) -> tuple[Image | Sound, ...]:
    """Every input that has a description, in the model's order.

    Raises:
        UsageError: A description does not fit the model.
    """
    return tuple(_view(prepare(model, each), device) for each in options.inputs)


def _view(made: Preprocessor, device: Device) -> Image | Sound:
    if isinstance(made, ImagePreprocessor):
        return image(made, device)
    assert isinstance(made, AudioPreprocessor)
    return sound(made)


def sensors(sources: Sequence[Image | Sound], form: str = "{}", link: str = " and ") -> str:
    """What gives the raw inputs: "camera and microphone"."""
    return link.join(dict.fromkeys(form.format(_SENSORS[each.kind]) for each in sources))


def emit(model: Model, device: Device, options: Options) -> dict[str, bytes]:
    """preprocess/**, its header and the runtime files that it needs, by path below edgegen/;
    nothing for a model without described inputs."""
    return _emit(described(model, device, options), model, device, options)


def _emit(
    sources: Sequence[Image | Sound], model: Model, device: Device, options: Options
) -> dict[str, bytes]:
    if not sources:
        return {}
    context = {
        "name": options.name,
        "NAME": options.name.upper(),
        "described": sources,
        "kinds": (kinds := {each.kind for each in sources}),
        "sensors": sensors(sources, "a {}", " or "),
        "manuals": _MANUALS[frozenset(kinds)],
        "runtime_version": runtime_sources.version(),
    }

    def text(template: str, **more: object) -> bytes:
        header = file_header(template, model, device.id)
        return render(template, context | {"header": header} | more)

    files = {path for each in sources for path in each.sources}
    return {
        f"include/{options.name}/preprocess.h": text("preprocess/preprocess.h.j2"),
        **{
            f"preprocess/input_{each.input}.c": text(each.template, source=each) for each in sources
        },
        **runtime_sources.files([*files, *runtime_sources.COMMON, "include/edgegen/status.h"]),
    }


def footprint(model: Model, device: Microcontroller, options: Options) -> Footprint | None:
    """What the described inputs need; None without any."""
    sources = described(model, device, options)
    if not sources:
        return None
    files = {path.removeprefix("src/") for each in sources for path in each.sources}
    code = code_size.of_sources(files, device)
    if code.bytes is not None:
        more = sum(_CALL_BYTES + each.flash_bytes for each in sources)
        if "fpu" not in device.features and any(each.is_float for each in sources):
            more += _SOFT_FLOAT_BYTES
        code = Quantity(code.bytes + more, code.known)
    return Footprint(
        code=code,
        frames=Quantity(sum(each.bytes for each in sources), "exact"),
        scratch=Quantity(sum(each.static_bytes for each in sources), "exact"),
        source=Quantity(sum(map(len, _emit(sources, model, device, options).values())), "exact"),
    )
