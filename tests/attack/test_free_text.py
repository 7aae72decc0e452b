"""The study of free text: its reader reads habits as they are written, names writers, and learns nothing from
writers without habits."""

from random import Random

from tests.attack.free_text import (
    HABITS,
    SEEN,
    K,
    Writing,
    alone_in_language,
    linked,
    marks_of,
    text_of,
    usual,
)


def test_the_reader_finds_every_variant_of_every_habit_in_texts() -> None:
    """The texts follow all habits always, so that nothing else may be seen."""
    rng = Random(1)
    seen = set()
    for _ in range(300):
        habits = usual(rng)
        marks = marks_of(text_of(habits, rng.random() < 0.5, Writing(100), rng))
        seen |= set(marks)
        # Sentences differ in length, one that is cut has no end, and without å, ä and ö words look alike.
        unsure = ("sentences", "thanks", "stop", "letters")
        clear = {habit: variant for habit, variant in marks if habit not in unsure}
        assert habits["letters"] == "aao" or clear.items() <= habits.items()
    assert seen == {(habit, variant) for habit, variants in SEEN.items() for variant in variants}
    assert {habit: set(variants) for habit, variants in HABITS.items()} == {
        habit: set(variants) for habit, variants in SEEN.items()
    }


def test_a_reader_names_most_writers_and_is_sure_of_many() -> None:
    result = linked(Writing(75), guests=K, earlier=3, groups=25, seed=2)
    right, sure, wrong, _ = result.percent
    assert right > 75
    assert sure > 60
    assert wrong < 5


def test_even_spelling_and_a_short_text_leave_more_than_three_times_chance() -> None:
    right, _, _, _ = linked(Writing(75, 100, edited=True), K, 3, groups=25, seed=3).percent
    assert right > 3 * 100 / K


def test_a_reader_of_writers_without_habits_is_right_by_chance() -> None:
    """Run the control: without habits there is nothing to find."""
    right, _, _, _ = linked(Writing(0), K, 3, groups=25, seed=4).percent
    assert right < 1.6 * 100 / K


def test_few_texts_of_a_unit_share_a_language_with_enough_others() -> None:
    alone, few = alone_in_language(20, 200, seed=5)
    assert alone > 10
    assert few > 40
