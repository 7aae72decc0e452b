"""The command, as an operator types it: what it does, and one line and status 2 for what it cannot."""

import json
import re
import resource
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.domain.screen_size import Screen
from kiosk.domain.slips import normalise
from kiosk.settings import shipped_folder
from kiosk.storage import open_store
from tests.tools.builders import a_round, tree
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.published import smallest_step


def test_the_commands_of_a_first_installation_succeed(run: Run, tmp_path: Path) -> None:
    assert "kiosk user add" in printed(run("init"))
    assert "anna may sign in" in printed(
        run("user", "add", "anna", "--role", "coordinator", typed="ten letters!\n")
    )
    of_round = printed(run(*OPEN)).split()[0]
    assert f"{of_round}  open" in printed(run("round", "list"))
    assert printed(run("link", "--unit", "frida")).startswith("http://127.0.0.1:8000/k/")
    poster = run("link", "--unit", "frida", "--poster", KIOSK_GUEST_ADDRESS="https://svara.example")
    assert printed(poster).startswith("https://svara.example/s/")
    measures = ("--screen-mm", "708", "--distance-mm", "1200", "--low-mm", "0")
    wall = printed(run("link", "--unit", "frida", *measures)).strip()
    slips = printed(run("slips", "--round", of_round, "--unit", "frida", "--number", "7")).split()
    assert len(set(slips)) == 7
    data = tmp_path / "data"
    store = open_store(data, f"sqlite:///{data / 'kiosk.sqlite'}", tmp_path / "data-keys")
    assert {store.unit_of_slip(normalise(slip)) for slip in slips} == {(of_round, "frida")}
    screens = {link.code: link.screen for link in store.links.all()}
    assert screens.pop(wall.rpartition("/")[2]) == Screen(708, 1200, 0)
    assert set(screens.values()) == {None}
    [published] = json.loads(printed(run("results", "--json")))["rounds"]
    assert published["id"] == of_round
    assert "waiting for more answers" in printed(run("results"))
    assert "Nothing to do" in printed(run("count"))
    assert "nothing to do" in printed(run("upgrade"))


