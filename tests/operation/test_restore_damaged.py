"""Damaged or edited backups are refused with one line that names the fault, and nothing is created."""

import json
from copy import deepcopy
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.domain.clock import last_known
from kiosk.domain.earlier_figures import figures_from_json
from kiosk.domain.strict_json import parse
from kiosk.operation.restore import restore_backup
from kiosk.storage import Store, StoreError
from tests.tools.backups import (
    OWN_FILES,
    Saved,
    listing,
    opened,
    settings_of,
    with_tables,
)
from tests.tools.command_line import Run
from tests.tools.damaged_backups import AGAINST_THE_RULES, DAMAGED, DEEP, EDITED, Tables


def refused(file: Path, folder: Path) -> str:
    """The error message of a restore, which has created nothing."""
    before = listing(folder)
    with pytest.raises(StoreError) as raised:
        restore_backup(settings_of(folder / "second"), file)
    assert listing(folder) == before
    message = str(raised.value)
    assert message.startswith(f"{file}: "), message
    assert len(message.splitlines()) == 1
    return message


# -- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_and_changes_nothing(saved: Saved, tmp_path: Path, case: str) -> None:
    change, message = DAMAGED[case]
    change(saved.file)
    assert message in refused(saved.file, tmp_path)
    assert not (tmp_path / "evil").exists()


# -- the rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EDITED)
def test_an_edited_backup_with_valid_checksums_is_refused(saved: Saved, tmp_path: Path, case: str) -> None:
    edit, message = EDITED[case]
    assert message in refused(with_tables(saved.file, saved.file, edit), tmp_path)


@pytest.mark.parametrize("case", AGAINST_THE_RULES)
def test_invalid_terms_in_a_backup_are_refused_in_english(
    saved: Saved, run: Run, tmp_path: Path, case: str
) -> None:
    edit, message = AGAINST_THE_RULES[case]
    edited = with_tables(saved.file, saved.file, edit)
    before = listing(tmp_path)
    done = run("restore", str(edited))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kiosk: {edited}: ")
    assert message in done.stderr
    assert done.stderr.endswith(" Nothing was restored\n")
    assert len(done.stderr.splitlines()) == 1
    assert listing(tmp_path) == before


# -- anything ------------------------------------------------------------------------------------


def look_at_everything(store: Store) -> None:
    """Read all that pages and commands read, and let the round close: nothing may fail."""
    for state in store.rounds():
        store.slip_counts(state.round.id)
        store.printed_slips(state.round.id)
        store.replies.of_round(state.round.id)
        for unit in state.round.tree.leaves:
            store.reply(unit)
    store.outputs.all().years()
    store.links.all()
    store.audit_log.entries()
    store.walls.all()
    for figures in store.earlier_figures.all().values():
        figures_from_json(figures)
    store.check_schema()
    last_known(store.clock_record, store.last_tick and store.last_tick.astimezone(UTC))
    for state in store.rounds():
        store.count(state.round.closes_at)
    json.dumps(store.snapshot(), ensure_ascii=False).encode()


def comes_back(folder: Path) -> bool:
    """Whether the backup in a folder is restored; otherwise it is refused with one line and nothing is
    created."""
    message = ""
    try:
        restore_backup(settings_of(folder / "second"), folder / "b.zip")
    except StoreError as error:
        message = str(error)
    assert not message or len(message.splitlines()) == 1
    assert not message or set(listing(folder)) == {"b.zip"}
    return not message


EVERYTHING = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.slow
@EVERYTHING
@given(data=st.data())
def test_no_changed_byte_causes_a_traceback_or_other_data(
    saved: Saved, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(saved.file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        change = data.draw(st.sampled_from(["flip", "cut", "insert", "double"]))
        if change == "flip":
            content[at] ^= data.draw(st.integers(1, 255))
        elif change == "cut":
            del content[at : at + data.draw(st.integers(1, len(content)))]
        elif change == "insert":
            content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        else:
            content[at:at] = content[at : at + data.draw(st.integers(1, 400))]
        content = content or bytearray(b"x")
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "b.zip").write_bytes(content)
    if not comes_back(folder):
        return
    store, listed = opened(settings_of(folder / "second")), listing(folder / "second")
    assert store.snapshot_text() == saved.store.snapshot_text()
    assert {name: listed[name] for name in OWN_FILES} == OWN_FILES
    store.close()


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(
        ["\ud800", "../a", "r", "old", "a", "root", "s1", "1", "withheld", "", "[]", "{}", DEEP.decode()]
    ),
    st.sampled_from([[], {}, [[]], [{}], 0, 1, 4, 5, 101, 1e308]),
)


def inner(document: Any) -> Any:
    """The JSON document in a text, if there is one."""
    try:
        return parse(document) if isinstance(document, str) else document
    except ValueError:
        return document


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every position in a document, and in texts that are JSON."""
    paths = [path] if path else []
    document = inner(document)
    if isinstance(document, dict):
        for key, value in document.items():
            paths += places(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            paths += places(value, (*path, number))
    return paths


def changed(document: Any, path: tuple[Any, ...], change: str, odd: Any) -> Any:
    """The document with one position replaced, removed or duplicated."""
    if isinstance(document, str):
        return json.dumps(changed(parse(document), path, change, odd))
    first, *rest = path
    if rest:
        document[first] = changed(document[first], tuple(rest), change, odd)
    elif change == "replace":
        document[first] = odd
    elif change == "remove":
        del document[first]
    elif isinstance(document, list):
        document.append(document[first])
    else:
        document[f"{first}2"] = document[first]
    return document


@pytest.mark.slow
@EVERYTHING
@given(data=st.data())
def test_no_changed_table_causes_a_traceback_or_a_partial_restore(
    saved: Saved, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tables")

    def edit(tables: Tables) -> None:
        for _ in range(data.draw(st.integers(1, 2))):
            table = data.draw(st.sampled_from(sorted(tables)))
            path = data.draw(st.sampled_from(places(tables[table], (table,))))
            change = data.draw(st.sampled_from(["replace", "replace", "remove", "double"]))
            # Else a second change would alter the value that the strategy hands out.
            changed(tables, path, change, deepcopy(data.draw(ODD)))

    with_tables(saved.file, folder / "b.zip", edit)
    if not comes_back(folder):
        return
    store = opened(settings_of(folder / "second"))
    look_at_everything(store)
    store.close()
