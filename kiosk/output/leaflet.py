"""The guests' leaflet about a round: its statements, the stored data, and the promises to guests. Each
language has a page.

The leaflet has the sentences of the guest's screen and no others: a reviewer of translations reads each once,
and screen and leaflet promise the same.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.domain.rounds import Round
from kiosk.domain.theme import Theme
from kiosk.library.catalogues import REFERENCE, Catalogue
from kiosk.output.paper import Typesetter, compile_pdf, organisation_on_paper
from kiosk.screen.pages import about_text
from kiosk.screen.stored_data import descriptions
from kiosk.screen.texts import PROMISES, SCREEN

TEMPLATE = Path(__file__).with_name("leaflet.typ")


@dataclass(frozen=True)
class LeafletTexts:
    """A leaflet's texts in one language.

    `language` is the language's code without script and country. `is_draft` says that a native reader has not
    reviewed all of the texts. `heading` is "Questions", `stored_heading` "What is stored about me?";
    `introduction` and `stored` have the sentences below them, and `help` offers help by the staff.
    """

    language: str
    is_right_to_left: bool
    is_draft: bool
    heading: str
    introduction: tuple[str, ...]
    statements: tuple[str, ...]
    stored_heading: str
    stored: tuple[str, ...]
    help: str


def leaflet_texts(
    catalogues: Mapping[str, Catalogue], of_round: Round, schema: Mapping[str, Sequence[str]]
) -> tuple[LeafletTexts, ...]:
    """Return the texts about a round in every language of `catalogues`, in their order. `schema` has the
    database's tables (table -> columns), from which the leaflet names the stored data. Raises
    UndescribedTableError for a table without a description."""
    return tuple(_texts(catalogue, of_round, descriptions(schema)) for catalogue in catalogues.values())


def _texts(catalogue: Catalogue, of_round: Round, stored: tuple[str, ...]) -> LeafletTexts:
    """Return the texts in one language. They are a draft if one of them is not reviewed, or if the round
    froze another translation than the reviewed one."""
    code, statements = catalogue.language.code, of_round.survey.statements
    frozen = of_round.survey.translations.get(code, {})
    promise = PROMISES[of_round.protection]
    screen = (
        *(SCREEN[key] for key in ("title", "voluntary", "anonymous", "about", "stored", "need_help")),
        promise,
    )
    asked = tuple(frozen.get(statement.text, catalogue.text(statement.text)) for statement in statements)
    are_current = asked == tuple(catalogue.text(statement.text) for statement in statements)
    read = (*screen, *stored, *(statement.text for statement in statements))
    return LeafletTexts(
        code.partition("_")[0],
        catalogue.language.direction == "rtl",
        code != REFERENCE and not (are_current and all(map(catalogue.is_reviewed, read))),
        catalogue.text(SCREEN["title"]),
        (
            catalogue.text(SCREEN["voluntary"]),
            catalogue.text(SCREEN["anonymous"]),
            catalogue.text(promise),
            about_text(catalogue, len(statements)),
        ),
        asked,
        catalogue.text(SCREEN["stored"]),
        tuple(map(catalogue.text, stored)),
        catalogue.text(SCREEN["need_help"]),
    )


def leaflet(
    texts: Sequence[LeafletTexts],
    of_round: Round,
    theme: Theme,
    draft_mark: str,
    typesetter: Typesetter = compile_pdf,
) -> bytes:
    """Return the leaflet about a round as PDF, a page for each of `texts`, at least one. The text
    `draft_mark` stands on the pages of drafts. `typesetter` makes the PDF of the template and its values,
    here or in a program of its own. Raises PaperError for texts that do not fit, NoGlyphError for a sign that
    no font has, and LogoError for a logo that cannot be drawn."""
    data = {
        "title": of_round.title,
        "draft_mark": draft_mark,
        "pages": [asdict(page) for page in texts],
        **organisation_on_paper(theme),
    }
    return typesetter(TEMPLATE, json.dumps(data))
