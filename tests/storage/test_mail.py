"""The queue of mail to staff: once per event, tried again with longer and longer waits, and gone with the
account. A kiosk is silent if it had no contact from one count to the next, on a working day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.mail import LEASE, LIFETIME, WAITS, MailKind, MailProblem, MailState
from kiosk.domain.rounds import Admission
from kiosk.storage import SERVER, Account, MailChoice, Role, Store, tables
from tests.tools.builders import MONDAY, a_round, a_store, closed, tree

COUNT = MONDAY.replace(hour=17)
DAY = timedelta(days=1)
BOTH = MailChoice("anna@example.org", "sv", wants_summary=True, wants_silence=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An installation with a coordinator, staff and a viewer who want all mail, and a round of 90 days."""
    made = a_store(tmp_path)
    for name, role in (("anna", Role.COORDINATOR), ("bo", Role.STAFF), ("cia", Role.VIEWER)):
        made.accounts.set(Account(name, role, "hash"))
        made.mail_choices.set(name, replace(BOTH, address=f"{name}@example.org"))
    made.accounts.set(Account("dag", Role.COORDINATOR, "hash"))
    made.open_round(a_round(tree("a", "b")), MONDAY - DAY)
    yield made
    made.close()


def queued(store: Store) -> list[tuple[str, str, str]]:
    return sorted((mail.name, mail.kind, mail.about) for mail in store.mail_queue.all())


def test_a_closing_queues_one_summary_for_each_account_that_wants_it(store: Store) -> None:
    store.count(COUNT)
    assert queued(store) == []
    of_round = store.rounds()[0].round
    closed(store, of_round)
    expected = [(name, "summary", "r") for name in ("anna", "bo", "cia")]
    assert queued(store) == expected
    store.count(of_round.closes_at)
    store.count(of_round.closes_at + DAY)
    assert queued(store) == expected


def test_a_demonstration_queues_no_mail(store: Store) -> None:
    store.mark_demonstration()
    closed(store, store.rounds()[0].round)
    assert queued(store) == []


def test_a_closing_that_fails_queues_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store._snapshots, "put", fail)
    with pytest.raises(OSError, match="disk full"):
        store.count(store.rounds()[0].round.closes_at)
    assert queued(store) == []


def test_a_mail_belongs_to_one_process_until_its_lease_ends(store: Store) -> None:
    store.mail_queue.put_trial("anna", COUNT)
    claimed = store.mail_queue.claim(COUNT)
    assert claimed
    assert claimed[1].address == "anna@example.org"
    assert store.mail_queue.claim(COUNT + LEASE - timedelta(seconds=1)) is None
    again = store.mail_queue.claim(COUNT + LEASE)
    assert again
    assert again[0].id == claimed[0].id


def test_a_mail_is_tried_again_with_longer_waits_and_then_given_up(store: Store) -> None:
    store.mail_queue.put_trial("anna", COUNT)
    now, tries = COUNT, 0
    while claimed := store.mail_queue.claim(now):
        store.mail_queue.failed(claimed[0], MailProblem.TIME_OUT, now)
        tries += 1
        [mail] = store.mail_queue.all()
        if mail.state is MailState.WAITING:
            assert mail.next_try == now + WAITS[tries - 1]
            assert store.mail_queue.claim(mail.next_try - timedelta(seconds=1)) is None
        now = mail.next_try + timedelta(seconds=1)
    [mail] = store.mail_queue.all()
    assert (mail.state, mail.problem, tries) == (MailState.GIVEN_UP, "time_out", len(WAITS) + 1)
    store.mail_queue.try_again(now)
    assert store.mail_queue.claim(now)


def test_a_recipient_who_is_refused_for_good_is_not_tried_again(store: Store) -> None:
    store.mail_queue.put_trial("anna", COUNT)
    claimed = store.mail_queue.claim(COUNT)
    assert claimed
    store.mail_queue.failed(claimed[0], MailProblem.RECIPIENT, COUNT)
    assert [mail.state for mail in store.mail_queue.all()] == [MailState.GIVEN_UP]


def test_queued_mail_is_deleted_with_the_account_or_address_and_when_unwanted(store: Store) -> None:
    closed(store, store.rounds()[0].round)
    assert store.accounts.remove("bo")
    assert "bo" not in store.mail_choices.all()
    store.mail_choices.set("cia", MailChoice())
    assert {name for name, _, _ in queued(store)} == {"anna"}
    store.mail_choices.set("anna", replace(BOTH, wants_summary=False))
    assert store.mail_queue.claim(COUNT + 90 * DAY) is None
    assert queued(store) == []


def test_mail_past_its_lifetime_is_deleted_unsent(store: Store) -> None:
    closed(store, of_round := store.rounds()[0].round)
    assert store.mail_queue.claim(of_round.closes_at + LIFETIME + DAY) is None
    assert queued(store) == []


