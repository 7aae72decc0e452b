"""Surveys, statements and scales, read from questions/*.toml.

Swedish is the reference text and the gettext message id. A survey's version is a hash of all that a
guest can see of it, translations included: a changed word makes a new version, since figures on
either side of the change cannot be compared without saying so.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.definition import DefinitionError, Table, check_own_name, read_table

Texts = Mapping[str, Mapping[str, str]]
"""language -> reference text -> translated text"""


@dataclass(frozen=True)
class Scale:
    """Answer options, `labels` from the lowest to the highest."""

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
    """What is asked. `texts` holds the translations that existed when it was read or frozen."""

    id: str
    title: str
    source: str
    licence: str
    validated: bool
    statements: tuple[Statement, ...]
    texts: Texts

    @property
    def messages(self) -> tuple[str, ...]:
        """The reference texts a guest reads, in order, each once."""
        found: dict[str, None] = {}
        for statement in self.statements:
            found[statement.text] = None
            found.update(dict.fromkeys(statement.scale.labels))
        return tuple(found)

    @property
    def version(self) -> str:
        """Ten hex digits of SHA-256 over everything a guest can see of the survey, in order."""
        seen = {
            "statements": [[s.id, s.text, s.scale.labels] for s in self.statements],
            "texts": {lang: dict(sorted(t.items())) for lang, t in self.texts.items()},
        }
        canonical = json.dumps(seen, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:10]

    def statement(self, statement_id: str) -> Statement:
        """The statement of that id; KeyError if there is none."""
        for statement in self.statements:
            if statement.id == statement_id:
                return statement
        raise KeyError(statement_id)

    def translated(self, texts: Texts) -> "Survey":
        """The same survey with those of `texts` that belong to it; other words are left out."""
        kept = {
            lang: {m: words[m] for m in self.messages if words.get(m)}
            for lang, words in sorted(texts.items())
        }
        return Survey(
            self.id, self.title, self.source, self.licence, self.validated, self.statements,
            {lang: words for lang, words in kept.items() if words},
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready copy, for a round to freeze."""
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
            "texts": {lang: dict(words) for lang, words in self.texts.items()},
        }


def survey_from_json(row: dict[str, Any]) -> Survey:
    """The inverse of `Survey.as_json`."""
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


def _check_origin(table: Table) -> tuple[str, str, bool]:
    """Source, licence, validated: no question is used whose rights and standing are unknown."""
    return table.text("source"), table.text("licence"), table.flag("validated")


def read_scale(path: Path) -> Scale:
    """Read one scale file; options stand lowest first."""
    table = read_table(path)
    scale_id = check_own_name(table, path)
    _check_origin(table)
    bipolar = table.flag("bipolar")
    labels: list[str] = []
    for option in table.tables("options", at_least=2, at_most=11):
        label = option.text("label")
        if label in labels:
            raise option.error("label", f"{label!r} stands twice; a guest could not tell them apart")
        option.finish()
        labels.append(label)
    table.finish()
    return Scale(scale_id, tuple(labels), bipolar)


def read_survey(path: Path, scales: Mapping[str, Scale]) -> Survey:
    """Read one survey file, untranslated. Raises DefinitionError for anything that does not hold."""
    table = read_table(path)
    survey_id = check_own_name(table, path)
    title = table.text("title")
    source, licence, validated = _check_origin(table)
    default_scale = table.optional_text("scale")
    if default_scale:
        _check_scale(table, default_scale, scales)
    statements: list[Statement] = []
    for row in table.tables("statements", at_least=1, at_most=20):
        statement = _read_statement(row, scales, default_scale)
        if statement.id in {s.id for s in statements}:
            raise row.error("id", f"{statement.id!r} stands twice; every statement needs its own id")
        if statement.text in {s.text for s in statements}:
            raise row.error("text", "stands twice in this survey; remove one")
        statements.append(statement)
    table.finish()
    return Survey(survey_id, title, source, licence, validated, tuple(statements), {})


def _read_statement(row: Table, scales: Mapping[str, Scale], default_scale: str) -> Statement:
    scale_id = row.optional_text("scale") or default_scale
    if not scale_id:
        raise row.error("scale", "is missing here and at the top of the file; name a scale")
    _check_scale(row, scale_id, scales)
    statement_id = row.identifier("id")
    if statement_id in RESERVED_NAMES:
        raise row.error("id", f"{statement_id!r} is used by the guest's form; choose another")
    statement = Statement(statement_id, row.text("text"), row.text("outcome"), scales[scale_id])
    row.finish()
    return statement


def _check_scale(table: Table, scale_id: str, scales: Mapping[str, Scale]) -> None:
    if scale_id not in scales:
        known = ", ".join(sorted(scales)) or "none"
        raise table.error("scale", f"no scale {scale_id!r} in the folder scales; choose one of: {known}")


RESERVED_NAMES = frozenset({"slip", "lang"})
"""Fields the guest's form has besides the statements."""


def read_scales(folder: Path) -> dict[str, Scale]:
    """All scale files of a folder, by id."""
    return {path.stem: read_scale(path) for path in sorted(folder.glob("*.toml"))}


def read_surveys(folders: list[Path]) -> dict[str, Survey]:
    """All surveys of the folders, untranslated, by id.

    A folder holds survey files and, optionally, a folder `scales`. Later folders see the scales of
    earlier ones; the same id twice is an error, since a round must know which one it froze.
    """
    scales: dict[str, Scale] = {}
    surveys: dict[str, Survey] = {}
    for folder in folders:
        for scale_id, scale in read_scales(folder / "scales").items():
            if scale_id in scales:
                raise DefinitionError(f"{folder / 'scales' / scale_id}.toml: this id is taken; rename it")
            scales[scale_id] = scale
        for path in sorted(folder.glob("*.toml")):
            if path.stem in surveys:
                raise DefinitionError(f"{path}: a survey {path.stem!r} exists already; rename this")
            surveys[path.stem] = read_survey(path, scales)
    return surveys
