"""Attack 9: a page, file, header or command reveals more than the snapshot.

Every route of both applications and every command is discovered. Their output is compared before and after
uncounted ballots arrive: few and many, in an exact and a protected round, as forms and envelopes, with and
without a kiosk's mark, rapid, refused and by slip. Not a byte may differ.
"""

import ast
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

import kiosk
from kiosk.cli import main
from kiosk.desk.app import create_desk_app
from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.envelope import MARK_BYTES
from kiosk.domain.rounds import Admission, Protection, Round
from kiosk.domain.schedule import Every
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import read_library
from kiosk.library.trees import flat_tree
from kiosk.output.export import files
from kiosk.settings import Settings, read_settings
from kiosk.storage import Account, Role, Store, TooEarlyError, open_store, tables
from kiosk.storage.boxes import Boxes
from kiosk.storage.count_progress import CountPart
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import Writer
from tests.attack.finding import Finding, Scale
from tests.tools.command_line import command_names
from tests.tools.desk_side import HASH, PASSWORD
from tests.tools.envelopes import seal
from tests.tools.published import statements
from tests.tools.shipped import share_templates

OPENING = datetime.combine(date.today() - timedelta(days=3), time(9))
"""The opening of the rounds. It is recent, since commands read the machine's clock."""

SHOWING = {
    "aggregate list",
    "audio list",
    "check",
    "results",
    "round list",
    "count",
    "doctor",
    "export",
    "clock show",
    "report list",
    "user list",
    "token list",
    "mail list",
}
CHANGING = {
    "init",
    "upgrade",
    "give-up-keys",
    "user add",
    "user remove",
    "user link",
    "user role",
    "user reset-factor",
    "user mail",
    "mail retry",
    "mail remove",
    "token add",
    "token remove",
    "round open",
    "round cancel",
    "slips",
    "link",
    "poster",
    "backup",
    "restore",
    "survey export",
    "survey import",
    "lockdown",
    "deploy",
    "audio build",
    "clock confirm",
    "report make",
    "aggregate make",
    "aggregate show",
    "aggregate import",
    "aggregate trust",
    "aggregate distrust",
    "bundle make",
    "bundle show",
    "bundle import",
}
SERVING = {"serve", "demo", "simulate", "mail send", "mail test"}
"""Commands that show no figures. All other commands are in SHOWING. `backup` is examined through the store's
dump, and mail in mail.py."""

TOKEN = re.compile(
    rb'(name="(?:csrf_token|_ticket)"[^>]*value=")[^"]*|(Date: )[^\r\n]*|(?:Set-Cookie: [^\r\n]*\r\n)'
)
"""Parts of a response that differ each time: a form's token or ticket, the session, the time of the
response."""


CLOCK = re.compile(rb"(?<=The clock shows )[^.]*")
"""The time in a command's output."""


