"""E-mail to staff: who wants which mail, the queue of mail to send, and the contact with kiosks.

A mail has no text here: it is written from the published figures when it is sent. The queue and the contact
are in no backup.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.mail import (
    LEASE,
    LIFETIME,
    MailKind,
    MailProblem,
    MailState,
    is_working_day,
    next_try,
)
from kiosk.domain.rounds import Admission, Round
from kiosk.storage import tables
from kiosk.storage.accounts import NoAccountError, Role
from kiosk.storage.database import Database, Row, StoreError
from kiosk.storage.links import Links
from kiosk.storage.sealed_rows import Writer, one_write

SERVER = ""
"""Code of the server itself among the codes of kiosks in `KioskContacts`. Its row has the last count after
which the server ran for LEAST_LISTENING (`kiosk.domain.mail`)."""


@dataclass(frozen=True)
class MailChoice:
    """An account's e-mail address, the code of its mail's language, and the kinds of mail that it wants:
    summaries of closed rounds, and silent kiosks. An `address` of "" means no mail."""

    address: str = ""
    language: str = ""
    wants_summary: bool = False
    wants_silence: bool = False

    def wants(self, kind: MailKind, role: Role) -> bool:
        """Return whether an account with this role and this choice gets a kind of mail. Viewers, who pair no
        kiosks, get no mail about silent ones. A trial goes to every address."""
        if not self.address:
            return False
        if kind is MailKind.SILENCE:
            return self.wants_silence and role is not Role.VIEWER
        return kind is MailKind.TRIAL or self.wants_summary


@dataclass(frozen=True)
class OutgoingMail:
    """A queued mail to the account `name`.

    `about` is the id of a closed round, or the codes of silent kiosks with a space between; "" for a trial, a
    mail with which a person tests the address. `tries` counts the tries that have begun, since the last
    `MailQueue.try_again`. Times are local and naive. `problem` is the MailProblem of the last failed try, ""
    before it.
    """

    id: str
    name: str
    kind: MailKind
    about: str
    state: MailState
    tries: int
    queued_at: datetime
    next_try: datetime
    problem: str

    @property
    def ids(self) -> list[str]:
        """The id of the round, or the codes of the kiosks, that the mail is about; empty for a trial."""
        return self.about.split()


class MailChoices:
    """The rows of people's choices. An account without a row gets no mail."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def of(self, name: str) -> MailChoice:
        """Return an account's choice; one without an address if it made none."""
        return self.all().get(name, MailChoice())

    def all(self) -> dict[str, MailChoice]:
        """Return account name -> choice, sorted by name, for accounts with an address."""
        row = tables.MailChoice
        rows = self._database.rows(
            row.select(row.name, row.address, row.language, row.summary, row.silence).order_by(row.name)
        )
        return {
            name: MailChoice(address, language, bool(summary), bool(silence))
            for name, address, language, summary, silence in rows
        }

    @one_write
    def set(self, name: str, choice: MailChoice) -> None:
        """Replace an account's choice, whose values the caller has checked. A choice without an address is
        not stored, and the account's queued mail is deleted. Raises NoAccountError if there is no such
        account."""
        account = tables.Account
        if self._database.row(account.select(account.name).where(account.name == name)) is None:
            raise NoAccountError(name)
        row, queued = tables.MailChoice, tables.OutgoingMail
        self._database.run(row.delete().where(row.name == name))
        if not choice.address:
            self._database.run(queued.delete().where(queued.name == name))
            return
        self._database.run(
            row.insert(
                name=name,
                address=choice.address,
                language=choice.language,
                summary=int(choice.wants_summary),
                silence=int(choice.wants_silence),
            )
        )


