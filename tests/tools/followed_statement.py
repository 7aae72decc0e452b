"""A follow-up to the shipped survey's first statement."""

from dataclasses import replace
from pathlib import Path

from kiosk.domain.survey import FollowUp, Pictures, Scale, Statement, Survey
from kiosk.settings import read_settings
from tests.tools.shipped import library_for

REASONS = ("Ljud", "Andra gäster")


def survey(folder: Path) -> Survey:
    """The shipped survey's first statement, and a follow-up to its two lowest answers."""
    shipped = library_for(read_settings({"KIOSK_DATA": str(folder)})).surveys["ombudsmannaskap"]
    [listened, *_] = shipped.statements
    scale = Scale("why", REASONS[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    why = Statement("why", "Varför inte?", "Behov", scale, follows=FollowUp(listened.id, (1, 2)))
    return replace(shipped, statements=(listened, why), translations={})
