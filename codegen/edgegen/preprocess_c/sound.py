"""A microphone's samples as an input, in C: the plan as a constant, and the rows' quantisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgegen import micro_audio
from edgegen.inputs import AudioInput
from edgegen.micro_audio import FLOAT_SCALE, MicroAudioPlan
from edgegen.model import DType
from edgegen.native_audio import AudioPlan
from edgegen.preprocess_c import tables
from edgegen.preprocess_c.tables import Table
from edgegen.preprocessing import (
    AudioPreprocessor,
    FloatAudioPreprocessor,
    MicroAudioPreprocessor,
)
from edgegen.render import c_comment, c_float, c_integer

Fields = tuple[tuple[str, str], ...]

_C_TYPES = {DType.FLOAT32: "float", DType.INT8: "int8_t", DType.UINT8: "uint8_t"}


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What makes a row of features, as the templates see it.

    Attributes:
        template: Of the C.
        header: Below edgegen/.
        plan_type: In C.
        tables, fields: The plan's, its initialiser.
        plan_bytes: Of the plan on a 32-bit core.
        scratch: C expression of its size, in elements.
        state: C expression that resets what one row leaves for the next, if anything.
        static_bytes: RAM of the scratch and of a row before it is quantised.
        sources: Paths below runtime_c.
    """

    template: str
    header: str
    plan_type: str
    tables: tuple[Table, ...]
    fields: Fields
    plan_bytes: int
    scratch: str
    state: str
    static_bytes: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sound:
    """An input that is made from samples, as the templates see it.

    Attributes:
        input: Its number among the model's inputs.
        samples: Of all rows.
        frame_length: Samples of a row.
        hop: Samples from one row's first to the next one's.
        rows, features: Of the tensor.
        raw, tensor, steps: Sentences for comments.
        c_type: Of the tensor's elements.
        scale, zero_point: C literals; of an int8 tensor, which a uint8 one differs from in the
            top bit of its elements. "" for float32, and for elements that the front end itself
            makes.
        unit: C literal: what a feature of 1 stands for, where the front end has integers.
    """

    input: int
    samples: int
    frame_length: int
    hop: int
    rows: int
    features: int
    raw: str
    tensor: str
    steps: tuple[str, ...]
    c_type: str
    scale: str
    zero_point: str
    unit: str
    front_end: FrontEnd

    kind: ClassVar[str] = "sound"
    is_float: ClassVar[bool] = True

    @property
    def template(self) -> str:
        return self.front_end.template

    @property
    def sources(self) -> tuple[str, ...]:
        """Paths below runtime_c."""
        return (*self.front_end.sources, *(("src/quantize.c",) if self.scale else ()))

    @property
    def bytes(self) -> int:
        """Of the samples."""
        return 2 * self.samples

    @property
    def flash_bytes(self) -> int:
        """Of the plan and its tables."""
        return self.front_end.plan_bytes + tables.total_bytes(self.front_end.tables)

    @property
    def static_bytes(self) -> int:
        """RAM of the scratch, of a row before it is quantised and of two counters; what listening
        takes more, the linker leaves out where nobody listens."""
        return self.front_end.static_bytes + (4 * self.features if self.scale else 0) + 8


def sound(made: AudioPreprocessor) -> Sound:
    """How the C of an input looks."""
    description, tensor = made.description, made.tensor
    is_micro_speech = isinstance(made, MicroAudioPreprocessor) and made.is_micro_speech
    scale, zero_point = "", 0
    if tensor.dtype is not DType.FLOAT32 and not is_micro_speech:
        scale = c_float(tensor.scale)
        zero_point = tensor.zero_point - (128 if tensor.dtype is DType.UINT8 else 0)
    return Sound(
        input=description.tensor,
        samples=made.raw_shape[0],
        frame_length=description.frame_length,
        hop=description.hop,
        rows=made.rows,
        features=description.coefficients or description.mel_bands,
        raw=f"{made.raw_shape[0]} samples of 16 bits, {description.sample_rate} Hz",
        tensor=f"{c_comment(tensor.name)}, {tensor.dtype.value} {list(tensor.shape)}",
        steps=tuple(_steps(made.rows, description)),
        c_type=_C_TYPES[tensor.dtype],
        scale=scale,
        zero_point=c_integer(zero_point),
        unit="" if is_micro_speech else c_float(FLOAT_SCALE),
        front_end=_front_end(made),
    )


def _front_end(made: AudioPreprocessor) -> FrontEnd:
    if isinstance(made, MicroAudioPreprocessor):
        return _micro(made.native.plan, made.is_micro_speech)
    assert isinstance(made, FloatAudioPreprocessor)
    return _float(made.native.plan())


