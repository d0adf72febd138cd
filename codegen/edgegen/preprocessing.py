"""A model's inputs made from camera bytes and samples, as their descriptions say.

`resolve` holds descriptions against a model; `prepare` gives what does the work, by the same C
that a generated project runs, so that the tensors are the same to the bit.

    tensor = prepare(model, ImageInput(width=640, height=480)).run(frame)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from edgegen import inputs, micro_audio, native
from edgegen.errors import UsageError
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import DType, Model, Tensor

__all__ = [
    "AudioInput",
    "AudioPreprocessor",
    "FloatAudioPreprocessor",
    "ImageInput",
    "ImagePreprocessor",
    "Input",
    "MicroAudioPreprocessor",
    "Preprocessor",
    "prepare",
    "resolve",
    "run",
]

Array = npt.NDArray[np.generic]

_Number = TypeVar("_Number", int, float)

_DTYPES = (DType.FLOAT32, DType.INT8, DType.UINT8)

# Arguments of the native preprocessors -> the keys that they come from.
_KEY_OF_ARGUMENT = {
    "source_width": "width",
    "source_height": "height",
    "scale": "std",
    "offset": "mean",
    "quant_scale": "tensor",
    "zero_point": "tensor",
    "channels": "mel_bands",
}

_MICRO_SPEECH_SCALE = 26 / 255
"""Of an int8 tensor whose codes are features of 0 to 26. TensorFlow Lite Micro's own model, whose
scale came from calibration, has 0.1017, and the example feeds it all the same."""


class Preprocessor(ABC):
    """Makes one input tensor of a model.

    Attributes:
        description: Complete: every key has the value that holds for the model.
        tensor: The model's input.
        raw_shape, raw_dtype: Of what `run` takes: a frame, or the samples of all rows.
    """

    description: Input
    tensor: Tensor
    raw_shape: tuple[int, ...]
    raw_dtype: np.dtype[np.generic]

    @property
    def raw_bytes(self) -> int:
        """Bytes of what `run` takes."""
        return math.prod(self.raw_shape) * self.raw_dtype.itemsize

    @abstractmethod
    def run(self, raw: Array) -> Array:
        """The tensor, of its own shape and dtype.

        Args:
            raw: An array of ``raw_shape`` and ``raw_dtype``.

        Raises:
            TypeError: Another dtype, or no array.
            ValueError: Another shape.
        """


class ImagePreprocessor(Preprocessor):
    """Of one frame, uint8.

    Attributes:
        layout: Of the tensor.
        scale, offset: Per channel: an element's real value is level * scale + offset.
        native: What does the work.
    """

    description: ImageInput

    def __init__(self, tensor: Tensor, description: ImageInput, geometry: _Image) -> None:
        quantised = tensor.dtype is not DType.FLOAT32
        channels = max(len(description.mean), len(description.std))
        mean = description.mean * (channels // len(description.mean))
        std = description.std * (channels // len(description.std))
        self.description = description
        self.tensor = tensor
        self.layout = geometry.layout
        self.scale = tuple(1 / s for s in std)
        self.offset = tuple((0.0 - m) / s for m, s in zip(mean, std, strict=True))
        self.raw_dtype = np.dtype(np.uint8)
        self.raw_shape = _frame_shape(description)
        self.native = native.ImagePreprocessor(
            geometry.width,
            geometry.height,
            source_width=description.width,
            source_height=description.height,
            format=description.format,
            color=description.color,
            layout=geometry.layout,
            dtype=tensor.dtype.value,
            resize=description.resize,
            fit=description.fit,
            fill=_one_or_all(description.fill),
            scale=_one_or_all(self.scale),
            offset=_one_or_all(self.offset),
            quant_scale=tensor.scale if quantised else 1.0,
            zero_point=tensor.zero_point if quantised else 0,
        )

    def run(self, raw: Array) -> Array:
        _require(raw, self)
        return self.native(cast("npt.NDArray[np.uint8]", raw)).reshape(self.tensor.shape)


class AudioPreprocessor(Preprocessor):
    """Of the samples of all rows, int16.

    Attributes:
        rows: Frames that make up the tensor, one row of features each.
    """

    description: AudioInput

    def __init__(self, tensor: Tensor, description: AudioInput, rows: int) -> None:
        self.description = description
        self.tensor = tensor
        self.rows = rows
        self.raw_dtype = np.dtype(np.int16)
        self.raw_shape = ((rows - 1) * description.hop + description.frame_length,)

    def run(self, raw: Array) -> Array:
        _require(raw, self)
        rows = self.rows_of(cast("npt.NDArray[np.int16]", raw))
        return rows.reshape(self.tensor.shape)

    @abstractmethod
    def rows_of(self, samples: npt.NDArray[np.int16]) -> Array:
        """The rows of a sound of any length, [frames, features], in the tensor's dtype."""


