"""An older installation gets the tables it lacks, and keeps all it has."""

import re
import shutil
import sqlite3
from pathlib import Path
from random import Random

import pytest

import kiosk.storage.database
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.storage import Link, Store
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import KeyFolder
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, random_ballots, tree


def test_an_older_installation_is_upgraded_and_keeps_its_ballots(tmp_path: Path) -> None:
    old = a_store(tmp_path)
    old.open_round(a_round(tree("a")), MONDAY)
    cast_all(old, "a", random_ballots(17, Random(1)))
    old.close()
    first, *later = kiosk.storage.database._migrations()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        added = "".join(sql for _, sql in later)
        for table in re.findall(r"CREATE TABLE (\w+)", added):
            database.execute(f"DROP TABLE {table}")
        for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", added):
            database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        database.execute("UPDATE installation SET value = ? WHERE key = 'schema'", [str(first[0])])
    shutil.rmtree(tmp_path / "keys" / "letterbox.r.a")
    new = Store(Database(f"sqlite:///{tmp_path / 'k.sqlite'}"), KeyFolder(tmp_path / "keys"))
    with pytest.raises(StoreError, match=r"older version; .* run: kiosk upgrade"):
        new.check_schema()
    assert new.upgrade() == (first[0], later[-1][0])
    new.check_schema()
    fresh = a_store(tmp_path / "fresh")
    assert new.schema() == fresh.schema()
    new.count(MONDAY.replace(hour=17))
    assert new.snapshot()["rounds"][0]["nodes"][1]["answered"] == 12
    assert new.public_key("r", "a")
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        made = [row[0] for row in database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")]
    assert [sql for sql in made if not sql.endswith("STRICT")] == []


def test_kiosks_of_an_older_installation_keep_their_addresses_and_can_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_two = kiosk.storage.database._migrations()[:2]
    with monkeypatch.context() as before:
        before.setattr(kiosk.storage.database, "_migrations", lambda: first_two)
        a_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        database.execute("INSERT INTO link VALUES ('old', 'kiosk', 'a'), ('paper', 'poster', 'a')")
    new = a_store(tmp_path)
    assert new.links.all() == [Link("old", Admission.KIOSK, "a"), Link("paper", Admission.POSTER, "a")]
    new.links.set_screen("old", Screen(476, 700, 0))
    assert new.links.with_code("old") == Link("old", Admission.KIOSK, "a", Screen(476, 700, 0))
    new.links.set_screen("old", None)
    assert new.links.with_code("old") == Link("old", Admission.KIOSK, "a")
