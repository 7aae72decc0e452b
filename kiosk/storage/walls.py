"""Addresses of wall screens."""

from dataclasses import dataclass
from secrets import token_urlsafe

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


@dataclass(frozen=True)
class Wall:
    """A wall screen's address and the node whose figures it shows."""

    code: str
    node_id: str


class Walls:
    """The rows of wall screens' addresses, by code."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def add(self, node_id: str) -> Wall:
        """Store and return a new address at which anybody can read a node's figures. The caller has checked
        the node."""
        wall = Wall(token_urlsafe(12), node_id)
        self._database.run(tables.Wall.insert(code=wall.code, node_id=wall.node_id))
        return wall

    @one_write
    def remove(self, code: str) -> None:
        """Delete a wall screen's address; no error if there is none."""
        self._database.run(tables.Wall.delete().where(tables.Wall.code == code))

    def with_code(self, code: str) -> Wall | None:
        """Return the wall screen at the address with this code; None if there is none."""
        row = self._database.row(_WALLS.where(tables.Wall.code == code))
        return Wall(*row) if row else None

    def all(self) -> list[Wall]:
        """Return all wall screens, sorted by node and code."""
        query = _WALLS.order_by(tables.Wall.node_id, tables.Wall.code)
        return [Wall(*row) for row in self._database.rows(query)]


_WALLS = tables.Wall.select(tables.Wall.code, tables.Wall.node_id)
