"""Published effect reports: listed, or written as files."""

from pathlib import Path

import click

from kiosk.cli.arguments import NEW_FILE, check_new, current_settings, installed_store, pick
from kiosk.cli.errors import report_errors
from kiosk.domain.report import document_from_json
from kiosk.output.report_html import report_html
from kiosk.output.report_pdf import report_pdf
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
@click.option("--html", type=NEW_FILE, help="Write it as one HTML file.")
@report_errors
def make_report(report_id: str, edition: int | None, pdf: Path | None, html: Path | None) -> None:
    """Write a published edition of a report as new files."""
    if not pdf and not html:
        raise click.UsageError("Name a file with --pdf or --html.")
    store = installed_store(current_settings())
    pick(store.reports.all(), report_id, "report")
    number = edition or max(store.reports.editions(report_id), default=0)
    kept = store.reports.edition(report_id, number)
    if kept is None:
        published = ", ".join(map(str, store.reports.editions(report_id))) or "none"
        raise StoreError(f"{report_id} has no edition {number or 1}; published editions: {published}")
    document = document_from_json(kept)
    for file in filter(None, (pdf, html)):
        check_new(file)
    if pdf:
        pdf.write_bytes(report_pdf(document))
        click.echo(f"{pdf}: edition {number}.")
    if html:
        html.write_text(report_html(document), "utf-8")
        click.echo(f"{html}: edition {number}.")