def _steps(rows: int, description: AudioInput) -> Iterator[str]:
    frames = f"{rows} of {description.frame_length} samples, one every {description.hop}"
    low, high = f"{description.low_hz:g}", f"{description.high_hz:g}"
    bands = f"{description.mel_bands} bands from {low} to {high} Hz"
    if description.front_end == "micro":
        yield f"frames  {frames}"
        yield f"row     {bands}: noise reduction, gain control, logarithms"
        return
    yield f"frames  {frames}; window {description.window}, FFT of {description.fft_size}"
    slopes = ", slopes over mel" if description.mel_slopes == "mel" else ""
    norm = ", normalised by their width" if description.mel_norm == "slaney" else ""
    yield f"mel     {bands}, {description.mel_scale}{slopes}{norm}"
    features = f"{description.coefficients} MFCCs" if description.coefficients else "logarithms"
    yield f"row     {features}"


def _floats(name: str, comment: str, values: npt.NDArray[np.float32]) -> Table:
    return Table("float", name, comment, len(values), tables.floats(values.tolist()))


def _integers(
    name: str, comment: str, values: npt.NDArray[np.int16] | npt.NDArray[np.uint16]
) -> Table:
    lines = tables.integers(values.tolist())
    return Table(f"{values.dtype}_t", name, comment, values.size, lines)


# Float


def _float(plan: AudioPlan) -> FrontEnd:
    return FrontEnd(
        template="preprocess/sound.c.j2",
        header="audio.h",
        plan_type="eg_audio_plan",
        tables=tuple(_float_tables(plan)),
        fields=tuple(_float_fields(plan)),
        plan_bytes=56,
        scratch=f"EG_AUDIO_SCRATCH({plan.fft_size}, {plan.mel_bands})",
        state="",
        static_bytes=4 * (plan.fft_size + 2 + plan.mel_bands),
        sources=("src/audio/run.c",),
    )


def _float_tables(plan: AudioPlan) -> Iterator[Table]:
    yield _integers("order", "Where each pair of samples goes before the transform.", plan.order)
    if len(plan.twiddles):
        yield _floats("twiddles", "The transform's factors.", plan.twiddles)
    yield _floats("separators", "What makes real samples' spectrum of it.", plan.separators)
    yield _floats("window", "The window.", plan.window)
    yield _integers(
        "corners", "The first frequency from each of the bands' corners on.", plan.corners
    )
    yield _floats(
        "weights",
        "Of every frequency, a quarter of its part in the two bands that it lies in.",
        plan.weights,
    )
    if plan.coefficients:
        yield _floats("dct", "The first half of each row of the cosine transform.", plan.dct)


def _float_fields(plan: AudioPlan) -> Iterator[tuple[str, str]]:
    """Members of eg_audio_plan in order."""
    yield "fft.size", str(plan.fft_size)
    yield "fft.order", "order"
    if len(plan.twiddles):
        yield "fft.twiddles", "twiddles"
    yield "fft.separators", "separators"
    yield "frame_length", str(plan.frame_length)
    yield "hop", str(plan.hop)
    yield "mel_bands", str(plan.mel_bands)
    yield "coefficients", str(plan.coefficients)
    yield "log_floor", c_float(plan.log_floor)
    yield "window", "window"
    yield "corners", "corners"
    yield "weights", "weights"
    if plan.coefficients:
        yield "dct", "dct"


# Fixed point

_MICRO_TABLES = {
    "window": "The window, 4096 for 1.",
    "order": "Where the transform's first groups begin.",
    "factors": "The transform's factors, 32767 for 1.",
    "split_factors": "What makes real samples' spectrum of it.",
    "widths": "Frequencies between the bands' middles.",
    "weights": "Of every frequency, in the two bands that it lies in.",
    "gains": "The gain for each bit length of a noise estimate: value, slope, curvature.",
}

_MICRO_STATE_BYTES = 24
"""Of an eg_micro_audio on a 32-bit core."""


def _micro(plan: MicroAudioPlan, is_micro_speech: bool) -> FrontEnd:
    made = [_integers(name, _MICRO_TABLES[name], values) for name, values in plan.tables.items()]
    return FrontEnd(
        template="preprocess/micro.c.j2",
        header="micro_audio.h",
        plan_type="eg_micro_audio_plan",
        tables=tuple(made),
        fields=plan.fields,
        plan_bytes=88,
        scratch=str(plan.workspace_bytes // 4),
        state="eg_micro_audio_init(&audio, &plan, workspace, sizeof workspace)",
        static_bytes=plan.workspace_bytes + _MICRO_STATE_BYTES + 2 * plan.channels,
        sources=(*micro_audio.SOURCES, *((micro_audio.S8_SOURCE,) if is_micro_speech else ())),
    )
