"""The files that lock a machine to one kiosk's address."""

from pathlib import Path

import click

from kiosk.cli.errors import report_errors
from kiosk.operation.lockdown import CHECKLIST, read_address
from kiosk.operation.lockdown import files as lockdown_files
from kiosk.operation.machine_files import write


@click.command()
@click.option("--address", required=True, help="The kiosk's address, as kiosk link prints it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@report_errors
def lockdown(address: str, out: Path) -> None:
    """Write the files that lock a machine to one kiosk's address, and a checklist to follow."""
    files = lockdown_files(read_address(address))
    write(out, files)
    click.echo(f"{out}: {len(files)} files. Now follow {out / CHECKLIST}.")
