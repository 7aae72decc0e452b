"""The protection and the cost of noise, by its kind and size: the tables on which the choice of noise rests.

`python -m tests.attack.noise_study` writes docs/noise-study.md, in about ten minutes. With names of tables,
it makes only those and keeps the others. docs/noise.md draws the conclusions.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.attack import noise_attacks as attacks
from tests.attack import noise_price as price
from tests.attack.noise_kinds import PROFILES, SCALE, Floats

REPORT = Path(__file__).parents[2] / "docs" / "noise-study.md"


def percents(profile: Floats) -> str:
    return ", ".join(f"{100 * chance:g}" for chance in profile)


PROFILE_LIST = "".join(f"- {name}: {percents(profile)}\n" for name, profile in PROFILES.items())

HEAD = f"""# What noise protects, and what it costs

Printed by `python -m tests.attack.noise_study`; do not edit. [noise.md](noise.md) says what follows from it.

Each table is of one statement with {SCALE} options and three kinds of no answer. Guests answer by
a profile, in percent, the lowest option first and no answer last:

{PROFILE_LIST}
"Agree" is the share of the two highest options among the answers on the scale, in percentage points.
Where a table does not say otherwise, noise is the product's: zero-sum, epsilon {price.EPSILON:g}, each
batch made whole. "Sure" is a belief over {100 * attacks.SURE:.0f} %. Insiders see the noisy tables
before they are made whole: published ones tell no more.
"""


@dataclass(frozen=True)
class Section:
    """One table: its title, explanation, columns and the function that yields its rows."""

    title: str
    text: str
    columns: Sequence[str]
    rows: Callable[[], Iterator[price.Row]]


BY_N = [f"n = {n}" for n in price.NS]
BY_EPSILON = [f"epsilon {epsilon:g}" for epsilon in attacks.EPSILONS]
BY_YEARS = ["1 year", *(f"{years} years" for years in attacks.YEARS[1:])]
TESTED = ["noise accounted for", "control", "exact counts"]
BELIEFS = ["right before", "right", "sure", "sure of what was under 50 % before"]

SECTIONS = {
    "errors": Section(
        "Price: error of the agreeing share",
        """Root mean square in points, with the bias in brackets. One table at closing.""",
        ["profile", "noise", *BY_N],
        price.errors,
    ),
    "phantoms": Section(
        "Price: answers shown that nobody gave",
        """By how noisy counts are made whole. "Phantoms" tells how often an option that nobody chose shows
at least 1, 2 or 3; "hidden" how often one that 1, 2 or 3 guests chose shows nobody.""",
        [
            "n",
            "profile",
            "made whole by",
            "error of a count",
            "agree: rms (bias)",
            "phantoms of 1",
            "of 2",
            "of 3",
            "hidden: 1",
            "2",
            "3",
        ],
        price.phantoms,
    ),
    "batches": Section(
        "Price: figures shown live",
        """Each batch has noise of its own. Either each batch's table is made whole, or only their sum.
Phantoms are shown at options that nobody chose.""",
        [
            "n",
            "rule",
            "batches",
            "profile",
            "error of chance",
            "each whole: rms (bias)",
            "phantoms",
            "the sum whole: rms (bias)",
            "phantoms",
        ],
        price.batches,
    ),
    "intervals": Section(
        "Price: intervals",
        f"""How often the 95 % interval of the agreeing share holds the true one, and in brackets its mean
width in points; {price.TRIES} tries. Bar: at least 93 % with noise accounted for. Control: the
interval of exact rounds on the same noisy counts.""",
        ["n", "shown", "profile", *TESTED],
        price.intervals,
    ),
    "trends": Section(
        "Price: the test for a trend over four rounds",
        f"""How often a change is claimed, at closing; {price.TRIES} tries. Control: the test of exact rounds
on the same noisy counts.""",
        ["n", "truth", *TESTED],
        price.trends,
    ),
    "differences": Section(
        "Price: the test between six places",
        f"""How often the highest and the lowest are said to differ, at closing; {price.TRIES} tries. Control
as above.""",
        ["n in each", "truth", *TESTED],
        price.differences,
    ),
    "strong_errors": Section(
        "Price: strongly protected rounds, error of the agreeing share",
        f"""As above, epsilon {price.STRONG:g}.""",
        ["profile", "noise", *BY_N],
        price.strong_errors,
    ),
    "strong_tests": Section(
        "Price: strongly protected rounds, intervals and changes",
        f"""How often the 95 % interval holds the true share, with its mean width in points, and how often a
change is claimed over rounds without one, at closing; {price.TRIES} tries, epsilon
{price.STRONG:g}. Bars: at least 93 %; at most 6.5 %. Controls: interval and test of exact rounds on
the same noisy counts.""",
        [
            "n",
            "profile",
            "interval, at closing",
            "interval, live, k=5",
            "control",
            "two rounds",
            "four rounds",
            "control",
        ],
        price.strong_tests,
    ),
    "bounds": Section(
        "Protection: the bound",
        """The most that anybody can believe of an answer after one round, by what she believed before. The
