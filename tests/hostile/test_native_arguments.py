"""Arguments of edgegen.native that nobody should pass: a TypeError or a ValueError that names the
argument, nothing written; and arrays that are only laid out oddly: read as what they hold."""

from __future__ import annotations

import copy
import inspect
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from edgegen import native
from edgegen.micro_audio import MicroAudioConfig

Array = np.ndarray[Any, Any]

RNG = np.random.default_rng(5)
FLOATS = RNG.normal(size=64).astype(np.float32)
WORDS = RNG.integers(-3000, 3000, 2000).astype(np.int16)
IMAGE = RNG.integers(0, 256, (6, 8, 3)).astype(np.uint8)


def image() -> native.ImagePreprocessor:
    return native.ImagePreprocessor(5, 4, source_width=8, source_height=6)


def audio() -> native.AudioFeatures:
    return native.AudioFeatures(16000, 32, 16, mel_bands=4)


@dataclass(frozen=True)
class Call:
    """A legal call of a public function or method, by keywords.

    ``make`` gives the function, of a new object where it is a method. ``any_shape`` are arrays
    that may have any; ``nan`` those that may hold NaN; ``laid_out`` those that are not copied, so
    that their rows have to lie in order.
    """

    make: Callable[[], Callable[..., Any]]
    arrays: dict[str, Array] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    any_shape: tuple[str, ...] = ()
    nan: tuple[str, ...] = ()
    laid_out: tuple[str, ...] = ()

    def run(self, **changed: Any) -> Any:
        return self.make()(**{**self.arrays, **self.numbers, **self.other, **changed})


CALLS = {
    "quantize": Call(
        lambda: native.quantize,
        {"values": FLOATS},
        {"scale": 0.1, "zero_point": 3},
        any_shape=("values",),
        nan=("values",),
    ),
    "dequantize": Call(
        lambda: native.dequantize,
        {"values": np.arange(-9, 9, dtype=np.int8)},
        {"scale": 0.1, "zero_point": 3},
        any_shape=("values",),
    ),
    "softmax": Call(lambda: native.softmax, {"logits": FLOATS}, any_shape=("logits",)),
    "top_k": Call(lambda: native.top_k, {"values": FLOATS}, {"k": 3}),
    "argmax": Call(lambda: native.argmax, {"values": FLOATS}),
    "non_maximum_suppression": Call(
        lambda: native.non_maximum_suppression,
        {
            "boxes": FLOATS.reshape(16, 4),
            "scores": FLOATS[:16],
            "classes": np.arange(16, dtype=np.int32) % 2,
        },
        {"iou_threshold": 0.4, "score_threshold": -0.5, "max_boxes": 7},
    ),
    "scale": Call(
        lambda: native.scale,
        {"values": FLOATS.reshape(16, 4), "factor": FLOATS[:4], "offset": FLOATS[4:8]},
        any_shape=("values",),
    ),
    "real_fft": Call(lambda: native.real_fft, {"samples": FLOATS}),
    "clock_ns": Call(lambda: native.clock_ns),
    "Windows": Call(lambda: native.Windows, numbers={"length": 5, "channels": 2, "hop": 3}),
    "Windows.push": Call(lambda: native.Windows(5, 2, 3).push, {"frames": FLOATS.reshape(32, 2)}),
    "MovingStatistics": Call(lambda: native.MovingStatistics, numbers={"length": 5}),
    "MovingStatistics.push": Call(lambda: native.MovingStatistics(5).push, {"samples": FLOATS}),
    "Biquad": Call(
        lambda: native.Biquad, numbers={"b0": 0.5, "b1": 0.1, "b2": 0.0, "a1": -0.5, "a2": 0.1}
    ),
    "Biquad.run": Call(lambda: native.Biquad(0.5, 0.1, 0.0, -0.5, 0.1).run, {"samples": FLOATS}),
    "Resampler": Call(lambda: native.Resampler, numbers={"up": 2, "down": 3}),
    "Resampler.run": Call(lambda: native.Resampler(2, 3).run, {"samples": FLOATS}),
    "ImagePreprocessor": Call(
        lambda: native.ImagePreprocessor,
        numbers={
            "width": 5,
            "height": 4,
            "source_width": 8,
            "source_height": 6,
            "fill": 3,
            "scale": 0.01,
            "offset": -1.0,
            "quant_scale": 0.5,
            "zero_point": 3,
        },
        other={
            "format": "rgb8",
            "color": "rgb",
            "layout": "nhwc",
            "dtype": "int8",
            "resize": "bilinear",
            "fit": "letterbox",
            "path": "fastest",
        },
    ),
    "ImagePreprocessor.__call__": Call(
        lambda: image().__call__, {"image": IMAGE}, laid_out=("image",)
    ),
    "ImagePreprocessor.plan": Call(lambda: image().plan),
    "AudioPlan": Call(lambda: lambda: audio().plan()),
    "AudioFeatures": Call(
        lambda: native.AudioFeatures,
        numbers={
            "sample_rate": 16000,
            "frame_length": 400,
            "hop": 160,
            "fft_size": 512,
            "mel_bands": 20,
            "coefficients": 10,
            "low_hz": 20.0,
            "high_hz": 7000.0,
            "log_floor": 1e-6,
        },
        other={
            "window": "hann",
            "mel_scale": "htk",
            "mel_slopes": "hertz",
            "mel_norm": "none",
        },
    ),
    "AudioFeatures.run": Call(lambda: audio().run, {"samples": FLOATS}),
    "AudioFeatures.push": Call(lambda: audio().push, {"samples": FLOATS}),
    "AudioFeatures.plan": Call(lambda: audio().plan),
    "MicroAudioFeatures": Call(
        lambda: native.MicroAudioFeatures, other={"config": MicroAudioConfig()}
    ),
    "MicroAudioFeatures.__call__": Call(
        lambda: native.MicroAudioFeatures().__call__, {"samples": WORDS}
    ),
    "MicroAudioFeatures.feed": Call(lambda: native.MicroAudioFeatures().feed, {"samples": WORDS}),
    "MicroAudioFeatures.reset": Call(lambda: native.MicroAudioFeatures().reset),
    "MicroAudioFeatures.to_int8": Call(
        lambda: native.MicroAudioFeatures.to_int8,
        {"features": np.arange(20, dtype=np.uint16)},
        {"divisor": 666, "zero_point": -3},
        any_shape=("features",),
    ),
    "CycleCounter": Call(lambda: native.CycleCounter, numbers={"calibration_ns": 1000}),
    "CycleCounter.now": Call(lambda: native.CycleCounter(calibration_ns=1000).now),
    "CycleCounter.to_ns": Call(
        lambda: native.CycleCounter(calibration_ns=1000).to_ns, numbers={"count": 5}
    ),
    "Stopwatch": Call(lambda: native.Stopwatch, numbers={"calibration_rounds": 3}),
    "Stopwatch.start": Call(lambda: native.Stopwatch().start, numbers={"now_ns": 5}),
    "Stopwatch.lap": Call(lambda: started().lap, numbers={"now_ns": 5}),
    "Stopwatch.stop": Call(lambda: started().stop, numbers={"now_ns": 5}),
    "Stopwatch.percentile_ns": Call(lambda: lapped().percentile_ns, numbers={"percent": 50}),
}


