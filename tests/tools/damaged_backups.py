"""Damaged and edited backups, and the problem that a restore names for each."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.tools.backups import RUNNING, members_of, with_sums, write_members

Tables = dict[str, Any]
Edit = Callable[[Tables], object]


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def encrypted(file: Path) -> None:
    """Set the encryption bit in both headers of the first member."""
    content = bytearray(file.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    file.write_bytes(content)


def with_members(**changed: bytes | None) -> Callable[[Path], None]:
    """Members added, replaced or (None) removed, with correct checksums."""

    def change(file: Path) -> None:
        members = {**members_of(file), **changed}
        left = {name: content for name, content in members.items() if content is not None}
        write_members(file, left if "manifest.json" in changed else with_sums(left))

    return change


def with_two_of_a_name(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("logo.png", b"another")


def with_sizes(**sizes: int) -> Callable[[Path], None]:
    """A zip bomb: members that declare this size when unpacked."""

    def change(file: Path) -> None:
        members = {**dict.fromkeys(sizes, b"0" * 1000), **members_of(file)}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
            for name, size in sizes.items():
                archive.getinfo(name).file_size = size

    return change


def packed_with(method: int) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        members = members_of(file)
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return change


def without_checksum(file: Path) -> None:
    """A survey that was edited without computing the checksum again."""
    members = members_of(file)
    write_members(file, {**members, "questions/own.toml": b"id = 'own2'"})


def manifest_with(**changed: Any) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        members = members_of(file)
        manifest = {**json.loads(members["manifest.json"]), **changed}
        write_members(file, {**members, "manifest.json": json.dumps(manifest).encode()})

    return change


DEEP = b"[" * 100_000 + b"]" * 100_000

DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no zip": (lambda file: file.write_bytes(b"not a backup"), "cannot be read"),
    "empty": (lambda file: file.write_bytes(b""), "cannot be read"),
    "an empty zip": (lambda file: file.write_bytes(b"PK\5\6" + bytes(18)), "has no tables.json"),
    "truncated": (truncated, "cannot be read"),
    "encrypted": (encrypted, "is encrypted; decrypt it"),
    "packed otherwise": (packed_with(zipfile.ZIP_LZMA), "compression that backups do not use"),
    "no tables": (with_members(**{"tables.json": None}), "has no tables.json"),
    "no JSON": (with_members(**{"tables.json": b"{"}), "tables.json cannot be read"),
    "no UTF-8": (with_members(**{"tables.json": b"\xff{}"}), "tables.json cannot be read"),
    "deep JSON": (with_members(**{"tables.json": DEEP}), "nested too deeply"),
    "a key twice": (with_members(**{"tables.json": b'{"a": [], "a": []}'}), "a key occurs twice"),
    "NaN": (with_members(**{"tables.json": b'{"a": [NaN]}'}), "NaN is not a JSON number"),
    "a large number": (with_members(**{"tables.json": b'{"a": [' + b"9" * 5000 + b"]}"}), "cannot be read"),
    "a list for tables": (with_members(**{"tables.json": b"[]"}), "not lists of rows"),
    "no checksum": (without_checksum, "'questions/own.toml' does not have its checksum"),
    "a file that the manifest does not name": (
        manifest_with(members={}),
        "is in the manifest or in the file, but not in both",
    ),
    "a deep manifest": (with_members(**{"manifest.json": DEEP}), "nested too deeply"),
    "a manifest of nothing": (manifest_with(version=None), "does not say which version"),
    "a manifest with words for numbers": (manifest_with(schema="three"), "does not say which version"),
    "a manifest with odd members": (manifest_with(members={"tables.json": 1}), "lacks something"),
    "a manifest with odd sums": (
        manifest_with(members={"tables.json": {"bytes": 1, "sha256": "0"}}),
        "a value of a wrong kind",
    ),
    "a manifest with an odd day": (manifest_with(made_on="x"), "it is damaged"),
    "a name twice": (with_two_of_a_name, "some systems cannot tell apart"),
    "names that differ in case": (
        with_members(**{"questions/OWN.toml": b"x"}),
        "some systems cannot tell apart",
    ),
    "names that differ in composition": (
        with_members(**{"audio/\u00e5.mp3": b"x", "audio/a\u030a.mp3": b"y"}),
        "some systems cannot tell apart",
    ),
    "a path outside": (with_members(**{"questions/../../evil": b"x"}), "leads out of its folder"),
    "a path from the root": (with_members(**{"/evil": b"x"}), "leads out of its folder"),
    "a folder": (with_members(**{"questions/more/": b"x"}), "leads out of its folder"),
    "a path for another system": (with_members(**{"..\\evil": b"x"}), "some systems cannot store"),
    "a key": (with_members(**{"keys/box.r.a/1": b"x"}), "not part of a backup"),
    "the key of sessions": (with_members(**{"secret_key": b"x" * 64}), "not part of a backup"),
    "a database": (with_members(**{"kiosk.sqlite": b"x"}), "not part of a backup"),
    "a database's log": (with_members(**{"kiosk.sqlite-wal": b"x"}), "not part of a backup"),
    "a hidden file": (with_members(**{".profile": b"x"}), "not part of a backup"),
    "a bomb of tables": (with_sizes(**{"tables.json": 600_000_000}), "holds 600000000 bytes as tables.json"),
    "a smaller bomb of tables": (with_sizes(**{"tables.json": 90_000_000}), "90000000 bytes as tables.json"),
    "a bomb of files": (with_sizes(a=2**32 - 2, b=2**32 - 2), "holds more than 100000 files or 8000000000"),
}  # fmt: skip

POLES = {"first": 0, "low": "a", "high": "b"}


def terms(edit: Edit, round_id: str = "r") -> Edit:
    """An edit of a round's terms."""

    def change(tables: Tables) -> None:
        [row] = [row for row in tables["round"] if row["id"] == round_id]
        document = json.loads(row["terms"])
        edit(document)
        row["terms"] = json.dumps(document)

    return change


