"""The words of the desk: a walk through every page finds no discarded word, id or digest."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest

from kiosk.domain.rounds import Admission, Round, round_id
from kiosk.operation.demonstration_report import add_outputs, publish_report
from tests.tools.desk_side import Desk
from tests.tools.earlier_figures import enter

pytestmark = pytest.mark.slow

GUESTS_TEXTS = re.compile("/preview|/languages/|/reference|/worker.js")
"""Pages that show guests' texts, or no page at all."""

PAGES_OF_AN_ENDPOINT = 2

DISCARDED = re.compile(
    r"""\b(?!i\ stället\b) (?:
        (?<!i\ )[Ss]täll(?:e|et|en|ena)s?
      | Läge | Sort | Gjorde\ vad | Med\ vad | Adresser | Frågor | Gör\ (?:en|ett)
      | ett\ brott | mer\ än\ slumpen\ brukar\ göra | [Uu]ndanhåll\w* | Utanför\ skalan
      | annat\ håll | Hörs\ den | hörs | tyst | Pappret | på\ måfå | fryser
    )\b""",
    re.VERBOSE,
)
INTERNAL = re.compile(
    r"""
        \b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b    # a digest
      | \bversion\ [0-9a-f]{8,}\b
      | \b[0-9]k\b
      | \b[a-z]{4,}_[a-z_0-9]+\b                                    # an id of a survey, statement or unit
      | \b\w+-20[0-9]{2}-[0-9]{2}-[0-9]{2}\b                      # the id of a round
    """,
    re.VERBOSE,
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with what pages show: rounds, addresses, slips, a report, earlier figures, a reply."""
    made = Desk(tmp_path_factory.mktemp("wording"), admission=frozenset(Admission))
    made.store.mark_demonstration()
    made.answer(40)
    made.now = made.round.closes_at
    made.store.count(made.now)
    running = _next(made)
    made.store.open_round(running, made.now)
    add_outputs(made.store, made.now)
    publish_report(made.store, made.app.extensions["desk"].library, made.now)
    made.sign_in()
    enter(made)
    for unit in ("frida", "talk2me"):
        _send(made, "/admin/links", unit=unit, kind="kiosk")
        _send(made, "/admin/links", unit=unit, kind="poster")
    _send(made, "/admin/walls", node="vasteras")
    _send(made, "/admin/surveys/copy", survey="ombudsmannaskap")
    _send(made, "/admin/reply/r", **{"words-sv": "Tack! Vi har nu öppet på lördagar."})
    _send(made, "/admin/links/slips", round=running.id, unit="frida", number="8", languages="sv")
    return made


def _next(desk: Desk) -> Round:
    survey = desk.round.survey
    changed = replace(survey, translations={"en": {"Jag": "I"}})
    length = desk.round.closes_at - desk.round.opens_at
    return replace(
        desk.round,
        id=round_id(survey, desk.now.date(), ()),
        survey=changed,
        opens_at=desk.now,
        closes_at=desk.now + length,
    )


def _send(desk: Desk, path: str, **data: str) -> None:
    token = desk.token("/admin/rounds/new")
    assert desk.client.post(path, data={"csrf_token": token, **data}).status_code in {200, 303}, path


def walk(desk: Desk) -> Iterator[tuple[str, str]]:
    """Yield each page's address and HTML, from link to link, some pages of each endpoint."""
    adapter = desk.app.url_map.bind("localhost")
    waiting, seen, visits = ["/admin/"], {"/admin/"}, Counter[str]()
    while waiting:
        path = waiting.pop(0)
        endpoint = adapter.match(path.partition("?")[0])[0]
        visits[endpoint] += 1
        if visits[endpoint] > PAGES_OF_AN_ENDPOINT or GUESTS_TEXTS.search(path):
            continue
        response = desk.client.get(path, follow_redirects=True)
        assert response.status_code == 200, path
        if response.mimetype != "text/html":
            continue
        yield path, response.text
        for address in re.findall(r'href="(/admin/[^"#]*)', response.text):
            address = unescape(address)
            if address not in seen and "/static/" not in address:
                seen.add(address)
                waiting.append(address)


def shown(page: str) -> str:
    """Return the words that a page shows or that are read aloud. Addresses, drawings and guests' texts in
    another language are left out."""
    page = re.sub(r"(?s)<(script|style|svg|code)\b.*?</\1>", " ", page)
    labels = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', page)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *labels]))


@pytest.fixture(scope="module")
def pages(desk: Desk) -> dict[str, str]:
    return {path: shown(page) for path, page in walk(desk)}


def test_the_walk_visits_every_kind_of_page(desk: Desk, pages: dict[str, str]) -> None:
    rules = desk.app.url_map.iter_rules()
    plain = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments}
    left = {path for path in plain if path.startswith("/admin/")} - {path.partition("?")[0] for path in pages}
    assert left == {"/admin/sign-in", "/admin/sign-in/code", "/admin/count/worker.js", "/admin/reference",
                    "/admin/overview", "/admin/export/data-package.zip", "/admin/activities.csv",
                    "/admin/api/results.json", "/admin/api/export/data-package.zip"}  # fmt: skip


@pytest.mark.parametrize("pattern", [DISCARDED, INTERNAL], ids=["discarded words", "ids and digests"])
def test_no_page_shows_a_word_that_was_replaced_or_an_internal_id(
    pages: dict[str, str], pattern: re.Pattern[str]
) -> None:
    hits = {path: [match.group() for match in pattern.finditer(text)] for path, text in pages.items()}
    assert {path: words for path, words in hits.items() if words} == {}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Alla ställen", DISCARDED), ("Läge", DISCARDED), ("Undanhållna", DISCARDED), ("tyst", DISCARDED),
        ("version 6aa20b08ac", INTERNAL), ("minst 2k lappar", INTERNAL),
        ("ombudsmannaskap-2026-03-02", INTERNAL), ("ombudsmannaskap_2", INTERNAL),
    ],
)  # fmt: skip
def test_the_patterns_find_what_was_replaced(text: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(text)
    assert not pattern.search("Visa i stället 8 svar från version 2, den 2026-03-02")
