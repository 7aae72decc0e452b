"""Attacks 1, 2, 3, 5 and 11 in exact rounds: the attacker surrounds one guest's ballot with her own, in the
guest's unit, in a sibling of it, or in a unit to which she moved the guest's screen or with which she paired
it; or staff answer on phones of their own.

The rule of three days with ballots stops an attacker who fills a unit on one or two days, but not one who
takes three. The rule must leave no trace of its own: the attacker also reads the disk before and after each
ballot, and the box with its key.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kiosk.domain.ballot import Ballot
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.budget import MOST_EXPECTED
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.snapshot import Document
from kiosk.domain.tree import Node, Tree
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.operation.simulate import Plan
from kiosk.storage import Devices, Store
from kiosk.storage.boxes import OpenBox
from kiosk.storage.keys import KeyFolder
from kiosk.storage.links import Links
from kiosk.storage.publication_tag import PUBLICATION_TAG
from kiosk.storage.sealed_rows import box_row
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, OPENING, SURVEY, ballot
from tests.tools.builders import a_store
from tests.tools.desk_side import Desk, expecting
from tests.tools.published import nodes, statements

K = 5
OWN = 9
"""Number of the attacker's ballots: with the target's, the fewest that a unit publishes at closing without an
earlier batch."""

BEFORE = 0
"""Days with ballots that a unit needed before there was the rule: none."""

STATEMENTS = range(len(SURVEY.statements))
DAYS = 14


def _round(tree: Tree, least_days: int) -> Round:
    return Plan(SURVEY, tree, K, OPENING, DAYS, least_days=least_days).round


def _own(number: int) -> list[Ballot]:
    """Return the attacker's ballots: with every answer in turn, so that no answer is withheld."""
    return [Ballot((ANSWERS[at % len(ANSWERS)],) * len(STATEMENTS)) for at in range(number)]


def _read(document: Document, node: str, own: Sequence[Ballot], target: Ballot, companions: int = 0) -> int:
    """Return the number of the target's answers that are certain after the attacker subtracted her own
    ballots: all that are left agree. They are the target's and those of `companions` other guests."""
    shown = nodes(document)[node]
    if shown["answered"] != len(own) + 1 + companions:
        return 0
    proven = 0
    for at, table in enumerate(statements(shown).values()):
        published = [*table["counts"], *table["no_answer"].values()]
        left = [
            n - sum(one.answers[at] == answer for one in own)
            for n, answer in zip(published, ANSWERS, strict=True)
        ]
        is_certain = left.count(0) == len(left) - 1
        proven += is_certain and left[ANSWERS.index(target.answers[at])] == 1 + companions
    return proven


