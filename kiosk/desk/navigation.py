"""The desk's menu: six items, one for each kind of task, each with its pages.

To add a page, add a row to MENU. The page's template gives the row's `topic`, by which the menu knows the
current page.
"""

from dataclasses import dataclass

from flask import url_for

from kiosk.desk.context import desk
from kiosk.desk.handbook import anchor
from kiosk.desk.i18n import translate
from kiosk.desk.session import signed_in
from kiosk.storage import Role


def _(message: str) -> str:
    """Mark a reference text for the catalogues."""
    return message


EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.COORDINATOR, Role.STAFF})
COORDINATORS = frozenset({Role.COORDINATOR})


@dataclass(frozen=True)
class Page:
    """A page of the menu, for accounts with one of `roles`.

    `topic` is the name of the page that its template sets, `label` its Swedish text. `chapter` has the words
    of a heading or the bold words of a paragraph in the Swedish handbook, to which the page's help leads. A
    page that `needs_files` is left out if own files cannot be changed.
    """

    topic: str
    endpoint: str
    label: str
    chapter: str
    roles: frozenset[Role]
    needs_files: bool = False


@dataclass(frozen=True)
class Item:
    """An item of the menu. It links to the first of its pages that the account may use."""

    label: str
    pages: tuple[Page, ...]


MENU = (
    Item(
        _("Resultat"),
        (
            Page("results", "results.start_page", _("Översikt"), "Läsa resultaten", EVERYBODY),
            Page(
                "earlier_figures",
                "earlier_figures.show_all",
                _("Siffror från tidigare rapporter"),
                "Använda siffrorna i andra sammanhang",
                COORDINATORS,
            ),
        ),
    ),
    Item(_("Omgångar"), (Page("rounds", "rounds.rounds", _("Omgångar"), "Öppna en omgång", EVERYBODY),)),
    Item(
        _("Skärmar och utskrifter"),
        (
            Page("kiosks", "links.links", _("Kiosker"), "Koppla en ny skärm", STAFF),
            Page("posters", "links.posters_page", _("Affischer"), "Affischer", STAFF),
            Page("slips", "links.slips_page", _("Lappar"), "Lappar", STAFF),
            Page("walls", "walls.walls", _("Väggskärmar"), "Utloggning", COORDINATORS),
        ),
    ),
    Item(
        _("Enkäter"),
        (
            Page(
                "surveys",
                "surveys.surveys",
                _("Alla enkäter"),
                "Rätta ett påstående",
                COORDINATORS,
                needs_files=True,
            ),
            Page("scales", "scales.scales", _("Skalor"), "Egna skalor", COORDINATORS, needs_files=True),
            Page("languages", "languages.languages", _("Språk"), "Innan du öppnar en omgång", COORDINATORS),
            Page("units", "units.units", _("Verksamheter"), "Verksamheterna", COORDINATORS),
        ),
    ),
    Item(
        _("Insatser"),
        (
            Page("activities", "activities.activities", _("Räkna"), "Insatser", STAFF),
            Page(
                "counters",
                "counters.counters",
                _("Vad som räknas"),
                "Välja vad som räknas",
                COORDINATORS,
                needs_files=True,
            ),
            Page("effects", "theory.theories", _("Effekt"), "Förändringsteorin", EVERYBODY),
            Page("reports", "reports.reports", _("Effektrapporter"), "Skriva effektrapporten", EVERYBODY),
            Page(
                "comparison",
                "comparison.comparison",
                _("Jämförelse"),
                "Jämföra med andra organisationer",
                EVERYBODY,
                needs_files=True,
            ),
            Page(
                "exchange",
                "exchange.exchange",
                _("Utbyte"),
                "Jämföra med andra organisationer",
                COORDINATORS,
                needs_files=True,
            ),
        ),
    ),
    Item(
        _("Inställningar"),
        (
            Page("accounts", "accounts.accounts", _("Konton"), "Konton", COORDINATORS),
            Page("mail", "mail.mail", _("E-post"), "E-post", COORDINATORS),
            Page("theme", "themes.theme", _("Utseende"), "Ert utseende", COORDINATORS, needs_files=True),
            Page(
                "tokens",
                "tokens.tokens",
                _("Nycklar för andra program"),
                "Nycklar för andra program",
                COORDINATORS,
            ),
            Page("log", "log.log", _("Logg"), "Se vem som har gjort vad", STAFF),
        ),
    ),
)
"""The items of the menu, in order. An item links to its first page, so the page for the most frequent task
comes first."""


@dataclass(frozen=True)
class Link:
    """A link of the menu. `current` is its `aria-current`: "page" for the current page, "true" for its item,
    else ""."""

    label: str
    address: str
    current: str


@dataclass(frozen=True)
class Navigation:
    """The menu for an account on a page.

    `items` are those that have a page which the account may use. `pages` are the pages of the current item
    that the account may use; empty if there is only one. `handbook` is the address of the page's chapter in
    the handbook; on a page outside the menu, that of the whole handbook; "" without an account.
    """

    items: tuple[Link, ...]
    pages: tuple[Link, ...]
    handbook: str = ""

    @property
    def current(self) -> str:
        """The label of the current item; "" on a page outside the menu."""
        return next((item.label for item in self.items if item.current), "")


def navigation(topic: str) -> Navigation:
    """Return the menu for the signed-in account on the page with this `topic` (`Page.topic`); an empty menu
    without an account."""
    account = signed_in()
    if account is None:
        return Navigation((), ())
    has_files = desk().settings is not None
    items: list[Link] = []
    pages: tuple[Link, ...] = ()
    for item in MENU:
        usable = [
            page for page in item.pages if account.role in page.roles and (has_files or not page.needs_files)
        ]
        if not usable:
            continue
        topics = [page.topic for page in usable]
        current = "" if topic not in topics else "page" if topic == topics[0] else "true"
        items.append(Link(translate(item.label), url_for(usable[0].endpoint), current))
        if current and len(usable) > 1:
            pages = tuple(
                Link(translate(page.label), url_for(page.endpoint), "page" if page.topic == topic else "")
                for page in usable
            )
    chapters = [page.chapter for item in MENU for page in item.pages if page.topic == topic]
    chapter = anchor(chapters[0]) if chapters else None
    return Navigation(tuple(items), pages, url_for("handbook.handbook", _anchor=chapter))
