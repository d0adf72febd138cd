"""How what a camera or a microphone gives becomes a model's input: `[input.image]` and
`[input.audio]` of edgegen.toml.

The fields of the two dataclasses are the keys of the tables; each carries the rule that its value
obeys and the meaning that the documentation prints.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal, get_args

from edgegen.errors import UsageError
from edgegen.toml_table import did_you_mean

Format = Literal["rgb8", "bgr8", "rgba8", "gray8", "yuyv", "nv12"]
Resize = Literal["bilinear", "nearest"]
Fit = Literal["stretch", "crop", "letterbox"]
Color = Literal["rgb", "bgr", "gray"]
Window = Literal["hann", "hamming", "rectangular"]
MelScale = Literal["htk", "slaney"]
MelSlopes = Literal["hertz", "mel"]
MelNorm = Literal["none", "slaney"]
FrontEnd = Literal["float", "micro"]

MAX_SIDE = 32767
_MAX_INPUTS = 65536
_MAX_MAGNITUDE = 1e6  # of mean and std in levels: far from the ends of float32


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key's value must be.

    Attributes:
        meaning: Of the key, for the documentation.
        values: What is allowed, likewise.
        instead: What holds where the key is left out, if its default is no value of its own.
        read: The value as the dataclass holds it; a ValueError that says what is wrong with it.
    """

    meaning: str
    values: str
    instead: str
    read: Callable[[object], Any]


