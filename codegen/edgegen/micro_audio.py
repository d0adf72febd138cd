"""Plans of the fixed-point audio front end: runtime_c/include/edgegen/micro_audio.h.

There are two sets of tables for the same settings, which differ in a few last places of the window
and of most weights: "microfrontend" are those that TensorFlow Lite's audio microfrontend computes
on a host, "signal" those that TensorFlow Lite Micro's signal library puts into a model, as into the
audio preprocessor of the example micro_speech. Either way every feature is theirs, to the bit (but
for windowed samples of -32768, which the signal library scales otherwise).

Both take float32 and its libm in places; here float64's functions are rounded to float32, which is
what the float32 ones of glibc give but for rare last places, and none of those changed a table so
far.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

MIN_FFT_SIZE = 16
MAX_FFT_SIZE = 4096
MAX_CHANNELS = 256

# For int8 of the model that is in TensorFlow Lite Micro's example micro_speech and its kin: see
# eg_micro_audio_to_s8 in the header.
S8_DIVISOR = 666
S8_ZERO_POINT = -128

# A feature times this is the float32 that such models were trained with: 1 / 25.6, exactly.
FLOAT_SCALE = 0.0390625

SOURCES = (
    "src/micro_audio/features.c",
    "src/micro_audio/run.c",
    "src/micro_audio/status.c",
    "src/micro_audio/transform.c",
    "src/micro_audio/window.c",
)
"""What a program with a plan is made of, below runtime_c."""

S8_SOURCE = "src/micro_audio/to_s8.c"
"""What makes int8 of features."""

_TABLES = ("window", "order", "factors", "split_factors", "widths", "weights", "gains")

_WINDOW_BITS = 12
_WEIGHT_BITS = 12
_NOISE_BITS = 14
_SNR_BITS = 12
_GAIN_INTERVALS = 33

# From the last one on: 2 / 3, 2 / 5, 2 / 7, ... but for what minimises the error.
_LOG1P_SERIES = (
    1.4798198640e-01,
    1.5313838422e-01,
    1.8183572590e-01,
    2.2222198546e-01,
    2.8571429849e-01,
    4.0000000596e-01,
    6.6666668653e-01,
)

_f32 = np.float32
_Floats = npt.NDArray[np.float32]
_Number = TypeVar("_Number", np.int16, np.uint16)


@dataclass(frozen=True)
class MicroAudioConfig:
    """What the front end computes; the defaults are micro_speech's, with frames 10 ms apart.

    Attributes:
        sample_rate: Hertz.
        frame_length: Samples of a frame, 9 to 4096. The transform's size is the next power of two.
        hop: Samples from one frame's start to the next one's, 1 to ``frame_length``.
        channels: Features of a frame, 1 to 256.
        low_hz, high_hz: Where the filter bank begins and ends.
        smoothing_bits: Fractional bits of the noise estimate.
        even_smoothing, odd_smoothing: Weight of a new value in the noise estimate of channels
            0, 2, ... and 1, 3, ...; 0 to 1.
        min_signal_remaining: Part of a value that noise reduction always leaves, 0 to 1.
        pcan: Whether per-channel gain control is applied.
        pcan_strength, pcan_offset: The gain is (estimate + offset) ** -strength.
        gain_bits: Fractional bits of the gain.
        log: Whether logarithms are taken.
        log_shift: The logarithms are times 2 ** log_shift.
        tables: Whose roundings the tables have, "microfrontend" or "signal".

    Raises:
        ValueError: One of them is out of its range; it says which.
    """

    sample_rate: int = 16000
    frame_length: int = 480
    hop: int = 160
    channels: int = 40
    low_hz: float = 125.0
    high_hz: float = 7500.0
    smoothing_bits: int = 10
    even_smoothing: float = 0.025
    odd_smoothing: float = 0.06
    min_signal_remaining: float = 0.05
    pcan: bool = True
    pcan_strength: float = 0.95
    pcan_offset: float = 80.0
    gain_bits: int = 21
    log: bool = True
    log_shift: int = 6
    tables: Literal["microfrontend", "signal"] = "microfrontend"

    def __post_init__(self) -> None:
        _require("sample_rate", self.sample_rate, 1, 10**6)
        _require("frame_length", self.frame_length, MIN_FFT_SIZE // 2 + 1, MAX_FFT_SIZE)
        _require("hop", self.hop, 1, self.frame_length)
        _require("channels", self.channels, 1, MAX_CHANNELS)
        _require("low_hz", self.low_hz, 0, self.sample_rate / 2)
        if not self.low_hz < self.high_hz <= self.sample_rate / 2:
            raise ValueError(
                f"high_hz: need more than {self.low_hz} (low_hz), up to half of {self.sample_rate} "
                f"(sample_rate), got {self.high_hz}"
            )
        for name in ("even_smoothing", "odd_smoothing", "min_signal_remaining"):
            _require(name, getattr(self, name), 0, 1)
        # Of the estimate and of a value's fractional bits, each the part that the others leave.
        _require("smoothing_bits", self.smoothing_bits, max(0, self.correction_bits), 20)
        _require("pcan_strength", self.pcan_strength, 0, 4)
        _require("pcan_offset", self.pcan_offset, 2.0**-10, 2.0**20)
        lowest = max(0, self.correction_bits + _SNR_BITS)
        _require("gain_bits", self.gain_bits, lowest, min(31, lowest + 31))
        _require("log_shift", self.log_shift, 0, 11)
        if self.tables not in ("microfrontend", "signal"):
            raise ValueError(f'tables: need "microfrontend" or "signal", got {self.tables!r}')

    @property
    def fft_size(self) -> int:
        return 1 << (self.frame_length - 1).bit_length()

    @property
    def correction_bits(self) -> int:
        """Of a value after the filter bank's root, bits above the binary point of the gain."""
        return self.fft_size.bit_length() - 1 - _WEIGHT_BITS // 2