def quiet_units(targets: int, days: int, least_days: int) -> int:
    """Return the number of answers that the attacker reads, if each target is in a unit with nine of her own
    ballots, sent on `days` days."""
    random, own = Random(targets), _own(OWN)
    units = [f"u{at}" for at in range(targets)]
    tree = Tree((Node("root", "root", None), *(Node(unit, unit, "root") for unit in units)))
    of_round = _round(tree, least_days)
    guests = {unit: ballot(random, "balanced") for unit in units}
    with TemporaryDirectory() as folder, closing(a_store(Path(folder))) as store:
        store.open_round(of_round, OPENING)
        for day in range(days):
            for unit, guest in guests.items():
                sent = [guest, *own]
                for one in sent[day * len(sent) // days : (day + 1) * len(sent) // days]:
                    store.cast(of_round.id, unit, one, OPENING + timedelta(days=day, hours=9))
            store.count(OPENING + timedelta(days=day, hours=17))
        store.count(of_round.closes_at)
        return sum(_read(store.snapshot(), unit, own, guest) for unit, guest in guests.items())


def filled_siblings(targets: int, least_days: int, own_ballots: int = OWN, companions: int = 0) -> int:
    """Return the number of answers that the attacker reads, if each target is in her unit with `companions`
    other guests only, who answer as she does, and the attacker fills its only sibling on the last day."""
    random, own = Random(targets), _own(own_ballots)
    branches = [f"b{at}" for at in range(targets)]
    nodes_below = [
        node for name in branches
        for node in (Node(name, name, "root"), Node(f"{name}q", "", name), Node(f"{name}f", "", name))
    ]  # fmt: skip
    of_round = _round(Tree((Node("root", "root", None), *nodes_below)), least_days)
    guests = {name: ballot(random, "balanced") for name in branches}
    with TemporaryDirectory() as folder, closing(a_store(Path(folder))) as store:
        store.open_round(of_round, OPENING)
        for name, guest in guests.items():
            for sent in [guest] * (1 + companions):
                store.cast(of_round.id, f"{name}q", sent, OPENING + timedelta(hours=9))
        store.count(OPENING + timedelta(hours=17))
        for name in branches:
            for sent in own:
                store.cast(of_round.id, f"{name}f", sent, of_round.closes_at - timedelta(hours=9))
        store.count(of_round.closes_at)
        shown = store.snapshot()
        return sum(_read(shown, name, own, guest, companions) for name, guest in guests.items())


def quiet_screen(targets: int) -> int:
    """Return the number of answers read, if staff pair each target's screen with a unit without guests before
    a round of exact figures opens, and send nine ballots of their own there, on nine days.

    The coordinator opens the round by the desk's form. She confirms no screen at a unit without guests: she
    removes its address, and then the target's ballot comes into no box that the attacker fills.
    """
    random, own, read = Random(targets), _own(OWN), 0
    for _ in range(targets):
        with TemporaryDirectory() as folder:
            desk = Desk(Path(folder), is_empty=True)
            try:
                code = _pair_as_staff(desk, "frida")
                opened = _open_as_coordinator(desk)
                if desk.store.links.with_code(code) is None:
                    continue
                guest = ballot(random, "balanced")
                for day, ballots in enumerate([[own[0], guest], *([one] for one in own[1:])]):
                    for one in ballots:
                        desk.store.cast(
                            opened.id, "frida", one, opened.opens_at + timedelta(days=day, hours=9)
                        )
                    desk.store.count(opened.opens_at + timedelta(days=day, hours=17))
                desk.store.count(opened.closes_at)
                read += _read(desk.store.snapshot(), "frida", own, guest)
            finally:
                desk.store.close()
    return read


def moved_screen(targets: int) -> int:
    """Return the number of answers read, if a coordinator moves each target's kiosk to a unit without guests
    for her one ballot and back, while a round of exact figures runs at both, and sends nine ballots of her
    own there, on nine days."""
    random, own, read = Random(targets), _own(OWN), 0
    for _ in range(targets):
        with TemporaryDirectory() as folder:
            desk = Desk(Path(folder))
            try:
                code = desk.store.links.add(Admission.KIOSK, "talk2me").code
                guest, opens = ballot(random, "balanced"), desk.round.opens_at
                _move(desk, code, "frida")
                [link] = desk.store.links.all()
                desk.store.cast("r", link.unit_id, guest, opens + timedelta(hours=1))
                _move(desk, code, "talk2me")
                for day, sent in enumerate(own):
                    desk.store.cast("r", "frida", sent, opens + timedelta(days=day, hours=1))
                    desk.store.count(opens + timedelta(days=day, hours=5))
                desk.store.count(desk.round.closes_at)
                read += _read(desk.store.snapshot(), "frida", own, guest)
            finally:
                desk.store.close()
    return read


def _move(desk: Desk, code: str, unit: str) -> None:
    """Send the desk's form that moves a kiosk, as a coordinator."""
    desk.sign_in("anna")
    data = {
        "csrf_token": desk.token("/admin/links"), "key": sha256(code.encode()).hexdigest()[:16], "unit": unit,
    }  # fmt: skip
    desk.client.post("/admin/links/move", data=data)


def own_phones(number: int) -> tuple[int, int]:
    """Return (number of phones that staff paired before a round and that can answer in it, number that they
    can pair with the unit while the round runs), each of `number` phones of their own. The coordinator
    confirms no screen that she does not know."""
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder), is_empty=True)
        try:
            codes = [_pair_as_staff(desk, "frida") for _ in range(number)]
            desk.now = _open_as_coordinator(desk).opens_at
            before = sum(desk.store.links.with_code(code) is not None for code in codes)
            during = sum(_pairing_code(desk, "frida") is not None for _ in range(number))
            return before, during
        finally:
            desk.store.close()


