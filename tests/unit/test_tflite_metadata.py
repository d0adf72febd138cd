"""frontends/tflite_metadata.py: what a model's file says of its inputs and outputs."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Mapping

import numpy as np
import pytest

from edgegen.frontends import appended_zip, tflite, tflite_metadata
from edgegen.frontends.appended_zip import ArchiveError
from edgegen.frontends.tflite_metadata import Metadata
from edgegen.inputs import ImageInput
from support import metadata_builder as made
from support.tflite_builder import ModelBuilder

LABELS = b"cat\ndog\nf\xc3\xbcr\n"


def model_file(
    content: bytes | None,
    *,
    shape: tuple[int, ...] = (1, 4, 4, 3),
    files: Mapping[str, bytes] | None = None,
    packed: bool = False,
) -> bytes:
    """A float model with three outputs for each of its inputs' places."""
    builder = ModelBuilder()
    if content is not None:
        builder.metadata("min_runtime_version", b"1.14.0")
        builder.metadata("TFLITE_METADATA", content)
    x = builder.tensor("x", shape, "float32")
    weights = builder.tensor("w", [3, shape[-1]], "float32", data=np.ones((3, shape[-1])))
    y = builder.tensor("y", [int(np.prod(shape[:-1])), 3], "float32")
    builder.op("FULLY_CONNECTED", [x, weights, -1], [y])
    data = builder.build([x], [y])
    return made.with_files(data, files, packed) if files is not None else data


def read(data: bytes) -> Metadata:
    return tflite_metadata.read(tflite.parse(data, "m.tflite"))


def findings(metadata: Metadata) -> str:
    assert metadata.inputs == ()
    assert metadata.label_findings == ()
    return " ".join(metadata.input_findings)


def test_a_model_without_metadata() -> None:
    assert read(model_file(None)) == Metadata()
    assert read(model_file(made.metadata())) == Metadata()
    assert read(model_file(made.metadata([made.features()]))) == Metadata()


@pytest.mark.parametrize(
    ("color", "channels", "mean", "std"),
    [
        ("rgb", 3, (127.5,), (127.5,)),
        ("rgb", 3, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
        ("", 3, (0.0,), (1.0,)),
        ("gray", 1, (0.1,), (255.0,)),
    ],
)
def test_an_image(
    color: str, channels: int, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    content = made.metadata([made.image(color, mean, std)])
    found = read(model_file(content, shape=(1, 4, 4, channels)))
    # The numbers are the decimals that were meant, not the float32 that they became.
    assert found == Metadata((ImageInput(color=color, mean=mean, std=std),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tensor", "shape", "said"),
    [
        (made.image("rgb"), (1, 4, 4, 3), "does not say by which mean and std"),
        (made.image("rgb", [1.0], []), (1, 4, 4, 3), "does not say by which mean and std"),
        (made.image("rgb", [1.0], [0.0]), (1, 4, 4, 3), "std: 0.0 is not a number"),
        (made.image("rgb", [float("nan")], [1.0]), (1, 4, 4, 3), "mean: nan"),
        (made.image("rgb", [1.0], [float("inf")]), (1, 4, 4, 3), "std: inf"),
        (made.image("rgb", [1.0, 2.0], [1.0]), (1, 4, 4, 3), "mean: 2 values"),
        (made.image("rgb", [1.0] * 9, [1.0]), (1, 4, 4, 3), "mean: 4 values"),
        (made.image("gray", [1.0], [1.0]), (1, 4, 4, 3), "gray has 1 channel"),
        (made.image("rgb", [1.0], [1.0]), (2, 8), "is no image"),
        (made.sound(16000), (1, 8), "sound of 16000 Hz"),
    ],
)
def test_what_cannot_be_used_is_said(
    tensor: made.Fields, shape: tuple[int, ...], said: str
) -> None:
    found = findings(read(model_file(made.metadata([tensor]), shape=shape)))
    assert said in found
    assert "input 0" in found
    assert "\n" not in found


def test_more_inputs_than_the_model_has() -> None:
    image = made.image("rgb", [1.0], [1.0])
    assert "2 inputs and the model has 1" in findings(
        read(model_file(made.metadata([image, image])))
    )


def test_another_schema() -> None:
    content = made.metadata([made.image("rgb", [1.0], [1.0])], identifier=b"M999")
    assert "damaged" in findings(read(model_file(content)))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_labels(packed: bool, moved: bool) -> None:
    content = made.metadata(outputs=[made.output("labels.txt", "labels_de.txt")])
    files = {"readme.txt": b"x" * 100, "labels.txt": LABELS, "labels_de.txt": b"Katze\n"}
    if moved:  # offsets that count from the archive's own first byte
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, each in files.items():
                archive.writestr(name, each)
        data = model_file(content, shape=(1, 8)) + stream.getvalue()
    else:
        data = model_file(content, shape=(1, 8), files=files, packed=packed)
    assert read(data) == Metadata(labels=LABELS)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "no archive behind the model"),
        ({"other.txt": LABELS}, "does not hold it"),
        ({"labels.txt": b"cat\n"}, "1 labels for 3 output elements"),
        ({"labels.txt": b"a\nb\n\x1b[31m\n"}, "control character"),
        ({"labels.txt": b"\xff\xfe"}, "not UTF-8"),
        ({"labels.txt": b"a" * (1 << 20) + b"a"}, "more than 1,048,576"),
    ],
)
def test_labels_that_cannot_be_used(files: Mapping[str, bytes] | None, said: str) -> None:
    content = made.metadata(outputs=[made.output("labels.txt")])
    found = read(model_file(content, shape=(1, 8), files=files, packed=True))
    assert found.labels is None
    (finding,) = found.label_findings
    assert said in finding
    assert "'labels.txt'" in finding