@dataclass(frozen=True, eq=False)
class MicroAudioPlan:
    """The members of eg_micro_audio_plan, by their names; the arrays are read-only.

    Attributes:
        window: int16 [frame_length].
        order: uint16, one for each group of the first stage.
        factors: int16 [n, 2].
        split_factors: int16 [fft_size / 4, 2].
        widths: uint16 [channels + 1].
        weights: uint16 [sum(widths), 2].
        gains: int16 [33, 3], or None without gain control.
        smoothing: Of even and of odd channels.
    """

    window: npt.NDArray[np.int16]
    order: npt.NDArray[np.uint16]
    factors: npt.NDArray[np.int16]
    split_factors: npt.NDArray[np.int16]
    widths: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.uint16]
    gains: npt.NDArray[np.int16] | None
    frame_length: int
    hop: int
    fft_size: int
    channels: int
    first_bin: int
    smoothing: tuple[int, int]
    min_signal_remaining: int
    smoothing_bits: int
    gain_shift: int
    correction_bits: int
    log_shift: int
    has_log: bool

    @property
    def workspace_bytes(self) -> int:
        """Bytes of working memory, as eg_micro_audio_workspace_bytes says."""
        return (4 * self.fft_size + 4 * self.channels + 2 * self.frame_length + 3) // 4 * 4

    @property
    def tables(self) -> dict[str, npt.NDArray[np.int16] | npt.NDArray[np.uint16]]:
        """The tables by their names: one-dimensional arrays of C's int16_t or uint16_t."""
        found = {name: getattr(self, name) for name in _TABLES}
        return {name: table.reshape(-1) for name, table in found.items() if table is not None}

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Members of eg_micro_audio_plan in its order and their C, tables by their names; those
        that stay 0 are left out."""
        found = [(name, name) for name in self.tables]
        found.append(("transform", "eg_micro_audio_transform_any"))
        for field in dataclasses.fields(self):
            if field.name not in _TABLES:
                value = getattr(self, field.name)
                text = (
                    "{{{}, {}}}".format(*value) if field.name == "smoothing" else str(value).lower()
                )
                found.append((field.name, text))
        return tuple(found)


def plan(config: MicroAudioConfig) -> MicroAudioPlan:
    """Everything that does not depend on the samples.

    Raises:
        ValueError: The filter bank reaches up to half the sampling rate, which the microfrontend
            refuses.
    """
    first_bin, widths, weights = _filter_bank(config)
    numbers = config.fft_size // 2
    return MicroAudioPlan(
        window=_frozen(_window(config)),
        order=_frozen(_order(numbers)),
        factors=_frozen(_factors(numbers)),
        split_factors=_frozen(_split_factors(numbers)),
        widths=_frozen(widths),
        weights=_frozen(weights),
        gains=_frozen(_gains(config)) if config.pcan else None,
        frame_length=config.frame_length,
        hop=config.hop,
        fft_size=config.fft_size,
        channels=config.channels,
        first_bin=first_bin,
        smoothing=(_noise_part(config.even_smoothing), _noise_part(config.odd_smoothing)),
        min_signal_remaining=_noise_part(config.min_signal_remaining),
        smoothing_bits=config.smoothing_bits,
        gain_shift=config.gain_bits - config.correction_bits - _SNR_BITS,
        correction_bits=config.correction_bits,
        log_shift=config.log_shift,
        has_log=config.log,
    )


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name}: need {low:g} to {high:g}, got {value:g}")


def _frozen(table: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    table.setflags(write=False)
    return table


def _floats(function: Callable[[float], float], values: _Floats) -> _Floats:
    """The function in float64, rounded to float32."""
    return np.array([function(value) for value in values.tolist()], np.float32)


def _window(config: MicroAudioConfig) -> npt.NDArray[np.int16]:
    length = config.frame_length
    if config.tables == "signal":
        angles = (2 * math.pi / length) * (np.arange(length) + 0.5)
        exact = [0.5 - 0.5 * math.cos(angle) for angle in angles.tolist()]
        return np.array([round(value * (1 << _WINDOW_BITS)) for value in exact], np.int16)
    one, step = _f32(1 << _WINDOW_BITS), _f32(math.pi) * _f32(2) / _f32(length)
    cosines = _floats(math.cos, step * (np.arange(length, dtype=np.float32) + _f32(0.5)))
    values: _Floats = np.floor((_f32(0.5) - _f32(0.5) * cosines) * one + _f32(0.5))
    return values.astype(np.int16)


def _order(numbers: int) -> npt.NDArray[np.uint16]:
    groups = numbers // 4 if _is_power_of_4(numbers) else numbers // 2
    order = np.zeros(1, np.uint16)
    while len(order) < groups:  # one more digit, which is the last one before, the first one after
        order = (4 * order + np.arange(4)[:, None]).reshape(-1).astype(np.uint16)
    return order


def _is_power_of_4(number: int) -> bool:
    return number.bit_length() % 2 == 1


def _unit(phases: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    """Complex numbers of these phases, [n, 2], in 1/32767, rounded half up."""
    parts = [(math.cos(phase), math.sin(phase)) for phase in phases.tolist()]
    return np.floor(0.5 + 32767 * np.array(parts)).astype(np.int16)


def _factors(numbers: int) -> npt.NDArray[np.int16]:
    stages = [np.zeros((0, 2), np.int16)]
    length = 4 if _is_power_of_4(numbers) else 2
    while length < numbers:
        steps = np.arange(length) * (numbers // (4 * length))
        stages += [_unit(-2 * math.pi * (turns * steps) / numbers) for turns in (1, 2, 3)]
        length *= 4
    return np.concatenate(stages)


def _split_factors(numbers: int) -> npt.NDArray[np.int16]:
    return _unit(-math.pi * (np.arange(1, numbers // 2 + 1) / numbers + 0.5))


def _mel(hertz: _Floats) -> _Floats:
    return _f32(1127) * log1p(hertz / _f32(700))


def log1p(x: _Floats) -> _Floats:
    """ln(1 + x) of float32 values of 0 or more, by the steps of the float32 log1p of FDLIBM.

    Newlib has it, and glibc up to 2.40. It is the one function here whose last places matter: those
    that round correctly (glibc from 2.41 on) give other weights, of 1/4096 more or less, for one
    frequency in a hundred.
    """
    sum_ = _f32(1) + x
    halved, exponent = np.frexp(sum_)
    above = halved * _f32(2) >= _f32(1 + 0x3504F7 / 2**23)  # about the root of 2
    is_small = x.view(np.uint32) < 0x3ED413D7  # as 1 + x is then below it
    lost = np.where(exponent > 1, _f32(1) - (sum_ - x), x - (sum_ - _f32(1))) / sum_
    lost = np.where(is_small, _f32(0), lost)
    k = np.where(is_small, 0, exponent - 1 + above).astype(np.float32)
    f = np.where(is_small, x, halved * np.where(above, _f32(1), _f32(2)) - _f32(1))
    half_square = _f32(0.5) * f * f
    s = f / (_f32(2) + f)
    z = s * s
    series = np.zeros_like(z)
    for coefficient in _LOG1P_SERIES:
        series = z * (_f32(coefficient) + series)
    rest = s * (half_square + series) + (k * _f32(9.0580006145e-06) + lost)
    result: _Floats = k * _f32(6.9313812256e-01) - ((half_square - rest) - f)
    return result


def _bins(config: MicroAudioConfig) -> tuple[int, _Floats]:
    """The first frequency of the transform that counts, never the constant part, and the hertz of
    all from there on."""
    if config.tables == "signal":
        bin_hz = config.sample_rate / config.fft_size
        first = round(1 + config.low_hz / bin_hz)
        return first, (np.arange(first, config.fft_size // 2 + 1) * bin_hz).astype(np.float32)
    step = _f32(0.5) * _f32(config.sample_rate) / _f32(config.fft_size // 2)
    first = int(_f32(1.5) + _f32(config.low_hz) / step)
    return first, np.arange(first, config.fft_size // 2 + 1, dtype=np.float32) * step


def _filter_bank(
    config: MicroAudioConfig,
) -> tuple[int, npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """The first bin, how many lie between the channels' middles, and their two weights."""
    bands = config.channels + 1
    low, high = _mel(np.array([config.low_hz, config.high_hz], np.float32))
    spacing = (high - low) / _f32(bands)
    middles = low + spacing * np.arange(1, bands + 1, dtype=np.float32)
    first, hertz = _bins(config)
    mels = _mel(hertz)
    ends = np.maximum.accumulate(np.searchsorted(mels, middles, side="right"))
    end = int(ends[-1])
    if first + end > config.fft_size // 2:
        raise ValueError(
            f"high_hz: need less, as {config.high_hz:g} Hz takes the frequency that is half of "
            f"{config.sample_rate} (sample_rate)"
        )
    widths = np.diff(ends, prepend=0)
    middle = np.repeat(middles, widths)
    below = np.repeat(np.concatenate([[low], middles[:-1]]), widths)
    falling = (middle - mels[:end]) / (middle - below)
    weights = np.stack([falling, _f32(1) - falling], axis=1) * _f32(1 << _WEIGHT_BITS)
    if config.tables == "microfrontend":
        weights = np.floor(weights + _f32(0.5))
    return first, widths.astype(np.uint16), weights.astype(np.uint16)


def _noise_part(part: float) -> int:
    return int(_f32(part) * _f32(1 << _NOISE_BITS))


def _gains(config: MicroAudioConfig) -> npt.NDArray[np.int16]:
    """Parabolas through the gain at the beginning, in the middle and at the end of intervals."""
    gains = np.zeros((_GAIN_INTERVALS, 3), np.int16)
    gains[0, 0] = _gain(config, 0)
    gains[1, 0] = _gain(config, 1)
    for interval in range(2, _GAIN_INTERVALS):
        begin = 1 << (interval - 1)
        end = min(2 * begin, 2**32 - 1)
        start = _gain(config, begin)
        half = _gain(config, begin + begin // 2) - start
        whole = _gain(config, end) - start
        slope = 4 * half - whole
        gains[interval] = np.array([start, slope, whole - slope]).astype(np.int16)
    return gains


def _gain(config: MicroAudioConfig, estimate: int) -> int:
    unit = _f32(1 << (config.smoothing_bits - config.correction_bits))
    base = _f32(estimate) / unit + _f32(config.pcan_offset)
    power = _f32(float(base) ** -float(_f32(config.pcan_strength)))
    gain = _f32(1 << config.gain_bits) * power
    return min(int(gain + _f32(0.5)), 32767)
