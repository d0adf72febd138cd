"""inputs.py and preprocessing.py: descriptions, their tables, and what they make of raw bytes."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import inputs, micro_audio, native, native_audio, native_image, preprocessing
from edgegen.errors import UsageError
from edgegen.inputs import AudioInput, ImageInput, Input
from edgegen.model import DType, Model, Quant, Source, Tensor

SPEECH = AudioInput(
    sample_rate=16000, frame_length=480, hop=320, mel_bands=40, low_hz=20, high_hz=4000
)


def model_of(
    *shapes: list[int], dtype: str = "int8", scale: float = 1 / 64, zero_point: int = 3
) -> Model:
    """A model whose inputs have the given shapes."""
    kind = DType(dtype)
    quant = None if kind is DType.FLOAT32 or not scale else Quant((scale,), (zero_point,))
    tensors = tuple(Tensor("x", kind, tuple(shape), quant) for shape in shapes)
    source = Source("x.tflite", "tflite", "0" * 64, b"")
    return Model("x", source, tensors, (), tuple(range(len(tensors))), ())


def raw_of(model: Model, description: Input, seed: int = 0) -> npt.NDArray[Any]:
    made = preprocessing.prepare(model, description)
    limits = np.iinfo(made.raw_dtype)
    rng = np.random.default_rng(seed)
    return rng.integers(limits.min, limits.max + 1, made.raw_shape).astype(made.raw_dtype)


def refusal(model: Model, *described: Input) -> str:
    with pytest.raises(UsageError) as caught:
        preprocessing.resolve(model, described, "edgegen.toml")
    assert caught.value.exit_code == 2
    return str(caught.value)


class TestDescriptions:
    def test_names_are_those_of_the_native_code(self) -> None:
        assert get_args(inputs.Format) == native_image.FORMATS
        assert get_args(inputs.Resize) == native_image.RESIZES
        assert get_args(inputs.Fit) == native_image.FITS
        assert get_args(inputs.Color) == native_image.COLORS
        assert get_args(inputs.Window) == native_audio.WINDOWS
        assert get_args(inputs.MelScale) == native_audio.MEL_SCALES
        assert get_args(inputs.MelSlopes) == native_audio.MEL_SLOPES
        assert get_args(inputs.MelNorm) == native_audio.MEL_NORMS

    def test_one_value_stands_for_all_channels(self) -> None:
        made = ImageInput(mean=127.5, std=[1, 2, 3], fill=7)  # type: ignore[arg-type]
        assert (made.mean, made.std, made.fill) == ((127.5,), (1.0, 2.0, 3.0), (7,))

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"width": 32768}, "width: 32768 is not an integer from 1 to 32767"),
            ({"width": -1}, "width: -1"),
            ({"height": 2.5}, "height: 2.5"),
            ({"height": True}, "height: True"),
            ({"format": "rgb9"}, "did you mean rgb8"),
            ({"format": None}, "format: None"),
            ({"std": 0}, "std: 0 is not a number from 1e-06"),
            ({"std": float("nan")}, "std: nan"),
            ({"mean": float("inf")}, "mean: inf"),
            ({"mean": [1, 2]}, "mean: 2 values"),
            ({"mean": "127"}, "mean: '127'"),
            ({"fill": 256}, "fill: 256"),
            ({"tensor": -1}, "tensor: -1"),
            ({"format": "yuyv", "width": 3, "height": 3}, "width: 3 is odd"),
            ({"format": "nv12", "width": 2, "height": 3}, "height: 3 is odd"),
        ],
    )
    def test_wrong_values(self, values: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError) as caught:
            ImageInput(**values)
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"hop": 481}, "hop: 481 skips samples"),
            ({"fft_size": 256}, "fft_size: 256 is shorter than frame_length"),
            ({"fft_size": 500}, "fft_size: 500 is no power of two"),
            ({"coefficients": 41}, "coefficients: there are 41 of 40"),
            ({"high_hz": 8001}, "high_hz: 8001 is above half"),
            ({"low_hz": 4000}, "low_hz: 4000 is not below"),
            ({"log_floor": 0}, "log_floor: 0"),
            ({"sample_rate": 16000.5}, "sample_rate: 16000.5"),
        ],
    )
    def test_wrong_values_of_sound(self, values: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError) as caught:
            replace(SPEECH, **values)
        assert said in str(caught.value)


class TestTables:
    def parse(self, text: str) -> tuple[tuple[Input, ...], list[str]]:
        problems: list[str] = []
        return inputs.read(tomllib.loads(text).get("input"), problems), problems

    @pytest.mark.parametrize(
        "described",
        [
            (ImageInput(),),
            (ImageInput(width=640, height=480, mean=(1.5, 2, 3), std=1e-3, fit="letterbox"),),
            (SPEECH,),
            (ImageInput(tensor=0), replace(SPEECH, tensor=2)),
            (ImageInput(tensor=1, color="bgr"), ImageInput(tensor=3, format="nv12")),
        ],
    )
    def test_what_is_rendered_reads_back(self, described: tuple[Input, ...]) -> None:
        text = inputs.render(described, "From somewhere.")
        assert text.startswith("# From somewhere.\n[")
        assert self.parse(text) == (described, [])

    def test_everything_wrong_is_said_at_once(self) -> None:
        found, problems = self.parse(
            '[input.image]\nwidht = 3\nresize = "linear"\nstd = [1, 2]\n'
            '[[input.audio]]\ntensor = "x"\nhop = 10\nframe_length = 5\n[input.video]\n'
        )
        assert found == ()
        text = "\n".join(problems)
        for said in (
            "unknown key input.image.'widht' (did you mean width?)",
            "input.image.resize: 'linear' is none of bilinear, nearest (did you mean bilinear?)",
            "input.image.std: 2 values",
            "input.audio[0].tensor: 'x' is not an integer",
            "input.audio[0].hop: 10 skips samples",
            "input.audio[0].sample_rate is missing",
            "input.audio[0].high_hz is missing",
            "unknown key input.'video'",
        ):
            assert said in text

    @pytest.mark.parametrize(
        "text",
        ["input = 1", "[input]\nimage = 1", "[input]\nimage = []", "[input]\nimage = [1, 2]"],
    )
    def test_no_tables(self, text: str) -> None:
        found, problems = self.parse(text)
        assert found == ()
        assert "write [input.image]" in problems[0]

    def test_one_input_described_twice(self) -> None:
        _, problems = self.parse("[[input.image]]\n[[input.image]]\n")
        assert "input.image[1].tensor: input 0 is described by input.image[0]" in problems[0]


class TestImages:
    @pytest.mark.parametrize(
        ("shape", "layout", "color"),
        [
            ([1, 6, 8, 3], "nhwc", "rgb"),
            ([1, 3, 6, 8], "nchw", "rgb"),
            ([1, 6, 8, 1], "nhwc", "gray"),
            ([1, 1, 6, 8], "nchw", "gray"),
            ([1, 6, 8], "nhwc", "gray"),
            ([1, 3, 8, 3], "nhwc", "rgb"),
        ],
    )
    def test_layout_and_size_are_the_models(
        self, shape: list[int], layout: str, color: str
    ) -> None:
        model = model_of(shape, dtype="float32")
        made = preprocessing.prepare(model, ImageInput())
        assert isinstance(made, preprocessing.ImagePreprocessor)
        height, width = (3, 8) if shape == [1, 3, 8, 3] else (6, 8)
        assert made.layout == layout
        assert made.description == ImageInput(width=width, height=height, color=color)  # type: ignore[arg-type]
        assert made.raw_shape == (height, width, 3)
        assert made.raw_bytes == 3 * width * height

    @pytest.mark.parametrize(
        ("format", "shape"),
        [
            ("rgb8", (48, 64, 3)),
            ("bgr8", (48, 64, 3)),
            ("rgba8", (48, 64, 4)),
            ("gray8", (48, 64)),
            ("yuyv", (48, 64, 2)),
            ("nv12", (72, 64)),
        ],
    )
    @pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
    def test_it_is_the_native_preprocessor(
        self, format: inputs.Format, shape: tuple[int, ...], dtype: str
    ) -> None:
        model = model_of([1, 24, 20, 3], dtype=dtype)
        mean, std = (127.5, 100, 90), (50, 60, 70.5)
        described = ImageInput(
            width=64, height=48, format=format, color="bgr", fit="letterbox", fill=(1, 2, 3),
            mean=mean, std=std,
        )  # fmt: skip
        raw = raw_of(model, described)
        assert raw.shape == shape
        expected = native.ImagePreprocessor(
            20, 24, source_width=64, source_height=48, format=format, color="bgr", dtype=dtype,
            fit="letterbox", fill=(1, 2, 3), scale=[1 / s for s in std],
            offset=[-m / s for m, s in zip(mean, std, strict=True)],
            quant_scale=1 / 64, zero_point=3,
        )(raw)  # fmt: skip
        made = preprocessing.run(model, described, raw)
        assert made.dtype == dtype
        assert made.shape == (1, 24, 20, 3)
        assert made.tobytes() == expected.tobytes()

    def test_the_formula(self) -> None:
        """real = (level - mean) / std, quantised with the model's scale and zero point."""
        model = model_of([1, 2, 2, 1], scale=1 / 100, zero_point=-5)
        described = ImageInput(format="gray8", mean=127.5, std=127.5)  # type: ignore[arg-type]
        levels = np.array([[0, 64], [192, 255]], np.uint8)
        real = (levels - 127.5) / 127.5
        expected = np.rint(real * 100).astype(int) - 5
        assert preprocessing.run(model, described, levels).ravel().tolist() == list(
            expected.clip(-128, 127).ravel()
        )

    def test_every_problem_is_named(self) -> None:
        said = refusal(
            model_of([1, 6, 8, 1], [1, 5], [1, 6, 8, 3], dtype="int16"),
            ImageInput(color="rgb", mean=(1, 2, 3)),
            ImageInput(tensor=1),
            ImageInput(tensor=3),
            ImageInput(tensor=2),
            ImageInput(tensor=2),
        )
        for each in (
            "input.image.tensor: the input's elements are int16; convert the model",
            "input.image.color: rgb has 3 channels and the input 1; write gray",
            "input.image.mean: 3 values for 1 channel; write one for all",
            "input.image.tensor: the input's shape [1, 5] is no image",
            "input.image.tensor: the model has no input 3; its inputs are 0 to 2",
            "input 2 of the model is described twice",
            "edgegen.toml",
            "fix:",
        ):
            assert each in said

    def test_the_tensors_size_has_to_suit_the_format(self) -> None:
        said = refusal(model_of([1, 5, 7, 1]), ImageInput(format="nv12", height=4))
        assert "width: 7 is odd" in said
        assert "write the camera's own size" in said
        assert "height" not in said

    @pytest.mark.parametrize(
        "shape", [[2, 6, 8, 3], [1, 6, 8, 4], [6, 8, 3], [1, 40_000, 1, 1], [8]]
    )
    def test_shapes_that_are_no_image(self, shape: list[int]) -> None:
        assert "input.image.tensor: " in refusal(model_of(shape), ImageInput())

    def test_what_the_native_code_refuses_names_the_key(self) -> None:
        assert "input.image.std: " in refusal(model_of([1, 6, 8, 1]), ImageInput(std=1e-6))  # type: ignore[arg-type]

    def test_a_quantised_input_without_a_scale(self) -> None:
        model = model_of([1, 6, 8, 1], scale=0.0)
        assert "no scale and zero point" in refusal(model, ImageInput())

    def test_other_arrays(self) -> None:
        made = preprocessing.prepare(model_of([1, 6, 8, 1]), ImageInput())
        with pytest.raises(TypeError, match="raw: expected an array of uint8"):
            made.run(np.zeros((6, 8, 3), np.int8))
        with pytest.raises(ValueError, match="raw: need shape"):
            made.run(np.zeros((6, 8), np.uint8))
        with pytest.raises(TypeError, match="raw: expected an array, got <class 'bytes'>"):
            made.run(bytes(6 * 8 * 3))  # type: ignore[arg-type]