class TestArchive:
    FILES = {"a.txt": b"first" * 20, "b.txt": LABELS}  # noqa: RUF012

    def test_a_bomb_is_not_unpacked(self) -> None:
        data = made.with_files(b"model", {"a.txt": b"\0" * 10_000_000}, packed=True)
        with pytest.raises(ArchiveError, match="more than 100"):
            appended_zip.read(data, "a.txt", 100)
        # A length that lies: the directory's is behind the names' own headers.
        entry = data.index(b"PK\1\2")
        lie = data[: entry + 24] + struct.pack("<I", 50) + data[entry + 28 :]
        with pytest.raises(ArchiveError, match="length differs"):
            appended_zip.read(lie, "a.txt", 100)

    def test_every_truncation(self) -> None:
        whole = made.with_files(b"model", self.FILES, packed=True)
        for length in range(len(whole)):
            with pytest.raises(ArchiveError):
                appended_zip.read(whole[:length], "b.txt", 1000)

    @pytest.mark.parametrize("packed", [False, True])
    def test_mutations(self, packed: bool) -> None:
        """What comes back is the file or an error: its checksum sees to that."""
        whole = made.with_files(b"model", self.FILES, packed)
        rng = random.Random(3)
        ends = {"read": 0, "refused": 0}
        for _ in range(4000):
            data = bytearray(whole)
            for _ in range(rng.choice((1, 1, 2, 4))):
                data[rng.randrange(len(data))] = rng.choice((0, 1, 255, rng.randrange(256)))
            try:
                assert appended_zip.read(bytes(data), "b.txt", 1000) == LABELS
                ends["read"] += 1
            except ArchiveError:
                ends["refused"] += 1
        assert min(ends.values()) > 200


def rich() -> bytes:
    """A model with all that is read of metadata."""
    return made.metadata(
        [made.image("rgb", [127.5, 120.0, 110.0], [127.5])], [made.output("labels.txt")]
    )


def test_metadata_cut_anywhere() -> None:
    whole = rich()
    for length in range(len(whole)):
        found = read(model_file(whole[:length]))
        assert found.inputs == () or found.input_findings == ()


def test_mutated_metadata() -> None:
    """Whatever the bytes: a description that fits the model, or nothing and a finding."""
    content = rich()
    model = model_file(content)
    start = model.index(content)
    rng = random.Random(5)
    ends = {"described": 0, "damaged": 0, "nothing": 0}
    for _ in range(4000):
        data = bytearray(model)
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = start + rng.randrange(len(content))
            if rng.random() < 0.5:
                data[at] = rng.choice((0, 1, 2, 255, rng.randrange(256)))
            else:
                word = rng.choice((0, 4, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)))
                struct.pack_into("<I", data, at & ~3, word)
        found = read(bytes(data))
        assert all(line.isprintable() for line in (*found.input_findings, *found.label_findings))
        assert sum(map(len, (*found.input_findings, *found.label_findings))) < 1000
        end = "described" if found.inputs else "damaged" if found.input_findings else "nothing"
        ends[end] += 1
    assert min(ends.values()) > 50
