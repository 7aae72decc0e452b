"""The `kiosk` command, assembled from one module per topic."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import click

from kiosk import __version__
from kiosk.operation.memory import refuse_core_dumps, restart_with_overwriting

READS_BALLOTS = frozenset({"serve", "demo", "count", "upgrade"})
"""Commands that have guests' forms or opened boxes in memory."""

COMMANDS = {
    "aggregate": "aggregate:aggregate_group",
    "audio": "audio:audio",
    "backup": "backup:backup_command",
    "bundle": "bundle:bundle_group",
    "check": "questions:check",
    "clock": "clock:clock_group",
    "count": "count:count",
    "demo": "serving:demo",
    "deploy": "deploy:deploy",
    "doctor": "doctor:doctor",
    "export": "results:export",
    "give-up-keys": "installation:give_up_keys",
    "init": "installation:init",
    "link": "links:link",
    "lockdown": "lockdown:lockdown",
    "mail": "mail:mail_group",
    "poster": "paper:poster",
    "report": "report:report_group",
    "restore": "backup:restore_command",
    "results": "results:results",
    "round": "rounds:round_group",
    "serve": "serving:serve_command",
    "simulate": "simulate:simulate_command",
    "slips": "paper:slips",
    "survey": "questions:survey",
    "token": "tokens:token",
    "upgrade": "installation:upgrade",
    "user": "users:user",
}
"""Command -> its module in this package and its name there.

A module is imported when its command runs, because importing all of them takes longer than most commands.
"""


class Commands(click.Group):
    """A group that imports a command when it is asked for
    (https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands)."""

    def __init__(self, *arguments: Any, sources: Mapping[str, str], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sources = sources

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(self._sources)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._sources:
            return None
        module, _, name = self._sources[cmd_name].partition(":")
        return cast(click.Command, getattr(import_module(f"kiosk.cli.{module}"), name))


@click.group(cls=Commands, sources=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk")
def main() -> None:
    """An anonymous survey and feedback kiosk."""
    os.umask(0o077)
    refuse_core_dumps()


def run() -> None:
    """Run the command, in a process of its own."""
    if READS_BALLOTS.intersection(sys.argv[1:2]):
        restart_with_overwriting()
    main()