def test_a_trial_replaces_the_previous_one_and_is_kept_as_sent(store: Store) -> None:
    store.mail_queue.put_trial("anna", COUNT)
    store.mail_queue.put_trial("anna", COUNT + DAY)
    claimed = store.mail_queue.claim(COUNT + DAY)
    assert claimed
    store.mail_queue.sent(claimed[0])
    trial = store.mail_queue.trial_of("anna")
    assert trial
    assert trial.state is MailState.SENT
    assert len(store.mail_queue.all()) == 1


# -- silent kiosks -----------------------------------------------------------------------------------


class Week:
    """An installation, counted daily at 17. `hear` says which kiosks were in contact after the last count."""

    def __init__(self, store: Store, tick: datetime = COUNT) -> None:
        self.store, self.tick = store, tick
        store.count(tick)

    def day(self, *heard: str, is_server_up: bool = True) -> list[str]:
        """Count a day later. Returns the codes that new mail is about, once for each account."""
        before = {mail.id for mail in self.store.mail_queue.all()}
        self.store.kiosk_contacts.note([*heard, *([SERVER] if is_server_up else [])], self.tick)
        self.tick += DAY
        self.store.count(self.tick)
        new = [mail for mail in self.store.mail_queue.all() if mail.id not in before]
        assert {mail.name for mail in new} <= {"anna", "bo"}, "a viewer pairs no kiosks"
        assert all(mail.kind is MailKind.SILENCE for mail in new)
        return sorted({code for mail in new for code in mail.ids})


@pytest.fixture
def week(store: Store) -> Week:
    for code, unit in (("one", "a"), ("two", "b")):
        store.links.add(Admission.KIOSK, unit, code=code)
    store.links.add(Admission.POSTER, "a", code="poster")
    return Week(store)


def test_a_silence_gives_one_mail_however_long_it_lasts(week: Week) -> None:
    assert week.day("one", "two") == []
    assert week.day("one") == ["two"]
    assert week.day("one") == []
    assert week.day("one", "two") == []
    assert week.day("one", "two") == []


def test_a_new_silence_gives_a_new_mail(week: Week) -> None:
    assert week.day("one", "two") == []
    assert week.day("one") == ["two"]
    assert week.day("one", "two") == []
    assert week.day("one") == ["two"]


def test_kiosks_that_fall_silent_together_are_in_one_mail(week: Week) -> None:
    week.day("one", "two")
    assert week.day() == ["one", "two"]
    assert sorted(mail.name for mail in week.store.mail_queue.all()) == ["anna", "bo"]


def test_a_new_kiosk_is_not_reported_silent_at_its_first_count(week: Week) -> None:
    week.day("one", "two")
    week.store.links.add(Admission.KIOSK, "a", code="new")
    assert week.day("one", "two") == []
    assert week.day("one", "two") == ["new"]


def test_a_removed_kiosk_is_not_reported_silent(week: Week) -> None:
    week.day("one", "two")
    week.store.links.remove("two")
    assert week.day("one") == []


def test_no_kiosk_is_reported_silent_at_weekends(week: Week) -> None:
    for _ in range(4):  # Tuesday to Friday
        assert week.day("one", "two") == []
    assert week.tick.weekday() == 4
    assert week.day("one") == []  # Saturday
    assert week.day("one") == []  # Sunday
    assert week.day("one") == ["two"]  # Monday


def test_no_kiosk_is_reported_silent_while_the_server_was_down(week: Week) -> None:
    week.day("one", "two")
    assert week.day(is_server_up=False) == []
    assert week.day("one") == ["two"]


def test_a_kiosk_without_a_running_round_is_not_reported_silent(store: Store) -> None:
    store.links.add(Admission.KIOSK, "elsewhere", code="other")
    week = Week(store)
    assert [week.day() for _ in range(4)] == [[]] * 4
    of_round = replace(a_round(tree("elsewhere")), id="later", opens_at=week.tick + timedelta(hours=1))
    store.open_round(replace(of_round, closes_at=of_round.opens_at + 30 * DAY), week.tick)
    assert week.day() == [], "the round is younger than the count before"
    tuesday = week.tick + (8 - week.tick.weekday()) % 7 * DAY
    days = [week.day() for _ in range((tuesday - week.tick).days + 1)]
    assert [codes for codes in days if codes] == [["other"]]


def test_a_contact_is_stored_by_count_not_by_time_and_in_no_backup(week: Week) -> None:
    week.day("one")
    rows = week.store.dump()
    assert "kiosk_contact" not in rows
    assert "outgoing_mail" not in rows
    contacts = week.store._database.rows(tables.KioskContact.select())
    assert {after for _, after, _ in contacts} <= {(COUNT + n * DAY).isoformat() for n in range(3)}


@pytest.mark.parametrize("kind", MailKind)
def test_an_account_without_an_address_gets_no_mail_of_any_kind(kind: MailKind) -> None:
    choice = MailChoice(address="", wants_summary=True, wants_silence=True)
    assert not choice.wants(kind, Role.COORDINATOR)
    assert replace(choice, address="anna@example.org").wants(kind, Role.COORDINATOR)
