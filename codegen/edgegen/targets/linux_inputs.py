"""What the sources of a linux project have to deliver."""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import AudioPreprocessor, ImagePreprocessor, Preprocessor, prepare


@dataclass(frozen=True, slots=True)
class Frame:
    """A described image; sizes in pixels."""

    input: int
    width: int
    height: int
    format: str
    fit: str
    kind: str = "image"


@dataclass(frozen=True, slots=True)
class Sound:
    """Described sound: samples of one inference, at a rate in hertz."""

    input: int
    sample_rate: int
    samples: int
    kind: str = "sound"


def source_inputs(model: Model, options: Options) -> tuple[Frame | Sound, ...]:
    """Every input that has a description, in the model's order.

    Raises:
        UsageError: A description does not fit the model.
    """
    return tuple(_view(prepare(model, each)) for each in options.inputs)


def _view(made: Preprocessor) -> Frame | Sound:
    if isinstance(made, ImagePreprocessor):
        image = made.description
        return Frame(image.tensor, image.width, image.height, image.format, image.fit)
    assert isinstance(made, AudioPreprocessor)
    return Sound(made.description.tensor, made.description.sample_rate, made.raw_shape[0])
