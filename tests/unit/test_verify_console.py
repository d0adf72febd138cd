"""The self-test's console protocol: what is read, and everything that is refused."""

from __future__ import annotations

import pytest

from edgegen.verify.cortex_m.console import ConsoleError, parse

PASS = """\
edgegen-selftest 1
model digits
engine aot
arena_bytes 4096
resolution_ns 40
init_ns 120
vector 0 invoke_ns 58000
vector 0 output 0 elements 10 mismatches 0 max_abs_diff 0
vector 1 invoke_ns 58040
vector 1 output 0 elements 10 mismatches 0 max_abs_diff 0
stack_bytes 512
arena_touched_bytes 4090
result pass
"""

TRACED = PASS.replace("stack_bytes", "activations checked 18 mismatched 0\nstack_bytes")


def test_a_passing_run() -> None:
    test = parse(PASS)
    assert (test.model, test.engine, test.arena_bytes) == ("digits", "aot", 4096)
    assert (test.resolution_ns, test.init_ns, test.invoke_ns) == (40, 120, (58000, 58040))
    assert [(o.vector, o.output, o.elements) for o in test.outputs] == [(0, 0, 10), (1, 0, 10)]
    assert (test.stack_bytes, test.activations, test.error) == (512, None, "")
    assert test.arena_touched_bytes == 4090
    assert test.passed


def test_the_traced_image_counts_activations() -> None:
    activations = parse(TRACED).activations
    assert activations is not None
    assert (activations.checked, activations.mismatched) == (18, 0)


LAYERS = """\
layer 0 tensor 7 ns 57000
layer 0 tensor 8 ns 960
layer 0 rest ns 0
layer 1 tensor 7 ns 57040
layer 1 tensor 8 ns 960
layer 1 rest ns 40
"""


def test_the_traced_image_times_layers() -> None:
    times = parse(TRACED.replace("result", f"{LAYERS}result")).layer_times
    assert [(t.vector, t.tensor, t.ns) for t in times] == [
        (0, 7, 57000),
        (0, 8, 960),
        (0, None, 0),
        (1, 7, 57040),
        (1, 8, 960),
        (1, None, 40),
    ]


RAW = """\
raw 0 input 0 ns 4560 crc 0x0000abcd 0x0000abcd
raw 0 input 2 ns 120 crc 0x00000001 0x00000001
raw 1 input 0 ns 4520 crc 0x00000002 0x00000002
raw 1 input 2 ns 120 crc 0x00000003 0x00000003
"""

DESCRIBED = PASS.replace("vector 0", f"{RAW}vector 0", 1)


def test_inputs_made_from_raw_bytes_carry_their_checksums() -> None:
    rows = parse(DESCRIBED).raw_inputs
    assert [(r.vector, r.input, r.ns) for r in rows[:3]] == [
        (0, 0, 4560),
        (0, 2, 120),
        (1, 0, 4520),
    ]
    assert (rows[0].got_crc, rows[0].want_crc) == (0xABCD, 0xABCD)
    assert all(row.is_identical for row in rows)


def test_another_tensor_from_raw_bytes_is_a_failure() -> None:
    wrong = DESCRIBED.replace("crc 0x0000abcd", "crc 0x0000abce")
    with pytest.raises(ConsoleError, match="contradicts itself"):
        parse(wrong)
    test = parse(wrong.replace("result pass", "result fail"))
    assert [row.is_identical for row in test.raw_inputs] == [False, True, True, True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("raw 1 input 0", "raw 0 input 0"),
        ("raw 0 input 2", "raw 0 input 0"),
        ("raw 0 input 0 ns", "raw 0 input ns"),
        ("crc 0x0000abcd 0x0000abcd", "crc 0x0000abcd"),
    ],
)
def test_a_wrong_raw_line_is_an_error(old: str, new: str) -> None:
    assert old in DESCRIBED
    with pytest.raises(ConsoleError):
        parse(DESCRIBED.replace(old, new, 1))


