"""Surveys, statements and scales.

Swedish is the reference text and the gettext message id. A survey's version is a hash of everything that a
guest can see of it, translations included: figures from before and after a changed word are not comparable.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kiosk.domain.short_hash import short_hash

Translations = Mapping[str, Mapping[str, str]]
"""Language -> reference text -> translated text."""


@dataclass(frozen=True)
class Scale:
    """The answer options; `labels` run from the lowest to the highest."""

    id: str
    labels: tuple[str, ...]
    bipolar: bool


@dataclass(frozen=True)
class Statement:
    id: str
    text: str
    outcome: str
    scale: Scale


@dataclass(frozen=True)
class Survey:
    """A list of statements. `translations` are those that existed when the survey was read or frozen."""

    id: str
    title: str
    source: str
    licence: str
    validated: bool
    statements: tuple[Statement, ...]
    translations: Translations

    @property
    def messages(self) -> tuple[str, ...]:
        """The reference texts that a guest reads, in order, without duplicates."""
        unique: dict[str, None] = {}
        for statement in self.statements:
            unique[statement.text] = None
            unique.update(dict.fromkeys(statement.scale.labels))
        return tuple(unique)

    @cached_property
    def version(self) -> str:
        """Ten hex digits of SHA-256 over everything that a guest can see of the survey, in order."""
        seen = {
            "statements": [[s.id, s.text, s.scale.labels] for s in self.statements],
            "texts": {lang: dict(sorted(t.items())) for lang, t in self.translations.items()},
        }
        canonical = json.dumps(seen, ensure_ascii=False, sort_keys=True)
        return short_hash(canonical, 10)

    def statement(self, statement_id: str) -> Statement:
        """Return the statement with that id; KeyError if there is none."""
        for statement in self.statements:
            if statement.id == statement_id:
                return statement
        raise KeyError(statement_id)

    def translated(self, texts: Translations) -> "Survey":
        """Return the survey with those of `texts` that belong to it."""
        kept = {
            lang: {m: translation[m] for m in self.messages if translation.get(m)}
            for lang, translation in sorted(texts.items())
        }
        return Survey(
            self.id, self.title, self.source, self.licence, self.validated, self.statements,
            {lang: translation for lang, translation in kept.items() if translation},
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready copy, as a round freezes it."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "licence": self.licence,
            "validated": self.validated,
            "statements": [
                {
                    "id": s.id,
                    "text": s.text,
                    "outcome": s.outcome,
                    "scale": {
                        "id": s.scale.id,
                        "labels": list(s.scale.labels),
                        "bipolar": s.scale.bipolar,
                    },
                }
                for s in self.statements
            ],
            "texts": {lang: dict(translation) for lang, translation in self.translations.items()},
        }


def survey_from_json(row: dict[str, Any]) -> Survey:
    """Return a survey from its JSON: the inverse of `Survey.as_json`."""
    statements = tuple(
        Statement(
            s["id"],
            s["text"],
            s["outcome"],
            Scale(s["scale"]["id"], tuple(s["scale"]["labels"]), s["scale"]["bipolar"]),
        )
        for s in row["statements"]
    )
    return Survey(
        row["id"], row["title"], row["source"], row["licence"], row["validated"], statements,
        row["texts"],
    )  # fmt: skip
