"""Rounds: opening one, cancelling one before it opens, and listing them."""

import re
from datetime import date, datetime, time, timedelta

import click

from kiosk.cli.arguments import (
    check_among,
    check_reason,
    current_settings,
    installed_store,
    pick,
    protection_option,
    usable_library,
)
from kiosk.cli.errors import report_errors
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.box import USUAL_K
from kiosk.domain.budget import MOST_EXPECTED
from kiosk.domain.rounds import (
    LONGEST_NAME_CHARACTERS,
    Admission,
    ProtectionLevel,
    PublicationTime,
    Round,
    round_id,
)
from kiosk.domain.tree import Tree
from kiosk.library.text_rules import find_fault
from kiosk.operation.clock import check_clock
from kiosk.storage import COMMAND_LINE, Action, Entry, RoundState, StoreError, UnconfirmedScreensError


@click.group(name="round")
def round_group() -> None:
    """Rounds: open one, cancel one before it opens, or list them.

    A round closes by itself, at the time fixed when it opened.
    """


@round_group.command(name="open")
@click.option("--survey", "survey_id", required=True, help="Id of a survey; see kiosk check.")
@click.option("--tree", "tree_id", required=True, help="Id of a tree of units.")
@click.option("--k", default=USUAL_K, show_default=True, help="Fewest ballots counted together; at least 5.")
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
    type=click.Choice([when.value for when in PublicationTime]),
    default=PublicationTime.LIVE.value,
    show_default=True,
    help="When figures are shown. at_closing suits units where the same guests answer every week.",
)
@protection_option(
    "protected: each bar may be off by single guests, and nothing is provable about one. strong: twice the "
    "noise, for places where somebody may know all other guests' answers. exact: no noise."
)
@click.option(
    "--expected",
    multiple=True,
    metavar="[UNIT=]N",
    help="Guests expected at a unit, or at all others; repeat until each unit has a number, 0 for none. Sets "
    "a budget: 3/2 slips for each guest, a kiosk for each 200.",
)
@click.option(
    "--unit",
    "units",
    multiple=True,
    help="Only these units of the tree; repeat for several. All if not given.",
)
@click.option("--reason", help="Why units have more kiosks than the budget; all staff read it.")
@click.option(
    "--known-screen",
    "known_screens",
    multiple=True,
    metavar="ENDING",
    help="A screen that staff paired and that may be used, by the end of its address; repeat for several.",
)
@click.option("--name", default="", help="The round's own name, which slips print; else the survey's title.")
@report_errors
def round_open(
    survey_id: str,
    tree_id: str,
    k: int,
    opens: datetime | None,
    closes: datetime | None,
    days: int | None,
    admission: tuple[str, ...],
    figures: str,
    protection: str,
    expected: tuple[str, ...],
    units: tuple[str, ...],
    reason: str | None,
    known_screens: tuple[str, ...],
    name: str,
) -> None:
    """Open a round. Its terms freeze: nothing changes or closes it afterwards."""
    check_reason(reason)
    settings = current_settings()
    library, store = usable_library(settings), installed_store(settings)
    now = datetime.now()
    check_clock(store, now)
    if name and (fault := find_fault(name, LONGEST_NAME_CHARACTERS)):
        raise StoreError(f"--name {fault.english}")
    opens_at = opens or datetime.combine(date.today(), time())
    if (closes is None) == (days is None):
        raise StoreError("give the length of the round: either --closes or --days")
    closes_at = closes + timedelta(days=1) if closes else opens_at + timedelta(days=days or 0)
    survey = pick(library.surveys, survey_id, "survey")
    tree = _only(pick(library.trees, tree_id, "tree"), units)
    taken = [state.round.id for state in store.rounds()]
    level = ProtectionLevel(protection)
    new = Round(
        round_id(survey, opens_at.date(), taken),
        survey,
        tree,
        k,
        opens_at,
        closes_at,
        frozenset(Admission(way) for way in admission),
        PublicationTime(figures),
        level.protection,
        level.epsilon,
        expected=_expected(expected, tree),
        least_days=LEAST_DAYS,
        name=name,
    )
    over = store.kiosks_over_budget(new, {})
    if over and not reason:
        raise over[0]
    screens = store.staffs_screens(new)
    if unconfirmed := [screen for screen in screens if screen.code_ending not in known_screens]:
        raise UnconfirmedScreensError(unconfirmed)
    actions = [
        *((Action.KIOSK_OVER_BUDGET, f"{error.unit_id}, {reason}") for error in over),
        *((Action.SCREEN_CONFIRMED, f"{screen.unit_id}, {screen.code_ending}") for screen in screens),
        (Action.ROUND_OPENED, ", ".join([new.id, new.level, *units])),
    ]
    store.open_round(new, now, [Entry(now, COMMAND_LINE, action, what) for action, what in actions])
    store.store_change_index()
    opening = "is open" if new.is_running(now) else f"opens on {new.opens_at:%Y-%m-%d}, and is open"
    click.echo(f"{new.id} {opening} until {new.closes_at:%Y-%m-%d %H:%M}.")


