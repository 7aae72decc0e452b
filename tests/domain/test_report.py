"""The plain markup of a report's text."""

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.report import MOST_COLUMNS, Block, Kind, prose


def test_only_paragraphs_lists_and_headings_are_markup() -> None:
    text = "# Rubrik\nEtt stycke\nsom fortsätter.\n\n- ett\n- två\n\n<b>*inte fet*</b>"
    assert prose(text) == (
        Block(Kind.HEADING, "Rubrik", level=2),
        Block(Kind.PARAGRAPH, "Ett stycke som fortsätter."),
        Block(Kind.LIST, rows=(("ett",), ("två",))),
        Block(Kind.PARAGRAPH, "<b>*inte fet*</b>"),
    )


@given(st.text(alphabet="ab- #\n\r\t", max_size=60))
def test_converting_a_text_to_blocks_loses_no_letter(text: str) -> None:
    kept = "".join(block.text + "".join(cell for row in block.rows for cell in row) for block in prose(text))
    assert [letter for letter in kept if letter in "ab"] == [letter for letter in text if letter in "ab"]


def test_lines_with_bars_are_a_table_below_its_caption() -> None:
    money = "Resurser 2022\n| Resurs | Belopp | Anmärkning |\n| Hela året | 30 mnkr |"
    text = f"{money}\n\n| a | b |\n|1|2|\n\n| ensam |"
    assert prose(text) == (
        Block(
            Kind.TABLE, "Resurser 2022", header=("Resurs", "Belopp", "Anmärkning"),
            rows=(("Hela året", "30 mnkr", ""),),
        ),
        Block(Kind.TABLE, "a", header=("a", "b"), rows=(("1", "2"),)),
        Block(Kind.PARAGRAPH, "| ensam |"),
    )  # fmt: skip
    wide = "|" + "a|" * (MOST_COLUMNS + 1)
    assert prose(f"{wide}\n{wide}")[0].kind is Kind.PARAGRAPH
