"""Small builders of a survey, a tree, a round and a store for one test."""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.survey import Scale, Statement, Survey
from kiosk.domain.tree import Node, Tree
from kiosk.storage import Store, open_store

MONDAY = datetime(2026, 3, 2, 9)
ALL_WAYS = frozenset(Admission)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
"""A folder in memory, for files that need no disk; None where the machine has none."""
NOTHING = (NoAnswer.SKIPPED, NoAnswer.SKIPPED)


def survey(statements: int = 2, options: int = 5) -> Survey:
    """Return a survey of similar statements, without translations."""
    scale = Scale("agree", tuple(f"label {n}" for n in range(1, options + 1)), bipolar=False)
    asked = tuple(Statement(f"s{n}", f"Statement {n}", "", scale) for n in range(1, statements + 1))
    return Survey("made_up", "Made up", "", "", False, asked, {})


def tree(*units: str) -> Tree:
    """Return a tree of these units under one root."""
    return Tree((Node("root", "root", None), *(Node(unit, unit, "root") for unit in units)))


def a_round(units: Tree, k: int = 5, days: int = 90, opens_at: datetime = MONDAY) -> Round:
    return Round("r", survey(), units, k, opens_at, opens_at + timedelta(days=days), ALL_WAYS)


def a_store(folder: Path, *, rng: Random | None = None, durable: bool = False) -> Store:
    """Return a store on SQLite with its tables. Not durable, because most tests need no power cut."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    if not (folder / "k.sqlite").exists():
        (folder / "k.sqlite").write_bytes(empty_database())
    return open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", rng=rng, durable=durable)


@cache
def empty_database() -> bytes:
    """Return the content of a new installation's database file. To make one takes longer than most tests of a
    store."""
    with TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        store = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)
        store.migrate()
        store.close()
        return (folder / "k.sqlite").read_bytes()


_PREPARED: dict[Hashable, dict[Path, bytes]] = {}


def a_prepared_store(folder: Path, name: Hashable, prepare: Callable[[Store], None]) -> Store:
    """Return a store on SQLite on which `prepare` has run. It runs once for each `name`: later stores of that
    name begin as copies of the files, because to seal the rows of a round takes longer than many tests."""
    if (folder / "k.sqlite").exists():
        prepare(store := a_store(folder))
        return store
    if name not in _PREPARED:
        with TemporaryDirectory(dir=MEMORY) as made:
            prepare(store := a_store(Path(made)))
            store.close()
            files = (path for path in Path(made).rglob("*") if path.is_file())
            _PREPARED[name] = {path.relative_to(made): path.read_bytes() for path in files}
    for path, content in _PREPARED[name].items():
        (folder / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / path).touch(mode=0o600)
        (folder / path).write_bytes(content)
    return a_store(folder)


def ballot(*answers: Answer) -> Ballot:
    return Ballot(answers)


def random_ballots(number: int, random: Random) -> list[Ballot]:
    options: list[Answer] = [1, 2, 3, 4, 5, *NoAnswer]
    return [Ballot((random.choice(options), random.choice(options))) for _ in range(number)]


def cast_all(store: Store, unit: str, ballots: Iterable[Ballot], now: datetime = MONDAY) -> None:
    for one in ballots:
        store.cast("r", unit, one, now)


def closed(store: Store, of_round: Round) -> dict[str, int | None]:
    """Close the round. Returns node id -> number of published ballots, None for a node without figures."""
    store.count(of_round.closes_at)
    [published] = store.snapshot()["rounds"]
    return {node["id"]: node["answered"] for node in published["nodes"]}
