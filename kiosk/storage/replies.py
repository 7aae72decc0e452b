"""Replies to guests: what came of a round, in each language."""

from collections.abc import Mapping

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Replies:
    """The rows of replies."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def set(self, round_id: str, words: Mapping[str, str]) -> None:
        """Replace what guests are told came of the round: language -> text, empty texts left out."""
        self._database.run(tables.Reply.delete().where(tables.Reply.round_id == round_id))
        for language, text in words.items():
            if text:
                self._database.run(tables.Reply.insert(round_id=round_id, language=language, words=text))

    def of_round(self, round_id: str) -> dict[str, str]:
        """Language -> what guests are told came of the round."""
        reply = tables.Reply
        return dict(
            self._database.rows(reply.select(reply.language, reply.words).where(reply.round_id == round_id))
        )