class TestSound:
    @pytest.mark.parametrize(
        ("shape", "coefficients", "rows"),
        [
            ([1, 49, 10, 1], 10, 49),
            ([1, 49, 10], 10, 49),
            ([1, 490], 10, 49),
            ([1, 1, 49, 40], 0, 49),
            ([1, 40], 0, 1),
            ([1, 1960], 0, 49),
        ],
    )
    def test_rows_are_the_models(self, shape: list[int], coefficients: int, rows: int) -> None:
        described = replace(SPEECH, coefficients=coefficients)
        made = preprocessing.prepare(model_of(shape, dtype="float32"), described)
        assert isinstance(made, preprocessing.AudioPreprocessor)
        assert made.rows == rows
        assert made.description.fft_size == 512
        assert made.raw_shape == ((rows - 1) * 320 + 480,)
        assert made.raw_bytes == 2 * made.raw_shape[0]

    @pytest.mark.parametrize("shape", [[1, 10, 49], [2, 49, 10], [1, 491], [1, 10, 7, 7]])
    def test_shapes_that_hold_no_rows(self, shape: list[int]) -> None:
        described = replace(SPEECH, coefficients=10)
        said = refusal(model_of(shape), described)
        assert "input.audio.coefficients: rows of 10 features do not fill" in said

    @pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
    def test_it_is_the_native_code(self, dtype: str) -> None:
        model = model_of([1, 5, 40], dtype=dtype, scale=0.25)
        described = replace(
            SPEECH, window="hamming", mel_scale="slaney", mel_slopes="mel", mel_norm="slaney"
        )
        raw = raw_of(model, described)
        features = native.AudioFeatures(
            16000, 480, 320, fft_size=512, mel_bands=40, low_hz=20, high_hz=4000,
            window="hamming", mel_scale="slaney", mel_slopes="mel", mel_norm="slaney",
        ).run(raw.astype(np.float32) / np.float32(32768))  # fmt: skip
        made = preprocessing.run(model, described, raw)
        assert made.dtype == dtype
        assert made.shape == (1, 5, 40)
        if dtype == "float32":
            assert made.tobytes() == features.tobytes()
        else:
            # Ties away from zero; the zero point is 3.
            steps = features.astype(np.float64) / 0.25
            whole = np.trunc(steps + np.copysign(0.5, steps)) + 3
            low, high = (-128, 127) if dtype == "int8" else (0, 255)
            assert np.array_equal(made.reshape(5, 40), whole.clip(low, high))

    def test_a_band_without_a_frequency(self) -> None:
        described = replace(SPEECH, mel_bands=128)
        said = refusal(model_of([1, 5, 128]), described)
        assert "input.audio." in said


