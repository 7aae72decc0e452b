"""Exports: every count is the snapshot's, every code is explained, and a text is never run as a formula."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import openpyxl
import pytest

from kiosk.domain.counters import Figure, Outputs, Quality, read_period
from kiosk.domain.rounds import Protection
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Good, Poles, number_scale
from kiosk.library import spreadsheet_writer, xlsx_parts
from kiosk.output.export import files
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, random_ballots, tree
from tests.tools.published import statements

OUTPUTS = Outputs(
    {("a", read_period("2026-03"), "link", "skola"): 4},
    {
        ("a", read_period("2026"), "advise"): Figure(500, Quality.ESTIMATED),
        ("a", read_period("2026-Q1"), "appeal"): Figure(0, Quality.NOT_COUNTED),
    },
)


@pytest.fixture
def published(tmp_path: Path) -> Document:
    store = a_store(tmp_path)
    store.open_round(a_round(tree("a", "b")), MONDAY)
    cast_all(store, "a", random_ballots(23, Random(1)))
    store.count(MONDAY.replace(hour=17))
    return store.snapshot()


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_exported_count_equals_that_of_the_snapshot(published: Document) -> None:
    counts = rows(files(published, [a_round(tree("a", "b"))], Outputs())["counts.csv"])
    [of_round] = published["rounds"]
    for node in of_round["nodes"]:
        mine = [row for row in counts if row["node"] == node["id"]]
        if node["answered"] is None:
            assert [(row["option"], row["answers"], row["answered"]) for row in mine] == [("waiting", "", "")]
        for statement, table in statements(node).items():
            answers = {row["option"]: int(row["answers"]) for row in mine if row["statement"] == statement}
            assert [answers[str(at)] for at in range(1, 6)] == table["counts"]
            assert {kind: answers[kind] for kind in table["no_answer"]} == table["no_answer"]
            assert answers["withheld"] == table["withheld"]
            assert sum(answers.values()) == node["answered"]


def test_each_row_has_the_protection_and_noise_of_its_figures(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    exact, protected = a_round(tree("a")), replace(a_round(tree("b")), id="other")
    protected = replace(protected, protection=Protection.PROTECTED)
    for of_round, unit in ((exact, "a"), (protected, "b")):
        store.open_round(of_round, MONDAY)
        for one in random_ballots(20, Random(1)):
            store.cast(of_round.id, unit, one, MONDAY)
    store.count(MONDAY.replace(hour=17))
    counts = rows(files(store.snapshot(), [exact, protected], Outputs())["counts.csv"])
    noise = {
        (row["round"], row["protection"], row["epsilon"], row["batches"], row["answered"]) for row in counts
    }
    assert noise == {("r", "exact", "", "", "15"), ("other", "protected", "3/2", "1", "15")}
    withheld = [row["answers"] for row in counts if (row["round"], row["option"]) == ("other", "withheld")]
    assert set(withheld) == {"0"}


def test_the_codebook_explains_exactly_the_codes_in_use(published: Document) -> None:
    contents = files(published, [a_round(tree("a", "b"))], Outputs())
    explained = {(row["round"], row["statement"], row["option"]) for row in rows(contents["codebook.csv"])}
    used = {
        (row["round"], row["statement"], row["option"])
        for row in rows(contents["counts.csv"])
        if row["statement"]
    }
    assert used == explained


def test_the_export_has_the_snapshot_and_a_matching_description(published: Document) -> None:
    contents = files(published, [a_round(tree("a", "b"))], OUTPUTS)
    assert json.loads(contents["snapshot.json"]) == published
    described = json.loads(contents["datapackage.json"])
    for resource in described["resources"]:
        content = contents[resource["path"]]
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert [field["name"] for field in resource["schema"]["fields"]] == list(rows(content)[0])
        keys = [tuple(row[name] for name in resource["schema"]["primaryKey"]) for row in rows(content)]
        assert len(keys) == len(set(keys))


def test_a_table_with_more_rows_than_a_sheet_goes_on_in_further_sheets(
    published: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = files(published, [a_round(tree("a", "b"))], OUTPUTS)
    heading, *counts = csv.reader(io.StringIO(contents["counts.csv"].decode("utf-8-sig")))
    rows_of_a_sheet = len(counts) // 2
    monkeypatch.setattr(spreadsheet_writer, "MOST_ROWS", rows_of_a_sheet)
    monkeypatch.setattr(xlsx_parts, "MOST_ROWS", rows_of_a_sheet)
    split = files(published, [a_round(tree("a", "b"))], OUTPUTS)
    book = openpyxl.load_workbook(io.BytesIO(split["results.xlsx"]))
    sheets = [name for name in book.sheetnames if name.startswith("counts")]
    assert sheets == ["counts", "counts (2)", "counts (3)"]
    cells = [
        [["" if value is None else str(value) for value in row] for row in book[name].values]
        for name in sheets
    ]
    assert [rows[0] for rows in cells] == [heading] * len(sheets)
    assert [row for rows in cells for row in rows[1:]] == counts
    assert max(map(len, cells)) == rows_of_a_sheet
    # Control: without further sheets, the export fails.
    monkeypatch.setattr(spreadsheet_writer, "MOST_ROWS", len(counts) + 1)
    with pytest.raises(ValueError, match="at most"):
        files(published, [a_round(tree("a", "b"))], OUTPUTS)


def test_the_workbook_equals_the_tables_and_is_reproducible(published: Document) -> None:
    contents = files(published, [a_round(tree("a", "b"))], OUTPUTS)
    book = openpyxl.load_workbook(io.BytesIO(contents["results.xlsx"]))
    assert book.sheetnames == ["counts", "codebook", "outputs"]
    for name in book.sheetnames:
        cells = [["" if value is None else str(value) for value in row] for row in book[name].values]
        assert cells == list(csv.reader(io.StringIO(contents[f"{name}.csv"].decode("utf-8-sig"))))
    numbers = [row[-1] for row in book["counts"].iter_rows(min_row=2, values_only=True)]
    assert {type(number) for number in numbers} == {int, type(None)}
    assert files(published, [a_round(tree("a", "b"))], OUTPUTS)["results.xlsx"] == contents["results.xlsx"]
    assert book.properties.modified == datetime.fromisoformat(published["made_at"] or "")
    assert not book.properties.creator


def test_a_text_is_never_exported_as_a_formula(published: Document) -> None:
    of_round = a_round(tree("a", "b"))
    evil = replace(of_round.survey.statements[0], text='=HYPERLINK("http://evil.example")')
    survey = replace(of_round.survey, statements=(evil, *of_round.survey.statements[1:]))
    codebook = rows(files(published, [replace(of_round, survey=survey)], Outputs())["codebook.csv"])
    assert codebook[0]["text"].startswith("'=")


def test_the_codebook_has_the_number_and_the_pole_of_each_option(published: Document) -> None:
    of_round = a_round(tree("a", "b"))
    numbers = number_scale("five", Poles(0, "Inte alls", "Helt"), 5)
    asked = tuple(replace(statement, scale=numbers) for statement in of_round.survey.statements)
    contents = files(
        published, [replace(of_round, survey=replace(of_round.survey, statements=asked))], Outputs()
    )
    labels = [(row["option"], row["label"]) for row in rows(contents["codebook.csv"])[:5]]
    assert labels == [("1", "0 – Inte alls"), ("2", "1"), ("3", "2"), ("4", "3"), ("5", "4 – Helt")]


def test_the_codebook_has_the_good_end_and_the_agreeing_options(published: Document) -> None:
    of_round = a_round(tree("a", "b"))
    first, *others = of_round.survey.statements
    survey = replace(of_round.survey, statements=(replace(first, good=Good.LOW, agreeing=(1, 5)), *others))
    codebook = rows(files(published, [replace(of_round, survey=survey)], Outputs())["codebook.csv"])
    by_statement = {
        statement.id: [(row["good"], row["agrees"]) for row in codebook if row["statement"] == statement.id]
        for statement in survey.statements
    }
    assert by_statement["s1"] == [
        *(("low", yes) for yes in ("yes", "no", "no", "no", "yes")),
        *[("low", "")] * 4,
    ]
    assert by_statement["s2"] == [*(("", yes) for yes in ("no", "no", "no", "yes", "yes")), *[("", "")] * 4]


def test_outputs_are_in_the_package_with_their_quality_and_described(published: Document) -> None:
    contents = files(published, [a_round(tree("a", "b"))], OUTPUTS)
    assert [tuple(row.values()) for row in rows(contents["outputs.csv"])] == [
        ("a", "2026", "advise", "", "500", "estimated", "typed"),
        ("a", "2026-03", "link", "skola", "4", "counted", "tapped"),
        ("a", "2026-Q1", "appeal", "", "", "not_counted", "typed"),
    ]
    described = json.loads(contents["datapackage.json"])["resources"]
    [fields] = [one["schema"]["fields"] for one in described if one["path"] == "outputs.csv"]
    assert [field["name"] for field in fields] == list(rows(contents["outputs.csv"])[0])
    assert all(field["description"] for field in fields)
