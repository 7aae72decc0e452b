"""Aggregates: published figures, signed, for comparison with other organisations."""

from datetime import datetime
from pathlib import Path

import click

from kiosk.cli.arguments import check_new, current_settings, installed_store, owned_settings, usable_library
from kiosk.cli.errors import naming, report_errors
from kiosk.domain.aggregate import Aggregate, Scope
from kiosk.library.aggregate_file import LONGEST_NAME, read_aggregate, write_aggregate
from kiosk.library.aggregates import distrust, import_aggregate, received, trust, trusted_keys
from kiosk.library.signing import existing_key, in_groups, own_key, read_fingerprint
from kiosk.library.text_rules import find_fault
from kiosk.output.aggregates import own_aggregate
from kiosk.storage import StoreError

FILE: click.Path = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(name="aggregate")
def aggregate_group() -> None:
    """Published figures of a year in a signed file, to compare with other organisations."""


@aggregate_group.command(name="make")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--year", type=click.IntRange(2000, 9998), help="The year; this year if left out.")
@click.option("--organisation", help="The name that others see; that of the theme if left out.")
@click.option("--units", "has_units", is_flag=True, help="Also the published figures of each unit.")
@report_errors
def make(file: Path, year: int | None, organisation: str | None, has_units: bool) -> None:
    """Write the published figures of the rounds that closed in a year, and its outputs, to a new FILE,
    signed."""
    settings, now = owned_settings(), datetime.now()
    store, library = installed_store(settings), usable_library(settings)
    name = (organisation or library.theme.name).strip()
    if not name:
        raise StoreError("the figures have no organisation; give --organisation")
    if fault := find_fault(name, LONGEST_NAME):
        raise StoreError(f"--organisation {fault.english}")
    check_new(file)
    aggregate = own_aggregate(store, library, Scope(name, year or now.year, has_units), now)
    if not aggregate.rounds and not aggregate.outputs:
        raise StoreError(f"{aggregate.year} has neither closed rounds with figures nor outputs")
    file.write_bytes(write_aggregate(settings, aggregate))
    click.echo(f"{file}: {_summary(aggregate)}")
    click.echo(f"Fingerprint of the key: {in_groups(own_key(settings).fingerprint)}")


@aggregate_group.command(name="show")
@click.argument("file", type=FILE)
@report_errors
def show(file: Path) -> None:
    """Check FILE's signature, and show its organisation, rounds, and whether its key is trusted."""
    settings = current_settings()
    with naming(file):
        signed = read_aggregate(file.read_bytes())
        organisation = trusted_keys(settings).get(signed.key.fingerprint)
    click.echo(f"{file}: {_summary(signed.aggregate)}")
    for shown in signed.aggregate.rounds:
        of_round, answered = shown.round, shown.nodes[shown.round.tree.root.id].answered
        click.echo(
            f"  {of_round.id}: {of_round.survey.title}, {of_round.opens_at:%Y-%m-%d} to "
            f"{of_round.closes_at:%Y-%m-%d}, {of_round.level}, k={of_round.k}: {answered} answered"
        )
    click.echo(f"Fingerprint of the key: {in_groups(signed.key.fingerprint)}")
    click.echo(f"Trusted as {organisation}." if organisation else "The key is not trusted here.")


@aggregate_group.command(name="import")
@click.argument("file", type=FILE)
@report_errors
def import_(file: Path) -> None:
    """Import the figures of another organisation. They replace its older ones of the same year. Its key must
    be trusted."""
    settings = owned_settings()
    with naming(file):
        signed = import_aggregate(settings, file.read_bytes())
    click.echo(f"{file}: {_summary(signed.aggregate)}")


@aggregate_group.command(name="list")
@report_errors
def list_() -> None:
    """List the own key, the trusted keys and the imported figures."""
    settings = owned_settings()
    with naming(settings.data):
        key = existing_key(settings)
        click.echo(f"own key: {in_groups(key.fingerprint) if key else 'none yet'}")
        for fingerprint, organisation in trusted_keys(settings).items():
            click.echo(f"trusted: {organisation}: {in_groups(fingerprint)}")
        kept = received(settings)
    for signed in kept.aggregates:
        click.echo(f"figures: {_summary(signed.aggregate)}")
    for faulty in kept.faulty:
        click.echo(f"left out: {faulty.file}")


@aggregate_group.command(name="trust")
@click.argument("fingerprint")
@click.argument("organisation")
@report_errors
def trust_(fingerprint: str, organisation: str) -> None:
    """Trust the key with this FINGERPRINT, which somebody of ORGANISATION has read to you."""
    settings = owned_settings()
    with naming(settings.data):
        trust(settings, read_fingerprint(fingerprint), organisation)
    click.echo(f"{organisation.strip()} is trusted.")


@aggregate_group.command(name="distrust")
@click.argument("fingerprint")
@report_errors
def distrust_(fingerprint: str) -> None:
    """No longer trust the key with this FINGERPRINT: its figures are left out."""
    settings = owned_settings()
    with naming(settings.data):
        distrust(settings, read_fingerprint(fingerprint))
    click.echo("The key is not trusted.")


def _summary(aggregate: Aggregate) -> str:
    made_up = " (demonstration: the answers are made up)" if aggregate.is_demonstration else ""
    return (
        f"{aggregate.organisation}, {aggregate.year}: {len(aggregate.rounds)} closed rounds, "
        f"{len(aggregate.outputs)} outputs{made_up}"
    )
