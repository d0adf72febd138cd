from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgegen.passes.memory_plan import Buffer, Overlap, plan, step_bounds


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


def test_an_output_takes_over_a_dying_input() -> None:
    chain = [Buffer(f"t{i}", 64, i, i + 1) for i in range(10)]
    overlaps = {(f"t{i + 1}", f"t{i}"): Overlap(-64, 64, (0,)) for i in range(9)}
    result = plan(chain, overlaps=overlaps)
    assert result.arena_bytes == result.lower_bound == 64


def test_an_output_that_lags_behind_its_input() -> None:
    chain = [Buffer(f"t{i}", 64, i, i + 1) for i in range(4)]
    overlaps = {(f"t{i + 1}", f"t{i}"): Overlap(-8, 60) for i in range(3)}
    result = plan(chain, overlaps=overlaps)
    assert result.lower_bound == 72
    assert result.arena_bytes <= 64 + 3 * 8
    for new, dying in overlaps:
        assert overlaps[new, dying].allows(result.offsets[new] - result.offsets[dying])


def test_a_wider_output_ends_where_its_input_ends() -> None:
    pair = [Buffer("in", 32, 0, 1), Buffer("out", 64, 1, 2)]
    result = plan(pair, overlaps={("out", "in"): Overlap(-32, 31)})
    assert result.arena_bytes == result.lower_bound == 64
    assert result.offsets == {"out": 0, "in": 32}


def test_what_stays_is_kept_apart() -> None:
    # c may take over a's place, but b needs its own.
    found = [Buffer("a", 16, 0, 1), Buffer("b", 16, 0, 3), Buffer("c", 16, 1, 2)]
    result = plan(found, overlaps={("c", "a"): Overlap(-16, 16, (0,))})
    assert result.arena_bytes == 32
    assert result.offsets["c"] == result.offsets["a"] != result.offsets["b"]


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Buffer], dict[tuple[str, str], Overlap]]:
    """A chain of buffers, each born as the one before dies, among others."""
    sizes = draw(st.lists(st.integers(1, 100), min_size=2, max_size=8))
    chain = [Buffer(f"t{i}", size, i, i + 1) for i, size in enumerate(sizes)]
    overlaps = {}
    for dying, new in pairwise(chain):
        below = draw(st.integers(-new.bytes, 20))
        above = draw(st.integers(-20, dying.bytes))
        exact = tuple(draw(st.lists(st.integers(-30, 30), max_size=2)))
        overlaps[new.key, dying.key] = Overlap(below, above, exact)
    return chain + draw(buffers()), overlaps


@given(chains(), st.sampled_from([1, 4]))
def test_overlaps_are_the_allowed_ones(
    found: tuple[list[Buffer], dict[tuple[str, str], Overlap]], alignment: int
) -> None:
    parts, overlaps = found
    result = plan(parts, alignment, overlaps)
    for i, a in enumerate(parts):
        for b in parts[:i]:
            at, other_at = result.offsets[a.key], result.offsets[b.key]
            apart = at + a.bytes <= other_at or other_at + b.bytes <= at
            allowed = (a.key, b.key) in overlaps and overlaps[a.key, b.key].allows(at - other_at)
            assert apart or allowed or not a.overlaps(b) or not (a.bytes and b.bytes)
    assert result.arena_bytes >= result.lower_bound
    assert plan(parts, alignment, overlaps) == result


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-40, 40), st.integers(-40, 40))
def test_the_bound_of_a_pair_is_what_its_best_distance_needs(
    new: int, dying: int, below: int, above: int
) -> None:
    pair = [Buffer("dying", dying, 0, 1), Buffer("new", new, 1, 2)]
    overlap = Overlap(max(below, -new), min(above, dying))
    needed = min(
        max(new + d, dying) - min(d, 0) for d in range(-new, dying + 1) if overlap.allows(d)
    )
    assert step_bounds(pair, {("new", "dying"): overlap})[1] == needed
    assert plan(pair, 1, {("new", "dying"): overlap}).arena_bytes == needed
