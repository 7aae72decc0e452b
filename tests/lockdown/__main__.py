"""`python -m tests.lockdown`: every way out of the kiosk's browser, locked and open, as docs/lockdown.md.

Ends with status 1 if somebody got out of the locked one from a page of ours, or in a way that is not known.
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

Printed by `python -m tests.lockdown`; do not edit. Each row is tried in real Chromium on an X server, keys
and mouse sent from outside, and judged from outside: windows, tabs, programs, files, what the server is asked
for, what the screen shows. The locked kiosk has the very files that `kiosk lockdown` writes, but that its
policy lets pages be listed, and for touch read. The open browser, the control, has no policy, no kiosk mode,
and guests' pages without what protects them: where it shows nothing either, the row says little.

The files for udev, systemd and logind are not tried here. They take keyboards and mice away altogether; what
is tried here is what remains if one of them is listened to all the same.

| way out | how | open browser | locked kiosk |
|---|---|---|---|
"""

HANDS = """
## Tried by a person only

They stand in the checklist that comes with the files.

| way out | why |
|---|---|
"""


def locked_cell(one: Try, outcome: Outcome) -> str:
    if outcome.signs:
        return f"open, and known: {one.known}" if one.known else f"**out**: {', '.join(outcome.signs)}"
    return f"closed; {one.leaves}" if outcome.is_changed else "closed"


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def main() -> int:
    """Try everything twice, and write it down; the exit status."""
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
        f"\nOf {len(TRIES)} ways, {caught} lead out of the open browser. Out of the locked kiosk lead "
        f"{ours} of the {len(TRIES) - planted} that need no page but ours. The other {planted} begin at a "
        "page somebody has planted on the server, without the script that all of ours have: "
        f"{known} known ones lead out, and {unknown} that are not known.\n"
    )
    hands = "\n".join(row(what, why) for what, why in BY_HAND.items()) + "\n"
    REPORT.write_text(HEAD + "\n".join(rows) + "\n" + summary + HANDS + hands, encoding="utf-8")
    print(summary)
    return 1 if ours or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
