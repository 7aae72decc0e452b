"""`python -m tests.lockdown`: tries every way out of a locked and an open browser for docs/lockdown.md.

The exit status is 1 if a way out of the locked browser starts at the product's pages or is not known.
"""

import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.lockdown.screen import NotPossibleHereError, check_possible
from tests.lockdown.tries import BY_HAND, TRIES, Try, Way
from tests.lockdown.trying import Escaper, Outcome
from tests.tools.serving import served

REPORT = Path(__file__).parents[2] / "docs" / "lockdown.md"

HEAD = """# Ways out of a locked kiosk

Printed by `python -m tests.lockdown`; do not edit. Each row is tried in real Chromium on an X server. Keys
and mouse events are sent from outside, and the result is observed from outside: windows, tabs, programs,
files, requests to the server, and the screen. The locked kiosk uses the files that `kiosk lockdown` writes;
only its policy is changed to let the test list pages and, for touch, read them. The open browser is the
control. It has no policy, no kiosk mode, and guests' pages without their protection: a row without effect
there shows little.

The files for udev, systemd and logind are not tried here. They disable keyboards and mice completely; these
rows show what remains if one of them works nevertheless.

| way out | how | open browser | locked kiosk |
|---|---|---|---|
"""

HANDS = """
## Tried by a person only

The checklist that `kiosk lockdown` writes contains these.

| way out | why |
|---|---|
"""


def locked_cell(one: Try, outcome: Outcome) -> str:
    if outcome.signs:
        signs = ", ".join(outcome.signs)
        return f"open, known and accepted: {one.known}" if one.known else f"**out**: {signs}"
    return f"closed; {one.leaves}" if outcome.is_changed else "closed"


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def main() -> int:
    """Try everything in both browsers and write the report. Returns the exit status."""
    try:
        check_possible()
    except NotPossibleHereError as error:
        print(f"not possible here: {error}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        chromium = stack.enter_context(sync_playwright()).chromium

        def escaper(*, is_locked: bool) -> Escaper:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            made = Escaper(
                lambda site: stack.enter_context(served(site)), folder, chromium, is_locked=is_locked
            )
            return stack.enter_context(made)

        locked, control = escaper(is_locked=True), escaper(is_locked=False)
        rows, caught = [], 0
        ours, unknown, known = 0, 0, 0
        for one in TRIES:
            inside, outside = locked.attempt(one), control.attempt(one)
            is_planted = one.way is Way.HELPED
            ours += bool(inside.signs and not is_planted)
            unknown += bool(inside.signs and is_planted and not one.known)
            known += bool(inside.signs and is_planted and one.known)
            caught += bool(outside.signs)
            shown = ", ".join(outside.signs) or "nothing"
            rows.append(row(one.row, one.way, shown, locked_cell(one, inside)))
            print(rows[-1], flush=True)
    planted = sum(one.way is Way.HELPED for one in TRIES)
    summary = (
        f"\nOf {len(TRIES)} ways, {caught} lead out of the open browser. Of the {len(TRIES) - planted} that "
        f"need only the product's pages, {ours} lead out of the locked kiosk. The other {planted} start at a "
        "page that an attacker has placed on the server, without the script of the product's pages: "
        f"{known} known ones and {unknown} unknown ones lead out.\n"
    )
    hands = "\n".join(row(what, why) for what, why in BY_HAND.items()) + "\n"
    REPORT.write_text(HEAD + "\n".join(rows) + "\n" + summary + HANDS + hands, encoding="utf-8")
    print(summary)
    return 1 if ours or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
