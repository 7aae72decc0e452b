"""A ballot with each kind of question, from a kiosk without a network and from a page without a script."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from kiosk.domain.rounds import Admission
from kiosk.domain.survey import Survey
from kiosk.domain.tally import StatementDocument
from kiosk.settings import read_settings
from tests.tools.frames import FRAME, resize
from tests.tools.guest_side import Place
from tests.tools.kinds import Form, chosen, every_kind
from tests.tools.published import statements
from tests.tools.shipped import library_for
from tests.web.guest import Counted, Guest, Serve, stop_clock, thanks
from tests.web.kept_envelopes import KEPT, come_through

pytestmark = pytest.mark.browser

CONCERNED: Form = {
    "agree": ["1"], "why": ["2"], "faces5": ["2"], "frequency5": ["4"], "yesno": ["1"], "zero_to_ten": ["11"],
    "n2": ["2"], "words": ["6"], "one": ["3"], "several": ["1", "3"],
}  # fmt: skip
"""Of a guest whose answer is followed, so that her reason counts."""

NOT_CONCERNED: Form = {
    "agree": ["5"], "why": ["0"], "faces5": ["5"], "frequency5": ["1"], "yesno": ["2"], "zero_to_ten": ["1"],
    "n2": ["1"], "words": ["7"], "one": ["1"], "several": ["none"],
}  # fmt: skip
"""Of a guest who is not asked the follow-up, and touches "I answered something else"."""

WITHOUT_SCRIPT: Form = {**CONCERNED, "agree": ["4"], "why": ["3"], "several": ["2", "3"]}
"""Of a guest who gives a reason though none is asked of her, on a page that cannot take it back."""

MOST = {
    "agree": 5, "why": 3, "faces5": 5, "frequency5": 5, "yesno": 2, "zero_to_ten": 11, "n2": 2, "words": 7,
    "one": 3, "several": 3,
}  # fmt: skip

OTHERS: list[Form] = [
    {name: [str(1 + (guest + at) % most)] for at, (name, most) in enumerate(MOST.items())}
    | ({} if guest else {"several": ["none"]})
    for guest in range(12)
]
"""Of guests whose answers differ, so that the veil withholds none."""


def survey(folder: Path) -> Survey:
    """Return a survey with a statement of each kind, in Swedish and Arabic."""
    library = library_for(read_settings({"KIOSK_DATA": str(folder)}))
    whole = every_kind(library.scales)
    asked = replace(whole, statements=tuple(whole.statement(name) for name in CONCERNED))
    arabic = library.guest["ar"].texts
    return asked.translated({"ar": {text: arabic.get(text, text) for text in asked.messages}})


def answer(guest: Guest, form: Form) -> int:
    """Answer each question of the screen, and return the number of touches that it took."""
    touches = 0
    for values in form.values():
        for value in values:
            guest.choose(value)
        guest.tap("#next")
        touches += len(values) + 1
    return touches


def counts(table: Mapping[str, StatementDocument], name: str) -> list[int]:
    """Return how many guests chose each answer of a question, as `chosen` does."""
    options = [table[column]["counts"][1] for column in table if column.startswith(f"{name}/")]
    return [table[name]["counts"][0], *options] if options else list(table[name]["counts"])


def test_a_ballot_with_each_kind_arrives_whole_with_and_without_a_network_and_a_script(
    browser: Browser, context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.page.goto(guest.address)
    guest.page.wait_for_load_state("networkidle")
    context.set_offline(True)
    asked = len(served.asked)
    touches = []
    for language, form, words in (
        ("ar", CONCERNED, "شكرًا على إجاباتك!"),
        ("sv", NOT_CONCERNED, "Tack för dina svar!"),
    ):
        guest.tap(f'[data-language="{language}"]')
        guest.tap("#start")
        touches.append(answer(guest, form))
        thanks(guest, words)
        guest.page.clock.run_for(16_000)
        expect(guest.page.locator("#picker")).to_be_visible()
    kept = guest.page.evaluate(KEPT)
    assert (len(kept), len({len(one) for one in kept})) == (2, 1)
    assert touches[0] - len(CONCERNED["several"]) == touches[1] - len(NOT_CONCERNED["several"])
    assert len(served.asked) == asked
    context.set_offline(False)
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{guest.address}/s/poster?lang=ar")
    for name, values in WITHOUT_SCRIPT.items():
        for value in values:
            page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)
    page.locator("#send").click()
    plain.close()
    for other in OTHERS:
        assert place.client.post("/s/poster", data=other).status_code == 303
    forms = [CONCERNED, NOT_CONCERNED, WITHOUT_SCRIPT, *OTHERS]
    place.store.count(place.round.closes_at)
    root = place.store.snapshot()["rounds"][0]["nodes"][0]
    table = statements(root)
    assert root["answered"] == len(forms)
    assert {name: counts(table, name) for name in CONCERNED} == {
        one.id: chosen(one, forms) for one in place.round.survey.statements
    }
    assert sum(one["withheld"] for one in table.values()) == 0, "every table is as it was answered"
    assert table["why"]["not_asked"] == sum(form["agree"] not in (["1"], ["2"]) for form in forms)


LOOK = """async () => {
    await FRAME;
    const shown = document.querySelector("fieldset:not([hidden])"), more = document.getElementById("more");
    const answers = [...shown.querySelectorAll("label:not(.skipped)")];
    const edge = () => more.hidden ? window.innerHeight : more.getBoundingClientRect().top;
    const box = (part) => part.getBoundingClientRect();
    const edges = [document.getElementById("bar"), shown.querySelector("legend"), answers[0]]
        .flatMap((part) => [box(part).top, box(part).bottom]);
    const inOrder = [0, ...edges, edge() + 1];
    const seen = new Set();
    for (const _ of answers) {
        const inView = answers.filter((one) => box(one).top > -1 && box(one).bottom < edge() + 1);
        inView.forEach((one) => seen.add(one));
        if (more.hidden) break;
        more.click();
        await FRAME;
    }
    return { name: answers[0].control.name, inOrder, unseen: answers.length - seen.size };
}""".replace("FRAME", FRAME)
"""Of the statement on the screen: the upper and lower edges of the bar, the text and the first answer, with
those of the view; and the number of answers that no press of "More answers" brought into view."""


def test_each_kind_begins_in_view_and_shows_all_answers_on_a_zoomed_kiosk(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    """At 200 % the page scrolls. The longest scale leaves an empty space on the pages of the others: below
    their answers."""
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    page = context.new_page()
    stop_clock(page)
    resize(page, 640, 400)
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    for name in CONCERNED:
        seen = page.evaluate(LOOK)
        assert seen["inOrder"] == sorted(seen["inOrder"]), name
        assert (seen["name"], seen["unseen"]) == (name, 0)
        page.locator("#skip").dispatch_event("click")