def cells(tables: Tables, round_id: str, node: str, statement: str) -> dict[str, dict[str, Any]]:
    """The rows of one statement's table, by option."""
    return {
        row["option"]: row
        for row in tables["tally"]
        if (row["round_id"], row["node_id"], row["statement_id"]) == (round_id, node, statement)
    }


def tally(round_id: str = "old", node: str = "a", **answers: int) -> Edit:
    """The answers to one statement, with an unchanged sum unless they are `more`."""

    def change(tables: Tables) -> None:
        rows, more = cells(tables, round_id, node, "s1"), answers.pop("more", 0)
        n = sum(row["answers"] for row in rows.values()) + more
        for row in rows.values():
            row["answers"] = 0
        for option, number in answers.items():
            rows[option.removeprefix("o")]["answers"] = number
        if answers.get("o5") is None:
            rows["5"]["answers"] = n - sum(answers.values())

    return change


def rename(table: str, column: str, value: Any, **where: Any) -> Edit:
    """One value replaced, also in the rows of tables that refer to it."""

    def change(tables: Tables) -> None:
        rows = [row for row in tables[table] if all(row[name] == wanted for name, wanted in where.items())]
        assert rows
        for row in rows:
            row[column] = value

    return change


def add_row(table: str, **values: Any) -> Edit:
    return lambda tables: tables[table].append({**tables[table][0], **values})


def later(document: Any, days: float) -> None:
    document["closes_at"] = (RUNNING.opens_at + timedelta(days=days)).isoformat()


def another_round(tables: Tables) -> None:
    [row] = [row for row in tables["round"] if row["id"] == "r"]
    document = {**json.loads(row["terms"]), "id": "q"}
    tables["round"].append({**row, "id": "q", "terms": json.dumps(document)})