def _pairing_code(desk: Desk, unit: str) -> str | None:
    """Return a pairing code that a member of staff makes for a unit; None if it is refused."""
    desk.sign_in("bo")
    asked = desk.client.post(
        "/admin/links/pair", data={"csrf_token": desk.token("/admin/links"), "unit": unit}
    )
    codes = re.findall(r"<strong>(\d{4} \d{4} \d{4})</strong>", asked.text)
    return codes[0].replace(" ", "") if codes else None


def _pair_as_staff(desk: Desk, unit: str) -> str:
    """Pair a screen with a unit by a member of staff's code, and return the code of its address."""
    code = _pairing_code(desk, unit)
    if code is None:
        raise RuntimeError("staff got no pairing code")
    guests = create_guest_app(
        desk.store, desk.app.extensions["desk"].library, clock=lambda: desk.now,
        rate_limit=RateLimit(1.0, 1000), allowed_languages=None, devices=Devices(lambda: 0.0),
        secret_key="s" * 32,
    )  # fmt: skip
    screen = guests.test_client(use_cookies=False)
    paired = screen.post("/pair", data={"code": code, "press": "done"})
    return paired.headers["Location"].removeprefix("/k/").removesuffix("/paired")


def _open_as_coordinator(desk: Desk) -> Round:
    """Open a round with exact figures from tomorrow by the desk's form, and return it. If the form asks about
    screens that staff paired, or they are over the unit's budget, remove all kiosks' addresses first."""
    desk.sign_in("anna")
    first = desk.now.date() + timedelta(days=1)
    sent = {
        "csrf_token": desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap", "tree": "vasteras",
        "k": str(K), "opens": str(first), "closes": str(first + timedelta(days=DAYS)), "admission": "kiosk",
        "figures": "live", "protection": "exact", "understood": "y", **expecting(desk, MOST_EXPECTED),
    }  # fmt: skip
    answer = desk.client.post("/admin/rounds/new", data=sent)
    if answer.status_code != 303:
        for link in desk.store.links.all():
            desk.store.links.remove(link.code)
        answer = desk.client.post("/admin/rounds/new", data=sent)
    if answer.status_code != 303:
        raise RuntimeError(f"the round did not open: status {answer.status_code}")
    return desk.store.rounds()[0].round


# -- traces of a day -----------------------------------------------------------------------------------


def _on_days(store: Store, of_round: Round, ballots: Sequence[Ballot]) -> None:
    """Cast one ballot a day, and count after each."""
    for day, one in enumerate(ballots):
        store.cast(of_round.id, "u", one, OPENING + timedelta(days=day, hours=9))
        store.count(OPENING + timedelta(days=day, hours=17))


def boxes_by_day(ballots: Sequence[Ballot]) -> set[bytes]:
    """Return the different decrypted boxes after these ballots came in every possible order, one a day."""
    of_round, seen = _round(Tree((Node("u", "u", None),)), LEAST_DAYS), set[bytes]()
    for order in permutations(ballots):
        with TemporaryDirectory() as folder, closing(a_store(Path(folder))) as store:
            store.open_round(of_round, OPENING)
            _on_days(store, of_round, order)
            with closing(sqlite3.connect(Path(folder) / "k.sqlite")) as database:
                [(key_id, sealed)] = database.execute("SELECT key_id, sealed FROM box").fetchall()
            seen.add(KeyFolder(Path(folder) / "keys").open(box_row(of_round.id, "u"), key_id, sealed))
    return seen


def _with_day(box: OpenBox, one: Ballot) -> OpenBox:
    """Return a box with one more ballot, with a leak: the ballot's last answer is the day on which it
    came."""
    marked = Ballot((*one.answers[:-1], 1 + box.ballot_days.days))
    return replace(box, ballots=[*box.ballots, marked], ballot_days=box.ballot_days.with_ballot())


RANDOM = {"sealed", "key_id", "tag", "public_key"}
"""Columns with values that are drawn again at each write or opening of a round."""


