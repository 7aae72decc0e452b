"""Attack 2, last part: a route, a role, a command or a setting changes a running round.

Routes and commands are discovered by walking the applications, settings by their names. Each is called with
all the parameters that it accepts.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from unittest.mock import Mock, patch

import click
from click.testing import CliRunner

from kiosk import cli
from kiosk.cli import main
from kiosk.settings import NAMES
from kiosk.storage import Account, Role
from tests.attack.finding import Finding, Scale
from tests.attack.views import PLACES
from tests.tools.command_line import all_commands, command_names
from tests.tools.desk_side import HASH, Desk

FIELDS = {
    "id": "r", "round": "r", "round_id": "r", "k": "1", "closes": "2026-03-03", "closes_at": "2026-03-03",
    "opens": "2026-03-02", "survey": "ombudsmannaskap_latt", "tree": "vasteras", "admission": "poster",
    "closed": "1", "state": "closed", "understood": "y", "unit": "frida", "kind": "poster", "name": "anna",
    "password": "a long password", "language": "en", "next": "/admin/", "words": "bent", "text": "bent",
}  # fmt: skip
"""The fields that are sent to every form."""

WORDS = {
    "survey_id": "ombudsmannaskap", "survey": "ombudsmannaskap", "tree_id": "vasteras", "k": "1", "days": "5",
    "opens": "2026-03-02", "closes": "2026-03-12", "of_round": "r", "unit": "frida", "units": "2",
    "number": "20", "languages": "sv", "language": "sv", "name": "anna", "seed": "1",
    "address": "https://svara.example/k/aB3dE6gH9jK2mN5p",
}  # fmt: skip
"""Values of a command's options and arguments, by name; files and choices need none."""

SETTINGS = {
    "KIOSK_COUNT_AT": "00:01",
    "KIOSK_LANGUAGES": "ar",
    "KIOSK_GUEST_LISTEN": "127.0.0.1:1",
    "KIOSK_DESK_LISTEN": "127.0.0.1:2",
    "KIOSK_GUEST_ADDRESS": "https://bent.example",
    "KIOSK_HTTPS": "yes",
    "KIOSK_PROXY": "192.0.2.1",
    "KIOSK_LEAVE_TO": "https://bent.example",
    "KIOSK_SCREEN_MM": "300x200",
    "KIOSK_DISTANCE_MM": "600",
    "KIOSK_SCREEN_LOW_MM": "900",
    "KIOSK_SECRET_KEY": "t" * 32,
    "KIOSK_KEYS": "other-keys",
    "KIOSK_DATA": "other-data",
    "KIOSK_DATABASE_URL": "sqlite:////nowhere/k.sqlite",
}
"""Every setting with a new value; the last three turn the installation into another one."""

CLOCKS = [
    module.__name__
    for module in (
        import_module(module_info.name) for module_info in iter_modules(cli.__path__, "kiosk.cli.")
    )
    if hasattr(module, "datetime")
]
"""Every module of the command that reads a clock."""

MISUSED = "Usage: "
"""How click's messages about unknown arguments begin, before a command is run."""


class Bench:
    """A running round, a client of each role, and the number of attempts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.desk = folder, Desk(folder)
        self.desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
        self.wall = self.desk.store.walls.add("frida").code
        self.frozen, self.tried, self.changed = self.rounds()[:1], 0, 0
        (folder / "arrivals").write_text("")

    def rounds(self) -> list[tuple[str, str, int]]:
        """Each round's id, terms and whether it is closed, as stored in the database, the running
        one first."""
        with sqlite3.connect(self.folder / "k.sqlite") as database:
            rows = database.execute("SELECT id, terms, closed FROM round ORDER BY id != 'r', id")
            return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    @property
    def is_bent(self) -> bool:
        return self.rounds()[:1] != self.frozen

    def note(self) -> None:
        self.tried, self.changed = self.tried + 1, self.changed + self.is_bent

    def ask_every_route(self, role: str, methods: tuple[str, ...]) -> None:
        """Call every route. `role` "" is a client that is not signed in."""
        self.desk.client = self.desk.app.test_client()
        if role:
            self.desk.sign_in(role)
        token = self.desk.token("/admin/languages" if role else "/admin/sign-in")
        for rule in self.desk.app.url_map.iter_rules():
            for path in paths(rule.rule, self.wall):
                for method in methods if "sign-out" not in path else ():
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
        # The round runs in March 2026; the command's own clock must stand there too.
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
    """A route's addresses, with real ids for its parameters."""
    names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
    for values in product(*(PLACES[name] for name in names)):
        path = rule
        for name, value in zip(names, values, strict=True):
            path = re.sub(rf"<(?:\w+:)?{name}>", value, path, count=1)
        yield path.replace("/wall/kiosk", f"/wall/{wall}")


def invocations(group: click.Group, folder: Path) -> Iterator[list[str]]:
    """All commands: without arguments, with the required ones, with each option alone, and with all
    of them."""
    for name, command in all_commands(group):
        needed = [one for one in command.params if one.required]
        optional = [one for one in command.params if not one.required]
        for chosen in ([], needed, *([*needed, one] for one in optional), command.params):
            words = [word for one in chosen for word in _filled(one, folder, name)]
            yield [*name, *words]


def _filled(parameter: click.Parameter, folder: Path, command: tuple[str, ...]) -> list[str]:
    """An option or argument with a value of its type. Commands of a group share the file of an argument, so
    that `restore` reads what `backup` wrote; each command writes its own file or folder of an option."""
    owner = command[:-1] if isinstance(parameter, click.Argument) else command
    match parameter.type:
        case click.Choice(choices=choices):
            value = str(choices[-1])
        case click.Path() | click.File():
            value = str(folder / "-".join((*owner, str(parameter.name))))
            if getattr(parameter.type, "exists", True):
                Path(value).touch()
        case _:
            value = WORDS.get(str(parameter.name), "")
    if isinstance(parameter, click.Argument):
        return [value]
    return [parameter.opts[0]] if getattr(parameter, "is_flag", False) else [parameter.opts[0], value]


def bending_finding(scale: Scale) -> Finding:
    """Every route of the desk by every role, every command and every setting leave a running round
    unchanged."""
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
        with sqlite3.connect(Path(folder) / "k.sqlite") as database:
            database.execute("""UPDATE round SET terms = replace(terms, '"k": 5', '"k": 1')""")
        caught = bench.is_bent
    left_out = [*(set(command_names(main)) - run), *(set(NAMES) ^ set(SETTINGS))]
    return Finding(
        f"bending a running round: {tried} requests and commands, by every role, with every setting",
        f"{changed} changed its k, tree, statements, admission or closing; {len(left_out)} left out",
        "0; 0",
        changed == 0 and not left_out,
        "k changed in the database itself is noticed" if caught else "k changed unseen",
        caught,
    )
