"""What staff keep: the log tells what they did, and an older installation gets the tables it lacks."""

import re
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

import kiosk.storage.database
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.storage import Link, Store
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import KeyFolder
from kiosk.storage.staff_records import Deed
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, random_ballots, tree
from tests.tools.desk_side import Desk


def test_the_log_tells_who_did_what_the_last_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    token = desk.token("/admin/links")
    desk.client.post("/admin/links", data={"csrf_token": token, "unit": "frida", "kind": "poster"})
    desk.client.post("/admin/walls", data={"csrf_token": token, "node": "talk2me"})
    told = [(entry.name, entry.deed, entry.what) for entry in desk.store.staff_records.log()]
    assert told == [
        ("anna", Deed.WALL_MADE, "talk2me"),
        ("anna", Deed.ADDRESS_MADE, "frida, poster"),
        ("anna", Deed.SIGNED_IN, "coordinator"),
    ]
    page = desk.client.get("/admin/log").text
    assert page.index("gjorde en väggskärm") < page.index("gjorde en adress") < page.index("loggade in")


def test_the_log_knows_nothing_of_guests(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()

    def log() -> str:
        # A form's token bears the second it was made in.
        return re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", desk.client.get("/admin/log").text)

    before = log()
    desk.answer(30)
    assert log() == before


def test_every_deed_has_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for deed in Deed:
        desk.store.staff_records.note(datetime(2026, 3, 2), "anna", deed, "x")
    desk.sign_in()
    page = desk.client.get("/admin/log").text
    assert page.count("<td>x</td>") == len(Deed)
    assert "<td></td>" not in page


def test_the_log_is_for_coordinators(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in("bo")
    assert desk.client.get("/admin/log").status_code == 403


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