def _only(tree: Tree, units: tuple[str, ...]) -> Tree:
    """Return the tree with these units only; the whole tree if none is named. Raises StoreError for a unit
    that the tree lacks."""
    for unit in units:
        check_among(tree.leaves, unit, "unit")
    return tree.only(units) if units else tree


def _expected(words: tuple[str, ...], tree: Tree) -> dict[str, int]:
    """Return unit id -> expected guests, from the values of --expected: frida=20 is for one unit, 60 for all
    that have no value of their own. Raises StoreError for a value of another form, a unit that the tree
    lacks, a number over MOST_EXPECTED, or a unit without a number."""
    expected: dict[str, int] = {}
    for word in sorted(words, key=lambda word: "=" in word):
        unit, _, number = word.rpartition("=")
        if not re.fullmatch("[0-9]{1,5}", number) or int(number) > MOST_EXPECTED:
            raise StoreError(
                f"--expected {word}: write N or UNIT=N, with a whole number up to {MOST_EXPECTED}"
            )
        if unit:
            check_among(tree.leaves, unit, "unit")
        expected |= dict.fromkeys((unit,) if unit else tree.leaves, int(number))
    if missing := [unit for unit in tree.leaves if unit not in expected]:
        raise StoreError(
            f"how many guests are expected at {missing[0]}? Add --expected {missing[0]}=N for each unit, or "
            "--expected N for all without a number of their own; with 0, slips and kiosks need a --reason"
        )
    return expected


@round_group.command(name="cancel")
@click.argument("round_id")
@report_errors
def round_cancel(round_id: str) -> None:
    """Cancel a round that has not opened. Slips that are printed for it are not valid any more."""
    store, now = installed_store(current_settings()), datetime.now()
    check_clock(store, now)
    log = [
        Entry(now, COMMAND_LINE, Action.ROUND_CANCELLED, f"{of_round.title}, {of_round.opens_at:%Y-%m-%d}")
        for of_round in (state.round for state in store.rounds())
        if of_round.id == round_id
    ]
    store.cancel_round(round_id, now, log)
    store.store_change_index()
    click.echo(f"{round_id} is cancelled. Throw away the slips that are printed for it.")


@round_group.command(name="list")
@report_errors
def round_list() -> None:
    """List all rounds, the latest opening first: planned, open, ended (its last count is due) or closed."""
    now = datetime.now()
    for state in installed_store(current_settings()).rounds():
        of_round = state.round
        ways = ",".join(sorted(of_round.admission))
        click.echo(
            f"{of_round.id}  {_condition(state, now)}  {of_round.opens_at:%Y-%m-%d} to "
            f"{of_round.closes_at:%Y-%m-%d %H:%M}  "
            f"k={of_round.k}  {of_round.level}  {of_round.tree.root.id}  {ways}"
        )


def _condition(state: RoundState, now: datetime) -> str:
    """Return the word for a round before it opens, while it accepts answers, until the count that closes it,
    and after that count."""
    if state.is_closed:
        return "closed"
    if state.round.is_running(now):
        return "open"
    return "planned" if now < state.round.opens_at else "ended"
