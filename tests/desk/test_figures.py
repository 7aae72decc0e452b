"""The results page's figures: plotly's own validation accepts each, at each width."""

import re
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import plotly.graph_objects
import pytest
from plotly.offline import get_plotlyjs_version

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.rounds import Admission
from kiosk.settings import shipped_folder
from tests.tools.desk_side import START, Desk
from tests.tools.earlier_figures import enter
from tests.tools.figures import at_each_width, figures_in

pytestmark = pytest.mark.slow

Figure = dict[str, Any]


def validate(figure: Figure) -> None:
    """ValueError if plotly does not know a property, or its value."""
    plotly.graph_objects.Figure(figure)


@pytest.fixture
def figures(tmp_path: Path) -> dict[str, Figure]:
    """The figures of two rounds that cannot be compared, with an earlier report, small segments, no answers
    and places without figures."""
    desk = Desk(tmp_path)
    for number in range(160):
        few: dict[int, Answer] = {0: 1, 1: 2, 2: 3, 3: 4, 4: NoAnswer.DONT_KNOW, 5: 1, 6: 2}
        desk.store.cast("r", "matcentralen", Ballot((few.get(number, 5),) * 4), desk.now)
    desk.now = START + timedelta(days=92)
    desk.store.count(desk.now)
    second = replace(
        desk.round, id="r2", opens_at=desk.now, closes_at=desk.now + timedelta(days=90),
        admission=frozenset({Admission.KIOSK, Admission.POSTER}),
    )  # fmt: skip
    desk.store.open_round(second, desk.now)
    for number in range(60):
        answers = (NoAnswer.SKIPPED if number % 4 == 0 else 1 + number % 5,) * 4
        desk.store.cast("r2", "dagverksamheten", Ballot(answers), desk.now)
    desk.now += timedelta(days=1)
    desk.store.count(desk.now)
    desk.sign_in()
    enter(desk, node="vasteras")
    return figures_in(desk.client.get("/admin/results/r2/vasteras").text)


def test_plotly_accepts_every_figure_at_every_width(figures: dict[str, Figure]) -> None:
    drawn = [chart for figure in figures.values() for chart in at_each_width(figure)]
    for chart in drawn:
        validate(chart)
    assert {name.split("-")[1] for name in figures} == {"now", "time", "places"}
    notes = {note["name"] for chart in drawn for note in chart["layout"]["annotations"]}
    assert notes == {"n", "broken", "instead", "outside", "number"}, "every kind of annotation was checked"
    shapes = {shape["type"] for chart in drawn for shape in chart["layout"]["shapes"]}
    assert shapes == {"line", "rect"}


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (("data", 0), "textpostion", "inside"),
        (("data", 0), "textposition", "beside"),
        (("layout",), "barmode", "piled"),
        (("layout", "annotations", 0), "yanchor", "centre"),
        (("layout", "template", "layout", "annotationdefaults"), "showarow", False),
    ],
)
def test_plotly_refuses_an_unknown_property(
    figures: dict[str, Figure], part: tuple[str | int, ...], name: str, value: object
) -> None:
    wrong = deepcopy(next(at_each_width(figures["listened-time"])))
    target: Any = wrong
    for step in part:
        target = target[step]
    target[name] = value
    with pytest.raises(ValueError, match=re.escape(name) if name in ("textpostion", "showarow") else "value"):
        validate(wrong)


def test_figures_are_validated_by_the_plotly_version_that_draws_them() -> None:
    bundle = (shipped_folder("static") / "plotly" / "plotly-basic.min.js").read_text("utf-8")
    version = re.search(r"plotly\.js \(basic - minified\) v([\d.]+)", bundle)
    assert version
    assert version.group(1) == get_plotlyjs_version()
