"""The `kiosk` command, assembled from one module per topic."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import click

from kiosk import __version__
from kiosk.operation.memory import refuse_core_dumps, restart_with_overwriting

READS_BALLOTS = frozenset({"serve", "demo", "count", "upgrade", "backup", "round"})
"""Commands that have guests' forms or opened boxes in memory. A backup, and the opening or cancelling of a
round, finish a count that was stopped."""

COMMANDS = {
    "aggregate": ("aggregate:aggregate_group", "Publish and compare signed figures of a year."),
    "audio": ("audio:audio", "Record or synthesise texts read aloud to guests."),
    "backup": ("backup:backup_command", "Write a backup, without uncounted ballots and keys."),
    "bundle": ("bundle:bundle_group", "Pass surveys, scales and theories on to others."),
    "check": ("questions:check", "Check definition files and translations."),
    "clock": ("clock:clock_group", "Confirm the machine's clock after a jump."),
    "count": ("count:count", "Count the boxes if a count is due."),
    "demo": ("serving:demo", "Serve a demonstration with made-up answers."),
    "deploy": ("deploy:deploy", "Write the files that make a Debian machine the server."),
    "doctor": ("doctor:doctor", "Examine how safe and anonymous this installation is."),
    "export": ("results:export", "Write the published results to a new folder."),
    "give-up-keys": ("installation:give_up_keys", "Destroy ballots whose keys are lost."),
    "init": ("installation:init", "Set up a new installation in KIOSK_DATA."),
    "link": ("links:link", "Create, list or revoke the addresses of kiosks."),
    "lockdown": ("lockdown:lockdown", "Write the files that lock a machine to one kiosk."),
    "mail": ("mail:mail_group", "E-mail to staff: try, list and repeat it."),
    "poster": ("paper:poster", "Create a poster or table card with a unit's link."),
    "report": ("report:report_group", "List and make effect reports."),
    "restore": ("backup:restore_command", "Restore a backup into an empty KIOSK_DATA."),
    "results": ("results:results", "Print the published results."),
    "round": ("rounds:round_group", "Open, cancel or list rounds."),
    "serve": ("serving:serve_command", "Serve guests and staff, each on an address of its own."),
    "simulate": ("simulate:simulate_command", "Run made-up guests through the production code."),
    "slips": ("paper:slips", "Create and print single-use codes."),
    "survey": ("questions:survey", "Surveys as XLSForm, for KoboToolbox and ODK."),
    "token": ("tokens:token", "Tokens for programs that read the published figures."),
    "upgrade": ("installation:upgrade", "Upgrade the tables to this version."),
    "user": ("users:user", "Accounts of staff."),
}
"""Command -> its module in this package with its name there, and its line in `kiosk --help`.

A module is imported when its command runs, because importing all of them takes longer than most commands.
"""


class Commands(click.Group):
    """A group that imports a command when it is asked for
    (https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands). `sources` is command ->
    ("module:name" in this package, line in the help), as in COMMANDS."""

    def __init__(self, *arguments: Any, sources: Mapping[str, tuple[str, str]], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sources = sources

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(self._sources)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._sources:
            return None
        module, _, name = self._sources[cmd_name][0].partition(":")
        return cast(click.Command, getattr(import_module(f"kiosk.cli.{module}"), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._sources[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=Commands, sources=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk")
def main() -> None:
    """An anonymous survey and feedback kiosk."""
    os.umask(0o077)
    refuse_core_dumps()


def run() -> None:
    """Run the command of this process's arguments, and exit. For a command in READS_BALLOTS, the process is
    first replaced by one that overwrites freed memory."""
    if READS_BALLOTS.intersection(sys.argv[1:2]):
        restart_with_overwriting()
    main()
