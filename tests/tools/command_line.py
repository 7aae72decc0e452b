"""The `kiosk` command: its runs in the test's own folder, and the names of its commands."""

from collections.abc import Callable, Iterator

import click
from click.testing import Result

Run = Callable[..., Result]


def printed(done: Result) -> str:
    assert done.exit_code == 0, done.stderr
    return done.stdout


def all_commands(
    group: click.Group, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield (name, command) of every command that is no group. The name is that typed: ("round", "open")."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*before, name))
        elif command:
            yield (*before, name), command


def command_names(group: click.Group) -> Iterator[str]:
    """Return the full name of every command that is no group, such as "round open"."""
    return (" ".join(words) for words, _ in all_commands(group))


OPEN = (
    "round", "open", "--survey", "ombudsmannaskap", "--tree", "vasteras", "--days", "90", "--expected", "400",
)  # fmt: skip

INSTALLATION_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("init",),
    ("upgrade",),
    ("give-up-keys",),
    ("serve",),
    ("count",),
    ("clock", "show"),
    ("clock", "confirm"),
    ("user", "add", "bo", "--role", "staff"),
    ("user", "list"),
    ("user", "link", "cia", "--role", "viewer"),
    ("user", "role", "bo", "viewer"),
    ("user", "reset-factor", "bo"),
    ("user", "mail", "bo", "--address", "bo@example.org"),
    ("mail", "send"),
    ("mail", "test", "bo@example.org"),
    ("mail", "list"),
    ("mail", "retry"),
    ("mail", "remove", "0" * 32),
    ("user", "remove", "bo"),
    (*OPEN, "--opens", "2099-01-01"),
    ("round", "cancel", "ombudsmannaskap-2099-01-01"),
    ("round", "list"),
    ("report", "list"),
    ("report", "make", "r2026-1", "--pdf", "r.pdf"),
    ("results",),
    ("export", "exported"),
    ("slips", "--round", "r", "--unit", "frida"),
    ("poster", "--unit", "frida", "--out", "poster.pdf", "--trial"),
    ("link", "--unit", "frida"),
    ("backup", "backup.zip"),
    ("restore", "backup.zip"),
    ("survey", "import", "form.xlsx"),
    ("audio", "build"),
    ("bundle", "show", "form.xlsx"),
    ("bundle", "import", "form.xlsx"),
    ("aggregate", "make", "figures.zip"),
    ("aggregate", "import", "form.xlsx"),
    ("aggregate", "list"),
    ("aggregate", "trust", "a" * 64, "Another organisation"),
    ("aggregate", "distrust", "a" * 64),
    ("token", "add", "statistics"),
    ("token", "list"),
    ("token", "remove", "statistics"),
)
"""Arguments of `kiosk`, one run of each command that opens an installation."""
