"""Attack 10: mail to staff reveals more than the snapshot, by its content, its time or its number.

Mail about a closed round and a silent kiosk is written before and after ballots that are not counted arrive,
as in attack 9. Not a byte may differ, and no mail may be queued by a guest.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kiosk.desk.mail.contents import MailContent, MailWriter
from kiosk.domain.mail import MailKind
from kiosk.domain.rounds import Round
from kiosk.library.library import read_library
from kiosk.library.trees import flat_tree
from kiosk.operation.mail.smtp import MailHeaders, as_message
from kiosk.storage import SERVER, MailChoice, OutgoingMail, Store
from tests.attack.finding import Finding, Scale
from tests.attack.views import OPENING, STEPS, House, _box_size

TICK = OPENING + timedelta(days=1, hours=8)
"""The count that closes the earlier round."""

CHOICES = {
    name: MailChoice(f"{name}@example.org", language, wants_summary=True, wants_silence=True)
    for name, language in (("anna", "sv"), ("bo", "en"))
}


@dataclass(frozen=True)
class LeakyWriter(MailWriter):
    """The control: a mail also says how many ballots wait at a unit."""

    house: House

    def content(self, mail: OutgoingMail, choice: MailChoice) -> MailContent | None:
        """Return a content with the number of uncounted ballots."""
        content = super().content(mail, choice)
        number = _box_size(self.house.settings, "r")
        return content and replace(content, body=f"{content.body}{number} wait")


def prepare(house: House) -> None:
    """Close an earlier round of another unit, and let the kiosks fall silent. Both queue mail."""
    for name, choice in CHOICES.items():
        house.store.mail_choices.set(name, choice)
    before = OPENING - timedelta(days=30)
    earlier = Round(
        "earlier", house.round.survey, flat_tree(["garden"]), 5, before, OPENING + timedelta(hours=9),
        house.round.admission,
    )  # fmt: skip
    house.store.open_round(earlier, before)
    tick = TICK
    house.store.count(tick)
    while not any(mail.kind is MailKind.SILENCE for mail in house.store.mail_queue.all()):
        house.store.kiosk_contacts.note([SERVER], tick)
        tick += timedelta(days=1)
        house.store.count(tick)


def mails(writer: MailWriter) -> dict[str, bytes]:
    """Return every queued mail as it would be sent now, and the queue itself."""
    queue = writer.store.mail_queue.all()
    sent_at = datetime(2026, 3, 2, 17)
    written = {"the queue": repr(queue).encode()}
    for mail in queue:
        choice = CHOICES[mail.name]
        content = writer.content(mail, choice)
        if content is not None:
            headers = MailHeaders("kiosk@example.org", choice.address, mail.id, sent_at)
            written[f"{mail.kind} to {mail.name}"] = as_message(content, headers).as_bytes()
    return written


def _queue_at_ballots(store: Store) -> None:
    """Make the control's store queue mail whenever a guest answers."""
    cast, writing = store.cast, store._writer

    def leaky(round_id: str, unit_id: str, *more: object) -> None:
        cast(round_id, unit_id, *more)  # type: ignore[arg-type]
        with writing.write():
            store.mail_queue.put(MailKind.SILENCE, [unit_id], TICK)

    patch.object(store, "cast", leaky).start()


def run(scale: Scale) -> list[Finding]:
    del scale
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        prepare(house)
        library = read_library(house.settings)
        writer = MailWriter(house.store, library, "https://personal.example.org")
        leaky_writer = LeakyWriter(house.store, library, "https://personal.example.org", house)
        before, leaky_before = mails(writer), mails(leaky_writer)
        changes, noticed = set[str](), set[str]()
        for step in STEPS:
            for act in step:
                act(house)
            after, leaky_after = mails(writer), mails(leaky_writer)
            changes |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            noticed |= {name for name in leaky_after if leaky_before.get(name) != leaky_after[name]}
        _queue_at_ballots(house.store)
        house.come(1, "frida")
        patch.stopall()
        is_time_noticed = mails(writer)["the queue"] != before["the queue"]
        house.store.close()
    written = before.keys() - {"the queue"}
    return [
        Finding(
            f"mail: {len(written)} mails about a closed round and silent kiosks, before and after ballots "
            "that are not counted: plain, by slip, sealed, marked, rapid and refused",
            f"{len(changes)} changed",
            "0",
            not changes and len(written) == 2 * len(CHOICES),
            f"mail that tells how many ballots wait: {len(noticed)} changed",
            noticed == written,
        ),
        Finding(
            "mail: mails that guests' acts queue, by which their time would be known",
            f"{int('the queue' in changes)} changes of the queue",
            "0",
            "the queue" not in changes,
            f"a program that queues a mail at each ballot: {'noticed' if is_time_noticed else 'not noticed'}",
            is_time_noticed,
        ),
    ]
