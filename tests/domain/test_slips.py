"""Codes on slips, and the set that remembers them without an order."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.slips import (
    ALPHABET,
    SALT_BYTES,
    SlipSet,
    UnknownSlipError,
    UsedSlipError,
    can_publish_used,
    empty_set,
    new_code,
    new_tag,
    normalise,
    spaced,
    tag_of,
    unpack,
)

SALT = bytes(range(SALT_BYTES))
runs = st.lists(st.lists(st.text(ALPHABET, min_size=12, max_size=12), unique=True, max_size=6), max_size=3)


def a_set(*printed: list[str], used: list[str] | None = None) -> SlipSet:
    """A set with a print run for each list of codes, some of them used."""
    slips = empty_set(SALT)
    for codes in printed:
        slips = slips.with_new(codes)
    for code in used or []:
        slips = slips.use(code)
    return slips


@pytest.mark.parametrize(("printed", "is_published"), [(9, False), (10, True), (11, True), (0, False)])
def test_the_number_of_used_slips_is_published_for_print_runs_of_2k_or_more(
    printed: int, is_published: bool
) -> None:
    assert can_publish_used(printed, 5) == is_published


@pytest.mark.parametrize("typed", ["bcd-fgh-jkm-npq", " BCD FGH JKM NPQ ", "b-c\td f--ghjk\nmnpq"])
def test_a_typed_code_is_read_without_spaces_hyphens_and_case(typed: str) -> None:
    assert normalise(typed) == "BCDFGHJKMNPQ"
    assert spaced(normalise(typed)) == "BCD-FGH-JKM-NPQ"


def test_a_long_input_is_cut_to_forty_characters() -> None:
    assert normalise("b" * 41) == "B" * 40


def test_a_code_is_the_units_tag_and_nine_random_characters() -> None:
    tag = new_tag(Random(1))
    codes = {new_code(tag, Random(seed)) for seed in range(200)}
    assert len(tag) == 3
    assert {tag_of(code) for code in codes} == {tag}
    assert {len(code) for code in codes} == {12}
    assert {letter for code in codes for letter in code[3:]} == set(ALPHABET)


@given(runs)
def test_a_slip_set_survives_packing_and_unpacking(printed: list[list[str]]) -> None:
    codes = sorted({code for run in printed for code in run})
    slips = a_set(codes[::2], codes[1::2], used=codes[::3])
    assert unpack(slips.pack()) == slips
    assert [run.printed for run in slips.runs] == [len(codes[::2]), len(codes[1::2])]


def test_a_slip_is_valid_once_and_only_if_it_was_printed() -> None:
    slips = a_set(["first"], ["second", "third"]).use("second")
    assert [slips.has(code) for code in ("first", "second", "fourth")] == [True, True, False]
    assert [(len(run.unused), len(run.used)) for run in slips.runs] == [(1, 0), (1, 1)]
    with pytest.raises(UsedSlipError):
        slips.use("second")
    with pytest.raises(UnknownSlipError):
        slips.use("fourth")
    assert [(len(run.unused), len(run.used)) for run in slips.use("first").runs] == [(0, 1), (1, 1)]


def test_packed_bytes_reveal_neither_codes_nor_the_order_of_use() -> None:
    codes = ["BCDFGHJKM", "NPQRTVWXY", "23456789B"]
    packed = {a_set(codes, used=list(order)).pack() for order in permutations(codes)}
    assert len(packed) == 1
    assert not any(code.encode() in content for content in packed for code in codes)


def test_a_code_has_a_different_mac_under_another_salt() -> None:
    assert a_set().mac("code") != empty_set(bytes(SALT_BYTES)).mac("code")
    assert len(a_set().mac("code")) == 16
