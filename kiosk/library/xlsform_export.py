"""Writes a survey as XLSForm, the spreadsheet format of KoboToolbox, ODK and others (xlsform.org)."""

from collections.abc import Mapping

from kiosk.domain.ballot import NONE, NoAnswer
from kiosk.domain.survey import NONE_OF_THESE, Statement, Survey
from kiosk.library.catalogues import REFERENCE, Catalogue, language
from kiosk.library.importing import ALONE, UNORDERED
from kiosk.library.spreadsheet_writer import workbook

NO_ANSWERS = (NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT)
"""The kinds of no answer that are choices of an XLSForm."""


def write_xlsform(survey: Survey, no_answer_words: Mapping[str, Mapping[NoAnswer, str]]) -> bytes:
    """Return the bytes of an XLSForm (XLSX) with a survey, in every language that has all of the survey's
    texts and is in `no_answer_words`.

    `no_answer_words` maps a language code, Swedish among them, to the words for "don't know" and "prefer
    not", which are choices.
    """
    codes = [
        REFERENCE,
        *(code for code, texts in survey.translations.items() if set(texts) >= set(survey.messages)),
    ]
    codes = [code for code in codes if code in no_answer_words]
    labels = [f"label::{language(code).autonym} ({code})" for code in codes]

    def in_all_languages(message: str) -> list[str]:
        return [message if code == REFERENCE else survey.translations[code][message] for code in codes]

    lists = {_list_of(statement): statement for statement in survey.statements}
    choices = [
        [list_name, name, *labels_of_choice]
        for list_name, statement in lists.items()
        for name, labels_of_choice in [
            *(
                (str(at), in_all_languages(label))
                for at, label in reversed(list(enumerate(statement.scale.labels, start=1)))
            ),
            *([(NONE, in_all_languages(NONE_OF_THESE))] if statement.several else []),
            *((kind.value, [no_answer_words[code][kind] for code in codes]) for kind in NO_ANSWERS),
        ]
    ]
    has_several = any(statement.several for statement in survey.statements)
    has_follow_up = any(statement.follows for statement in survey.statements)
    return workbook(
        {
            "survey": [
                [
                    *("type", "name", *labels, "outcome", "good", "agreeing"),
                    *(["constraint"] * has_several),
                    *(["relevant"] * has_follow_up),
                ],
                *(
                    [
                        f"{'select_multiple' if statement.several else 'select_one'} {_list_of(statement)}",
                        statement.id,
                        *in_all_languages(statement.text),
                        statement.outcome,
                        (statement.good or "") if statement.scale.is_ordered else UNORDERED,
                        " ".join(map(str, statement.agreeing)),
                        *([ALONE if statement.several else ""] * has_several),
                        *([_relevant(statement)] * has_follow_up),
                    ]
                    for statement in survey.statements
                ),
            ],
            "choices": [["list_name", "name", *labels], *choices],
            "settings": [
                ["form_title", "form_id", "version", "default_language"],
                [survey.title, survey.id, survey.version, labels[0].removeprefix("label::")],
            ],
        },
        None,
        as_text=True,
    )


def _relevant(statement: Statement) -> str:
    """Return the condition of a follow-up in XPath; "" for any other statement."""
    if not (follows := statement.follows):
        return ""
    return " or ".join(f"${{{follows.statement}}} = '{option}'" for option in follows.when)


def _list_of(statement: Statement) -> str:
    """Return the name of the list of a statement's choices. A list of which several may be chosen has one
    more choice than its scale, "none of these". No scale's id has a hyphen."""
    return f"{statement.scale.id}-several" if statement.several else statement.scale.id


def no_answer_words(catalogues: Mapping[str, Catalogue]) -> dict[str, dict[NoAnswer, str]]:
    """Return language code -> the words for "don't know" and "prefer not", for each language that has
    both."""
    messages = {NoAnswer.DONT_KNOW: "Vet inte", NoAnswer.PREFER_NOT: "Vill inte svara"}
    return {
        code: {kind: catalogue.text(message) for kind, message in messages.items()}
        for code, catalogue in catalogues.items()
        if all(message in catalogue.texts for message in messages.values())
    }
