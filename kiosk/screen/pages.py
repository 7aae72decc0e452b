"""The guest's pages: the form, the slip page, and messages in all languages.

A form carries its texts in every language shown, so that a change of language sends no request.
"""

import base64
import math
import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from babel import UnknownLocaleError
from babel.dates import format_date
from flask import render_template, url_for
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from kiosk.domain.digits import DIGITS, in_digits
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import Protection
from kiosk.domain.screen_size import Screen
from kiosk.domain.short_hash import short_hash
from kiosk.domain.survey import Survey
from kiosk.domain.theme import ACCENT, Logo, Theme
from kiosk.library.catalogues import REFERENCE, Catalogue, Language
from kiosk.library.library import Library, screen_languages, shown_languages
from kiosk.screen.questions import Line, Question, in_all, questions
from kiosk.screen.scripts import INNER, OUTDATED, guest_files, shortened
from kiosk.screen.speech import BEGINNING_DIGITS, SPOKEN, Speech, speeches, spoken_texts
from kiosk.screen.stored_data import descriptions
from kiosk.screen.texts import (
    BEFORE_THE_FORM,
    MINIMUM_CHROMIUM,
    OF_KIOSKS,
    OF_PHONES,
    OF_PRACTICE,
    OF_SPEECH,
    PROMISES,
    REFUSALS,
    SCREEN,
    WITHOUT_SERVER,
    WITHOUT_SERVER_ON_A_KIOSK,
    Refusal,
)
from kiosk.settings import shipped_folder

BLANK_LINES = re.compile(r"\n\s*\n")
"""Lines that Jinja's blocks leave behind. No page has a text in which they count."""


def compact(css: str) -> str:
    """Return CSS without its comments, needless spaces and zeros before a point, to make pages smaller. A
    space before a colon stays: it can separate two selectors."""
    css = re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()
    css = re.sub(r"(?<=[:,;{}])\s+|\s+(?=[{}])", "", css).replace(";}", "}")
    return re.sub(r"(?<![\w.])0(?=\.\d)", "", css)


def _style() -> str:
    """Return the guest's style with the font of the language names inlined. The first screen needs this font
    at once; without it a slow device searches all its fonts before it paints."""
    style = compact((Path(__file__).parent / "templates/guest/guest.css").read_text(encoding="utf-8"))
    font = base64.b64encode((shipped_folder("static") / "fonts/guest-autonyms.woff2").read_bytes())
    return style.replace("/static/fonts/guest-autonyms.woff2", f"data:font/woff2;base64,{font.decode()}")


STYLE = _style()
"""The style of every guest's page."""

TOO_OLD_STYLE = "@supports not (height:1lh){main>*{display:none!important}#too-old{display:block!important}}"
"""CSS by which a kiosk's page shows only the reason why its browser is refused, if the browser lacks the unit
`lh`, which Chromium has since MINIMUM_CHROMIUM. It also works in a browser that runs none of the scripts."""


NOTICE_STYLE = ".demonstration a{display:inline-block;padding-block:.75rem}"
"""Makes the links of a preview's notice as large as a thumb."""


def _theme_style(theme: Theme) -> str:
    """Return the CSS of a theme, or "" for the default theme. It comes after the CSS of a measured screen,
    which also sets corners."""
    colours = f"--accent:{theme.accent};--chosen:{theme.tint};" if theme.accent != ACCENT else ""
    corner = "" if theme.corner is None else f"--corner:{theme.corner}px;"
    return f":root{{{colours}{corner}}}" if colours or corner else ""


def _data_url(logo: Logo) -> str:
    """Return a logo as a data URL, so that a page needs no further request for it."""
    return f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}"


PAIRING_PATH = "/pair"
"""Address at which a pairing code is typed."""

WITHOUT_SCRIPT = frozenset({"prefer_not"})
"""Keys of the texts of which static/guest.js removes every place: two ways to give no answer are enough
there."""

