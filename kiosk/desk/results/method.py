"""Sentences that explain figures to their reader. `people` has the place's word for its guests."""

from collections.abc import Collection

from kiosk.desk.i18n import translate
from kiosk.desk.respondents import Forms
from kiosk.domain.rounds import ProtectionLevel


def figure_explanations(levels: Collection[ProtectionLevel], people: Forms) -> tuple[str, ...]:
    """Return the explanation of each of these protections, the default one first, exact last."""
    of_level = {
        ProtectionLevel.PROTECTED: protected_figures,
        ProtectionLevel.STRONG: strongly_protected_figures,
        ProtectionLevel.EXACT: exact_figures,
    }
    return tuple(of_level[level](people) for level in ProtectionLevel if level in levels)


def protected_figures(people: Forms) -> str:
    """Return sentences, as one text, that explain protected figures: their noise, and why it is added."""
    return translate(
        "Skyddade siffror: varje räknings tabell ändras lite slumpmässigt innan den läggs till. Därför kan "
        "ingen räkna ut säkert vad en viss {person} svarade. Spannen och jämförelserna räknar med det. Läs "
        "spannet, inte stapeln. En ensam etta betyder ingenting: det kan vara ingen alls.",
        person=people.person,
    )


def strongly_protected_figures(people: Forms) -> str:
    """Return sentences, as one text, that explain strongly protected figures, as `protected_figures`."""
    return translate(
        "Starkt skyddade siffror: varje räknings tabell ändras slumpmässigt, ungefär dubbelt så mycket som "
        "för skyddade siffror, innan den läggs till. Därför kan ingen räkna ut säkert vad en viss {person} "
        "svarade, inte ens den som redan var ganska säker. Spannen och jämförelserna räknar med det. Läs "
        "spannet, inte stapeln. En liten stapel betyder ingenting: det kan vara ingen alls.",
        person=people.person,
    )


def exact_figures(people: Forms) -> str:
    """Return sentences, as one text, that explain exact figures, and the inferences about a guest that they
    allow."""
    return translate(
        "Exakta siffror: varje stapel stämmer. Den som själv lämnar många svar, eller vet vad de flesta "
        "andra svarade, kan räkna ut vad en viss {person} svarade.",
        person=people.person,
    )


def self_selection(people: Forms) -> str:
    """Return sentences, as one text, that the figures are about the guests who chose to answer, not about
    everybody."""
    return translate(
        "Var och en väljer själv om den svarar. Siffrorna gäller dem som svarade, inte alla {people}.",
        people=people.several,
    )
