"""The order of names in lists that people read."""

from random import Random

from kiosk.domain.name_order import name_key

IN_ORDER = ["10 a", "a", "Arboga", "arken", "Stad", "Stad 2", "Stad 10", "Zon", "Zz", "Åsen", "Ängen", "Öst"]


def test_names_are_in_the_order_of_the_swedish_alphabet_and_numbers_by_value() -> None:
    mixed = [*IN_ORDER]
    Random(1).shuffle(mixed)
    assert sorted(mixed, key=name_key) == IN_ORDER
    assert sorted(mixed) != IN_ORDER


def test_different_names_have_different_and_comparable_keys() -> None:
    for names in (["2", "a", ""], ["a1b", "a1", "a"], ["é", "e", "ñ"], ["²", "2", "٣"]):
        assert len(set(map(name_key, names))) == len(names)
        sorted(names, key=name_key)
