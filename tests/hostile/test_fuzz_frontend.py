"""Broken and hostile model files: a `Model` that keeps its promises, or a clear refusal."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from edgegen.errors import EdgegenError, UsageError
from edgegen.flatbuffer import DamagedError, Reader
from edgegen.frontends import tflite
from hostile import fuzz_frontend
from support import invariants, model_zoo
from support.tflite_builder import ModelBuilder, dump

REGRESSIONS = sorted(fuzz_frontend.REGRESSIONS.glob("*.tflite"))

SECONDS = fuzz_frontend.SECONDS_PER_CASE


@pytest.mark.parametrize("name", sorted(model_zoo.models()))
def test_the_corpus_is_accepted(name: str) -> None:
    invariants.validate(tflite.parse(model_zoo.models()[name], "zoo.tflite"))


def test_mutated_models() -> None:
    mutator = fuzz_frontend.Mutator(seed=2, models=fuzz_frontend.corpus())
    ends, failures = fuzz_frontend.run(mutator, range(3000))
    assert failures == 0
    # The mutations reach all three ways to end.
    assert min(ends["accepted"], ends["refused"], ends["damaged"]) > 100


def test_a_case_is_the_same_every_time() -> None:
    models = model_zoo.models()
    first, again = (fuzz_frontend.Mutator(5, models).case(11) for _ in range(2))
    assert first == again
    assert first != fuzz_frontend.Mutator(6, models).case(11)


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_past_failures(path: Path) -> None:
    """Files that once got further than they should; the first word says how they end."""
    with fuzz_frontend.watchdog(SECONDS):
        end = fuzz_frontend.check(path.read_bytes())
    assert path.stem.split("_")[0] in (end, "failed")


def test_truncation_at_every_percent() -> None:
    for name, data in fuzz_frontend.corpus().items():
        for percent in range(100):
            with fuzz_frontend.watchdog(SECONDS), pytest.raises(UsageError) as caught:
                tflite.parse(data[: len(data) * percent // 100], f"{name}.tflite")
            assert caught.value.exit_code == 2


def test_the_watchdog_ends_a_hang() -> None:
    with pytest.raises(fuzz_frontend.HangError), fuzz_frontend.watchdog(1):
        time.sleep(SECONDS)


def _hostile(change: str, count: int) -> bytes:
    """A relu model in which one list is repeated or stretched ``count`` times."""
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 4], scale=0.5)
    y = builder.tensor("y", [1, 4], scale=0.5)
    builder.op("RELU", [x], [y])
    model = builder.model([x], [y])
    graph = model.subgraphs[0]
    if change == "name":
        graph.tensors[0].name = "n" * count
    elif change == "rank":
        graph.tensors[0].shape = [1] * count
    elif change == "scales":
        graph.tensors[0].quantization.scale = [0.5] * count
    elif change == "inputs":
        graph.operators[0].inputs = [0] * count
    elif change == "graph outputs":
        graph.outputs = [1] * count
    return dump(model)


@pytest.mark.parametrize("change", ["name", "rank", "scales", "inputs", "graph outputs"])
def test_long_lists(change: str) -> None:
    with fuzz_frontend.watchdog(SECONDS):
        end = fuzz_frontend.check(_hostile(change, 200_000))
    assert end == ("accepted" if change == "name" else "refused")


def test_overlapping_parts_take_linear_time() -> None:
    """Thousands of tables, each with a huge list that shares all but one word."""
    count = 20_000
    lists = 8 + 8 * count
    # One vtable for all: 6 bytes long, tables of 8 bytes, the only field at byte 4.
    data = bytearray(struct.pack("<4H", 6, 8, 4, 0))
    for k in range(count):
        at = 8 + 8 * k
        data += struct.pack("<iI", at, lists + 4 * k - (at + 4))
    # Read as a length, every word says that 40,000 values follow.
    data += struct.pack("<I", 40_000) * 2 * 40_000
    reader = Reader(bytes(data))
    with fuzz_frontend.watchdog(SECONDS), pytest.raises(DamagedError, match="overlap"):
        _read_lists(reader, count)


def _read_lists(reader: Reader, count: int) -> None:
    for k in range(count):
        assert len(reader.table(8 + 8 * k).f32s(0)) == 40_000


@pytest.mark.parametrize(
    "name",
    [
        "quote\"'`",
        "line\nbreak\r\n",
        "*/ int main() { /*",
        "../../etc/passwd",
        "x" * 10_000,
        "\x00\x1b[31m",
        "ünï\u202e\ud7ff🙂",
        "",
    ],
)
def test_hostile_names_are_kept_and_shown_harmlessly(name: str) -> None:
    builder = ModelBuilder()
    x = builder.tensor(name, [1, 4], scale=0.5)
    y = builder.tensor("y", [1, 4], scale=0.5)
    builder.op("RELU", [x], [y])
    assert tflite.parse(builder.build([x], [y]), "m.tflite").tensors[0].name == name

    builder.tensor(name, [1, 4], "float64")
    with pytest.raises(EdgegenError) as caught:
        tflite.parse(builder.build([x], [y]), "m.tflite")
    (line,) = str(caught.value).splitlines()[1:]
    assert line.isprintable()
    assert len(line) < 500


def test_invalid_utf8_in_a_name_is_replaced() -> None:
    builder = ModelBuilder()
    x = builder.tensor("?name?", [1, 4], scale=0.5)
    y = builder.tensor("y", [1, 4], scale=0.5)
    builder.op("RELU", [x], [y])
    data = builder.build([x], [y]).replace(b"?name?", b"\xffname\xc3")
    assert tflite.parse(data, "m.tflite").tensors[0].name == "\ufffdname\ufffd"
