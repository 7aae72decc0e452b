"""Survey files and translations: checking them, and converting surveys to and from XLSForm."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from kiosk.cli.arguments import check_new, current_settings, owned_settings, pick, usable_library
from kiosk.cli.errors import in_english, report_errors
from kiosk.domain.language_code import is_language_code
from kiosk.domain.message import Message
from kiosk.library.changes import RefusedError
from kiosk.library.check import add_files, check_report, check_text
from kiosk.library.definition import DefinitionError
from kiosk.library.drafts import LARGEST_FILE_BYTES, add_imported_survey
from kiosk.library.importing import (
    NOT_PROPOSED,
    AnswerOrder,
    Decisions,
    ForeignForm,
    ForeignFormError,
    Preview,
    preview_of,
    read_file,
    source_of,
)
from kiosk.library.library import check_languages, read_usable_library
from kiosk.library.xlsform_export import no_answer_words, write_xlsform
from kiosk.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@report_errors
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check definition files and translations; PATHS are further survey files or folders of them.

    The exit status is 2 if a file cannot be used.
    """
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
@click.option(
    "--good",
    "orders",
    multiple=True,
    metavar="[LIST=]ANSWER",
    help="The best answer of a list of answers, or of all lists: first, last, neither (none is best), "
    "unordered (the answers have no order) or file (as the file says).",
)
@click.option("--language", default="", help="Language code of texts without a language.")
@report_errors
def survey_import(file: Path, orders: tuple[str, ...], language: str) -> None:
    """Import a form of another program as an own survey, in KIOSK_DATA/questions. Lists everything that is
    left out.

    Nothing is imported until --good names the best answer of each list.
    """
    settings = owned_settings()
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise DefinitionError(f"{file}: is larger than 8 MB; take pictures out of it")
    try:
        form = read_file(file.read_bytes(), file.name)
        preview = _preview(settings, form, source_of(form, file.name), language, orders)
        for message in _listed(preview):
            click.echo(f"{file}: {in_english([message])}", err=True)
        if preview.form is None:
            problems = [problem.message for problem in preview.problems]
            raise DefinitionError(f"{file}: {in_english(problems)}{_REMEDY}")
        survey = add_imported_survey(settings, preview.form).survey
    except ForeignFormError as error:
        raise DefinitionError(f"{file}: {in_english([error.message])}") from error
    except RefusedError as error:
        raise DefinitionError(f"{file}: {in_english(error.messages)}") from error
    click.echo(f"{settings.data / 'questions' / survey.id}.toml: {len(survey.statements)} statements.")


_REMEDY = " Use --good LIST=first|last|neither|unordered and --language CODE, or correct the file."


def _preview(
    settings: Settings, form: ForeignForm, source: str, language: str, orders: Sequence[str]
) -> Preview:
    """Return the preview of a form. `source` is that of the survey. `orders` are the values of --good,
    LIST=ORDER, or ORDER for all lists. Raises DefinitionError for a value or a list that does not exist, for
    `file` if the file does not number the answers, and for a text that is no language code."""
    if language and not is_language_code(language):
        raise DefinitionError(f"--language: {language!r} is no language code; write for example en or pt_BR")
    library = read_usable_library(settings)
    lists = preview_of(form, Decisions(language), library, source).lists
    chosen: dict[int, AnswerOrder] = {}
    for text in orders:
        name, _, order = text.rpartition("=")
        numbers = [answers.number for answers in lists if name in ("", answers.name)]
        if order not in list(AnswerOrder) or (name and not numbers):
            names = ", ".join(answers.name for answers in lists) or "none"
            raise DefinitionError(
                f"--good: {text!r} is not one of first, last, neither, unordered and file, or names no list; "
                f"the lists are: {names}"
            )
        if any(order == AnswerOrder.AS_IN_FILE and not lists[number].has_own_order for number in numbers):
            raise DefinitionError(f"--good: the file does not say which answer is best: {text!r}")
        chosen.update(dict.fromkeys(numbers, AnswerOrder(order)))
    return preview_of(form, Decisions(language, chosen), library, source)


def _listed(preview: Preview) -> Iterator[Message]:
    """Yield a message, with its place in the file, for everything that the survey will not have."""
    for part in preview.left_out:
        yield Message("{place}: {problem}", {"place": part.place, "problem": part.reason})
    for question in preview.questions:
        if not question.is_included:
            reason = question.text.fault or NOT_PROPOSED
            yield Message("{place}: {problem}", {"place": question.place, "problem": reason})
