"""The `kiosk` command. Mistakes a person can mend become one line and exit status 2."""

import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import wraps
from pathlib import Path
from random import Random
from typing import Any, ParamSpec, TextIO, TypeVar

import click

from kiosk import __version__
from kiosk.app import DEMONSTRATION_TICKS, check_is_free, guest_and_desk, on_one_address, serve
from kiosk.backup import restore_backup, write_backup
from kiosk.check import check_report, check_text, read_checked
from kiosk.counting import Counting, count_if_due
from kiosk.database import StoreError
from kiosk.definition import DefinitionError
from kiosk.demonstration import build_demonstration
from kiosk.doctor import Weight, examine
from kiosk.export import files
from kiosk.library import Library, read_library
from kiosk.lockdown import CHECKLIST, LockdownError, read_address
from kiosk.lockdown import files as lockdown_files
from kiosk.lockdown import write as write_lockdown
from kiosk.passwords import hash_password
from kiosk.rounds import Admission, Round, RoundError, round_id
from kiosk.settings import Settings, SettingsError, read_settings, secret_key
from kiosk.simulate import Arrival, ArrivalError, Refused, plan_for, read_arrivals, simulate
from kiosk.slips import spaced
from kiosk.store import Account, Store, open_store
from kiosk.tree import Tree, flat_tree, read_tree

P = ParamSpec("P")
R = TypeVar("R")

MENDABLE = (SettingsError, DefinitionError, StoreError, ArrivalError, LockdownError)

SHORTEST_PASSWORD = 10


def mendable(function: Callable[P, R]) -> Callable[P, R]:
    """Turn mistakes a person can mend into one line on standard error and exit status 2."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except MENDABLE as error:
            click.echo(f"kiosk: {error}", err=True)
            sys.exit(2)

    return wrapped


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
    store.renew()
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
    address = settings.guest_address
    click.echo(f"The demonstration is running. Answers are counted every {DEMONSTRATION_TICKS.seconds} s.")
    click.echo(f"  Answer as a guest     {address}/")
    click.echo(f"  ... from a poster     {address}/s/{made.poster_code}")
    for code in made.slip_codes:
        click.echo(f"  ... with a slip       {address}/q#{spaced(code)}")
    click.echo(f"  See the results       {address}/admin/")
    click.echo(f"  Sign in as            {made.name}")
    click.echo(f"  Password              {made.password}")
    click.echo("Stop with Ctrl+C.")
    serve(
        [(settings.guest_listen, on_one_address(guest, desk))],
        Counting(made.store, DEMONSTRATION_TICKS),
    )


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
def user() -> None:
    """Accounts for staff."""


@user.command(name="add")
@click.argument("name")
@click.option("--role", type=click.Choice(["coordinator", "staff"]), required=True)
@mendable
def user_add(name: str, role: str) -> None:
    """Add an account, or change its role and password; the password is asked for."""
    store = _store(_settings())
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise StoreError("a name must be 1 to 80 printable characters")
    password = _password()
    store.set_account(Account(name.strip(), role, hash_password(password)))
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
@mendable
def round_open(
    survey_id: str,
    tree_id: str,
    k: int,
    opens: datetime | None,
    closes: datetime | None,
    days: int | None,
    admission: tuple[str, ...],
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
    )
    try:
        store.open_round(new, now)
    except RoundError as error:
        english = library.desk["en"].text
        raise StoreError(" ".join(reason.said(english) for reason in error.reasons)) from error
    opening = "is open" if new.is_running(now) else f"opens on {new.opens_at:%Y-%m-%d}, and is open"
    click.echo(f"{new.id} {opening} until {new.closes_at:%Y-%m-%d %H:%M}.")


def _pick(found: Any, wanted: str, what: str) -> Any:
    if wanted not in found:
        raise StoreError(f"there is no {what} {wanted!r}; there are: {', '.join(sorted(found))}")
    return found[wanted]


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
@mendable
def slips(of_round: str, unit: str, number: int) -> None:
    """Make single-use codes and print them; they are kept nowhere else."""
    for code in sorted(_store(_settings()).print_slips(of_round, unit, number)):
        click.echo(spaced(code))


@main.command()
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--poster", is_flag=True, help="An open poster link instead of a kiosk's address.")
@mendable
def link(unit: str, poster: bool) -> None:
    """Make the address that turns a screen into a unit's kiosk, or a poster's link."""
    settings = _settings()
    known = {leaf for tree in read_library(settings).trees.values() for leaf in tree.leaves}
    if unit not in known:
        raise StoreError(f"there is no unit {unit!r}; there are: {', '.join(sorted(known))}")
    made = _store(settings).add_link(Admission.POSTER if poster else Admission.KIOSK, unit)
    click.echo(f"{settings.guest_address}/{'s' if poster else 'k'}/{made.code}")


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