class House:
    """An installation with published figures, both applications, an exact round and a protected one."""

    def __init__(self, folder: Path) -> None:
        self.environ = {"KIOSK_DATA": str(folder / "data"), "KIOSK_KEYS": str(folder / "keys")}
        self.folder = folder
        self.settings = settings = read_settings(self.environ)
        library = read_library(settings)
        self.store: Store = open_store(settings.data, settings.database_url, settings.keys, durable=False)
        self.store.migrate()
        for name, role in (("anna", Role.COORDINATOR), ("bo", Role.STAFF), ("cia", Role.VIEWER)):
            self.store.accounts.set(Account(name, role, HASH))
        self.round = Round(
            "r", library.surveys["ombudsmannaskap"], library.trees["vasteras"], 5, OPENING,
            OPENING + timedelta(days=90), frozenset(Admission),
        )  # fmt: skip
        self.protected = Round(
            "p", library.surveys["ombudsmannaskap"], flat_tree(["shelter"]), 5, OPENING - timedelta(hours=1),
            OPENING + timedelta(days=90), frozenset(Admission), protection=Protection.PROTECTED,
        )  # fmt: skip
        for of_round in (self.round, self.protected):
            self.store.open_round(of_round, OPENING)
        self.mark = secrets.token_bytes(MARK_BYTES)
        for way, code in ((Admission.KIOSK, "kiosk"), (Admission.KIOSK, ""), (Admission.POSTER, "poster")):
            self.store.links.add(way, "frida", code=code)
        self.store.links.add(Admission.KIOSK, "shelter", code="shelter")
        self.slips = self.store.print_slips("r", "frida", 10)
        self.random = Random(1)
        self.come(23, "frida")
        self.come(12, "talk2me")
        self.come(23, "shelter")
        self.store.count(OPENING + timedelta(hours=8))
        now = OPENING + timedelta(hours=9)
        self.guest = create_guest_app(
            self.store, library, clock=lambda: now, rate_limit=RateLimit(0.0, 1), allowed_languages=None
        )
        self.desk, self.leaky_desk = (
            create_desk_app(
                self.store, library, clock=lambda: now, ticks=Every(5), secret_key="s" * 32,
                guest_address="http://guest.example", allowed_languages=None, settings=settings,
            )
            for _ in range(2)
        )  # fmt: skip
        for app in (self.guest, self.desk, self.leaky_desk):
            share_templates(app)
        self.leaky_desk.add_url_rule(LEAK, "leak", lambda round_id: _box_size(settings, round_id))
        self.wall = self.store.walls.add("frida")
        self.token = self.store.api_tokens.add("program", OPENING)

    @cached_property
    def clients(self) -> dict[str, FlaskClient]:
        """The clients of the desk."""
        return self._clients(self.desk)

    @cached_property
    def leaky_clients(self) -> dict[str, FlaskClient]:
        """The clients of the control's desk."""
        return self._clients(self.leaky_desk)

    def _clients(self, desk: Flask) -> dict[str, FlaskClient]:
        """Return account -> a client that is signed in to it; "nobody" -> a client that is not; "program" ->
        a client that sends an API token. They sign in once, because the log has each signing in."""
        program = desk.test_client()
        program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        return {
            **{name: _signed_in(desk, name) for name in ("anna", "bo", "cia")},
            "nobody": desk.test_client(),
            "program": program,
        }

    def come(self, number: int, unit: str, *, by_slip: bool = False) -> None:
        """Let `number` guests answer at random at a unit."""
        for _ in range(number):
            options = [1, 2, 3, 4, 5, *NoAnswer]
            answers = tuple(self.random.choice(options) for _ in self.round.survey.statements)
            slip = self.slips.pop() if by_slip else None
            round_id = self.protected.id if unit == "shelter" else self.round.id
            self.store.cast(round_id, unit, Ballot(answers), OPENING + timedelta(hours=1), slip)

    def send(self, *, is_marked: bool = False, is_rapid: bool = False, is_refused: bool = False) -> None:
        """Let a guest answer in an envelope. With `is_refused`, the rate limit refuses it, unless
        `is_marked`: the envelope has the kiosk's mark."""
        key, mark = self.store.public_key("r", "frida"), self.mark if is_marked else b""
        envelope = seal(bytes.fromhex(key), mark=mark, is_rapid=is_rapid)
        now = OPENING + timedelta(hours=1)
        with suppress(TooEarlyError):
            self.store.cast_envelope(
                key, envelope, now, carrier="kiosk", admit=lambda *, is_own, **_: is_own or not is_refused
            )

    def shown(self) -> dict[str, bytes]:
        """Return request -> response, for every page, file and command that shows something now."""
        contents = {f"guest {path}": given for path, given in _walk(self.guest, self.guest.test_client())}
        for name, client in self.clients.items():
            wall = "" if name == "program" else self.wall.code
            contents |= {f"{name} {path}": given for path, given in _walk(self.desk, client, wall=wall)}
        for words in sorted(SHOWING):
            contents[f"kiosk {words}"] = self._printed(words)
        contents["kiosk results --json"] = self._printed("results --json")
        contents["kiosk backup"] = repr(self.store.dump()).encode()
        return contents

    def leaked(self) -> dict[str, bytes]:
        """Return request -> response of the control: a page with the number of ballots in a round's box, and
        a backup with the marks of kiosks."""
        contents = {
            f"{name} {path}": given
            for name, client in self.leaky_clients.items()
            for path, given in _walk(self.leaky_desk, client, only=LEAK)
        }
        with patch("kiosk.storage.dump.KIOSK_MARK", "nothing"):
            contents["kiosk backup"] = repr(self.store.dump()).encode()
        return contents

    def _printed(self, words: str) -> bytes:
        asked = [*words.split(), *([str(self.folder / "export")] if words == "export" else [])]
        done = CliRunner().invoke(main, asked, env={**self.environ, "KIOSK_COUNT_AT": "00:00"})
        written = self.folder / "export"
        content = b"".join(path.read_bytes() for path in sorted(written.glob("*")))
        for path in written.glob("*"):
            path.unlink()
        if written.is_dir():
            written.rmdir()
        return CLOCK.sub(b"", done.output.encode()) + content