def started() -> native.Stopwatch:
    watch = native.Stopwatch()
    watch.start(1)
    return watch


def lapped() -> native.Stopwatch:
    watch = started()
    watch.stop(4)
    return watch


def public_callables() -> Iterator[str]:
    for name in native.__all__:
        member = getattr(native, name)
        yield name
        if inspect.isclass(member):
            for attribute, value in inspect.getmembers(member):
                is_public = not attribute.startswith("_") or attribute == "__call__"
                if is_public and callable(value):
                    yield f"{name}.{attribute}"


def test_every_public_callable_is_listed() -> None:
    assert set(public_callables()) == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_legal_call_is_legal(name: str) -> None:
    CALLS[name].run()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return all(same(*pair) for pair in zip(a, b, strict=True))
    return np.array_equal(a, b)


def oddly_laid_out(array: Array) -> dict[str, Array]:
    """The same values, laid out in every way there is."""
    size = array.itemsize
    behind = np.zeros(array.nbytes + 2 * size, np.uint8)
    unaligned = behind[1 : 1 + array.nbytes].view(array.dtype).reshape(array.shape)
    unaligned[...] = array
    padded = np.zeros((*array.shape[:-1], array.shape[-1] + 3), array.dtype)
    padded[..., 1:-2] = array
    every_other = np.repeat(array, 2, axis=0)[::2]
    read_only = array.copy()
    read_only.flags.writeable = False
    return {
        "unaligned": unaligned,
        "part of a larger one": padded[..., 1:-2],
        "every other": every_other,
        "backwards": array[::-1].copy()[::-1],
        "Fortran's order": np.asfortranarray(array),
        "read-only": read_only,
        "subclass": array.view(type("Sub", (np.ndarray,), {})),
        "masked": np.ma.masked_array(array, mask=False),
        "byte-swapped type of this order": array.astype(array.dtype.newbyteorder("=")),
    }


