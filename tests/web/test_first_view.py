"""Without scrolling, the first page says how a round goes, and whether it is better than the one before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from kiosk.domain.rounds import Protection, Round
from kiosk.domain.snapshot import RoundTally
from kiosk.domain.tally import StatementTally
from kiosk.operation.demonstration_report import publish_report
from tests.tools.accessibility import small_targets, violations
from tests.tools.desk_side import Desk
from tests.tools.frames import resize
from tests.tools.look_cost import replace_rounds
from tests.web.coordinator import sign_in

pytestmark = pytest.mark.browser

UNIT = "dagverksamheten"
AGREEING = ((20, 100), (80, 100), (37, 50))
"""(agreeing, n) of each statement in two closed rounds and the running one: each change is significant, and
the words for that are the longest."""

NOT_IN_VIEW = """() => {
  const isIn = (box) => box.width > 0 && box.left >= 0 && box.top >= 0
    && box.right <= innerWidth && box.bottom <= innerHeight;
  const isCut = (one) => one.scrollWidth > Math.ceil(one.getBoundingClientRect().width) + 1;
  const parts = [document.querySelector(".headline")];
  for (const row of document.querySelectorAll(".glance-rows tbody tr")) {
    parts.push(row, ...row.querySelectorAll("a, svg, .share b, .share .n, .verdict, .change .fine"));
  }
  return parts.filter((one) => !isIn(one.getBoundingClientRect()) || (one.tagName !== "svg" && isCut(one)))
    .map((one) => `${one.tagName} ${one.textContent.trim()}`);
}"""
"""The parts of the statements' rows, and of the headline, that are not wholly in the window."""


def demonstrated(desk: Desk, folder: Path) -> None:
    """Make a demonstration with a published report, two closed rounds, two running ones, and tasks."""
    desk.store.mark_demonstration()
    library, names = desk.app.extensions["desk"].library, ("r0", "r1", "r2")
    protected = replace(desk.round, protection=Protection.PROTECTED)
    opened = [desk.now + timedelta(days=92 * at - 190) for at in range(len(names))]
    rounds = [
        replace(protected, id=name, opens_at=opens_at, closes_at=opens_at + timedelta(days=90))
        for name, opens_at in zip(names, opened, strict=True)
    ]
    example = replace(rounds[-1], id="r3", survey=library.surveys["ons_ensamhet"])
    tallies = [_tally(of_round, *AGREEING[at]) for at, of_round in enumerate(rounds)]
    replace_rounds(desk, folder, [*tallies, RoundTally(example, False, {}, {})])
    publish_report(desk.store, library, desk.now)


def _tally(of_round: Round, agreeing: int, n: int) -> RoundTally:
    table = StatementTally((n - agreeing, 0, 0, 0, agreeing), (1, 0, 0), 0)
    own = {UNIT: (table,) * len(of_round.survey.statements)}
    return RoundTally(of_round, of_round.id != "r2", own, {}, batches={UNIT: 4})


def test_every_statement_with_its_share_and_change_is_in_the_first_view(
    browser: Browser, serve: Callable[[Any], str], tmp_path: Path
) -> None:
    """Control: if a phone unfolds what runs, statements are out of view."""
    desk = Desk(tmp_path)
    demonstrated(desk, tmp_path)
    page = browser.new_page()
    sign_in(page, serve(desk.app))
    for to_do in ("Att göra:", "To do:"):
        for width, height in ((1280, 800), (390, 844)):
            resize(page, width, height)
            expect(page.locator(".glance-rows .verdict.right")).to_have_count(4)
            assert page.evaluate(NOT_IN_VIEW) == [], (to_do, width)
            assert page.evaluate("document.documentElement.scrollWidth") == width
        page.locator(".today summary").click()
        expect(page.get_by_role("list", name=to_do)).to_be_visible()
        assert page.evaluate(NOT_IN_VIEW), "the control"
        assert small_targets(page) == []
        assert violations(page) == []
        page.locator("button[name=language]").click()  # the menu is open, as all that folds
        page.wait_for_load_state()
    page.close()
