"""The tables of outputs have no room for a guest, a day or free text."""

import sqlite3
from pathlib import Path

import pytest

from tests.attack.views import lint_schema
from tests.tools.builders import a_store


def test_no_column_of_outputs_has_room_for_a_guest_or_a_day(tmp_path: Path) -> None:
    a_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        assert lint_schema(database) == []


@pytest.mark.parametrize("table", ["output_count", "typed_figure"])
@pytest.mark.parametrize("column", ["note", "day", "at", "account"])
def test_a_planted_column_is_found(tmp_path: Path, table: str, column: str) -> None:
    a_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")
        assert lint_schema(database) == [f"{table}.{column}"]
