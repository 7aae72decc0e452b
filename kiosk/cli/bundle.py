"""Bundles of surveys and theories of change, exchanged with other organisations as files."""

from collections.abc import Iterable
from pathlib import Path

import click

from kiosk.cli.arguments import check_among, check_new, current_settings, installed_store, usable_library
from kiosk.cli.errors import naming, report_errors
from kiosk.library.bundles import Effect, import_bundle, make_bundle, plan_import

FILE: click.Path = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(name="bundle")
def bundle_group() -> None:
    """Surveys, scales, theories of change, counters and translations in one file for others."""


@bundle_group.command(name="make")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--survey", "surveys", multiple=True, metavar="ID", help="A survey; several may be given.")
@click.option(
    "--theory", "theories", multiple=True, metavar="ID", help="A theory of change, with all it needs."
)
@click.option("--counter", "counters", multiple=True, metavar="ID", help="A counter that no theory brings.")
@report_errors
def make(file: Path, surveys: tuple[str, ...], theories: tuple[str, ...], counters: tuple[str, ...]) -> None:
    """Write a bundle, with all that the named surveys, theories and counters need, to a new FILE."""
    if not surveys and not theories and not counters:
        raise click.UsageError("Name a survey with --survey, a theory with --theory or a --counter.")
    library = usable_library(current_settings())
    for name in surveys:
        check_among(library.surveys, name, "survey")
    for name in theories:
        check_among(library.theories, name, "theory of change")
    for name in counters:
        check_among(library.counters, name, "counter")
    check_new(file)
    content = make_bundle(library, surveys, theories, counters)
    file.write_bytes(content)
    click.echo(f"{file}: {len(content)} bytes.")


@bundle_group.command(name="show")
@click.argument("file", type=FILE)
@report_errors
def show(file: Path) -> None:
    """Show the content of the bundle FILE, and the changes that its import would make. Changes nothing."""
    settings = current_settings()
    with naming(file):
        plan = plan_import(settings, file.read_bytes(), _used())
    click.echo(f"{file}: made with version {plan.content.program}.")
    _print(plan.effects)


@bundle_group.command(name="import")
@click.argument("file", type=FILE)
@report_errors
def import_(file: Path) -> None:
    """Import the bundle FILE completely; if it is refused, print the reason and import nothing."""
    settings, used = current_settings(), _used()
    with naming(file):
        done = import_bundle(settings, file.read_bytes(), used).plan
    _print(done.effects)
    if done.changes_nothing:
        click.echo("Everything was there already; nothing is changed.")


def _used() -> set[str]:
    """Return the ids of the surveys of all rounds."""
    return {state.round.survey.id for state in installed_store(current_settings()).rounds()}


def _print(effects: Iterable[Effect]) -> None:
    for effect in effects:
        number = f" {effect.number} texts" if effect.number else ""
        licence = f" ({effect.licence})" if effect.licence else ""
        click.echo(f"  {effect.state:8} {effect.kind} {effect.id}: {effect.title}{number}{licence}")
