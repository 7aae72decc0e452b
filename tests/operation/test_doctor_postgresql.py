"""Only PostgreSQL settings that are known to store no time of a ballot pass, tested on real servers."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kiosk.operation.doctor import Advice, Severity, Topic
from kiosk.operation.doctor.database import PRELOADED, RULES, check_settings
from kiosk.storage import open_store
from tests.tools.commits import is_connected, set_server
from tests.tools.examined import healthy_installation
from tests.tools.postgresql import new_database, new_server

pytestmark = pytest.mark.slow

SOUND = {"log_checkpoints": "off", "log_lock_waits": "off"}

BAD = {
    "log_statement": "mod",
    "log_duration": "on",
    "log_min_duration_statement": "250",
    "log_min_duration_sample": "0",
    "log_transaction_sample_rate": "0.01",
    "log_parser_stats": "on",
    "log_planner_stats": "on",
    "log_executor_stats": "on",
    "debug_print_parse": "on",
    "debug_print_rewritten": "on",
    "debug_print_plan": "on",
    "log_min_messages": "debug1",
    "log_min_error_statement": "notice",
    "log_parameter_max_length_on_error": "-1",
    "log_lock_waits": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_autovacuum_min_duration": "0",
    "track_commit_timestamp": "on",
    "archive_mode": "on",
    "wal_keep_size": "32",
    "wal_level": "logical",
    "auto_explain.log_min_duration": "0",
}
"""Setting -> a value with which a server can start and that stores times of ballots."""

LOOK = {"log_checkpoints": "on", "synchronous_commit": "off"}
"""Setting -> a value that the doctor marks with `look`."""

NOT_BESIDE = {"log_statement_stats": "on"}
"""A server does not start with it together with log_parser_stats."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server configured as recommended: PostgreSQL's defaults without logging of checkpoints."""
    with new_server(SOUND) as server:
        yield server.address


def examined(url: str, folder: Path) -> list[Advice]:
    with healthy_installation(folder, url=url) as examined:
        return [one for one in examined.examine() if one.topic is Topic.DATABASE]


def test_a_correct_postgresql_server_is_good(server: str, tmp_path: Path) -> None:
    advice = examined(new_database(server, "sound"), tmp_path)
    assert [one for one in advice if one.severity is not Severity.GOOD] == []
    assert any("writes down no statements" in one.text for one in advice)


def test_every_postgresql_setting_that_stores_times_is_bad(tmp_path: Path) -> None:
    with new_server({"shared_preload_libraries": "auto_explain", **BAD}) as server:
        advice = examined(server.create_database("bad"), tmp_path)
    bad = [one.text for one in advice if one.severity is Severity.BAD]
    for name, value in BAD.items():
        [texts] = [line for line in bad if line.startswith(f"PostgreSQL's {name} is {value}: ")]
        assert f"ALTER SYSTEM SET {name} = '{RULES[name].good[0]}'" in texts
    assert not any("writes down no statements" in one.text for one in advice)


def test_less_severe_postgresql_settings_are_warnings(tmp_path: Path) -> None:
    with new_server(LOOK) as server:
        advice = examined(server.create_database("look"), tmp_path)
    assert not [one for one in advice if one.severity is Severity.BAD]
    texts = [one.text for one in advice if one.severity is Severity.WARNING]
    assert sorted(line.split()[1] for line in texts) == sorted(LOOK)


def test_a_postgresql_server_that_may_lose_commits_is_bad(tmp_path: Path) -> None:
    with new_server({"fsync": "off", **SOUND}) as server:
        advice = examined(server.create_database("loses"), tmp_path)
    assert [one.text for one in advice if one.severity is Severity.BAD] == [
        "PostgreSQL's fsync is off: a power cut loses answers; set it to on"
    ]


def test_the_default_log_checkpoints_of_postgresql_is_a_warning(server: str, tmp_path: Path) -> None:
    url = new_database(server, "as_it_comes")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        [[default]] = connection.execute("SELECT boot_val FROM pg_settings WHERE name = 'log_checkpoints'")
        connection.execute("ALTER DATABASE as_it_comes SET synchronous_commit = on")
    settings = settings_of(url, tmp_path)
    assert default == "on"
    [texts] = check_settings({**settings, "log_checkpoints": default})
    assert texts.severity is Severity.WARNING


def test_a_setting_of_the_role_alone_is_bad_and_its_remedy_is_named(server: str, tmp_path: Path) -> None:
    url = new_database(server, "of_one_database")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("ALTER DATABASE of_one_database SET log_duration = on")
    [text] = [one.text for one in examined(url, tmp_path) if "log_duration is on" in one.text]
    assert "DATABASE ... RESET log_duration" in text
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("ALTER DATABASE of_one_database RESET log_duration")


def settings_of(url: str, folder: Path) -> dict[str, str]:
    store = open_store(folder, url, folder / "keys", durable=False)
    try:
        return store.server_settings()
    finally:
        store.close()


