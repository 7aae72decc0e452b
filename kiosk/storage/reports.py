"""Effect reports: terms, the text of each part with its version, and published editions."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from kiosk.domain.report import Terms, terms_from_json
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


@dataclass(frozen=True)
class PartText:
    """The text of one part of a report (`kiosk.domain.report.Part`), "" if it is not written. `version` is 0
    for a part that nobody has written, and rises by 1 with each change."""

    words: str = ""
    version: int = 0


class Reports:
    """The rows of reports, their texts and their published editions."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def all(self) -> dict[str, Terms]:
        """Return report id -> terms, sorted by id."""
        report = tables.Report
        rows = self._database.rows(report.select(report.id, report.terms).order_by(report.id))
        return {name: terms_from_json(json.loads(terms)) for name, terms in rows}

    @one_write
    def set(self, report_id: str, terms: Terms) -> None:
        """Add a report, or replace its terms: title, year, place, rounds and others. Texts and editions
        stay."""
        report = tables.Report
        words = json.dumps(asdict(terms), ensure_ascii=False)
        self._database.run(
            report.insert(id=report_id, terms=words).on_conflict(
                conflict_target=[report.id], preserve=[report.terms]
            )
        )

    def texts(self, report_id: str) -> dict[str, PartText]:
        """Return the value of a `Part` -> its text, for the parts that somebody has written; `words` is "" if
        the text was deleted again."""
        text = tables.ReportText
        query = text.select(text.part, text.words, text.version).where(text.report_id == report_id)
        return {part: PartText(words, version) for part, words, version in self._database.rows(query)}

    @one_write
    def write(self, report_id: str, part: str, words: str, seen_version: int) -> bool:
        """Replace a part's text if it still has the version `seen_version`, 0 for a part that nobody has
        written. Returns False, and changes nothing, if somebody changed it since. The caller has checked that
        the report has the part."""
        text = tables.ReportText
        row = {"report_id": report_id, "part": part}
        current = self._database.row(
            text.select(text.version).where(text.report_id == report_id, text.part == part)
        )
        if (current[0] if current else 0) != seen_version:
            return False
        self._database.run(text.delete().where(text.report_id == report_id, text.part == part))
        self._database.run(text.insert(**row, words=words, version=seen_version + 1))
        return True

    @one_write
    def publish(self, report_id: str, edition: int, document: dict[str, Any]) -> None:
        """Store the edition with the number `edition`, the JSON of a `kiosk.domain.report.ReportDocument`.
        Raises peewee.IntegrityError if the report has an edition with that number: an edition never
        changes."""
        words = json.dumps(document, ensure_ascii=False)
        self._database.run(tables.ReportEdition.insert(report_id=report_id, edition=edition, document=words))

    def editions(self, report_id: str) -> tuple[int, ...]:
        """Return the numbers of a report's editions, in ascending order."""
        edition = tables.ReportEdition
        query = (
            edition.select(edition.edition).where(edition.report_id == report_id).order_by(edition.edition)
        )
        return tuple(number for (number,) in self._database.rows(query))

    def edition(self, report_id: str, number: int) -> dict[str, Any] | None:
        """Return the document of an edition as `publish` stored it; None if there is none."""
        edition = tables.ReportEdition
        row = self._database.row(
            edition.select(edition.document).where(edition.report_id == report_id, edition.edition == number)
        )
        document: dict[str, Any] | None = json.loads(row[0]) if row else None
        return document
