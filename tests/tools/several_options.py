"""A question of which a guest may choose several options, after the shipped survey's first statement."""

from dataclasses import replace
from pathlib import Path

from kiosk.domain.survey import Pictures, Scale, Statement, Survey
from kiosk.settings import read_settings
from tests.tools.guest_side import Place
from tests.tools.published import statements
from tests.tools.shipped import library_for

OPTIONS = ("Mat", "Sömn", "Samtal")


def survey(folder: Path) -> Survey:
    """The shipped survey's first statement, and a question with several options."""
    shipped = library_for(read_settings({"KIOSK_DATA": str(folder)})).surveys["ombudsmannaskap"]
    scale = Scale("needs", OPTIONS[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    several = Statement("needs", "Vad behöver du?", "Behov", scale, several=True)
    return replace(shipped, statements=(shipped.statements[0], several), translations={})


def counted(place: Place) -> dict[str, list[int]]:
    """Return id of a table -> its counts, when the round has closed."""
    place.store.count(place.round.closes_at)
    node = place.store.snapshot()["rounds"][0]["nodes"][0]
    return {name: table["counts"] for name, table in statements(node).items()}
