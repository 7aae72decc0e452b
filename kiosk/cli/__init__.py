"""The `kiosk` command, assembled from one module per topic."""

import os

import click

from kiosk import __version__
from kiosk.cli import (
    audio,
    backup,
    clock,
    installation,
    links,
    lockdown,
    paper,
    questions,
    results,
    rounds,
    simulate,
    users,
)

COMMANDS = (
    installation.init,
    installation.upgrade,
    installation.give_up_keys,
    installation.serve_command,
    installation.demo,
    installation.count,
    installation.doctor,
    clock.clock_group,
    questions.check,
    questions.survey,
    audio.audio,
    users.user,
    rounds.round_group,
    results.results,
    results.export,
    paper.slips,
    paper.poster,
    links.link,
    lockdown.lockdown,
    backup.backup_command,
    backup.restore_command,
    simulate.simulate_command,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk")
def main() -> None:
    """An anonymous survey and feedback kiosk."""
    os.umask(0o077)


for command in COMMANDS:
    main.add_command(command)
