"""A follow-up on a kiosk: one page for every guest, and a reason that leaves with its answer."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from kiosk.domain.rounds import Admission
from kiosk.domain.survey import FOLLOW_UP_HINT, NOT_CONCERNED
from kiosk.screen.speech import build
from tests.tools.followed_statement import survey
from tests.tools.guest_side import NOW, Place
from tests.tools.published import statements
from tests.tools.speech import address_name
from tests.web.guest import Counted, Guest, Serve, thanks
from tests.web.kept_envelopes import KEPT, come_through

pytestmark = pytest.mark.browser

FOLLOW_UP = "fieldset[data-follows]"


LOOK = """() => [...document.querySelectorAll("body *")]
    .map((element) => [element, element.getBoundingClientRect(), window.getComputedStyle(element)])
    .filter(([, box, { visibility }]) => box.width && box.height && visibility === "visible")
    .map(([{ tagName, textContent }, { x, y, width, height }, style]) =>
        [tagName, textContent, x, y, width, height, style.color, style.backgroundColor, style.borderColor,
         style.opacity])"""
"""The text, place, colours and opacity of everything on the screen."""


EMPTY_FOR_OTHERS = """() => {
    const form = document.getElementById("answers"), followUp = document.querySelector("[data-follows]");
    const show = (isAsked) => followUp.querySelector(".scale").style.opacity = isAsked ? "" : "0";
    const hide = ({ target }) => {
        if (target.name === followUp.dataset.follows) show(followUp.dataset.when.includes(target.value));
    };
    form.addEventListener("change", hide);
    form.addEventListener("whole", () => { form.removeEventListener("change", hide); show(true); });
}"""
"""A leaky page: a step for every guest, in which those who are not asked see no answers; until "whole"."""


def looks(page: Page) -> list[list[list[object]]]:
    """Return what is on the screen of the follow-up after an answer that it follows, and after another."""
    seen = []
    for value in ("1", "5"):
        answer(page, value)
        expect(page.locator(FOLLOW_UP)).to_be_visible()
        expect(page.locator("#progress")).to_have_text("Fråga 2 av 2")
        group = page.get_by_role("group", name="Varför inte?")
        expect(group).to_have_accessible_description(
            "Bara om du svarade: Instämmer inte alls, Instämmer dåligt"
        )
        page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finish()))")
        seen.append(page.evaluate(LOOK))
        page.locator("#back").dispatch_event("click")
    return seen


def answer(page: Page, value: str) -> None:
    """Choose an answer on the screen by keyboard, and go on."""
    page.locator(f'fieldset:not([hidden]) input[value="{value}"]').focus()
    page.keyboard.press("Space")
    page.locator("#next").dispatch_event("click")


def test_every_guest_sees_the_same_follow_up_and_a_changed_answer_takes_its_reason(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    page = context.new_page()
    page.clock.install(time=NOW)
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    concerned, other = looks(page)
    assert concerned == other, "a bystander sees no difference"
    assert any("Jag svarade något annat" in texts for texts in other)
    page.evaluate(EMPTY_FOR_OTHERS)
    concerned, other = looks(page)
    assert concerned != other, "control: a page that is empty for those not asked"
    page.evaluate("() => document.getElementById('answers').dispatchEvent(new Event('whole'))")
    answer(page, "1")
    page.locator(f'{FOLLOW_UP} input[value="2"]').focus()
    page.keyboard.press("Space")
    page.locator("#back").dispatch_event("click")
    answer(page, "2")
    expect(page.locator(f'{FOLLOW_UP} input[value="2"]')).to_be_checked()
    page.locator("#back").dispatch_event("click")
    answer(page, "5")
    expect(page.locator(f'{FOLLOW_UP} input[value="2"]')).not_to_be_checked()
    expect(page.locator("#next")).to_be_disabled()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        answer(page, "0")
    assert "_envelope" in (sent.value.post_data or ""), "sealed, with room for the follow-up"
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")


@pytest.fixture
def guest(context: BrowserContext, serve: Serve, tmp_path: Path) -> Guest:
    """A guest at a kiosk with a follow-up and with speech in Swedish."""
    asked = survey(tmp_path)
    texts = [text for statement in asked.statements for text in (statement.text, *statement.scale.labels)]
    build(tmp_path / "speech", {"sv": [*texts, FOLLOW_UP_HINT, NOT_CONCERNED, "Vet inte"]})
    place = Place(tmp_path, frozenset(Admission), survey=asked, audio=tmp_path / "speech")
    served = Counted(place.app)
    return Guest(context.new_page(), place, served, serve(served))


def reason(guest: Guest, value: str) -> Locator:
    return guest.page.locator(f'{FOLLOW_UP} input[value="{value}"]')


def test_a_follow_up_is_read_aloud_whole_and_practised_and_a_skipped_statement_takes_its_reason(
    guest: Guest,
) -> None:
    guest.page.goto(f"{guest.address}/practice")
    guest.tap("#start")
    guest.answer("1")
    texts = guest.page.locator(
        f"{FOLLOW_UP} :is(legend, .hint .option, label:not(.skipped))"
    ).all_inner_texts()
    assert texts == [
        "Varför inte?", "Bara om du svarade:", "Instämmer inte alls", "Instämmer dåligt",
        "Ljud", "Andra gäster", "Jag svarade något annat", "Vet inte",
    ]  # fmt: skip
    guest.tap(f"{FOLLOW_UP} .speaker")
    expect(guest.page.locator(f"{FOLLOW_UP} [aria-pressed=true]")).to_have_count(1)
    expect(guest.page.locator(f"{FOLLOW_UP} [aria-pressed=true]")).to_have_count(0, timeout=60_000)
    asked = [path.rpartition("/")[2] for path in guest.served.asked if "/audio/" in path]
    assert list(dict.fromkeys(asked)) == [address_name("sv", text) for text in texts]
    guest.choose("2")
    guest.tap("#back")
    guest.tap("#skip")
    expect(reason(guest, "2")).not_to_be_checked()
    guest.answer("0")
    thanks(guest, "Övningen är slut. Inget har sparats.")
    assert "POST /" not in guest.served.asked


def test_a_kiosk_without_a_network_clears_reasons_and_sends_ballots_of_one_length(
    guest: Guest, context: BrowserContext
) -> None:
    guest.page.goto(guest.address)
    guest.tap("#start")
    context.set_offline(True)
    guest.answer("1", "2")
    thanks(guest, "Tack för dina svar!")
    guest.page.clock.run_for(16_000)
    guest.tap("#start")
    guest.answer("1")
    guest.choose("2")
    guest.tap("#back")
    guest.answer("5")
    expect(reason(guest, "2")).not_to_be_checked()
    guest.answer("0")
    thanks(guest, "Tack för dina svar!")
    kept = guest.page.evaluate(KEPT)
    assert len(kept) == 2
    assert len({len(envelope) for envelope in kept}) == 1
    context.set_offline(False)
    with guest.page.expect_navigation():
        guest.page.clock.run_for(16_000)
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    listened = guest.place.round.survey.statements[0].id
    for why in "111222":
        assert guest.place.client.post("/", data={listened: "2", "why": why}).status_code == 303
    guest.place.store.count(guest.place.round.closes_at)
    table = statements(guest.place.store.snapshot()["rounds"][0]["nodes"][0])["why"]
    assert (table["counts"], table["not_asked"]) == ([3, 4], 1)