def _signed_in(desk: Flask, name: str) -> FlaskClient:
    """Return a client that is signed in to an account."""
    client = desk.test_client()
    page = client.get("/admin/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    data = {"csrf_token": token and token.group(1), "name": name, "password": PASSWORD}
    client.post("/admin/sign-in", data=data)
    return client


PLACES = {
    "code": ["kiosk", "en"],
    "device": ["kiosk"],
    "round_id": ["r"],
    "node_id": ["frida"],
    "statement_id": ["listened"],
    "survey_id": ["ombudsmannaskap"],
    "tree_id": ["vasteras"],
    "scale_id": ["agree5"],
    "report_id": ["r2026-1"],
    "unit_id": ["frida"],
    "part": ["vision"],
    "edition": ["1"],
    "ending": ["html", "zip"],
    "theory_id": ["ombudsmannaskap"],
    "counter_id": ["advise"],
    "name": ["counts.csv", "codebook.csv", "results.xlsx", "snapshot.json", "datapackage.json"],
    "language": ["sv"],
    "drawing": [f"{kind}.{end}" for kind in ("now", "places") for end in ("svg", "png", "csv", "xlsx")],
    "filename": ["icon.svg"],
}
"""Part of an address -> the values to fill in, in turn."""

PROTECTED = {"round_id": ["p"], "node_id": ["shelter"], "code": ["shelter"]}
"""Part of an address -> the values for the protected round, which replace those in PLACES."""


def _parts(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield part of an address -> value, for every combination of values: first of the exact round, then of
    the protected one."""
    for places in (PLACES, {**PLACES, **PROTECTED})[: 1 + bool(PROTECTED.keys() & set(names))]:
        for values in product(*(places[name] for name in names)):
            yield dict(zip(names, values, strict=True))


def _part(parts: Mapping[str, str], place: re.Match[str]) -> str:
    """Return the value that replaces a placeholder in an address."""
    return parts[place.group(1)]


def _walk(app: Flask, client: FlaskClient, wall: str = "", only: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield (path, status, headers and body as one byte string) of every GET route, or of the route `only`;
    `wall` is a wall screen's code. Raises ValueError for a server error."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and only in ("", rule.rule):
            for filled in _parts(sorted(rule.arguments)):
                path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", partial(_part, filled), rule.rule)
                path = path.replace("/s/kiosk", "/s/poster").replace("/wall/kiosk", f"/wall/{wall}")
                given = client.get(path)
                if given.status_code >= 500:
                    raise ValueError(f"{path}: {given.status}")
                yield path, TOKEN.sub(rb"\1\2", f"{given.status}\r\n{given.headers}".encode() + given.data)


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {asked for asked in before.keys() | after.keys() if before.get(asked) != after.get(asked)}


STEPS: tuple[tuple[Callable[[House], None], ...], ...] = (
    (lambda house: house.come(1, "frida"),),
    (
        lambda house: house.come(3, "frida", by_slip=True),
        lambda house: house.send(is_marked=True),
        lambda house: house.send(),
        lambda house: house.send(is_rapid=True),
        lambda house: house.send(is_refused=True),
    ),
    (
        lambda house: house.come(30, "talk2me"),
        lambda house: house.come(6, "frida", by_slip=True),
        lambda house: house.come(8, "shelter"),
    ),
)
"""Actions of guests between two comparisons, each with the responses before all of them: one ballot, then
a few of every kind, then many."""


@dataclass(frozen=True)
class Comparison:
    """Results of the comparison of all responses with those before uncounted ballots arrived.

    `changes` and `caught` are the requests whose response changed, in the program and in the control.
    `wrong` and `wrong_by_one` are the numbers of lists of figures that differ from the snapshot, and from one
    whose counts are too high by one.
    """

    responses: int
    changes: set[str]
    caught: set[str]
    figures: int
    wrong: int
    wrong_by_one: int


def _compared(house: House) -> Comparison:
    """Let uncounted ballots arrive, and compare all responses after each step.

    Responses take long, so the same ones are compared with the snapshot, and the control is a second desk of
    the same installation.
    """
    house._printed("count")  # a count that is due by this machine's clock happens before the comparison
    leaked, before, changes = house.leaked(), house.shown(), set[str]()
    figures, wrong = _figures(house, before)
    _, wrong_by_one = _figures(house, before, off_by=1)
    for step in STEPS:
        for act in step:
            act(house)
        changes |= changed(before, house.shown())
    caught = changed(leaked, house.leaked())
    return Comparison(len(before), changes, caught, figures, wrong, wrong_by_one)


def _read_between_steps(house: House, *, is_leaky: bool = False) -> tuple[int, int, int]:
    """Count, and let the coordinator and a guest look at every page after each step before the
    count ends, and a thief copy the tallies. Returns the number of steps, of responses that changed, and of
    sums in the copies that are neither those before the count nor those after it.

    `is_leaky` is the control: every step publishes, and stores sums that the next one changes.
    """
    store, copies, changes = house.store, list[dict[tuple[str, ...], int]](), 0
    tallies_before = _tallies(store)
    write_step = store._count_steps._unit_rows.write_step
    before = _pages(house)

    def watched(part: CountPart, work: Callable[[], None]) -> None:
        nonlocal changes

        def step() -> None:
            work()
            if is_leaky:
                store._snapshots.publish(OPENING + timedelta(days=4, seconds=1 + len(copies)))
                tally = tables.Tally
                store._database.run(tally.update(answers=tally.answers + 1))

        write_step(part, step)
        changes += len(changed(before, _pages(house)))
        copies.append(_tallies(store))

    with patch.object(store._count_steps._unit_rows, "write_step", watched):
        store.count(OPENING + timedelta(days=5 if is_leaky else 4))
    after = _tallies(store)
    strange = sum(
        number not in (tallies_before.get(key), after.get(key))
        for copy in copies
        for key, number in copy.items()
    )
    return len(copies), changes, strange


def _pages(house: House) -> dict[str, bytes]:
    """Return path -> response of every page of guests, of the coordinator and of a wall screen."""
    guest = _walk(house.guest, house.guest.test_client())
    desk = _walk(house.desk, house.clients["anna"], wall=house.wall.code)
    return {
        **{f"guest {path}": given for path, given in guest},
        **{f"anna {path}": given for path, given in desk},
    }


def _tallies(store: Store) -> dict[tuple[str, ...], int]:
    """Return (round, node, statement, option) -> sum."""
    names = ("round_id", "node_id", "statement_id", "option")
    return {tuple(row[name] for name in names): row["answers"] for row in store.dump()["tally"]}


LEAK = "/admin/leak/<round_id>"
LEAKS = {
    f"{name} /admin/leak/{round_id}"
    for name in ("anna", "bo", "cia", "nobody", "program")
    for round_id in "rp"
}


def _box_size(settings: Settings, round_id: str) -> str:
    """Return the number of uncounted ballots as text: the control's leak."""
    database, keys = Database(settings.database_url, durable=False), KeyFolder(settings.keys, durable=False)
    writer = Writer(database, keys)
    with writer.write():
        boxes = Boxes(database, keys, writer, Rounds(database))
        box = boxes.open_box(round_id, "shelter" if round_id == "p" else "frida")
    database.close()
    return str(len(box.ballots) if box else 0)


def _figures(house: House, shown: Mapping[str, bytes], *, off_by: int = 0) -> tuple[int, int]:
    """Return (number of figures on pages, in files and in output of commands; number of lists of figures that
    differ from the snapshot).

    `off_by` is added to the snapshot's figures, for the control.
    """
    nodes = [node for of_round in house.store.snapshot()["rounds"] for node in of_round["nodes"]]
    for node in nodes:
        for table in statements(node).values():
            table["counts"] = [n + off_by for n in table["counts"]]
    tables = {node["id"]: statements(node) for node in nodes}
    wanted, noisy = (
        [str(n) for table in tables[unit].values() for n in reversed(table["counts"])]
        for unit in ("frida", "shelter")
    )
    pairs: list[tuple[Sequence[object], Sequence[object]]] = [
        (re.findall(r'data-count="(\d+)"', shown["anna /admin/results/r/frida"].decode()), wanted),
        ([shown["anna /results.json"].decode().rpartition("\r\n")[2]], [house.store.snapshot_text()]),
        ([shown["kiosk results --json"].decode().strip()], [house.store.snapshot_text()]),
        ([shown["kiosk export"][-60:]], [_exported(house)[-60:]]),
        (_of_chart(shown["anna /admin/chart/r/frida/listened/now.csv"]), wanted[:5]),
        (re.findall(r'data-count="(\d+)"', shown["anna /admin/results/p/shelter"].decode()), noisy),
        (_of_chart(shown["anna /admin/chart/p/shelter/listened/now.csv"]), noisy[:5]),
    ]
    rows = re.findall(r"^    (\w+): ([\d ]+)  (.*)$", shown["kiosk results"].decode(), re.MULTILINE)
    printed = [counts for _name, counts, _others in rows]
    wanted = [" ".join(map(str, table["counts"])) for node in tables.values() for table in node.values()]
    pairs.append((printed, wanted))
    return sum(len(wanted) for _, wanted in pairs), sum(actual != wanted for actual, wanted in pairs)


def _exported(house: House) -> bytes:
    tables = files(house.store.snapshot(), [house.round, house.protected], house.store.outputs.all())
    return b"".join(tables[name] for name in sorted(tables))


def _of_chart(response: bytes) -> list[str]:
    """Return the counts in a chart's CSV, the highest option first, as text."""
    return response.decode().splitlines()[-1].split(",")[3:8]


GUEST_TABLES = {
    "box": {"round_id", "unit_id", "key_id", "sealed"},
    "slip_set": {"round_id", "unit_id", "tag", "key_id", "sealed"},
    "letterbox": {"round_id", "unit_id", "public_key", "key_id", "sealed"},
    "excluded_rapid": {"round_id", "unit_id", "ballots"},
    "slip_count": {"round_id", "unit_id", "run", "printed", "used"},
    "tally": {"round_id", "node_id", "statement_id", "option", "answers"},
    "batches": {"round_id", "node_id", "number"},
}
OUTPUT_TABLES = {
    "output_count": {"unit_id", "month", "counter", "target", "number"},
    "output_ticket": {"ticket", "month"},
    "typed_figure": {"node_id", "period", "counter", "quality", "number"},
}
"""Tables of outputs -> their columns: no day, no free text, nobody's name."""
NAMED = "|".join(GUEST_TABLES)
MODELS = {
    model.__name__: model._meta.table_name for model in tables.ALL if model._meta.table_name in GUEST_TABLES
}
READS = re.compile(rf"\b(?:(?:FROM|JOIN|INTO|UPDATE)\s+|Table\([\"'])({NAMED})\b", re.IGNORECASE)

ROOMS = {
    "box": "storage/boxes.py",
    "slip_set": "storage/slip_sets.py",
    "letterbox": "storage/letterboxes.py",
    "excluded_rapid": "storage/boxes.py",
    "slip_count": "storage/slip_sets.py",
    "tally": "storage/tallies.py",
    "batches": "storage/tallies.py",
    "any table": "storage/dump.py",
    "raw SQL": "storage/database.py",
}
"""Table -> the only module that may name it, as a model or in SQL. A backup's dump takes tables by the names
in the database, without the sealed ones; only the database module executes SQL."""

SCHEMA_MODULES = {"storage/tables.py", "storage/migrations.py", "storage/schema_check.py"}
"""Modules that define and create tables: they may name all, and none of their functions reads a row of
guests."""

READERS = {
    "open_box": {
        "storage/count.py Count.read",
        "storage/count.py Count.count_boxes",
        "storage/count.py Count._ballots",
        "storage/count.py Count._move_ballots",
        "storage/count.py Count._remove",
        "storage/store.py Store._cancel_round",
        "storage/store.py Store.cast",
        "storage/store.py Store._running_box",
        "storage/unit_rows.py UnitRows._renew_units",
    },
    "open_letterbox": {
        "storage/store.py Store._accept_envelope",
        "storage/letterboxes.py Letterboxes.renew",
        "storage/letterboxes.py Letterboxes.take_form",
    },
    "published_ballots": {"storage/count.py Count.count_boxes", "storage/count.py Count._remove"},
    "sums_by_node": {
        "storage/count.py Count.plan",
        "storage/snapshots.py Snapshots.make",
        "storage/unit_rows.py UnitRows._unpublished_use",
        "storage/unit_rows.py UnitRows._clear_unpublished_use",
        "storage/store.py Store.load",
    },
}
"""Method that reads a box, a letterbox or a tally -> functions that may call it. Only the module of slip sets
reads slips. `_cancel_round` refuses to cancel a round with a ballot. The methods about unpublished use, and
`load`, find the units of a closed round that have figures."""


def lint_schema(database: sqlite3.Connection) -> list[str]:
    """Return the unknown tables, and the unknown columns of tables about guests or outputs."""
    names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    known = {
        *GUEST_TABLES,
        "installation",
        "account",
        "second_factor",
        "recovery_code",
        "account_link",
        "api_token",
        "mail_choice",
        "outgoing_mail",
        "kiosk_contact",
        "comment",
        "round",
        "snapshot",
        "change_index",
        "link",
        "wall",
        "log",
        "reply",
        "imported",
        *OUTPUT_TABLES,
        "report",
        "report_text",
        "report_edition",
    }
    unknown = [f"table {name}" for name in names if name not in known]
    for table, allowed in (GUEST_TABLES | OUTPUT_TABLES).items():
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        unknown += [f"{table}.{column}" for column in columns if column not in allowed]
    return unknown


def lint_source(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Return the violations in sources, each (path, text): modules that name a guests' table of another
    module, and functions that call a reader without permission."""
    violations = []
    for name, text in sources:
        module = ast.parse(text)
        named = {table.lower() for table in READS.findall(text)} | set(_models(module))
        if name not in SCHEMA_MODULES:
            violations += [f"{name} {table}" for table in sorted(named) if ROOMS.get(table) != name]
        violations += [
            f"{name} {where} {reader}"
            for where, reader in dict.fromkeys(_readers(module))
            if f"{name} {where}" not in READERS[reader]
        ]
    return violations


def _models(module: ast.Module) -> Iterator[str]:
    """Yield the guests' tables whose models a module uses, imports or names. Yields "every table" for the
    list of all models; "any table" and "raw SQL" where the source does not show which table is used."""
    nodes = list(ast.walk(module))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    imports = [node for node in imports if {"storage", "peewee"} & set(str(node.module).split("."))]
    names = {alias.name for node in imports for alias in node.names}
    has_tables = "tables" in names or any(str(node.module).endswith("tables") for node in imports)
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {str(node.value) for node in nodes if isinstance(node, ast.Constant)} if has_tables else set()
    yield from (MODELS[name] for name in names & MODELS.keys())
    if names & {"ALL", "*", "__subclasses__"}:
        yield "every table"
    if any(_makes_table(node, is_imported="Table" in names) for node in nodes):
        yield "any table"
    if names & {"execute_sql", "_sql", "_peewee", "SQL"}:
        yield "raw SQL"


def _makes_table(node: ast.AST, *, is_imported: bool) -> bool:
    """Return whether a node calls peewee's Table with a name that is not a literal."""
    if not isinstance(node, ast.Call) or isinstance(node.args[0] if node.args else None, ast.Constant):
        return False
    return ast.unparse(node.func).endswith(".Table") or (is_imported and ast.unparse(node.func) == "Table")


def _readers(node: ast.AST, within: str = "") -> Iterator[tuple[str, str]]:
    """Yield (function or class, key of READERS) wherever one is called or named."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute) and child.attr in READERS:
            yield within, child.attr
        if isinstance(child, ast.Constant) and child.value in READERS:
            yield within, child.value
        place = within
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{within}.{child.name}".removeprefix(".")
        yield from _readers(child, place)


PLANTED = (
    ("spy.py", 'SEEN = "SELECT answers FROM tally"'),
    ("storage/links.py", 'SEEN = "SELECT sealed FROM box"'),
    ("storage/store.py", "class Store:\n def peek(self): return self._boxes.open_box('r', 'frida')"),
    ("spy/storage/count.py", "def read(of): return getattr(of, 'sums_by_node')"),
    ("storage/walls.py", "from kiosk.storage import tables\nSEEN = tables.Tally.select()"),
    ("storage/count.py", "from kiosk.storage.tables import Box as Wall"),
    ("storage/replies.py", "from kiosk.storage import tables\nSEEN = getattr(tables, 'SlipSet')"),
    ("storage/accounts.py", "from kiosk.storage import tables\nSEEN = [model for model in tables.ALL]"),
    ("storage/clock_record.py", "SEEN = peewee.Table('excluded_rapid')"),
    ("storage/links.py", "from kiosk.storage import boxes\nSEEN = boxes.tables.Letterbox"),
    ("storage/walls.py", "SEEN = peewee.Table(''.join(('b', 'ox')))"),
    (
        "storage/walls.py",
        "class Walls:\n def peek(self): return self._database._sql(' '.join(WORDS))",
    ),
    ("storage/walls.py", "from peewee import SQL"),
)
"""The modules of the control, as (path, source): each has a reader that is not permitted."""


def _sources() -> Sequence[tuple[str, str]]:
    package = Path(kiosk.__file__).parent
    paths = sorted(package.rglob("*.py"))
    return [(path.relative_to(package).as_posix(), path.read_text("utf-8")) for path in paths]


def run(scale: Scale) -> list[Finding]:
    del scale
    unsorted = set(command_names(main)) - SHOWING - CHANGING - SERVING
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        compared = _compared(house)
        steps, changes, strange = _read_between_steps(house)
        _, changes_of_leak, strange_of_leak = _read_between_steps(house, is_leaky=True)
        with sqlite3.connect(Path(folder) / "data" / "kiosk.sqlite") as database:
            odd = lint_schema(database) + lint_source(_sources())
            database.execute("ALTER TABLE box ADD COLUMN created_at TEXT")
            noticed = lint_schema(database) + lint_source(PLANTED)
        house.store.close()
    return [
        Finding(
            f"views: {compared.responses} pages, files and commands of an exact and a protected round, "
            "before and after ballots that are not counted: plain, by slip, sealed, marked, rapid and "
            "refused",
            f"{len(compared.changes)} changed; {len(unsorted)} commands not examined",
            "0; 0",
            not compared.changes and not unsorted,
            f"a page that shows the number of uncounted ballots, and marks of kiosks in backups: "
            f"{', '.join(sorted(compared.caught)) or 'not noticed'}",
            compared.caught == {*LEAKS, "kiosk backup"},
        ),
        Finding(
            f"views: {compared.figures} figures on pages, in files and by commands",
            f"{compared.wrong} lists differ from the snapshot",
            "0",
            compared.wrong == 0,
            f"compared with counts that are too high by one: {compared.wrong_by_one} lists (must be > 0)",
            compared.wrong_by_one > 0,
        ),
        Finding(
            f"views: after each of {steps} steps of a count, every page of a coordinator, a wall "
            "screen and a guest, and a thief's copy of the tallies",
            f"{changes} responses changed before the count ended; {strange} sums that are never published",
            "0; 0",
            steps > 0 and changes == strange == 0,
            f"steps that publish, and sums that the next step changes: {changes_of_leak} and "
            f"{strange_of_leak} (both must be > 0)",
            changes_of_leak > 0 and strange_of_leak > 0,
        ),
        Finding(
            "views: columns of guests' tables, and the code that reads them",
            f"{len(odd)} unexpected: {', '.join(odd)}" if odd else "0 unexpected",
            "0",
            not odd,
            f"a time column, and readers of boxes and tallies: {', '.join(noticed)}",
            noticed
            == [
                "box.created_at",
                "spy.py tally",
                "storage/links.py box",
                "storage/store.py Store.peek open_box",
                "spy/storage/count.py read sums_by_node",
                "storage/walls.py tally",
                "storage/count.py box",
                "storage/replies.py slip_set",
                "storage/accounts.py every table",
                "storage/clock_record.py excluded_rapid",
                "storage/links.py letterbox",
                "storage/walls.py any table",
                "storage/walls.py raw SQL",
                "storage/walls.py raw SQL",
            ],
        ),
    ]
