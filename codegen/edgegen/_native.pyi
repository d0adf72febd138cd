from typing import Any

import numpy as np
import numpy.typing as npt

from edgegen.micro_audio import MicroAudioPlan

def clock_ns() -> int: ...
def quantize(
    values: npt.NDArray[np.float32],
    scale: float,
    zero_point: int,
    out: npt.NDArray[np.int8] | None,
) -> npt.NDArray[np.int8]: ...
def dequantize(
    values: npt.NDArray[np.int8],
    scale: float,
    zero_point: int,
    out: npt.NDArray[np.float32] | None,
) -> npt.NDArray[np.float32]: ...
def softmax(
    logits: npt.NDArray[np.float32], out: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float32]: ...
def top_k(
    values: npt.NDArray[np.float32 | np.int8], k: int, out: npt.NDArray[np.uint32] | None
) -> npt.NDArray[np.uint32]: ...
def argmax(values: npt.NDArray[np.float32 | np.int8]) -> int: ...
def nms(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int32] | None,
    score_threshold: float,
    iou_threshold: float,
    max_boxes: int | None,
) -> npt.NDArray[np.uint32]: ...
def scale(
    values: npt.NDArray[np.float32 | np.int16],
    factor: npt.NDArray[np.float32],
    offset: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32] | None,
) -> npt.NDArray[np.float32]: ...

class Ring:
    def __init__(self, length: int, channels: int, hop: int) -> None: ...
    def push(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...

class Moving:
    def __init__(self, length: int) -> None: ...
    def push(
        self, samples: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]: ...

class Biquad:
    def __init__(self, b0: float, b1: float, b2: float, a1: float, a2: float) -> None: ...
    def run(
        self, samples: npt.NDArray[np.float32], out: npt.NDArray[np.float32] | None
    ) -> npt.NDArray[np.float32]: ...

class Resampler:
    def __init__(self, up: int, down: int) -> None: ...
    def run(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...

def real_fft(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.complex64]: ...

class AudioFeatures:
    def __init__(
        self,
        sample_rate: float,
        frame_length: int,
        hop: int,
        fft_size: int,
        mel_bands: int,
        coefficients: int,
        low_hz: float,
        high_hz: float,
        log_floor: float,
        window: int,
        mel_scale: int,
        mel_slopes: bool,
        mel_norm: bool,
        portable: bool,
    ) -> None: ...
    def run(
        self, samples: npt.NDArray[np.float32] | npt.NDArray[np.int16]
    ) -> npt.NDArray[np.float32]: ...
    def push(
        self, samples: npt.NDArray[np.float32] | npt.NDArray[np.int16]
    ) -> npt.NDArray[np.float32]: ...
    def _plan(self) -> dict[str, Any]: ...
    @property
    def path(self) -> str: ...

class MicroAudio:
    def __init__(self, plan: MicroAudioPlan) -> None: ...
    def run(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]: ...
    def feed(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]: ...
    def reset(self) -> None: ...

def micro_audio_to_s8(
    features: npt.NDArray[np.uint16], divisor: int, zero_point: int
) -> npt.NDArray[np.int8]: ...

class Stopwatch:
    def __init__(self, *, calibration_rounds: int = 0) -> None: ...
    def start(self, now_ns: int | None = None) -> None: ...
    def lap(self, now_ns: int | None = None) -> int: ...
    def stop(self, now_ns: int | None = None) -> int: ...
    def percentile_ns(self, percent: int) -> int: ...
    @property
    def running(self) -> bool: ...
    @property
    def laps(self) -> int: ...
    @property
    def total_ns(self) -> int: ...
    @property
    def min_ns(self) -> int: ...
    @property
    def max_ns(self) -> int: ...
    @property
    def overhead_ns(self) -> int: ...
    @property
    def mean_ns(self) -> int: ...

class ImagePreprocessor:
    def __init__(
        self,
        format: int,
        source_width: int,
        source_height: int,
        width: int,
        height: int,
        color: int,
        layout: int,
        type: int,
        resize: int,
        fit: int,
        fill: tuple[int, int, int],
        scale: tuple[float, float, float],
        offset: tuple[float, float, float],
        quant_scale: float,
        zero_point: int,
        path: int,
    ) -> None: ...
    def __call__(
        self, image: npt.NDArray[np.uint8], tensor: npt.NDArray[Any] | None = None
    ) -> npt.NDArray[Any]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def path(self) -> str: ...
    def plan(self, has_dsp: bool) -> dict[str, Any]: ...
