"""Reads a round's terms from a backup. Refuses terms of another shape, and terms that this program never
writes."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from kiosk.domain.rounds import Round, round_from_json
from kiosk.domain.strict_json import parse
from kiosk.domain.survey import MOST_FOLLOW_UP_OPTIONS, MOST_SEVERAL, Survey, follows_one_before
from kiosk.domain.tree import Tree
from kiosk.storage.field_types import fits

ID = re.compile(r"[a-z][a-z0-9_-]{0,99}")
"""The pattern of an id. Ids of rounds and units name folders of keys; ids of statements name fields of a
form."""

MOST_STATEMENTS = 20
"""Most statements of a survey in a round of a backup."""
MOST_OPTIONS = 11
"""Most options of a scale in a round of a backup."""
MOST_NODES = 501
"""Most nodes of a tree, its root included, in a round of a backup."""


def read_terms(text: str) -> Round:
    """Return the round with these terms, given as JSON. Raises ValueError, which names the fault, or another
    of `dump_check.SHAPE_ERRORS` for a document of another shape."""
    document = parse(text)
    of_round = round_from_json(document)
    if not fits(of_round, Round):
        raise ValueError("a value of its terms has the wrong type")
    # Terms written by an older version lack the members that it did not know.
    if {**of_round.as_json(), **document} != of_round.as_json():
        raise ValueError("its terms hold something that no terms have")
    if of_round.opens_at.tzinfo or of_round.closes_at.tzinfo:
        raise ValueError("its times have a time zone")
    check_texts(document)
    _check_survey(of_round.survey)
    _check_tree(of_round.tree)
    return of_round


def check_id(text: str) -> None:
    """Raise ValueError unless the text is a valid id (ID)."""
    if not ID.fullmatch(text):
        raise ValueError(f"{text!r} is no id: small letters a-z, digits, _ and -")


def check_texts(document: Any) -> None:
    """Raise ValueError if a string of a JSON document has a control character or a lone surrogate, which
    pages cannot show."""
    if any(
        unicodedata.category(character) in {"Cc", "Cs"} for text in _strings(document) for character in text
    ):
        raise ValueError("a text holds a character that cannot be shown")


def _check_survey(survey: Survey) -> None:
    """Raise ValueError unless the survey is one that a round can have."""
    ids = [statement.id for statement in survey.statements]
    for statement_id in ids:
        check_id(statement_id)
    if not 1 <= len(ids) <= MOST_STATEMENTS or len(set(ids)) < len(ids):
        raise ValueError(f"its survey needs 1 to {MOST_STATEMENTS} statements, each with an id of its own")
    if not all(2 <= len(statement.scale.labels) <= MOST_OPTIONS for statement in survey.statements):
        raise ValueError(f"a scale of its survey needs 2 to {MOST_OPTIONS} options")
    if not all(statement.scale.is_consistent for statement in survey.statements):
        raise ValueError("a scale of its survey has other options than its numbers or faces")
    if not all(statement.can_be_asked for statement in survey.statements):
        raise ValueError(
            f"several can be chosen of at most {MOST_SEVERAL} options without an order, and a follow-up has "
            f"one answer and at most {MOST_FOLLOW_UP_OPTIONS} options without an order"
        )
    if not all(follows_one_before(survey.statements, at) for at in range(len(ids))):
        raise ValueError("a follow-up is not after the statement that it follows, or after all its answers")


def _check_tree(tree: Tree) -> None:
    """Raise ValueError unless each node stands once, below one before it; only the first has no parent."""
    above: set[str | None] = {None}
    for position, node in enumerate(tree.nodes):
        check_id(node.id)
        if node.id in above or node.parent not in above or (node.parent is None) != (position == 0):
            raise ValueError(f"{node.id!r} of its tree stands twice, or not below another place")
        above.add(node.id)
    if not 1 <= len(tree.nodes) <= MOST_NODES:
        raise ValueError(f"its tree needs 1 to {MOST_NODES} places")


def _strings(document: Any) -> Iterator[str]:
    """Yield every string of a JSON document, keys included."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
