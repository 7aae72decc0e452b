"""Mail to staff says what the results pages say, and the desk lets each person choose it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.desk.mail.contents import MailWriter
from kiosk.domain.ballot import Ballot
from kiosk.domain.mail import MailKind, MailProblem, MailState
from kiosk.domain.rounds import Protection
from kiosk.settings import MailSecurity, MailSettings
from kiosk.storage import Account, Action, MailChoice, Role
from tests.tools.desk_side import HASH, PASSWORD, START, Desk
from tests.tools.published import statements

SETTINGS = MailSettings(
    "smtp.example.org", 587, MailSecurity.STARTTLS, "", None, "kiosk@example.org", "https://personal.example"
)


def with_mail(desk: Desk) -> Desk:
    parts = desk.app.extensions["desk"]
    parts.settings = replace(parts.settings, mail=SETTINGS)
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = with_mail(Desk(tmp_path))
    yield made
    made.store.close()


@pytest.fixture(scope="module", params=list(Protection))
def two_rounds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with two closed rounds: some agree in the first one, nearly all in the second. One unit has too
    few answers."""
    made = Desk(tmp_path_factory.mktemp("desk"), is_empty=True, rng=Random(1))
    for number, options in enumerate(([1, 2, 3, 4, 5], [4, 5, 5, 5, 3])):
        opens = START + timedelta(days=number * 100)
        of_round = replace(
            made.round, id=f"r{number}", opens_at=opens, closes_at=opens + timedelta(days=90),
            protection=request.param,
        )  # fmt: skip
        made.store.open_round(of_round, opens)
        random = Random(number)
        for unit, guests in (("frida", 60), ("dagverksamheten", 45), ("talk2me", 2)):
            for _ in range(guests):
                made.store.cast(of_round.id, unit, Ballot(tuple(random.choices(options, k=4))), opens)
        made.now = of_round.closes_at
        made.store.mail_choices.set("anna", MailChoice("anna@example.org", "sv", wants_summary=True))
        made.store.count(made.now)
        made.store.store_change_index()
    yield made
    made.store.close()


def summary(desk: Desk, language: str = "sv", **changed: object) -> str:
    """The text of the mail about the latest round."""
    writer = MailWriter(desk.store, desk.app.extensions["desk"].library, "https://personal.example")
    [mail] = [one for one in desk.store.mail_queue.all() if one.about == "r1"]
    assert mail.kind is MailKind.SUMMARY
    content = writer.content(replace(mail, **changed), MailChoice("anna@example.org", language))  # type: ignore[arg-type]
    assert content
    return content.body


def shown(desk: Desk, node: str, language: str) -> str:
    """The text of the results page of the latest round at a node."""
    enter(desk, "anna")
    desk.client.post(
        "/admin/language", data={"csrf_token": desk.token("/admin/account"), "language": language}
    )
    page = desk.client.get(f"/admin/overview/r1/{node}").text
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&nbsp;", "\u00a0").split())


def strange(text: str, page: str) -> list[str]:
    """The parts of a mail about figures, between punctuation, that the page does not have."""
    lines = [line.strip() for line in text.partition("\n-- ")[0].splitlines()]
    figures = [line for line in lines if re.search(r"\d", line) and "https://" not in line]
    parts = [
        part for line in figures for part in re.split(r"(?:[:,(]|\. )\s*|\)", line) if re.search(r"\d", part)
    ]
    return [part for part in parts if " ".join(part.split()).rstrip(".") not in page]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_figure_in_a_summary_is_on_the_results_pages(two_rounds: Desk, language: str) -> None:
    text = summary(two_rounds, language)
    root = two_rounds.round.tree.root.id
    pages = " ".join(shown(two_rounds, node.id, language) for node in two_rounds.round.tree.nodes)
    assert strange(text, pages) == []
    wrong = re.sub(r"\bn = (\d+)", lambda match: f"n = {int(match[1]) + 1}", text)
    assert strange(wrong, pages), "control: a count that is too high by one is noticed"
    assert f"https://personal.example/admin/overview/r1/{root}" in text


