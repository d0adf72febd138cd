"""The format of chunks: how a file is cut, and what a manifest may say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgegen import chunks, frontends
from edgegen.chunks import Span
from edgegen.errors import UsageError

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits.tflite"


def data_of(length: int) -> bytes:
    """Bytes that don't repeat."""
    return b"".join(
        hashlib.sha256(str(each).encode()).digest() for each in range(length // 32 + 1)
    )[:length]


def joined(files: dict[str, bytes], name: str) -> bytes:
    manifest = chunks.parse_manifest(files[f"{name}.json"], name)
    assert set(files) == {f"{name}.json", *(chunk.path for chunk in manifest.chunks)}
    return b"".join(files[chunk.path] for chunk in manifest.chunks)


class TestSplit:
    def test_by_size(self) -> None:
        data = data_of(2500)
        files = chunks.split(data, "m.tflite", 1000)
        manifest = chunks.parse_manifest(files["m.tflite.json"], "m")
        assert [(each.offset, each.bytes) for each in manifest.chunks] == [
            (0, 1000),
            (1000, 1000),
            (2000, 500),
        ]
        assert manifest.sha256 == hashlib.sha256(data).hexdigest()
        assert manifest.strategy == "size"
        assert joined(files, "m.tflite") == data
        assert list(files)[-1] == "m.tflite.json"

    def test_equal_chunks_are_one_file(self) -> None:
        files = chunks.split(bytes(4096), "zeros", 1024)
        assert len(files) == 2
        assert joined(files, "zeros") == bytes(4096)

    def test_the_same_bytes_every_time(self) -> None:
        data = data_of(5000)
        first, second = (chunks.split(data, "m", 1024) for _ in range(2))
        assert list(first.items()) == list(second.items())

    def test_a_change_changes_the_chunks_that_it_lies_in(self) -> None:
        old = data_of(10_000)
        new = old[:4500] + b"\xff\x00" + old[4502:]
        before, after = (chunks.split(each, "m", 1000) for each in (old, new))
        assert len(set(after) - set(before)) == 1

    def test_by_layer(self) -> None:
        data = data_of(4000)
        spans = [Span(1, 100, 1100), Span(0, 1112, 2012), Span(0, 2020, 2100), Span(2, 2200, 3500)]
        made = chunks.make_manifest(data, "m", 1200, spans)
        assert [(each.offset, each.bytes, each.layers) for each in made.chunks] == [
            (0, 1100, (1, 1)),
            (1100, 1000, (0, 0)),
            (2100, 1200, (2, 2)),  # more than a chunk: the rest goes to the next
            (3300, 200, (2, 2)),
            (3500, 500, None),
        ]

    def test_small_layers_share_a_chunk(self) -> None:
        data = data_of(4000)
        spans = [Span(layer, 40 * layer, 40 * layer + 40) for layer in range(100)]
        made = chunks.make_manifest(data, "m", 16_000, spans)
        assert {each.bytes for each in made.chunks[:-1]} == {1000}
        assert [each.layers for each in made.chunks] == [(0, 24), (25, 49), (50, 74), (75, 99)]

    def test_a_retrained_head_leaves_the_other_chunks(self) -> None:
        model = frontends.load(DIGITS)
        spans = chunks.layer_spans(model)
        head = max(spans, key=lambda span: (span.layer, span.end - span.begin))
        old = model.source.data
        new = old[: head.begin] + bytes(head.end - head.begin) + old[head.end :]
        before, after = (chunks.split(each, "m", 8192, spans) for each in (old, new))
        changed = set(after) - set(before)
        made = chunks.make_manifest(new, "m", 8192, spans)
        holding = {c.path for c in made.chunks if c.offset < head.end <= c.offset + c.bytes}
        assert changed == holding
        assert len(holding) == 1 < len(made.chunks) // 2

    @given(
        st.integers(1, 3000),
        st.integers(1, 700),
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 3000), st.integers(0, 900)), max_size=9
        ),
    )
    def test_any_spans_cover_the_file(
        self, length: int, size: int, places: list[tuple[int, int, int]]
    ) -> None:
        """Also spans that overlap, are empty or go beyond the end."""
        data = data_of(length)
        spans = [Span(layer, begin, begin + count) for layer, begin, count in places]
        files = chunks.split(data, "m", size, spans)
        assert joined(files, "m") == data
        made = chunks.make_manifest(data, "m", size, spans)
        assert all(0 < each.bytes <= size for each in made.chunks)
        for span in spans:
            for each in made.chunks:
                begin, end = max(each.offset, span.begin), min(each.offset + each.bytes, span.end)
                if begin < end:
                    assert each.layers is not None
                    assert each.layers[0] <= span.layer <= each.layers[1]

    @pytest.mark.parametrize(
        "name", ["", "a/b", "..", ".hidden", 'a"b', "a\nb", "x" * 300, "\ud800"]
    )
    def test_impossible_names(self, name: str) -> None:
        with pytest.raises(UsageError):
            chunks.split(b"data", name, 1024)

    def test_nothing_to_cut(self) -> None:
        with pytest.raises(UsageError):
            chunks.split(b"", "m", 1024)

    def test_too_many_chunks(self) -> None:
        with pytest.raises(UsageError, match="more than 65,536 chunks"):
            chunks.split(bytes(65_537), "m", 1)


