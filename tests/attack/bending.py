"""Attack 2, last part: a route, a role, a command or a setting changes a running round.

The applications themselves list their routes and commands, and the source has the names of the settings. Each
is called with all the parameters that it accepts.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from tempfile import TemporaryDirectory
from unittest.mock import Mock, patch

import click
from click.testing import CliRunner
from flask import request
from flask_wtf import FlaskForm
from wtforms.fields.core import UnboundField

from kiosk import cli, desk
from kiosk.cli import main
from kiosk.settings import NAMES
from kiosk.storage import Account, Role
from tests.attack.finding import Finding, Scale
from tests.attack.views import PLACES
from tests.tools.command_line import all_commands, command_names
from tests.tools.desk_side import HASH, Desk

TERMS = {
    "k": "1", "tree": "vasteras", "survey": "ombudsmannaskap_latt", "opens_at": "2026-03-02",
    "closes_at": "2026-03-03", "admission": "poster", "figures": "at_closing", "protection": "protected",
    "epsilon": "3/2", "expected": "1", "least_days": "1", "closed": "1",
}  # fmt: skip
"""Terms that freeze when a round opens -> values that differ from those of the running round."""

FIELDS = {
    **TERMS, "id": "r", "round": "r", "round_id": "r", "closes": "2026-03-03", "opens": "2026-03-02",
    "state": "closed", "understood": "y", "thought_over": "y", "a_day": "3", "unit": "frida", "node": "frida",
    "kind": "poster", "link": "poster", "name": "anna", "role": "coordinator", "password": "a long password",
    "language": "en", "languages": "sv", "next": "/admin/", "words": "bent", "text": "bent", "title": "Bent",
    "reason": "paper", "number": "20", "size": "A4", "n": "20", "first": "2026-03-02", "last": "2026-03-08",
    "source": "bent", "organisation": "Bent", "theory": "ombudsmannaskap", "year": "2026",
    "counter": "advise", "target": "", "step": "1", "period": "2026-03", "figure": "5", "version": "0",
    "width_mm": "300", "distance_mm": "600", "lower_edge_mm": "900", "code": "kiosk", "key": "kiosk",
    "again": "a long password", "current": "a long password", "secret": "A" * 32, "trial": "y",
    "units": "frida", "month": "2026-02", "accent": "#1b4f5a", "corner": "4", "logo": "", "without_logo": "y",
    "address": "bent@example.org", "mail_language": "en", "summary": "y", "silence": "y", "several": "",
    "when": "", "seen": "bent", "carried": "bent", "listed": "0", "include": "0", "lines": "bent",
    "definition": "bent", "known_screens": "bent",
}  # fmt: skip
"""Field -> value that is sent to every form. Every field of the desk's forms is in it."""

ARGUMENTS = {
    "survey_id": "ombudsmannaskap", "survey": "ombudsmannaskap", "tree_id": "vasteras", "k": "1", "days": "5",
    "opens": "2026-03-02", "closes": "2026-03-12", "of_round": "r", "unit": "frida", "units": "2",
    "number": "20", "languages": "sv", "language": "sv", "name": "anna", "seed": "1",
    "address": "https://svara.example/k/aB3dE6gH9jK2mN5p",
}  # fmt: skip
"""Name of a command's option or argument -> its value. Files and choices need none."""

SETTINGS = {
    "KIOSK_COUNT_AT": "00:01",
    "KIOSK_LANGUAGES": "ar",
    "KIOSK_ONE_TOUCH": "no",
    "KIOSK_GUEST_LISTEN": "127.0.0.1:1",
    "KIOSK_DESK_LISTEN": "127.0.0.1:2",
    "KIOSK_GUEST_ADDRESS": "https://bent.example",
    "KIOSK_HTTPS": "yes",
    "KIOSK_PROXY": "192.0.2.1",
    "KIOSK_LEAVE_TO": "https://bent.example",
    "KIOSK_SCREEN_MM": "300x200",
    "KIOSK_DISTANCE_MM": "600",
    "KIOSK_SCREEN_LOW_MM": "900",
    "KIOSK_MAIL_HOST": "127.0.0.1",
    "KIOSK_MAIL_PORT": "1",
    "KIOSK_MAIL_SECURITY": "tls",
    "KIOSK_MAIL_USER": "bent",
    "KIOSK_MAIL_PASSWORD_FILE": "/nowhere/password",
    "KIOSK_MAIL_FROM": "bent@example.org",
    "KIOSK_DESK_ADDRESS": "https://bent.example",
    "KIOSK_SECRET_KEY": "t" * 32,
    "KIOSK_KEYS": "other-keys",
    "KIOSK_DATA": "other-data",
    "KIOSK_DATABASE_URL": "sqlite:////nowhere/k.sqlite",
}
"""Every setting -> a new value. With the last three, the program opens another installation."""

