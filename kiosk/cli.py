"""The `kiosk` command. Mistakes a person can mend become one line and exit status 2."""

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time, timedelta
from functools import partial, wraps
from pathlib import Path
from random import Random
from secrets import SystemRandom
from typing import Any, ParamSpec, TextIO, TypeVar

import click
import peewee

from kiosk import __version__
from kiosk.app import DEMONSTRATION_TICKS, check_is_free, guest_and_desk, on_one_address, serve
from kiosk.audio import VOICES, AudioError, speeches, spoken_texts
from kiosk.audio import build as build_audio
from kiosk.backup import restore_backup, write_backup
from kiosk.check import check_report, check_text, read_checked
from kiosk.counting import Counting, count_if_due
from kiosk.database import StoreError
from kiosk.definition import DefinitionError
from kiosk.demonstration import Demonstration, build_demonstration
from kiosk.doctor import Weight, examine
from kiosk.drafts import DraftError, write_form
from kiosk.export import files
from kiosk.i18n import read_catalogues
from kiosk.library import Library, read_library, shown_languages, spoken_languages
from kiosk.lockdown import CHECKLIST, LockdownError, read_address
from kiosk.lockdown import files as lockdown_files
from kiosk.lockdown import write as write_lockdown
from kiosk.office import COMMAND_LINE, Deed
from kiosk.paper import PaperError, Size, Words, poster_page, slip_sheets, words_in
from kiosk.passwords import hash_password
from kiosk.reason import Reason
from kiosk.rounds import Admission, Figures, Round, RoundError, round_id
from kiosk.seal import KeysAwayError
from kiosk.settings import Settings, SettingsError, read_settings, secret_key, shipped_folder
from kiosk.simulate import Arrival, ArrivalError, Refused, plan_for, read_arrivals, simulate
from kiosk.sizes import (
    DISTANCE_LIMITS_MM,
    LEAST_DISTANCE_MM,
    LOWER_EDGE_LIMITS_MM,
    WIDTH_LIMITS_MM,
    Screen,
)
from kiosk.slips import spaced
from kiosk.store import Account, Role, Store, open_store
from kiosk.survey import read_scales
from kiosk.tree import Tree, flat_tree, read_tree
from kiosk.xlsform import XLSFormError, no_answer_words, read_xlsform, write_xlsform

P = ParamSpec("P")
R = TypeVar("R")

MENDABLE = (
    SettingsError,
    DefinitionError,
    StoreError,
    ArrivalError,
    PaperError,
    LockdownError,
    AudioError,
    KeysAwayError,
)

SHORTEST_PASSWORD = 10

NEW_FILE: click.Path = click.Path(path_type=Path, dir_okay=False)