class TestLayerSpans:
    def test_they_hold_the_constants(self) -> None:
        model = frontends.load(DIGITS)
        spans = chunks.layer_spans(model)
        constants = {
            bytes(data.tobytes())
            for op in model.ops
            for index in op.inputs
            if index is not None and (data := model.tensors[index].data) is not None
        }
        assert {model.source.data[span.begin : span.end] for span in spans} == constants
        assert {span.layer for span in spans} == {0, 1, 2, 4, 5, 6}

    def test_an_onnx_model_is_refused(self) -> None:
        from edgegen.model import ForeignGraph, Model, Source

        source = Source("m.onnx", "onnx", "", b"x")
        model = Model("m", source, (), (), (), (), ForeignGraph((), 0, False))
        with pytest.raises(UsageError, match="not known"):
            chunks.layer_spans(model)


def good() -> dict[str, Any]:
    files = chunks.split(data_of(2500), "m.tflite", 1000, [Span(3, 10, 2000)])
    table: dict[str, Any] = json.loads(files["m.tflite.json"])
    return table


def refusal(table: Any) -> str:
    data = table if isinstance(table, bytes) else json.dumps(table).encode()
    with pytest.raises(UsageError) as caught:
        chunks.parse_manifest(data, "here.json")
    assert caught.value.where == "here.json"
    return str(caught.value)