CLOCKS = [
    module.__name__
    for module in (
        import_module(module_info.name) for module_info in iter_modules(cli.__path__, "kiosk.cli.")
    )
    if hasattr(module, "datetime")
]
"""Names of the command's modules that read a clock."""

MISUSED = "Usage: "
"""Beginning of click's message about arguments that it rejects; then no command was run."""


class Bench:
    """A running round, a client for each role, and the numbers of attempts and of changes of the round."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.desk = folder, Desk(folder)
        self.desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
        self.wall = self.desk.store.walls.add("frida").code
        self.frozen, self.tried, self.changed = self.rounds()[:1], 0, 0
        (folder / "arrivals").write_text("")

    def rounds(self) -> list[tuple[str, str, int]]:
        """Return (id, terms, whether it is closed) of each round, as stored in the database, the running one
        first."""
        with sqlite3.connect(self.folder / "k.sqlite") as database:
            rows = database.execute("SELECT id, terms, closed FROM round ORDER BY id != 'r', id")
            return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    @property
    def is_bent(self) -> bool:
        return self.rounds()[:1] != self.frozen

    def note(self) -> None:
        self.tried, self.changed = self.tried + 1, self.changed + self.is_bent

    def ask_every_route(self, role: str, methods: tuple[str, ...]) -> None:
        """Call every route. With the `role` "" the client is not signed in."""
        self.desk.client = self.desk.app.test_client()
        if role:
            self.desk.sign_in(role)
        token = self.desk.token("/admin/languages" if role else "/admin/sign-in")
        for rule in self.desk.app.url_map.iter_rules():
            for path in paths(rule.rule, self.wall):
                for method in methods if "sign-out" not in path else ():
                    self.ask(path, method, token)

    def ask(self, path: str, method: str, token: str) -> None:
        self.desk.client.open(path, method=method, data={**FIELDS, "csrf_token": token})
        self.note()

    def run(self, words: list[str], settings: dict[str, str]) -> bool:
        """Run a command. Returns whether click accepted its arguments."""
        environ = {
            "KIOSK_DATA": str(self.folder),
            "KIOSK_DATABASE_URL": f"sqlite:///{self.folder / 'k.sqlite'}",
            "KIOSK_KEYS": str(self.folder / "keys"),
            **settings,
        }
        # The round runs in March 2026, so the command's clock must show that time.
        clock = Mock(combine=datetime.combine)
        clock.now.return_value = self.desk.now + timedelta(hours=1)
        with ExitStack() as stack:
            for module in CLOCKS:
                stack.enter_context(patch(f"{module}.datetime", clock))
            stack.enter_context(patch("kiosk.cli.serving.serve"))
            stack.enter_context(patch("kiosk.cli.audio.build_audio", return_value=[]))
            done = CliRunner().invoke(main, words, env=environ, input="a long password\n")
        self.note()
        return not done.output.startswith(MISUSED)


def paths(rule: str, wall: str) -> Iterator[str]:
    """Yield a route's addresses, with existing ids for its parameters."""
    names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
    for values in product(*(PLACES[name] for name in names)):
        path = rule
        for name, value in zip(names, values, strict=True):
            path = re.sub(rf"<(?:\w+:)?{name}>", value, path, count=1)
        yield path.replace("/wall/kiosk", f"/wall/{wall}")


def invocations(group: click.Group, folder: Path) -> Iterator[list[str]]:
    """Yield the arguments of runs of all commands. Each command is run without arguments, with the required
    ones, with each optional one added, and with all."""
    for name, command in all_commands(group):
        needed = [one for one in command.params if one.required]
        optional = [one for one in command.params if not one.required]
        for chosen in ([], needed, *([*needed, one] for one in optional), command.params):
            words = [word for one in chosen for word in _filled(one, folder, name)]
            yield [*name, *words]