last column is the most that she may have believed before and is never sure. Exact tables have no
bound.""",
        ["epsilon", "of", *(f"{100 * prior:g} % before" for prior in attacks.PRIORS), "never sure up to"],
        attacks.bounds,
    ),
    "know_all_others": Section(
        "Protection: an insider who knows all other ballots",
        f"""One statement at closing, n = 20, {attacks.TARGETS} targets. "Right before" is by the likeliest
answer. Bar: right at most 20 points more often than before. Exact tables: right and certain, 100
%.""",
        ["profile", "noise", *BELIEFS, "certain", "highest belief"],
        attacks.know_all_others,
    ),
    "strong_insiders": Section(
        "Protection: the same, strongly protected rounds",
        f"""Epsilon {attacks.STRONG:g}.""",
        ["profile", "noise", *BELIEFS, "certain", "highest belief"],
        attacks.strong_insiders,
    ),
    "whole_ballots": Section(
        f"Protection: the same, from {attacks.STATEMENTS} statements together",
        """A guest's mood shifts all her answers; the correlation is of what lies behind two of them. The
insider knows it, and all other ballots. "One" is by the statement's own table, "all" by all
four.""",
        [
            "profile",
            "correlation",
            "epsilon",
            "right before",
            "right: one",
            "right: all",
            "sure: one",
            "sure: all",
            "sure of what was under 50 % before: all",
            "highest belief: all",
        ],
        attacks.whole_ballots,
    ),
    "parties": Section(
        "Protection: guests who answer alike",
        """The insider knows that they do, and every ballot but theirs. The bound of a party is epsilon
times its size.""",
        ["profile", "party of", "epsilon", *BELIEFS],
        attacks.parties,
    ),
    "company": Section(
        "Protection: figures shown live, and who came with whom",
        f"""Best guess in points over one exact table at closing, from {attacks.ROUNDS} rounds of
{attacks.DAYS} days with {attacks.A_DAY:g} guests a day, balanced answers, counted by the
product's rule. The insider knows when each guest came. With figures at closing there is one
table, and the figure is 0. Bar: couples at most +4.""",
        ["guests come", "k", "exact, veiled", *BY_EPSILON],
        attacks.company,
    ),
    "years": Section(
        "Protection: years of the same regulars",
        f"""{attacks.REGULARS} regulars, {attacks.A_YEAR} rounds a year, figures at closing. Each comes with
{100 * attacks.ATTENDANCE:g} %, and then answers as always with {100 * attacks.STABILITY:g} %. Usual
answers found by least squares, and in brackets points over one guess for all;
{attacks.RUNS} runs. Bar, for those who answer once a round: at most +20.""",
        ["regulars answer", "profile", "tables", *BY_YEARS],
        attacks.years,
    ),
    "years_knowing_all_others": Section(
        "Protection: years, and all other ballots known",
        """One such regular. The insider knows every other ballot of every round. Epsilon adds up over
rounds, so nothing is promised here beyond the first.""",
        ["profile", "noise", *BY_YEARS],
        attacks.years_knowing_all_others,
    ),
    "newcomers": Section(
        "Protection: one newcomer",
        f"""{attacks.STEADY} steady guests in one round, the same and one more in the next, at closing. How
often the difference of the two tables gives the newcomer's answer.""",
        ["profile", "steady guests answer as before", "right before", "exact", *BY_EPSILON],
        attacks.newcomers,
    ),
    "looks": Section(
        "Protection: ask again and average",
        """Right answers of an insider who knows all other ballots, by how often she reads the figures. The
product's code; balanced answers, right before 30 %.""",
        ["noise", "1 look", *(f"{number} looks" for number in attacks.LOOKS[1:])],
        attacks.looks,
    ),
    "veils": Section(
        "Protection: the veil beside noise",
        """Whether the veil withholds an answer depends on the exact table. Published beside a noisy one, it
makes answers certain to an insider who knows all other ballots.""",
        ["n", "profile", "an answer is withheld", "certain"],
        attacks.veils,
    ),
}


def section(name: str) -> str:
    """Return a table as a Markdown section, from its name in SECTIONS."""
    one = SECTIONS[name]
    lines = [one.columns, ["---"] * len(one.columns), *one.rows()]
    table = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
    return f"## {one.title}\n\n{one.text}\n\n{table}\n"


def sections(report: str) -> dict[str, str]:
    """Return title -> Markdown section, of an existing report."""
    parts = re.split(r"^(?=## )", report, flags=re.MULTILINE)[1:]
    return {one.split("\n", 1)[0].removeprefix("## "): one.strip() + "\n" for one in parts}


def main(names: Sequence[str]) -> None:
    kept = sections(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    for name in names or SECTIONS:
        kept[SECTIONS[name].title] = section(name)
        print(kept[SECTIONS[name].title], flush=True)
    in_order = [kept[one.title] for one in SECTIONS.values() if one.title in kept]
    REPORT.write_text("\n".join([HEAD, *in_order]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