ARRAYS = [(name, argument) for name, call in CALLS.items() for argument in call.arrays]


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_layouts_change_nothing(name: str, argument: str) -> None:
    call = CALLS[name]
    expected = call.run()
    for layout, array in oddly_laid_out(call.arrays[argument]).items():
        np.testing.assert_array_equal(array, call.arrays[argument])
        refusal = ""
        try:
            got = call.run(**{argument: array})
        except ValueError as error:
            refusal = str(error)
        if argument in call.laid_out and array[0].strides != call.arrays[argument][0].strides:
            assert refusal.startswith(f"{argument}: "), layout
        elif refusal:
            assert argument in call.laid_out, (layout, refusal)
            assert refusal.startswith(f"{argument}: "), layout
        else:
            assert same(got, expected), layout


NOT_ARRAYS = [None, 3, 2.5, "text", b"bytes", [1.0, 2.0], (1, 2), {}, object(), np.float32(1)]


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_what_is_no_array_is_refused(name: str, argument: str) -> None:
    for wrong in NOT_ARRAYS:
        if wrong is None and argument == "classes":
            continue
        with pytest.raises((TypeError, ValueError), match=argument):
            CALLS[name].run(**{argument: wrong})


OTHER_TYPES = ["f8", "f2", "c8", "i8", "u4", "?", "O", "S4", "U4", "M8[s]", "V4", "f4,i4"]


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_other_types_are_never_cast(name: str, argument: str) -> None:
    call = CALLS[name]
    array = call.arrays[argument]
    swapped = array.astype(array.dtype.newbyteorder("S"))
    wrong = [np.zeros(array.shape, dtype) for dtype in OTHER_TYPES]
    for other in [*wrong, *([swapped] if array.itemsize > 1 else [])]:
        with pytest.raises((TypeError, ValueError), match=argument):
            call.run(**{argument: other})


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_other_shapes_are_refused(name: str, argument: str) -> None:
    call = CALLS[name]
    array = call.arrays[argument]
    if argument in call.any_shape:
        return
    scalar = np.array(array.flat[0])
    for other in (array[None], array[..., None], scalar, array[..., None, :0]):
        with pytest.raises(ValueError, match=argument):
            call.run(**{argument: other})


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_empty_arrays_are_taken_or_refused(name: str, argument: str) -> None:
    call = CALLS[name]
    array = call.arrays[argument]
    for axis in range(array.ndim):
        refusal = ""
        try:
            call.run(**{argument: array.take([], axis)})
        except ValueError as error:
            refusal = str(error)
        named = (*call.arrays, *call.numbers)
        assert refusal == "" or any(each in refusal for each in named), refusal


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(name: str, argument: str, bad: float) -> None:
    call = CALLS[name]
    array = call.arrays[argument].copy()
    if array.dtype != np.float32 or argument in call.nan or (name, bad) in TAKE_INFINITY:
        return
    array.ravel()[-1] = bad
    with pytest.raises(ValueError, match=argument):
        call.run(**{argument: array})


# An infinite score is the best there is, or the worst.
TAKE_INFINITY = {
    ("top_k", np.inf),
    ("argmax", np.inf),
    ("non_maximum_suppression", np.inf),
}

NUMBERS = [(name, argument) for name, call in CALLS.items() for argument in call.numbers]
WRONG_NUMBERS = [np.nan, np.inf, -np.inf, 2**31, 2**32, 2**63, 2**64, 2**200, -(2**70), 1e300]
NOT_NUMBERS = ["3", b"3", [], {}, object(), 1j, np.zeros(2), np.zeros((2, 2), object)]
# What an argument may be beside a finite number.
FREE = {
    "now_ns": [2**31, 2**32, 2**63],
    "count": [2**31, 2**32, 2**63],
    "max_boxes": [2**31, 2**32, 2**63, 2**64, 2**200],
    "score_threshold": [np.inf, -np.inf, 2**31, 2**32, 2**63, 2**64, 1e300, 2**200, -(2**70)],
    "b0": [2**31, 2**32, 2**63, 2**64, -(2**70)],
    "log_floor": [2**31, 2**32, 2**63, 2**64],
    "quant_scale": [2**31, 2**32, 2**63, 2**64],
    "scale": [2**31, 2**32, 2**63, 2**64],
    "length": [2**31],
}


@pytest.mark.parametrize(("name", "argument"), NUMBERS)
def test_wrong_numbers_are_refused(name: str, argument: str) -> None:
    free = FREE.get("b0" if name == "Biquad" else argument, [])
    for wrong in [*WRONG_NUMBERS, *NOT_NUMBERS]:
        if any(wrong is each or (type(wrong) is type(each) and wrong == each) for each in free):
            continue
        with pytest.raises((TypeError, ValueError), match=argument):
            CALLS[name].run(**{argument: wrong})