def _filled(parameter: click.Parameter, folder: Path, command: tuple[str, ...]) -> list[str]:
    """Return an option or argument as typed, with a value of its type. The commands of a group share the file
    of an argument, so that `restore` reads the file that `backup` wrote; each command writes its own file or
    folder of an option."""
    owner = command[:-1] if isinstance(parameter, click.Argument) else command
    match parameter.type:
        case click.Choice(choices=choices):
            value = str(choices[-1])
        case click.Path() | click.File():
            value = str(folder / "-".join((*owner, str(parameter.name))))
            if getattr(parameter.type, "exists", True):
                Path(value).touch()
        case _:
            value = ARGUMENTS.get(str(parameter.name), "")
    if isinstance(parameter, click.Argument):
        return [value]
    return [parameter.opts[0]] if getattr(parameter, "is_flag", False) else [parameter.opts[0], value]


def form_fields() -> set[str]:
    """Return the names of all fields of the desk's forms."""
    for module_info in walk_packages(desk.__path__, "kiosk.desk."):
        import_module(module_info.name)
    return {name for form in _subclasses(FlaskForm) for name in dir(form) if _is_field(getattr(form, name))}


def _subclasses(parent: type[FlaskForm]) -> Iterator[type[FlaskForm]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


def _is_field(value: object) -> bool:
    """Return whether an attribute of a form's class is a field. It is an UnboundField, from which wtforms
    makes the field when it makes a form."""
    return isinstance(value, UnboundField)


def leaky_terms() -> set[str]:
    """Return the terms whose change by a leaky route is not noticed. This is the control: the route writes
    the terms from its form to the database."""
    return {term for term in TERMS if not _is_leak_noticed(term)}


def _is_leak_noticed(term: str) -> bool:
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))

        def leak() -> str:
            with sqlite3.connect(Path(folder) / "k.sqlite") as database:
                [(terms,)] = database.execute("SELECT terms FROM round").fetchall()
                changed = json.dumps({**json.loads(terms), term: request.form[term]})
                if term == "closed":
                    database.execute("UPDATE round SET closed = ?", [request.form[term]])
                else:
                    database.execute("UPDATE round SET terms = ?", [changed])
            return ""

        bench.desk.app.add_url_rule("/admin/leak", "leak", leak, methods=["POST"])
        bench.desk.sign_in("bo")
        bench.ask("/admin/leak", "POST", bench.desk.token("/admin/languages"))
        return bench.changed == 1


def bending_finding(scale: Scale) -> Finding:
    """Return the finding of the attack: every route of the desk, as every role, every command and every
    setting leave a running round unchanged."""
    is_full = scale is Scale.FULL
    methods = ("POST", "PUT", "PATCH", "DELETE") if is_full else ("POST",)
    under_settings = ("init", "upgrade", "count", "doctor") if is_full else ("count",)
    with TemporaryDirectory() as folder:
        bench, run = Bench(Path(folder)), set[str]()
        for role in ("anna", "bo", "cia", ""):
            bench.ask_every_route(role, methods)
        for words in invocations(main, Path(folder)):
            if bench.run(words, {}):
                run |= {name for name in command_names(main) if " ".join(words).startswith(name)}
        for name, value in SETTINGS.items():
            inside = name in {"KIOSK_KEYS", "KIOSK_DATA"}
            for command in under_settings:
                bench.run([command], {name: str(Path(folder) / value) if inside else value})
        tried, changed = bench.tried, bench.changed
    unseen = leaky_terms()
    left_out = [
        *(set(command_names(main)) - run),
        *(set(NAMES) ^ set(SETTINGS)),
        *(form_fields() - set(FIELDS)),
    ]
    return Finding(
        f"bending a running round: {tried} requests and commands, by every role, with every setting",
        f"{changed} changed one of its terms; {len(left_out)} commands, settings or fields left out",
        "0; 0",
        changed == 0 and not left_out,
        f"a route that sets a term from its form: {len(TERMS) - len(unseen)} of {len(TERMS)} terms noticed "
        "(must be all)",
        not unseen,
    )