def test_paper_in_no_language_is_refused_before_slips_and_links_are_made(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    of_round = printed(run(*OPEN)).split()[0]
    in_no_language = ("--unit", "frida", "--languages", ",", "--trial")
    for words in (("slips", "--round", of_round, "--pdf", "new.pdf"), ("poster", "--out", "new.pdf")):
        refused = run(*words, *in_no_language)
        assert (refused.exit_code, "--languages names no language" in refused.stderr) == (2, True)
    data = tmp_path / "data"
    store = open_store(data, f"sqlite:///{data / 'kiosk.sqlite'}", tmp_path / "data-keys")
    assert (store.printed_slips(of_round), list(store.links.all())) == ({}, [])


def test_a_list_of_rounds_says_which_accept_answers(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    data, midnight = tmp_path / "data", datetime.combine(date.today(), time())
    store = open_store(data, f"sqlite:///{data / 'kiosk.sqlite'}", tmp_path / "data-keys")
    days = {"ended": -20, "open": -1, "planned": 8}
    for condition, opens_in in days.items():
        opens_at = midnight + timedelta(days=opens_in)
        of_round = replace(a_round(tree(condition), days=8, opens_at=opens_at), id=condition)
        store.open_round(of_round, opens_at - timedelta(days=1))
    listed = [line.split("  ")[:2] for line in printed(run("round", "list")).splitlines()]
    assert sorted(listed) == [[condition, condition] for condition in sorted(days)]


def test_a_removed_accounts_name_can_be_used_again(run: Run) -> None:
    run("init")
    for name in ("anna", "eva"):
        run("user", "add", name, "--role", "coordinator", typed="ten letters!\n")
    assert printed(run("user", "remove", "anna")) == "anna is removed and signed out.\n"
    assert "may sign in" in printed(run("user", "add", "anna", "--role", "staff", typed="ten letters!\n")), (
        "the name can be given again"
    )


def test_accounts_are_administered_by_commands(run: Run) -> None:
    run("init")
    run("user", "add", "anna", "--role", "coordinator", typed="ten letters!\n")
    link = run("user", "link", "bo", "--role", "staff")
    assert re.fullmatch("/admin/account-link/[0-9a-f]{32}\n", printed(link))
    assert "bo opens this path at the desk's address, once, before 20" in link.stderr
    assert printed(run("user", "list")) == "anna  coordinator  password\nbo  staff  link not used\n"
    assert printed(run("user", "remove", "bo")) == "The link of bo is withdrawn.\n"
    run("user", "add", "bo", "--role", "staff", typed="ten letters!\n")
    assert printed(run("user", "role", "bo", "viewer")) == "bo is viewer and signed out.\n"
    assert printed(run("user", "link", "bo")).startswith("/admin/account-link/")
    assert printed(run("user", "list")) == "anna  coordinator  password\nbo  viewer  password\n"


ACCOUNT_MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "removing the only coordinator": (("remove", "anna"), "anna is the only coordinator; add another one"),
    "demoting her": (("role", "anna", "staff"), "anna is the only coordinator; add another one first"),
    "adding her as staff": (("add", "anna", "--role", "staff"), "anna is the only coordinator"),
    "a role of nobody": (("role", "nobody", "staff"), "no account named 'nobody'"),
    "a link of nobody": (("link", "nobody"), "no account named 'nobody'"),
    "a link for a taken name": (("link", "anna", "--role", "staff"), "an account named 'anna' already"),
    "no second factor": (("reset-factor", "anna"), "no account named 'anna' with a second factor"),
}


@pytest.mark.parametrize("case", ACCOUNT_MISTAKES)
def test_a_mistake_with_an_account_changes_nothing(run: Run, case: str) -> None:
    run("init")
    run("user", "add", "anna", "--role", "coordinator", typed="ten letters!\n")
    words, problem = ACCOUNT_MISTAKES[case]
    done = run("user", *words, typed="ten letters!\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert problem in done.stderr
    assert printed(run("user", "list")) == "anna  coordinator  password\n"


def test_check_lists_surveys_as_json(run: Run) -> None:
    surveys = json.loads(printed(run("check", "--json")))["surveys"]
    survey = surveys["ombudsmannaskap"]
    assert survey["scale"] == "agree5"
    assert len(survey["version"]) == 10
    assert survey["statements"][0]["id"] == "listened"
    assert survey["statements"][0]["text"] == "Jag känner att personalen lyssnar på mig"
    assert (survey["statements"][0]["good"], survey["statements"][0]["agreeing"]) == ("high", [4, 5])


def test_check_warns_of_a_statement_without_a_good_end(run: Run, tmp_path: Path) -> None:
    shipped = (shipped_folder("questions") / "ombudsmannaskap.toml").read_text("utf-8")
    older = tmp_path / "older.toml"
    older.write_text(
        shipped.replace('id = "ombudsmannaskap"', 'id = "older"').replace('good = "high"\n', "", 1)
    )
    output = printed(run("check", str(older)))
    assert "  warning: listened: the file does not say which end of the scale is good" in output
    assert output.count("warning:") == 1


def test_the_count_command_counts_once_per_tick(run: Run) -> None:
    printed(run("init"))
    at = (datetime.now() - timedelta(minutes=2)).strftime("%H:%M")
    assert printed(run("count", KIOSK_COUNT_AT=at)).startswith(("Counted for", "Nothing to do"))
    assert printed(run("count", KIOSK_COUNT_AT=at)).startswith("Nothing to do")


MISTAKES: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no such survey": ((*OPEN[:3], "other", *OPEN[4:]), {}, "no survey 'other'; there are: ombudsmannaskap"),
    "no such tree": ((*OPEN[:5], "other", *OPEN[6:]), {}, "no tree 'other'; there are: vasteras"),
    "k under the floor": ((*OPEN, "--k", "4"), {}, "must be at least 5"),
    "a round too short": ((*OPEN[:7], "4", *OPEN[8:]), {}, "at least 5 days"),
    "two lengths": ((*OPEN, "--closes", "2099-01-01"), {}, "either --closes or --days"),
    "no length": (OPEN[:6], {}, "either --closes or --days"),
    "no such unit": (("link", "--unit", "other"), {}, "no unit 'other'; there are: dagverksamheten"),
    "a distance from no screen": (
        ("link", "--unit", "frida", "--distance-mm", "900"),
        {},
        "need --screen-mm beside them",
    ),
    "a poster with a screen": (
        ("link", "--unit", "frida", "--poster", "--screen-mm", "476"),
        {},
        "a poster's link has no screen",
    ),
    "slips for no round": (("slips", "--round", "other", "--unit", "frida"), {}, "takes no slips"),
    "a short password": (("user", "add", "anna", "--role", "staff"), {}, "at least 10 characters"),
    "an odd name": (("user", "add", "a\tb", "--role", "staff"), {}, "printable"),
    "removing nobody": (("user", "remove", "nobody"), {}, "no account named 'nobody'"),
    "a bad setting": (("results",), {"KIOSK_COUNT_AT": "noon"}, "KIOSK_COUNT_AT is 'noon'"),
    "a missing file": (("check", "missing.toml"), {}, "no such file"),
    "no installation": (("results",), {"KIOSK_DATA": "nowhere"}, "kiosk init"),
    "a round that overlaps": (OPEN, {}, "runs at the same service"),
    "serving without an installation": (("serve",), {"KIOSK_DATA": "nowhere"}, "kiosk init"),
    "setting up twice": (("init",), {}, "already; to upgrade it: kiosk upgrade"),
    "upgrading nothing": (("upgrade",), {"KIOSK_DATA": "nowhere"}, "run: kiosk init"),
    "giving up nothing": (("give-up-keys",), {}, "there is nothing to give up"),
    "a day out of range": ((*OPEN[:6], "--closes", "9999-12-31"), {}, "out of range"),
    "days out of range": ((*OPEN[:7], "99999999999"), {}, "out of range"),
    "a folder nobody can write": (("export", "/proc/kiosk"), {}, "you may read and write"),
    "a server that is away": (
        ("results",),
        {"KIOSK_DATABASE_URL": "postgresql://127.0.0.1:9/none"},
        "the database cannot be used",
    ),
    "serving elsewhere": (
        ("serve",),
        {"KIOSK_GUEST_LISTEN": "203.0.113.1:9"},
        "cannot listen on 203.0.113.1",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistaken_command_gives_one_line_with_the_remedy_and_changes_nothing(
    run: Run, mistake: str
) -> None:
    words, settings, remedy = MISTAKES[mistake]
    printed(run("init"))
    printed(run(*OPEN))
    before = printed(run("round", "list")), printed(run("results", "--json"))
    done = run(*words, typed="short\n", **settings)
    assert done.exit_code == 2
    assert done.stderr.startswith("kiosk: ")
    assert len(done.stderr.splitlines()) == 1
    assert remedy in done.stderr
    assert (printed(run("round", "list")), printed(run("results", "--json"))) == before
    assert run("link", "--unit", "frida").exit_code == 0


@pytest.mark.slow
def test_a_survey_is_exported_to_and_imported_from_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    assert "4 statements" in printed(run("survey", "export", "ombudsmannaskap", "form.xlsx"))
    assert "questions/ombudsmannaskap_2.toml: 4 statements" in printed(run("survey", "import", "form.xlsx"))
    surveys = json.loads(printed(run("check", "--json")))["surveys"]
    of_a_form = {"source": "XLSForm form.xlsx", "licence": "Okända villkor: fråga den som skrev frågorna"}
    assert surveys["ombudsmannaskap_2"] == surveys["ombudsmannaskap"] | of_a_form
    again = run("survey", "export", "ombudsmannaskap", "form.xlsx")
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    (tmp_path / "bad.xlsx").write_bytes(b"x")
    refused = run("survey", "import", "bad.xlsx")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "bad.xlsx: The kind of the file is unknown" in refused.stderr


@pytest.mark.parametrize(
    ("line", "words", "message"),
    [
        ('{"at": "2026-03-02T10:15:00", "unit": "a", "answers": {}}', ("--k", "4"), "k must be at least 5"),
        ('{"at": "2026-03-02T10:15:00", "unit": "a", "answers": {}}', ("--days", "2"), "at least 5 days"),
        ('{"at": "2026-03-02T10:15:00", "unit": "../../x", "answers": {}}', (), "unit '../../x'"),
        ('{"at": "2026-03-02T10:15:00", "unit": "a\\u0000b", "answers": {}}', (), "unit 'a"),
        ('{"at": "9999-12-31T23:15:00", "unit": "a", "answers": {}}', (), "out of range"),
    ],
)
def test_invalid_arrivals_are_refused_with_one_line(
    run: Run, tmp_path: Path, line: str, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "arrivals").write_text(line + "\n")
    refused = run("simulate", "--arrivals", "arrivals", *words)
    assert refused.exit_code == 2, refused.exception
    assert len(refused.stderr.splitlines()) == 1
    assert message in refused.stderr


def test_a_reading_command_without_an_installation_creates_nothing(run: Run, tmp_path: Path) -> None:
    assert run("results").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_planned_round_is_announced_with_its_opening_day(run: Run) -> None:
    printed(run("init"))
    coming = f"{datetime.now() + timedelta(days=9):%Y-%m-%d}"
    assert f"opens on {coming}, and is open until" in printed(run(*OPEN, "--opens", coming))


def arrivals(folder: Path, rows: list[tuple[datetime, str]]) -> Path:
    random = Random(1)
    names = ["listened", "contact_support", "rights_knowledge", "feel_better"]
    file = folder / "arrivals.jsonl"
    lines = [
        json.dumps(
            {"at": at.isoformat(), "unit": unit, "answers": {name: random.randint(1, 5) for name in names}}
        )
        for at, unit in rows
    ]
    file.write_text("\n".join(lines))
    return file


def simulated(
    run: Run, folder: Path, rows: list[tuple[datetime, str]], *words: str
) -> list[dict[str, object]]:
    out = folder / "out.jsonl"
    printed(run("simulate", "--arrivals", str(arrivals(folder, rows)), "--out", str(out), *words))
    return [json.loads(line) for line in out.read_text().splitlines()]


MORNING = datetime(2026, 3, 2, 9)


def test_a_simulation_of_the_survey_of_2022_publishes_every_ballot(run: Run, tmp_path: Path) -> None:
    """20 guests in 5 days at one unit, as many as answered in 2022."""
    rows = [(MORNING + timedelta(days=at % 5, minutes=17 * at), "dagverksamheten") for at in range(20)]
    seen = simulated(run, tmp_path, rows, "--k", "5")
    [last] = seen[-1]["snapshot"]["rounds"]  # type: ignore[index]
    assert [(node["id"], node["answered"]) for node in last["nodes"]] == [("dagverksamheten", 20)]
    assert seen[-1]["at"] != seen[0]["at"]


@pytest.mark.slow
def test_a_simulation_of_three_units_loses_no_ballot_and_has_no_step_below_k(
    run: Run, tmp_path: Path
) -> None:
    rows = [(MORNING + timedelta(days=day, minutes=guest * 40), unit)
            for day in range(14) for guest in range(3) for unit in ("a", "b", "c")]  # fmt: skip
    seen = [line["snapshot"] for line in simulated(run, tmp_path, rows, "--k", "5")]
    [last] = seen[-1]["rounds"]  # type: ignore[index]
    assert last["nodes"][0]["answered"] == len(rows) == 126
    step = smallest_step(seen)  # type: ignore[arg-type]
    assert step is not None
    assert step >= 5


@pytest.mark.slow
def test_a_simulated_round_with_guests_on_one_day_is_not_published(run: Run, tmp_path: Path) -> None:
    rows = [(MORNING + timedelta(minutes=at), "dagverksamheten") for at in range(40)]
    seen = simulated(run, tmp_path, rows, "--k", "5")
    [last] = seen[-1]["snapshot"]["rounds"]  # type: ignore[index]
    assert [(node["answered"], node["why"]) for node in last["nodes"]] == [(None, "too_few")]


BAD_ARRIVALS = {
    "no JSON": "x",
    "no time": '{"unit": "a", "answers": {}}',
    "a time with a zone": '{"at": "2026-03-02T10:15:00+01:00", "unit": "a", "answers": {}}',
    "an answer off the scale": '{"at": "2026-03-02T10:15:00", "unit": "a", "answers": {"listened": 6}}',
    "an unknown statement": '{"at": "2026-03-02T10:15:00", "unit": "a", "answers": {"other": 1}}',
    "a list": "[]",
}


@pytest.mark.parametrize("case", BAD_ARRIVALS)
def test_the_error_for_a_bad_arrival_names_file_and_line(run: Run, tmp_path: Path, case: str) -> None:
    file = tmp_path / "arrivals.jsonl"
    file.write_text('{"at": "2026-03-02T10:15:00", "unit": "a", "answers": {}}\n' + BAD_ARRIVALS[case])
    done = run("simulate", "--arrivals", str(file), "--out", "out.jsonl")
    assert done.exit_code == 2
    assert f"{file}: line 2: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "protection", "epsilon", "batches"),
    [
        ([], "protected", "3/2", 2),
        (["--protection", "protected"], "protected", "3/2", 2),
        (["--protection", "strong"], "protected", "3/4", 2),
        (["--protection", "exact"], "exact", None, None),
    ],
)
def test_a_simulated_round_is_protected_by_default(
    run: Run, tmp_path: Path, asked: list[str], protection: str, epsilon: str | None, batches: int | None
) -> None:
    rows = [(MORNING + timedelta(days=at % 5, minutes=at), "dagverksamheten") for at in range(20)]
    [*_, last] = simulated(run, tmp_path, rows, *asked)
    [of_round] = last["snapshot"]["rounds"]  # type: ignore[index]
    assert (of_round["protection"], of_round.get("epsilon")) == (protection, epsilon)
    assert {node.get("batches") for node in of_round["nodes"]} == {batches}


def test_a_round_is_protected_by_default(run: Run) -> None:
    printed(run("init"))
    printed(run(*OPEN))
    [published] = json.loads(printed(run("results", "--json")))["rounds"]
    assert (published["protection"], published["k"]) == ("protected", 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("protection", "published", "epsilon", "shown"),
    [
        ("protected", "protected", "3/2", "protected, epsilon 3/2"),
        ("strong", "protected", "3/4", "protected, epsilon 3/4"),
        ("exact", "exact", None, "exact"),
    ],
)
def test_a_round_opens_with_the_requested_protection(
    run: Run, protection: str, published: str, epsilon: str | None, shown: str
) -> None:
    printed(run("init"))
    printed(run(*OPEN, "--protection", protection))
    [of_round] = json.loads(printed(run("results", "--json")))["rounds"]
    assert (of_round["protection"], of_round.get("epsilon")) == (published, epsilon)
    assert f"{shown})" in printed(run("results"))
    assert f"  {protection}  " in printed(run("round", "list"))


@pytest.mark.parametrize(
    ("measures", "warned"),
    [
        (("150",), "'contact_support' in sv"),
        (("476",), ""),
        (("300", "--distance-mm", "1500"), "at 1500 mm a screen of at least 440 mm shows all"),
    ],
    ids=["narrow", "large", "far away"],
)
def test_a_kiosk_with_too_small_a_screen_is_created_with_a_warning(
    run: Run, measures: tuple[str, ...], warned: str
) -> None:
    printed(run("init"))
    made = run("link", "--unit", "frida", "--screen-mm", *measures)
    assert made.exit_code == 0
    assert "/k/" in made.stdout
    assert (warned in made.stderr) if warned else made.stderr == ""


def test_a_command_that_meets_a_full_disk_names_the_disk(run: Run) -> None:
    printed(run("init"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        refused = run(*OPEN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "disk I/O error" in refused.stderr
    assert "make room if the disk is full" in refused.stderr
    assert printed(run("round", "list")) == ""
