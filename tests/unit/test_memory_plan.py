from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgegen.passes.memory_plan import Buffer, plan


def test_disjoint_lifetimes_share_memory() -> None:
    result = plan([Buffer("a", 100, 0, 1), Buffer("b", 100, 2, 3)])
    assert result.offsets == {"a": 0, "b": 0}
    assert result.arena_bytes == 100


def test_a_chain_alternates_between_two_places() -> None:
    chain = [Buffer(f"t{i}", 64, i, i + 1) for i in range(10)]
    assert plan(chain).arena_bytes == 128


def test_an_empty_buffer_has_a_place_too() -> None:
    result = plan([Buffer("empty", 0, 0, 5), Buffer("a", 8, 0, 5)])
    assert result.offsets["empty"] == 0
    assert result.arena_bytes == 8


def test_offsets_are_aligned() -> None:
    result = plan([Buffer("a", 3, 0, 1), Buffer("b", 5, 0, 1)], alignment=16)
    assert sorted(result.offsets.values()) == [0, 16]


def test_another_order_than_by_size_wins_where_it_is_smaller() -> None:
    # By size alone: c at 0, then a and d above it, b above both: 6 units. By time: 5.
    buffers = [
        Buffer("a", 2, 0, 1),
        Buffer("b", 2, 1, 2),
        Buffer("c", 3, 2, 3),
        Buffer("d", 2, 3, 4),
    ]
    result = plan(buffers, alignment=1)
    assert result.arena_bytes == result.lower_bound == 5


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    spans = draw(
        st.lists(st.tuples(st.integers(0, 300), st.integers(0, 12), st.integers(0, 6)), max_size=14)
    )
    return [
        Buffer(str(i), size, first, first + length) for i, (size, first, length) in enumerate(spans)
    ]


@given(buffers(), st.sampled_from([1, 4, 16]))
def test_live_buffers_never_overlap(found: list[Buffer], alignment: int) -> None:
    result = plan(found, alignment)
    places = [(b, result.offsets[b.key]) for b in found]
    for b, offset in places:
        assert offset % alignment == 0
        assert offset + b.bytes <= result.arena_bytes or b.bytes == 0
    for i, (a, at) in enumerate(places):
        for b, other_at in places[:i]:
            if a.bytes and b.bytes and a.overlaps(b):
                assert at + a.bytes <= other_at or other_at + b.bytes <= at
    assert result.arena_bytes >= result.lower_bound
    assert plan(found, alignment) == result