def mendable(function: Callable[P, R]) -> Callable[P, R]:
    """Turn mistakes a person can mend into one line on standard error and exit status 2."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except MENDABLE as error:
            problem = str(error)
        except RoundError as error:
            problem = _in_english(error.reasons)
        except OSError as error:
            where = f" {error.filename}:" if error.filename else ""
            problem = f"{where} {error.strerror or error}; is it there, and yours to read and write?".strip()
        except peewee.PeeweeException as error:
            told = str(error).splitlines() or [type(error).__name__]
            problem = f"KIOSK_DATABASE_URL: the database cannot be used ({told[0]})"
        except OverflowError:
            problem = "a date or number is out of range; choose a smaller one"
        except UnicodeError as error:
            problem = f"a file or word is not UTF-8 ({error.reason if hasattr(error, 'reason') else error})"
        click.echo(f"kiosk: {problem}", err=True)
        sys.exit(2)

    return wrapped


def _in_english(reasons: Iterable[Reason]) -> str:
    english = read_catalogues([shipped_folder("translations")], "desk")["en"]
    return " ".join(reason.said(english.text) for reason in reasons)


def _settings(data: str = "instance") -> Settings:
    return read_settings(os.environ, data=data)


def _store(settings: Settings) -> Store:
    if not settings.data.is_dir():
        raise StoreError(f"there is no installation in {settings.data} yet; run: kiosk init")
    store = open_store(settings.data, settings.database_url, settings.keys)
    store.check_schema()
    return store


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk")
def main() -> None:
    """An anonymous survey and feedback kiosk."""
    os.umask(0o077)


@main.command()
@mendable
def init() -> None:
    """Set up an installation in KIOSK_DATA, or upgrade its tables."""
    settings = _settings()
    store = open_store(settings.data, settings.database_url, settings.keys)
    store.migrate()
    store.renew(giving_up_lost=True)
    secret_key(settings)
    # So that the first count waits for the first tick, rather than make up for one before it.
    count_if_due(store, settings.ticks, datetime.now())
    click.echo(f"Ready in {settings.data}.")
    click.echo("Next: kiosk user add NAME --role coordinator, then kiosk serve.")


@main.command(name="serve")
@click.option("--no-count", is_flag=True, help="A timer runs `kiosk count` instead.")
@mendable
def serve_command(no_count: bool) -> None:
    """Serve guests and staff, each on an address of its own."""
    settings = _settings()
    library = read_library(settings)
    store = _store(settings)
    store.renew()
    guest, desk = guest_and_desk(settings, store, library, settings.ticks)
    click.echo(f"Guests:  http://{settings.guest_listen}/")
    click.echo(f"Staff:   http://{settings.desk_listen}/admin/")
    serve(
        [(settings.guest_listen, guest), (settings.desk_listen, desk)],
        None if no_count else Counting(store, settings.ticks),
        scheme="https" if settings.is_https else "http",
    )


@main.command()
@mendable
def demo() -> None:
    """Serve a demonstration with made-up answers; it starts anew each time."""
    settings = _settings(data="demonstration")
    library = read_library(settings)
    check_is_free(settings.guest_listen)
    click.echo("Filling a year of rounds with made-up answers ...", err=True)
    made = build_demonstration(settings, library, datetime.now())
    guest, desk = guest_and_desk(settings, made.store, library, DEMONSTRATION_TICKS)
    serve(
        [(settings.guest_listen, on_one_address(guest, desk))],
        Counting(made.store, DEMONSTRATION_TICKS),
        told=partial(_tell_of_demonstration, made, settings.guest_address),
    )


def _tell_of_demonstration(made: Demonstration, address: str) -> None:
    click.echo(f"The demonstration is running. Answers are counted every {DEMONSTRATION_TICKS.seconds} s.")
    click.echo(f"  Answer as a guest     {address}/")
    click.echo(f"  ... from a poster     {address}/s/{made.poster_code}")
    for code in made.slip_codes:
        click.echo(f"  ... with a slip       {address}/q#{spaced(code)}")
    click.echo(f"  See the results       {address}/admin/")
    click.echo(f"  Sign in as            {made.name}")
    click.echo(f"  Password              {made.password}")
    click.echo("Stop with Ctrl+C.")


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@mendable
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check survey files and translations; PATHS are further survey files or folders of them."""
    settings = _settings()
    checked = read_checked(settings, list(paths))
    if as_json:
        click.echo(json.dumps(check_report(checked), ensure_ascii=False, indent=2))
    else:
        click.echo(check_text(checked), nl=False)


@main.group()
def survey() -> None:
    """Surveys as XLSForm, the spreadsheet of KoboToolbox and ODK."""


