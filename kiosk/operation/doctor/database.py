"""Checks the database, above all the logs of PostgreSQL: only settings that are known to keep no time of a
ballot pass.

https://www.postgresql.org/docs/current/runtime-config-logging.html and runtime-config-wal.html
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.operation.doctor.advice import Advice, Severity, Topic, worst
from kiosk.storage import Replicas, Store


@dataclass(frozen=True)
class Rule:
    """The good values of a setting of PostgreSQL, the recommended one first. Any other value is a finding of
    this `severity`, which gives `harm`, an English clause."""

    good: tuple[str, ...]
    harm: str
    severity: Severity = Severity.BAD


EACH = "its log gets a line, with the time, for each ballot"
"""The harm of settings that log every statement."""
SOME = "its log gets a line, with the time, for some ballots"
"""The harm of settings that log some statements."""

RULES = {
    "log_statement": Rule(("none", "ddl"), EACH),
    "log_duration": Rule(("off",), EACH),
    "log_min_duration_statement": Rule(("-1",), SOME),
    "log_min_duration_sample": Rule(("-1",), SOME),
    "log_transaction_sample_rate": Rule(("0",), SOME),
    "auto_explain.log_min_duration": Rule(("-1",), SOME),
    "log_parser_stats": Rule(("off",), EACH),
    "log_planner_stats": Rule(("off",), EACH),
    "log_executor_stats": Rule(("off",), EACH),
    "log_statement_stats": Rule(("off",), EACH),
    "debug_print_parse": Rule(("off",), EACH),
    "debug_print_rewritten": Rule(("off",), EACH),
    "debug_print_plan": Rule(("off",), EACH),
    "log_min_messages": Rule(("warning", "error", "log", "fatal", "panic"), SOME),
    # The default, error, logs the text of a failed write. It has no values: those are parameters.
    "log_min_error_statement": Rule(("error", "log", "fatal", "panic"), SOME),
    "log_parameter_max_length_on_error": Rule(
        ("0",), "its log gets the unit of a ballot that could not be written"
    ),
    "log_lock_waits": Rule(("off",), "its log gets a line, with the time, where ballots come at once"),
    "log_connections": Rule(("off", ""), "its log shows when guests' requests opened connections"),
    "log_disconnections": Rule(("off",), "its log shows when guests' requests opened connections"),
    # 600,000 ms is PostgreSQL's default; the tables of a kiosk take less.
    "log_autovacuum_min_duration": Rule(
        ("-1", "600000"), "its log shows when ballots caused a cleanup of a table"
    ),
    "log_checkpoints": Rule(
        ("off",), "its log shows, to five minutes, when something was written", Severity.WARNING
    ),
    "track_commit_timestamp": Rule(("off",), "the time of each write is kept"),
    "archive_mode": Rule(
        ("off",),
        "every log of writes is kept, with unit and microsecond of each ballot; back up with kiosk backup",
    ),
    # 16 MB is the least with which Patroni starts a server. PostgreSQL leaves more than that of former logs
    # in place anyway, until it writes over them (min_wal_size).
    "wal_keep_size": Rule(("0", "16"), "logs of writes are kept, with unit and microsecond of each ballot"),
    "wal_level": Rule(("replica", "minimal"), "its log of writes is made for others to read each write from"),
    # Every write of the kiosk sets a stricter value than any other default.
    "synchronous_commit": Rule(
        ("on", "remote_apply"), "a power cut loses what other programs write here last", Severity.WARNING
    ),
}
"""PostgreSQL's setting -> its rule. A setting that the server does not have passes: it belongs to another
version."""

LIBRARIES = {
    # Counts statements, without their values and times.
    "pg_stat_statements",
    # Logs nothing while auto_explain.log_min_duration is -1, which RULES require.
    "auto_explain",
    "plpgsql",
}
"""Libraries that are known not to log the time of a statement."""

PRELOADED = ("shared_preload_libraries", "session_preload_libraries", "local_preload_libraries")
"""Settings that name libraries. A role without pg_read_all_settings cannot see the first two."""


def check_database(store: Store) -> Iterator[Advice]:
    """Yield a BAD finding for each fault of SQLite's file (at most three), the findings about PostgreSQL, and
    a GOOD one if no finding is BAD and the database can be written. Raises peewee's errors, while iterated,
    if it cannot be read or written."""
    faults = [
        Advice(
            Topic.DATABASE,
            Severity.BAD,
            f"the database is damaged ({fault}): stop kiosk serve, keep the file, and restore a backup "
            "elsewhere: kiosk restore FILE",
        )
        for fault in store.database_faults()
    ]
    yield from faults
    store.check_writable()
    server_advice = list(_check_server(store))
    yield from server_advice
    if worst([*faults, *server_advice]) is not Severity.BAD:
        yield Advice(Topic.DATABASE, Severity.GOOD, "the database is whole and can be written")


def _check_server(store: Store) -> Iterator[Advice]:
    """Check that PostgreSQL neither logs writes nor may lose them; a good finding if so. Yields nothing for
    SQLite."""
    settings = store.server_settings()
    if not settings:
        return
    advice = [
        *check_settings(settings, store.overridden_settings()),
        *_check_slots(store.replication_slots()),
        *(Advice(Topic.DATABASE, Severity.BAD, risk) for risk in store.commit_risks()),
        *_check_replicas(store.replicas()),
    ]
    yield from advice
    if worst(advice) is Severity.GOOD:
        text = "PostgreSQL writes down no statements, and keeps no log of writes for long"
        yield Advice(Topic.DATABASE, Severity.GOOD, text)


def _more(name: str, overridden: Collection[str]) -> str:
    """Return the end of the remedy of a setting in `overridden`, which ALTER SYSTEM does not reach; "" for
    other settings."""
    if name not in overridden:
        return ""
    return (
        ". It is set for this role, this database or this start of the server alone: ALTER ROLE or ALTER "
        f"DATABASE ... RESET {name}, or take it out of the command line"
    )


def check_settings(settings: Mapping[str, str], overridden: Collection[str] = ()) -> Iterator[Advice]:
    """Report PostgreSQL's settings, name -> value, that are not known to be good (RULES), and loaded
    libraries that are not in LIBRARIES; nothing if all are good. `overridden` are the names of those that
    ALTER SYSTEM does not reach, since a role, a database or the server's command line sets them."""
    for name, rule in RULES.items():
        if settings.get(name, rule.good[0]) not in rule.good:
            yield Advice(
                Topic.DATABASE,
                rule.severity,
                f"PostgreSQL's {name} is {settings[name]}: {rule.harm}. As its superuser: ALTER SYSTEM SET "
                f"{name} = '{rule.good[0]}', then restart it{_more(name, overridden)}",
            )
    yield from _check_libraries(settings)


