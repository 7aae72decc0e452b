"""Publishing a report: its document as it is now, in the reference language."""

from datetime import datetime

from kiosk.desk.i18n import day, in_reference_language, translate
from kiosk.desk.reports.building import build
from kiosk.desk.reports.content import content_of
from kiosk.domain.report import ReportDocument
from kiosk.storage import Store


def draft(store: Store, report_id: str, edition: str = "") -> ReportDocument | None:
    """Return a report's document as it is now, in Swedish; nothing is stored. `edition` is the text about the
    edition on its cover; without it, the cover says that it is a draft. None if there is no such report, or
    its theory or place is no longer in the library."""
    terms = store.reports.all().get(report_id)
    with in_reference_language():
        content = content_of(store, report_id, terms) if terms else None
        return build(content, edition or translate("Utkast, inte publicerat")) if content else None


def edition_words(number: int, when: datetime) -> str:
    """Return the Swedish text about an edition on the cover: its number, from 1, and the day of `when`."""
    with in_reference_language():
        return translate("Utgåva {number}, {day}", number=number, day=day(when))
