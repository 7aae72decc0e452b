"""The `kiosk` command: its runs in the test's own folder, and the names of its commands."""

from collections.abc import Callable, Iterator

import click
from click.testing import Result

Run = Callable[..., Result]


def printed(done: Result) -> str:
    assert done.exit_code == 0, done.stderr
    return done.stdout


def command_names(group: click.Group, before: str = "") -> Iterator[str]:
    """The name of every command, with its group's before it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from command_names(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


OPEN = ("round", "open", "--survey", "ombudsmannaskap", "--tree", "vasteras", "--days", "90")