class FloatAudioPreprocessor(AudioPreprocessor):
    """A sample is its value / 32768.

    Attributes:
        native: What makes the features.
    """

    def __init__(self, tensor: Tensor, description: AudioInput, rows: int) -> None:
        super().__init__(tensor, description, rows)
        self.native = native.AudioFeatures(
            description.sample_rate,
            description.frame_length,
            description.hop,
            fft_size=description.fft_size,
            mel_bands=description.mel_bands,
            coefficients=description.coefficients,
            low_hz=description.low_hz,
            high_hz=description.high_hz,
            log_floor=description.log_floor,
            window=description.window,
            mel_scale=description.mel_scale,
            mel_slopes=description.mel_slopes,
            mel_norm=description.mel_norm,
        )

    def rows_of(self, samples: npt.NDArray[np.int16]) -> Array:
        return _quantised(self.native.run(samples), self.tensor)


class MicroAudioPreprocessor(AudioPreprocessor):
    """From a noise estimate of 0 on.

    A feature stands for feature / 25.6, as models are trained with it, but an int8 tensor with the
    quantisation of micro_speech has the elements that micro_speech computes: a little more.

    Attributes:
        is_micro_speech: Whether the tensor is such a one.
        native: What makes the features.
    """

    def __init__(self, tensor: Tensor, description: AudioInput, rows: int) -> None:
        super().__init__(tensor, description, rows)
        self.is_micro_speech = (
            tensor.dtype is DType.INT8
            and tensor.zero_point == micro_audio.S8_ZERO_POINT
            and math.isclose(tensor.scale, _MICRO_SPEECH_SCALE, rel_tol=5e-3)
        )
        self.native = native.MicroAudioFeatures(
            micro_audio.MicroAudioConfig(
                sample_rate=description.sample_rate,
                frame_length=description.frame_length,
                hop=description.hop,
                channels=description.mel_bands,
                low_hz=description.low_hz,
                high_hz=description.high_hz,
            )
        )

    def rows_of(self, samples: npt.NDArray[np.int16]) -> Array:
        features = self.native(samples)
        if self.is_micro_speech:
            return self.native.to_int8(features)
        real = features.astype(np.float32) * np.float32(micro_audio.FLOAT_SCALE)
        return _quantised(real, self.tensor)


def resolve(model: Model, descriptions: Sequence[Input], where: str = "") -> tuple[Input, ...]:
    """The descriptions with every key filled in from the model, in the order of its inputs.

    Args:
        where: What holds the descriptions, for errors.

    Raises:
        UsageError: Lists everything that does not fit, by key, and how to mend it.
    """
    problems: list[str] = []
    made = [_prepare(model, each, problems) for each in descriptions]
    positions = [each.tensor for each in descriptions]
    for position in sorted(set(positions)):
        if positions.count(position) > 1:
            problems.append(f"input.tensor: input {position} of the model is described twice")
    if problems:
        raise _refused(problems, where)
    complete = [each.description for each in made if each is not None]
    return tuple(sorted(complete, key=lambda each: each.tensor))


