"""A coordinator's comments on the statements of a round."""

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Comments:
    """The rows of comments, one for each round and statement."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def set(self, round_id: str, statement_id: str, words: str) -> None:
        """Replace the comment on a statement in a round; "" deletes it. The caller has checked both ids."""
        row = tables.Comment
        is_previous = (row.round_id == round_id) & (row.statement_id == statement_id)
        self._database.run(row.delete().where(is_previous))
        if words:
            self._database.run(row.insert(round_id=round_id, statement_id=statement_id, words=words))

    def of_round(self, round_id: str) -> dict[str, str]:
        """Return statement id -> comment, for the statements of a round that have one."""
        row = tables.Comment
        selected = row.select(row.statement_id, row.words).where(row.round_id == round_id)
        return dict(self._database.rows(selected))