def _integer(low: int, high: int, meaning: str, instead: str = "") -> Mapping[str, Rule]:
    values = f"integer, {low} to {high}"

    def read(value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{_shown(value)} is not an integer from {low} to {high}")
        return value

    return {"rule": Rule(meaning, values, instead, read)}


def _number(low: float, high: float, meaning: str) -> Mapping[str, Rule]:
    values = f"number, {low:g} to {high:g}"

    def read(value: object) -> float:
        if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
            raise ValueError(f"{_shown(value)} is not a number from {low:g} to {high:g}")
        return float(value)  # type: ignore[arg-type]

    return {"rule": Rule(meaning, values, "", read)}


def _channels(each: Mapping[str, Rule], meaning: str) -> Mapping[str, Rule]:
    """One value for all channels of the tensor, or an array with one per channel."""
    rule = each["rule"]

    def read(value: object) -> tuple[Any, ...]:
        found = value if isinstance(value, (list, tuple)) else (value,)
        if len(found) not in (1, 3):
            raise ValueError(f"{len(found)} values are neither one nor one per channel")
        return tuple(rule.read(part) for part in found)

    values = f"{rule.values}; or an array of one per channel"
    return {"rule": Rule(meaning, values, "", read)}


def _choice(choices: tuple[str, ...], meaning: str, instead: str = "") -> Mapping[str, Rule]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            hint = did_you_mean(value, choices) if isinstance(value, str) else ""
            raise ValueError(f"{_shown(value)} is none of {', '.join(choices)}{hint}")
        return value

    return {"rule": Rule(meaning, ", ".join(choices), instead, read)}


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"  # Python refuses to print some
    return reprlib.repr(value)


_TENSOR = "Which of the model's inputs it is, counted from 0."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInput:
    """A camera's frame as an input of the model: real = (level - mean) / std, level 0 to 255.

    Size, layout, element type and quantisation of the tensor are the model's. A value that is
    wrong is a UsageError.
    """

    tensor: int = field(default=0, metadata=_integer(0, _MAX_INPUTS - 1, _TENSOR))
    width: int = field(
        default=0,
        metadata=_integer(1, MAX_SIDE, "Pixels of a row of the camera's frame.", "the tensor's"),
    )
    height: int = field(
        default=0, metadata=_integer(1, MAX_SIDE, "Rows of the camera's frame.", "the tensor's")
    )
    format: Format = field(
        default="rgb8", metadata=_choice(get_args(Format), "The frame's bytes, as they come.")
    )
    resize: Resize = field(
        default="bilinear",
        metadata=_choice(get_args(Resize), "How a pixel is found between those of the frame."),
    )
    fit: Fit = field(
        default="stretch",
        metadata=_choice(
            get_args(Fit),
            "What becomes of another aspect ratio: lost, cut off left and right or above and "
            "below, or kept with `fill` around.",
        ),
    )
    fill: tuple[int, ...] = field(
        default=(0,),
        metadata=_channels(_integer(0, 255, ""), "Levels around a letterboxed frame."),
    )
    color: Color | Literal[""] = field(
        default="",
        metadata=_choice(
            get_args(Color),
            "The tensor's channels, in order.",
            "rgb for three channels, gray for one",
        ),
    )
    mean: tuple[float, ...] = field(
        default=(0.0,),
        metadata=_channels(
            _number(-_MAX_MAGNITUDE, _MAX_MAGNITUDE, ""),
            "Taken off a level of 0 to 255.",
        ),
    )
    std: tuple[float, ...] = field(
        default=(255.0,),
        metadata=_channels(
            _number(1 / _MAX_MAGNITUDE, _MAX_MAGNITUDE, ""), "What is left is divided by it."
        ),
    )

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInput:
    """16-bit samples as an input of the model: a row of features per frame.

    How many rows there are, element type and quantisation are the model's. A value that is wrong
    is a UsageError.
    """

    tensor: int = field(default=0, metadata=_integer(0, _MAX_INPUTS - 1, _TENSOR))
    sample_rate: int = field(metadata=_integer(1, 1_000_000, "Hertz."))
    frame_length: int = field(metadata=_integer(1, 8192, "Samples of a frame."))
    hop: int = field(
        metadata=_integer(1, 8192, "Samples from one frame's start to the next one's.")
    )
    fft_size: int = field(
        default=0,
        metadata=_integer(
            8,
            8192,
            "Samples that are transformed, a power of two: a frame and zeros.",
            "the smallest that holds a frame",
        ),
    )
    window: Window = field(
        default="hann",
        metadata=_choice(get_args(Window), "What a frame is multiplied by; periodic."),
    )
    mel_bands: int = field(metadata=_integer(1, 128, "Bands of the mel filter bank."))
    low_hz: float = field(metadata=_number(0, 500_000, "Where the lowest band begins."))
    high_hz: float = field(
        metadata=_number(0, 500_000, "Where the highest band ends, up to half of `sample_rate`.")
    )
    mel_scale: MelScale = field(
        default="htk",
        metadata=_choice(
            get_args(MelScale),
            "Where bands lie: logarithmic throughout, or (librosa's) linear up to 1 kHz.",
        ),
    )
    mel_slopes: MelSlopes = field(
        default="hertz",
        metadata=_choice(
            get_args(MelSlopes),
            "What the sides of a band's triangle are straight over; mel is TensorFlow's.",
        ),
    )
    mel_norm: MelNorm = field(
        default="none",
        metadata=_choice(
            get_args(MelNorm), "slaney (librosa's) divides a band by half its width in hertz."
        ),
    )
    log_floor: float = field(
        default=1e-10,
        metadata=_number(1e-30, 1e30, "Smaller energies are taken for it before the logarithm."),
    )
    coefficients: int = field(
        default=0,
        metadata=_integer(
            0, 128, "MFCCs of a row, up to `mel_bands`; 0 for the logarithms of the bands."
        ),
    )
    front_end: FrontEnd = field(
        default="float",
        metadata=_choice(
            get_args(FrontEnd),
            "float, or micro for models that were trained on TensorFlow's audio microfrontend "
            "(micro_speech, wake words): noise reduction and gain control, all in integers.",
        ),
    )

    def __post_init__(self) -> None:
        _check(self)


Input = ImageInput | AudioInput

KINDS: dict[str, type[ImageInput] | type[AudioInput]] = {"image": ImageInput, "audio": AudioInput}


def kind(description: Input) -> str:
    """image or audio: the name of its table."""
    return "image" if isinstance(description, ImageInput) else "audio"


def rules(description: type[Input] | Input) -> Iterator[tuple[Field[Any], Rule]]:
    """The keys of a table and their rules, in order."""
    for each in fields(description):
        yield each, each.metadata["rule"]


def values(description: Input) -> dict[str, Any]:
    """Its keys and values, in order."""
    return {each.name: getattr(description, each.name) for each in fields(description)}


def _check(description: Input) -> None:
    """Make its values those that the rules give; a UsageError that lists all that are wrong."""
    problems = []
    for each, rule in rules(description):
        value = getattr(description, each.name)
        if rule.instead and value == each.default:
            continue
        try:
            object.__setattr__(description, each.name, rule.read(value))
        except ValueError as error:
            problems.append(f"{each.name}: {error}")
    if not problems:
        problems = inconsistencies(values(description))
    if problems:
        raise UsageError(f"The input's description is wrong: {'; '.join(problems)}.")


def inconsistencies(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with values beside each other, "key: ..." each; missing ones are fine."""
    problems = []
    format_ = values.get("format")
    even = {"yuyv": ("width",), "nv12": ("width", "height")}.get(str(format_), ())
    problems += [
        f"{side}: {values[side]} is odd, and {format_} shares chroma between two pixels"
        for side in even
        if values.get(side, 0) % 2
    ]
    frame, hop, size = (values.get(key, 0) for key in ("frame_length", "hop", "fft_size"))
    if hop > frame > 0:
        problems.append(f"hop: {hop} skips samples of frames of {frame}: at most frame_length")
    if size & (size - 1):
        problems.append(f"fft_size: {size} is no power of two")
    if 0 < size < frame:
        problems.append(f"fft_size: {size} is shorter than frame_length, {frame}")
    if values.get("coefficients", 0) > values.get("mel_bands", 128):
        problems.append(
            f"coefficients: there are {values['coefficients']} of {values['mel_bands']} mel_bands; "
            "at most as many"
        )
    if values.get("front_end") == "micro":
        problems += _micro_problems(values)
    rate, low, high = (values.get(key) for key in ("sample_rate", "low_hz", "high_hz"))
    if rate and high is not None and high > rate / 2:
        problems.append(f"high_hz: {high:g} is above half of sample_rate, {rate / 2:g}")
    if low is not None and high is not None and low >= high:
        problems.append(f"low_hz: {low:g} is not below high_hz, {high:g}")
    return problems


_NOT_OF_MICRO = ("window", "mel_scale", "mel_slopes", "mel_norm", "log_floor", "coefficients")


def _micro_problems(values: Mapping[str, Any]) -> list[str]:
    """What the fixed-point front end cannot do."""
    defaults = {each.name: each.default for each in fields(AudioInput)}
    problems = [
        f"{key}: the micro front end has its own; leave it out"
        for key in _NOT_OF_MICRO
        if values.get(key, defaults[key]) != defaults[key]
    ]
    frame, size = values.get("frame_length", 0), values.get("fft_size", 0)
    if 0 < frame < 9 or frame > 4096:
        problems.append(f"frame_length: the micro front end takes 9 to 4096, not {frame}")
    elif size and frame and size != 1 << (frame - 1).bit_length():
        problems.append("fft_size: the micro front end takes the smallest; leave it out")
    return problems


# TOML


def read(value: object, problems: list[str]) -> tuple[Input, ...]:
    """The descriptions in the value of the key `input`, in the order of the model's inputs.

    Args:
        problems: Takes "input.image.width: ..." for all that is wrong; then the result is
            incomplete.
    """
    if not isinstance(value, dict):
        problems.append("input is no table: write [input.image] or [input.audio]")
        return ()
    found: list[tuple[str, Input]] = []
    for name, content in value.items():
        if name not in KINDS:
            problems.append(f"unknown key input.{name!r}{_hint(name, tuple(KINDS))}")
            continue
        for prefix, table in _tables(f"input.{name}", content, problems):
            description = _read_table(KINDS[name], table, prefix, problems)
            if description is not None:
                found.append((prefix, description))
    problems += _twice(found)
    return tuple(sorted((each for _, each in found), key=lambda each: each.tensor))


def _tables(
    prefix: str, content: object, problems: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(content, dict):
        yield prefix, content
    elif isinstance(content, list) and content and all(isinstance(t, dict) for t in content):
        yield from ((f"{prefix}[{number}]", table) for number, table in enumerate(content))
    else:
        problems.append(f"{prefix} is no table: write [{prefix}], or several [[{prefix}]]")


def _read_table(
    made: type[Input], table: dict[str, Any], prefix: str, problems: list[str]
) -> Input | None:
    """The description, or None after problems."""
    known = {each.name: (each, rule) for each, rule in rules(made)}
    own = [
        f"unknown key {prefix}.{key!r}{_hint(key, tuple(known))}"
        for key in table
        if key not in known
    ]
    found = {}
    for name, (each, rule) in known.items():
        if name in table:
            try:
                found[name] = rule.read(table[name])
            except ValueError as error:
                own.append(f"{prefix}.{name}: {error}")
        elif each.default is MISSING:
            own.append(f"{prefix}.{name} is missing: {rule.values}")
    own += [f"{prefix}.{problem}" for problem in inconsistencies(found)]
    problems += own
    return None if own else made(**found)


def _hint(key: str, known: tuple[str, ...]) -> str:
    return did_you_mean(key, known) or f" (there are {', '.join(known)})"


def _twice(found: list[tuple[str, Input]]) -> list[str]:
    first: dict[int, str] = {}
    problems = []
    for prefix, each in found:
        other = first.setdefault(each.tensor, prefix)
        if other != prefix:
            problems.append(
                f"{prefix}.tensor: input {each.tensor} is described by {other} already; write "
                "`tensor = N` to say which input of the model each one is"
            )
    return problems


def render(inputs: tuple[Input, ...], source: str = "") -> str:
    """The tables as TOML, after a comment that says where they come from, if anything does.

    What has no value of its own is left out, with a comment that says what holds.
    """
    parts = []
    for number, description in enumerate(inputs):
        name = kind(description)
        several = sum(kind(each) == name for each in inputs) > 1
        comment = f"# {source}\n" if source and not number else ""
        head = f"[[input.{name}]]" if several else f"[input.{name}]"
        shown = lines(description, with_tensor=len(inputs) > 1)
        parts.append("\n".join([f"{comment}{head}", *shown, ""]))
    return "\n".join(parts)


def lines(description: Input, with_tensor: bool = False) -> Iterator[str]:
    """Its table, without the head; with the key `tensor` only where it is needed or wanted."""
    for each, rule in rules(description):
        value = getattr(description, each.name)
        if each.name == "tensor" and not (value or with_tensor):
            continue
        if getattr(description, "front_end", "") == "micro" and each.name in _NOT_OF_MICRO:
            continue
        if rule.instead and value == each.default:
            yield f"# {each.name}: {rule.instead}, unless you write it here"
        else:
            yield f"{each.name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        texts = [_toml(part) for part in value]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
