"""Golden vectors: the generator's numbers, the checksums, what must match exactly."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from edgegen import golden, preprocessing, reference
from edgegen.errors import UsageError
from edgegen.frontends import tflite
from edgegen.inputs import AudioInput, ImageInput
from edgegen.model import DType, Model, Quant, Source, Tensor
from support.model_zoo import models
from support.tflite_builder import ModelBuilder


def _inputs_only(*tensors: tuple[DType, tuple[int, ...]]) -> Model:
    made = tuple(Tensor("x", dtype, shape) for dtype, shape in tensors)
    source = Source("x.tflite", "tflite", "0" * 64, b"")
    return Model("x", source, made, (), tuple(range(len(made))), ())


def _image_model() -> Model:
    quant = Quant((1 / 64,), (3,))
    tensors = (
        Tensor("x", DType.FLOAT32, (4,)),
        Tensor("i", DType.INT8, (1, 3, 5, 1), quant),
        Tensor("s", DType.FLOAT32, (1, 2, 10)),
    )
    return Model("x", Source("x.tflite", "tflite", "0" * 64, b""), tensors, (), (0, 1, 2), ())


IMAGE = ImageInput(tensor=1, width=10, height=6, format="yuyv", mean=(127.5,))
SOUND = AudioInput(
    tensor=2, sample_rate=8000, frame_length=256, hop=128, mel_bands=10, low_hz=0, high_hz=4000
)


def _words(seed: int, count: int) -> list[int]:
    """The generator one step at a time, as the C code on the device runs it."""
    words = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        words.append(seed)
    return words


def _signed(value: int, bits: int) -> int:
    return value - 2**bits if value >= 2 ** (bits - 1) else value


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (DType.INT8, lambda x: _signed(x >> 24, 8)),
        (DType.UINT8, lambda x: x >> 24),
        (DType.INT16, lambda x: _signed(x >> 16, 16)),
        (DType.INT32, lambda x: _signed(x, 32)),
        (DType.BOOL, lambda x: bool(x >> 31)),
        (DType.FLOAT32, lambda x: (_signed(x, 32) >> 8) / 2**23),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_inputs_follow_the_generator(dtype: DType, expected: object, seed: int) -> None:
    assert callable(expected)
    (made,) = golden.make_inputs(_inputs_only((dtype, (40, 5))), seed)
    assert made.dtype == dtype.numpy
    assert made.shape == (40, 5)
    assert made.ravel().tolist() == [expected(x) for x in _words(seed, 200)]


def test_first_values_are_written_down() -> None:
    (made,) = golden.make_inputs(_inputs_only((DType.INT8, (5,))), 1)
    assert made.tolist() == [60, 94, -127, -76, 12]


def test_a_second_input_continues_where_the_first_ended() -> None:
    model = _inputs_only((DType.UINT8, (3,)), (DType.INT32, ()), (DType.UINT8, (0,)))
    first, second, empty = golden.make_inputs(model, 9)
    words = _words(9, 4)
    assert first.tolist() == [x >> 24 for x in words[:3]]
    assert (second.shape, int(second)) == ((), _signed(words[3], 32))
    assert empty.shape == (0,)


def test_no_inputs_of_a_type_without_a_rule() -> None:
    with pytest.raises(UsageError, match="int64"):
        golden.make_inputs(_inputs_only((DType.INT64, (1,))), 1)


def test_an_integer_model_gets_checksums_of_every_activation() -> None:
    model = tflite.parse(models()["chain"], "chain.tflite")
    made = golden.make(model, 3)
    assert made.tolerance == 0.0
    assert made.reference.startswith("tflite-micro ")
    assert [vector.seed for vector in made.vectors] == [1, 2, 3]
    inputs = [golden.make_inputs(model, seed) for seed in (1, 2, 3)]
    expected = reference.run(model, inputs, every_activation=True)
    for vector, outputs, activations in zip(
        made.vectors, expected.outputs, expected.activations, strict=True
    ):
        assert all(map(np.array_equal, vector.outputs, outputs))
        assert vector.activation_crc32 == tuple(
            (index, zlib.crc32(value.tobytes())) for index, value in activations.items()
        )
    assert len(made.vectors[0].activation_crc32) == len(model.ops)
    assert made.vectors[0].activation_crc32 != made.vectors[1].activation_crc32


def test_a_float_model_gets_a_tolerance_and_no_checksums() -> None:
    made = golden.make(tflite.parse(models()["add_float32"], "add.tflite"), 1)
    assert made.tolerance == golden.FLOAT_TOLERANCE == 1e-5
    assert made.vectors[0].activation_crc32 == ()


def test_what_float_arithmetic_leads_to_is_not_checked_bit_by_bit() -> None:
    b = ModelBuilder()
    x = b.tensor("x", [1, 4], "int8", scale=0.1, zero_point=3)
    relu = b.tensor("relu", [1, 4], "int8", scale=0.1, zero_point=3)
    real = b.tensor("real", [1, 4], "float32")
    squashed = b.tensor("squashed", [1, 4], "float32")
    y = b.tensor("y", [1, 4], "int8", scale=0.01)
    b.op("RELU", [x], [relu])
    b.op("DEQUANTIZE", [relu], [real], version=2)
    b.op("LOGISTIC", [real], [squashed])
    b.op("QUANTIZE", [squashed], [y])
    made = golden.make(tflite.parse(b.build([x], [y, real]), "mixed.tflite"), 1)
    assert [index for index, _ in made.vectors[0].activation_crc32] == [relu]


def test_the_same_model_gives_the_same_golden() -> None:
    model = tflite.parse(models()["conv_2d_int16"], "x.tflite")
    first, second = golden.make(model), golden.make(model)
    assert [v.activation_crc32 for v in first.vectors] == [
        v.activation_crc32 for v in second.vectors
    ]
    assert len(first.vectors) == 4


def test_raw_bytes_follow_the_generator() -> None:
    model = _image_model()
    frame = golden.make_raw(preprocessing.prepare(model, IMAGE), 7)
    assert frame.dtype == np.uint8
    assert frame.shape == (6, 10, 2)
    assert frame.ravel().tolist() == [x >> 24 for x in _words(7, 120)]
    samples = golden.make_raw(preprocessing.prepare(model, SOUND), 7)
    assert samples.dtype == np.int16
    assert samples.tolist() == [_signed(x >> 16, 16) for x in _words(7, 256 + 128)]


def test_sources_are_checksums_of_the_tensors() -> None:
    model = _image_model()
    made = golden.make_sources(model, [SOUND, IMAGE])
    assert [(each.tensor, each.seed) for each in made] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for source in made:
        preprocessor = preprocessing.prepare(model, IMAGE if source.tensor == 1 else SOUND)
        tensor = preprocessor.run(golden.make_raw(preprocessor, source.seed))
        assert source.crc32 == zlib.crc32(tensor.tobytes())
    assert len({source.crc32 for source in made}) == 4


def test_golden_vectors_have_the_sources_of_described_inputs() -> None:
    b = ModelBuilder()
    x = b.tensor("x", [1, 4, 4, 1], "int8", scale=0.5)
    y = b.tensor("y", [1, 4, 4, 1], "int8", scale=0.25)
    b.op("RELU", [x], [y])
    model = tflite.parse(b.build([x], [y]), "m.tflite")
    assert golden.make(model, 1).sources == ()
    made = golden.make(model, 1, inputs=[ImageInput()])
    assert made.sources == golden.make_sources(model, [ImageInput()])
    assert len(made.sources) == 2