@survey.command(name="export")
@click.argument("survey_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@mendable
def survey_export(survey_id: str, file: Path) -> None:
    """Write a survey as XLSForm, in every language that has all its texts."""
    library = read_library(_settings())
    _check_new(file)
    found = _pick(library.surveys, survey_id, "survey")
    file.write_bytes(write_xlsform(found, no_answer_words(library.guest)))
    click.echo(f"{file}: {len(found.statements)} statements.")


@survey.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@mendable
def survey_import(file: Path) -> None:
    """Take in an XLSForm as a survey of the installation's own, in KIOSK_DATA/questions."""
    settings = _settings()
    library = read_library(settings)
    scales = {
        name: scale
        for folder in settings.definition_folders
        for name, scale in read_scales(folder / "scales").items()
    }
    try:
        form = read_xlsform(file.read_bytes(), f"XLSForm {file.name}")
        made = write_form(
            settings.data / "questions",
            settings.data / "translations",
            form,
            library.surveys,
            scales,
            {code: found.texts for code, found in library.guest.items()},
            COMMAND_LINE,
            date.today(),
        )
    except XLSFormError as error:
        raise DefinitionError(f"{file}: {_in_english([error.reason])}") from error
    except DraftError as error:
        raise DefinitionError(f"{file}: {_in_english(error.reasons)}") from error
    click.echo(f"{settings.data / 'questions' / made.id}.toml: {len(made.statements)} statements.")


@main.group()
def audio() -> None:
    """Texts read aloud to guests: a machine's drafts, and people's recordings."""


@audio.command(name="build")
@mendable
def audio_build() -> None:
    """Make draft speech for each text without a sound, where there is a voice; needs espeak-ng and lame."""
    settings = _settings()
    made, removed = build_audio(settings.audio_folder, _spoken(read_library(settings)))
    click.echo(f"{settings.audio_folder}: {made} drafts made, {removed} removed. A machine speaks them;")
    click.echo("ask people with the language as their own to record them: kiosk audio list --language CODE")


@audio.command(name="list")
@click.option("--language", help="All texts of one language, as a script to record from.")
@mendable
def audio_list(language: str | None) -> None:
    """Tell what is recorded, drafted by a machine, or silent in each language."""
    settings = _settings()
    spoken, folder = _spoken(read_library(settings)), settings.audio_folder
    if language is not None:
        _check_among(set(spoken), language, "language")
        click.echo(f"Record each as {folder / 'recordings' / language}/NAME.mp3 (or .m4a, .ogg, .wav):")
        for speech in speeches(folder, language, spoken[language]):
            state = "recorded" if speech.is_recorded else "draft" if speech.file else "silent"
            click.echo(f"{speech.name}  {state:8}  {speech.text}")
        return
    for code, texts in spoken.items():
        found = speeches(folder, code, texts)
        recorded, sounds = sum(one.is_recorded for one in found), sum(one.file is not None for one in found)
        voice = "" if code in VOICES else "; no voice for drafts: must be recorded"
        click.echo(
            f"{code}: {recorded} recorded, {sounds - recorded} drafts by a machine, "
            f"{len(found) - sounds} silent{voice}"
        )


def _spoken(library: Library) -> dict[str, list[str]]:
    """Language -> every text that can be read out in it."""
    surveys = list(library.surveys.values())
    return {code: spoken_texts(found, surveys) for code, found in library.guest.items()}


@main.group()
def user() -> None:
    """Accounts for staff."""


@user.command(name="add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@mendable
def user_add(name: str, role: str) -> None:
    """Add an account, or change its role and password; the password is asked for."""
    store = _store(_settings())
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise StoreError("a name must be 1 to 80 printable characters")
    password = _password()
    store.set_account(Account(name.strip(), role, hash_password(password)))
    store.office.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_SET, f"{name.strip()}, {role}")
    click.echo(f"{name.strip()} may sign in as {role}.")


def _password() -> str:
    """From a prompt, or the first line of standard input when that is not a terminal."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST_PASSWORD:
        raise StoreError(f"the password must be at least {SHORTEST_PASSWORD} characters long")
    return password


@main.group(name="round")
def round_group() -> None:
    """Rounds: open one, or list them. A round closes by itself, at the time fixed when it opened."""


@round_group.command(name="open")
@click.option("--survey", "survey_id", required=True, help="Id of a survey; see kiosk check.")
@click.option("--tree", "tree_id", required=True, help="Id of a tree of units.")
@click.option("--k", default=5, show_default=True, help="Fewest ballots counted together; 8 suits shelters.")
@click.option("--opens", type=click.DateTime(["%Y-%m-%d"]), help="First day; today if not given.")
@click.option("--closes", type=click.DateTime(["%Y-%m-%d"]), help="Last day on which guests can answer.")
@click.option("--days", type=int, help="Number of days instead of --closes; a quarter is 90.")
@click.option(
    "--admission",
    type=click.Choice([way.value for way in Admission]),
    multiple=True,
    default=["kiosk", "slip"],
    show_default=True,
    help="Ways to answer; repeat for several. With poster, stuffing is not prevented.",
)
@click.option(
    "--figures",
    type=click.Choice([when.value for when in Figures]),
    default=Figures.LIVE.value,
    show_default=True,
    help="When figures are shown. at_closing suits units where the same guests answer every week.",
)
@mendable
def round_open(
    survey_id: str,
    tree_id: str,
    k: int,
    opens: datetime | None,
    closes: datetime | None,
    days: int | None,
    admission: tuple[str, ...],
    figures: str,
) -> None:
    """Open a round. Its terms freeze: nothing changes or closes it afterwards."""
    settings = _settings()
    library, store = read_library(settings), _store(settings)
    now = datetime.now()
    opens_at = opens or datetime.combine(date.today(), time())
    if (closes is None) == (days is None):
        raise StoreError("say how long the round is: either --closes or --days")
    closes_at = closes + timedelta(days=1) if closes else opens_at + timedelta(days=days or 0)
    survey = _pick(library.surveys, survey_id, "survey")
    taken = [state.round.id for state in store.rounds()]
    new = Round(
        round_id(survey, opens_at.date(), taken),
        survey,
        _pick(library.trees, tree_id, "tree"),
        k,
        opens_at,
        closes_at,
        frozenset(Admission(way) for way in admission),
        Figures(figures),
    )
    store.open_round(new, now)
    store.office.note(now, COMMAND_LINE, Deed.ROUND_OPENED, new.id)
    opening = "is open" if new.is_running(now) else f"opens on {new.opens_at:%Y-%m-%d}, and is open"
    click.echo(f"{new.id} {opening} until {new.closes_at:%Y-%m-%d %H:%M}.")


def _pick(found: Any, wanted: str, what: str) -> Any:
    _check_among(found, wanted, what)
    return found[wanted]


def _check_among(found: Collection[str], wanted: str, what: str) -> None:
    if wanted not in found:
        raise StoreError(f"there is no {what} {wanted!r}; there are: {', '.join(sorted(found))}")


@round_group.command(name="list")
@mendable
def round_list() -> None:
    """List all rounds, the latest first."""
    for state in _store(_settings()).rounds():
        terms = state.round
        condition = "closed" if state.is_closed else "open"
        ways = ",".join(sorted(terms.admission))
        click.echo(
            f"{terms.id}  {condition}  {terms.opens_at:%Y-%m-%d} to {terms.closes_at:%Y-%m-%d %H:%M}  "
            f"k={terms.k}  {terms.tree.root.id}  {ways}"
        )


@main.command()
@mendable
def count() -> None:
    """Count the boxes if a tick has passed since the last count; a timer runs this."""
    settings = _settings()
    store = _store(settings)
    now = datetime.now()
    if count_if_due(store, settings.ticks, now):
        click.echo(f"Counted for {settings.ticks.latest(now):%Y-%m-%d %H:%M}.")
    else:
        click.echo(f"Nothing to do: {settings.ticks.latest(now):%Y-%m-%d %H:%M} has been counted.")


@main.command()
@click.option("--round", "of_round", required=True, help="Id of a round; see kiosk round list.")
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--number", type=click.IntRange(1, 2000), default=50, show_default=True)
@click.option("--pdf", type=NEW_FILE, help="Write sheets to cut into this file, instead of the codes alone.")
@click.option("--languages", help="Of the sheets, such as: sv,ar; all that guests may choose if not given.")
@mendable
def slips(of_round: str, unit: str, number: int, pdf: Path | None, languages: str | None) -> None:
    """Make single-use codes and print them; they are kept nowhere else."""
    settings = _settings()
    store = _store(settings)
    if pdf is None:
        if languages:
            raise PaperError("codes alone are in no language; leave --languages out, or add --pdf FILE")
        for code in sorted(_print_slips(store, of_round, unit, number)):
            click.echo(spaced(code))
        return
    _check_new(pdf)
    library = read_library(settings)
    rounds = {state.round.id: state.round for state in store.rounds()}
    survey = _pick(rounds, of_round, "round").survey
    words = _words(library, shown_languages(library.guest, survey, _allowed(settings, store)), languages)
    codes = _print_slips(store, of_round, unit, number)
    pdf.write_bytes(slip_sheets(settings.guest_address, codes, words, SystemRandom()))
    click.echo(f"{pdf}: {number} slips. Print it, then delete it: whoever has it can answer with its codes.")


def _print_slips(store: Store, of_round: str, unit: str, number: int) -> list[str]:
    codes = store.print_slips(of_round, unit, number)
    store.office.note(datetime.now(), COMMAND_LINE, Deed.SLIPS_PRINTED, f"{of_round}, {unit}, {number}")
    return codes


def _allowed(settings: Settings, store: Store) -> frozenset[str] | None:
    """Languages shown although not reviewed; None for all."""
    return None if store.is_demonstration else settings.languages


def _words(library: Library, possible: tuple[str, ...], languages: str | None) -> tuple[Words, ...]:
    """What paper says in the languages asked for, or all that are possible."""
    asked = possible if languages is None else languages.replace(",", " ").split()
    for code in asked:
        _check_among(possible, code, "language for guests")
    return words_in(library.guest, asked)


def _check_new(file: Path) -> None:
    """Before anything is made that could then not be written."""
    if file.exists():
        raise PaperError(f"{file} exists already; choose another name")
    if not file.absolute().parent.is_dir():
        raise PaperError(f"{file}: there is no folder {file.parent}; make it first")


@main.command()
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--poster", is_flag=True, help="An open poster link instead of a kiosk's address.")
@click.option("--screen-mm", type=click.IntRange(*WIDTH_LIMITS_MM), help="Width of what is lit.")
@click.option("--distance-mm", type=click.IntRange(*DISTANCE_LIMITS_MM), help="From the guest; else 600.")
@click.option("--low-mm", type=click.IntRange(*LOWER_EDGE_LIMITS_MM), help="Lower edge above the floor.")
@mendable
def link(unit: str, poster: bool, screen_mm: int | None, distance_mm: int | None, low_mm: int | None) -> None:
    """Make the address that turns a screen into a unit's kiosk, or a poster's link.

    Without --screen-mm a kiosk's screen measures what KIOSK_SCREEN_MM says of all.
    """
    settings = _settings()
    _check_unit(read_library(settings), unit)
    screen = _measured(screen_mm, distance_mm, low_mm)
    if poster and screen:
        raise StoreError("a poster's link has no screen; leave --screen-mm out")
    store, way = _store(settings), Admission.POSTER if poster else Admission.KIOSK
    made = store.add_link(way, unit, screen=screen)
    store.office.note(datetime.now(), COMMAND_LINE, Deed.ADDRESS_MADE, f"{unit}, {way.value}")
    click.echo(f"{settings.guest_address}/{'s' if poster else 'k'}/{made.code}")


def _measured(screen_mm: int | None, distance_mm: int | None, low_mm: int | None) -> Screen | None:
    """What the options say of a screen, or None if they say nothing."""
    if screen_mm is not None:
        return Screen(screen_mm, distance_mm or LEAST_DISTANCE_MM, low_mm)
    if distance_mm is not None or low_mm is not None:
        raise StoreError("--distance-mm and --low-mm need --screen-mm beside them; measure what is lit")
    return None


def _check_unit(library: Library, unit: str) -> None:
    _check_among({leaf for tree in library.trees.values() for leaf in tree.leaves}, unit, "unit")


@main.command()
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--size", type=click.Choice(list(Size)), default=Size.A4, show_default=True)
@click.option("--out", type=NEW_FILE, required=True, help="A new PDF file.")
@click.option("--languages", help="Such as: sv,ar; all that guests may choose if not given.")
@mendable
def poster(unit: str, size: Size, out: Path, languages: str | None) -> None:
    """Make a poster or table card with a unit's poster link, which is made if there is none."""
    settings = _settings()
    library, store = read_library(settings), _store(settings)
    _check_unit(library, unit)
    _check_new(out)
    words = _words(library, spoken_languages(library.guest, _allowed(settings, store)), languages)
    of_unit = [found for found in store.links() if found.unit_id == unit]
    posters = [found for found in of_unit if found.admission is Admission.POSTER]
    link = posters[0] if posters else store.add_link(Admission.POSTER, unit)
    address = f"{settings.guest_address}/s/{link.code}"
    out.write_bytes(poster_page(address, words, size))
    click.echo(f"{out}: leads to {address}")


@main.command()
@click.option("--address", required=True, help="The kiosk's address, as kiosk link prints it.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@mendable
def lockdown(address: str, out: Path) -> None:
    """Write the files that lock a machine to one kiosk's address, and a checklist to follow."""
    made = lockdown_files(read_address(address))
    write_lockdown(out, made)
    click.echo(f"{out}: {len(made)} files. Now follow {out / CHECKLIST}.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the snapshot document.")
@mendable
def results(as_json: bool) -> None:
    """Print what is published: the snapshot, the same for everybody."""
    store = _store(_settings())
    if as_json:
        click.echo(store.snapshot_text())
        return
    for found in store.snapshot()["rounds"]:
        click.echo(f"{found['id']} ({found['state']}, version {found['version']}, k={found['k']})")
        for node in found["nodes"]:
            if node.get("apart"):
                click.echo(f"  {node['id']}: {node['apart']} sent in play, not counted")
            if node["answered"] is None:
                words = {"waiting": "waiting for more answers", "too_few": "too few answers"}
                click.echo(f"  {node['id']}: {words[node['why']]}")
                continue
            click.echo(f"  {node['id']}: {node['answered']} answered")
            for name, table in node["statements"].items():
                counts = " ".join(map(str, table["counts"]))
                others = " ".join(f"{kind}={n}" for kind, n in table["no_answer"].items())
                click.echo(f"    {name}: {counts}  {others} withheld={table['withheld']}")


@main.command()
@mendable
def doctor() -> None:
    """Is this installation as anonymous as it claims? Ends with status 1 if something is bad."""
    settings = _settings()
    found = examine(settings, _store(settings), read_library(settings), datetime.now())
    for advice in found:
        click.echo(f"{advice.weight:4}  {advice.text}")
    if any(advice.weight is Weight.BAD for advice in found):
        sys.exit(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@mendable
def export(folder: Path) -> None:
    """Write what is published into a new FOLDER: counts and codebook as CSV, the snapshot, a description."""
    store = _store(_settings())
    if folder.exists():
        raise StoreError(f"{folder} exists already; choose another name")
    found = files(store.snapshot(), [state.round for state in store.rounds()])
    folder.mkdir(parents=True)
    for name, content in found.items():
        (folder / name).write_bytes(content)
    click.echo(f"{folder}: {', '.join(found)}")


@main.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@mendable
def backup_command(file: Path) -> None:
    """Write a backup: all but uncounted ballots, slips and keys. Safe while serving."""
    settings = _settings()
    size = write_backup(_store(settings), settings, file)
    click.echo(f"{file}: {size} bytes. Ballots that wait, slips and keys are not in it, on purpose.")


@main.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@mendable
def restore_command(file: Path) -> None:
    """Bring a backup back, into an empty KIOSK_DATA."""
    settings = _settings()
    store = open_store(settings.data, settings.database_url, settings.keys)
    store.migrate()
    boxes = restore_backup(store, settings, file)
    secret_key(settings)
    click.echo(f"Restored into {settings.data}; {boxes} boxes begin anew, empty. Print new slips.")


@main.command(name="simulate")
@click.option("--arrivals", type=click.File("r", encoding="utf-8"), required=True, help="JSON lines.")
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="JSON lines.")
@click.option("--k", default=5, show_default=True, help="Fewest ballots counted together.")
@click.option("--days", type=int, help="Length of the round; up to the last arrival if not given.")
@click.option("--units", help="Unit ids with commas between, or a tree file; else those that arrive.")
@click.option("--survey", default="ombudsmannaskap", show_default=True, help="Id of a survey, or a file.")
@click.option("--seed", type=int, help="For tests only: draw batches with a seeded generator.")
@mendable
def simulate_command(
    arrivals: TextIO,
    out: TextIO,
    k: int,
    days: int | None,
    units: str | None,
    survey: str,
    seed: int | None,
) -> None:
    """Run the real code over a throw-away database and a simulated clock."""
    settings = _settings()
    is_file = survey.endswith(".toml")
    library = read_checked(settings, [Path(survey)] if is_file else [])
    asked = _pick(library.surveys, Path(survey).stem if is_file else survey, "survey")
    found = read_arrivals(arrivals, arrivals.name, asked)
    plan = plan_for(found, asked, _tree(units, found, library), k, days)
    unknown = sorted({arrival.unit for arrival in found} - set(plan.tree.leaves))
    if unknown:
        raise ArrivalError(
            f"{arrivals.name}: no unit {unknown[0]!r}; there are: {', '.join(plan.tree.leaves)}"
        )
    refused = Refused()
    rng = None if seed is None else Random(seed)  # noqa: S311 - for tests only
    for tick, snapshot in simulate(plan, found, rng, refused):
        line = {"at": tick.isoformat(), "snapshot": snapshot}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    out.flush()
    if refused.ballots:
        click.echo(f"kiosk: {refused.ballots} of {len(found)} came after closing, refused", err=True)


def _tree(units: str | None, arrivals: list[Arrival], library: Library) -> Tree:
    """The tree asked for: a file, a shipped tree's id, a list of units, or the units that arrive."""
    if units and units.endswith(".toml"):
        return read_tree(Path(units))
    if units and units in library.trees:
        return library.trees[units]
    names = units.split(",") if units else {arrival.unit for arrival in arrivals}
    return flat_tree(sorted({name.strip() for name in names} - {""}))


if __name__ == "__main__":
    main()
