"""Replies to guests about the result of a closed round, by language."""

from collections.abc import Mapping

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Replies:
    """The rows of replies, one for each closed round and language."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def set(self, round_id: str, texts: Mapping[str, str]) -> None:
        """Replace a round's reply in all languages. `texts` is language -> text; a language that is missing,
        or whose text is "", has no reply afterwards. The caller has checked that the round is closed."""
        self._database.run(tables.Reply.delete().where(tables.Reply.round_id == round_id))
        for language, text in texts.items():
            if text:
                self._database.run(tables.Reply.insert(round_id=round_id, language=language, words=text))

    def of_round(self, round_id: str) -> dict[str, str]:
        """Return language -> text of a round's reply; empty if there is none."""
        reply = tables.Reply
        return dict(
            self._database.rows(reply.select(reply.language, reply.words).where(reply.round_id == round_id))
        )
