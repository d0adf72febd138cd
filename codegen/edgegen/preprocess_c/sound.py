"""A microphone's samples as an input, in C: the plan as a constant, and the rows' quantisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgegen.model import DType
from edgegen.native_audio import AudioPlan
from edgegen.preprocess_c import tables
from edgegen.preprocess_c.tables import Table
from edgegen.preprocessing import AudioPreprocessor
from edgegen.render import c_comment, c_float

_PLAN_BYTES = 56
"""Of an eg_audio_plan on a 32-bit core."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An input that is made from samples, as the templates see it.

    Attributes:
        input: Its number among the model's inputs.
        samples: Of all rows.
        hop: Samples from one row's first to the next one's.
        rows, features: Of the tensor.
        raw, tensor, steps: Sentences for comments.
        c_type: Of the tensor's elements.
        fields: The plan's initialiser.
        scratch: C expression of its elements.
        scale, zero_point: C literals; of an int8 tensor, which a uint8 one differs from in the
            top bit of its elements. "" for float32.
        sources: Paths below runtime_c.
    """

    input: int
    samples: int
    hop: int
    rows: int
    features: int
    raw: str
    tensor: str
    steps: tuple[str, ...]
    c_type: str
    tables: tuple[Table, ...]
    fields: tuple[tuple[str, str], ...]
    scratch: str
    scratch_elements: int
    scale: str
    zero_point: str
    sources: tuple[str, ...]

    kind: ClassVar[str] = "sound"
    is_float: ClassVar[bool] = True

    @property
    def bytes(self) -> int:
        """Of the samples."""
        return 2 * self.samples

    @property
    def flash_bytes(self) -> int:
        """Of the plan and its tables."""
        return _PLAN_BYTES + tables.total_bytes(self.tables)

    @property
    def static_bytes(self) -> int:
        """RAM of the scratch, and of a row before it is quantised."""
        return 4 * (self.scratch_elements + (self.features if self.scale else 0))


_C_TYPES = {DType.FLOAT32: "float", DType.INT8: "int8_t", DType.UINT8: "uint8_t"}


def sound(made: AudioPreprocessor) -> Sound:
    """How the C of an input looks."""
    description, tensor = made.description, made.tensor
    plan = made.native.plan()
    quantised = tensor.dtype is not DType.FLOAT32
    zero_point = 0
    if quantised:
        zero_point = tensor.zero_point - (128 if tensor.dtype is DType.UINT8 else 0)
    return Sound(
        input=description.tensor,
        samples=made.raw_shape[0],
        hop=description.hop,
        rows=made.rows,
        features=description.coefficients or description.mel_bands,
        raw=f"{made.raw_shape[0]} samples of 16 bits, {description.sample_rate} Hz",
        tensor=f"{c_comment(tensor.name)}, {tensor.dtype.value} {list(tensor.shape)}",
        steps=tuple(_steps(made)),
        c_type=_C_TYPES[tensor.dtype],
        tables=tuple(_tables(plan)),
        fields=tuple(_fields(plan)),
        scratch=f"EG_AUDIO_SCRATCH({plan.fft_size}, {plan.mel_bands})",
        scratch_elements=plan.fft_size + 2 + plan.mel_bands,
        scale=c_float(tensor.scale) if quantised else "",
        zero_point=str(zero_point) if zero_point >= 0 else f"({zero_point})",
        sources=("src/audio/run.c", *(("src/quantize.c",) if quantised else ())),
    )


def _steps(made: AudioPreprocessor) -> Iterator[str]:
    description = made.description
    yield (
        f"frames  {made.rows} of {description.frame_length} samples, one every {description.hop}; "
        f"window {description.window}, FFT of {description.fft_size}"
    )
    low, high = f"{description.low_hz:g}", f"{description.high_hz:g}"
    bands = f"bands   {description.mel_bands} from {low} to {high} Hz, {description.mel_scale}"
    bands += ", slopes over mel" if description.mel_slopes == "mel" else ""
    bands += ", normalised by their width" if description.mel_norm == "slaney" else ""
    yield bands
    features = f"{description.coefficients} MFCCs" if description.coefficients else "logarithms"
    yield f"row     {features}"


def _tables(plan: AudioPlan) -> Iterator[Table]:
    def floats(name: str, comment: str, values: npt.NDArray[np.float32]) -> Table:
        return Table("float", name, comment, len(values), tables.floats(values.tolist()))

    def shorts(name: str, comment: str, values: npt.NDArray[np.uint16]) -> Table:
        lines = tables.integers(values.tolist())
        return Table("uint16_t", name, comment, len(values), lines)

    yield shorts("order", "Where each pair of samples goes before the transform.", plan.order)
    if len(plan.twiddles):
        yield floats("twiddles", "The transform's factors.", plan.twiddles)
    yield floats("separators", "What makes real samples' spectrum of it.", plan.separators)
    yield floats("window", "The window.", plan.window)
    yield shorts("corners", "The first frequency from each corner of the bands on.", plan.corners)
    yield floats(
        "weights",
        "Of every frequency, a quarter of its part in the two bands that it lies in.",
        plan.weights,
    )
    if plan.coefficients:
        yield floats("dct", "The first half of each row of the cosine transform.", plan.dct)


def _fields(plan: AudioPlan) -> Iterator[tuple[str, str]]:
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