EDITED: dict[str, tuple[Edit, str]] = {
    "no such schema": (
        rename("installation", "value", "99", key="schema"),
        "of schema 99, and this program's",
    ),
    "a schema of words": (
        rename("installation", "value", "\u0663", key="schema"),
        "number of its schema is missing",
    ),
    "no schema": (lambda t: t.update(installation=[]), "number of its schema is missing"),
    "an older schema than its tables": (
        rename("installation", "value", "1", key="schema"),
        "is no table of a",
    ),
    "a table is missing": (lambda t: t.pop("tally"), "table tally is missing"),
    "a strange table": (lambda t: t.update(box=[]), "table 'box' is no table of a backup"),
    "a table of numbers": (lambda t: t.update(tally=[1]), "table 'tally', row 1: is no row"),
    "a strange column": (lambda t: t["tally"][-1].update(at=1), "unknown or missing column 'at'"),
    "a column is missing": (lambda t: t["tally"][-1].pop("answers"), "missing column 'answers'"),
    "a word for a number": (rename("tally", "answers", "many"), "table tally, row 1: "),
    "a list for a word": (rename("account", "name", ["anna"]), "table account, row 1: "),
    "nothing for a word": (rename("account", "role", None), "table account, row 1: "),
    "a number too large to store": (rename("tally", "answers", 2**70), "table tally, row 1: a number is too"),
    "a number too large to count": (rename("excluded_rapid", "ballots", 2**31), "ballots is 2147483648"),
    "half a character": (
        rename("account", "name", "\ud800"),
        "table account, row 1: a number is too large or",
    ),
    "a row twice": (lambda t: t["account"].append(t["account"][0]), "table account, row 2: UNIQUE"),
    "k of true": (terms(lambda d: d.update(k=True)), "wrong type"),
    "a date out of range": (
        terms(lambda d: d.update(opens_at="0001-01-01T00:00:00", closes_at="0001-01-02T00:00:00")),
        "table round",
    ),
    "a time with a zone": (terms(lambda d: d.update(opens_at=d["opens_at"] + "+01:00")), "time zone"),
    "no time": (terms(lambda d: d.update(opens_at="soon")), "table round, row 2"),
    "admitted otherwise": (terms(lambda d: d.update(admission=["web"])), "table round, row 2"),
    "terms with more": (terms(lambda d: d.update(note="x")), "something that no terms have"),
    "terms without k": (terms(lambda d: d.pop("k")), "not as this program writes it"),
    "terms of a list": (rename("round", "terms", "[]"), "not as this program writes it"),
    "terms too deep": (rename("round", "terms", DEEP.decode()), "nested too deeply"),
    "terms of another round": (rename("round", "id", "s", id="r"), "its terms are those of 'r'"),
    "a round that is a path": (
        lambda t: (terms(lambda d: d.update(id="../../r"))(t), rename("round", "id", "../../r", id="r")(t)),
        "'../../r' is no id",
    ),
    "a unit that is a path": (terms(lambda d: d["tree"][1].update(id="../../a")), "'../../a' is no id"),
    "a unit twice": (terms(lambda d: d["tree"].append(d["tree"][1])), "stands twice"),
    "a unit below none": (terms(lambda d: d["tree"][1].update(parent="x")), "not below another place"),
    "a second root": (terms(lambda d: d["tree"][1].update(parent=None)), "not below another place"),
    "no units": (terms(lambda d: d.update(tree=[])), "its tree needs"),
    "no statements": (terms(lambda d: d["survey"].update(statements=[])), "1 to 20 statements"),
    "one statement twice": (
        terms(lambda d: d["survey"]["statements"][1].update(id="s1")),
        "1 to 20 statements",
    ),
    "a scale of one": (
        terms(lambda d: d["survey"]["statements"][0]["scale"].update(labels=["x"])),
        "2 to 11",
    ),
    "a scale of 300": (
        terms(lambda d: d["survey"]["statements"][0]["scale"].update(labels=["x"] * 300)),
        "2 to 11",
    ),
    "faces for two options": (
        terms(lambda d: d["survey"]["statements"][0]["scale"].update(pictures="faces", labels=["x", "y"])),
        "other options than its numbers or faces",
    ),
    "poles of other options": (
        terms(lambda d: d["survey"]["statements"][0]["scale"].update(pictures="none", poles=POLES)),
        "other options than its numbers or faces",
    ),
    "poles of an unknown kind": (
        terms(lambda d: d["survey"]["statements"][0]["scale"].update(poles={**POLES, "middle": "c"})),
        "not as this program writes it",
    ),
    "a number for a text": (terms(lambda d: d["survey"]["statements"][0].update(text=5)), "wrong type"),
    "a text nobody can send": (terms(lambda d: d["survey"].update(title="\ud800")), "cannot be shown"),
    "neither closed nor open": (rename("round", "closed", 2), "neither closed nor open"),
    "a negative answer": (tally(o1=-1), "answers is -1"),
    "answers to one statement more": (tally(o1=5, o2=5, more=3), "answers to one statement"),
    "answers of fewer than k": (
        lambda t: [row.update(answers=4 if row["option"] in {"1"} else 0) for row in t["tally"]],
        "no count of at least 5 ballots gives these figures",
    ),
    "the veil lifted": (tally(o1=0), "no count of at least 5 ballots gives these figures"),
    "nearly all alike": (tally(o1=1), "no count of at least 5 ballots gives these figures"),
    "more withheld than batches": (tally(withheld=15), "no count of at least 5 ballots gives these figures"),
    "withheld beside scattered answers": (
        tally(o1=3, o2=3, o3=3, o4=3, withheld=5),
        "no count of at least 5 ballots gives these figures",
    ),
    "a negative answer behind noise": (tally("r", o1=-1), "answers is -1"),
    "a veil over noise": (tally("r", withheld=1), "no count of at least 5 ballots gives these figures"),
    "no batches": (lambda t: t.update(batches=[]), "node 'a' has figures and no batches"),
    "no batch": (rename("batches", "number", 0), "12 ballots do not make 0 batches of at least 5"),
    "more batches than ballots": (rename("batches", "number", 3), "do not make 3 batches of at least 5"),
    "batches without figures": (rename("batches", "node_id", "b"), "0 ballots do not make 1 batches"),
    "batches of an exact round": (rename("batches", "round_id", "old"), "a round that is not protected"),
    "batches of no round": (rename("batches", "round_id", "x"), "a round that is not there"),
    "noise of no size": (terms(lambda d: d.pop("epsilon")), "not as this program writes it"),
    "noise of a size in words": (terms(lambda d: d.update(epsilon="1e999999999")), "is no epsilon"),
    "noise of another notation": (terms(lambda d: d.update(epsilon="6/4")), "something that no terms have"),
    "noise of an exact round": (terms(lambda d: d.update(epsilon="3/2"), "old"), "that no terms have"),
    "an unknown protection": (terms(lambda d: d.update(protection="none")), "is not a valid Protection"),
    "an unknown option": (rename("tally", "option", "6", option="5", node_id="a"), "not its scale's options"),
    "an option is missing": (lambda t: t["tally"].pop(), "not its scale's options"),
    "an unknown statement": (
        rename("tally", "statement_id", "s3", statement_id="s2"),
        "not those of the round's survey",
    ),
    "a statement is missing": (
        lambda t: t.update(tally=[row for row in t["tally"] if row["statement_id"] == "s1"]),
        "not those of the round's survey",
    ),
    "an unknown node": (rename("tally", "node_id", "c", node_id="a"), "no figures for such a node"),
    "a parent's figures in an open round": (
        rename("tally", "node_id", "root", round_id="r"),
        "no figures for such a node",
    ),
    "figures before closing": (terms(lambda d: d.update(figures="at_closing")), "figures at closing only"),
    "figures of an unknown round": (
        rename("tally", "round_id", "x", round_id="r"),
        "a round that is not there",
    ),
    "excluded ballots in an open round": (
        rename("excluded_rapid", "round_id", "r"),
        "a round that is not closed",
    ),
    "excluded ballots at no unit": (rename("excluded_rapid", "unit_id", "root"), "an unknown unit"),
    "more slips used than printed": (rename("slip_count", "used", 11), "more slips were used than printed"),
    "a reply to no round": (rename("reply", "round_id", "x"), "a round that is not there"),
    "an unknown role": (rename("account", "role", "root"), "'root' is no role"),
    "a name nobody can type": (rename("account", "name", "a\tb"), "1 to 80 printable characters"),
    "a password that is none": (rename("account", "password", "secret"), "no argon2 hash"),
    "a password that takes all memory": (
        rename("account", "password", "$argon2id$v=19$m=999999999,t=3,p=4$c29tZXNhbHQ$aGFzaA"),
        "no argon2 hash",
    ),
    "a password with a letter that no hash has": (
        rename("account", "password", "$argon2id$v=19$m=8,t=1,p=1$sält$hash"),
        "no argon2 hash",
    ),
    "an address of slips": (rename("link", "admission", "slip"), "no address of a kiosk or poster"),
    "an address to a path": (rename("link", "unit_id", "../a"), "'../a' is no id"),
    "a screen of a metre too much": (rename("link", "width_mm", 4000), "width_mm is out of range"),
    "a screen without a distance": (rename("link", "distance_mm", None, code="kiosk"), "no distance"),
    "a wall at a path": (rename("wall", "node_id", "../a"), "'../a' is no id"),
    "an unknown action": (rename("log", "deed", "stole"), "'stole' is nothing that is logged"),
    "an action at no time": (rename("log", "at", "x"), "table log, row 1"),
    "a counter at a path": (rename("output_count", "counter", "../a"), "'../a' is no id"),
    "a target of free text": (rename("output_count", "target", "Anna B"), "'Anna B' is no id"),
    "a tap on a day": (rename("output_count", "month", "2026-03-02"), "no year, quarter or month"),
    "a tap in a year": (rename("output_count", "month", "2026"), "longer than a month"),
    "a ticket of words": (rename("output_ticket", "ticket", "Anna Berg"), "not 16 bytes in hex"),
    "a ticket of a day": (rename("output_ticket", "month", "2026-03-02"), "no year, quarter or month"),
    "a typed figure on a day": (rename("typed_figure", "period", "2026-03-02"), "no year, quarter or month"),
    "a typed figure of free text": (rename("typed_figure", "counter", "Anna B"), "'Anna B' is no id"),
    "a figure of no quality": (rename("typed_figure", "quality", "guessed"), "'guessed' is not a valid"),
    "a number that was not counted": (rename("typed_figure", "quality", "not_counted"), "was not counted"),
    "figures from elsewhere without n": (
        rename("imported", "figures", "{}"),
        "not as this program writes it",
    ),
    "figures from elsewhere of words": (
        lambda t: t["imported"][0].update(figures=t["imported"][0]["figures"].replace("12,", '"12",')),
        "wrong type",
    ),
    "figures from elsewhere over n": (
        lambda t: t["imported"][0].update(figures=t["imported"][0]["figures"].replace("12,", "2,")),
        "over n",
    ),
    "a last count at no time": (rename("installation", "value", "x", key="last_tick"), "table installation"),
    "a last count with a zone": (
        rename("installation", "value", "2026-03-02T17:00:00+01:00", key="last_tick"),
        "time zone",
    ),
    "a clock of nothing": (rename("installation", "value", "[]", key="clock"), "not as this program writes"),
    "a clock in no time zone": (
        rename("installation", "value", '{"known_at": "2026-03-02T17:00:00"}', key="clock"),
        "not in UTC",
    ),
    "a clock too deep": (rename("installation", "value", DEEP.decode(), key="clock"), "nested too deeply"),
    "a snapshot of nothing": (rename("snapshot", "document", "{}"), "table snapshot, row 1"),
    "a snapshot too deep": (rename("snapshot", "document", DEEP.decode()), "nested too deeply"),
}

AGAINST_THE_RULES: dict[str, tuple[Edit, str]] = {
    "k under the floor": (terms(lambda d: d.update(k=4)), "round r: k must be at least 5."),
    "k of one": (terms(lambda d: d.update(k=1), "old"), "round old: k must be at least 5."),
    "k over the ceiling": (terms(lambda d: d.update(k=101)), "round r: k may be at most 100."),
    "a round too short": (
        terms(lambda d: later(d, 4)),
        "round r: The round must be open for at least 5 days",
    ),
    "a round too long": (terms(lambda d: later(d, 368)), "round r: The round may be at most 366 days."),
    "a round that ends first": (terms(lambda d: later(d, -1)), "at least 5 days"),
    "too little noise": (
        terms(lambda d: d.update(epsilon="2")),
        "round r: Epsilon must be at least 1/10 and at most 3/2.",
    ),
    "noise without end": (terms(lambda d: d.update(epsilon="1/9999")), "round r: Epsilon must be at least"),
    "nobody admitted": (terms(lambda d: d.update(admission=[])), "round r: Choose at least one way"),
    "two rounds at once": (another_round, "round r: The round Made up runs at the same service"),
}