@pytest.mark.parametrize("vector", [1, 2])
def test_layers_come_vector_by_vector(vector: int) -> None:
    text = LAYERS.replace("layer 0", f"layer {vector}", 1)
    with pytest.raises(ConsoleError, match="out of order"):
        parse(TRACED.replace("result", f"{text}result"))


def test_a_failing_run_keeps_its_numbers() -> None:
    text = PASS.replace("mismatches 0 max_abs_diff 0\nstack", "mismatches 2 max_abs_diff 7\nstack")
    test = parse(text.replace("result pass", "result fail"))
    assert not test.passed
    assert (test.outputs[1].mismatches, test.outputs[1].max_abs_diff) == (2, 7)


def test_activation_mismatches_carry_both_checksums() -> None:
    text = TRACED.replace(
        "activations checked 18 mismatched 0",
        "activation 1 tensor 7 crc 0x0000abcd 0xdeadbeef\nactivations checked 18 mismatched 1",
    )
    (row,) = parse(text.replace("result pass", "result fail")).activation_mismatches
    assert (row.vector, row.tensor, row.got_crc, row.want_crc) == (1, 7, 0xABCD, 0xDEADBEEF)


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("1.5e-07", 1.5e-07), ("0.25", 0.25), ("12", 12)]
)
def test_differences_are_whole_numbers_or_reals(text: str, value: float) -> None:
    read = parse(PASS.replace("max_abs_diff 0\nstack", f"max_abs_diff {text}\nstack"))
    assert read.outputs[1].max_abs_diff == value


@pytest.mark.parametrize(
    "missing",
    [
        *("model", "engine", "arena_bytes", "resolution_ns", "init_ns"),
        *("stack_bytes", "arena_touched_bytes", "result"),
    ],
)
def test_a_missing_line_is_named(missing: str) -> None:
    text = "".join(line for line in PASS.splitlines(True) if not line.startswith(missing))
    with pytest.raises(ConsoleError, match=missing):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("edgegen-selftest 1", "edgegen-selftest 2"),  # another protocol
        ("edgegen-selftest 1\n", ""),
        ("model digits", "model digits\nmodel digits"),
        ("model digits", "model di*gits"),
        ("arena_bytes 4096", "arena_bytes -1"),
        ("arena_bytes 4096", "arena_bytes 4096 bytes"),
        ("arena_bytes 4096", "Arena_bytes 4096"),
        ("init_ns 120", "init_ns 120 "),
        ("init_ns 120", "hello"),
        ("vector 1 invoke_ns", "vector 2 invoke_ns"),
        ("vector 1 output 0", "vector 1 output 1"),
        ("vector 1 output 0", "vector 0 output 0"),
        ("vector 1 output 0 elements 10 mismatches 0 max_abs_diff 0\n", ""),
        ("max_abs_diff 0\nstack", "max_abs_diff x\nstack"),
        ("result pass", "result passed"),
        ("result pass\n", "result pass\nresult pass\n"),
        ("result pass\n", "result pass\nmore\n"),
        ("result pass", "result fail"),  # nothing above says so
        ("mismatches 0 max_abs_diff 0\nstack", "mismatches 1 max_abs_diff 1\nstack"),
    ],
)
def test_every_deviation_is_an_error(old: str, new: str) -> None:
    assert old in PASS
    with pytest.raises(ConsoleError):
        parse(PASS.replace(old, new))


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\x00", "Segmentation fault"])
def test_noise_is_an_error(text: str) -> None:
    with pytest.raises(ConsoleError):
        parse(text)


@pytest.mark.parametrize("lines", range(len(PASS.splitlines())))
def test_a_run_that_stops_early_is_an_error(lines: int) -> None:
    with pytest.raises(ConsoleError):
        parse("".join(PASS.splitlines(True)[:lines]))
