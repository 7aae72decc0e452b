"""Boxes of a theory of change that lead back to themselves are found, whatever the order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.theory import find_loop

NAMES = st.sampled_from("abcdef")


@pytest.mark.parametrize(
    ("leads_to", "loop"),
    [
        ({"a": ("a",)}, ("a", "a")),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, ("b", "c", "b")),
        ({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}, ()),
        ({"a": ("unknown",)}, ()),
    ],
)
def test_a_loop_is_reported_from_its_first_box_back_to_that_box(
    leads_to: dict[str, tuple[str, ...]], loop: tuple[str, ...]
) -> None:
    assert find_loop(leads_to) == loop


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4).map(tuple)))
def test_a_loop_is_reported_if_and_only_if_one_exists(leads_to: dict[str, tuple[str, ...]]) -> None:
    reached = {name: set(following) for name, following in leads_to.items()}
    for _ in leads_to:
        for following in reached.values():
            following |= {last for name in following for last in reached.get(name, ())}
    loop = find_loop(leads_to)
    assert bool(loop) == any(name in following for name, following in reached.items())
    assert all(after in leads_to[before] for before, after in pairwise(loop))