@pytest.mark.slow
def test_every_figure_in_a_summary_follows_from_the_snapshot(two_rounds: Desk) -> None:
    text = summary(two_rounds)
    published = next(one for one in two_rounds.store.snapshot()["rounds"] if one["id"] == "r1")
    nodes = {node["id"]: node for node in published["nodes"]}
    root = nodes[two_rounds.round.tree.root.id]
    for table in statements(root).values():
        counts = table["counts"]
        percent = (200 * sum(counts[3:]) + sum(counts)) // (2 * sum(counts))
        assert f"Andel: {percent}\u00a0% (" in text
        assert f"n = {sum(counts)}" in text
    for node in two_rounds.round.tree.nodes:
        answered = nodes[node.id]["answered"]
        expected = "För få svar" if answered is None else f"{answered} gäster har svarat"
        assert f"{node.name}: {expected}" in text
    assert "Talk2Me: För få svar" in text
    assert "Ändring: Upp, åt rätt håll (" in text
    is_protected = published["protection"] == "protected"
    assert ("Skyddade siffror: varje stapel kan vara fel på" in text) is is_protected
    assert ("Exakta siffror." in text) is not is_protected


@pytest.mark.slow
def test_a_summary_of_a_round_that_is_gone_or_runs_is_not_written(two_rounds: Desk) -> None:
    writer = MailWriter(two_rounds.store, two_rounds.app.extensions["desk"].library, "")
    mail = two_rounds.store.mail_queue.all()[0]
    choice = MailChoice("anna@example.org", "xx")
    assert writer.content(replace(mail, about="cancelled"), choice) is None
    content = writer.content(mail, choice)
    assert content
    assert content.language == "sv"


def enter(desk: Desk, name: str) -> None:
    """Sign in in another browser."""
    desk.client = desk.app.test_client()
    desk.sign_in(name)


# -- the desk ----------------------------------------------------------------------------------------


def save(desk: Desk, path: str = "/admin/account/mail", page: str = "/admin/account", **fields: str) -> int:
    data = {"csrf_token": desk.token(page), "mail_language": "en", **fields}
    return desk.client.post(path, data=data).status_code


def test_a_person_chooses_mail_with_the_password(desk: Desk) -> None:
    enter(desk, "bo")
    wish = {"address": " bo@example.org ", "summary": "y", "silence": "y"}
    assert save(desk, **wish) == 400
    assert save(desk, **wish, current="wrong") == 403
    assert desk.store.mail_choices.all() == {}
    assert save(desk, **wish, current=PASSWORD) == 303
    page = desk.client.get("/admin/account").text
    assert "Mejl går till bo@example.org" in page
    assert desk.store.mail_choices.of("bo") == MailChoice("bo@example.org", "en", True, True)
    [entry] = desk.store.audit_log.entries([Action.MAIL_CHANGED])
    assert (entry.name, entry.what) == ("bo", "bo"), "the log has no address"
    assert save(desk, address="", current=PASSWORD) == 303
    assert desk.store.mail_choices.all() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    ["bo", "bo@", "@example.org", "bo@example.org, eve@example.org", "Bo <bo@example.org>", "bö@example.org",
     "bo@exa mple.org", "b" * 250 + "@example.org", "bo@example..org", '"bo"@example.org'],
)  # fmt: skip
def test_an_invalid_address_is_refused_with_an_example(desk: Desk, address: str) -> None:
    enter(desk, "bo")
    assert save(desk, address=address, current=PASSWORD) == 400
    enter(desk, "anna")
    assert save(desk, "/admin/accounts/mail", "/admin/accounts", name="bo", address=address) == 400
    data = {
        "csrf_token": desk.token("/admin/accounts"),
        "name": "bo",
        "address": address,
        "mail_language": "sv",
    }
    page = desk.client.post("/admin/accounts/mail", data=data).text
    assert "Skriv en e-postadress, till exempel anna@example.org." in page
    assert 'href="#mail-2-address"' in page
    assert desk.store.mail_choices.all() == {}


def test_a_line_break_in_an_address_does_not_reach_a_header(desk: Desk) -> None:
    enter(desk, "bo")
    assert save(desk, address="bo@example.org\r\nBcc: eve@example.org", current=PASSWORD) == 400