SECONDS_A_STATEMENT = 15
"""Time in which an unhurried guest reads and answers a statement."""


@dataclass(frozen=True)
class FormTexts:
    """All texts of a form in one language.

    `screen_texts` is key -> text. `subject` is the survey's title, or "" if it has none in the language;
    `reply` is the reply to an earlier round, or ""; `sounds` maps a text to the beginning of its sound's
    name, if it has one; `digits` are the language's, or "" for 0-9.
    """

    language: Language
    screen_texts: dict[str, str]
    statements: tuple[Question, ...]
    subject: str
    reply: str
    sounds: dict[str, str]
    digits: str

    @property
    def has_several(self) -> bool:
        """Whether several options of some question may be chosen."""
        return any(question.several for question in self.statements)

    @property
    def has_follow_up(self) -> bool:
        """Whether a question follows some answers to another."""
        return any(question.follows for question in self.statements)

    def for_script(self, keys: Sequence[str]) -> list[Any]:
        """Return the texts as static/guest.js reads them: a list without names, which would cost bytes in
        every language.

        Its items are: direction, digits, reply, a list of the texts of `keys`, a list with [text, number of
        its scale] for each statement, a list with the labels of each scale, and the subject. The scale of a
        statement is all texts below it (`Question.words`); equal scales are listed once, and a scale's number
        is its index, from 0.
        """
        labels, scales = self._labels()
        return [
            self.language.direction,
            self.digits,
            self.reply,
            [self.screen_texts[key] for key in keys],
            [[question.text, scales.index(of)] for question, of in zip(self.statements, labels, strict=True)],
            scales,
            self.subject,
        ]

    def sounds_for_script(self, spoken_keys: Sequence[str]) -> str:
        """Return the beginnings of the names of sounds without a separator, of BEGINNING_DIGITS characters
        each, spaces for a text without sound: of the texts of `spoken_keys`, the statements, and the labels
        of each scale."""
        heard = [self.screen_texts[key] for key in spoken_keys]
        heard += [question.text for question in self.statements]
        heard += [label for scale in self._labels()[1] for label in scale]
        return "".join(self.sounds.get(text, "").ljust(BEGINNING_DIGITS) for text in heard)

    def _labels(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Return the texts below each statement, and the different ones among these."""
        labels = [question.words for question in self.statements]
        return labels, list(dict.fromkeys(labels))


@dataclass(frozen=True)
class StoredDataText:
    """The page about stored data in one language, with the texts of its links."""

    language: Language
    title: str
    descriptions: tuple[str, ...]
    back: str
    leave_now: str


@dataclass(frozen=True)
class Notice:
    """The notice above a preview for staff: words in their `language`, and the `links`, each (words,
    address)."""

    language: Language
    words: str
    links: tuple[tuple[str, str], ...]


MOST_KINDS = 32
"""Most kinds of form whose texts are kept: about 0.1 MB each for four statements in twelve languages."""


@dataclass(frozen=True)
class _FormKind:
    """What a form's texts depend on, besides the library: its survey, the protection of its round, a `reply`
    as pairs of language and text, and the kind of page. `has_slip` and `has_home` are those of `Pages.form`'s
    `slip` and `home`; `is_alone`: the only statement is the first screen."""

    survey: Survey
    protection: Protection
    reply: tuple[tuple[str, str], ...]
    is_kiosk: bool
    has_slip: bool
    has_home: bool
    is_alone: bool

    @property
    def identity(self) -> Hashable:
        """A key that two forms share only if all these are alike."""
        survey = (self.survey.version, self.survey.title, self.survey.official)
        kind = (self.is_kiosk, self.has_slip, self.has_home, self.is_alone)
        return (survey, self.protection, self.reply, kind)


@dataclass(frozen=True)
class Pages:
    """Renders the guest's pages.

    `allowed_languages` are unreviewed languages that are shown nevertheless; None shows all, for the
    demonstration. With `is_demonstration`, the form says that its answers are not used. `leave_to` is the
    address of the neutral site that a phone opens when the guest leaves. `screen_size` has the measures of a
    kiosk, None if they are unknown; `audio` is the folder with speech, None for pages without speech. Only
    previews for staff have a `notice`. With `is_one_touch`, touching an answer opens the next statement.

    A page with `is_kiosk` is for a paired screen, or for pairing one: it has the sizes for `screen_size` and
    the reason for refusing a browser that is too old, and no link to `leave_to`.
    """

    library: Library
    allowed_languages: frozenset[str] | None
    is_demonstration: bool
    leave_to: str = ""
    screen_size: Screen | None = None
    audio: Path | None = None
    notice: Notice | None = None
    is_one_touch: bool = True

    def form(
        self,
        survey: Survey,
        requested_language: str,
        reply: Mapping[str, str],
        *,
        protection: Protection,
        unit: str,
        organisation: str = "",
        action: str,
        slip: str = "",
        ticket: str = "",
        is_chosen: bool = False,
        is_kiosk: bool,
        home: str = "",
        letterbox: str = "",
        pause: float = 0.0,
        closes_at: datetime | None = None,
    ) -> str:
        """Render the questions, in `requested_language` or, if they are not shown in it, in the reference.

        - `reply` maps language to the text of a reply. It is shown in these languages only.
        - `protection` is the round's, which selects the promise to the guest.
        - `unit` is the unit's name. The first screen shows it, so that a guest notices a screen of another
          unit.
        - `organisation` is the name of the one that asks; a name or a logo of the theme takes its place.
        - `action` is the address that the form is sent to.
        - `slip` is the code of the slip with which the form was opened; "" for a kiosk or a poster.
        - `ticket` lets the server recognise a form that is sent twice; "" for none.
        - `is_chosen`: the guest has chosen that language, so the page does not ask for it.
        - `is_kiosk`: the page is for a paired screen, which forgets an idle guest and has no button to leave
          the page.
        - `home` is the address at which a practice form ends; "" for a real form.
        - `letterbox` is the public key, in hex, for which a kiosk seals ballots; with "" it sends them
          unsealed.
        - `pause`, in seconds: a kiosk's ballots less than this apart are in a row, and only a ballot in a
          row can be a rapid submission; with 0, none is one.
        - `closes_at`, local time: without the network, a kiosk accepts no ballot from this time on; None for
          a practice, which stores nothing.
        """
        catalogues = self.library.guest
        is_alone = (
            is_kiosk and len(survey.statements) == 1 and not (self.screen_size and self.screen_size.is_small)
        )
        of_form = _FormKind(
            survey, protection, tuple(reply.items()), is_kiosk, bool(slip), bool(home), is_alone
        )
        words, script_words = self._words(of_form)
        page = render_template(
            "guest/form.html",
            words=words[requested_language if requested_language in words else REFERENCE],
            all_words=words,
            script_words=script_words,
            unit=unit,
            organisation=organisation,
            theme=self.library.theme,
            logo=_data_url(self.library.theme.logo) if self.library.theme.logo else "",
            reference=catalogues[REFERENCE].language,
            action=action,
            slip=slip,
            ticket=ticket,
            is_chosen=is_chosen and requested_language in words,
            home=home,
            letterbox=letterbox,
            pause=half_up(pause * 1000),
            closes=half_up(closes_at.timestamp() * 1000) if closes_at else 0,
            is_one_touch=self.is_one_touch,
            is_alone=is_alone,
            **self._base_values(is_kiosk=is_kiosk),
            is_demonstration=self.is_demonstration,
        )
        return BLANK_LINES.sub("\n", page)

    def _words(self, of_form: _FormKind) -> tuple[dict[str, FormTexts], Markup]:
        """Return the texts of a form in all its languages, and the same as JSON for its script.

        They are made once for all guests. They have every language, so that no response shows by its time in
        which languages a form was read before.
        """
        shown = shown_languages(self.library.guest, of_form.survey, self.allowed_languages)
        sounds = {code: self._sounds(self.library.guest[code], of_form.survey) for code in shown}
        key = (of_form.identity, tuple((code, *texts.items()) for code, texts in sounds.items()))
        kept = self._kept_words.get(key)
        if kept is None:
            kept = self._new_words(of_form, sounds)
            if len(self._kept_words) >= MOST_KINDS:
                self._kept_words.clear()
            self._kept_words[key] = kept
        return kept

    @cached_property
    def _kept_words(self) -> dict[Hashable, tuple[dict[str, FormTexts], Markup]]:
        """The results of `_new_words` that are kept, at most MOST_KINDS."""
        return {}

    def _new_words(
        self, of_form: _FormKind, sounds: Mapping[str, dict[str, str]]
    ) -> tuple[dict[str, FormTexts], Markup]:
        """Make the result of `_words`. `sounds` has a language's `_sounds` for each language of the form."""
        catalogues, survey, reply = self.library.guest, of_form.survey, dict(of_form.reply)
        has_slip, has_home, is_kiosk = of_form.has_slip, of_form.has_home, of_form.is_kiosk
        is_in_use = {
            BEFORE_THE_FORM - {"slip"}: False,
            frozenset({"slip"}): has_slip,
            OF_PRACTICE: has_home,
            OF_KIOSKS: is_kiosk,
            OF_PHONES: not is_kiosk,
            OF_SPEECH: any(sounds.values()),
            frozenset({"volume"}): is_kiosk,
            frozenset({"replied"}): any(reply.get(code) for code in sounds),
            frozenset({"demonstration"}): self.is_demonstration,
            frozenset({"unofficial"}): bool(survey.official),
            frozenset({"try_first"}): not (has_slip or has_home or of_form.is_alone),
            frozenset({"stored"}): not (has_slip or has_home),
        }
        left_out = frozenset().union(*(keys for keys, is_shown in is_in_use.items() if not is_shown))
        refusals = WITHOUT_SERVER_ON_A_KIOSK if is_kiosk else WITHOUT_SERVER
        total = len(survey.statements)
        words = {
            code: FormTexts(
                catalogues[code].language,
                _form_texts(catalogues[code], of_form.protection, total, left_out, refusals)
                | ({"unofficial": ""} if survey.official and survey.is_official_in(code) else {}),
                questions(survey, code),
                self._subject(survey, code),
                reply.get(code, ""),
                of_language,
                DIGITS.get(code, ""),
            )
            for code, of_language in sounds.items()
        }
        as_json = htmlsafe_json_dumps(_script_words(words), separators=(",", ":"), ensure_ascii=False)
        return words, as_json

    def _subject(self, survey: Survey, code: str) -> str:
        """Return the survey's title in a language; "" if the language has none, or if its title is unreviewed
        and the language is not in `allowed_languages`. A language without a title is shown all the same."""
        catalogue = self.library.guest[code]
        if code == REFERENCE:
            return survey.title
        is_allowed = self.allowed_languages is None or code in self.allowed_languages
        shown = is_allowed or catalogue.is_reviewed(survey.title)
        return catalogue.texts.get(survey.title, "") if shown else ""

    def _sounds(self, catalogue: Catalogue, survey: Survey) -> dict[str, str]:
        """Return text -> beginning of its sound's name, for the texts with a sound."""
        return {speech.text: speech.beginning for speech in self._speeches(catalogue, survey) if speech.file}

    def _speeches(self, catalogue: Catalogue, survey: Survey) -> list[Speech]:
        """Return the texts of a survey's form in one language, with their sounds; none without a folder of
        speech."""
        if self.audio is None or not self.audio.is_dir():
            return []
        return speeches(self.audio, catalogue.language.code, spoken_texts(catalogue, [survey]))

    def _all_sounds(self, survey: Survey) -> dict[str, Path]:
        """Return address, a path from the root of the site, -> file of every sound in the languages shown.
        Every kiosk caches all of them, so that no cache shows which sounds the kiosk's guests played."""
        catalogues = self.library.guest
        return {
            f"/audio/{code}/{speech.beginning}": speech.file
            for code in shown_languages(catalogues, survey, self.allowed_languages)
            for speech in self._speeches(catalogues[code], survey)
            if speech.file
        }

    def slip(self, requested_language: str, problem: Refusal | None = None) -> str:
        """Render the page where a slip's code is typed or scanned, in this language if the screen has it,
        else in the reference; `problem` is the reason of the last refusal, or None."""
        catalogue = self._catalogue_or_reference(requested_language)
        return render_template(
            "guest/slip.html",
            language=catalogue.language,
            languages=[shown.language for shown in self._catalogues],
            screen=_screen_texts(catalogue),
            is_chosen=catalogue.language.code == requested_language,
            problem=catalogue.text(REFUSALS[problem]) if problem else "",
            **self._base_values(is_kiosk=False),
        )

    def pairing(self, requested_language: str, typed: str, refusal: Refusal | None) -> str:
        """Render the page where a code makes this screen a kiosk, in this language if the screen has it, else
        in the reference. `typed` are the digits so far; `refusal` is the reason of the last refusal, or
        None."""
        catalogue = self._catalogue_or_reference(requested_language)
        return render_template(
            "guest/pair.html",
            language=catalogue.language,
            screen=_screen_texts(catalogue),
            typed=typed,
            **self._base_values(is_kiosk=True),
            problem=catalogue.text(REFUSALS[refusal]) if refusal else "",
        )

    def paired(self, unit_id: str, home: str) -> str:
        """Render the page that names this screen's unit, in every language, with a link to its start, the
        address `home`."""
        catalogues = self._catalogues
        return render_template(
            "guest/paired.html",
            language=catalogues[0].language,
            screen=_screen_texts(catalogues[0]),
            title=self.library.units.get(unit_id, unit_id),
            lines=in_all(SCREEN["paired"], catalogues),
            start=in_all(SCREEN["start"], catalogues),
            home=home,
            **self._base_values(is_kiosk=True),
        )

    def stored(
        self, schema: Mapping[str, Sequence[str]], back: str, *, language_by: str = "#", is_kiosk: bool
    ) -> str:
        """Render the page about stored data, in every language, from the schema (table -> columns).

        The address of the link back is `back` + `language_by` + the language's code. Raises
        UndescribedTableError if the page has no description of a table.
        """
        catalogues, texts = self._catalogues, descriptions(schema)
        return render_template(
            "guest/stored.html",
            language=catalogues[0].language,
            screen=_screen_texts(catalogues[0]),
            title=catalogues[0].text(SCREEN["stored"]),
            stored_data_texts=[
                StoredDataText(
                    catalogue.language,
                    catalogue.text(SCREEN["stored"]),
                    tuple(catalogue.text(text) for text in texts),
                    catalogue.text(SCREEN["back"]),
                    catalogue.text(SCREEN["leave_now"]),
                )
                for catalogue in catalogues
            ],
            way_back=in_all(SCREEN["back"], catalogues),
            back=back,
            language_by=language_by,
            **self._base_values(is_kiosk=is_kiosk),
        )

    def thanks(self, back: str) -> str:
        """Render the thank-you, the same bytes for everybody. `back` is the address of a kiosk's start, which
        the page links to; "" for a phone."""
        return self._message(SCREEN["thank_you"], back, SCREEN["start_over"], is_kiosk=bool(back))

    def practice_over(self, home: str, *, is_kiosk: bool) -> str:
        """Render the end of a practice, with a link to the real questions at `home`."""
        return self._message(SCREEN["try_ended"], home, SCREEN["answer_now"], is_kiosk=is_kiosk)

    def refusal(self, refusal: Refusal, start: str, opens_on: date | None = None, *, is_kiosk: bool) -> str:
        """Render a refusal in all languages, the same bytes for the same reason, with a link to the address
        `start`. `opens_on` is the day on which the questions open; only Refusal.NOT_OPEN has and needs it."""
        way_on = SCREEN["connect" if start == PAIRING_PATH else "again"]
        return self._message(REFUSALS[refusal], start, way_on, opens_on, is_kiosk=is_kiosk)

    def refusal_lines(self, refusal: Refusal, opens_on: date | None = None) -> str:
        """Render the lines of a refusal in all languages, from which a form's script shows the one in the
        guest's language. `opens_on` is as in `refusal`."""
        return render_template("guest/lines.html", lines=self._lines(REFUSALS[refusal], opens_on))

    def worker(self, page: str, survey: Survey | None) -> str:
        """Render the script that caches the kiosk's page at `page`, a path from the root of the site without
        a slash at its end, the page's files, and the sounds of `survey`; no sounds with None."""
        folder = shipped_folder("static")
        files = guest_files(folder)
        names = [name for name in files.texts if name not in INNER | {OUTDATED}]
        fonts = sorted(f"fonts/{font.name}" for font in folder.glob("fonts/guest-*-*.woff2"))
        pages = [page, f"{page}/practice", f"{page}/stored"]
        sounds = {} if survey is None else self._all_sounds(survey)
        return render_template(
            "guest/worker.js",
            pages=pages,
            version=files.version,
            scripts=[url_for("static", filename=name) for name in names],
            files=[*(url_for("static", filename=font) for font in fonts), f"{page}/queue"],
            sounds=list(sounds),
            sounds_digest=_digest_of_files(sounds.values()),
        )

    def queue(self) -> str:
        """Render the script that stores a kiosk's waiting envelopes, in one file of the browser."""
        return shortened(render_template("guest/queue.js"))

    def styles(self, *, is_kiosk: bool) -> list[Markup]:
        """Return the texts of the page's inline styles, in the order of the page. They are inline so that a
        slow device can paint without a further request."""
        styles = [STYLE]
        if is_kiosk:
            styles.append(TOO_OLD_STYLE)
        if is_kiosk and self.screen_size:
            styles.append(compact(render_template("guest/screen.css", screen=self.screen_size)))
        if self.notice:
            styles.append(NOTICE_STYLE)
        styles += filter(None, [_theme_style(self.library.theme)])
        # Safe: user input reaches the styles only as checked colours and numbers.
        return [Markup(style) for style in styles]  # noqa: S704

    def _base_values(self, *, is_kiosk: bool) -> dict[str, Any]:
        """Return the values that base.html uses."""
        return {
            "is_kiosk": is_kiosk,
            "styles": self.styles(is_kiosk=is_kiosk),
            "accent": self.library.theme.accent.removeprefix("#"),
            "leave_to": "" if is_kiosk else self.leave_to,
            "notice": self.notice,
            "too_old": self._too_old if is_kiosk else {},
        }

    @cached_property
    def _too_old(self) -> dict[str, str]:
        """Language -> why a browser that is too old cannot be a kiosk."""
        text = SCREEN["too_old"]
        return {
            code: catalogue.text(text).format(version=MINIMUM_CHROMIUM)
            for code, catalogue in self.library.guest.items()
        }

    def _message(
        self, message: str, back: str, way_back: str, day: date | None = None, *, is_kiosk: bool
    ) -> str:
        """Render a reference text in all languages, with a link to the address `back` whose text is
        `way_back`, also a reference text. `day` replaces {day}; None for a text without {day}."""
        catalogues = self._catalogues
        return render_template(
            "guest/message.html",
            language=catalogues[0].language,
            screen=_screen_texts(catalogues[0]),
            title=catalogues[0].text(SCREEN["title"]),
            lines=self._lines(message, day),
            back=back,
            again=in_all(way_back, catalogues),
            **self._base_values(is_kiosk=is_kiosk),
        )

    def _lines(self, message: str, day: date | None) -> tuple[Line, ...]:
        """Return a reference text in all languages of the screen; `day` replaces {day}, and is None for a
        text without {day}."""
        lines = in_all(message, self._catalogues)
        if day is None:
            return lines
        return tuple(replace(line, text=line.text.format(day=_day(day, line.language))) for line in lines)

    @cached_property
    def _catalogues(self) -> list[Catalogue]:
        """The catalogues of the languages of the guest's screen, the reference first."""
        catalogues = self.library.guest
        return [catalogues[code] for code in screen_languages(catalogues, self.allowed_languages)]

    def _catalogue_or_reference(self, code: str) -> Catalogue:
        """Return the catalogue of a language of the screen; that of the reference for any other code."""
        by_code = {catalogue.language.code: catalogue for catalogue in self._catalogues}
        return by_code.get(code, self._catalogues[0])


def _script_words(words: Mapping[str, FormTexts]) -> dict[str, Any]:
    """Return the texts of a form as static/guest.js reads them: `languages` is language -> the list of
    `FormTexts.for_script`, and `sounds` is language -> `FormTexts.sounds_for_script`, of the languages with
    sounds. The texts in the lists are without names; `keys` and `spoken` have the names once for all
    languages.

    Equal letters stand together, which compresses best: languages with the same script, then the digits of
    all sounds.
    """
    keys = [key for key in words[REFERENCE].screen_texts if key not in WITHOUT_SCRIPT]
    spoken_keys = [key for key in (*SPOKEN, "protection") if key not in WITHOUT_SCRIPT]
    scripts = {code: _script_of(texts.language) for code, texts in words.items()}
    in_order = list(dict.fromkeys(scripts.values()))
    codes = sorted(words, key=lambda code: in_order.index(scripts[code]))
    return {
        "keys": keys,
        "spoken": spoken_keys,
        "languages": {code: words[code].for_script(keys) for code in codes},
        "sounds": {code: words[code].sounds_for_script(spoken_keys) for code in codes if words[code].sounds},
    }


def _script_of(language: Language) -> str:
    """Return the name of the script in which a language's name is written, in Unicode's words: "LATIN"."""
    return unicodedata.name(language.autonym[0], "").partition(" ")[0]


def _digest_of_files(paths: Iterable[Path]) -> str:
    """Return a short digest of the files' kinds, sizes and times, which changes when one is replaced."""
    states = [(path.suffix, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return short_hash(str(states), 16)


def _day(day: date, language: Language) -> str:
    """Return a date as people write it in a language; as YYYY-MM-DD if CLDR does not know the language."""
    try:
        return in_digits(format_date(day, "long", locale=language.code), language.code)
    except (UnknownLocaleError, ValueError):
        return day.isoformat()


def _screen_texts(catalogue: Catalogue) -> dict[str, str]:
    """Return key -> text of all texts of the screen in one language."""
    return {key: catalogue.text(message) for key, message in SCREEN.items()}


def _form_texts(
    catalogue: Catalogue, protection: Protection, total: int, left_out: Set[str], refusals: Set[Refusal]
) -> dict[str, str]:
    """Return key -> text for those texts that a form of `total` statements can show: all but those of the
    keys `left_out`, since each costs bytes in every language, and the texts of `refusals`."""
    texts = {key: message for key, message in SCREEN.items() if key not in left_out}
    texts |= {f"refusal_{refusal}": REFUSALS[refusal] for refusal in REFUSALS if refusal in refusals}
    texts["protection"] = PROMISES[protection]
    shown = {key: catalogue.text(message) for key, message in texts.items()}
    return shown | {"about": about_text(catalogue, total)}


def about_text(catalogue: Catalogue, total: int) -> str:
    """Return the sentence of the first screen with the number of statements, `total`, and the minutes that
    they take, in the catalogue's language."""
    minutes = math.ceil(total * SECONDS_A_STATEMENT / 60)
    code = catalogue.language.code
    numbers = {"total": in_digits(total, code), "minutes": in_digits(minutes, code)}
    return catalogue.text(SCREEN["about"]).format_map(numbers)