def parameters(function: Callable[..., Any]) -> set[str]:
    """Nothing of what is written in C++."""
    is_python = inspect.isfunction(function) or (
        inspect.ismethod(function) and inspect.isfunction(function.__func__)
    )
    return set(inspect.signature(function).parameters) if is_python else set()


# Functions that take memory to write to: its argument.
OUTPUTS = {
    name: "out" for name, call in CALLS.items() if call.arrays and "out" in parameters(call.make())
} | {"ImagePreprocessor.__call__": "tensor"}


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_is_written_to_has_to_fit(name: str) -> None:
    call, out = CALLS[name], OUTPUTS[name]
    expected = call.run()
    room = np.zeros_like(expected)
    assert call.run(**{out: room}) is room
    assert same(room, expected)

    read_only = np.zeros_like(expected)
    read_only.flags.writeable = False
    wide = np.zeros((*expected.shape, 2), expected.dtype)
    wrong = [
        *NOT_ARRAYS[1:],
        read_only,
        wide[..., 0],
        room[..., ::-1],
        room[None, None],
        room[..., :-1],
        np.zeros(expected.shape, "c16"),
        np.zeros(expected.shape, object),
    ]
    if expected.itemsize > 1:
        behind = np.zeros(expected.nbytes + 1, np.uint8)
        wrong += [
            behind[1:].view(expected.dtype).reshape(expected.shape),
            np.zeros(expected.shape, expected.dtype.newbyteorder("S")),
        ]
    for other in wrong:
        before = copy.deepcopy(other)
        with pytest.raises((TypeError, ValueError), match=out):
            call.run(**{out: other})
        if isinstance(other, np.ndarray):
            np.testing.assert_array_equal(other, before)


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_is_written_over_what_is_read(name: str) -> None:
    call, out = CALLS[name], OUTPUTS[name]
    expected = call.run()
    first = next(iter(call.arrays))
    array = call.arrays[first]
    size = max(array.nbytes, expected.nbytes)
    memory = np.zeros(size + 16, np.uint8)
    given = memory[: array.nbytes].view(array.dtype).reshape(array.shape)
    given[...] = array
    overlapping = memory[8 : 8 + expected.nbytes].view(expected.dtype).reshape(expected.shape)
    with pytest.raises(ValueError, match=f"{out}: overlaps"):
        call.run(**{first: given, out: overlapping})
    np.testing.assert_array_equal(given, array)


STATEFUL = {
    "Windows.push": lambda: native.Windows(5, 2, 3),
    "MovingStatistics.push": lambda: native.MovingStatistics(5),
    "Biquad.run": lambda: native.Biquad(0.5, 0.1, 0.0, -0.5, 0.1),
    "Resampler.run": lambda: native.Resampler(2, 3),
    "AudioFeatures.push": audio,
}


@pytest.mark.parametrize("name", STATEFUL)
def test_a_call_that_is_refused_changes_nothing(name: str) -> None:
    (argument, array), *_ = CALLS[name].arrays.items()
    method = name.split(".")[1]
    untouched, tried = STATEFUL[name](), STATEFUL[name]()
    bad = array.copy()
    bad.flat[-1] = np.nan
    getattr(untouched, method)(array)
    getattr(tried, method)(array)
    with pytest.raises(ValueError, match=argument):
        getattr(tried, method)(bad)
    assert same(getattr(tried, method)(array), getattr(untouched, method)(array))


OBJECTS = [
    *STATEFUL.values(),
    image,
    native.MicroAudioFeatures,
    native.Stopwatch,
    lambda: native.CycleCounter(calibration_ns=1000),
]


@pytest.mark.parametrize("make", OBJECTS, ids=lambda make: type(make()).__name__)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_objects_are_not_copied(
    make: Callable[[], object], duplicate: Callable[[object], object]
) -> None:
    """They hold memory of C's: two that share it would be one."""
    with pytest.raises(TypeError, match="cannot pickle"):
        duplicate(make())


@pytest.mark.parametrize("make", [image, audio, native.MicroAudioFeatures])
def test_threads_take_turns(make: Callable[[], Any]) -> None:
    """Calls hold the interpreter's lock, so that one object may serve several threads."""
    function = make()
    given: list[Array] = [RNG.integers(0, 256, IMAGE.shape).astype(np.uint8) for _ in range(4)]
    call = function
    if isinstance(function, native.AudioFeatures):
        given = [RNG.normal(size=4000).astype(np.float32) for _ in range(4)]
        call = function.run
    elif isinstance(function, native.MicroAudioFeatures):
        given = [RNG.integers(-3000, 3000, 8000).astype(np.int16) for _ in range(4)]
    expected = [call(each) for each in given]
    wrong: list[int] = []

    def work(which: int) -> None:
        for _ in range(50):
            if not same(call(given[which]), expected[which]):
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
