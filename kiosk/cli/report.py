"""Published effect reports: listed, or written as files."""

from pathlib import Path

import click

from kiosk.cli.arguments import NEW_FILE, check_new, current_settings, installed_store, pick
from kiosk.cli.errors import report_errors
from kiosk.domain.report import document_from_json
from kiosk.output.report_files import write_each
from kiosk.storage import StoreError


@click.group(name="report")
def report_group() -> None:
    """Effect reports. They are written and published at the desk."""


@report_group.command(name="list")
@report_errors
def list_reports() -> None:
    """List all reports with their published editions."""
    store = installed_store(current_settings())
    for name, terms in store.reports.all().items():
        editions = ", ".join(map(str, store.reports.editions(name))) or "none"
        click.echo(f"{name}: {terms.title}, {terms.year}, {terms.node_id}; published editions: {editions}")


@report_group.command(name="make")
@click.argument("report_id")
@click.option("--edition", type=click.IntRange(min=1), help="The edition; the latest if left out.")
@click.option("--pdf", type=NEW_FILE, help="Write it as an accessible PDF (PDF/UA-1).")
@click.option("--docx", type=NEW_FILE, help="Write it for a word processor.")
@click.option("--html", type=NEW_FILE, help="Write it as one HTML file.")
@click.option("--xlsx", type=NEW_FILE, help="Write the numbers behind its tables and charts.")
@click.option("--data", "zip", type=NEW_FILE, help="Write these numbers as a data package (ZIP).")
@report_errors
def make_report(report_id: str, edition: int | None, **files: Path | None) -> None:
    """Write a published edition of a report as new files."""
    named = {ending: file for ending, file in files.items() if file}
    if not named:
        raise click.UsageError("Name a file with --pdf, --docx, --html, --xlsx or --data.")
    if len({file.absolute() for file in named.values()}) < len(named):
        raise click.UsageError("Name a file of its own for each format.")
    store = installed_store(current_settings())
    pick(store.reports.all(), report_id, "report")
    number = edition or max(store.reports.editions(report_id), default=0)
    kept = store.reports.edition(report_id, number)
    if kept is None:
        published = ", ".join(map(str, store.reports.editions(report_id))) or "none"
        raise StoreError(f"{report_id} has no edition {number or 1}; published editions: {published}")
    document = document_from_json(kept)
    for file in named.values():
        check_new(file)
    contents = dict(zip(named.values(), write_each(document, list(named)), strict=True))
    for file, content in contents.items():
        file.write_bytes(content)
        click.echo(f"{file}: edition {number}.")