def _check_libraries(settings: Mapping[str, str]) -> Iterator[Advice]:
    """Report loaded libraries that are not in LIBRARIES, and a setting of PRELOADED that this role cannot
    read."""
    unseen = [name for name in PRELOADED if name not in settings]
    if unseen:
        yield Advice(
            Topic.DATABASE,
            Severity.BAD,
            f"PostgreSQL's {unseen[0]} cannot be read by the kiosk's role, so a library that logs each "
            "ballot would not be seen. As its superuser: GRANT pg_read_all_settings TO the role in "
            "KIOSK_DATABASE_URL",
        )
    named = {library.strip(" \"'") for name in PRELOADED for library in settings.get(name, "").split(",")} - {
        ""
    }
    loaded = {name.split(".")[0] for name in settings if "." in name}
    for library in sorted((named | loaded) - LIBRARIES):
        yield Advice(
            Topic.DATABASE,
            Severity.BAD,
            f"PostgreSQL loads {library}, which is not known to write down nothing of statements. Take it "
            f"out of {', '.join(PRELOADED)}, then restart it",
        )


def _check_slots(slots: Sequence[str]) -> Iterator[Advice]:
    if slots:
        yield Advice(
            Topic.DATABASE,
            Severity.BAD,
            f"PostgreSQL keeps logs of writes for {', '.join(slots)}, with unit and microsecond of "
            f"each ballot. As its superuser: SELECT pg_drop_replication_slot('{slots[0]}')",
        )


def _check_replicas(replicas: Replicas | None) -> Iterator[Advice]:
    """Report whether commits wait for a replica; nothing for SQLite (None) or a single server without
    replicas. `Store.commit_risks` reports a connected replica for which no commit waits."""
    if replicas is None:
        return
    if replicas.waited_for and replicas.connected:
        text = f"PostgreSQL's commits wait for a replica; connected: {replicas.connected}"
        yield Advice(Topic.DATABASE, Severity.GOOD, text)
    elif replicas.waited_for:
        yield Advice(
            Topic.DATABASE,
            Severity.BAD,
            f"PostgreSQL's commits wait for a replica ({replicas.waited_for}), and none is connected: no "
            "ballot is accepted until one is. Start the replicas",
        )
    elif replicas.is_cluster and not replicas.connected:
        yield Advice(
            Topic.DATABASE,
            Severity.BAD,
            "KIOSK_DATABASE_URL names several servers, and PostgreSQL's commits wait for none of them: "
            "answers are lost with the leader's disk. With Patroni: set synchronous_mode and "
            "synchronous_mode_strict to true",
        )
