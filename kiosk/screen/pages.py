"""The guest's pages, made from the catalogues: the form, the slip's page, and messages in all languages.

A form carries its words in every language shown, so that choosing one asks the server for nothing.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from kiosk.domain.screen_size import Screen
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue, Language
from kiosk.library.library import Library, shown_languages, spoken_languages
from kiosk.screen.questions import Line, Question, in_all, questions
from kiosk.screen.speech import speeches, spoken_texts
from kiosk.screen.stored_data import descriptions
from kiosk.screen.texts import REFUSALS, SCREEN
from kiosk.settings import shipped_folder


def _style() -> str:
    """The guest's style. The letters of the languages' names stand in it: the first screen needs them at
    once, and without them a slow device looks through all its fonts before it paints."""
    style = (Path(__file__).parent / "templates/guest/guest.css").read_text(encoding="utf-8")
    font = base64.b64encode((shipped_folder("static") / "fonts/guest-autonyms.woff2").read_bytes())
    return style.replace("/static/fonts/guest-autonyms.woff2", f"data:font/woff2;base64,{font.decode()}")


STYLE = _style()


@dataclass(frozen=True)
class FormTexts:
    """All a guest's screen says in one language. `reply` is what came of an earlier round, or ""; `sounds`
    maps a text to the name of its speech, where there is any."""

    language: Language
    screen: dict[str, str]
    statements: tuple[Question, ...]
    reply: str
    sounds: dict[str, str]


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
    """What stands above a page that staff look at and no guest answers: words in their `language`, and
    `ways` on, as (words, address)."""

    language: Language
    words: str
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pages:
    """`allowed_languages` are shown although not reviewed; None shows all, in the demonstration.
    `leave_to` is where a phone goes at once, `screen` what a kiosk's measures; speech lies in `audio`;
    a `notice` is for staff alone."""

    library: Library
    allowed_languages: frozenset[str] | None
    is_demonstration: bool
    leave_to: str = ""
    screen: Screen | None = None
    audio: Path | None = None
    notice: Notice | None = None

    def form(
        self,
        survey: Survey,
        asked: str,
        reply: Mapping[str, str],
        *,
        action: str,
        slip: str = "",
        is_kiosk: bool,
        home: str = "",
        letterbox: str = "",
        pause: float = 0.0,
        closes_at: datetime | None = None,
    ) -> str:
        """The questions, in the language asked for or the reference. `reply` is told in the languages it
        has, and in no other. A form with a `home` is for practice, and leads there in the end. A kiosk
        seals its ballots for the public key `letterbox`, in hex, or with "" sends them as they are; without
        the network it takes those less than `pause` seconds apart for play, as the server does, and none from
        `closes_at` on."""
        catalogues = self.library.guest
        shown = shown_languages(catalogues, survey, self.allowed_languages)
        words = {
            code: FormTexts(
                catalogues[code].language,
                _screen(catalogues[code]),
                questions(survey, code),
                reply.get(code, ""),
                self._sounds(catalogues[code], survey),
            )
            for code in shown
        }
        return render_template(
            "guest/form.html",
            words=words[asked if asked in words else REFERENCE],
            all_words=words,
            action=action,
            slip=slip,
            home=home,
            letterbox=letterbox,
            pause=round(pause * 1000),
            closes=round(closes_at.timestamp() * 1000) if closes_at else 0,
            **self._surroundings(is_kiosk=is_kiosk),
            is_demonstration=self.is_demonstration,
        )

    def _sounds(self, catalogue: Catalogue, survey: Survey) -> dict[str, str]:
        if self.audio is None or not self.audio.is_dir():
            return {}
        texts = spoken_texts(catalogue, [survey])
        all_speech = speeches(self.audio, catalogue.language.code, texts)
        return {speech.text: speech.name for speech in all_speech if speech.file}

    def _all_sounds(self, survey: Survey) -> list[str]:
        """The address of every sound, in every language shown: a kiosk keeps them all, for all guests."""
        catalogues = self.library.guest
        return [
            f"/audio/{code}/{name}"
            for code in shown_languages(catalogues, survey, self.allowed_languages)
            for name in self._sounds(catalogues[code], survey).values()
        ]

    def slip(self, asked: str) -> str:
        """The page where a slip's code is typed or scanned."""
        spoken = self._spoken()
        catalogue = next((candidate for candidate in spoken if candidate.language.code == asked), spoken[0])
        return render_template(
            "guest/slip.html",
            language=catalogue.language,
            languages=[candidate.language for candidate in spoken],
            screen=_screen(catalogue),
            **self._surroundings(is_kiosk=False),
        )

    def pairing(self, asked: str, typed: str, refusal: str) -> str:
        """Where a code makes this screen a kiosk; `refusal` says why the last one did not, or is ""."""
        spoken = self._spoken()
        catalogue = next((candidate for candidate in spoken if candidate.language.code == asked), spoken[0])
        return render_template(
            "guest/pair.html",
            language=catalogue.language,
            screen=_screen(catalogue),
            typed=typed,
            **self._surroundings(is_kiosk=True),
            problem=catalogue.text(REFUSALS[refusal]) if refusal else "",
        )

    def paired(self, unit_id: str, home: str) -> str:
        """Which unit this screen now belongs to, in every language, and the way to begin."""
        spoken = self._spoken()
        return render_template(
            "guest/paired.html",
            language=spoken[0].language,
            screen=_screen(spoken[0]),
            title=self.library.units.get(unit_id, unit_id),
            lines=in_all(SCREEN["paired"], spoken),
            start=in_all(SCREEN["start"], spoken),
            home=home,
            **self._surroundings(is_kiosk=True),
        )

    def stored(
        self, schema: Mapping[str, Sequence[str]], back: str, *, language_by: str = "#", is_kiosk: bool
    ) -> str:
        """What is stored about a guest, in every language, from the tables (table -> columns) there are. The
        page at `back` is told a language after the mark `language_by`."""
        spoken, texts = self._spoken(), descriptions(schema)
        return render_template(
            "guest/stored.html",
            language=spoken[0].language,
            screen=_screen(spoken[0]),
            title=spoken[0].text(SCREEN["stored"]),
            stored_data_texts=[
                StoredDataText(
                    catalogue.language,
                    catalogue.text(SCREEN["stored"]),
                    tuple(catalogue.text(text) for text in texts),
                    catalogue.text(SCREEN["back"]),
                    catalogue.text(SCREEN["leave_now"]),
                )
                for catalogue in spoken
            ],
            way_back=in_all(SCREEN["back"], spoken),
            back=back,
            language_by=language_by,
            **self._surroundings(is_kiosk=is_kiosk),
        )

    def thanks(self, back: str) -> str:
        """The thank-you, the same bytes for everybody; on a kiosk with a way `back` to its start."""
        return self._message(SCREEN["thank_you"], back, SCREEN["start_over"], is_kiosk=bool(back))

    def practice_over(self, home: str, *, is_kiosk: bool) -> str:
        """The end of a practice: nothing was kept, and the way to answer."""
        return self._message(SCREEN["try_ended"], home, SCREEN["answer_now"], is_kiosk=is_kiosk)

    def refusal(self, reason: str, way_out: str, *, is_kiosk: bool) -> str:
        """Why something was not taken, the same bytes for the same reason; `way_out` leads to pairing, or
        is ""."""
        return self._message(REFUSALS[reason], way_out, SCREEN["connect"], is_kiosk=is_kiosk)

    def worker(self, page: str, survey: Survey | None) -> str:
        """The script that keeps the kiosk's page at the path `page`, all files it may ask for, and all sounds
        of `survey`."""
        folder = shipped_folder("static")
        files = sorted([*folder.glob("guest*.js"), *folder.glob("fonts/guest-*-*.woff2")])
        paths = [f"/static/{file.relative_to(folder).as_posix()}" for file in files]
        pages = [page, f"{page}/practice", f"{page}/stored"]
        sounds = [] if survey is None else self._all_sounds(survey)
        return render_template("guest/worker.js", pages=pages, files=[*paths, f"{page}/queue"], sounds=sounds)

    def queue(self) -> str:
        """The script of the file where a kiosk's envelopes wait."""
        return render_template("guest/queue.js")

    def styles(self, *, is_kiosk: bool) -> list[Markup]:
        """What stands in the page's head: it spares a slow device a request before it can paint."""
        styles = [STYLE]
        if is_kiosk and self.screen:
            styles.append(render_template("guest/screen.css", screen=self.screen))
        # Ours alone: nothing anybody typed is in them.
        return [Markup(style) for style in styles]  # noqa: S704

    def _surroundings(self, *, is_kiosk: bool) -> dict[str, Any]:
        """What base.html asks for."""
        return {
            "is_kiosk": is_kiosk,
            "styles": self.styles(is_kiosk=is_kiosk),
            "leave_to": "" if is_kiosk else self.leave_to,
            "notice": self.notice,
        }

    def _message(self, message: str, back: str, way_back: str, *, is_kiosk: bool) -> str:
        spoken = self._spoken()
        lines: tuple[Line, ...] = in_all(message, spoken)
        return render_template(
            "guest/message.html",
            language=spoken[0].language,
            screen=_screen(spoken[0]),
            title=spoken[0].text(SCREEN["title"]),
            lines=lines,
            back=back,
            again=in_all(way_back, spoken),
            **self._surroundings(is_kiosk=is_kiosk),
        )

    def _spoken(self) -> list[Catalogue]:
        catalogues = self.library.guest
        return [catalogues[code] for code in spoken_languages(catalogues, self.allowed_languages)]


def _screen(catalogue: Catalogue) -> dict[str, str]:
    texts = SCREEN | {f"refusal_{reason}": message for reason, message in REFUSALS.items()}
    return {key: catalogue.text(message) for key, message in texts.items()}
