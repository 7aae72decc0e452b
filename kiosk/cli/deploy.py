"""The files that make a machine the server of an installation."""

from datetime import datetime
from pathlib import Path

import click

from kiosk.cli.errors import report_errors
from kiosk.operation.deploy import CHECKLIST, Deployment, WebServer, files
from kiosk.operation.machine_files import write


@click.command()
@click.option("--guest-host", required=True, help="The host name for guests, such as svara.example.org.")
@click.option("--desk-host", required=True, help="The host name for staff, another one.")
@click.option(
    "--web-server",
    type=click.Choice([server.value for server in WebServer]),
    default=WebServer.CADDY.value,
    show_default=True,
    help="In front of the program. Caddy fetches certificates itself.",
)
@click.option(
    "--count-at",
    type=click.DateTime(["%H:%M"]),
    default="17:00",
    show_default=True,
    help="The time of the daily count.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@report_errors
def deploy(guest_host: str, desk_host: str, web_server: str, count_at: datetime, out: Path) -> None:
    """Write the files that make a Debian machine the server: units, a web server's sites without a log,
    commands that install, upgrade and remove, and a checklist."""
    contents = files(Deployment(guest_host, desk_host, count_at.time(), WebServer(web_server)))
    write(out, contents)
    click.echo(f"{out}: {len(contents)} files. Now follow {out / CHECKLIST}.")
