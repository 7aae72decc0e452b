"""The demonstration's outputs and its published effect report. All of it is fictitious and marked as such."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from random import Random

from kiosk.desk.app import create_desk_app
from kiosk.desk.reports.publishing import draft, edition_words
from kiosk.domain.counters import Figure, Period, Quality, month_of, months_before, year_of
from kiosk.domain.report import Part, Terms
from kiosk.domain.rounding import half_up
from kiosk.domain.schedule import Every
from kiosk.library.library import Library
from kiosk.storage import Store

MONTHS = 14
"""Number of months with outputs, the current one included, so that two years can be compared at any time of
the year."""

A_MONTH: Mapping[str, Mapping[str, int]] = {
    "dagverksamheten": {"advise": 42, "link": 16, "accompany": 7, "apply": 6, "appeal": 2, "asked": 70},
    "frida": {"advise": 12, "link": 6, "accompany": 4},
    "talk2me": {"advise": 18, "link": 3},
}
"""Unit -> counter -> made-up mean number of taps in a month. Taps of the counter "link" are divided among
TARGETS."""

TARGETS = ("socialtjanst", "sjukvard", "arbetsformedlingen")
SLOW_MONTH = 7
"""July, when half of the staff are on holiday."""

ESTIMATED_MONTH = 8
"""August, for which the coordinator typed estimates instead of taps."""

TRAINING_MONTHS = (2, 5, 10)
INDIVIDUALS = {"dagverksamheten": 180, "vasteras": 400}

ORGANISATION = "Exempelstadens stadsmission (påhittad)"
PLACE, THEORY = "dagverksamheten", "ombudsmannaskap"

WORDS: Mapping[str, str] = {
    Part.ABOUT: "Det här är en påhittad rapport. Texterna visar hur en rapport kan se ut, och siffrorna "
    "betyder ingenting.\n\nStadsmissionen finns för människor som lever i utsatthet, och erbjuder en öppen "
    "dörr, mat, råd och stöd.",
    Part.VISION: "En stad där alla har ett hem, är trygga och räknas med.",
    Part.MISSION: "Vi möter människor där de är, och hjälper dem vidare till det stöd som de har rätt till.",
    Part.VALUES: "- Alla människor har samma värde.\n- Vi dömer ingen.\n- Ingen behöver berätta vem den är.",
    Part.SERVICES: "Dagverksamheten är öppen alla vardagar. Här finns frukost, dusch, samtal och ett ombud.",
    Part.RESOURCES: "Sex anställda arbetar delvis som ombud. Kostnaden för ombudsmannaskapet går inte att "
    "skilja från kostnaden för hela dagverksamheten, och därför räknas ingen kostnad per ärende.",
    Part.COMMENTS: "Gästerna instämmer oftast i att personalen lyssnar. Färre instämmer i att de har fått "
    "ökad kunskap om sina rättigheter. Där behöver informationen bli bättre.",
    Part.SUMMARY: "Under året har ombuden gett råd, länkat och följt med deltagare. Vi mäter inte om ärenden "
    "är lösta. Det ska vi börja med nästa år.",
}


def add_outputs(store: Store, now: datetime) -> None:
    """Store made-up outputs of MONTHS months up to `now`: taps, but typed estimates for each August
    (ESTIMATED_MONTH). Also store typed totals of individuals for each year."""
    random = Random(2022)  # noqa: S311 - made-up figures, the same each time
    months = [month_of(now), *islice(months_before(now), MONTHS - 1)]
    for unit, counters in A_MONTH.items():
        for month in months:
            for counter, mean in counters.items():
                number = _number(mean, month, random)
                if month.first.month == ESTIMATED_MONTH:
                    about = Figure(max(10 * half_up(number / 10), 5), Quality.ESTIMATED)
                    store.outputs.set(unit, month, counter, about)
                elif counter == "link":
                    for target in TARGETS:
                        store.outputs.tap(unit, month, counter, target, number // len(TARGETS))
                else:
                    store.outputs.tap(unit, month, counter, "", number)
            if month.first.month in TRAINING_MONTHS:
                store.outputs.tap(unit, month, "train", "", 1)
    for year in sorted({month.first.year for month in months}):
        for node, number in INDIVIDUALS.items():
            store.outputs.set(node, year_of(year), "individuals", Figure(number, Quality.ESTIMATED))


def _number(mean: int, month: Period, random: Random) -> int:
    """Return a made-up number near the mean; half of it in SLOW_MONTH."""
    busy = 0.5 if month.first.month == SLOW_MONTH else 1.0
    return half_up(mean * busy * random.uniform(0.75, 1.25))


def publish_report(store: Store, library: Library, now: datetime) -> None:
    """Write and publish the effect report of the year in which the closed round that opened last has its
    closing time. It is about all closed rounds, of which there must be at least one.

    Raises KeyError if the library lacks the demonstration's theory, ValueError if it lacks the node PLACE.
    """
    closed = [state.round for state in store.rounds() if state.is_closed]
    year = closed[0].closes_at.year
    report_id = f"r{year}-1"
    rounds = tuple(of_round.id for of_round in closed)
    title = f"Effektrapport {year}"
    statements = library.theories[THEORY].statements
    terms = Terms(title, ORGANISATION, year, PLACE, THEORY, rounds, statements)
    store.reports.set(report_id, terms)
    for part, words in WORDS.items():
        store.reports.write(report_id, part, words, 0)
    desk = create_desk_app(
        store,
        library,
        clock=lambda: now,
        ticks=Every(5),
        secret_key="",
        guest_address="",
        allowed_languages=None,
    )
    with desk.test_request_context():
        document = draft(store, report_id, edition_words(1, now))
    if document is None:
        raise ValueError(f"the demonstration has no theory {THEORY!r} or no place {PLACE!r}")
    store.reports.publish(report_id, 1, document.as_json())
