"""The texts of mail to staff: plain text, in the recipient's language, from the published figures only.

The sentences about figures are those of the results pages, so that a mail never says anything else.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiosk.desk.i18n import in_a_row, in_language, period, translate
from kiosk.desk.place_names import place_name
from kiosk.desk.respondents import forms
from kiosk.desk.results.findings import missing
from kiosk.desk.results.overview import Entry, overview_of
from kiosk.desk.results.published import Snapshot
from kiosk.domain.mail import MailKind
from kiosk.domain.name_order import name_key
from kiosk.domain.results import answered, row
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.snapshot import Document
from kiosk.library.catalogues import REFERENCE, Catalogue
from kiosk.library.library import Library
from kiosk.storage import MailChoice, OutgoingMail, RoundState, Store

LONGEST_SUBJECT_CHARACTERS = 150
"""Most characters of a subject, the ellipsis of a cut one included."""

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
"""Bidirectional classes of Unicode (UAX 9): letters that are written from right to left, and Arabic
digits."""

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


@dataclass(frozen=True)
class MailContent:
    """The content of a mail: a subject of one line (`as_subject`), the plain text, and the code of the
    language of both."""

    subject: str
    body: str
    language: str


@dataclass(frozen=True)
class MailWriter:
    """Writes mail from the published figures of an installation. `desk_address` is the desk's public address
    without /admin/, such as "https://personal.example.org"."""

    store: Store
    library: Library
    desk_address: str

    def content(self, mail: OutgoingMail, choice: MailChoice) -> MailContent | None:
        """Return the content of a queued mail, in the language of `choice` or, if the desk lacks it, in
        Swedish.

        None if there is nothing to tell: no round of a summary is closed, or the silent kiosks are in contact
        again or removed. A trial mail always has a content.
        """
        catalogue = self._catalogue(choice.language)
        write = {
            MailKind.SUMMARY: self._summary,
            MailKind.SILENCE: self._silence,
            MailKind.TRIAL: self._trial,
        }
        with in_language(catalogue):
            written = write[mail.kind](mail.ids)
            if written is None:
                return None
            subject, paragraphs = written
            return MailContent(as_subject(subject), self._text(paragraphs), catalogue.language.code)

    def _catalogue(self, language: str) -> Catalogue:
        desk = self.library.desk
        return desk[language if language in desk else REFERENCE]

    def _text(self, paragraphs: Sequence[str]) -> str:
        """Return the paragraphs, empty ones left out, and below them the reason why the recipient gets
        mail."""
        reason = translate("Du får det här mejlet för att det är valt för ditt konto. Ändra det här:")
        parts = [*filter(None, paragraphs), f"-- \n{reason}\n{self.desk_address}/admin/account#mail"]
        return "\n\n".join(parts) + "\n"

    def _link(self, words: str, page: str) -> str:
        """Return two lines: the words, and the address of a desk page (`page`: its path below /admin/)."""
        return f"{words}\n{self.desk_address}/admin/{page}"

    # -- after a round's closing -----------------------------------------------------------------

    def _summary(self, ids: Sequence[str]) -> tuple[str, list[str]] | None:
        """Return (subject, paragraphs) about the latest closed one of the rounds with these ids; None if none
        is closed."""
        states = self.store.rounds()
        state = next((state for state in states if state.round.id in ids and state.is_closed), None)
        if state is None:
            return None
        of_round = state.round
        title = one_line(of_round.title)
        subject = translate("Omgången är avslutad och räknad: {title}", title=title)
        return subject, list(self._about_round(states, state))

    def _about_round(self, states: Sequence[RoundState], state: RoundState) -> Iterator[str]:
        """Yield the paragraphs about a closed round, which is `state`; `states` are all rounds, the latest
        first. A paragraph may be empty."""
        of_round, root = state.round, state.round.tree.root.id
        snapshot = Snapshot(self.store.snapshot_text(), self.store.change_index())
        overview = overview_of(snapshot, states, state, root)
        yield "\n".join((isolated(of_round.title), period(of_round)))
        yield "\n".join(self._places(snapshot.document, of_round))
        yield overview.headline
        for entry in overview.entries:
            yield "\n".join(_statement(entry))
        yield " ".join((*overview.counted, *overview.compared_rounds, *overview.protection))
        if Admission.POSTER in of_round.admission:
            yield translate(
                "Omgången tog emot svar från affischer. Där hindrade inget att samma person svarade flera "
                "gånger."
            )
        yield self._link(translate("Alla resultat:"), f"overview/{of_round.id}/{root}")

    def _places(self, document: Document, of_round: Round) -> Iterator[str]:
        """Yield a line for each node of the round's tree, indented by its depth: its name, and the number of
        guests who answered, or the reason why it is not shown."""
        for node in of_round.tree.nodes:
            depth = len(of_round.tree.upwards(node.id))
            number = answered(document, of_round, node.id)
            if number is None:
                shown = missing(row(document, of_round, node.id, of_round.survey.statements[0]))
            else:
                people = forms(self.library.respondent(of_round.tree, node.id))
                shown = translate("{n} {people} har svarat", n=number, people=people.several)
            yield f"{'  ' * (depth - 1)}{isolated(node.name)}: {shown}"

    # -- silent kiosks ---------------------------------------------------------------------------

    def _silence(self, ids: Sequence[str]) -> tuple[str, list[str]] | None:
        """Return (subject, paragraphs) about those of the kiosks with these codes that are still silent; None
        if none is."""
        silent = self.store.kiosk_contacts.silent()
        links = [link for link in self.store.links.all() if link.code in ids and link.code in silent]
        if not links:
            return None
        names = {link.unit_id: place_name(link.unit_id, self.library, self.store) for link in links}
        units = sorted(map(one_line, set(names.values())), key=name_key)
        subject = translate("Kiosk utan kontakt: {units}", units=in_a_row(units))
        kiosks = "\n".join(
            translate(
                "{unit}, kiosken vars adress slutar på {ending}",
                unit=isolated(names[link.unit_id]),
                ending=link.code_ending,
            )
            for link in links
        )
        return subject, [
            translate(
                "Servern har inte haft kontakt med de här kioskerna under en hel arbetsdag, från en räkning "
                "till nästa:"
            ),
            kiosks,
            translate(
                "Skärmen kan vara avstängd eller sakna nät. Gå till den och se efter. Ska den inte användas "
                "mer: stäng dess adress."
            ),
            translate("Svar som redan har lämnats ligger kvar i skärmen och skickas när den får nät."),
            translate("Du får inget mer mejl om detta förrän kiosken har haft kontakt igen."),
            self._link(translate("Alla kiosker:"), "links"),
        ]

    # -- a trial ---------------------------------------------------------------------------------

    def _trial(self, ids: Sequence[str]) -> tuple[str, list[str]]:
        del ids
        return translate("Provmejl från svarskiosken"), [
            translate("Det här mejlet visar att svarskiosken kan skicka mejl till dig."),
            self._link(translate("Svarskioskens sidor för personal:"), ""),
        ]


def _statement(entry: Entry) -> Iterator[str]:
    """Yield the lines about one statement: its text, the share with n or the reason why there is none, the
    target if it has one, and the change."""
    yield isolated(entry.text)
    if entry.missing:
        yield f"  {entry.missing}"
    else:
        interval = f" ({entry.interval})" if entry.interval else ""
        share = translate("Andel")
        yield f"  {share}: {entry.share}{interval}, n = {entry.now.on_scale}"
    if entry.target:
        yield f"  {entry.target}"
    change = translate("Ändring")
    yield f"  {change}: {entry.verdict.word} ({entry.verdict.detail})"


def one_line(text: str) -> str:
    """Return a text on one line, without control characters and marks of direction, and with each run of
    blanks as one space, so that it can stand in a header."""
    shown = "".join(
        " " if unicodedata.category(character)[0] == "Z" or character in "\t\r\n" else character
        for character in text
    )
    return " ".join(
        "".join(character for character in shown if unicodedata.category(character)[0] != "C").split()
    )


def isolated(text: str) -> str:
    """Return a text on one line (`one_line`) that does not change the direction of the text beside it (UAX
    9). A text with letters from right to left is put between isolating marks."""
    line = one_line(text)
    is_mixed = any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in line)
    return f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}" if is_mixed else line


def as_subject(text: str) -> str:
    """Return a text as a subject, on one line (`one_line`). A longer one is cut to
    LONGEST_SUBJECT_CHARACTERS, the last of which is an ellipsis."""
    line = one_line(text)
    if len(line) <= LONGEST_SUBJECT_CHARACTERS:
        return line
    return f"{line[: LONGEST_SUBJECT_CHARACTERS - 1].rstrip()}…"
