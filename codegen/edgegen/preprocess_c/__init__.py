"""What makes a model's inputs from raw bytes, as C for a generated project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgegen import runtime_sources
from edgegen.device import Device
from edgegen.engines import Quantity
from edgegen.engines.aot import code_size
from edgegen.errors import UsageError
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocess_c.image import Image, image
from edgegen.preprocessing import ImagePreprocessor, prepare
from edgegen.render import file_header, render

__all__ = ["Footprint", "Image", "described", "emit", "footprint"]

_CALL_BYTES = 60
"""Of the function that runs a plan."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What preprocessing needs on a device.

    Attributes:
        code: Program text, plans and tables in flash.
        frames: The raw inputs in RAM, one of each; an application with two buffers that take
            turns needs twice as much.
        scratch: More RAM that it works in.
        source: Characters of C that a project carries for it.
    """

    code: Quantity
    frames: Quantity
    scratch: Quantity
    source: Quantity


def described(model: Model, options: Options) -> tuple[Image, ...]:
    """Every input that has a description, in the model's order.

    Raises:
        UsageError: A description does not fit the model.
    """
    return tuple(_images(model, options))


def _images(model: Model, options: Options) -> Iterator[Image]:
    for description in options.inputs:
        made = prepare(model, description)
        if not isinstance(made, ImagePreprocessor):
            raise UsageError("No firmware is generated for [input.audio] yet.")
        yield image(made)


def emit(model: Model, device: Device, options: Options) -> dict[str, bytes]:
    """preprocess/**, its header and the runtime files that it needs, by path below edgegen/;
    nothing for a model without described inputs."""
    images = described(model, options)
    if not images:
        return {}
    context = {
        "name": options.name,
        "NAME": options.name.upper(),
        "described": images,
        "runtime_version": runtime_sources.version(),
    }

    def text(template: str, **more: object) -> bytes:
        header = file_header(template, model, device.id)
        return render(template, context | {"header": header} | more)

    sources = {source for each in images for source in each.sources}
    return {
        f"include/{options.name}/preprocess.h": text("preprocess/preprocess.h.j2"),
        **{
            f"preprocess/input_{each.input}.c": text("preprocess/image.c.j2", source=each)
            for each in images
        },
        **runtime_sources.files([*sources, *runtime_sources.COMMON]),
    }


def footprint(model: Model, device: Device, options: Options) -> Footprint | None:
    """What the described inputs need; None without any."""
    images = described(model, options)
    if not images:
        return None
    sources = {source.removeprefix("src/") for each in images for source in each.sources}
    code = code_size.of_sources(sources, device)
    if code.bytes is not None:
        more = sum(_CALL_BYTES + each.flash_bytes for each in images)
        code = Quantity(code.bytes + more, code.known)
    return Footprint(
        code=code,
        frames=Quantity(sum(each.bytes for each in images), "exact"),
        scratch=Quantity(sum(each.static_bytes for each in images), "exact"),
        source=Quantity(sum(map(len, emit(model, device, options).values())), "exact"),
    )
