"""Survey files and translations: checking them, and converting surveys to and from XLSForm."""

import json
import sys
from datetime import date
from pathlib import Path

import click

from kiosk.cli.arguments import check_new, current_settings, owned_settings, pick, usable_library
from kiosk.cli.errors import in_english, report_errors
from kiosk.library.changes import RefusedError
from kiosk.library.check import add_files, check_report, check_text
from kiosk.library.definition import DefinitionError
from kiosk.library.drafts import LARGEST_FILE_BYTES, write_form
from kiosk.library.library import check_languages, read_usable_library
from kiosk.library.xlsform import XLSFormError, no_answer_words, read_xlsform, source_of, write_xlsform
from kiosk.storage import COMMAND_LINE


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@report_errors
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check definition files and translations; PATHS are further survey files or folders of them."""
    settings = current_settings()
    library = read_usable_library(settings)
    for problem in library.problems:
        click.echo(f"kiosk: {problem.english}", err=True)
    if any(problem.is_bad for problem in library.problems):
        sys.exit(2)
    check_languages(settings, library)
    checked = add_files(library, list(paths))
    if as_json:
        click.echo(json.dumps(check_report(checked), ensure_ascii=False, indent=2))
    else:
        click.echo(check_text(checked), nl=False)


@click.group()
def survey() -> None:
    """Surveys as XLSForm, the spreadsheet of KoboToolbox and ODK."""


@survey.command(name="export")
@click.argument("survey_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@report_errors
def survey_export(survey_id: str, file: Path) -> None:
    """Write a survey as XLSForm, in every language that has all its texts."""
    library = usable_library(current_settings())
    check_new(file)
    exported = pick(library.surveys, survey_id, "survey")
    file.write_bytes(write_xlsform(exported, no_answer_words(library.guest)))
    click.echo(f"{file}: {len(exported.statements)} statements.")


@survey.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@report_errors
def survey_import(file: Path) -> None:
    """Import an XLSForm as an own survey, in KIOSK_DATA/questions."""
    settings = owned_settings()
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise DefinitionError(f"{file}: is larger than 8 MB; take pictures out of it")
    try:
        form = read_xlsform(file.read_bytes(), source_of(file.name))
        survey = write_form(settings, form, COMMAND_LINE, date.today()).survey
    except XLSFormError as error:
        raise DefinitionError(f"{file}: {in_english([error.message])}") from error
    except RefusedError as error:
        raise DefinitionError(f"{file}: {in_english(error.messages)}") from error
    click.echo(f"{settings.data / 'questions' / survey.id}.toml: {len(survey.statements)} statements.")