def prepare(model: Model, description: Input) -> Preprocessor:
    """What makes the described input of the model.

    Raises:
        UsageError: Lists everything that does not fit, by key, and how to mend it.
    """
    problems: list[str] = []
    made = _prepare(model, description, problems)
    if made is None:
        raise _refused(problems, "")
    return made


def run(model: Model, description: Input, raw: Array) -> Array:
    """The described input of the model, made from one frame or the samples of all rows.

    Raises as `prepare` and `Preprocessor.run` do.
    """
    return prepare(model, description).run(raw)


def _refused(problems: list[str], where: str) -> UsageError:
    listed = "\n".join(f"  {problem}" for problem in problems)
    return UsageError(
        f"The description of the model's inputs does not fit the model:\n{listed}",
        where=where,
        fix="`edgegen inspect MODEL` shows the inputs; docs/preprocessing.md has every key.",
    )


def _prepare(model: Model, description: Input, problems: list[str]) -> Preprocessor | None:
    """The preprocessor, or None after problems, "input.image.color: ..." each."""
    prefix = f"input.{inputs.kind(description)}"
    own: list[str] = []
    count = len(model.inputs)
    tensor = None
    if 0 <= description.tensor < count:
        tensor = model.tensors[model.inputs[description.tensor]]
        own += _type_problems(tensor)
    else:
        there = "its only input is 0" if count == 1 else f"its inputs are 0 to {count - 1}"
        own.append(f"tensor: the model has no input {description.tensor}; {there}")
    made: Preprocessor | None = None
    if tensor is not None:
        if isinstance(description, ImageInput):
            made = _prepare_image(tensor, description, own)
        else:
            made = _prepare_audio(tensor, description, own)
    problems += [f"{prefix}.{problem}" for problem in own]
    return made


def _type_problems(tensor: Tensor) -> list[str]:
    if tensor.dtype not in _DTYPES:
        return [
            f"tensor: the input's elements are {tensor.dtype.value}; convert the model with "
            "float32, int8 or uint8 inputs"
        ]
    if tensor.dtype is not DType.FLOAT32 and (tensor.quant is None or len(tensor.quant.scale) != 1):
        return [
            f"tensor: the {tensor.dtype.value} input has no scale and zero point of its own; "
            "convert the model with a quantised input"
        ]
    return []


def _made(make: type[Preprocessor], problems: list[str], *arguments: object) -> Preprocessor | None:
    """What the native code makes of it; what it refuses is a problem of a key."""
    if problems:
        return None
    try:
        return make(*arguments)
    except ValueError as error:
        argument, _, why = str(error).partition(": ")
        names = [_KEY_OF_ARGUMENT.get(name, name) for name in argument.split(", ")]
        mend = "; mean and std are of levels of 0 to 255" if names in (["std"], ["mean"]) else ""
        problems.append(f"{', '.join(names)}: {why}{mend}")
        return None


# Images


@dataclass(frozen=True, slots=True)
class _Image:
    """How the tensor holds an image."""

    width: int
    height: int
    channels: int
    layout: Literal["nhwc", "nchw"]


def _image(shape: tuple[int, ...]) -> _Image | None:
    """[1, H, W, C] or [1, C, H, W] with C of 1 or 3, the former where it could be both; or
    [1, H, W]. None for anything else."""
    match shape:
        case (1, height, width, (1 | 3) as channels):
            return _Image(width, height, channels, "nhwc")
        case (1, (1 | 3) as channels, height, width):
            return _Image(width, height, channels, "nchw")
        case (1, height, width):
            return _Image(width, height, 1, "nhwc")
        case _:
            return None