def _readable(folder: Path, tags: list[str]) -> list[object]:
    """Return all that can be read on the disk without keys: every value of every table, but only the length
    of values in the columns RANDOM, and of the random publication tag only how often it has changed, as a
    thief of many copies sees it. `tags` are the tags that were read in this folder before; a new one is
    appended."""
    with closing(sqlite3.connect(folder / "k.sqlite")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        [[tag]] = database.execute("SELECT value FROM installation WHERE key = ?", (PUBLICATION_TAG,))
        if tag not in tags:
            tags.append(tag)
        every = [list(_values(database, table)) for table in sorted(tables)]
        return [
            [tuple(tags.index(tag) if one == tag else one for one in row) for row in rows] for rows in every
        ]


def _values(database: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):  # noqa: S608 - names of tables
        yield tuple(
            len(value) if column in RANDOM else value for column, value in zip(columns, row, strict=True)
        )


def readable_changes(leak: Callable[[Path, int], None] | None = None) -> tuple[int, int]:
    """Return (number of ballots that change a readable value, number of counts after which a readable value
    differs from that of an installation without ballots). One ballot is cast on each of four days. `leak` is
    called after it, with the folder and the day's number."""
    of_round = _round(Tree((Node("u", "u", None), Node("v", "v", "u"), Node("w", "w", "u"))), LEAST_DAYS)
    with TemporaryDirectory() as one, TemporaryDirectory() as other, ExitStack() as stack:
        busy, empty = (stack.enter_context(closing(a_store(Path(folder)))) for folder in (one, other))
        by_ballot = by_count = 0
        seen, of_empty = list[str](), list[str]()
        for store in (busy, empty):
            store.open_round(of_round, OPENING)
        for day in range(4):
            before = _readable(Path(one), seen)
            _readable(Path(other), of_empty)
            busy.cast(of_round.id, "v", _own(1)[0], OPENING + timedelta(days=day, hours=9))
            if leak:
                leak(Path(one), day)
            by_ballot += _readable(Path(one), seen) != before
            for store in (busy, empty):
                store.count(OPENING + timedelta(days=day, hours=17))
            by_count += _readable(Path(one), seen) != _readable(Path(other), of_empty)
        return by_ballot, by_count


def _note_day(folder: Path, day: int) -> None:
    """Write the day of a unit's last ballot to the database: the leak."""
    with closing(sqlite3.connect(folder / "k.sqlite")) as database, database:
        database.execute("INSERT OR REPLACE INTO installation VALUES ('last day of v', ?)", (str(day),))


def _renew_tag(folder: Path, day: int) -> None:
    """Replace the publication tag, as if a ballot did: the other leak."""
    with closing(sqlite3.connect(folder / "k.sqlite")) as database, database:
        values = f"{day:032}", PUBLICATION_TAG
        database.execute("UPDATE installation SET value = ? WHERE key = ?", values)


def _own_units(targets: int) -> Finding:
    cells = targets * len(STATEMENTS)
    quick = [quiet_units(targets, days, LEAST_DAYS) for days in (1, 2)]
    patient, before = quiet_units(targets, 9, LEAST_DAYS), quiet_units(targets, 1, BEFORE)
    return Finding(
        f"steering: {targets} guests, each to a unit of her own among {OWN} own ballots, exact figures",
        f"sent on 1, 2 days: {quick[0]}, {quick[1]} of {cells} answers read; on 9 days: {patient}, which "
        "no rule of an exact round prevents",
        "0, 0",
        quick == [0, 0],
        f"without the rule of three days, on 1 day: {before} (must be {cells})",
        before == cells,
    )


def _siblings(targets: int) -> Finding:
    cells = targets * len(STATEMENTS)
    read, before = (filled_siblings(targets, days) for days in (LEAST_DAYS, BEFORE))
    return Finding(
        f"steering: {targets} guests, each alone in her unit; {OWN} own ballots in its sibling on the last "
        "day, exact figures",
        f"{read} of {cells} answers read",
        "0",
        read == 0,
        f"without the rule of three days: {before} (must be {cells})",
        before == cells,
    )


def _siblings_of_three(targets: int) -> Finding:
    sizes, cells = (9, 19, 29), targets * len(STATEMENTS)
    read = [filled_siblings(targets, LEAST_DAYS, own, 2) for own in sizes]
    before = [filled_siblings(targets, BEFORE, own, 2) for own in sizes]
    return Finding(
        f"steering: {targets} guests, each with two others who answer alike in her unit; "
        f"{', '.join(map(str, sizes))} own ballots in its sibling on the last day, exact figures",
        f"{', '.join(map(str, read))} of {cells} answers read",
        "0 each",
        not any(read),
        f"without the rule of three days: {', '.join(map(str, before))} (must be {cells} each)",
        before == [cells] * len(sizes),
    )


def _moves(targets: int) -> Finding:
    cells = targets * len(STATEMENTS)
    read = moved_screen(targets)
    with patch.object(Links, "check_move"):
        unchecked = moved_screen(targets)
    return Finding(
        f"steering: {targets} guests, each at a kiosk that a coordinator moves to a unit without guests and "
        f"back during the round, {OWN} own ballots on {OWN} days, exact figures",
        f"{read} of {cells} answers read",
        "0",
        read == 0,
        f"a kiosk that moves while a round runs: {unchecked} (must be {cells})",
        unchecked == cells,
    )


def _phones(number: int) -> Finding:
    before, during = own_phones(number)
    with (
        patch.object(Store, "staffs_screens", return_value=[]),
        patch.object(Store, "rounds_from", return_value=[]),
        patch.object(Round, "kiosk_budget", return_value=None),
    ):
        leaky_before, leaky_during = own_phones(number)
    return Finding(
        f"steering: staff pair {number} phones of their own with a unit before a round, and {number} while "
        "it runs; the coordinator confirms screens that she knows",
        f"{before} and {during} can answer",
        "0 and 0",
        before == during == 0,
        f"without the question at opening, the budget and the rule about codes in a round: {leaky_before} "
        f"and {leaky_during} (must be {number} and {number})",
        leaky_before == leaky_during == number,
    )


def _screens(targets: int) -> Finding:
    cells = targets * len(STATEMENTS)
    read = quiet_screen(targets)
    with patch.object(Store, "staffs_screens", return_value=[]):
        unasked = quiet_screen(targets)
    return Finding(
        f"steering: {targets} guests, each at a screen that staff paired with a quiet unit before the round, "
        f"{OWN} own ballots on {OWN} days, exact figures; the coordinator confirms screens that she knows",
        f"{read} of {cells} answers read",
        "0",
        read == 0,
        f"without the question at opening: {unasked} (must be {cells})",
        unasked == cells,
    )


def _boxes(number: int) -> Finding:
    ballots = [Ballot((answer,) * len(STATEMENTS)) for answer in ANSWERS[:number]]
    boxes = boxes_by_day(ballots)
    with patch.object(OpenBox, "with_ballot", _with_day):
        leaky = boxes_by_day(ballots)
    return Finding(
        f"steering: the decrypted box after {number} ballots on as many days, in every order",
        f"{len(boxes)} distinct",
        "1",
        len(boxes) == 1,
        f"a box that keeps the day of each ballot: {len(leaky)} (must be > 1)",
        len(leaky) > 1,
    )


def _columns() -> Finding:
    (by_ballot, by_count), leaky = readable_changes(), readable_changes(_note_day)
    renewed = readable_changes(_renew_tag)
    return Finding(
        "steering: readable values of the database before and after each of 4 ballots, and after the counts "
        "of 4 days with and without ballots",
        f"{by_ballot} ballots change one; {by_count} counts differ",
        "0; 0",
        by_ballot == by_count == 0,
        f"the last day of a unit in a column: {leaky[0]}; {leaky[1]}; a tag that a ballot replaces: "
        f"{renewed[0]}; {renewed[1]} (all must be > 0)",
        min(*leaky, *renewed) > 0,
    )


def run(scale: Scale) -> list[Finding]:
    """Run all attacks on the rule of three days, and the search for traces of days."""
    is_full = scale is Scale.FULL
    targets = 20 if is_full else 3
    few = 5 if is_full else 1
    return [
        _own_units(targets),
        _siblings(targets),
        _siblings_of_three(targets),
        _moves(few),
        _screens(few),
        _phones(5),
        _boxes(4 if is_full else 3),
        _columns(),
    ]