def row(place: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda table: table["chunks"][place].update(values)


class TestParse:
    def test_what_is_written_is_read(self) -> None:
        made = chunks.make_manifest(data_of(2500), "m", 1000, [Span(3, 10, 2000)])
        assert chunks.parse_manifest(chunks.dump(made), "m") == made

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda t: t.update(format="zip"), '"format" is not'),
            (lambda t: t.update(version=2), '"version" is not 1'),
            (lambda t: t.update(version=True), '"version" is not 1'),
            (lambda t: t.update(version=1.0), '"version" is not 1'),
            (lambda t: t.update(name="../etc/passwd"), '"name" is not a plain file name'),
            (lambda t: t.update(name=7), '"name" is not a text'),
            (lambda t: t.update(bytes=-1), '"bytes" is not a whole number'),
            (lambda t: t.update(bytes=10**30), '"bytes" is not a whole number'),
            (lambda t: t.update(bytes=2499), "do not add up"),
            (lambda t: t.update(sha256="AB" * 32), "64 hex digits"),
            (lambda t: t.update(sha256=None), "64 hex digits"),
            (lambda t: t.update(strategy="magic"), '"strategy" is none of'),
            (lambda t: t.update(strategy=[]), '"strategy" is none of'),
            (lambda t: t.update(strategy="size"), 'chunk 0 has unknown keys: "layers"'),
            (lambda t: t.update(chunks=[]), "not a list of 1 to 65,536"),
            (lambda t: t.update(chunks={}), "not a list of 1 to 65,536"),
            (lambda t: t.update(chunks=[7]), "chunk 0 is not an object"),
            (lambda t: t.update(extra=1), 'unknown keys: "extra"'),
            (lambda t: t.pop("bytes"), 'has no "bytes"'),
            (row(0, bytes=0), 'chunk 0: "bytes" is not a whole number'),
            (row(0, bytes=1000.0), 'chunk 0: "bytes" is not a whole number'),
            (row(0, bytes=1 << 40), 'chunk 0: "bytes" is not a whole number'),
            (row(0, offset=5), "chunk 0 is at 5, not 0"),
            (row(1, offset=0), "chunk 1 is at 0, not 1,000"),
            (row(1, sha256="../" * 21 + "x"), 'chunk 1: "sha256" is not 64 hex digits'),
            (row(1, layers=[2, 1]), 'chunk 1: "layers" is no pair'),
            (row(1, layers=[1]), 'chunk 1: "layers" is no pair'),
            (row(1, layers=None), 'chunk 1: "layers" is no pair'),
            (row(1, path="/etc/passwd"), 'chunk 1 has unknown keys: "path"'),
            (lambda t: t["chunks"].pop(1), "chunk 1 is at 2,000, not 1,000"),
            (lambda t: row(2, sha256=t["chunks"][0]["sha256"])(t), "hash of one of another size"),
        ],
    )
    def test_wrong(self, change: Callable[[dict[str, Any]], None], expected: str) -> None:
        table = good()
        change(table)
        assert expected in refusal(table)

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"", "not JSON"),
            (b"\xff\xfe{}", "not UTF-8"),
            (b"[]", "not an object"),
            (b"null", "not an object"),
            (b"NaN", "NaN is no number"),
            (b'{"format": 1, "format": 1}', "twice"),
            (b"[" * 100_000, "nested"),
            (b"1" * 10_000, "not JSON"),
            (b" " * (chunks.MANIFEST_BYTES + 1), "larger than"),
        ],
    )
    def test_not_a_manifest(self, data: bytes, expected: str) -> None:
        assert expected in refusal(data)

    def test_cut_anywhere(self) -> None:
        data = chunks.split(data_of(2500), "m", 1000)["m.json"].rstrip()
        for length in range(len(data)):
            assert "not JSON" in refusal(data[:length])

    def test_every_problem_is_listed(self) -> None:
        table = good()
        table.update(format="x", version=3, bytes=0)
        row(0, sha256="x")(table)
        text = refusal(table)
        for expected in ('"format"', '"version"', '"bytes"', 'chunk 0: "sha256"'):
            assert expected in text

    def test_a_billion_problems_are_not(self) -> None:
        table = good()
        table["chunks"] = [{"sha256": "", "bytes": 0, "offset": -1}] * 50_000
        text = refusal(table)
        assert "... and more" in text
        assert text.count("\n") < 15

    def test_a_billion_chunks_are_refused_by_their_number(self) -> None:
        table = good()
        table["chunks"] = [1] * 1_000_000
        assert "not a list of 1 to 65,536" in refusal(table)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        ["format", "version", "name", "bytes", "sha256", "chunks", "strategy"]
                    ),
                    inner,
                )
            ),
        )
    )
    def test_anything_is_refused_in_words(self, value: Any) -> None:
        refusal(value)


class TestSize:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("4MB", 4_000_000),
            ("512KiB", 524_288),
            ("65536", 65_536),
            ("1.5 MB", 1_500_000),
            ("2mib", 2 << 20),
            ("1024B", 1024),
            ("1gb", 10**9),
        ],
    )
    def test_sizes(self, text: str, expected: int) -> None:
        assert chunks.parse_size(text) == expected

    @pytest.mark.parametrize(
        "text",
        ["", "MB", "-4MB", "4XB", "1e6", "0", "1023", "3GiB", "4 M B", "٤MB", "1.0005KB", "9" * 40],
    )
    def test_no_sizes(self, text: str) -> None:
        with pytest.raises(UsageError):
            chunks.parse_size(text)