def _prepare_image(
    tensor: Tensor, description: ImageInput, problems: list[str]
) -> Preprocessor | None:
    image = _image(tensor.shape)
    if image is None or not image.width * image.height:
        problems.append(
            f"tensor: the input's shape {list(tensor.shape)} is no image; needed are "
            "[1, height, width, channels] or [1, channels, height, width] with 1 or 3 channels"
        )
        return None
    if max(image.width, image.height) > inputs.MAX_SIDE:
        problems.append(
            f"tensor: an image of {image.width} x {image.height} has more than "
            f"{inputs.MAX_SIDE} pixels a side"
        )
    width, height = description.width or image.width, description.height or image.height
    color = description.color or ("gray" if image.channels == 1 else "rgb")
    chosen = {"width": width, "height": height, "color": color}
    problems += [
        f"{problem}: write the camera's own size"
        for problem in inputs.inconsistencies(inputs.values(description) | chosen)
    ]
    wanted = 1 if color == "gray" else 3
    if wanted != image.channels:
        better = "gray" if image.channels == 1 else "rgb or bgr"
        problems.append(
            f"color: {color} has {_channels(wanted)} and the input {image.channels}; write {better}"
        )
    for key in ("mean", "std", "fill"):
        count = len(getattr(description, key))
        if count not in (1, image.channels):
            problems.append(
                f"{key}: {count} values for {_channels(image.channels)}; write one for all"
                + (", or three" if image.channels == 3 else "")
            )
    if problems:
        return None
    complete = replace(description, width=width, height=height, color=color)
    return _made(ImagePreprocessor, problems, tensor, complete, image)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _frame_shape(description: ImageInput) -> tuple[int, ...]:
    """As `native.ImagePreprocessor` takes a frame."""
    width, height = description.width, description.height
    match description.format:
        case "gray8":
            return (height, width)
        case "nv12":
            return (height * 3 // 2, width)
        case "yuyv":
            return (height, width, 2)
        case "rgba8":
            return (height, width, 4)
        case _:
            return (height, width, 3)


def _one_or_all(values: Sequence[_Number]) -> _Number | Sequence[_Number]:
    return values[0] if len(values) == 1 else values


# Audio


def _prepare_audio(
    tensor: Tensor, description: AudioInput, problems: list[str]
) -> Preprocessor | None:
    features = description.coefficients or description.mel_bands
    rows = _rows(tensor.shape, features)
    if rows is None:
        key = "coefficients" if description.coefficients else "mel_bands"
        problems.append(
            f"{key}: rows of {features} features do not fill the input's shape "
            f"{list(tensor.shape)}; needed is [1, rows, {features}], dimensions of 1 aside, or "
            f"[1, rows * {features}]"
        )
    size = max(8, 1 << max(description.frame_length - 1, 0).bit_length())
    complete = replace(description, fft_size=description.fft_size or size)
    kind = FloatAudioPreprocessor if complete.front_end == "float" else MicroAudioPreprocessor
    return _made(kind, problems, tensor, complete, rows)


def _rows(shape: tuple[int, ...], features: int) -> int | None:
    """How many rows of features the tensor holds; None if it does not hold just rows."""
    elements = math.prod(shape)
    if not shape or shape[0] != 1 or features < 1 or not elements or elements % features:
        return None
    rows = elements // features
    sizes = [size for size in shape if size != 1]
    alike = [size for size in (rows, features) if size != 1]
    return rows if sizes == alike or sizes in ([elements], []) else None


def _quantised(features: npt.NDArray[np.float32], tensor: Tensor) -> Array:
    """clamp(round(feature / scale) + zero point), ties away from zero; float32 as they are."""
    match tensor.dtype:
        case DType.FLOAT32:
            return features
        case DType.INT8:
            return native.quantize(features, tensor.scale, tensor.zero_point)
        case _:
            shifted = native.quantize(features, tensor.scale, tensor.zero_point - 128)
            return shifted.view(np.uint8) ^ np.uint8(128)


def _require(raw: Array, preprocessor: Preprocessor) -> None:
    if not isinstance(raw, np.ndarray):
        raise TypeError(f"raw: expected an array, got {type(raw)}")
    if raw.dtype != preprocessor.raw_dtype:
        raise TypeError(f"raw: expected an array of {preprocessor.raw_dtype}, got {raw.dtype}")
    if raw.shape != preprocessor.raw_shape:
        wanted = list(preprocessor.raw_shape)
        raise ValueError(f"raw: need shape {wanted}, got {list(raw.shape)}")
