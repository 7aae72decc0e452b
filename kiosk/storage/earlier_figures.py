"""Earlier figures: counts from reports made before there was a kiosk."""

import json
from typing import Any

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class EarlierFigures:
    """The rows of earlier figures, each a document with a name."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def set(self, name: str, figures: dict[str, Any]) -> None:
        """Store figures, the JSON of a `kiosk.domain.earlier_figures.EarlierFigures`, under a name, in place
        of those that have this name. They are not checked here."""
        imported = tables.Imported
        self._database.run(
            imported.insert(id=name, figures=json.dumps(figures, ensure_ascii=False)).on_conflict(
                conflict_target=[imported.id], preserve=[imported.figures]
            )
        )

    @one_write
    def remove(self, name: str) -> None:
        """Delete figures; no error if there are none of that name."""
        self._database.run(tables.Imported.delete().where(tables.Imported.id == name))

    def all(self) -> dict[str, dict[str, Any]]:
        """Return name -> figures as `set` stored them, sorted by name."""
        imported = tables.Imported
        rows = self._database.rows(imported.select(imported.id, imported.figures).order_by(imported.id))
        return {name: json.loads(figures) for name, figures in rows}