class TestMicro:
    SPEECH = AudioInput(
        sample_rate=16000, frame_length=480, hop=320, mel_bands=40, low_hz=125, high_hz=7500,
        front_end="micro",
    )  # fmt: skip

    def features(self, raw: npt.NDArray[np.int16]) -> npt.NDArray[np.uint16]:
        return native.MicroAudioFeatures(micro_audio.MicroAudioConfig(hop=320))(raw)

    # 26 / 255, and what TensorFlow Lite Micro's example has.
    @pytest.mark.parametrize("scale", [0.10196078568696976, 0.10171568393707275])
    def test_micro_speech(self, scale: float) -> None:
        """Its tensor: [1, 1960], -128 to 127 for features of 0 to 26."""
        model = model_of([1, 1960], scale=scale, zero_point=-128)
        made = preprocessing.prepare(model, self.SPEECH)
        assert made.raw_shape == (48 * 320 + 480,)
        raw = raw_of(model, self.SPEECH)
        expected = (256 * self.features(raw).astype(int) + 333) // 666 - 128
        assert made.run(raw).tolist() == [expected.clip(-128, 127).ravel().tolist()]

    def test_float32(self) -> None:
        model = model_of([1, 9, 40, 1], dtype="float32")
        raw = raw_of(model, self.SPEECH)
        made = preprocessing.run(model, self.SPEECH, raw)
        assert made.tolist() == (self.features(raw) / 25.6).reshape(1, 9, 40, 1).tolist()

    @pytest.mark.parametrize(("dtype", "low"), [("int8", -128), ("uint8", 0)])
    def test_another_quantisation(self, dtype: str, low: int) -> None:
        model = model_of([1, 9, 40], dtype=dtype, scale=0.25, zero_point=low + 9)
        raw = raw_of(model, self.SPEECH)
        expected = np.floor(self.features(raw) / 25.6 / 0.25 + 0.5) + low + 9
        made = preprocessing.run(model, self.SPEECH, raw)
        assert made.tolist() == [expected.clip(low, low + 255).tolist()]

    def test_every_run_begins_without_noise(self) -> None:
        model = model_of([1, 9, 40], dtype="float32")
        made = preprocessing.prepare(model, self.SPEECH)
        raw = raw_of(model, self.SPEECH)
        assert made.run(raw).tobytes() == made.run(raw).tobytes()

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"window": "hamming"}, "window: the micro front end has its own; leave it out"),
            ({"coefficients": 10}, "coefficients: the micro front end has its own"),
            ({"mel_norm": "slaney"}, "mel_norm: the micro"),
            ({"fft_size": 1024}, "fft_size: the micro front end takes the smallest"),
            ({"frame_length": 5000, "hop": 320}, "frame_length: the micro front end takes 9 to"),
        ],
    )
    def test_what_it_cannot_do(self, values: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError) as caught:
            replace(self.SPEECH, **values)
        assert said in str(caught.value)

    def test_a_band_too_high(self) -> None:
        described = replace(self.SPEECH, high_hz=8000)
        assert "input.audio.high_hz: need less" in refusal(model_of([1, 9, 40]), described)

    def test_its_table_reads_back(self) -> None:
        text = inputs.render((self.SPEECH,))
        assert "window" not in text
        assert inputs.read(tomllib.loads(text)["input"], []) == (self.SPEECH,)