class MailQueue:
    """The rows of queued mail. All times are local and naive."""

    def __init__(self, database: Database, writer: Writer, choices: MailChoices) -> None:
        self._database = database
        self._writer = writer
        self._choices = choices

    def put(self, kind: MailKind, about: Collection[str], at: datetime) -> None:
        """Queue a mail of this kind for each account that wants it (`MailChoice.wants`), to be sent from `at`
        on. `about` has the id of a closed round or the codes of silent kiosks. The caller holds a write."""
        for name, role in self._roles().items():
            if self._choices.of(name).wants(kind, role):
                self._insert(name, kind, about, at)

    def _roles(self) -> dict[str, Role]:
        row = tables.Account
        rows = self._database.rows(row.select(row.name, row.role).order_by(row.name))
        return {name: Role(role) for name, role in rows}

    def _insert(self, name: str, kind: MailKind, about: Collection[str], at: datetime) -> None:
        moment = _text(at)
        self._database.run(
            tables.OutgoingMail.insert(
                id=secrets.token_hex(16),
                name=name,
                kind=kind.value,
                about=" ".join(about),
                state=MailState.WAITING.value,
                tries=0,
                queued_at=moment,
                next_try=moment,
                problem="",
            )
        )

    @one_write
    def put_trial(self, name: str, at: datetime) -> None:
        """Queue a trial for the account `name`, to be sent from `at` (now) on, in place of its previous one,
        sent or not. `claim` deletes it if the account has no address by then."""
        row = tables.OutgoingMail
        self._database.run(row.delete().where(row.name == name, row.kind == MailKind.TRIAL.value))
        self._insert(name, MailKind.TRIAL, (), at)

    def all(self) -> list[OutgoingMail]:
        """Return all mail of the queue, the earliest queued first, with mail that was given up and trials
        that were sent."""
        row = tables.OutgoingMail
        return [_mail(values) for values in self._database.rows(_QUEUED.order_by(row.queued_at, row.id))]

    def trial_of(self, name: str) -> OutgoingMail | None:
        """Return an account's trial, of which there is at most one; None if there is none."""
        row = tables.OutgoingMail
        values = self._database.row(_QUEUED.where(row.name == name, row.kind == MailKind.TRIAL.value))
        return _mail(values) if values else None

    def claim(self, now: datetime) -> tuple[OutgoingMail, MailChoice] | None:
        """Return the mail that has been due for longest and its recipient's choice, and count this try in its
        row; None if none is due. `tries` of the returned mail is the number before this try.

        No other process gets the mail for LEASE (`kiosk.domain.mail`): report the result by `sent` or
        `failed`. Due mail that is older than LIFETIME, or that its recipient does not want any more, is
        deleted instead of returned.
        """
        return self._claim(now) if self._due(now) else None

    def _due(self, now: datetime) -> list[OutgoingMail]:
        row = tables.OutgoingMail
        due = _QUEUED.where(row.state == MailState.WAITING.value, row.next_try <= _text(now))
        return [_mail(values) for values in self._database.rows(due.order_by(row.next_try, row.id))]

    @one_write
    def _claim(self, now: datetime) -> tuple[OutgoingMail, MailChoice] | None:
        """Do the write of `claim`."""
        row, roles = tables.OutgoingMail, self._roles()
        for mail in self._due(now):
            choice = self._choices.of(mail.name)
            is_wanted = mail.name in roles and choice.wants(mail.kind, roles[mail.name])
            if not is_wanted or now - mail.queued_at > LIFETIME:
                self._database.run(row.delete().where(row.id == mail.id))
                continue
            changed = {row.tries: mail.tries + 1, row.next_try: _text(now + LEASE)}
            self._database.run(row.update(changed).where(row.id == mail.id))
            return mail, choice
        return None

    @one_write
    def sent(self, mail: OutgoingMail) -> None:
        """Delete a claimed mail that was sent. A trial is kept, as sent. A mail that was removed meanwhile
        changes nothing."""
        row = tables.OutgoingMail
        if mail.kind is MailKind.TRIAL:
            changed = {row.state: MailState.SENT.value, row.problem: ""}
            self._database.run(row.update(changed).where(row.id == mail.id))
        else:
            self._database.run(row.delete().where(row.id == mail.id))

    @one_write
    def failed(self, mail: OutgoingMail, problem: MailProblem, now: datetime) -> None:
        """Store why a claimed mail was not sent, and when it is tried again, or that it is given up: after
        the last of WAITS, and if its recipient was refused for good (`kiosk.domain.mail.next_try`). `mail` is
        as `claim` returned it; if it was removed meanwhile, nothing changes."""
        row, later = tables.OutgoingMail, next_try(problem, mail.tries + 1, now)
        state = MailState.WAITING if later else MailState.GIVEN_UP
        changed = {row.problem: problem.value, row.state: state.value, row.next_try: _text(later or now)}
        self._database.run(row.update(changed).where(row.id == mail.id))

    @one_write
    def try_again(self, now: datetime) -> None:
        """Make all mail due that waits or was given up, as if it were queued at `now` and never tried; its
        last problem stays. A mail that is being sent now may arrive twice."""
        row = tables.OutgoingMail
        changed = {
            row.state: MailState.WAITING.value,
            row.tries: 0,
            row.queued_at: _text(now),
            row.next_try: _text(now),
        }
        self._database.run(row.update(changed).where(row.state != MailState.SENT.value))

    @one_write
    def remove(self, mail_id: str) -> bool:
        """Delete a mail of the queue, whatever its state. Returns False if there is none with this id."""
        row = tables.OutgoingMail
        is_there = mail_id in {mail.id for mail in self.all()}
        self._database.run(row.delete().where(row.id == mail_id))
        return is_there