@pytest.mark.slow
def test_a_coordinator_changes_the_mail_of_others_and_staff_see_no_addresses(desk: Desk) -> None:
    enter(desk, "anna")
    wish = {"name": "bo", "address": "bo@example.org", "silence": "y"}
    assert save(desk, "/admin/accounts/mail", "/admin/accounts", **wish) == 303
    assert desk.store.mail_choices.of("bo") == MailChoice("bo@example.org", "en", wants_silence=True)
    assert "E-post: bo@example.org" in desk.client.get("/admin/accounts").text
    assert "bo@example.org" in desk.client.get("/admin/mail").text
    assert save(desk, "/admin/accounts/mail", "/admin/accounts", **{**wish, "name": "nobody"}) == 404
    desk.store.mail_choices.set("anna", MailChoice("anna@example.org", "sv"))
    enter(desk, "bo")
    assert save(desk, "/admin/accounts/mail", **wish) == 403
    for rule in desk.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.rule != "/admin/account":
            page = desk.client.get(rule.rule)
            assert b"anna@example.org" not in page.data, rule.rule


def test_a_viewer_is_offered_no_mail_about_kiosks(desk: Desk) -> None:
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    enter(desk, "cia")
    page = desk.client.get("/admin/account").text
    assert 'name="summary"' in page
    assert 'name="silence"' not in page


def test_a_trial_is_queued_once_in_five_minutes_and_its_outcome_is_shown(desk: Desk) -> None:
    enter(desk, "bo")
    assert save(desk, "/admin/account/mail/trial") == 409
    save(desk, address="bo@example.org", current=PASSWORD)
    assert save(desk, "/admin/account/mail/trial") == 303
    queue = desk.store.mail_queue
    [first] = queue.all()
    assert "väntar på att skickas" in desk.client.get("/admin/account").text
    save(desk, "/admin/account/mail/trial")
    assert queue.all() == [first]
    assert queue.claim(desk.now)
    queue.failed(first, MailProblem.SIGN_IN, desk.now)
    page = desk.client.get("/admin/account").text
    assert "Det senaste provmejlet väntar på ett nytt försök. E-postservern godtar inte inloggningen." in page
    queue.sent(first)
    assert "Det senaste provmejlet är skickat." in desk.client.get("/admin/account").text
    desk.now += timedelta(minutes=5)
    save(desk, "/admin/account/mail/trial")
    assert [mail.state for mail in queue.all()] == [MailState.WAITING]
    enter(desk, "anna")
    assert "bo@example.org" not in desk.client.get("/admin/account").text


def test_the_page_says_whether_mail_is_set_up(desk: Desk, tmp_path: Path) -> None:
    enter(desk, "anna")
    assert (
        "Mejl skickas från kiosk@example.org, genom smtp.example.org." in desk.client.get("/admin/mail").text
    )
    without = Desk(tmp_path / "other")
    without.sign_in("anna")
    for path in ("/admin/mail", "/admin/account"):
        assert "E-post är inte inställd" in without.client.get(path).text
    save(without, address="anna@example.org", current=PASSWORD)
    assert save(without, "/admin/account/mail/trial") == 409
    without.store.close()


def test_mail_that_was_given_up_is_on_the_start_page_until_it_is_retried_or_removed(desk: Desk) -> None:
    desk.store.mail_choices.set("bo", MailChoice("bo@example.org", "sv"))
    queue = desk.store.mail_queue
    queue.put_trial("bo", desk.now)
    [mail] = queue.all()
    queue.failed(mail, MailProblem.RECIPIENT, desk.now)
    enter(desk, "anna")
    assert "Mejl som inte gick att skicka: 1" in desk.client.get("/admin/").text
    page = desk.client.get("/admin/mail").text
    assert "Gick inte att skicka.</strong> Mottagarens adress finns inte eller är felskriven." in page
    assert save(desk, "/admin/mail/again", "/admin/mail") == 303
    assert "Mejl som inte gick att skicka" not in desk.client.get("/admin/").text
    assert save(desk, "/admin/mail/remove", "/admin/mail", id=mail.id) == 303
    assert save(desk, "/admin/mail/remove", "/admin/mail", id=mail.id) == 404
    assert queue.all() == []


@pytest.mark.parametrize("problem", list(MailProblem))
def test_every_problem_has_words_on_the_desk(desk: Desk, problem: MailProblem) -> None:
    desk.store.mail_choices.set("anna", MailChoice("anna@example.org", "sv"))
    desk.store.mail_queue.put_trial("anna", desk.now)
    [mail] = desk.store.mail_queue.all()
    desk.store.mail_queue.failed(mail, problem, desk.now)
    enter(desk, "anna")
    assert desk.client.get("/admin/mail").status_code == 200