@pytest.mark.parametrize("name", RULES)
def test_an_unknown_value_of_a_setting_is_not_good(server: str, tmp_path: Path, name: str) -> None:
    settings = settings_of(f"{server}/postgres", tmp_path)
    assert list(check_settings(settings)) == []
    [texts] = check_settings({**settings, name: "a value of a later version"})
    assert texts.severity is RULES[name].severity
    assert texts.severity is not Severity.GOOD


def test_every_examined_setting_exists_in_this_postgresql_version(server: str, tmp_path: Path) -> None:
    """A misspelt name would never be reported."""
    settings = settings_of(f"{server}/postgres", tmp_path)
    assert set(RULES) - set(settings) == {"auto_explain.log_min_duration"}
    assert set(RULES) - set(BAD) - set(NOT_BESIDE) == set(LOOK)


def test_settings_of_a_single_database_are_examined(server: str, tmp_path: Path) -> None:
    url = new_database(server, "of_its_own")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("ALTER DATABASE of_its_own SET log_duration = on")
    bad = [one.text for one in examined(url, tmp_path) if one.severity is Severity.BAD]
    assert len(bad) == 1
    assert bad[0].startswith("PostgreSQL's log_duration is on: ")


def test_an_unknown_preloaded_library_is_not_good(server: str, tmp_path: Path) -> None:
    settings = settings_of(f"{server}/postgres", tmp_path)
    for name in PRELOADED:
        [texts] = check_settings({**settings, name: 'pg_stat_statements, "pgaudit"'})
        assert texts.text.startswith("PostgreSQL loads pgaudit, ")
    [texts] = check_settings({**settings, "pg_qualstats.track": "on"})
    assert texts.text.startswith("PostgreSQL loads pg_qualstats, ")


def test_pg_stat_statements_and_a_silent_auto_explain_are_good(tmp_path: Path) -> None:
    with new_server({"shared_preload_libraries": "pg_stat_statements,auto_explain", **SOUND}) as server:
        advice = examined(server.create_database("counted"), tmp_path)
    assert [one.text for one in advice if one.severity is not Severity.GOOD] == []


def test_a_role_that_cannot_read_the_loaded_libraries_is_told_what_to_grant(
    server: str, tmp_path: Path
) -> None:
    url = new_database(server, "seen")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("ALTER DATABASE seen OWNER TO plain")
        as_plain = url.replace("kiosk@", "plain@")
        bad = [one.text for one in examined(as_plain, tmp_path / "before") if one.severity is Severity.BAD]
        assert len(bad) == 1
        assert "shared_preload_libraries cannot be read" in bad[0]
        assert "GRANT pg_read_all_settings" in bad[0]
        connection.execute("GRANT pg_read_all_settings TO plain")
    assert list(check_settings(settings_of(as_plain, tmp_path))) == []


def test_a_replication_slot_is_bad(server: str, tmp_path: Path) -> None:
    url = new_database(server, "slot")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('copy')")
        try:
            bad = [one.text for one in examined(url, tmp_path) if one.severity is Severity.BAD]
        finally:
            connection.execute("SELECT pg_drop_replication_slot('copy')")
    assert len(bad) == 1
    assert "pg_drop_replication_slot('copy')" in bad[0]


def test_a_cluster_is_good_only_while_a_replica_that_commits_wait_for_is_connected(
    server: str, tmp_path: Path
) -> None:
    with new_server(SOUND) as leader:
        two = f",127.0.0.1:{server.rpartition(':')[2]}/cluster"
        url = leader.create_database("cluster").replace("/cluster", two)
        with healthy_installation(tmp_path, url=url) as installation:

            def first_text() -> str:
                return next(one.text for one in installation.examine() if one.topic is Topic.DATABASE)

            assert "names several servers, and PostgreSQL's commits wait for none" in first_text()
            with new_server(SOUND, copy_of=leader) as replica:
                while not is_connected(leader):
                    pass
                set_server(leader, "synchronous_standby_names", "ANY 1 (*)")
                assert first_text() == "PostgreSQL's commits wait for a replica; connected: 1"
                replica.stop()
                while is_connected(leader):
                    pass
                assert "none is connected: no ballot is accepted" in first_text()
                replica.start()
            set_server(leader, "synchronous_standby_names", None)


def test_a_read_only_database_is_bad(server: str, tmp_path: Path) -> None:
    url = new_database(server, "read_only")
    with healthy_installation(tmp_path, url=url) as examined:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER DATABASE read_only SET default_transaction_read_only = on")
        texts = examined.advice_texts(Severity.BAD, Topic.DATABASE)
    assert any("read-only transaction" in line for line in texts)


def test_an_unreachable_database_server_is_bad_and_the_rest_is_examined(tmp_path: Path) -> None:
    with (
        new_server(SOUND) as server,
        healthy_installation(tmp_path, url=server.create_database("a")) as examined,
    ):
        pass
    texts = examined.advice_texts(Severity.BAD)
    assert any("connection" in line for line in texts)
    assert examined.advice_texts(Severity.GOOD, Topic.SPACE)