_QUEUED = tables.OutgoingMail.select(
    tables.OutgoingMail.id,
    tables.OutgoingMail.name,
    tables.OutgoingMail.kind,
    tables.OutgoingMail.about,
    tables.OutgoingMail.state,
    tables.OutgoingMail.tries,
    tables.OutgoingMail.queued_at,
    tables.OutgoingMail.next_try,
    tables.OutgoingMail.problem,
)


def _mail(row: Row) -> OutgoingMail:
    mail_id, name, kind, about, state, tries, queued_at, retried_at, problem = row
    return OutgoingMail(
        mail_id,
        name,
        MailKind(kind),
        about,
        MailState(state),
        tries,
        datetime.fromisoformat(queued_at),
        datetime.fromisoformat(retried_at),
        problem,
    )


def _text(moment: datetime) -> str:
    """Return a local time as text, to the second, whose order is that of time."""
    return moment.isoformat(timespec="seconds")


class KioskContacts:
    """Between which counts each kiosk was last in contact, and whether mail about its silence was queued.

    A period between two counts is named by the count before it. Nothing finer is stored, so that the rows do
    not show at which times of a day a kiosk was used.
    """

    def __init__(self, database: Database, writer: Writer, links: Links) -> None:
        self._database = database
        self._writer = writer
        self._links = links

    @one_write
    def note(self, codes: Iterable[str], after: datetime) -> None:
        """Store that the kiosks with these codes were in contact after the count of the tick `after`, and end
        their silence. With the code SERVER: that the server ran for LEAST_LISTENING (`kiosk.domain.mail`)
        after that count."""
        for code in codes:
            self._set(code, after, is_reported=False)

    def _set(self, code: str, after: datetime, *, is_reported: bool) -> None:
        row = tables.KioskContact
        insert = row.insert(code=code, after_count=_text(after), is_reported=int(is_reported))
        self._database.run(
            insert.on_conflict(conflict_target=[row.code], preserve=[row.after_count, row.is_reported])
        )

    def silent(self) -> frozenset[str]:
        """Return the codes of the kiosks about whose silence mail was queued, and which were not in contact
        since. A removed kiosk's code stays until the next count."""
        row = tables.KioskContact
        return frozenset(
            code for (code,) in self._database.rows(row.select(row.code).where(row.is_reported == 1))
        )

    def record_newly_silent(
        self, previous: datetime | None, tick: datetime, running: Iterable[Round]
    ) -> list[str]:
        """Return the codes of the kiosks that were silent from the count of the tick `previous` to that of
        `tick`, and mark them, so that each silence is returned once. The caller holds a write.

        Empty on Saturdays and Sundays, at the first count (`previous` is None), and if the server itself did
        not run for LEAST_LISTENING since the previous count. A kiosk is left out unless its unit has a round
        for kiosks that runs since the previous count: a kiosk that nobody needs may be switched off.
        `running` are the rounds that run at `tick`. A kiosk that is new, or that no round needs, is recorded
        as in contact since `previous`. Rows of removed kiosks are deleted.
        """
        rows = tables.KioskContact
        known = {
            code: (after, bool(reported))
            for code, after, reported in self._database.rows(
                rows.select(rows.code, rows.after_count, rows.is_reported)
            )
        }
        kiosks = {link.code: link for link in self._links.all() if link.admission is Admission.KIOSK}
        for code in known.keys() - kiosks.keys() - {SERVER}:
            self._database.run(rows.delete().where(rows.code == code))
        if previous is None:
            return []
        needed = {
            unit
            for of_round in running
            if Admission.KIOSK in of_round.admission and of_round.opens_at <= previous
            for unit in of_round.tree.leaves
        }
        is_conclusive = is_working_day(tick) and known.get(SERVER, ("", False))[0] >= _text(previous)
        silent = []
        for code, link in kiosks.items():
            after, is_reported = known.get(code, ("", False))
            if not after or link.unit_id not in needed:
                # A new kiosk has until the next count, and so has one that is needed again.
                self._set(code, previous, is_reported=False)
            elif is_conclusive and after < _text(previous) and not is_reported:
                self._set(code, datetime.fromisoformat(after), is_reported=True)
                silent.append(code)
        return silent


class NoMailError(StoreError):
    """There is no mail with this id in the queue."""

    def __init__(self, mail_id: str) -> None:
        super().__init__(f"there is no queued mail {mail_id!r}; see: kiosk mail list")
